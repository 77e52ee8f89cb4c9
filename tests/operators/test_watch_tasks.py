"""The DAG of a day's watch: its shape, and its tasks from the opening to the close (C-26, N-08)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from stationmaster.assemble.incidents import incident_dags
from stationmaster.assemble.watches import watch_dags
from stationmaster.config.loader import load
from stationmaster.core.alert_groups import Event, key_of
from stationmaster.operators.watching import INCIDENTS_TASK, OPEN_TASK
from stationmaster.timetables.watch_timetable import WatchTimetable
from stationmaster.triggers.team_trigger import TeamTrigger
from stationmaster.watches import matters
from stationmaster.watches.alert_books import AlertBook
from tests.assemble.test_contracts_of_dags import HEADINGS, described
from tests.departures.conftest import boards
from tests.golden_files import assert_golden
from tests.operators.runs import DAG_FILE, INCLUDE
from tests.watches.conftest import _fresh_process, ledger, lookout_of
from tests.watches.lookout import Lookout

__all__ = ["_fresh_process", "boards", "ledger", "lookout_of"]

# A Wednesday in California; the watch of questions is open from 09:00 to 17:00.
OPENS = datetime(2021, 10, 20, 16, 0, tzinfo=UTC)
DAY = "cellxgene.watch/2021-10-20"


class FakeTaskInstance:
    try_number = 1

    def __init__(self, task_id: str, xcoms: dict[tuple[str, str], Any]) -> None:
        self.id = uuid.uuid5(uuid.NAMESPACE_OID, f"{id(xcoms)} {task_id}")
        self.task_id, self.xcoms = task_id, xcoms

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        return self.xcoms.get((task_ids, key))

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.xcoms[self.task_id, key] = json.loads(json.dumps(value))


class Day:
    """One run of the DAG over a lookout's world."""

    def __init__(self, lookout: Lookout) -> None:
        self.lookout = lookout
        self.xcoms: dict[tuple[str, str], Any] = {}
        self.run = SimpleNamespace(run_id="scheduled__1", run_type="scheduled", logical_date=OPENS)

    def task(self, task_id: str) -> Any:
        (dag,) = watch_dags(INCLUDE, self.lookout.team, dag_file=DAG_FILE)
        return dag.get_task(task_id)

    def start(self, task_id: str) -> Any:
        return self.call(task_id, "execute")

    def call(self, task_id: str, method: str, **how: Any) -> Any:
        context = {"ti": FakeTaskInstance(task_id, self.xcoms), "dag_run": self.run}
        return getattr(self.task(task_id), method)(context, **how)

    def deferred(self, task_id: str) -> TaskDeferred:
        with pytest.raises(TaskDeferred) as found:
            self.start(task_id)
        return found.value

    @staticmethod
    def again(trigger: Any) -> TeamTrigger:
        """The trigger as another process makes it from Airflow's database."""
        _, kwargs = trigger.serialize()
        return TeamTrigger(**json.loads(json.dumps(kwargs)))


@pytest.fixture
def day(lookout_of, monkeypatch) -> Day:
    lookout = lookout_of("cellxgene", at=OPENS)
    monkeypatch.setattr("stationmaster.work.context.Desk", lambda team: lookout.desk_of(team))
    return Day(lookout)


@pytest.mark.parametrize("team", ["cellxgene", "dre", "hausmeister", "operate-first", "threefold"])
def test_n08_every_team_has_its_watch_and_its_page(team: str) -> None:
    (dag,) = watch_dags(INCLUDE, load(INCLUDE, [team]).team(team), dag_file=DAG_FILE)
    assert dag.dag_id == f"{team}.watch"
    assert all(f"**{heading}**" in dag.doc_md for heading in HEADINGS)
    for task in dag.tasks:
        assert task.retries >= 3
        assert task.retry_delay <= timedelta(seconds=10)


def test_f69_the_dag_of_a_watch_is_a_contract() -> None:
    (dag,) = watch_dags(INCLUDE, load(INCLUDE, ["cellxgene"]).team("cellxgene"), dag_file=DAG_FILE)
    assert_golden("dag_watch", described(dag))


def test_a_team_that_watches_nothing_has_no_dag() -> None:
    team = load(INCLUDE, ["cellxgene"]).team("cellxgene").model_copy(update={"watches": {}})
    assert list(watch_dags(INCLUDE, team, dag_file=DAG_FILE)) == []


def test_c26_a_day_of_the_watch_holds_no_worker(day: Day) -> None:
    assert day.start(OPEN_TASK) == {"day": "2021-10-20"}
    waits = day.deferred("watch_questions")
    trigger = day.again(waits.trigger)
    question = day.lookout.says("Is staging down?")
    day.lookout.clock.move(minutes=40)
    settled, standing = trigger.look()
    assert not settled
    assert [found.code for found in standing.blockers] == ["QUESTION_OPEN", "WATCHING"]
    assert len(day.lookout.thread(question)) == 1
    kept = day.lookout.ledger.blockers(DAY)
    assert [found.code for found in kept[f"{DAY}/watch_questions"]] == ["QUESTION_OPEN", "WATCHING"]
    day.lookout.clock.to(OPENS + timedelta(hours=8))
    settled, _ = trigger.look()
    assert settled
    done = day.call("watch_questions", "resume", event={"settled": "PASS"}, **waits.kwargs)
    assert done == {"outcome": "watched"}
    assert f"{DAY}/watch_questions" not in day.lookout.ledger.blockers(DAY)


def test_d26_what_is_only_watched_is_no_open_work(day: Day) -> None:
    from stationmaster.oncall_log.open_work import open_work

    day.start(OPEN_TASK)
    trigger = day.again(day.deferred("watch_questions").trigger)
    assert list(open_work(day.lookout.desk())) == []
    day.lookout.says("Is staging down?")
    day.lookout.clock.move(minutes=40)
    trigger.look()
    (found,) = open_work(day.lookout.desk())
    assert found.title == "cellxgene: what is watched on 2021-10-20"
    assert "QUESTION_OPEN" in found.why


def test_a_watch_on_its_day_off_is_skipped(day: Day) -> None:
    day.run.logical_date = datetime(2021, 10, 23, 16, 0, tzinfo=UTC)
    day.start(OPEN_TASK)
    with pytest.raises(AirflowSkipException, match="day off"):
        day.start("watch_questions")


def test_d18_an_escalated_group_of_alerts_starts_one_incident_with_a_form_that_fits(day: Day, monkeypatch) -> None:
    begun: list[tuple[str, str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "stationmaster.operators.starting_runs.start_run", lambda dag, run, conf: begun.append((dag, run, conf))
    )
    event = Event(
        source="pagerduty", alert="Q1", status="firing", at=OPENS, title="down", cluster="s0", severity="high"
    )
    day.start(OPEN_TASK)
    waits = day.deferred(INCIDENTS_TASK)
    trigger = day.again(waits.trigger)
    assert not trigger.look()[0]
    desk = day.lookout.desk()
    AlertBook(desk, "pages").keep([event])
    matters.decide(desk, key_of("s0", "high"), "escalate", why="<!here>", by="ben")
    assert trigger.look()[0]
    with pytest.raises(TaskDeferred):
        day.call(INCIDENTS_TASK, "resume", event={"settled": "PASS"}, **waits.kwargs)
    assert not trigger.look()[0]
    day.deferred(INCIDENTS_TASK)
    ((dag_id, run_id, conf),) = begun
    assert dag_id == "cellxgene.incident"
    assert run_id.startswith(f"alert__{key_of('s0', 'high')}")
    (dag,) = incident_dags(INCLUDE, day.lookout.team, dag_file=DAG_FILE)
    form = dag.params
    for name, value in conf.items():
        form[name] = value
    form.validate()


def test_f61_a_slack_that_is_down_is_a_reason_and_the_watch_goes_on(day: Day) -> None:
    day.start(OPEN_TASK)
    trigger = day.again(day.deferred("watch_questions").trigger)
    day.lookout.slack_fault("error", method="conversations.history", times=99)
    day.lookout.clock.move(minutes=1)
    settled, standing = trigger.look()
    assert not settled
    assert [found.code for found in standing.blockers] == ["WATCH_BLIND", "WATCHING"]


@pytest.mark.parametrize(
    ("after", "starts"),
    [
        ("2021-10-20T16:00:00+00:00", "2021-10-21T16:00:00+00:00"),
        ("2021-10-22T20:00:00+00:00", "2021-10-25T16:00:00+00:00"),  # over the weekend
        ("2021-11-05T20:00:00+00:00", "2021-11-08T17:00:00+00:00"),  # and over the clock change
    ],
)
def test_f35_a_day_begins_at_the_same_wall_time_whatever_the_clocks_do(after: str, starts: str) -> None:
    (dag,) = watch_dags(INCLUDE, load(INCLUDE, ["cellxgene"]).team("cellxgene"), dag_file=DAG_FILE)
    remade = WatchTimetable.deserialize(json.loads(json.dumps(dag.timetable.serialize())))
    assert remade.next_occurrence(datetime.fromisoformat(after)) == datetime.fromisoformat(starts)
    assert remade.latest_occurrence(datetime.fromisoformat(starts)) == datetime.fromisoformat(starts)
