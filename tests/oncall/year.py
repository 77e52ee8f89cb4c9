"""A walk through a year in steps of a quarter of an hour: the oracle for coverage, which asks one instant at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

QUARTER = timedelta(minutes=15)


def quarters_of(year: int) -> list[datetime]:
    """Return every quarter of an hour of a year, in UTC."""
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    return [start + QUARTER * step for step in range((end - start) // QUARTER)]
