"""What an editor of runs can do to every task of every DAG: refused, or the same effect found again (F32, R1 … S4).

Every DAG of every team that ships is taken, and each of its tasks is run as Airflow runs it after an editor has marked,
cleared or started something. Behind it stand all stand-ins. Whatever the task says, nothing outside may change, and no
departure may leave its state. (Airflow itself is not there: tests/e2e does it once for each class of task.)
"""

from __future__ import annotations

import copy
import itertools
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.expandinput import MappedArgument
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.sdk.exceptions import AirflowException, AirflowSkipException, TaskDeferred

from stationmaster import settings
from stationmaster.assemble.include import Subject, dags_of
from stationmaster.config.include import Include
from stationmaster.config.loader import load
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.departures.station import Station
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal import standins
from stationmaster.rehearsal.embedded.environment import pager_connections, stand_in_connections
from stationmaster.rehearsal.github import standin as github_standin
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.governance.furnishing import with_rollout_services
from stationmaster.rehearsal.mail.standin import Mailbox
from stationmaster.rehearsal.pager import standin as pager_standin
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack import standin as slack_standin
from tests.departures.week import INCLUDE, HandClock
from tests.operators.runs import answer
from tests.operators.tries import StateStore

MONDAY = datetime(2024, 12, 2, 15, 0, tzinfo=UTC)
RUN = "an-old-run"
ANOTHER = "threefold.weekly/2024-W40"
DAG_FILES = {
    Subject.TRAINS: INCLUDE.parent / "dags" / "trains.py",
    Subject.CHORES: INCLUDE.parent / "dags" / "chores.py",
}


@cache
def every_dag() -> dict[str, DAG]:
    return {dag.dag_id: dag for subject, file in DAG_FILES.items() for dag in dags_of(INCLUDE, subject, dag_file=file)}


@cache
def everything() -> Include:
    return load(INCLUDE)


# The world.


@dataclass
class World:
    """All teams with all stand-ins; each train has a departure that is done."""

    clock: HandClock
    github: GithubWorld
    slack: Any
    pager: Any
    mail: Mailbox
    ledger: Ledger
    done: dict[str, str] = field(default_factory=dict)
    """By DAG: the departure that its old run was about."""

    def seen(self) -> dict[str, Any]:
        """What stands outside, and how far each departure has come."""
        return {
            "deploys": [
                entry.path
                for entry in self.github.writes(applied=True)
                if any(part in entry.path for part in ("/dispatches", "/merge", "/git/refs/heads", "/cancel"))
            ],
            "github": len(self.github.writes(applied=True)),
            "slack": Counter({channel: len(found) for channel, found in self.slack.messages.items() if found}),
            "groups": {group.id: tuple(group.users) for group in self.slack.usergroups.values()},
            "mail": len(self.mail.mails),
            "proposals": len(self.pager.governance.proposals) if hasattr(self.pager, "governance") else 0,
            "states": {each.id: str(each.state) for each in self.ledger.departures(kinds=tuple(DepartureKind))},
            "locks": [(lock.name, lock.holder) for lock in self.ledger.locks()],
        }


@pytest.fixture(scope="module")
def outside() -> Iterator[SimpleNamespace]:
    """The stand-ins, started once: nothing may change them, so that all tests share them."""
    clock = HandClock(MONDAY)
    patch = pytest.MonkeyPatch()
    patch.setattr("stationmaster.clock.now", clock)
    include = everything()
    github = GithubWorld(
        clock=clock, repositories=list(standins.repositories(include)), scopes=standins.token_scopes(include)
    )
    slack, mail = standins.slack_world(include), Mailbox()
    pager = pager_standin.PagerWorld(include.teams.values())
    app = with_rollout_services(pager_standin.create_app(pager), include)
    names = [team.connections for team in include.teams.values()]
    with (
        serve(github_standin.create_app(github)) as github_url,
        serve(slack_standin.create_app(slack, mailbox=mail)) as slack_url,
        serve(app) as pager_url,
    ):
        connections = (
            *stand_in_connections(
                [each.github for each in names],
                [each.slack for each in names],
                [each.mail for each in names if each.mail is not None],
                github_url=github_url,
                slack_url=slack_url,
                mail_port=9,
            ),
            *pager_connections(include.teams.values(), pager_url),
        )
        for each in connections:
            patch.setenv(each.variable, each.as_json())
        yield SimpleNamespace(clock=clock, github=github, slack=slack, pager=pager, mail=mail)
    patch.undo()


@pytest.fixture
def world(outside: SimpleNamespace, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv(settings.LEDGER_VARIABLE, ledger._url)
    monkeypatch.setattr("stationmaster.clock.now", outside.clock)
    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: None)
    monkeypatch.setattr("stationmaster.operators.starting_runs.start_run", _never)
    found = World(**vars(outside), ledger=ledger)
    for team in everything().teams.values():
        for train in team.trains:
            _finish(found, Station(team=team, train=train, ledger=ledger, now=outside.clock))
    ledger.open_departure("threefold.weekly", IsoWeek.parse("2024-W40"), MONDAY, "timetable")
    ledger.set_state(ANOTHER, DepartureState.PROMOTING, MONDAY, "timetable")
    return found


def _never(*args: Any, **more: Any) -> None:
    raise AssertionError(f"a run was started: {args} {more}")


def _finish(world: World, station: Station) -> None:
    """A departure of two weeks ago that went well, and a hotfix beside it; the old runs are theirs."""
    train, ledger, at = station.train, world.ledger, MONDAY - timedelta(days=12)
    week = IsoWeek.of(MONDAY, train.zone).plus(-2)
    shas = {
        each.id: world.github.repository(each.repository).record.refs[f"heads/{each.branch}"]
        for each in train.components
    }
    passengers = [
        Passenger(component=each.id, repository=each.repository, sha=shas[each.id]) for each in train.components
    ]
    own = ledger.open_departure(train.key, week, at, "timetable").id
    beside = ledger.open_beside(train.key, week, DepartureKind.HOTFIX, at, "hana", key=f"{train.key}.hotfix/{RUN}").id
    for name, aboard in ((own, passengers), (beside, passengers[:1])):
        ledger.pin(name, Manifest.of(aboard), at, "timetable")
        for each in aboard:
            for environment in (train.staging, train.production):
                subject, value = f"{each.component}/{environment}", {"sha": each.sha, "how": "seen"}
                key = f"deployed/{subject}/{each.sha}"
                ledger.record_once(name, "deployed", subject, value, at, "stationmaster", key=key)
                ledger.record(
                    name, "rollback_target", subject, {"sha": "0" * 40, "repository": each.repository}, at, "x"
                )
        ledger.set_state(name, DepartureState.DONE, at, "stationmaster", "promoted")
    picked = {
        "component": passengers[0].component,
        "repository": passengers[0].repository,
        "base": station.forge.commits(passengers[0].repository, passengers[0].sha, 2)[1].sha,
        "sha": passengers[0].sha,
        "origins": [passengers[0].sha],
        "branch": train.components[0].branch,
    }
    ledger.record_once(beside, "picked", "hotfix", picked, at, "hana")
    for dag in every_dag():
        if dag.startswith(f"{train.key}."):
            about = beside if "hotfix" in dag or "build" in dag else own
            ledger.bind(dag, RUN, about, {"starter": "amara"}, at, "amara")
            world.done[dag] = about


# The touches.


@dataclass
class Touched:
    """A task instance as its process sees it after a touch."""

    run: str = RUN
    kind: str = "manual"
    starter: str | None = "amara"
    due: datetime | None = None
    try_number: int = 2
    states: str = "success"
    xcoms: Any = None
    params: dict[str, Any] = field(default_factory=dict)
    event: dict[str, Any] | None = None


def cleared_after_the_end() -> Touched:
    return Touched(xcoms="own")


def marked_failed_and_cleared_downstream() -> Touched:
    return Touched(xcoms="own", states="failed")


def departure_edited() -> Touched:
    return Touched(xcoms=ANOTHER, states="failed")


def everything_before_marked_as_success() -> Touched:
    """A run that has opened nothing: each task runs as if all before it had gone well."""
    return Touched(run="manual__mallory", starter="mallory", try_number=1, xcoms=ANOTHER, params=FORM)


def last_months_run_again() -> Touched:
    return Touched(run="scheduled__last_month", kind="scheduled", starter=None, due=MONDAY - timedelta(weeks=5))


def made_again_under_its_id() -> Touched:
    return Touched(starter="mallory", try_number=1, params=FORM)


def started_by_another_dag_with_a_form() -> Touched:
    """It bears the name of a person of each team: that of the run which started it."""
    return Touched(run="operator__1", kind="operator_triggered", starter="everybody", try_number=1, params=FORM)


def answered_by_a_stranger() -> Touched:
    return Touched(xcoms="own", event={**answer("Go", "mallory", reason="x"), "asked": {"people": ["mallory"]}})


FORM = {
    "dry_run": False,
    "skip_reason": "for fun",
    "reason": "for fun",
    "to": "2024-W40",
    "departure": "2024-W40",
    "accept_irreversible": True,
    "component": "",
    "commits": ["a" * 40],
    "plan": None,
    "start": None,
}
TOUCHES: tuple[Callable[[], Touched], ...] = (
    cleared_after_the_end,
    marked_failed_and_cleared_downstream,
    departure_edited,
    everything_before_marked_as_success,
    last_months_run_again,
    made_again_under_its_id,
    started_by_another_dag_with_a_form,
    answered_by_a_stranger,
)


class FakeTaskInstance:
    """What our operators use of a task instance."""

    map_index, max_tries, log_url = -1, 5, "http://airflow.example/dags/d/runs/r/tasks/t?try_number=2"

    def __init__(self, dag: DAG, task_id: str, touched: Touched, about: str | None) -> None:
        self.id, self.task_id, self.dag_id = uuid.uuid4(), task_id, dag.dag_id
        self.try_number, self._dag, self._touched, self._about = touched.try_number, dag, touched, about

    def xcom_pull(self, **_: Any) -> Any:
        return self._about if self._touched.xcoms == "own" else self._touched.xcoms

    def xcom_push(self, *, key: str, value: Any) -> None:
        json.dumps(value)

    def get_task_states(self, *, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, str]]:
        return {run: dict.fromkeys(self._dag.task_ids, self._touched.states) for run in run_ids}

    def get_dr_count(self, **_: Any) -> int:
        return 0


def unmapped(world: World, dag: DAG, task: Any) -> Any:
    team = everything().teams[dag.dag_id.split(".")[0]]
    about = world.done.get(dag.dag_id, "")
    examples = {
        "voter": next(iter(team.people)),
        "approver": next(iter(team.people)),
        "batch": {"departure": about or ANOTHER, "rollout": 1, "number": 1, "label": "1"},
        "role": next(iter(next(iter(team.roster.values())).roles)),
        "repository": team.upgrades.repositories[0].repository if team.upgrades is not None else "",
    }
    if not isinstance(task, MappedOperator):
        task = copy.copy(task)
        for name, example in examples.items():
            if isinstance(getattr(task, name, None), MappedArgument):
                setattr(task, name, example)
        return task
    value = task.expand_input.value
    fields = value.items() if isinstance(value, dict) else ((name, value) for name in ("batch",))
    return task.unmap(
        {name: found[0] if isinstance(found, list | tuple) and found else examples[name] for name, found in fields}
    )


def touch(world: World, dag: DAG, task: Any, touched: Touched) -> str:
    """Run a task as after a touch, and return how it ended."""
    operator = unmapped(world, dag, task)
    context: dict[str, Any] = {
        "ti": FakeTaskInstance(dag, task.task_id, touched, world.done.get(dag.dag_id)),
        "dag_run": SimpleNamespace(
            run_id=touched.run,
            run_type=touched.kind,
            logical_date=touched.due,
            run_after=None,
            triggering_user_name=touched.starter,
        ),
        "params": {**{name: dag.params.get_param(name).value for name in dag.params}, **touched.params},
        "task_state_store": StateStore(),
        "dag": dag,
        "task": operator,
    }
    if touched.kind == "operator_triggered":
        team = everything().teams[dag.dag_id.split(".")[0]]
        context["dag_run"].triggering_user_name = next(each.airflow for each in team.people.values() if each.airflow)
    try:
        if touched.event is not None and hasattr(operator, "resume"):
            operator.resume(context, event=touched.event, asked=touched.event["asked"])
        else:
            operator.execute(context)
    except TaskDeferred:
        return "waits"
    except AirflowSkipException:
        return "skipped"
    except AirflowException as failed:
        return "refused" if str(failed) else "failed"
    return "found it done"


def is_opener(dag: DAG, task: Any) -> bool:
    """Whether the task begins something that any start of its DAG begins: a chore, a shift, a watch, an incident."""
    return not task.upstream_task_ids and not is_of_a_train(dag)


def is_of_a_train(dag: DAG) -> bool:
    return any(dag.dag_id.startswith(f"{train}.") for train in _trains())


def owed(dag: DAG, touched: Touched) -> tuple[str, ...]:
    """What may come about the first time: it is owed, and nobody has made it in this world yet.

    What is done may be released, logged and told. A late run of a team's own work may do what it was made for; that of
    a train finds that it is too late. None of them deploys.
    """
    if touched.kind == "scheduled":
        return ("slack", "states") if is_of_a_train(dag) else ("slack", "github", "mail", "groups", "states")
    return ("slack", "github") if touched.run == RUN and touched.states == "success" else ("slack",)


@cache
def _trains() -> tuple[str, ...]:
    return tuple(train.key for team in everything().teams.values() for train in team.trains.values())


@pytest.mark.parametrize("dag_id", sorted(every_dag()))
def test_whatever_an_editor_of_runs_does_nothing_is_sent(world: World, dag_id: str, tried: Callable[[str, int], None]):
    """Each touch is done three times. What Slack has not heard yet it hears the first time, and never again."""
    dag = every_dag()[dag_id]
    beginning, endings = world.seen(), Counter[str]()
    for make, turn in itertools.product(TOUCHES, range(3)):
        for task in dag.topological_sort():
            touched = make()
            if touched.kind == "scheduled" and not dag.timetable.can_be_scheduled:
                continue
            if is_opener(dag, task) and touched.kind != "scheduled":
                continue  # to start the DAG is to begin it: that is nobody's trick
            ended = touch(world, dag, task, touched)
            endings[ended] += 1
            after = world.seen()
            # A late run of a team's own work opens, asks and logs one after the other.
            if turn == 0 or (turn == 1 and touched.kind == "scheduled"):
                beginning |= {name: after[name] for name in owed(dag, touched)}
            changed = {name: (beginning[name], after[name]) for name in after if after[name] != beginning[name]}
            assert not changed, f"{make.__name__} of {task.task_id}: {ended}"
    for ended, number in endings.items():
        tried(f"touches of tasks ended as {ended}, and nothing outside had changed", number)


def test_every_class_of_task_is_touched():
    """The live test takes one of each: this is the list that it must cover."""
    classes = {
        (task.operator_class if isinstance(task, MappedOperator) else type(task)).__name__
        for dag in every_dag().values()
        for task in dag.tasks
    }
    assert len(every_dag()) >= 100
    assert len(classes) >= 50
