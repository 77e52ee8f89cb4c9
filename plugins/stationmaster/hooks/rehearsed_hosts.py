"""Whom a rehearsal may speak to: the stand-ins on loopback, and nobody else (F73)."""

from __future__ import annotations

from stationmaster import clock

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def forbidden(host: str | None) -> bool:
    """Return whether a rehearsal's clock is in force and ``host`` is not this machine."""
    return clock.is_virtual() and host not in LOOPBACK
