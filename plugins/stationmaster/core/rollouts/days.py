"""The days of a plan: ``Monday``, ``Monday next week``, ``Monday in 3 weeks``, ``2026-11-23``; and times of day."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

from stationmaster.core.instants import IsoWeek, Weekday, day_of

DAY_REMEDY = "Write a weekday such as Monday, Monday next week or Monday in 2 weeks, or a date such as 2026-11-23."
TIME_REMEDY = 'Write hours and minutes of one day in quotes, as "9:00".'

_DAY = re.compile(r"([a-z]+)(?: +(?:next +week|in +([1-9]\d?) +weeks?))?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def day_named(text: str, start: date) -> date | None:
    """Return the date that a day of a plan means, counted from the ISO week of ``start``; None: it means none."""
    words = " ".join(text.split()).lower()
    if _DATE.fullmatch(words):
        try:
            return day_of(words)
        except ValueError:
            return None
    match = _DAY.fullmatch(words)
    if match is None or match[1] not in set(Weekday):
        return None
    weeks = int(match[2]) if match[2] else int("next" in words)
    return IsoWeek.of_date(start + timedelta(weeks=weeks)).day(Weekday(match[1]))


def time_named(text: str) -> time | None:
    """Return the time of day that a plan means, None if it means none."""
    match = _TIME.fullmatch(text.strip())
    return time(int(match[1]), int(match[2])) if match else None
