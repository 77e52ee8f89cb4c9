from __future__ import annotations

from collections.abc import Callable

import pytest

from stationmaster.ledger import Ledger
from tests.departures.conftest import boards, ledger
from tests.departures.week import Switchboard
from tests.work.office import Office, new_office

__all__ = ["boards", "ledger"]


@pytest.fixture
def office_of(boards: tuple[Switchboard, Switchboard], ledger: Ledger) -> Callable[..., Office]:
    def make(team: str, **how: object) -> Office:
        return new_office(boards, ledger, team, **how)

    return make


@pytest.fixture
def office(office_of: Callable[..., Office]) -> Office:
    return office_of("threefold")
