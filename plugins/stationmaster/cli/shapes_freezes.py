"""What ``stationmaster freeze`` and ``preview`` write with ``--json``; docs/cli-json.md describes each."""

from __future__ import annotations

from stationmaster.cli.shapes import Shape
from stationmaster.core.instants import Instant


class FreezeShown(Shape):
    """A time at which a freeze holds, cut to the span that was asked about."""

    name: str
    mode: str
    why: str
    trains: tuple[str, ...]
    start: Instant
    end: Instant
    holds: bool


class FreezesAnswer(Shape):
    """``freeze list``: in order."""

    team: str
    zone: str
    start: Instant
    end: Instant
    freezes: tuple[FreezeShown, ...]


class ExceptionShown(Shape):
    """One exception; ``used_at`` is null while it may be used."""

    id: str
    stop: str
    freeze: str
    why: str
    link: str
    asked_by: str
    approved_by: tuple[str, ...]
    expires_at: Instant
    used_at: Instant | None


class ExceptionsAnswer(Shape):
    """``freeze ask``, ``freeze approve`` and ``freeze exceptions``; ``needed`` is how many must approve."""

    departure: str
    needed: int
    exceptions: tuple[ExceptionShown, ...]
