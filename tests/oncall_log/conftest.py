from __future__ import annotations

from tests.work.conftest import boards, ledger, office, office_of

__all__ = ["boards", "ledger", "office", "office_of"]
