from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stationmaster.hooks import chat_budget
from stationmaster.ledger import Ledger
from stationmaster.watches import hearing
from tests.departures.conftest import boards, ledger
from tests.departures.week import Switchboard
from tests.watches.lookout import Lookout, new_lookout

__all__ = ["boards", "ledger"]


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Budgets and turns are a process's; each test has a clock and a ledger of its own."""
    monkeypatch.setattr(chat_budget, "_BUDGETS", {})
    monkeypatch.setattr(hearing, "_TURNS", hearing.Turns())


@pytest.fixture
def lookout_of(boards: tuple[Switchboard, Switchboard], ledger: Ledger) -> Callable[..., Lookout]:
    """Make the lookout of a team: ``lookout_of("cellxgene")``."""

    def make(team: str, **how: Any) -> Lookout:
        return new_lookout(boards, ledger, team, **how)

    return make


@pytest.fixture
def lookout(lookout_of: Callable[..., Lookout]) -> Lookout:
    return lookout_of("cellxgene")
