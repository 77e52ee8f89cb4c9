"""The forms of overrides and swaps, task by task: who is on call changes, and the taker is asked (R24 … R32)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stationmaster.assemble.rotations import rotation_dags
from stationmaster.operators.changing import AnswerSwapOperator, ChangeOperator
from tests.departures.week import INCLUDE
from tests.handoffs.conftest import boards, ledger, monday
from tests.operators.runs import DAG_FILE, Outcome, answer
from tests.operators.test_handing_over import FakeTaskInstance, Shift, shift

__all__ = ["boards", "ledger", "monday", "shift"]

ACCEPT, DECLINE = AnswerSwapOperator.ACCEPT, AnswerSwapOperator.DECLINE
ASK, ANSWER = "ask_for_the_swap", "answer_the_swap"
SPAN = {"start": "2021-10-28T09:00:00-07:00", "end": "2021-10-29T09:00:00-07:00"}
SWAP = {
    "role": "primary",
    "giver": "farah",
    "taker": "ivan",
    "back_start": None,
    "back_end": None,
    "reason": "a wedding",
}
OVERRIDE = {"type": "set", "role": "primary", "comes": ["ivan"], "goes": None, "reason": "a wedding"}


class Form(Shift):
    """One run of a form that a person has filled in."""

    def __init__(self, shift: Shift, what: str, by: str, params: dict[str, Any]) -> None:
        super().__init__(shift.monday, shift.asked)
        self.what, self.params = what, params
        self.run = SimpleNamespace(run_id="manual-1", run_type="manual", logical_date=None, triggering_user_name=by)

    @property
    def dag(self) -> Any:
        team = self.monday.team
        found = {dag.dag_id: dag for dag in rotation_dags(INCLUDE, team, team.roster["oncall"], dag_file=DAG_FILE)}
        return found[f"cellxgene.oncall.{self.what}"]

    def context(self, operator: Any) -> dict[str, Any]:
        return {**super().context(operator), "params": self.params}


@pytest.fixture
def form(shift):
    return lambda what, by="farah", **params: Form(shift, what, by, params)


def on_call(shift: Shift) -> str:
    desk = shift.monday.desk()
    return desk.person(desk.handoff_at(desk.now()), "primary").id


def asked(form: Any) -> tuple[Form, Outcome]:
    run = form("swap", **SWAP, **SPAN)
    assert run.start(ASK).kind == "done"
    return run, run.start(ANSWER)


def test_r24_an_override_is_made_once_however_often_it_is_tried(form, shift):
    run = form("override", **OVERRIDE, **SPAN)
    made = run.start("make_the_override")
    assert (made.kind, made.value["by"]) == ("done", "farah")
    assert run.start("make_the_override").value == made.value
    assert len(shift.monday.ledger.facts("cellxgene.oncall", "override")) == 1
    shift.monday.clock.move(days=3, hours=1)
    assert on_call(shift) == "ivan"


MADE_AGAIN = "deleted and made again under its id"
OTHER_SPAN = {"start": "2021-11-04T09:00:00-07:00", "end": "2021-11-05T09:00:00-07:00"}


def test_f71_an_override_whose_run_was_deleted_and_made_again_is_refused(form, shift):
    """It is not the first one's, and nothing of the second one is made in its name."""
    form("override", **OVERRIDE, **SPAN).start("make_the_override")
    again = form("override", "amara", **{**OVERRIDE, "comes": ["jules"], **OTHER_SPAN})
    refused = again.start("make_the_override")
    assert (refused.kind, MADE_AGAIN in refused.text) == ("failed", True)
    assert "The run was started by amara" in refused.text
    assert len(shift.monday.ledger.facts("cellxgene.oncall", "override")) == 1


def test_f71_a_swap_whose_run_was_deleted_and_made_again_is_refused_and_its_taker_is_not_asked(form, shift):
    form("swap", **SWAP, **SPAN).start(ASK)
    again = form("swap", "amara", **{**SWAP, "giver": "farah", "taker": "jules"}, **OTHER_SPAN)
    for task in (ASK, ANSWER):
        refused = again.start(task)
        assert (refused.kind, MADE_AGAIN in refused.text) == ("failed", True)
    assert len(shift.monday.ledger.facts("cellxgene.oncall", "swap")) == 1
    assert shift.asked == []


@pytest.mark.parametrize(("what", "task"), [("override", "make_the_override"), ("swap", ASK)])
def test_f71_the_first_try_of_another_task_instance_is_of_another_run(form, shift, monkeypatch, what, task):
    """The same person, the same instants: the task instance tells the two runs apart."""
    monkeypatch.setattr(FakeTaskInstance, "try_number", 1, raising=False)
    params = {**(OVERRIDE if what == "override" else SWAP), **SPAN}
    first, again = form(what, **params), form(what, **params)
    assert first.start(task).kind == "done"
    assert first.start(task).kind == "done"
    refused = again.start(task)
    assert (refused.kind, MADE_AGAIN in refused.text) == ("failed", True)


@pytest.mark.parametrize(("what", "task"), [("override", "make_the_override"), ("swap", ASK)])
def test_f71_what_an_older_release_made_for_somebody_else_is_not_this_runs(form, shift, monkeypatch, what, task):
    """It bound no run."""
    params = {**(OVERRIDE if what == "override" else SWAP), **SPAN}
    with monkeypatch.context() as older:
        older.setattr(ChangeOperator, "bind", lambda *_, **__: "")
        assert form(what, **params).start(task).kind == "done"
    assert form(what, **params).start(task).kind == "done"
    with monkeypatch.context() as older:
        older.setattr(ChangeOperator, "bind", lambda *_, **__: "")
        older.setattr(ChangeOperator, "bound", lambda *_, **__: None)
        refused = form(what, "amara", **params).start(task)
    assert (refused.kind, "asked for it, in a run of this id that was deleted" in refused.text) == ("failed", True)


@pytest.mark.parametrize(
    ("by", "params", "why"),
    [
        ("mallory", {**OVERRIDE, **SPAN}, "mallory filled the form in"),
        ("farah", {**OVERRIDE, "start": "", "end": ""}, "start and end are empty"),
        ("farah", {**OVERRIDE, "start": "soon", "end": "later"}, "are not both a date"),
    ],
)
def test_a_form_that_cannot_be_meant_changes_nothing(form, shift, by, params, why):
    refused = form("override", by, **params).start("make_the_override")
    assert (refused.kind, why in refused.text) == ("failed", True)
    assert shift.monday.ledger.facts("cellxgene.oncall") == ()


def test_r30_a_swap_is_in_force_once_its_taker_has_accepted_it(form, shift):
    run, waits = asked(form)
    assert waits.kind == "deferred"
    assert shift.asked[-1]["options"] == [ACCEPT, DECLINE]
    assert [user["id"] for user in shift.asked[-1]["assigned_users"]] == ["ivan"]
    done = run.wake(waits, ANSWER, None, answer(ACCEPT, "ivan"))
    assert (done.kind, done.value["status"]) == ("done", "accepted")
    assert [text for text in shift.monday.texts() if "Ivan" in text]
    shift.monday.clock.move(days=3, hours=1)
    assert on_call(shift) == "ivan"


def test_r30_a_swap_that_is_declined_changes_nobodys_shift(form, shift):
    run, waits = asked(form)
    assert run.wake(waits, ANSWER, None, answer(DECLINE, "ivan")).value["status"] == "declined"
    shift.monday.clock.move(days=3, hours=1)
    assert on_call(shift) == "farah"


def test_f12_nobody_but_the_taker_accepts_a_swap(form, shift):
    run, waits = asked(form)
    assert run.wake(waits, ANSWER, None, answer(ACCEPT, "jules")).kind == "retried"
    again = run.start(ANSWER)
    assert again.kind == "deferred"
    assert run.wake(again, ANSWER, None, answer(ACCEPT, None)).kind == "failed"
    shift.monday.clock.move(days=3, hours=1)
    assert on_call(shift) == "farah"


def test_a_swap_that_nobody_answers_expires_when_its_time_begins(form, shift):
    run, waits = asked(form)
    assert run.settled(waits) is None
    shift.monday.clock.move(days=4)
    done = run.wake(waits, ANSWER, None)
    assert (done.kind, done.value["status"]) == ("done", "expired")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("0001-01-01T00:00:00+23:59", "2021-10-29T09:00:00-07:00"),
        ("2021-10-28T09:00:00-07:00", "9999-12-31T23:59:59-23:59"),
        ("2021-10-28T09:00:00-07:00", "2201-01-01T00:00:00+00:00"),
    ],
)
@pytest.mark.parametrize(("what", "task"), [("override", "make_the_override"), ("swap", ASK)])
def test_f66_a_time_that_nobody_means_has_its_sentence(form, shift, what, task, start, end):
    params = OVERRIDE if what == "override" else SWAP
    refused = form(what, **params, start=start, end=end).start(task)
    assert (refused.kind, "is too far away. Write a year from 1970 to 2200." in refused.text) == ("failed", True)
