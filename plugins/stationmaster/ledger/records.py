"""What the ledger hands out: frozen values, free of any database."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from stationmaster.core import escaping
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.core.instants import Instant, IsoWeek
from stationmaster.core.manifest import Manifest
from stationmaster.core.transitions import DepartureState as DepartureState
from stationmaster.core.value import Value

SHELL = "shell:"
"""What the actor of a line begins with that a command wrote, such as ``shell:amara@build-7 for emil``."""
_FOR = " for "


def written_by(through: str, actor: str) -> str:
    """Return the actor of a line of the audit: who wrote it, and in whose name."""
    return f"{through}{_FOR}{actor}" if through else actor


class EffectState(StrEnum):
    """INTENDED: not finished. DONE: we did it. ADOPTED: it was there. AMBIGUOUS: nobody can tell."""

    INTENDED = "INTENDED"
    DONE = "DONE"
    ADOPTED = "ADOPTED"
    AMBIGUOUS = "AMBIGUOUS"


class Departure(Value):
    """One run of a train. ``round`` is the number of the newest pinned manifest, 0 before the first."""

    id: str
    train: str
    week: IsoWeek
    state: DepartureState
    round: int
    opened_at: Instant
    opened_by: str
    changed_at: Instant
    changed_by: str
    why: str

    @property
    def kind(self) -> DepartureKind:
        """The week's train, or what left beside it."""
        return kind_of(self.id)

    @property
    def told(self) -> str:
        """Why it came to its state, on one line; the words of a person stand in quotation marks (S5)."""
        return told_of(self.state, self.why)


_IN_WORDS = frozenset({DepartureState.SKIPPED, DepartureState.ROLLING_BACK, DepartureState.ROLLED_BACK})
"""States whose reason a person has written."""


def told_of(state: DepartureState, why: str) -> str:
    """Return why a departure came to a state, as messages, logs and errors say it (S5); empty where nobody said why."""
    return escaping.said(why) if state in _IN_WORDS and why else escaping.one_line(why)


class Round(Value):
    """A manifest that is (or was) aboard a departure: its ballots belong to it alone (F06)."""

    departure: str
    number: int
    manifest: Manifest
    pinned_at: Instant
    pinned_by: str


class BoundRun(Value):
    """What a DAG run is about, as it was written down when the run opened it; nothing of it ever changes.

    :param subject: such as a departure's id.
    :param part: which part of the run, for a run that is about several things; empty for the whole run.
    :param marks: what tells the run from another one that was made under its id after it was deleted.
    """

    dag: str
    run: str
    part: str
    subject: str
    marks: dict[str, str]
    at: Instant
    by: str


class Rejection(Value):
    """A manifest that failed in production and is not to be promoted again (F46)."""

    manifest: str
    reason: str
    at: Instant
    by: str


class Fact(Value):
    """Something that happened to a departure. ``seq`` is its number in the audit; later facts have higher ones."""

    seq: int
    departure: str
    kind: str
    subject: str
    value: dict[str, Any]
    at: Instant
    by: str


class Effect(Value):
    """A write to the outside world. ``receipt`` is empty until the state is DONE or ADOPTED."""

    key: str
    state: EffectState
    intent: dict[str, Any]
    receipt: dict[str, Any]
    attempts: int
    intended_at: Instant
    changed_at: Instant


class Lock(Value):
    """A held lock. ``fence`` only ever grows; ``environment`` is the fingerprint of the ledger it is held in (F73)."""

    name: str
    holder: str
    reason: str
    fence: int
    since: Instant
    environment: str


class Entry(Value):
    """One line of the audit. ``hash`` covers every other field, and through ``prev_hash`` all lines before it."""

    seq: int
    at: Instant
    actor: str
    action: str
    subject: str
    body: dict[str, Any]
    prev_hash: str
    hash: str

    @property
    def in_the_name_of(self) -> str:
        """The person or the task whose act it is said to be. What came through a shell is said, and not proved."""
        through, _, name = self.actor.partition(_FOR)
        return name if through.startswith(SHELL) and name else self.actor


class Anchor(Value):
    """The end of the audit at some moment; kept elsewhere, it later proves that nothing before it was rewritten."""

    seq: int
    hash: str


class Break(Value):
    """A place where the ledger does not agree with its audit. ``seq`` is the line, or the one that should be there."""

    seq: int
    problem: str
