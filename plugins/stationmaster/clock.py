"""The one clock. Nothing else in the package may ask what time it is.

In production it is the system's. In a rehearsal the environment names a clock file, which the driver moves; every
process of the rehearsal reads the same file, so that all of them agree on the instant.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

CLOCK_FILE_VARIABLE = "STATIONMASTER_CLOCK_FILE"


class ClockUnreadable(RuntimeError):
    """The clock file that the environment names cannot be read: nothing may guess the time instead."""


def now() -> datetime:
    """Return the present instant, aware, in UTC.

    :raises ClockUnreadable: a virtual clock is configured and its file is missing or malformed.
    """
    path = os.environ.get(CLOCK_FILE_VARIABLE)
    if not path:
        return datetime.now(UTC)
    return read(Path(path))


def read(path: Path) -> datetime:
    """Return what the clock file at ``path`` shows: the present of a rehearsal, for those who stand outside of it.

    :raises ClockUnreadable: it is missing or malformed.
    """
    start, real, rate = _face(path)
    return start + timedelta(seconds=(time.time() - real) * rate)


def is_virtual() -> bool:
    """Return whether a rehearsal's clock is in force."""
    return bool(os.environ.get(CLOCK_FILE_VARIABLE))


def real_instant(instant: datetime) -> datetime | None:
    """Return when the system's clock will show what this clock calls ``instant`` (aware); None if it stands still.

    In production the two are the same.
    """
    path = os.environ.get(CLOCK_FILE_VARIABLE)
    if not path:
        return instant
    start, real, rate = _face(Path(path))
    if rate <= 0:
        return None
    return datetime.fromtimestamp(real, UTC) + (instant - start) / rate


def shown_at(instant: datetime) -> datetime:
    """Return what this clock showed when the system's clock showed ``instant`` (aware); in production that is the same.

    Of what it showed before it was last set nothing is known: that was no later than what it was set to.
    """
    path = os.environ.get(CLOCK_FILE_VARIABLE)
    if not path:
        return instant
    start, real, rate = _face(Path(path))
    return start + timedelta(seconds=max(0.0, instant.timestamp() - real) * rate)


def set_virtual(path: Path, instant: datetime, *, rate: float = 0.0) -> None:
    """Write the virtual clock file: ``instant`` is the present from now on, and it moves ``rate`` seconds a second.

    :param rate: 0 stands still until the next call, 1 ticks as the system's clock does.
    """
    if instant.tzinfo is None:
        raise ValueError(f"a clock is set to an aware instant, not to {instant!r}")
    if not (math.isfinite(rate) and rate >= 0):
        raise ValueError(f"a clock moves forward or stands still; its rate is not {rate}")
    body = json.dumps({"virtual": instant.astimezone(UTC).isoformat(), "real": time.time(), "rate": rate})
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as draft:
        draft.write(body)
    Path(draft.name).replace(path)


def _face(path: Path) -> tuple[datetime, float, float]:
    try:
        face = json.loads(path.read_text())
        start, real, rate = datetime.fromisoformat(face["virtual"]), float(face["real"]), float(face["rate"])
        if start.tzinfo is None:
            raise ValueError(f"{face['virtual']!r} names no zone")
        if not (math.isfinite(real) and math.isfinite(rate) and rate >= 0):
            raise ValueError(f"real {real} and rate {rate} are no clock")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClockUnreadable(
            f"the clock file {path} named by {CLOCK_FILE_VARIABLE} cannot be read: {error}"
        ) from error
    return start.astimezone(UTC), real, rate
