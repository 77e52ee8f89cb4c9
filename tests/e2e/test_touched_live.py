"""What an editor of runs can do to a task, on a real Airflow, once for each class of task (F32, R1 … S4).

tests/operators/test_touched_tasks.py does it to every task of every DAG in process. Here Airflow itself marks, clears,
deletes and starts: the fields of a run, the order of tasks and the retries are its own.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import httpx
import pytest
from airflow.sdk import DAG, TriggerRule
from airflow.sdk.definitions.mappedoperator import MappedOperator

from stationmaster import clock
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import DepartureState
from stationmaster.operators.base import DEPARTURE_KEY
from stationmaster.operators.changing import SWAP_KEY
from stationmaster.operators.handoff_step import HANDOFF_KEY
from stationmaster.operators.team_step import ABOUT_KEY
from stationmaster.operators.upgrade_step import UPGRADE_KEY
from stationmaster.rehearsal.airflow_answers import TaskInstance
from stationmaster.rehearsal.embedded.station import clear_home
from stationmaster.rehearsal.embedded.supervisor import EmbeddedAirflow
from tests.departures.week import INCLUDE
from tests.operators.test_touched_tasks import ANOTHER, RUN, every_dag, everything, is_of_a_train

pytestmark = pytest.mark.airflow

MONDAY = datetime.fromisoformat("2024-12-02T15:00:00+00:00")
XCOMS = (DEPARTURE_KEY, HANDOFF_KEY, UPGRADE_KEY, SWAP_KEY, ABOUT_KEY)
ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
AT_REST = ENDED | {"deferred", "up_for_retry"}
WITHIN = 240.0
FAILING = TriggerRule.ONE_FAILED
GUARDED = ("deploys", "proposals", "groups", "states", "locks")
"""What no touch of a task may change, not even the first one."""


def class_of(task: Any) -> str:
    return (task.operator_class if isinstance(task, MappedOperator) else type(task)).__name__


class Batch(NamedTuple):
    """Tasks of one DAG that do not wait for each other, each standing for its class, and the run they are in."""

    dag: DAG
    run: str
    tasks: tuple[str, ...]
    turn: int
    """Many DAGs have one run at a time: the batches of one DAG come one after another."""


@cache
def batches() -> tuple[Batch, ...]:
    """As few as a greedy choice finds; together they have every class of task."""
    left = {class_of(task) for dag in every_dag().values() for task in dag.tasks}
    found: list[Batch] = []
    while left:
        turns = Counter(batch.dag.dag_id for batch in found)
        each = [(dag, apart(dag, left), turns[dag.dag_id]) for dag in every_dag().values()]
        dag, tasks, turn = max(each, key=lambda one: (len(one[1]), -one[2]))
        found.append(Batch(dag, f"{RUN}-{turn}", tuple(tasks), turn))
        left -= {class_of(dag.get_task(task)) for task in tasks}
    return tuple(found)


def apart(dag: DAG, wanted: set[str]) -> list[str]:
    """Tasks of the wanted classes, one for each, of which none is upstream of another."""
    found: dict[str, str] = {}
    for task in dag.tasks:
        related = task.get_flat_relative_ids(upstream=True) | task.get_flat_relative_ids(upstream=False)
        alone = found and (
            FAILING in (task.trigger_rule, *(dag.get_task(each).trigger_rule for each in found.values()))
        )
        if class_of(task) in wanted - found.keys() and not alone and not related & set(found.values()):
            found[class_of(task)] = task.task_id
    return list(found.values())


class World(NamedTuple):
    """The running Airflow with all teams, and what stands outside it."""

    airflow: EmbeddedAirflow
    ledger: Ledger
    github: httpx.Client
    slack: httpx.Client
    services: httpx.Client

    def seen(self) -> dict[str, Any]:
        journal = self.github.get("/_control/journal", params={"writes": 1}).raise_for_status().json()
        written = [entry["path"] for entry in journal if entry["applied"]]
        state = self.slack.get("/_control/state").raise_for_status().json()
        said = [one["text"] for several in state["messages"].values() for one in several]
        outward = ("/dispatches", "/merge", "/git/refs/heads", "/cancel")
        return {
            "deploys": [path for path in written if any(part in path for part in outward)],
            "github": len(written),
            # That a task has failed is told once for each time that it fails.
            "slack": sorted(text for text in said if not text.startswith(":red_circle:")),
            "mail": len(self.slack.get("/_control/mail").raise_for_status().json()["mails"]),
            "groups": {each["id"]: each["users"] for each in state["usergroups"]},
            "proposals": self.services.get("/governance/_control/governance/state").raise_for_status().json(),
            "states": {each.id: str(each.state) for each in self.ledger.departures(kinds=tuple(DepartureKind))},
            "locks": [(lock.name, lock.holder) for lock in self.ledger.locks()],
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("touched")
    clock_file = home / "clock.json"
    clock.set_virtual(clock_file, MONDAY)
    with EmbeddedAirflow(
        home=home, include=INCLUDE, clock_file=clock_file, familiar_ports=False, schedules=False, poll_seconds=1
    ) as airflow:
        station, plain = airflow.station, {"trust_env": False, "timeout": 30}
        made = World(
            airflow,
            Ledger.at(station.ledger_url),
            httpx.Client(base_url=station.github_url, **plain),
            httpx.Client(base_url=station.slack_url, **plain),
            httpx.Client(base_url=station.pager_url, **plain),
        )
        seed(made.ledger)
        airflow.api().wait_parsed([batch.dag.dag_id for batch in batches()], timeout=180)
        yield made
        made.ledger.close()
    clear_home(home)


def seed(ledger: Ledger) -> None:
    """Each train has a departure of two weeks ago that went well, and a hotfix beside it; the old runs are theirs."""
    at = MONDAY - timedelta(days=12)
    for team in everything().teams.values():
        for train in team.trains.values():
            week = IsoWeek.of(MONDAY, train.zone).plus(-2)
            own = ledger.open_departure(train.key, week, at, "timetable").id
            key = f"{train.key}.hotfix/{RUN}"
            beside = ledger.open_beside(train.key, week, DepartureKind.HOTFIX, at, "hana", key=key).id
            for name, digit in ((own, "a"), (beside, "b")):
                aboard = [
                    Passenger(component=each.id, repository=each.repository, sha=digit * 40)
                    for each in train.components
                ]
                ledger.pin(name, Manifest.of(aboard), at, "timetable")
                for each in aboard:
                    for environment in (train.staging, train.production):
                        subject = f"{each.component}/{environment}"
                        value = {"sha": each.sha, "how": "seen"}
                        ledger.record(name, "deployed", subject, value, at, "stationmaster")
                ledger.set_state(name, DepartureState.DONE, at, "stationmaster", "promoted")
            for dag, run, *_ in batches():
                if dag.dag_id.startswith(f"{train.key}."):
                    about = beside if "hotfix" in dag.dag_id else own
                    ledger.bind(dag.dag_id, run, about, {"starter": person_of(dag)}, at, "test")
    ledger.open_departure("threefold.weekly", IsoWeek.parse("2024-W40"), MONDAY, "timetable")
    ledger.set_state(ANOTHER, DepartureState.PROMOTING, MONDAY, "timetable")


def person_of(dag: DAG) -> str:
    """Somebody of the team who has an account: what they may start is started."""
    team = everything().teams[dag.dag_id.split(".")[0]]
    return next(str(each.airflow) for each in team.people.values() if each.active and not each.bot and each.airflow)


def form_of(dag: DAG) -> dict[str, str]:
    """What its form needs: a day for an instant, and some words for a text."""
    asked = {name: dag.params.get_param(name) for name in dag.params}
    return {
        name: MONDAY.isoformat() if param.schema.get("format") == "date-time" else "an old run"
        for name, param in asked.items()
        if param.value is None and param.schema.get("type") == "string"
    }


class Editor:
    """What an editor of runs does to the tasks of one run."""

    def __init__(self, world: World, batch: Batch) -> None:
        self.world, (self.dag, self.run, self.tasks, _) = world, batch
        self.name, self.api = self.dag.dag_id, world.airflow.api()

    def start(self, user: str = "") -> None:
        """Start the run; every task but those that are looked at is marked, so that these begin at once."""
        self.api.set_paused(self.name, paused=True)
        with self.world.airflow.api(user or person_of(self.dag)) as api:
            api.trigger(self.name, run_id=self.run, conf=form_of(self.dag))
        for each in self.instances():
            if each.task_id not in self.tasks:
                self.api.set_state(self.name, self.run, each.task_id, self.mark(each), map_index=each.map_index)
        self.api.unpause(self.name)

    def mark(self, task: TaskInstance) -> str:
        """Return "failed" for what must have failed before a task that is looked at begins."""
        after = [self.dag.get_task(each) for each in self.tasks]
        waited = any(each.trigger_rule == FAILING and task.task_id in each.upstream_task_ids for each in after)
        return "failed" if waited else "success"

    def clear(self) -> None:
        self.api.clear(self.name, self.run, list(self.tasks))

    def fail(self) -> None:
        for each in self.looked_at():
            if each.state != "failed":
                self.api.set_state(self.name, self.run, each.task_id, "failed", map_index=each.map_index)

    def edit_and_clear(self) -> None:
        roots = {task.task_id for task in self.dag.roots}
        for each in self.instances():
            for key in XCOMS if each.task_id in roots else ():
                self.api.write_xcom(self.name, self.run, each.task_id, key, ANOTHER, map_index=each.map_index)
        self.clear()

    def make_again(self) -> None:
        """Delete the run, and let somebody of another team start one of the same id."""
        team = self.name.split(".")[0]
        self.api.delete_run(self.name, self.run)
        self.start(next(person_of(each.dag) for each in batches() if each.dag.dag_id.split(".")[0] != team))

    def instances(self) -> tuple[TaskInstance, ...]:
        return self.api.task_instances(self.name, self.run)

    def looked_at(self) -> list[TaskInstance]:
        return [each for each in self.instances() if each.task_id in self.tasks]

    def moving(self) -> list[str]:
        """What has not done yet what it can: a task that is looked at, or a run whose tasks have all ended."""
        found = {each.label: each.state for each in self.looked_at()}
        if set(found.values()) <= ENDED:
            found = {"run": self.api.run(self.name, self.run).state}
        return [f"{self.name} {label}: {state}" for label, state in found.items() if state not in AT_REST]


def wait_for_rest(world: World, editors: list[Editor]) -> None:
    deadline = time.monotonic() + WITHIN
    while moving := [task for editor in editors for task in editor.moving()]:
        assert time.monotonic() < deadline, (moving, world.airflow.api().health())
        time.sleep(0.5)


TOUCHES: tuple[Callable[[Editor], None], ...] = (
    Editor.clear,
    Editor.fail,
    Editor.clear,
    Editor.edit_and_clear,
    Editor.make_again,
)


def test_whatever_an_editor_of_runs_does_live_nothing_is_sent(world: World, tried: Callable[[str, int], None]) -> None:
    """A team's own work begins when its DAG is started, whoever starts it; from then on it is found again."""
    ran = set[str]()

    def all_do(touch: Callable[[Editor], None], several: list[Editor], same: Collection[str]) -> None:
        before = world.seen()
        for editor in several:
            touch(editor)
        wait_for_rest(world, several)
        for editor in several:
            ran.update(class_of(editor.dag.get_task(each.task_id)) for each in editor.looked_at() if each.start_date)
        after = world.seen()
        assert {name: after[name] for name in same} == {name: before[name] for name in same}, touch.__name__

    for several in sorted({batch.turn for batch in batches()}):
        editors = [Editor(world, batch) for batch in batches() if batch.turn == several]
        all_do(Editor.start, [editor for editor in editors if is_of_a_train(editor.dag)], GUARDED)
        all_do(Editor.start, [editor for editor in editors if not is_of_a_train(editor.dag)], ())
        # What was owed is told the first time: a message, an issue, a release of what is done.
        for turn, touch in enumerate(TOUCHES):
            all_do(touch, editors, GUARDED if turn == 0 else tuple(world.seen()))
        for editor in editors:
            editor.api.delete_run(editor.name, editor.run)
    classes = {class_of(task) for dag in every_dag().values() for task in dag.tasks}
    tried(f"classes of tasks were touched in {len(TOUCHES)} ways on a running Airflow", len(ran))
    assert not classes - ran
