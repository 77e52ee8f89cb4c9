from __future__ import annotations

from tests.departures.conftest import boards, ledger
from tests.duty.conftest import office, office_of

__all__ = ["boards", "ledger", "office", "office_of"]
