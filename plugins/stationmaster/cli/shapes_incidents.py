"""What ``--json`` writes about incidents, the log and the load. The shapes are a contract (docs/cli-json.md)."""

from __future__ import annotations

from stationmaster.cli.shapes import Shape
from stationmaster.core.instants import Instant


class IncidentShown(Shape):
    """One incident; ``acknowledged_by`` and the instants are null before they are."""

    id: str
    title: str
    state: str
    severity: str
    impact: str
    company: str
    service: str
    opened_at: Instant
    opened_by: str
    acknowledged_at: Instant | None
    acknowledged_by: str | None
    ended_at: Instant | None
    positions: dict[str, str]


class HappeningShown(Shape):
    """One line of an incident's timeline."""

    at: Instant
    kind: str
    by: str
    text: str


class IncidentsAnswer(Shape):
    """``incident list``: the newest first."""

    team: str
    incidents: tuple[IncidentShown, ...]


class IncidentAnswer(Shape):
    """``incident show`` and the commands that change one."""

    incident: IncidentShown
    timeline: tuple[HappeningShown, ...]


class RungShown(Shape):
    """One rung of a ladder: when it would be due, and who would be paged; ``nobody`` says why nobody would."""

    place: int
    at: Instant
    who: str
    people: tuple[str, ...]
    nobody: str


class LadderAnswer(Shape):
    """``incident ladder``: who would be paged when, if an incident was opened at ``at``."""

    team: str
    at: Instant
    severity: str
    rungs: tuple[RungShown, ...]


class LogEntryShown(Shape):
    """One entry of the on-call log."""

    at: Instant
    by: str
    text: str
    about: str
    source: str
    links: tuple[str, ...]


class LogAnswer(Shape):
    """``log show``: the oldest first."""

    team: str
    start: Instant
    end: Instant
    entries: tuple[LogEntryShown, ...]


class ShareShown(Shape):
    """What one person had."""

    person: str
    pages: int
    incidents: int
    questions: int
    chores: int
    other: int
    hours_out_of_hours: int
    at_night: int


class SiloShown(Shape):
    """How one service is known; ``silo`` where one person alone handled it, or no runbook names it."""

    service: str
    people: tuple[str, ...]
    incidents: int
    runbooks: tuple[str, ...]
    silo: bool


class LoadAnswer(Shape):
    """``load``: the largest share first; ``missing_runbooks`` are incidents that none fitted."""

    team: str
    start: Instant
    end: Instant
    shares: tuple[ShareShown, ...]
    carried_over: int
    missing_runbooks: tuple[str, ...]
    services: tuple[SiloShown, ...]
