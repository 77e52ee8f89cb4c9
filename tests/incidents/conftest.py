from __future__ import annotations

from tests.departures.conftest import boards, ledger

__all__ = ["boards", "ledger"]
