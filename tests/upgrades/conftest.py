from __future__ import annotations

import pytest

from stationmaster.ledger import Ledger
from tests.departures.conftest import boards, ledger
from tests.departures.week import Switchboard
from tests.upgrades.yard import Yard, new_yard

__all__ = ["boards", "ledger"]


@pytest.fixture
def yard(boards: tuple[Switchboard, Switchboard], ledger: Ledger) -> Yard:
    return new_yard(boards, ledger)
