"""By when an issue of a priority is due, and how often it must be written about (T-11, T-18, T-19, N-16)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from pydantic import Field

from stationmaster.core.instants import Instant, Weekday, first_instant, to_local, utc
from stationmaster.core.value import Value

_DAY = timedelta(days=1)
_FARTHEST = 400
WARNED = timedelta(hours=2)
"""So long before its deadline an issue is told of: after it, the working day is over."""


class Priority(Value):
    """One step of a team's scale.

    :param label: the label on the issue.
    :param due_days: the working day on which it is due: 0 the day on which it came, 1 the working day after; None: it
        has no deadline.
    :param updates: how many updates each working day must have; 0: none.
    """

    label: str
    due_days: int | None = Field(default=None, ge=0)
    updates: int = Field(default=0, ge=0, le=8)


class WorkDay(Value):
    """When a team works: from ``opens`` to ``closes`` on some days, in its zone."""

    days: tuple[Weekday, ...] = Field(min_length=1)
    opens: time
    closes: time
    zone: str

    def is_worked(self, day: date) -> bool:
        """Return whether a date is a working day."""
        return day.weekday() in {found.index for found in self.days}

    def span(self, day: date) -> tuple[datetime, datetime]:
        """Return when a working day begins and ends."""
        start, end = (first_instant(datetime.combine(day, at), self.zone) for at in (self.opens, self.closes))
        return start, end


class Bug(Value):
    """An open issue as the watch knows it.

    :param key: ``owner/name#12``.
    :param since: since when it has had its priority.
    :param updates: when somebody wrote about it.
    """

    key: str
    priority: str
    since: Instant
    updates: tuple[Instant, ...] = ()


class Duty(NamedTuple):
    """What an issue lacks: it is ``due`` soon, ``late``, or wants an ``update``.

    ``slot`` is the same for the same lack: whoever is told of it is told once.
    """

    what: str
    slot: str
    since: datetime


def priority_of(labels: Iterable[str], scale: Sequence[Priority]) -> Priority | None:
    """Return the highest priority that an issue bears, None if it bears none.

    :param scale: the highest one first, whatever it is called: hausmeister's P4 is above P1 (N-16).
    """
    borne = {label.lower() for label in labels}
    return next((step for step in scale if step.label.lower() in borne), None)


def due_at(since: datetime, priority: Priority, work: WorkDay) -> datetime | None:
    """Return the end of the working day on which an issue is due, None if it has no deadline (T-18).

    What comes on a day off, or after the end of a working day, came on the next working day.
    """
    if priority.due_days is None:
        return None
    day = _first_day(since, work)
    left = priority.due_days
    while left:
        day = _next(day, work)
        left -= 1
    return work.span(day)[1]


def duties(bug: Bug, priority: Priority, work: WorkDay, now: datetime) -> tuple[Duty, ...]:
    """Return what an issue lacks at an instant: it is late, or nobody wrote about it in this part of the day (T-19).

    The working day is cut into as many equal parts as there must be updates. An update in an earlier part does not
    count for a later one; the part in which the issue came is left out, for whoever opened it has just written.
    """
    found = []
    due = due_at(bug.since, priority, work)
    if due is not None and utc(now) >= due - WARNED:
        what = "late" if utc(now) >= due else "due"
        found.append(
            Duty(what, f"{what}/{priority.label}/{due:%Y-%m-%dT%H%MZ}", due if what == "late" else due - WARNED)
        )
    part = _part(priority.updates, work, now) if priority.updates else None
    if part is not None:
        begins, ends, name = part
        # It is due at the end of the part: reminded in its last third.
        remind = ends - (ends - begins) / 3
        if bug.since < begins and utc(now) >= remind and not any(begins <= at < ends for at in bug.updates):
            found.append(Duty("update", f"update/{name}", remind))
    return tuple(found)


def _part(parts: int, work: WorkDay, now: datetime) -> tuple[datetime, datetime, str] | None:
    day = to_local(now, work.zone).date()
    if not work.is_worked(day):
        return None
    start, end = work.span(day)
    length = (end - start) / parts
    if not start <= utc(now) < end:
        return None
    index = int((utc(now) - start) / length)
    return start + index * length, start + (index + 1) * length, f"{day}.{index + 1}"


def _first_day(since: datetime, work: WorkDay) -> date:
    day = to_local(since, work.zone).date()
    if work.is_worked(day) and utc(since) < work.span(day)[1]:
        return day
    return _next(day, work)


def _next(day: date, work: WorkDay) -> date:
    for _ in range(_FARTHEST):
        day += _DAY
        if work.is_worked(day):
            return day
    raise ValueError("there is no working day within a year")
