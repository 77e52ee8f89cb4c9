"""A walk along the clock: the oracle for calendars, which never turns a wall time into an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

START = datetime(2025, 1, 3, 12, tzinfo=UTC)
WEEKS = 106


@lru_cache(maxsize=3)
def quarter_hours(zone: str) -> tuple[tuple[datetime, datetime], ...]:
    """Return (instant, wall time) of every quarter of an hour of 106 weeks from START."""
    clocks = ZoneInfo(zone)
    instants = (START + timedelta(minutes=15) * step for step in range(WEEKS * 7 * 96))
    return tuple((instant, instant.astimezone(clocks).replace(tzinfo=None)) for instant in instants)
