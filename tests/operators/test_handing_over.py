"""The tasks of a handoff: who comes on call, is told, and can open what they need (C-06, C-07)."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from stationmaster.assemble.rotations import rotation_dags
from stationmaster.handoffs.waiting import LOOKS
from stationmaster.operators.base import StepFailedForNow
from stationmaster.operators.handing_over import CheckAccessOperator
from stationmaster.triggers.handoff_trigger import HandoffTrigger
from tests.assemble.test_contracts_of_dags import HEADINGS, described
from tests.departures.week import INCLUDE
from tests.golden_files import assert_golden, shape
from tests.handoffs.conftest import boards, ledger, monday
from tests.handoffs.monday import HANDOFF, HELP, ITEMS, MONDAY
from tests.operators.runs import DAG_FILE, Outcome, answer
from tests.operators.tries import Tries, by_airflow

__all__ = ["boards", "ledger", "monday"]

EVERYTHING, MISSING = CheckAccessOperator.EVERYTHING, CheckAccessOperator.MISSING
TICKED = dict.fromkeys(ITEMS, True)


class FakeTaskInstance:
    """What the operators use of a task instance."""

    def __init__(self, task_id: str, xcoms: dict[tuple[str, str], Any]) -> None:
        self.id = uuid.uuid5(uuid.NAMESPACE_OID, f"{id(xcoms)} {task_id}")
        self.task_id, self.xcoms = task_id, xcoms

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        return self.xcoms.get((task_ids, key))

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.xcoms[self.task_id, key] = json.loads(json.dumps(value))


class Shift:
    """One run of the handoff's DAG; every process of its tasks sees the same stand-ins, ledger and clock."""

    def __init__(self, monday: Any, asked: list[dict[str, Any]]) -> None:
        self.monday, self.asked = monday, asked
        self.xcoms: dict[tuple[str, str], Any] = {}
        self.tries = Tries()
        self.run = SimpleNamespace(
            run_id="scheduled__1", run_type="scheduled", logical_date=MONDAY, triggering_user_name=None
        )

    @property
    def dag(self):
        team = self.monday.team
        dag, *_ = rotation_dags(INCLUDE, team, team.roster["oncall"], dag_file=DAG_FILE)
        return dag

    def operator(self, task_id: str, role: str | None):
        task = self.dag.get_task(task_id)
        return task if role is None else task.unmap({"role": role})

    def start(self, task_id: str, role: str | None = None) -> Outcome:
        """Begin a try."""
        return self._call(self.operator(task_id, role), "execute")

    def wake(self, before: Outcome, task_id: str, role: str | None, event: dict[str, Any] | None = None) -> Outcome:
        """Resume in another process; without an event with that of the trigger, which must have settled."""
        event = event or self.settled(before)
        assert event is not None, f"{task_id} still waits"
        kwargs = by_airflow({**before.kwargs, "event": event})
        return self._call(self.operator(task_id, role), "resume", **kwargs)

    def settled(self, before: Outcome) -> dict[str, Any] | None:
        """One look of the trigger, restarted from what Airflow keeps of it (F72)."""
        path, kwargs = before.trigger.serialize()
        assert path == "stationmaster.triggers.handoff_trigger.HandoffTrigger"
        settled, standing = HandoffTrigger(**json.loads(json.dumps(kwargs))).look()
        return {"settled": str(standing.verdict)} if settled else None

    def context(self, operator: Any) -> dict[str, Any]:
        return {"ti": FakeTaskInstance(operator.task_id, self.xcoms), "dag_run": self.run, "params": {}}

    def _call(self, operator: Any, method: str, **kwargs: Any) -> Outcome:
        try:
            value = self.tries.call(operator, method, self.context(operator), kwargs)
        except TaskDeferred as deferred:
            return put_off(deferred)
        except AirflowSkipException as skipped:
            return Outcome("skipped", text=str(skipped))
        except AirflowFailException as failed:
            return Outcome("failed", text=str(failed))
        except StepFailedForNow as failed:
            return Outcome("retried", text=str(failed))
        return Outcome("done", value=json.loads(json.dumps(value)))


def put_off(deferred: TaskDeferred) -> Outcome:
    """Every wait of a handoff is one trigger's, and ends in one method."""
    assert deferred.method_name == "resume"
    assert isinstance(deferred.trigger, HandoffTrigger)
    return Outcome("deferred", trigger=deferred.trigger, kwargs=dict(deferred.kwargs or {}))


@pytest.fixture
def shift(monday, monkeypatch):
    asked: list[dict[str, Any]] = []

    def desk(*, team: Any, rotation: str) -> Any:
        assert rotation == "oncall"
        return monday.desk()

    monkeypatch.setattr("stationmaster.handoffs.shift_desk.ShiftDesk", desk)
    monkeypatch.setattr("stationmaster.clock.now", monday.clock)
    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: asked.append(request))
    monkeypatch.setenv("STATIONMASTER_BASE_URL", "http://airflow.example")
    return Shift(monday, asked)


def test_c06_a_handoff_from_the_first_task_to_the_last(shift):
    """C-06, C-07: both who come on call answer; nothing is left open, and each thing was said once."""
    opened = shift.start("open_shift")
    assert opened.value["handoff"] == HANDOFF
    assert opened.value["shifts"] == [
        {"role": "primary", "person": "farah", "name": "Farah Haddad"},
        {"role": "secondary", "person": "chiara", "name": "Chiara Rossi"},
        {"role": "tertiary", "person": "jules", "name": "Jules Whitaker"},
    ]
    for role in ("primary", "secondary", "tertiary"):
        assert shift.start("tell_the_shift", role).kind == "done"
    assert len(shift.monday.texts()) == len(shift.monday.mailbox.mails) == 3
    for role, person in (("primary", "farah"), ("secondary", "chiara")):
        asked = shift.start("check_access", role)
        assert shift.monday.blockers()[f"check_access/{role}"] == ["ACCESS_UNCONFIRMED"]
        done = shift.wake(asked, "check_access", role, answer(EVERYTHING, person, **TICKED))
        assert (done.kind, done.value["person"]) == ("done", person)
    assert shift.monday.blockers() == {}
    assert shift.monday.texts(HELP) == []
    facts = shift.monday.ledger.facts(HANDOFF, "shift")
    assert {fact.subject: fact.value["person"] for fact in facts} == {
        "primary": "farah",
        "secondary": "chiara",
        "tertiary": "jules",
    }


def test_c06_the_notice_links_to_the_runbook_and_to_the_trains_that_the_role_conducts(shift):
    shift.start("tell_the_shift", "primary")
    (text,) = shift.monday.texts()
    for page in ("cellxgene.oncall.handoff|runbook on-call", "cellxgene.weekly.cut|", "cellxgene.weekly.promote|"):
        assert f"<http://airflow.example/dags/{page}" in text
    shift.start("tell_the_shift", "secondary")
    assert "cellxgene.weekly" not in shift.monday.texts()[1]


@pytest.mark.parametrize("cleared", [False, True])
def test_f71_a_cleared_task_finds_its_handoff_without_xcom_and_tells_nobody_twice(shift, cleared):
    first = shift.start("tell_the_shift", "primary")
    if cleared:
        shift.start("open_shift")
    shift.monday.clock.move(days=2)
    assert shift.start("tell_the_shift", "primary") == first
    assert (len(shift.monday.texts()), len(shift.monday.mailbox.mails)) == (1, 1)


def test_a_run_by_hand_stands_for_the_shift_that_is_under_way(shift):
    shift.run = SimpleNamespace(run_id="manual__1", run_type="manual", logical_date=None, triggering_user_name="farah")
    shift.monday.clock.move(days=3)
    assert shift.start("open_shift").value["handoff"] == HANDOFF


def test_the_grid_names_who_comes_on_call(shift):
    ti = FakeTaskInstance("tell_the_shift", shift.xcoms)
    names = [
        shift.operator("tell_the_shift", role).named(ti, shift.run) for role in ("primary", "secondary", "tertiary")
    ]
    assert names == ["Farah Haddad", "Chiara Rossi", "Jules Whitaker"]


@pytest.mark.parametrize("broken", ["slack", "mail"])
def test_f60_what_is_out_of_order_fails_no_shift_and_is_made_good(shift, broken):
    if broken == "slack":
        shift.monday.slack_fault("server_error_before", times=1000, method="*")
    else:
        shift.monday.mail_fault("busy", times=1000)
    outcome, codes = shift.start("tell_the_shift", "primary"), set()
    for _ in range(6):
        assert outcome.kind == "deferred"
        codes |= set(shift.monday.blockers()["tell_the_shift/primary"])
        assert shift.settled(outcome) is None
        shift.monday.clock.move(minutes=5)
        outcome = shift.wake(outcome, "tell_the_shift", "primary")
    assert codes <= {"SLACK_UNREACHABLE", "EFFECT_UNSETTLED", "MAIL_UNSENT"}
    shift.monday.slack.faults.clear()
    shift.monday.mailbox.mend()
    shift.monday.clock.move(minutes=5)
    done = shift.wake(outcome, "tell_the_shift", "primary")
    assert (done.kind, done.value["mail"]) == ("done", {"to": "farah.haddad@cellxgene.example"})
    assert (len(shift.monday.texts()), len(shift.monday.mailbox.mails)) == (1, 1)
    assert shift.monday.blockers() == {}


def test_f04_a_mail_of_which_nobody_knows_is_left_to_a_person_and_never_sent_twice(shift):
    shift.monday.mail_fault("lost_after")
    outcome = shift.start("tell_the_shift", "primary")
    assert shift.monday.blockers()["tell_the_shift/primary"] == ["AMBIGUOUS_EFFECT"]
    shift.monday.clock.to(shift.monday.handoff.end)
    assert shift.wake(outcome, "tell_the_shift", "primary").kind == "skipped"
    assert len(shift.monday.mailbox.mails) == 1
    assert shift.monday.blockers() == {}


@pytest.mark.parametrize("task", ["open_shift", "tell_the_shift", "check_access"])
def test_nobody_is_told_or_asked_about_a_shift_that_is_over(shift, task):
    shift.monday.clock.to(MONDAY + timedelta(weeks=1))
    outcome = shift.start(task, None if task == "open_shift" else "primary")
    assert (outcome.kind, shift.monday.texts(), shift.asked) == ("skipped", [], [])


def test_c07_the_question_is_a_form_assigned_to_the_person_alone(shift):
    shift.start("check_access", "secondary")
    (request,) = shift.asked
    assert [(user["id"], user["name"]) for user in request["assigned_users"]] == [("chiara", "Chiara Rossi")]
    assert request["options"] == [EVERYTHING, MISSING]
    assert list(request["params"]) == [*ITEMS, "note"]
    assert all(request["params"][item]["value"] is False for item in ITEMS)
    assert request["defaults"] is None


def test_c07_what_is_missing_is_asked_for_and_the_person_is_asked_again(shift):
    monday = shift.monday
    asked = shift.start("check_access", "primary")
    form = {**TICKED, "datadog-hosted-cellxgene-prod": False, "note": "403"}
    outcome = shift.wake(asked, "check_access", "primary", answer(MISSING, "farah", **form))
    assert outcome.kind == "retried"
    (text,) = monday.texts(HELP)
    assert "hosted-cellxgene-prod" in text
    assert "<@U40JULESW>" in text
    again = shift.start("check_access", "primary")
    (why,) = monday.ledger.blockers(HANDOFF)[f"{HANDOFF}/handoff/check_access/primary"]
    assert (why.code, why.who) == ("ACCESS_MISSING", ("farah", "jules"))
    done = shift.wake(again, "check_access", "primary", answer(EVERYTHING, "farah", **TICKED))
    assert (done.kind, len(shift.asked), len(monday.texts(HELP))) == ("done", 2, 1)


@pytest.mark.parametrize(
    ("choice", "ticked", "missing"),
    [
        (EVERYTHING, ("sentry",), 2),
        (EVERYTHING, (), 3),
        (MISSING, ITEMS, 3),
    ],
)
def test_c07_everything_counts_only_with_every_box_ticked(shift, choice, ticked, missing):
    asked = shift.start("check_access", "primary")
    event = answer(choice, "farah", **dict.fromkeys(ticked, True))
    assert shift.wake(asked, "check_access", "primary", event).kind == "retried"
    assert shift.monday.texts(HELP)[0].count("•") == missing


def test_c07_who_has_access_is_not_asked_at_their_next_shift(shift):
    asked = shift.start("check_access", "primary")
    first = shift.wake(asked, "check_access", "primary", answer(EVERYTHING, "farah", **TICKED))
    for weeks, hours, kind in ((9, 1, "done"), (9, 0, "deferred")):
        # Nine weeks a turn; the clocks went back, so that nine o'clock is an hour later in UTC.
        shift.monday.clock.move(weeks=weeks, hours=hours)
        shift.run = SimpleNamespace(
            run_id=f"scheduled__{shift.monday.clock()}",
            run_type="scheduled",
            logical_date=shift.monday.clock(),
            triggering_user_name=None,
        )
        opened = shift.start("open_shift").value
        assert opened["shifts"][0]["person"] == "farah"
        again = shift.start("check_access", "primary")
        assert again.kind == kind
        if kind == "done":
            assert (again.value["answered_at"], len(shift.asked)) == (first.value["answered_at"], 1)
    assert len(shift.asked) == 2


def test_the_answer_of_anybody_else_is_thrown_away(shift):
    asked = shift.start("check_access", "primary")
    outcome = shift.wake(asked, "check_access", "primary", answer(EVERYTHING, "jules", **TICKED))
    assert (outcome.kind, "only farah may" in outcome.text) == ("retried", True)
    assert shift.monday.ledger.facts("cellxgene.access") == ()


def test_f12_a_timeout_is_no_answer(shift):
    asked = shift.start("check_access", "primary")
    outcome = shift.wake(asked, "check_access", "primary", answer(EVERYTHING, None, **TICKED))
    assert outcome.kind == "failed"
    assert shift.monday.ledger.facts("cellxgene.access") == ()


def test_an_unanswered_question_ends_with_the_shift(shift):
    asked = shift.start("check_access", "primary")
    shift.monday.clock.move(days=6)
    assert shift.settled(asked) is None
    shift.monday.clock.to(shift.monday.handoff.end)
    assert shift.wake(asked, "check_access", "primary").kind == "skipped"
    assert shift.monday.blockers() == {}


def test_f69_the_dag_its_xcom_and_its_triggers_are_a_contract(shift):
    shift.monday.mail_fault("busy")
    results, arguments = {}, {}
    results["OpenShiftOperator"] = shift.start("open_shift").value
    results["OpenShiftOperator handoff"] = shift.xcoms["open_shift", "handoff"]
    told = shift.start("tell_the_shift", "primary")
    asked = shift.start("check_access", "primary")
    for outcome in (told, asked):
        path, kwargs = outcome.trigger.serialize()
        arguments[f"{path}: {kwargs['name']}"] = shape({**kwargs, "team": {}})
    shift.monday.clock.move(minutes=1)
    results["TellShiftOperator"] = shift.wake(told, "tell_the_shift", "primary").value
    event = answer(EVERYTHING, "farah", **TICKED)
    results["CheckAccessOperator"] = shift.wake(asked, "check_access", "primary", event).value
    assert_golden("dag_handoff", described(shift.dag))
    assert_golden("handoff", {"xcom": shape(results), "triggers": arguments, "looks": sorted(LOOKS)})


def test_the_documentation_has_the_headings_and_the_runbook(shift):
    doc = shift.dag.doc_md
    places = [doc.find(f"**{heading}**") for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)
    assert "# On call for a week" in doc


def test_fact3_every_task_has_short_retries(shift):
    for task in shift.dag.tasks:
        assert task.retries >= 5
        assert task.retry_delay <= timedelta(seconds=10)
        assert tuple(task.template_fields) == ()


@pytest.mark.parametrize(
    ("changes", "tasks"),
    [
        ({"access": None}, {"open_shift", "tell_the_shift", "pair_up", "publish_the_log"}),
        ({"notices": None}, {"open_shift", "check_access", "pair_up", "publish_the_log"}),
        ({"pairing": None}, {"open_shift", "check_access", "tell_the_shift", "publish_the_log"}),
    ],
)
def test_the_dag_has_the_tasks_that_the_file_asks_for(shift, changes, tasks):
    shift.monday.edit(**changes)
    assert set(shift.dag.task_ids) == tasks


def test_a_rotation_that_asks_for_nothing_has_no_dag(shift):
    shift.monday.edit(access=None, notices=None, pairing=None)
    team = shift.monday.team
    assert list(rotation_dags(INCLUDE, team, team.roster["oncall"])) == []
