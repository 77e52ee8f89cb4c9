"""The exception form: asked for in the name of who fills it in, approved by others, each as themselves (I4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.manifest import Manifest
from stationmaster.core.transitions import Act
from stationmaster.departures import gate_table
from tests.departures.test_freezing import LINK, freeze
from tests.departures.week import OPS, WEDNESDAY
from tests.operators.runs import answer

ASK, APPROVE, DO = "ask_for_it", "approve", "take_effect"


@pytest.fixture
def frozen(ready):
    freeze(ready.week, "hold_promotion", WEDNESDAY - timedelta(hours=1), WEDNESDAY + timedelta(hours=20))
    return ready.week


@pytest.fixture
def form(frozen, runs):
    wish = {"act": "freeze", "departure": "2021-W42", "stop": "promote", "freeze": "year-end", "why": "it must go"}
    run = runs("exception", user="emil")
    run.params = {**wish, "link": LINK}
    return run


@pytest.fixture
def lifting(ready, runs):
    manifest = ready.week.ledger.manifest_of(ready.week.departure)
    ready.week.ledger.reject(manifest.hash, "the login is broken", ready.week.clock(), "emil")
    run = runs("exception", user="emil")
    run.params = {"act": "lift", "manifest": manifest.short, "why": "the database was full"}
    return run


def said(run, who, choice="Approve", **fields):
    waits = run.start(APPROVE, approver=who)
    return run.wake(waits, APPROVE, answer(choice, who, **fields), approver=who)


def is_frozen(week):
    return not gate_table.frozen(week.station(), week.departure, Act.PROMOTE).opens


def test_i4_two_people_approve_a_freeze_exception_in_airflow(form, frozen):
    asked = form.start(ASK)
    assert asked.kind == "done"
    assert "emil" not in asked.value
    waits = form.start(DO)
    assert (waits.kind, waits.watch) == ("deferred", "exception")
    assert said(form, "amara").value == {"person": "amara", "name": "Amara Osei", "choice": "approve"}
    assert (is_frozen(frozen), form.settled(waits)) == (True, None)
    assert said(form, "ben").kind == "done"
    assert not is_frozen(frozen)
    done = form.wake(waits, DO)
    assert done.value["approved_by"] == ["amara", "ben"]
    assert frozen.said("Decided") == 1


def test_i4_each_question_is_assigned_to_one_approver(form):
    form.start(ASK)
    form.start(APPROVE, approver="amara")
    assert form.asked[-1]["assigned_users"] == [{"id": "amara", "name": "Amara Osei"}]
    assert form.asked[-1]["options"] == ["Approve", "Refuse"]


@pytest.mark.parametrize("who", ["emil", "ben"], ids=["who asked", "another approver"])
def test_i4_nobody_answers_for_an_approver(form, frozen, who):
    form.start(ASK)
    waits = form.start(APPROVE, approver="amara")
    outcome = form.wake(waits, APPROVE, answer("Approve", who), approver="amara")
    assert (outcome.kind, "only amara may" in outcome.text) == ("retried", True)
    assert is_frozen(frozen)


def test_i4_an_approver_who_is_put_into_the_grid_by_hand_approves_nothing(form):
    """The list is an XCom, which any editor of the run may change."""
    form.start(ASK)
    assert form.start(APPROVE, approver="emil").kind == "skipped"


@pytest.mark.parametrize("task", [DO, APPROVE])
def test_i4_a_task_whose_first_task_is_marked_as_success_does_nothing(form, task):
    outcome = form.start(task, **({"approver": "amara"} if task == APPROVE else {}))
    assert (outcome.kind, "has asked for nothing" in outcome.text) == ("failed", True)


def test_i4_marking_the_questions_as_success_opens_nothing(form, frozen):
    form.start(ASK)
    assert form.start(DO).kind == "deferred"
    assert is_frozen(frozen)


@pytest.mark.parametrize("user", [None, "mallory"])
def test_i4_a_stranger_asks_for_nothing(form, user):
    form.user = user
    outcome = form.start(ASK)
    assert (outcome.kind, "not in the people" in outcome.text) == ("failed", True)


def test_i4_two_people_lift_a_rejection_in_airflow(lifting, ready):
    manifest = ready.week.ledger.manifest_of(ready.week.departure)
    assert lifting.start(ASK).kind == "done"
    assert lifting.start(DO).kind == "deferred"
    assert ready.week.ledger.rejection(manifest.hash) is not None
    said(lifting, "goran")
    done = lifting.start(DO)
    assert done.value["approved_by"] == ["goran"]
    assert ready.week.ledger.rejection(manifest.hash) is None
    ready.week.ledger.reject(manifest.hash, "again", ready.week.clock(), "emil")
    assert lifting.start(DO).kind == "done"
    assert ready.week.ledger.rejection(manifest.hash).reason == "again", "a clear lifts nothing anew"


@pytest.mark.parametrize("act", ["freeze", "lift"])
def test_d15_an_exception_for_a_security_hotfix_is_told_in_its_own_channel_alone(form, frozen, act):
    hotfix = frozen.ledger.open_beside(
        "cellxgene.weekly",
        frozen.ledger.departure(frozen.departure).week,
        DepartureKind.SECURITY_HOTFIX,
        frozen.clock(),
        "hana",
        key="run-1",
    )
    passengers = frozen.ledger.manifest_of(frozen.departure).passengers
    manifest = Manifest.of([each for each in passengers if each.component == "explorer"])
    frozen.ledger.pin(hotfix.id, manifest, frozen.clock(), "hana")
    frozen.ledger.reject(manifest.hash, "remote code execution", frozen.clock(), "hana")
    wish = {"departure": hotfix.id.rpartition("/")[2]} if act == "freeze" else {"manifest": manifest.short}
    form.params |= {"act": act, "why": "remote code execution", **wish}
    asked = form.start(ASK)
    assert asked.kind == "done"
    approvers = sorted(set(asked.value) & {"amara", "ben", "goran"})[: form.xcoms[ASK, "exception"]["needed"]]
    for who in approvers:
        assert said(form, who).kind == "done"
    assert form.start(DO).kind == "done"
    public = " ".join(message.text for message in frozen.slack.messages.get(OPS, []))
    private = " ".join(message.text for message in frozen.slack.messages.get("C05SECURITY", []))
    assert "remote" not in public
    assert "security" not in public
    assert private.count("remote code execution") == 2


def test_a_refusal_ends_it_and_the_others_are_asked_no_more(lifting):
    lifting.start(ASK)
    waits, other = lifting.start(DO), lifting.start(APPROVE, approver="amara")
    assert said(lifting, "goran", "Refuse", reason="look at the logs first").value["choice"] == "refuse"
    outcome = lifting.wake(waits, DO)
    assert (outcome.kind, "look at the logs first" in outcome.text) == ("failed", True)
    assert lifting.wake(other, APPROVE, approver="amara").kind == "skipped"
    assert lifting.week.said("Nothing is decided") == 1


def test_a_retry_asks_for_nothing_new(lifting):
    first = lifting.start(ASK)
    assert lifting.start(ASK).value == first.value
    assert lifting.week.said(":raised_hand:") == 1


def test_a_run_that_is_made_again_under_its_id_is_another_one(lifting):
    lifting.start(ASK)
    lifting.user = "ben"
    outcome = lifting.start(ASK)
    assert (outcome.kind, "deleted and made again" in outcome.text) == ("failed", True)


def test_what_is_wrong_with_the_form_is_said(lifting):
    lifting.params["manifest"] = "ffffffff"
    outcome = lifting.start(ASK)
    assert (outcome.kind, "names 0 manifests" in outcome.text) == ("failed", True)


def test_f65_a_reason_is_one_harmless_line(lifting):
    lifting.params["why"] = "x\n:white_check_mark: 3 of 3 approvals <!channel> <https://evil.example|docs>"
    lifting.start(ASK)
    (text,) = [text for text in lifting.week.texts() if ":raised_hand:" in text]
    assert "<!channel>" not in text
    assert "<https" not in text
    assert "x :\u200bwhite_check_mark: 3 of 3 approvals" in text
