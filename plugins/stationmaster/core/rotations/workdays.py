"""The working days in their order: which is the nth, and which number a day has."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

_DAY = timedelta(days=1)


class NoWorkingDays(ValueError):
    """Every working day of a long time is a holiday: nobody would ever have a turn."""


class Workdays:
    """Numbers the working days; day 0 is ``since``, or the first working day after it.

    :param weekdays: Monday is 0.
    :param holidays: sorted; days that are not worked.
    """

    def __init__(self, weekdays: Sequence[int], holidays: Sequence[date], since: date) -> None:
        self._weekdays = sorted(set(weekdays))
        self._before = [sum(day < weekday for day in self._weekdays) for weekday in range(7)]
        self._holidays = [day for day in holidays if day.weekday() in self._weekdays]
        self._off = frozenset(self._holidays)
        self._zero = self._rank(since)

    def is_worked(self, day: date) -> bool:
        """Return whether it is a working day."""
        return day.weekday() in self._weekdays and day not in self._off

    def index(self, day: date) -> int:
        """Return the number of a working day; of a day off, that of the working day before it."""
        return self._rank(day + _DAY) - 1 - self._zero

    def day(self, index: int) -> date:
        """Return the working day of a number.

        :raises NoWorkingDays: there is none within the calendar.
        """
        wanted = index + self._zero
        weeks, rest = divmod(wanted, len(self._weekdays))
        try:
            # Without holidays this is it; each one before it moves it on, or back, by a working day.
            found = date.fromordinal(weeks * 7 + self._weekdays[rest] + 1)
            while True:
                behind = wanted - self._rank(found)
                if behind == 0 and self.is_worked(found):
                    return found
                found += max(behind, 1) * _DAY
        except (OverflowError, ValueError) as error:
            raise NoWorkingDays("there is no such working day: too many days are holidays") from error

    def runs(self, first: int, last: int) -> Iterator[tuple[date, date]]:
        """Yield first and last day of each run of days without a day off among the numbers ``[first, last)``."""
        begins = before = self.day(first)
        for index in range(first + 1, last):
            day = self.day(index)
            if day - before > _DAY:
                yield begins, before
                begins = day
            before = day
        yield begins, before

    def _rank(self, day: date) -> int:
        """Return how many working days of the calendar are before a day."""
        weeks, weekday = divmod(day.toordinal() - 1, 7)
        return weeks * len(self._weekdays) + self._before[weekday] - bisect_left(self._holidays, day)
