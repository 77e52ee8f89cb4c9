"""Of which departures nothing may be said in public yet, and what they are called where others are told of (D-15).

A security hotfix has a channel of its own, and nobody else hears of it until it is disclosed. A text about anything
else that has to name it, such as who holds a lock or what the next cut waits for, asks here how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.departure_ids import DepartureKind, InvalidDepartureId, kind_of

if TYPE_CHECKING:
    from stationmaster.work.context import Desk

DISCLOSED = "disclosed"
"""The fact after which a security hotfix is spoken of."""
UNNAMED = "a hotfix that only its own channel knows"
UNSAID = "its own channel knows why"


def is_secret(desk: Desk, departure: str) -> bool:
    """Return whether nothing of a departure may be said in public yet."""
    if kind_of(departure) is not DepartureKind.SECURITY_HOTFIX:
        return False
    return desk.ledger.fact(departure, DISCLOSED) is None


def secret_in(desk: Desk, name: str) -> bool:
    """Return whether a name is one of a secret departure's: its own, or one of what belongs to it, such as a stop."""
    departure = "/".join(name.split("/")[:2])
    try:
        return is_secret(desk, departure)
    except InvalidDepartureId:
        return False


def named(desk: Desk, name: str) -> str:
    """Return a name as everybody may read it: that of a secret departure, and of what belongs to it, is not told."""
    return UNNAMED if secret_in(desk, name) else name


def reason(desk: Desk, name: str, why: str) -> str:
    """Return the reason of what bears a name as everybody may read it."""
    return UNSAID if secret_in(desk, name) else why
