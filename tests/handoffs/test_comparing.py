"""A rotation that somebody else keeps, too: compared, or decisive; told once (R43, R50, D-07)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk.exceptions import AirflowException

from stationmaster.assemble.sources import COMPARED_AT, READ_AT, source_dags
from stationmaster.config.sourcing import SourceEntry
from stationmaster.handoffs import comparing
from stationmaster.operators.handoff_step import HandoffOperator
from stationmaster.rehearsal.pager.standin import PagerFault, PagerOverride, PagerWorld, create_app
from stationmaster.rehearsal.serving import serve
from tests.departures.week import INCLUDE
from tests.handoffs.monday import MONDAY
from tests.hooks.test_pagers import pagerduty_connection
from tests.operators.runs import DAG_FILE

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def pager(monday, monkeypatch):
    world = PagerWorld([monday.team])
    with serve(create_app(world)) as base:
        monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_DEFAULT", pagerduty_connection(base))
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        yield world


@pytest.fixture
def deciding(monday, pager):
    source = SourceEntry(kind="pagerduty", schedules={"primary": "PCXGPRI", "secondary": "PCXGSEC"}, decides=True)
    monday.edit(source=source)
    return pager


def override(pager, person, start, end, schedule="PCXGPRI"):
    pager.override(PagerOverride(schedule=schedule, person=person, start=start, end=end))


def test_d07_two_that_agree_say_nothing(monday, pager):
    assert comparing.compare(monday.desk(), INCLUDE) == {}
    assert monday.texts() == []


def test_d07_a_difference_is_told_once_with_both_sides(monday, pager):
    override(pager, "ivan", TUESDAY, TUESDAY + timedelta(days=1))
    (row,) = comparing.compare(monday.desk(), INCLUDE)["primary"]
    assert (row.start, row.files, row.source) == (TUESDAY, ("farah",), ("ivan",))
    monday.clock.move(hours=20)
    assert comparing.compare(monday.desk(), INCLUDE)
    (text,) = monday.texts()
    assert "Farah Haddad by the files, Ivan" in text
    override(pager, "hana", TUESDAY + timedelta(days=3), TUESDAY + timedelta(days=4))
    comparing.compare(monday.desk(), INCLUDE)
    assert len(monday.texts()) == 2


def test_r43_a_source_that_decides_is_who_is_on_call_and_who_moves_is_told(monday, deciding):
    comparing.read(monday.desk(), INCLUDE)
    assert monday.desk().team.on_call("primary", MONDAY).person == "farah"
    assert monday.texts() == []
    override(deciding, "ivan", TUESDAY, TUESDAY + timedelta(days=1))
    comparing.read(monday.desk(), INCLUDE)
    comparing.read(monday.desk(), INCLUDE)
    desk = monday.desk()
    assert desk.team.on_call("primary", TUESDAY).person == "ivan"
    assert desk.team.on_call("tertiary", TUESDAY).person == "jules"
    texts = monday.texts()
    assert len(texts) == 2
    assert sorted("now yours" in text for text in texts) == [False, True]


def test_before_the_first_answer_the_handoff_waits_and_says_for_what(monday, deciding):
    desk = monday.desk()
    handoff = desk.handoff_at(MONDAY)
    assert (handoff.start, handoff.shifts) == (MONDAY, {"tertiary": handoff.shifts["tertiary"]})
    everybody = SourceEntry(
        kind="pagerduty", schedules=dict.fromkeys(("primary", "secondary", "tertiary"), "PCXGPRI"), decides=True
    )
    monday.edit(source=everybody)
    desk = monday.desk()
    handoff = desk.handoff_at(MONDAY)
    assert (handoff.start, handoff.shifts) == (MONDAY, {})
    task = HandoffOperator(task_id="any", include="include", team="cellxgene", rotation="oncall")
    (found,) = task._unread(desk, handoff).arguments["blockers"]
    assert found["code"] == "SOURCE_UNREAD"
    assert "PagerDuty decides, and was never read" in found["sentence"]


class Task:
    """One try of a task."""

    def __init__(self, try_number):
        self.try_number = try_number


def run(monday, monkeypatch, *, try_number=1):
    monkeypatch.setattr("stationmaster.handoffs.shift_desk.ShiftDesk", lambda **_: monday.desk())
    (dag,) = source_dags(INCLUDE, monday.team, dag_file=DAG_FILE)
    (task,) = dag.tasks
    return json.loads(json.dumps(task.execute({"ti": Task(try_number)})))


def test_the_task_answers_where_they_differ(monday, pager, monkeypatch):
    assert run(monday, monkeypatch) == {"rotation": "oncall", "agrees": True, "differences": []}
    override(pager, "ivan", TUESDAY, TUESDAY + timedelta(days=1))
    found = run(monday, monkeypatch)
    assert found["agrees"] is False
    assert found["differences"] == [
        {
            "role": "primary",
            "start": "2021-10-26T16:00:00+00:00",
            "end": "2021-10-27T16:00:00+00:00",
            "files": ["farah"],
            "source": ["ivan"],
        }
    ]


def test_the_task_of_a_source_that_decides_reads_it(monday, deciding, monkeypatch):
    assert run(monday, monkeypatch) == {"rotation": "oncall", "changed": ["primary", "secondary"]}
    assert run(monday, monkeypatch) == {"rotation": "oncall", "changed": []}


def test_what_cannot_be_read_fails_the_task_and_is_told_once_a_day(monday, deciding, monkeypatch):
    run(monday, monkeypatch)
    deciding.script(PagerFault(kind="unauthorised", times=100))
    for try_number in (1, 4, 4):
        with pytest.raises(AirflowException, match="does not know the token"):
            run(monday, monkeypatch, try_number=try_number)
    (text,) = monday.texts()
    assert "The last good answer stays in force" in text
    assert monday.desk().team.on_call("primary", MONDAY).person == "farah"
    monday.clock.to(datetime(2021, 10, 27, 9, tzinfo=UTC))
    with pytest.raises(AirflowException):
        run(monday, monkeypatch, try_number=4)
    assert len(monday.texts()) == 2


def test_a_comparison_that_cannot_be_made_says_that_the_files_hold(monday, pager):
    comparing.tell_unread(monday.desk(), "It does not answer.")
    (text,) = monday.texts()
    assert "The files hold as before" in text
    assert "last good answer" not in text


def test_the_last_shift_that_a_source_names_is_still_a_handoff(monday, deciding, monkeypatch):
    entry = monday.team.roster["oncall"]
    source = SourceEntry(kind="pagerduty", schedules={"primary": "PCXGPRI"}, decides=True)
    monday.edit(roles={"primary": entry.roles["primary"]}, source=source, escalation=())
    override(deciding, "farah", MONDAY - timedelta(weeks=3), MONDAY + timedelta(weeks=14))
    run(monday, monkeypatch)
    found = monday.desk().handoff_at(MONDAY + timedelta(days=1))
    assert found.shifts["primary"].person == "farah"
    assert found.start < found.end


def test_a_rotation_is_read_often_when_its_source_decides_and_once_a_day_when_not(monday, pager):
    (dag,) = source_dags(INCLUDE, monday.team, dag_file=DAG_FILE)
    assert dag.dag_id == "cellxgene.oncall.source"
    assert [task.task_id for task in dag.tasks] == ["compare_the_source"]
    assert dag.timetable.expression == COMPARED_AT
    deciding = monday.team.roster["oncall"].source.model_copy(update={"decides": True})
    monday.edit(source=deciding)
    (dag,) = source_dags(INCLUDE, monday.team, dag_file=DAG_FILE)
    assert (dag.tasks[0].task_id, dag.timetable.expression) == ("read_the_source", READ_AT)
    away = monday.team.model_copy(update={"away": "away.ics"})
    assert [each.dag_id for each in source_dags(INCLUDE, away)] == ["cellxgene.oncall.source", "cellxgene.absences"]
