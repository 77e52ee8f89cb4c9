"""What the bench runs on: an embedded Airflow with the real train in a hurry, beside a DAG that does nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from stationmaster import clock
from stationmaster.config.checklist import parse_checklist
from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import stop_times
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.departures import runs
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal import bench_rollout
from stationmaster.rehearsal.airflow_api import AirflowApi
from stationmaster.rehearsal.bench_shape import IDLE_DAG, shape_of, source_of
from stationmaster.rehearsal.embedded.environment import GITHUB_PATH
from stationmaster.rehearsal.embedded.station import clear_home
from stationmaster.rehearsal.embedded.supervisor import EmbeddedAirflow
from stationmaster.rehearsal.github import history as github_history
from stationmaster.rehearsal.github.specs import CheckSpec
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN

TEAM, TRAIN = "cellxgene", "weekly"
FIRST_WEEK = IsoWeek(year=2021, week=43)
POLL_SECONDS = 1.0
PARSE_SECONDS = 3600.0
"""The dag processor rests while runs are measured: what parsing costs has rows of its own."""
BY = "bench"
_HURRIED = (("times: 3", "times: 1"),)
"""What the bench changes in the train's file: one look is enough to verify."""


class NotTheFileThatWasMeant(LookupError):
    """The train's file does not say what the bench would change."""


class BenchStation:
    """The running Airflow, its ledger, its train, and a client for each person."""

    def __init__(self, airflow: EmbeddedAirflow, team: TeamConfig, clock_file: Path, include: Path) -> None:
        self.airflow = airflow
        self.team = team
        self.train: TrainConfig = team.train(TRAIN)
        self.ledger = Ledger.at(airflow.station.ledger_url)
        self.api = airflow.api()
        self._clock_file = clock_file
        self._include = include
        self._week = FIRST_WEEK
        self._clients: dict[str, AirflowApi] = {}

    @property
    def include(self) -> Path:
        """The ``include/`` of its bundle."""
        return self._include

    @property
    def promote_dag(self) -> str:
        """The DAG that is measured."""
        return f"{self.train.key}.promote"

    def client(self, user: str) -> AirflowApi:
        """Return a client that stays logged in as ``user``."""
        if user not in self._clients:
            self._clients[user] = self.airflow.api(user)
        return self._clients[user]

    def close(self) -> None:
        """Close every connection."""
        for api in (self.api, *self._clients.values()):
            api.close()
        self.ledger.close()

    @property
    def place(self) -> bench_rollout.Place:
        """What a rollout is measured with."""
        station = self.airflow.station
        return bench_rollout.Place(
            include=self._include,
            ledger_url=station.ledger_url,
            slack_url=station.slack_url,
            services_url=f"http://127.0.0.1:{station.ports['pager']}",
            clock_file=self._clock_file,
        )

    def next_departure(self) -> str:
        """Write a departure that is on staging into the ledger, set the clock to its promotion, and return its id."""
        week, train, ledger = self._week, self.train, self.ledger
        self._week = week.plus(weeks=1)
        cut = stop_times(train.stop("cut"), week).earliest
        clock.set_virtual(self._clock_file, max(cut, clock.read(self._clock_file)))
        departure = ledger.open_departure(train.key, week, cut, BY).id
        manifest = self._manifest(cut)
        ledger.pin(departure, manifest, cut, BY)
        ledger.record_once(departure, "changes", manifest.hash, {"changes": [], "authors": []}, cut, BY)
        for passenger in manifest.passengers:
            self._arrived(departure, passenger, cut)
        ledger.set_state(departure, DepartureState.STAGED, cut, BY, "staged by the bench")
        due = train.promote_week(week)
        clock.set_virtual(self._clock_file, stop_times(train.stop("promote"), due).earliest + timedelta(minutes=1))
        return departure

    def _manifest(self, cut: Any) -> Manifest:
        passengers = []
        for component in self.train.components:
            history = github_history.of(component.repository)
            newest = history.head(cut - CheckSpec().after)
            if newest is not None:
                passengers.append(Passenger(component=component.id, repository=component.repository, sha=newest.sha))
        return Manifest.of(passengers)

    def _arrived(self, departure: str, passenger: Passenger, at: Any) -> None:
        train, sha = self.train, passenger.sha
        subject = f"{passenger.component}/{train.staging}"
        self.ledger.record_once(departure, "deployed", subject, {"sha": sha, "how": BY}, at, BY)
        if train.component(passenger.component).deploy(train.staging).mode == "workflow":
            self._tag(departure, passenger, at)
        page = train.component(passenger.component).checklist_of(train.staging)
        if page is not None:
            text = (self._include / page).read_text(encoding="utf-8")
            items = [{"title": item.text, "answer": "passed"} for item in parse_checklist(text)]
            value = {"sha": sha, "passed": True, "items": items, "note": ""}
            self.ledger.record(departure, "checklist", subject, value, at, BY)

    def _tag(self, departure: str, passenger: Passenger, at: Any) -> None:
        """Put the tag on the commit that a workflow to staging ran at, as the cut leaves it."""
        tag, sha = runs.tag_of(passenger.sha), passenger.sha
        url = f"{self.airflow.station.github_url}{GITHUB_PATH}/repos/{passenger.repository}/git/refs"

        def act() -> dict[str, str]:
            body, headers = {"ref": f"refs/tags/{tag}", "sha": sha}, {"Authorization": f"Bearer {STAND_IN_TOKEN}"}
            answer = httpx.post(url, json=body, headers=headers, trust_env=False, timeout=10)
            if answer.status_code != httpx.codes.UNPROCESSABLE_ENTITY:  # the same commit may wait a second week
                answer.raise_for_status()
            return {"ref": tag, "sha": sha}

        key = runs.tag_key(departure, passenger.component, sha)
        intent = {"repository": passenger.repository, "tag": tag, "sha": sha}
        self.ledger.perform(key, intent=intent, now=lambda: at, look_up=None, act=act)


@contextmanager
def bench_station(home: Path, include: Path, tell: Callable[[str], None]) -> Iterator[BenchStation]:
    """Run the station; ``home`` is a directory for it alone, which holds copies of ``include`` and ``dags`` too."""
    bundle = home / "bundle"
    copy_bundle(include, bundle)
    hurry(bundle / "include" / "trains" / f"{TEAM}.{TRAIN}.yaml")
    bench_rollout.write_rollout(bundle / "include")
    clock_file = home / "clock.json"
    clock.set_virtual(clock_file, stop_times(_train(bundle / "include").stop("cut"), FIRST_WEEK).earliest)
    with ExitStack() as stack:
        stack.callback(clear_home, home / "station")
        airflow = stack.enter_context(
            EmbeddedAirflow(
                home=home / "station",
                include=bundle / "include",
                clock_file=clock_file,
                familiar_ports=False,
                schedules=False,
                poll_seconds=POLL_SECONDS,
                parse_seconds=PARSE_SECONDS,
                stand_ins=("--run-seconds", "0", "--queue-seconds", "0"),
                tell=tell,
            )
        )
        team = load(bundle / "include", teams=[TEAM]).team(TEAM)
        station = BenchStation(airflow, team, clock_file, bundle / "include")
        stack.callback(station.close)
        api, check = station.api, airflow.require_running
        api.wait_parsed([station.promote_dag], timeout=120, check=check)
        rows = api._call("GET", f"/dags/{station.promote_dag}/tasks")["tasks"]
        voters = [elector.person for elector in team.electorate(station.train) if elector.active]
        (bundle / "dags" / "idle.py").write_text(source_of(shape_of(rows), voters), encoding="utf-8")
        (bundle / "dags" / "idle_batch.py").write_text(bench_rollout.IDLE_SOURCE, encoding="utf-8")
        api.wait_parsed([IDLE_DAG, bench_rollout.IDLE_DAG], timeout=120, check=check)
        yield station


def copy_bundle(include: Path, bundle: Path) -> None:
    """Copy ``include/`` and what reads it into a bundle of its own."""
    shutil.copytree(include, bundle / "include")
    shutil.copytree(include.parent / "dags", bundle / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(include.parent / ".airflowignore", bundle / ".airflowignore")


def hurry(path: Path) -> None:
    """Change a train's file so that nothing in it waits longer than it must.

    :raises NotTheFileThatWasMeant: it does not say what would be changed.
    """
    text = path.read_text(encoding="utf-8")
    for before, after in _HURRIED:
        if before not in text:
            raise NotTheFileThatWasMeant(f"{path.name} does not say {before!r}, which the bench changes into {after!r}")
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


def _train(include: Path) -> TrainConfig:
    return load(include, teams=[TEAM]).team(TEAM).train(TRAIN)
