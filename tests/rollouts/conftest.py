"""One server for all stand-ins of a rollout, and a departure that is promoted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from stationmaster.ledger import Ledger
from stationmaster.rehearsal.alerts import standin as alerts_standin
from stationmaster.rehearsal.alerts.standin import AlertWorld
from stationmaster.rehearsal.governance import standin as governance_standin
from stationmaster.rehearsal.slack import standin as slack_standin
from tests.departures.week import HandClock, Switchboard, switchboard
from tests.rollouts.making import MONDAY, Rolling, dre_team, governance_world, slack_world


@pytest.fixture(scope="session")
def board() -> Iterator[Switchboard]:
    with switchboard() as found:
        yield found


@pytest.fixture
def rolling(board: Switchboard, tmp_path: Path) -> Rolling:
    """Monday morning, a departure is promoted; proposals are decided after 20 minutes and carried out after 3."""
    clock = HandClock(MONDAY)
    team = dre_team()
    ledger = Ledger.at(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate(clock())
    governance, alerts, slack = governance_world(clock), AlertWorld(clock=clock), slack_world(clock, team)
    board.app = Starlette(
        routes=[
            Mount("/governance", app=governance_standin.create_app(governance)),
            Mount("/alertmanager", app=alerts_standin.create_app(alerts)),
            Mount("/slack", app=slack_standin.create_app(slack)),
        ]
    )
    found = Rolling(clock, governance, alerts, slack, team, ledger, board.base)
    found.promoted()
    return found
