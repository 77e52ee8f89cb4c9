"""The stand-ins are furnished from the teams' files: repositories, environments, workflows, people, channels."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from stationmaster import clock
from stationmaster.clock import CLOCK_FILE_VARIABLE
from stationmaster.config.loader import load
from stationmaster.hooks.alerts import FiringAlerts
from stationmaster.hooks.proposals import Proposals
from stationmaster.rehearsal import standins
from stationmaster.rehearsal.embedded.environment import pager_connections
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.governance.furnishing import with_rollout_services
from stationmaster.rehearsal.pager.standin import PagerWorld, create_app
from stationmaster.rehearsal.serving import serve
from tests.rehearsal.good_week import CUT, EXPLORER, INCLUDE, PORTAL, teams


@pytest.fixture(autouse=True)
def at_the_cut(monkeypatch, tmp_path) -> None:
    clock.set_virtual(tmp_path / "clock.json", CUT)
    monkeypatch.setenv(CLOCK_FILE_VARIABLE, str(tmp_path / "clock.json"))


@pytest.fixture(scope="module")
def include():
    return load(INCLUDE)


def test_every_repository_of_every_train_is_there_once(include) -> None:
    names = [spec.name for spec in standins.repositories(include)]
    assert {PORTAL, EXPLORER} <= set(names)
    assert len(names) == len(set(names))


def test_each_environment_runs_what_its_mode_says(include) -> None:
    (portal,) = (spec for spec in standins.repositories(include) if spec.name == PORTAL)
    environments = {found.name: found for found in portal.environments}
    assert environments["staging"].follows == "main"
    assert environments["prod"].follows is None
    assert environments["prod"].as_of == CUT - timedelta(weeks=1)
    assert environments["prod"].production


def test_the_options_of_a_run_reach_its_workflows(include) -> None:
    options = {"run": timedelta(seconds=60), "queue": timedelta(), "red_share": 0.25, "shift": timedelta(weeks=2)}
    of_trains = [spec for spec in standins.repositories(include, **options) if spec.workflows]
    assert of_trains
    for spec in of_trains:
        assert (spec.checks.red_share, spec.shift) == (0.25, timedelta(weeks=2))
        assert {(flow.duration, flow.queue) for flow in spec.workflows} <= {(timedelta(seconds=60), timedelta())}


def test_the_token_may_do_what_the_trains_files_ask_for(include) -> None:
    components = [one for team in include.teams.values() for train in team.trains.values() for one in train.components]
    asked = {scope for component in components for scope in component.token_scopes}
    assert asked
    assert set(standins.token_scopes(include)) == {"repo", "workflow"} | asked


def test_every_account_of_every_person_and_every_channel_is_in_slack(include) -> None:
    world = standins.slack_world(include)
    team = teams()["cellxgene"]
    assert {account for person in team.people.values() for account in person.slack} <= set(world.users)
    assert {channel.id for channel in team.channels.values()} <= set(world.channels)


def test_the_world_of_the_files_stands(include) -> None:
    world = GithubWorld(repositories=list(standins.repositories(include)), clock=lambda: CUT)
    assert world.deployed(PORTAL, "prod")
    assert world.deployed(PORTAL, "prod") != world.deployed(PORTAL, "staging")


def test_the_services_of_rollouts_stand_beside_the_pager(include, monkeypatch) -> None:
    """One port for all of them, under the addresses that the station's connections name."""
    targets = include.team("dre").train("weekly").rollout.targets
    app = with_rollout_services(create_app(PagerWorld(include.teams.values())), include)
    with serve(app) as base:
        for connection in pager_connections(include.teams.values(), base):
            monkeypatch.setenv(connection.variable, connection.as_json())
        connections = include.team("dre").connections
        proposals = Proposals(connections.proposals)
        version = proposals.running(next(iter(targets)))
        assert proposals.elected(version)
        assert {proposals.running(target) for target in targets} == {version}
        assert FiringAlerts(connections.alerts).firing("target", list(targets)) == dict.fromkeys(targets, ())
        assert httpx.get(f"{base}/schedules/PCXGPRI").status_code == 401, "the pager is still there"


def test_a_repository_of_a_train_keeps_the_issues_that_are_handed_over(include) -> None:
    (dre,) = (spec for spec in standins.repositories(include) if spec.name == "dfinity/dre")
    assert dre.issues
    assert {found.name: found.follows for found in dre.environments} == {
        "staging": "main",
        "features": None,
    }
