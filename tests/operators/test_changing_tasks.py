"""The forms of overrides and swaps, task by task: who is on call changes, and the taker is asked (R24 … R32)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stationmaster.assemble.rotations import rotation_dags
from stationmaster.operators.changing import AnswerSwapOperator
from tests.departures.week import INCLUDE
from tests.handoffs.conftest import boards, ledger, monday
from tests.operators.runs import DAG_FILE, Outcome, answer
from tests.operators.test_handing_over import Shift, shift

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
