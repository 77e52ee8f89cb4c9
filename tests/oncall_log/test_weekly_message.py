"""The weekly message of measures: four weeks beside the four before, once for each week."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from stationmaster.assemble.include import dags_of
from stationmaster.core.measures import Measures, measure
from stationmaster.departures import weekly_message
from stationmaster.ledger.records import DepartureState
from stationmaster.operators.measuring import TELL_TASK, TellMeasuresOperator
from stationmaster.work.context import Desk
from tests.departures.conftest import make_week, week
from tests.departures.week import INCLUDE, OPS, WEDNESDAY

__all__ = ["make_week", "week"]

MONDAY = WEDNESDAY + timedelta(days=5)
"""The Monday after the promotion."""


def said(week):
    return [message.text for message in week.slack.messages[OPS] if "How our trains did" in message.text]


@pytest.fixture
def promoted(week):
    week.stage()
    week.clock.to(WEDNESDAY)
    week.open_promote()
    week.quorum()
    week.confirm()
    week.promote()
    assert week.close("promote") is DepartureState.DONE
    week.clock.to(MONDAY)
    return week


def test_the_four_weeks_stand_beside_the_four_before(promoted):
    text = weekly_message.words(promoted.station(), MONDAY)
    assert "*How our trains did in the four weeks until Mon 1 Nov 2021 " in text
    assert "(`cellxgene.weekly`)" in text
    assert "• promotions a week: 0.25 (before: 0)" in text
    assert "• change failure rate: 0% (before: unknown)" in text
    later = weekly_message.words(promoted.station(), MONDAY + timedelta(weeks=4))
    assert "• promotions a week: 0 (before: 0.25)" in later


def test_f04_a_week_is_told_once_whatever_changes_and_the_next_one_is_told_again(promoted):
    desk = promoted.station()
    name = weekly_message.about(desk, MONDAY)
    assert name == "cellxgene.measures/2021-W44"
    first = weekly_message.tell(desk, name, MONDAY)
    promoted.ledger.set_state(promoted.departure, DepartureState.ROLLED_BACK, MONDAY, "emil", "later")
    assert weekly_message.tell(promoted.station(), name, MONDAY + timedelta(hours=5)) == first
    assert len(said(promoted)) == 1
    following = MONDAY + timedelta(weeks=1)
    weekly_message.tell(desk, weekly_message.about(desk, following), following)
    assert len(said(promoted)) == 2


def test_a_figure_of_which_nothing_is_known_is_unknown_and_long_times_are_days():
    known = Measures(
        **measure([], timedelta(weeks=4)).model_dump()
        | {"lead_time": timedelta(days=6, hours=12), "restore_time": timedelta(minutes=90)}
    )
    lines = weekly_message._figures(known, measure([], timedelta(weeks=4)))
    assert lines[1:4] == [
        "• lead time: 6.5 days (before: unknown)",
        "• change failure rate: unknown (before: unknown)",
        "• time to restore: 1.5 hours (before: unknown)",
    ]


class FakeTaskInstance:
    try_number = 1

    def __init__(self):
        self.kept = {}

    def xcom_pull(self, *, task_ids, key):
        return self.kept.get((task_ids, key))

    def xcom_push(self, *, key, value):
        self.kept[TELL_TASK, key] = value


@pytest.fixture
def task(promoted, monkeypatch):
    (dag,) = dags_of(INCLUDE, only="cellxgene.measures")
    task = dag.get_task(TELL_TASK)
    assert isinstance(task, TellMeasuresOperator)
    desk = Desk(team=promoted.team, ledger=promoted.ledger, chat=promoted.shared_chat, now=promoted.clock)
    monkeypatch.setattr(TellMeasuresOperator, "desk", lambda _: desk)
    run = SimpleNamespace(run_id="scheduled__1", run_type="scheduled", logical_date=MONDAY)
    return task, {"ti": FakeTaskInstance(), "dag_run": run}


def test_f01_the_task_says_it_once_however_late_and_however_often(promoted, task):
    operator, context = task
    promoted.clock.move(seconds=86400)
    first = operator.execute(context)
    assert first["about"] == "cellxgene.measures/2021-W44"
    assert operator.execute({**context, "ti": FakeTaskInstance()}) == first
    assert len(said(promoted)) == 1
    assert promoted.ledger.blockers("cellxgene.measures") == {}


def test_f60_a_silent_slack_is_waited_for_with_a_reason(promoted, task):
    operator, context = task
    promoted.slack.token_revoked = True
    with pytest.raises(TaskDeferred) as put_off:
        operator.execute(context)
    (found,) = promoted.ledger.blockers("cellxgene.measures").values()
    assert found[0].code == "SLACK_UNREACHABLE"
    promoted.slack.token_revoked = False
    promoted.clock.move(seconds=7200)
    asked = put_off.value.kwargs["asked"]
    assert operator.resume(context, {"settled": "PASS"}, asked=asked)["about"] == "cellxgene.measures/2021-W44"
    assert len(said(promoted)) == 1


def test_a_team_that_asks_for_none_is_told_nothing(promoted, task):
    operator, context = task
    operator.desk().files = promoted.team.model_copy(update={"measures": None})
    with pytest.raises(AirflowSkipException):
        operator.execute(context)
    assert said(promoted) == []
