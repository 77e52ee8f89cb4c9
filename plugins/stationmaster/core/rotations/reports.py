"""What is wrong with a schedule, and what it asks of whom: gaps, fairness and quality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations, pairwise
from typing import NamedTuple

from stationmaster.core.instants import Instant, to_local
from stationmaster.core.rotations.members import Slot
from stationmaster.core.rotations.schedule import Schedule, Turnout
from stationmaster.core.rotations.windows import Span, WeekWindow, Window, merged, spans
from stationmaster.core.value import Value

_HOUR = timedelta(hours=1)
_NONE = timedelta(0)


class Absence(Value):
    """A person who is away in half-open ``[start, end)`` (R34)."""

    person: str
    start: Instant
    end: Instant
    reason: str = ""


class Uncovered(NamedTuple):
    """A part of a shift whose person is away: reported, never quietly given to somebody else (R34)."""

    absence: Absence
    span: Span


class Crowd(NamedTuple):
    """More people than one hold a role that one person holds (R41)."""

    span: Span
    people: Slot


class Load(NamedTuple):
    """What a span asked of one person. The hours of nights, weekends and holidays overlap."""

    person: str
    shifts: int
    hours: float
    night_hours: float
    weekend_hours: float
    holiday_hours: float
    swaps_given: int
    swaps_taken: int


class Quality(NamedTuple):
    """How good a schedule is, in whole percent: the mean of how much is covered and how evenly it is spread (R37)."""

    total: int
    coverage: int
    balance: int
    overloaded: dict[str, int]
    """Who has more than the average, and by how many percent."""


def gaps(timeline: Iterable[Turnout], promised: Sequence[Window | WeekWindow] = ()) -> tuple[Span, ...]:
    """Return when nobody is on call although coverage is promised; without windows it is promised always (R39)."""
    found: list[Span] = []
    for turnout in timeline:
        if turnout.people:
            continue
        empty = Span(turnout.start, turnout.end)
        found.extend(spans(promised, *empty) if promised else (empty,))
    return merged(found)


def strangers(timeline: Iterable[Turnout], known: Collection[str]) -> tuple[Turnout, ...]:
    """Return when somebody is on call whom nobody knows: covered by the plan, by nobody in fact (R40)."""
    return tuple(turnout for turnout in timeline if any(person not in known for person in turnout.people))


def crowds(timeline: Iterable[Turnout]) -> tuple[Crowd, ...]:
    """Return when several people hold the role together (R41)."""
    return tuple(
        Crowd(Span(turnout.start, turnout.end), turnout.people) for turnout in timeline if len(turnout.people) > 1
    )


def uncovered(timeline: Iterable[Turnout], absences: Iterable[Absence]) -> tuple[Uncovered, ...]:
    """Return the parts of shifts whose person is away (R34)."""
    turnouts = list(timeline)
    found = [
        Uncovered(absence, Span(max(turnout.start, absence.start), min(turnout.end, absence.end)))
        for absence in absences
        for turnout in turnouts
        if absence.person in turnout.people and turnout.start < absence.end and absence.start < turnout.end
    ]
    return tuple(sorted(found, key=lambda each: (each.span, each.absence.person)))


def loads(
    schedule: Schedule,
    people: Iterable[str],
    start: datetime,
    end: datetime,
    zone: str,
    holidays: Collection[date] = (),
    night: tuple[int, int] = (22, 7),
) -> tuple[Load, ...]:
    """Return what ``[start, end)`` asks of each person, most hours first (R37).

    Hours are elapsed; nights, weekends and holidays are of the zone, to the quarter of an hour.

    :param night: the local hours at which a night begins and ends.
    """
    own = {person: schedule.shifts_of(person, start, end) for person in people}
    covers = [cover for cover in schedule.covers if cover.start < end and cover.end > start]
    found = []
    for person, several in own.items():
        weights = _weigh(several, zone, holidays, night)
        found.append(
            Load(
                person,
                len(several),
                *weights,
                sum(cover.giver == person for cover in covers),
                sum(cover.taker == person for cover in covers),
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.hours, each.person)))


class Move(NamedTuple):
    """A span in which a change of plan gives a role to other people (R50, R61)."""

    span: Span
    before: Slot
    after: Slot


def moves(before: Schedule, after: Schedule, start: datetime, end: datetime) -> tuple[Move, ...]:
    """Return where two schedules of one role name different people in ``[start, end)``, in order."""
    edges = sorted({at for each in (before, after) for turnout in each.timeline(start, end) for at in turnout[:2]})
    found: list[Move] = []
    for begins, ends in pairwise(edges):
        was, now = before.people_at(begins), after.people_at(begins)
        if was == now:
            continue
        if found and found[-1].span.end == begins and found[-1][1:] == (was, now):
            found[-1] = Move(Span(found[-1].span.start, ends), was, now)
        else:
            found.append(Move(Span(begins, ends), was, now))
    return tuple(found)


def quality(timeline: Sequence[Turnout]) -> Quality:
    """Return the quality of a timeline (R37): covered time, and how alike the hours of each pair of people are."""
    whole = sum((turnout.end - turnout.start for turnout in timeline), _NONE)
    held: dict[str, timedelta] = defaultdict(timedelta)
    covered = _NONE
    for turnout in timeline:
        length = turnout.end - turnout.start
        covered += length if turnout.people else _NONE
        for person in turnout.people:
            held[person] += length
    coverage = covered / whole if whole else 0.0
    pairs = [min(pair) / max(pair) for pair in combinations(held.values(), 2)]
    balance = sum(pairs) / len(pairs) if pairs else 1.0
    average = sum(held.values(), _NONE) / len(held) if held else _NONE
    over = {
        person: percent
        for person, length in sorted(held.items())
        if length > average and (percent := round((length / average - 1) * 100)) > 0
    }
    total = (coverage + balance) / 2 if timeline else 0.0
    return Quality(round(total * 100), round(coverage * 100), round(balance * 100), over)


def _weigh(
    several: Sequence[Span], zone: str, holidays: Collection[date], night: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Return hours, and those of nights, weekends and holidays."""
    quarter = timedelta(minutes=15)
    nights = weekends = free = _NONE
    total = sum((span.end - span.start for span in several), _NONE)
    begins, ends = night
    for span in several:
        at = span.start
        while at < span.end:
            # To the next quarter of an hour, so that no step crosses midnight or the edge of a night.
            step = min(quarter - timedelta(minutes=at.minute % 15, seconds=at.second), span.end - at)
            local = to_local(at, zone)
            is_night = begins <= local.hour or local.hour < ends if begins > ends else begins <= local.hour < ends
            nights += step if is_night else _NONE
            weekends += step if local.weekday() >= 5 else _NONE
            free += step if local.date() in holidays else _NONE
            at += step
    return total / _HOUR, nights / _HOUR, weekends / _HOUR, free / _HOUR
