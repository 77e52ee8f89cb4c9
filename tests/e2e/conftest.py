"""One real Airflow for every end-to-end test, driven over HTTP only; each test has a week of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from stationmaster import clock
from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.core.calendar import stop_times
from stationmaster.core.instants import IsoWeek
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.airflow_answers import DagRun, TaskInstance
from stationmaster.rehearsal.airflow_api import AirflowApi
from stationmaster.rehearsal.cast import Colleagues
from stationmaster.rehearsal.conducting import Conductor
from stationmaster.rehearsal.embedded.station import clear_home
from stationmaster.rehearsal.embedded.supervisor import EmbeddedAirflow

INCLUDE = Path(__file__).resolve().parents[2] / "include"
POLL_SECONDS = 1.0
FIRST_WEEK = IsoWeek(year=2021, week=43)
TRAIN = "cellxgene.weekly"


class Town:
    """The running Airflow, its stand-ins, its clock, and the week that a test plays in."""

    def __init__(self, airflow: EmbeddedAirflow, team: TeamConfig, clock_file: Path) -> None:
        self.airflow = airflow
        self.team = team
        self.train = team.train("weekly")
        self.clock_file = clock_file
        self.ledger = Ledger.at(airflow.station.ledger_url)
        self.api: AirflowApi = airflow.api()
        self.github = httpx.Client(base_url=airflow.station.github_url, trust_env=False, timeout=30)
        self.slack = httpx.Client(base_url=airflow.station.slack_url, trust_env=False, timeout=30)
        self.conductor = Conductor(
            api=self.api,
            ledger=self.ledger,
            clock_file=clock_file,
            poll_seconds=POLL_SECONDS,
            check=airflow.require_running,
        )
        self.week = FIRST_WEEK

    @property
    def departure(self) -> str:
        return f"{TRAIN}/{self.week}"

    def people(self, **wishes: object) -> Colleagues:
        return Colleagues(
            teams={self.team.id: self.team},
            api_of=self.airflow.api,
            slack_url=self.airflow.station.slack_url,
            **wishes,
        )

    def at_cut(self) -> datetime:
        return stop_times(self.train.stop("cut"), self.week).earliest

    def at_promote(self) -> datetime:
        due = self.train.promote_week(self.week)
        return stop_times(self.train.stop("promote"), due).earliest

    def cut(self) -> DagRun:
        """Lead this week's cut to its end, with everybody answering."""
        self.conductor.set_clock(self.at_cut())
        run = self.conductor.start(f"{TRAIN}.cut")
        people = self.people()
        (ended,) = self.conductor.lead([run], people)
        people.close()
        return ended

    def start_promote(self) -> DagRun:
        self.conductor.set_clock(self.at_promote() + timedelta(minutes=1))
        return self.conductor.start(f"{TRAIN}.promote")

    def tasks(self, run: DagRun) -> dict[str, TaskInstance]:
        return {task.label: task for task in self.api.task_instances(run.dag_id, run.dag_run_id)}

    def prod_dispatches(self) -> list[dict]:
        """The deploys to production that GitHub really took for this departure, from its own journal."""
        journal = self.github.get("/_control/journal", params={"writes": 1}).raise_for_status().json()
        return [
            entry
            for entry in journal
            if entry["applied"]
            and entry["path"].endswith("/dispatches")
            and entry["body"]["inputs"]["environment"] == "prod"
            and entry["body"]["inputs"]["key"].startswith(f"{self.departure}/")
        ]

    def said(self, what: str) -> list[dict]:
        """The messages that Slack shows under a key."""
        return [message for key, message in self._shown() if key == f"{self.departure}/tell/{what}"]

    def refused(self, task: str, person: str) -> list[str]:
        """What the person was told of answers to the task that were not taken."""
        about = f"{self.departure}/not-taken/{task}/{person}/"
        return [message["text"] for key, message in self._shown() if key.startswith(about)]

    def _shown(self) -> list[tuple[str, dict]]:
        state = self.slack.get("/_control/state").raise_for_status().json()
        return [
            (((message.get("metadata") or {}).get("event_payload") or {}).get("key", ""), message)
            for messages in state["messages"].values()
            for message in messages
        ]

    def runs_in_production(self) -> dict[str, str]:
        """Repository -> sha, as GitHub's deployments tell; repositories of other teams are deployed nowhere."""
        world = self.github.get("/_control/world").raise_for_status().json()
        running = {name: found["environments"].get("prod") for name, found in world["repositories"].items()}
        return {name: sha for name, sha in running.items() if sha is not None}


@pytest.fixture(scope="session")
def _town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    home = tmp_path_factory.mktemp("station")
    clock_file = home / "clock.json"
    team = load(INCLUDE, teams=["cellxgene"]).team("cellxgene")
    first = stop_times(team.train("weekly").stop("cut"), FIRST_WEEK).earliest
    clock.set_virtual(clock_file, first - timedelta(hours=1))
    with EmbeddedAirflow(
        home=home,
        include=INCLUDE,
        clock_file=clock_file,
        familiar_ports=False,
        schedules=False,
        poll_seconds=POLL_SECONDS,
        stand_ins=("--run-seconds", "120"),
    ) as airflow:
        town = Town(airflow, team, clock_file)
        town.api.wait_parsed([f"{TRAIN}.cut", f"{TRAIN}.promote"], timeout=120)
        yield town
        town.ledger.close()
    clear_home(home)


@pytest.fixture
def town(_town: Town, request: pytest.FixtureRequest) -> Iterator[Town]:
    """The town in a week that no other test has, and that the clock has not reached."""
    present = IsoWeek.of(_town.conductor.now, _town.train.zone)
    if _town.at_cut() < _town.conductor.now:
        _town.week = present.plus(weeks=1)
    yield _town
    _town.week = _town.week.plus(weeks=1)


Answer = Callable[..., None]


@pytest.fixture
def answer(town: Town) -> Answer:
    """Answer a required action over the REST API, as a user."""

    def respond(user: str, run: DagRun, task_id: str, option: str, **form: object) -> None:
        with town.airflow.api(user) as api:
            for action in api.required_actions(dag_id=run.dag_id, run_id=run.dag_run_id):
                task = action.task_instance
                mine = any(assigned.id == user for assigned in action.assigned_users)
                if task.task_id == task_id and mine and action.waits:
                    fields = {name: found.get("value") for name, found in action.params.items()}
                    api.answer(
                        run.dag_id,
                        run.dag_run_id,
                        task_id,
                        [option],
                        params={**fields, **form},
                        map_index=task.map_index,
                    )
                    return
        raise AssertionError(f"{user} is not asked {task_id}")

    return respond
