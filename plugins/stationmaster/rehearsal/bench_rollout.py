"""A rollout of a thousand targets in thirty batches: what its tasks do, beside tasks of its shape that do nothing.

The work is measured where it is done: each task of a batch, and the looks while it waits, against the stand-ins and the
station's ledger. What the same tasks cost when they do nothing is measured in Airflow, between the batches. Every fifth
batch is measured; what the others leave in the ledger is written there, so that the last ones find what a thousand
targets leave behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import httpx
import yaml
from slack_sdk import WebClient

from stationmaster import clock
from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.core.rollouts.progress import Progress
from stationmaster.departures.station import Station
from stationmaster.hooks.alerts import FiringAlerts
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.governance_wire import Address
from stationmaster.hooks.proposals import Proposals
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.embedded.environment import SLACK_PATH
from stationmaster.rehearsal.governance.furnishing import ALERTS_PATH, GOVERNANCE_PATH
from stationmaster.rehearsal.governance.standin import STAND_IN_TOKEN
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN as SLACK_TOKEN
from stationmaster.rollouts import asking, planning, records, stepping

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.core.rollouts.plan import Batch
    from stationmaster.rollouts.records import RolloutRecord

TEAM, TRAIN = "dre", "weekly"
TARGETS, BATCHES = 1000, 30
IDLE_DAG = "bench.idle_batch"
TASKS = len(stepping.STAGES) + 1
"""Of each batch: one a stage, and the one that asks for votes."""
MEASURED_EVERY = 5
"""Of so many batches one is measured; after each of these the tasks that do nothing are run once."""
MOST_TARGET = 1.0
"""How many times what one task costs that does nothing a target may cost, all the way."""
MOST_GROWTH = 1.5
"""How many times what a target costs at the beginning it may cost at the end."""
_MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
_VERSION = "a" * 40
_LOOK_AFTER = {"accepted": timedelta(minutes=21), "running": timedelta(minutes=4)}
"""As long as the stand-in takes to decide, and to carry out."""
_LOOK_EVERY = timedelta(minutes=6)
_MOST_LOOKS = 30
_REACHED = (Progress.PROPOSED, Progress.ACCEPTED, Progress.RUNNING, Progress.DONE)
BY = "bench"
Answer = TypeVar("Answer")

IDLE_SOURCE = f'''"""An Airflow DAG of the shape of one batch whose tasks do nothing."""

from datetime import timedelta

from airflow.sdk import DAG, BaseOperator, chain


class Nothing(BaseOperator):
    def execute(self, context):
        return None


with DAG({IDLE_DAG!r}, schedule=None, default_args={{"retries": 5, "retry_delay": timedelta(seconds=5)}}) as dag:
    chain(*(Nothing(task_id=f"task_{{number}}") for number in range({TASKS})))
'''


class RolloutStuck(RuntimeError):
    """A batch of the bench gets no further, so that nothing can be said of its speed."""


class Spent(NamedTuple):
    """Seconds of one batch: in its tasks, in the looks between them, computed in both; and its targets."""

    tasks: float
    looks: float
    computed: float
    targets: int


class Place(NamedTuple):
    """Where the stand-ins, the ledger and the clock of a bench are."""

    include: Path
    ledger_url: str
    slack_url: str
    services_url: str
    clock_file: Path


def write_rollout(include: Path, targets: int = TARGETS, batches: int = BATCHES) -> None:
    """Give the train so many targets, and a plan of so many batches, one each half hour."""
    path = include / "trains" / f"{TEAM}.{TRAIN}.yaml"
    train = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = [f"t{number:04}" for number in range(targets)]
    times = (f"{half // 2}:{30 * (half % 2):02}" for half in range(batches))
    lines = [
        f'  "{at}": [{", ".join(names[number * targets // batches : (number + 1) * targets // batches])}]'
        for number, at in enumerate(times)
    ]
    train["rollout"] |= {
        "targets": {name: f"Target {name}" for name in names},
        "plan": "\n".join(["Tuesday:", *lines, ""]),
        "separate": [],
    }
    path.write_text(yaml.safe_dump(train, sort_keys=False), encoding="utf-8")


class RolloutBench:
    """A departure that is promoted, and its rollout, batch by batch."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._team: TeamConfig = load(place.include, teams=[TEAM]).team(TEAM)
        self._ledger = Ledger.at(place.ledger_url)
        self._at = _MONDAY
        self._set_clock(_MONDAY)
        self._departure = f"{TEAM}.{TRAIN}/{IsoWeek.of(_MONDAY, 'UTC').plus(-1)}"
        self._promoted()
        station = self._station()
        found = planning.check(station, week=None, text=None, start=None)
        self.record: RolloutRecord = planning.open_rollout(station, found, by=BY)

    @property
    def over(self) -> bool:
        """Whether every target has its version."""
        return {each.progress for each in records.reached(self._ledger, self.record).values()} == {Progress.DONE}

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()

    def batches(self) -> Iterator[Spent]:
        """Bring one batch after the other to its targets, and yield what each that is measured has cost.

        :raises RolloutStuck: one does not arrive.
        """
        for batch in self.record.plan.batches:
            self._set_clock(max(self._at, batch.at))
            if batch.number % MEASURED_EVERY:
                self._write_down(batch)
                continue
            tasks, looks, begun = 0.0, 0.0, time.process_time()
            for stage in stepping.STAGES:
                spent = self._stage(batch.number, stage)
                tasks, looks = tasks + spent[0], looks + spent[1]
                if stage == "proposed":
                    tasks += _timed(lambda: asking.ask(self._station(), self.record, batch))[0]  # noqa: B023
            yield Spent(tasks, looks, time.process_time() - begun, len(batch.ways))

    def _write_down(self, batch: Batch) -> None:
        for way in batch.ways:
            for progress in _REACHED:
                records.write_step(self._ledger, self.record, way, 1, progress, self._at)

    def _stage(self, batch: int, stage: str) -> tuple[float, float]:
        """One task: it acts, is looked for while it waits, and acts again."""
        acted, standing = self._act(batch, stage)
        looked = 0.0
        for _ in range(_MOST_LOOKS):
            if standing.opens:
                return acted, looked
            self._set_clock(self._at + _LOOK_AFTER.get(stage, _LOOK_EVERY))
            seconds, seen = _timed(
                lambda: stepping.look(self._station(), self._departure, self.record.number, batch, stage)
            )
            looked += seconds
            if seen.opens:
                seconds, standing = self._act(batch, stage)
                acted += seconds
        why = ", ".join(found.code for found in standing.blockers)
        raise RolloutStuck(f"batch {batch} does not come to {stage}: {why}")

    def _act(self, batch: int, stage: str) -> tuple[float, Standing]:
        return _timed(lambda: stepping.act(self._station(), self._departure, self.record.number, batch, stage))

    def _station(self) -> Station:
        place = self._place
        client = WebClient(token=SLACK_TOKEN, base_url=place.slack_url + SLACK_PATH, timeout=10)
        station = Station(
            team=self._team, train=TRAIN, ledger=self._ledger, chat=Chat.from_client(client), now=lambda: self._at
        )
        headers = {"Authorization": f"Bearer {STAND_IN_TOKEN}"}
        station.__dict__["proposals"] = Proposals("", address=Address(place.services_url + GOVERNANCE_PATH, headers))
        station.__dict__["alerts"] = FiringAlerts("", address=Address(place.services_url + ALERTS_PATH, {}))
        return station

    def _promoted(self) -> None:
        """Let the week before have brought what the targets run, so that the ledger alone tells which is newer."""
        at, before = self._at, IsoWeek.parse(self._departure.rpartition("/")[2]).plus(-1)
        train = self._team.train(TRAIN)
        running = self._station().proposals.running("t0000")
        self._arrived(f"{train.key}/{before}", running, at - timedelta(weeks=1))
        self._arrived(self._departure, _VERSION, at)
        control = f"{self._place.services_url}{GOVERNANCE_PATH}/_control/governance/upgrade"
        body = {"target": "t0000", "version": _VERSION}  # it is elected thereby
        httpx.post(control, json=body, trust_env=False, timeout=10).raise_for_status()

    def _arrived(self, departure: str, version: str, at: datetime) -> None:
        train, ledger = self._team.train(TRAIN), self._ledger
        component = train.component(train.rollout.component if train.rollout is not None else "")
        ledger.open_departure(train.key, IsoWeek.parse(departure.rpartition("/")[2]), at, BY)
        passenger = Passenger(component=component.id, repository=component.repository, sha=version)
        ledger.pin(departure, Manifest.of([passenger]), at, BY)
        ledger.record(departure, "deployed", f"{component.id}/{train.production}", {"sha": version, "how": BY}, at, BY)
        ledger.set_state(departure, DepartureState.DONE, at, BY, "promoted by the bench")

    def _set_clock(self, at: datetime) -> None:
        self._at = at
        clock.set_virtual(self._place.clock_file, at)


def measure(bench: RolloutBench, idle: Callable[[], float]) -> tuple[list[Spent], list[float]]:
    """Return what each batch has cost, and the seconds of each run of the tasks that do nothing, taken in between.

    :raises RolloutStuck: not every target has its version at the end.
    """
    spent, plain = [], []
    for found in bench.batches():
        spent.append(found)
        plain.append(idle())
    if not bench.over:
        raise RolloutStuck("some targets do not have their version at the end")
    return spent, plain


def growth(spent: list[Spent]) -> tuple[float, float]:
    """Return the seconds of computing that a target costs among the last third of the batches, and among the first."""
    third, each = max(1, len(spent) // 3), [found.computed / found.targets for found in spent]
    return median(each[-third:]), median(each[:third])


def _timed(call: Callable[[], Answer]) -> tuple[float, Answer]:
    begun = time.perf_counter()
    answer = call()
    return time.perf_counter() - begun, answer
