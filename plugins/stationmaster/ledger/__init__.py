"""The durable record of releases: departures, effects, ballots, locks, facts, blockers, and the audit of all of them.

``errors`` and ``records`` know no database and may be imported anywhere; ``Ledger`` loads SQLAlchemy when it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stationmaster.ledger.facade import Ledger

__all__ = ["Ledger"]


def __getattr__(name: str) -> Any:
    if name == "Ledger":
        from stationmaster.ledger.facade import Ledger

        return Ledger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
