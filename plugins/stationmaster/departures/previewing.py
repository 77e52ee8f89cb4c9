"""What the calendar holds for a train in the weeks to come: each stop, who conducts it, and what will be in its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from stationmaster.core.calendar import StopName, day_of, soak_ends, stop_times
from stationmaster.core.freezes import active, reopens
from stationmaster.core.instants import Instant, IsoWeek, local_text
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.core.value import Value

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.config.train import TrainConfig

_STOPS: tuple[StopName, ...] = ("cut", "promote")


class Foreseen(Value):
    """One stop of one week.

    :param moved_from: its usual day, if a holiday moves it.
    :param skipped: a holiday takes it out of its week.
    :param on_call: who conducts it by the plan; None: nobody.
    :param freezes: the names of those that hold when it opens.
    :param opens: when it can go: at its earliest start, or when the last freeze ends within its window; None: never.
    :param conflicts: what a person should look at, in sentences.
    """

    train: str
    departure: str
    stop: StopName
    earliest: Instant
    target: Instant
    latest_start: Instant
    moved_from: date | None = None
    skipped: bool = False
    on_call: str | None = None
    freezes: tuple[str, ...] = ()
    opens: Instant | None = None
    conflicts: tuple[str, ...] = ()


class FrozenSpan(Value):
    """A time in which a freeze holds, cut to the preview."""

    name: str
    mode: str
    why: str
    start: Instant
    end: Instant


def foreseen(team: TeamConfig, train: TrainConfig, start: datetime, end: datetime) -> tuple[Foreseen, ...]:
    """Return every stop of a train whose window touches ``[start, end)``, in the order of the calendar."""
    first = IsoWeek.of(start, train.zone).plus(-2 - train.stops.promote.weeks_later)
    last = IsoWeek.of(end, train.zone).plus(1)
    found = []
    week = first
    while week <= last:
        found += [_stop(team, train, week, stop) for stop in _STOPS]
        week = week.plus(1)
    touching = (each for each in found if each.latest_start >= start and each.earliest < end)
    return tuple(sorted(touching, key=lambda each: (each.earliest, each.stop)))


def frozen_spans(team: TeamConfig, train: str, start: datetime, end: datetime) -> tuple[FrozenSpan, ...]:
    """Return the freezes of a train within ``[start, end)``, in order."""
    spans = [
        FrozenSpan(name=freeze.name, mode=freeze.mode.value, why=freeze.why, start=span.start, end=span.end)
        for freeze in team.freezes_of(train)
        for span in freeze.between(start, end)
    ]
    return tuple(sorted(spans, key=lambda each: (each.start, each.end, each.name)))


def _stop(team: TeamConfig, train: TrainConfig, week: IsoWeek, stop: StopName) -> Foreseen:
    timetable = train.stop(stop)
    due = week if stop == "cut" else train.promote_week(week)
    day, usual, times = day_of(timetable, due), due.day(timetable.day), stop_times(timetable, due)
    freezes = team.freezes_of(train.id)
    free = reopens(freezes, stop, times.earliest)
    opens = free if day is not None and free is not None and free <= times.latest_start else None
    try:
        conductor: str | None = team.on_call(train.on_call, opens or times.earliest).person
    except NobodyOnCall:
        conductor = None
    names = tuple(freeze.name for freeze in active(freezes, stop, times.earliest))
    return Foreseen(
        train=train.key,
        departure=f"{train.key}/{week}",
        stop=stop,
        earliest=times.earliest,
        target=times.target,
        latest_start=times.latest_start,
        moved_from=usual if day is not None and day != usual else None,
        skipped=day is None,
        on_call=conductor,
        freezes=names,
        opens=opens,
        conflicts=tuple(_conflicts(team, train, week, stop, day, opens, names, conductor)),
    )


def _conflicts(
    team: TeamConfig,
    train: TrainConfig,
    week: IsoWeek,
    stop: StopName,
    day: date | None,
    opens: datetime | None,
    freezes: tuple[str, ...],
    conductor: str | None,
) -> Iterator[str]:
    if day is None:
        return
    times = stop_times(train.stop(stop), week if stop == "cut" else train.promote_week(week))
    if opens is None:
        yield f"frozen by {' and '.join(freezes)} until its window closes: it will be missed"
    elif opens > times.target:
        yield f"{' and '.join(freezes)} ends {local_text(opens, train.zone)}, after its target: it will be late"
    if conductor is None:
        yield f"nobody is {train.on_call} then"
    elif any(away.person == conductor and away.start <= (opens or times.earliest) < away.end for away in team.absences):
        yield f"{team.people[conductor].name} is {train.on_call} and away"
    if stop == "promote":
        yield from _of_the_soak(train, week, times.latest_start)


def _of_the_soak(train: TrainConfig, week: IsoWeek, closes: datetime) -> Iterator[str]:
    cut = train.stop("cut")
    if day_of(cut, week) is None:
        yield "its cut is skipped: there will be nothing to promote"
        return
    ends = soak_ends(train.gates.soak.soak, stop_times(cut, week).earliest, train.zone)
    if ends > closes:
        yield f"the soak ends {local_text(ends, train.zone)}, after its window: it will be missed"
