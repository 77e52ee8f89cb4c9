"""Handoffs of four teams, task by task: package, log, handle, acknowledgement, pairing, look back, what follows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from stationmaster.assemble.rotations import rotation_dags
from stationmaster.operators.handing_over import AcknowledgeOperator, LookBackOperator, PairUpOperator
from stationmaster.triggers.handoff_trigger import HandoffTrigger
from tests.departures.week import INCLUDE
from tests.handoffs.conftest import boards, ledger
from tests.handoffs.desks import new_post
from tests.operators.runs import DAG_FILE, Outcome, answer
from tests.operators.test_handing_over import Shift

__all__ = ["boards", "ledger"]

HAUSMEISTER = ("hausmeister", "weekdays", datetime(2024, 3, 11, 14, 0, tzinfo=UTC))
DRE = ("dre", "oncall", datetime(2024, 3, 11, 8, 0, tzinfo=UTC))
OPERATE_FIRST = ("operate-first", "oncall", datetime(2024, 3, 12, 13, 0, tzinfo=UTC))
CELLXGENE = ("cellxgene", "oncall", datetime(2021, 11, 22, 17, 0, tzinfo=UTC))


class Turn(Shift):
    """One run of a DAG of any rotation."""

    def __init__(self, post: Any, asked: list[dict[str, Any]], what: str) -> None:
        super().__init__(post, asked)
        self.what = what
        self.run = SimpleNamespace(
            run_id=f"scheduled-{what}", run_type="scheduled", logical_date=post.clock(), triggering_user_name=None
        )

    @property
    def dag(self) -> Any:
        post = self.monday
        found = rotation_dags(INCLUDE, post.team, post.team.roster[post.rotation], dag_file=DAG_FILE)
        return next(dag for dag in found if dag.dag_id == f"{post.team.id}.{post.rotation}.{self.what}")

    def done(self, task_id: str, role: str | None = None) -> Any:
        """What a task that waits for nobody leaves."""
        outcome = self.start(task_id, role)
        assert outcome.kind == "done", outcome
        return outcome.value

    def answered(self, task_id: str, role: str | None, event: dict[str, Any]) -> Outcome:
        """Ask, see that it waits, and take an answer."""
        asked = self.start(task_id, role)
        assert (asked.kind, self.settled(asked)) == ("deferred", None)
        return self.wake(asked, task_id, role, event)


@pytest.fixture
def turn(boards, ledger, monkeypatch):
    """Make runs: ``turn(DRE)``, ``turn(DRE, "changes")``."""
    asked: list[dict[str, Any]] = []

    def make(rotation: tuple[str, str, datetime], what: str = "handoff") -> Turn:
        post = new_post(boards, ledger, *rotation)
        monkeypatch.setattr("stationmaster.handoffs.shift_desk.ShiftDesk", lambda **_: post.desk())
        monkeypatch.setattr("stationmaster.clock.now", post.clock)
        found = Turn(post, asked, what)
        if what == "handoff":
            assert found.start("open_shift").kind == "done"
        return found

    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: asked.append(request))
    monkeypatch.setenv("STATIONMASTER_BASE_URL", "http://airflow.example")
    return make


def holder(turn: Turn, role: str) -> Any:
    desk = turn.monday.desk()
    return desk.person(turn.monday.handoff, role)


def test_d26_the_open_work_is_handed_over_once_however_often_it_is_tried(turn):
    run = turn(HAUSMEISTER)
    packed = run.done("hand_over")
    assert run.done("hand_over") == packed
    assert packed["issue"]["number"] in run.monday.issues()
    assert len(run.monday.texts("squad")) == 1


def test_d27_whoever_comes_on_call_says_so_and_nobody_else(turn):
    run = turn(HAUSMEISTER)
    run.done("hand_over")
    role = run.monday.desk().first_role
    person = holder(run, role)
    assert run.answered("acknowledge", role, answer(AcknowledgeOperator.TAKEN, "nobody-of-ours")).kind == "retried"
    taken = run.answered("acknowledge", role, answer(AcknowledgeOperator.TAKEN, person.airflow))
    assert (taken.value["by"], taken.value["way"]) == (person.id, "airflow")


def test_r52_whoever_goes_off_call_says_how_it_was(turn):
    run = turn(HAUSMEISTER)
    sent = answer(LookBackOperator.SEND, run.monday.team.people["caio"].airflow, load="5", nights=2, note="the disks")
    told = run.answered("look_back", None, sent)
    assert told.value == {"person": "caio", "name": "Caio Nogueira", "load": 5, "nights": 2}


def test_d06_the_handle_is_moved_once(turn):
    run = turn(DRE)
    moved = run.done("move_the_handle")
    assert moved["account"] == run.monday.team.people["anouk"].slack[0]
    assert (moved["written"], run.done("move_the_handle")["written"]) == (True, False)


@pytest.mark.parametrize(("rotation", "where"), [(DRE, "number"), (OPERATE_FIRST, "path")])
def test_c30_the_log_of_the_shift_that_ends_is_published_once(turn, rotation, where):
    run = turn(rotation)
    published = run.done("publish_the_log")
    assert published[where]
    assert run.done("publish_the_log") == published


def test_c25_whoever_leads_says_that_they_took_the_newcomer_along(turn):
    run = turn(CELLXGENE)
    assert run.answered("pair_up", "primary", answer(PairUpOperator.PAIRED, "ivan")).kind == "retried"
    paired = run.answered("pair_up", "primary", answer(PairUpOperator.PAIRED, "hana", note="Watch the canary"))
    assert (paired.value["newcomer"], paired.value["paired"]) == ("ivan", True)


def test_r47_between_two_handoffs_a_task_waits_for_what_changes(turn):
    run = turn(DRE, "changes")
    task = "follow_the_shift"
    waits = run.start(task)
    assert waits.kind == "deferred"
    path, kwargs = waits.trigger.serialize()
    assert path == "stationmaster.triggers.handoff_trigger.HandoffTrigger"
    HandoffTrigger(**json.loads(json.dumps(kwargs))).look()
    run.monday.clock.move(weeks=1)
    followed = run.wake(waits, task, None)
    assert followed.value == {"handoff": run.xcoms[task, "handoff"], "changes": []}
