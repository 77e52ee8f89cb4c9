"""The five fields of a cron line, read on the wall clock of a zone: pure, and the same in a rehearsal.

A wall time that the clocks skip fires at the end of the gap; one that comes twice fires at the first (F35).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from stationmaster.core.instants import first_instant, to_local, utc

_FAR = timedelta(days=366 * 9)
"""Every date that a line can mean comes within eight years and a day: 29 February, over a year like 2100."""
_DAY = timedelta(days=1)
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {_MONTH_NAMES[4 * place : 4 * place + 3]: place + 1 for place in range(12)}
_DAY_NAMES = "sun mon tue wed thu fri sat"
_DAYS = {_DAY_NAMES[4 * place : 4 * place + 3]: place for place in range(7)}
_BOUNDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)


class InvalidCron(ValueError):
    """A text that is no cron line, or one that never comes."""

    def __init__(self, text: str, why: str) -> None:
        """Keep the text and the reason."""
        super().__init__(text, why)
        self.text, self.why = text, why

    def __str__(self) -> str:
        """Name the text, the reason and the way out."""
        return f"{self.text!r} is not a cron line: {self.why}. Write five fields, such as '30 9 * * mon-fri'."


class Cron(NamedTuple):
    """A cron line: the values that each field allows. ``days`` counts Sunday as 0; ``either``: one of the two suffices.

    As cron has always had it: where both the day of the month and the day of the week are restricted, either suffices.
    ``nths`` are days of the week such as ``mon#1``, the first Monday of the month.
    """

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    dates: frozenset[int]
    months: frozenset[int]
    days: frozenset[int]
    either: bool
    nths: frozenset[tuple[int, int]] = frozenset()

    def is_on(self, day: date) -> bool:
        """Return whether the line has occurrences on a date."""
        if day.month not in self.months:
            return False
        weekday = day.isoweekday() % 7
        by_date = day.day in self.dates
        by_day = weekday in self.days or (weekday, (day.day - 1) // 7 + 1) in self.nths
        return by_date or by_day if self.either else by_date and by_day

    def times(self) -> tuple[time, ...]:
        """Return the times of day, in order."""
        return tuple(time(hour, minute) for hour in self.hours for minute in self.minutes)

    def next_after(self, instant: datetime, zone: str) -> datetime:
        """Return the first occurrence strictly after ``instant`` (aware)."""
        begin = to_local(instant, zone).date() - _DAY
        return next(at for at in self._onwards(begin, zone) if at > utc(instant))

    def latest_at(self, instant: datetime, zone: str) -> datetime:
        """Return the newest occurrence that is not after ``instant`` (aware)."""
        day = to_local(instant, zone).date() + _DAY
        last = day - _FAR
        while day >= last:
            if self.is_on(day):
                for wall in reversed(self.times()):
                    at = first_instant(datetime.combine(day, wall), zone)
                    if at <= utc(instant):
                        return at
            day -= _DAY
        raise InvalidCron(self.text, "there is no such date")

    def _onwards(self, begin: date, zone: str) -> Iterator[datetime]:
        day, end, times = begin, begin + _FAR, self.times()
        while day <= end:
            if self.is_on(day):
                for wall in times:
                    yield first_instant(datetime.combine(day, wall), zone)
            day += _DAY
        raise InvalidCron(self.text, "there is no such date")


@lru_cache(maxsize=4096)
def parse_cron(text: str) -> Cron:
    """Return the line that a text such as ``30 9 * * mon-fri`` means.

    :raises InvalidCron: it is none, or names a date that never comes, such as 30 February.
    """
    fields = text.lower().split()
    if len(fields) != len(_BOUNDS):
        raise InvalidCron(text, f"it has {len(fields)} fields")
    fields[4], nths = _nths(text, fields[4])
    minutes, hours, dates, months, days = (
        _field(text, field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)
    )
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    weekdays = frozenset(day % 7 for day in days)
    cron = Cron(text, tuple(sorted(minutes)), tuple(sorted(hours)), dates, months, weekdays, either, nths)
    if not either and not any(_comes(day, month) for day in dates for month in months):
        raise InvalidCron(text, "there is no such date")
    return cron


def _nths(text: str, field: str) -> tuple[str, frozenset[tuple[int, int]]]:
    """Return the field without its parts such as ``mon#1``, and those as pairs; a field of nothing else is empty."""
    parts = field.split(",")
    found = set()
    for part in (part for part in parts if "#" in part):
        day, _, number = part.partition("#")
        if number not in ("1", "2", "3", "4", "5"):
            raise InvalidCron(text, f"{part!r} is not one of the first five of a month")
        found.add((_value(text, day, *_BOUNDS[4]) % 7, int(number)))
    return ",".join(part for part in parts if "#" not in part), frozenset(found)


def _comes(day: int, month: int) -> bool:
    longest = 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
    return day <= longest


def _field(text: str, field: str, name: str, low: int, high: int, words: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(",") if field or words is not _DAYS else ():
        span, slash, step = part.partition("/")
        if slash and (not step.isdecimal() or not step.isascii() or int(step) == 0):
            raise InvalidCron(text, f"{part!r} is not a step of the {name}")
        first, dash, last = span.partition("-")
        if span == "*":
            begin, end = low, high - (1 if words is _DAYS else 0)
        else:
            begin = _value(text, first, name, low, high, words)
            end = _value(text, last, name, low, high, words) if dash else high if slash else begin
            if words is _DAYS and dash and end == 0 < begin:
                end = 7  # fri-sun
        if end < begin:
            raise InvalidCron(text, f"{part!r} runs backwards in the {name}")
        found.update(range(begin, end + 1, int(step) if slash else 1))
    return frozenset(found)


def _value(text: str, word: str, name: str, low: int, high: int, words: dict[str, int]) -> int:
    if word in words:
        return words[word]
    if word.isdecimal() and word.isascii() and low <= int(word) <= high:
        return int(word)
    raise InvalidCron(text, f"{word!r} is not a {name}")
