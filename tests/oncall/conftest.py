from __future__ import annotations

from tests.departures.conftest import ledger

__all__ = ["ledger"]
