"""Where a measured value goes if it goes on as it did: a line by least squares, and the band around it (T-16)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from stationmaster.core.instants import utc

LEAST = 4
"""With fewer measurements no band can be told."""
_DAY = timedelta(days=1)
# Student's t for a two-sided band of 90 %, by degrees of freedom; beyond the table it is the normal one's.
_T90 = (
    6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753,
    1.746, 1.740, 1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697,
)  # fmt: skip
_T90_BEYOND = 1.645


class TooFewPoints(ValueError):
    """A trend needs measurements at different instants, at least :data:`LEAST` of them."""


class Point(NamedTuple):
    """A value that was measured at an instant."""

    at: datetime
    value: float


class Band(NamedTuple):
    """What is expected at an instant, and within which bounds nine of ten measurements will lie."""

    expected: float
    low: float
    high: float


class Trend(NamedTuple):
    """A line through measurements: ``value = level + slope * days since origin``.

    :param slope: units a day.
    :param error: the standard error of a measurement around the line.
    :param spread: the sum of the squared distances of the measurements' days from their mean.
    """

    origin: datetime
    level: float
    slope: float
    error: float
    size: int
    spread: float

    def at(self, instant: datetime) -> Band:
        """Return what is expected at an instant, with the band of 90 % for a single measurement."""
        days = (utc(instant) - self.origin) / _DAY
        expected = self.level + self.slope * days
        freedom = self.size - 2
        factor = _T90[freedom - 1] if freedom <= len(_T90) else _T90_BEYOND
        half = factor * self.error * math.sqrt(1 + 1 / self.size + days * days / self.spread)
        return Band(expected, expected - half, expected + half)

    def reaches(self, limit: float, after: datetime, until: datetime) -> datetime | None:
        """Return the first day in ``[after, until]`` on which the band may touch a limit, or None.

        A limit above the newest expectation is touched from below, by the upper edge; one below it by the lower edge.
        """
        begins, ends = utc(after), utc(until)
        rising = self.at(begins).expected <= limit
        at = begins
        while at <= ends:
            band = self.at(at)
            if (band.high >= limit) if rising else (band.low <= limit):
                return at
            at += _DAY
        return None


def trend(points: Sequence[Point]) -> Trend:
    """Return the line through the measurements by least squares; its origin is the mean of their instants.

    :raises TooFewPoints: fewer than four, or all at one instant, or a value that is no finite number.
    """
    if len(points) < LEAST:
        raise TooFewPoints(f"there are {len(points)} measurements, and a trend needs {LEAST}")
    if not all(math.isfinite(point.value) for point in points):
        raise TooFewPoints("a measurement is no finite number")
    first = min(utc(point.at) for point in points)
    days = [(utc(point.at) - first) / _DAY for point in points]
    middle = sum(days) / len(days)
    spread = sum((day - middle) ** 2 for day in days)
    if spread == 0:
        raise TooFewPoints("all measurements are of one instant")
    level = sum(point.value for point in points) / len(points)
    slope = sum((day - middle) * (point.value - level) for day, point in zip(days, points, strict=True)) / spread
    rest = sum((point.value - level - slope * (day - middle)) ** 2 for day, point in zip(days, points, strict=True))
    return Trend(first + middle * _DAY, level, slope, math.sqrt(rest / (len(points) - 2)), len(points), spread)
