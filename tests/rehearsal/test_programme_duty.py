"""Which chores, watches and incidents a rehearsal starts, when, and with which forms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from stationmaster.config.loader import load
from stationmaster.rehearsal.airflow_answers import TaskInstance
from stationmaster.rehearsal.furnishing_duty import repositories_of_duty
from stationmaster.rehearsal.programme_duty import (
    SCRIPTS,
    area_of,
    duty,
    explains,
    form_of,
    programme_of_all,
    scripts,
    together,
)
from tests.rehearsal.duty_week import REVIEW, team
from tests.rehearsal.good_week import INCLUDE

START = date(2024, 3, 11)
EVERY = load(INCLUDE).teams


def test_t16_each_due_run_of_a_chore_is_started_at_the_next_full_hour():
    late = REVIEW.model_copy(update={"schedule": REVIEW.schedule.model_copy(update={"at": "10 9 * * mon"})})
    dre = team().model_copy(update={"chores": {"review": late}, "watches": {}, "incidents": None})
    found = duty({"dre": dre}, START, 2)
    assert [(item.at.isoformat(), item.dag_id) for item in found] == [
        ("2024-03-11T09:00:00+00:00", "dre.chores.review"),
        ("2024-03-18T09:00:00+00:00", "dre.chores.review"),
    ]


def test_a_whole_half_hour_stays_what_it_is():
    at = datetime(2024, 3, 11, 9, 30, tzinfo=UTC)
    assert together(at, timedelta(minutes=30)) == at
    assert together(at + timedelta(seconds=1), timedelta(minutes=30)) == at + timedelta(minutes=30)


def test_c26_a_watch_begins_on_each_working_day_when_it_opens():
    found = [item for item in duty({"dre": team()}, START, 1) if item.dag_id == "dre.watch"]
    assert [item.at.isoformat() for item in found] == [f"2024-03-{day}T08:00:00+00:00" for day in range(11, 16)]


def test_c33_each_team_has_one_incident_and_each_way_of_coverage_is_met():
    found = [item for item in duty(EVERY, START, 1) if area_of(item.dag_id) == "incident"]
    assert {item.team for item in found} == {name for name, each in EVERY.items() if each.incidents is not None}
    assert {script.critical for script in SCRIPTS} == {True, False}
    for item in found:
        form = form_of(EVERY, item)
        rules = EVERY[item.team].incidents
        assert rules.severities[form["severity"]].critical == scripts(EVERY)[item.team].critical
        assert form["service"] in rules.services


def test_d22_what_a_form_needs_is_filled_in():
    wanted = [item for item in duty(EVERY, START, 1) if area_of(item.dag_id) == "chores" and form_of(EVERY, item)]
    assert wanted
    for item in wanted:
        fields = EVERY[item.team].chores[item.what].form.form
        form = form_of(EVERY, item)
        assert all(form[name] for name, field in fields.items() if field.needed)
        assert all(form[name] in field.choices for name, field in fields.items() if field.choices)


def test_without_the_teams_own_work_only_trains_and_handoffs_are_played():
    assert not [item for item in programme_of_all(EVERY, START, 1, with_duty=False) if area_of(item.dag_id)]
    whole = programme_of_all(EVERY, START, 1, with_duty=True)
    assert whole == sorted(whole)
    assert {area_of(item.dag_id) for item in whole} == {"", "chores", "watch", "incident"}


@pytest.mark.parametrize(
    ("dag_id", "area"),
    [
        ("dre.chores.alert-review", "chores"),
        ("dre.incident", "incident"),
        ("dre.watch", "watch"),
        ("dre.weekly.cut", ""),
        ("dre.dependencies", ""),
    ],
)
def test_the_area_of_a_dag(dag_id, area):
    assert area_of(dag_id) == area


def task(dag_id: str, task_id: str, map_index: int = -1) -> TaskInstance:
    values = {"id": "1", "dag_run_id": "r", "rendered_map_index": None, "state": "deferred", "try_number": 1}
    return TaskInstance(dag_id=dag_id, task_id=task_id, map_index=map_index, **values)


@pytest.mark.parametrize(
    ("subject", "of", "explained"),
    [
        ("dre.chores/review/2024-03-11T0930/do_it", task("dre.chores.review", "do_it"), True),
        ("dre.chores/review/2024-03-11T0930/do_it", task("dre.chores.review", "ask_the_next_shift"), False),
        ("dre.chores/other/2024-03-11T0930/do_it", task("dre.chores.review", "do_it"), False),
        ("dre.incident/2024-03-12.1/page-2", task("dre.incident", "page", 1), True),
        ("dre.incident/2024-03-12.1/page-1", task("dre.incident", "page", 1), False),
        ("dre.incident/2024-03-12.1/handle", task("dre.incident", "handle", 0), True),
        ("dre.watch/2024-03-12/watch_questions", task("dre.watch", "watch_questions"), True),
        ("cellxgene.watch/2024-03-12/watch_questions", task("dre.watch", "watch_questions"), False),
    ],
)
def test_only_its_own_blockers_explain_a_waiting_task(subject, of, explained):
    assert explains(subject, of) == explained


def test_every_repository_of_the_teams_own_work_is_furnished_once():
    found = repositories_of_duty(load(INCLUDE))
    names = [each.repository for each in found]
    assert len(names) == len(set(names))
    branches = {each.repository: each.branch for each in repositories_of_duty(load(INCLUDE))}
    for each in EVERY.values():
        report = each.incidents.report if each.incidents is not None else None
        if report is not None and report.into == "file":
            assert branches[report.repository] == (report.branch or "main")
