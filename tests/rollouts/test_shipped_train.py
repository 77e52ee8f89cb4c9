"""The shipped dfinity train on its real history: cut, elected, rolled out to its canary (D-09 … D-12, D-30)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from github import Auth, Github
from starlette.applications import Starlette
from starlette.routing import Mount

from stationmaster.config.loader import load
from stationmaster.core.rollouts.progress import Progress
from stationmaster.departures import changes, cutting, deploying, gate_table, opening, verifying
from stationmaster.departures.legs import record_deployed
from stationmaster.departures.station import Station
from stationmaster.hooks.forge import Forge
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal import standins
from stationmaster.rehearsal.alerts import standin as alerts_standin
from stationmaster.rehearsal.alerts.standin import AlertWorld
from stationmaster.rehearsal.github import standin as github_standin
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN as GITHUB_TOKEN
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.governance import standin as governance_standin
from stationmaster.rehearsal.governance.furnishing import earlier
from stationmaster.rehearsal.governance.world import GovernanceWorld
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rollouts import planning, stepping
from stationmaster.work.obstacles import passed
from tests.departures.week import INCLUDE, HandClock, Switchboard
from tests.rollouts.making import Rolling, slack_world

THURSDAY = datetime(2026, 8, 20, 7, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 8, 21, 7, 0, tzinfo=UTC)


class Shipped(Rolling):
    """The world of a rollout, with the shipped train and a GitHub that knows its repository."""

    forge: Forge

    def station(self, **changes_: Any) -> Station:
        station = super().station(**changes_)
        station.__dict__["forge"] = self.forge
        return station


@pytest.fixture
def shipped(board: Switchboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shipped]:
    clock = HandClock(THURSDAY)
    include = load(INCLUDE, teams=["dre"])
    team = include.team("dre")
    ledger = Ledger.at(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate(clock())
    targets = team.train("weekly").rollout.targets
    governance = GovernanceWorld(dict.fromkeys(targets, earlier("dfinity/dre")), clock=clock)
    monkeypatch.setattr(standins.clock, "now", clock)
    github = GithubWorld(repositories=list(standins.repositories(include)), clock=clock)
    alerts, slack = AlertWorld(clock=clock), slack_world(clock, team)
    board.app = Starlette(
        routes=[
            Mount("/governance", app=governance_standin.create_app(governance)),
            Mount("/alertmanager", app=alerts_standin.create_app(alerts)),
            Mount("/slack", app=slack_standin.create_app(slack)),
        ]
    )
    with serve(github_standin.create_app(github)) as base:
        found = Shipped(clock, governance, alerts, slack, team, ledger, board.base)
        client = Github(auth=Auth.Token(GITHUB_TOKEN), base_url=f"{base}/api/v3")
        found.forge = Forge.from_client(
            client, pace=timedelta(0), patience=timedelta(seconds=5), now=clock, sleep=found.slept.append
        )
        yield found


def verify(world: Shipped, leg: deploying.Leg) -> None:
    for _ in range(20):
        if verifying.observe(world.station(), leg).opens:
            record_deployed(world.station(), leg, at=world.clock(), how="reported by the environment")
            return
        world.clock.move(minutes=1)
    raise AssertionError(leg)


def test_d12_d30_thursdays_cut_is_elected_on_friday_and_rolled_out(
    shipped: Shipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = shipped.station()
    departure = opening.departure_to_cut(
        station, opening.departure_id(station, at=shipped.clock(), stop="cut"), by="timetable"
    ).id
    assert departure == "dre.weekly/2026-W34"
    selection = cutting.select(station)
    assert selection.standing.opens, selection.blockers
    manifest = cutting.pin(station, departure, selection, by="timetable")
    changes.collect(station, departure, manifest)
    cut = deploying.leg_of(station, departure, "cut", "replica")
    assert cut is not None
    assert deploying.advance(shipped.station(), cut).opens
    verify(shipped, cut)

    held = deploying.leg_of(station, departure, "promote", "replica")
    assert held is not None
    shipped.ledger.set_state(departure, DepartureState.STAGED, shipped.clock(), "stationmaster", "staged")
    early = deploying.advance(shipped.station(), held)
    assert "BEFORE_EARLIEST" in [found.code for found in early.blockers]
    assert shipped.governance.proposals == [], "nobody elects before Friday"

    shipped.clock.to(FRIDAY)
    monkeypatch.setattr(gate_table, "standing", lambda *_, **__: passed("gates"))  # the votes are tested elsewhere
    for _ in range(30):
        at = shipped.station()
        standing = deploying.advance(at, held)
        if standing.opens:
            break
        assert [found.code for found in standing.blockers] == ["PROPOSALS_OPEN"]
        shipped.clock.move(minutes=2)
    assert standing.opens
    verify(shipped, held)
    (elected,) = shipped.governance.proposals
    assert (elected.kind, elected.version) == ("elect", manifest.sha_of("replica"))
    shipped.ledger.set_state(departure, DepartureState.DONE, shipped.clock(), "stationmaster", "elected")

    found = planning.check(shipped.station(), week=None, text=None, start=date(2026, 8, 24))
    assert (found.departure, found.version, len(found.plan.batches)) == (departure, elected.version, 13)
    record = planning.open_rollout(shipped.station(), found, by="anouk")
    shipped.clock.to(record.plan.batch(1).at)
    for stage in stepping.STAGES:
        for _ in range(30):
            if stepping.act(shipped.station(), departure, 1, 1, stage).opens:
                break
            shipped.clock.move(minutes=5)
    assert shipped.progress(departure)["io67a"] is Progress.DONE
    assert shipped.governance.running("io67a") == elected.version
    nothing_new = cutting.select(shipped.station())
    assert nothing_new.standing.opens or nothing_new.blockers, "the next cut reads what was elected"
