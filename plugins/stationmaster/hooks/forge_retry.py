"""When GitHub asks to wait, and for how long: pure decisions, no sleeping here (F56)."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

SECONDARY_PAUSE = timedelta(seconds=60)
"""The least pause after a secondary limit that names none; it doubles with each attempt."""

FAILURE_PAUSE = timedelta(seconds=1)
"""The first pause after a failed read; it doubles with each attempt."""


class Answer(NamedTuple):
    """One HTTP answer: status, headers with lower-case names, body as text."""

    status: int
    headers: dict[str, str]
    body: str


def rate_limit_pause(answer: Answer, *, attempt: int, now: datetime) -> timedelta | None:
    """Return how long a limited caller waits, or None when the answer is not a rate limit.

    In this order: Retry-After; an exhausted primary limit until its reset; else 60 s, doubled with each `attempt`
    (0 for the first). Resets are held against the server's own Date, so that a wrong clock here does no harm.
    """
    if answer.status not in (403, 429):
        return None
    server_time = http_date(answer.headers.get("date")) or now
    asked = _retry_after(answer.headers.get("retry-after"), server_time)
    if asked is not None:
        return asked
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        until = datetime.fromtimestamp(int(reset), UTC) - server_time
        return max(until, timedelta()) + timedelta(seconds=1)
    if answer.status == 429 or "rate limit" in answer.body.lower() or "abuse detection" in answer.body.lower():
        return SECONDARY_PAUSE * 2.0**attempt
    return None


def failure_pause(attempt: int) -> timedelta:
    """Return the pause before a failed read is tried again: 1, 2, 4 ... seconds."""
    return FAILURE_PAUSE * 2.0**attempt


def http_date(value: str | None) -> datetime | None:
    """Return an HTTP date as an aware UTC datetime, or None when it is absent or malformed."""
    try:
        return parsedate_to_datetime(value or "").astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _retry_after(value: str | None, server_time: datetime) -> timedelta | None:
    if value is None:
        return None
    if value.strip().isdigit():
        return timedelta(seconds=int(value))
    until = http_date(value)
    return max(until - server_time, timedelta()) if until else SECONDARY_PAUSE
