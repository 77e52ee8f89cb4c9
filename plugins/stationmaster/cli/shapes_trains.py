"""What ``stationmaster freeze``, ``preview`` and ``stats`` write with ``--json``; docs/cli-json.md describes each."""

from __future__ import annotations

from datetime import date

from stationmaster.cli.shapes import Shape
from stationmaster.core.calendar import StopName
from stationmaster.core.instants import Instant


class FreezeShown(Shape):
    """A time at which a freeze holds, cut to the span that was asked about."""

    name: str
    mode: str
    why: str
    trains: tuple[str, ...]
    start: Instant
    end: Instant
    holds: bool


class FreezesAnswer(Shape):
    """``freeze list``: in order."""

    team: str
    zone: str
    start: Instant
    end: Instant
    freezes: tuple[FreezeShown, ...]


class ExceptionShown(Shape):
    """One exception; ``used_at`` is null while it may be used."""

    id: str
    stop: str
    freeze: str
    why: str
    link: str
    asked_by: str
    approved_by: tuple[str, ...]
    expires_at: Instant
    used_at: Instant | None


class ExceptionsAnswer(Shape):
    """``freeze ask``, ``freeze approve`` and ``freeze exceptions``; ``needed`` is how many must approve."""

    departure: str
    needed: int
    exceptions: tuple[ExceptionShown, ...]


class ForeseenShown(Shape):
    """One stop of one week; ``opens`` is null where it cannot go, ``on_call`` where nobody is."""

    departure: str
    stop: StopName
    earliest: Instant
    target: Instant
    latest_start: Instant
    moved_from: date | None
    skipped: bool
    on_call: str | None
    freezes: tuple[str, ...]
    opens: Instant | None
    conflicts: tuple[str, ...]


class FrozenShown(Shape):
    """A time in which a freeze holds."""

    name: str
    mode: str
    why: str
    start: Instant
    end: Instant


class TrainForeseen(Shape):
    """The stops of one train, in order, and its freezes."""

    team: str
    train: str
    title: str
    zone: str
    stops: tuple[ForeseenShown, ...]
    freezes: tuple[FrozenShown, ...]


class PreviewAnswer(Shape):
    """``preview``: of all teams that were asked about."""

    start: Instant
    end: Instant
    trains: tuple[TrainForeseen, ...]


class TripShown(Shape):
    """One departure: planned and actual times; null is what never happened."""

    departure: str
    state: str
    cut_target: Instant
    staged_at: Instant | None
    promote_target: Instant
    promoted_at: Instant | None
    commits: int
    interventions: int


class StatsAnswer(Shape):
    """``stats``: a figure that nothing is known for is null."""

    train: str
    zone: str
    start: Instant
    end: Instant
    departures: int
    promoted: int
    broken: int
    per_week: float | None
    lead_time_hours: float | None
    slowest_lead_time_hours: float | None
    failure_rate: float | None
    restore_time_hours: float | None
    interventions_per_train: float | None
    cut_hours: float | None
    staging_hours: float | None
    promotion_hours: float | None
    late_stops: int
    lateness_hours: float | None
    trips: tuple[TripShown, ...]
