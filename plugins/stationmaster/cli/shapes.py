"""What ``--json`` writes. The shapes are a contract: fields are added, never renamed (docs/cli-json.md)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from stationmaster.config.problems import Problem
from stationmaster.core.instants import Instant
from stationmaster.ledger.records import Anchor, Break, Effect, Entry, Lock


class Shape(BaseModel):
    """Base of the answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ConnectionFinding(Shape):
    """What a connection of a team lacks, for one of its trains or rotations; ``code`` is one of BLOCKERS.md."""

    team: str
    about: str
    code: str
    sentence: str
    how: str


class CheckAnswer(Shape):
    """``check``: ``ok`` is false when there is an error, or a finding of a connection; warnings leave it true."""

    ok: bool
    teams: tuple[str, ...]
    errors: int
    warnings: int
    problems: tuple[Problem, ...]
    connections: tuple[ConnectionFinding, ...] = ()


class OnCallPerson(Shape):
    """A person and the accounts that reach them."""

    id: str
    name: str
    slack: tuple[str, ...]
    github: str | None
    airflow: str | None


class RoleHeld(Shape):
    """One role at one instant: ``[since, until)`` is the shift, ``next`` who begins the shift after it.

    Where nobody is on call ``person`` is null, ``since`` too, and ``until`` is when somebody is again.
    """

    role: str
    rotation: str
    person: OnCallPerson | None
    others: tuple[OnCallPerson, ...]
    instead_of: tuple[OnCallPerson, ...]
    since: Instant | None
    until: Instant | None
    next: OnCallPerson | None


class WhoAnswer(Shape):
    """``who``: the roles in the order of the team's file."""

    team: str
    at: Instant
    zone: str
    roles: tuple[RoleHeld, ...]


class VerifyAnswer(Shape):
    """``ledger verify``: ``head`` is the end of the audit, worth keeping elsewhere as an anchor."""

    whole: bool
    head: Anchor
    breaks: tuple[Break, ...]


class AuditAnswer(Shape):
    """``ledger audit``: lines, the oldest first."""

    entries: tuple[Entry, ...]


class EffectsAnswer(Shape):
    """``ledger effects``, by key."""

    effects: tuple[Effect, ...]


class LocksAnswer(Shape):
    """``ledger locks``: the held ones, by name."""

    locks: tuple[Lock, ...]
