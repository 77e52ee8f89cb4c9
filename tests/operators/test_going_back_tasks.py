"""The rollback's DAG: it says what it would do, and does it for somebody of the team (F34, F44 … F48)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.ledger.records import DepartureState
from stationmaster.operators import run_marks
from tests.departures.test_going_back import prod, promoted, shas, three
from tests.departures.week import EXPLORER, PORTAL, WEDNESDAY
from tests.golden_files import assert_golden, shape
from tests.operators.runs import Run, answer

__all__ = ["promoted", "three"]


@pytest.fixture
def run(three, monkeypatch):
    def stations(**fields):
        return three.station()

    monkeypatch.setattr("stationmaster.departures.station.Station", stations)
    monkeypatch.setattr("stationmaster.clock.now", three.clock)
    asked = []
    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: asked.append(request))
    return Run(week=three, stop="rollback", asked=asked, user="emil")


def start(run, **form):
    run.params = {"dry_run": False, "to": None, "reason": "the login is broken", "accept_irreversible": False, **form}
    return run.start("say_what_will_happen")


def test_the_plan_says_what_will_happen_and_changes_nothing(run):
    before = prod(run.week)
    told = start(run, dry_run=True)
    assert told.kind == "done"
    assert told.value["target"] == "cellxgene.weekly/2021-W43"
    assert any("goes from" in sentence for sentence in told.value["sentences"])
    assert run.start("go_back").kind == "skipped"
    assert prod(run.week) == before
    assert_golden("dag_rollback_xcom", shape(told.value))


def test_it_goes_back_without_a_worker_while_the_workflows_run(run):
    start(run)
    done = run.drive("go_back")
    assert (done.kind, done.value["by"]) == ("done", "emil")
    assert done.value["components"] == ["explorer", "portal"]
    assert prod(run.week) == shas(run.week.manifests[1])
    assert run.week.ledger.departure("cellxgene.weekly/2021-W44").state is DepartureState.ROLLED_BACK


def test_f01_a_clear_does_nothing_twice(run):
    start(run)
    run.drive("go_back")
    sent = len(run.week.dispatches())
    assert run.drive("go_back").kind == "done"
    assert len(run.week.dispatches()) == sent


def test_what_it_waits_for_is_explained(run):
    start(run)
    assert run.start("go_back").kind == "deferred"
    subject = "cellxgene.weekly/2021-W44/rollback/go_back"
    assert [found.code for found in run.week.ledger.blockers(subject)[subject]] == ["RUN_IN_PROGRESS"]


@pytest.mark.parametrize("user", [None, "mallory"])
def test_a_stranger_takes_nothing_back(run, user):
    run.user = user
    start(run)
    found = run.start("go_back")
    assert (found.kind, "not in the people" in found.text) == ("failed", True)
    assert prod(run.week) == shas(run.week.manifests[2])


@pytest.mark.parametrize(
    "form, task, says",
    [
        ({"to": "2021-W30"}, "say_what_will_happen", "was never whole"),
        ({"to": "2021-W44"}, "say_what_will_happen", "is what runs now"),
        ({"to": "2021-W99"}, "say_what_will_happen", "W99"),
        ({"reason": " "}, "go_back", "with its reason"),
    ],
)
def test_a_form_that_means_nothing_is_refused_with_a_sentence(run, form, task, says):
    found = start(run, **form)
    if task == "go_back":
        found = run.start(task)
    assert found.kind == "failed"
    assert says in found.text


def test_without_a_plan_nothing_is_taken_back(run):
    run.params = {"dry_run": False, "reason": "x"}
    assert "Clear it first" in run.start("go_back").text


# Whoever touches a run takes nothing back (R1, R2, S4).


@pytest.fixture
def promote(run):
    """The run that has promoted the newest week, done and green."""
    found = Run(week=run.week, stop="promote", asked=run.asked)
    context = found.context("open_departure")
    marks = run_marks.marks(context)
    run.week.ledger.bind("cellxgene.weekly.promote", found.id, run.week.departure, marks, run.week.clock(), "timetable")
    return found


def test_r1_marking_a_verification_and_clearing_the_way_back_is_refused_and_says_why(promote):
    week = promote.week
    before, sent = prod(week), len(week.dispatches())
    promote.states["explorer.verify_prod"] = "failed"
    found = promote.start("roll_back")
    assert found.kind == "failed"
    assert found.text.startswith("Refused: cellxgene.weekly/2021-W44 is DONE")
    assert "The run was started by the timetable" in found.text
    assert "somebody cleared or marked it" in found.text
    assert "event" in found.text
    assert (prod(week), len(week.dispatches())) == (before, sent)
    assert week.ledger.departure(week.departure).state is DepartureState.DONE


def a_later_release(week):
    """The week after."""
    week.clock.to(WEDNESDAY + timedelta(weeks=2, days=1, hours=1))
    promoted(week, 3)


def test_r2_nor_20_days_later_when_another_release_has_come(promote):
    week = promote.week
    a_later_release(week)
    week.clock.move(days=12)
    before, sent = prod(week), len(week.dispatches())
    assert promote.start("roll_back").kind == "failed"
    assert (prod(week), len(week.dispatches())) == (before, sent)


def test_r1_what_went_back_already_is_found_again(run, promote):
    start(run)
    run.drive("go_back")
    sent = len(run.week.dispatches())
    assert promote.start("roll_back").kind == "done"
    assert len(run.week.dispatches()) == sent


def test_r2_last_months_form_takes_nothing_back_that_came_since(run):
    start(run)
    run.drive("go_back")
    week = run.week
    week.ledger.lift_rejection(week.manifests[2].hash, "the fix is aboard", week.clock(), "emil")
    a_later_release(week)
    before, sent = prod(week), len(week.dispatches())
    assert run.start("say_what_will_happen").kind == "failed"
    assert run.start("go_back").kind == "done"  # what it did is found done
    assert (prod(week), len(week.dispatches())) == (before, sent)


@pytest.mark.parametrize("why", ["a stranger", "no reason"])
def test_r2_a_form_that_was_refused_is_about_what_ran_then(run, why):
    if why == "a stranger":
        run.user = "mallory"
    start(run, reason="" if why == "no reason" else "broken")
    assert run.start("go_back").kind == "failed"
    week = run.week
    a_later_release(week)
    before, sent = prod(week), len(week.dispatches())
    assert run.start("say_what_will_happen").kind == "failed"
    found = run.start("go_back")
    assert found.kind == "failed"
    assert (prod(week), len(week.dispatches())) == (before, sent)


def test_r2_a_form_that_named_nothing_healthy_stays_refused(run):
    assert start(run, to="2021-W30").kind == "failed"
    run.params["to"] = "2021-W43"
    found = run.start("say_what_will_happen")
    assert found.kind == "failed"
    assert "refused when it was filled in" in run.start("go_back").text
    assert prod(run.week) == shas(run.week.manifests[2])


def test_s4_the_plans_xcom_is_not_believed(run):
    start(run)
    run.xcoms["say_what_will_happen", "departure"] = "cellxgene.weekly/2021-W42"
    before = run.week.ledger.audit("cellxgene.weekly/2021-W42")
    run.drive("go_back")
    assert run.week.ledger.audit("cellxgene.weekly/2021-W42") == before
    assert prod(run.week) == shas(run.week.manifests[1])


def test_r6_another_form_takes_the_place_of_one_that_has_failed(run):
    start(run)
    for repo, workflow in ((PORTAL, "deploy-happy-stack.yml"), (EXPLORER, "deploy.yml")):
        run.week.github.script_runs(repo, workflow, conclusion="failure")
    assert "ROLLBACK_BY_HAND" in run.drive("go_back").text
    for repo, workflow in ((PORTAL, "deploy-happy-stack.yml"), (EXPLORER, "deploy.yml")):
        run.week.github.script_runs(repo, workflow, conclusion="success")
    other = Run(week=run.week, stop="rollback", asked=run.asked, user="hana", id="another-run")
    start(other, to="2021-W42", reason="the older one is healthy")
    assert other.start("go_back").kind == "deferred"
    refused = run.start("go_back")
    assert refused.kind == "failed"
    assert "hana has chosen anew" in refused.text
    assert other.drive("go_back").value["by"] == "hana"
    assert prod(run.week) == shas(run.week.manifests[0])


# A deployment that does not stop: a person may go on (R3).


def in_flight(run, monkeypatch):
    """The next week's portal is being deployed, and does not stop."""
    week = run.week
    week.clock.move(days=1)
    for repo in (PORTAL, EXPLORER):
        week.github.push(repo, title="Change 9", author="dev-12")
    week.staged()
    week.clock.to(WEDNESDAY + timedelta(weeks=3, hours=1))
    week.open_promote()
    week.quorum()
    week.confirm()
    monkeypatch.setattr("stationmaster.hooks.forge.Forge.cancel_run", lambda *_, **__: True)
    week.advance("promote", "portal")
    week.clock.move(seconds=10)
    week.github.script_runs(PORTAL, "deploy-happy-stack.yml", duration=timedelta(hours=1))


def until_asked(run):
    outcome = run.start("go_back")
    for _ in range(80):
        if run.asked:
            return outcome
        assert outcome.kind == "deferred", outcome
        run.week.clock.move(seconds=30)
        event = run.settled(outcome)
        outcome = run.wake(outcome, "go_back", event or {"settled": "PASS"})
    raise AssertionError(outcome)


def test_r3_whoever_asked_may_go_on_without_what_does_not_stop(run, monkeypatch):
    in_flight(run, monkeypatch)
    sent = len(run.week.dispatches(PORTAL))
    start(run)
    outcome = until_asked(run)
    (question,) = run.asked
    assert question["options"] == ["Go anyway"]
    assert {user["id"] if isinstance(user, dict) else user.id for user in question["assigned_users"]} >= {"emil"}
    assert len(run.week.dispatches(PORTAL)) == sent
    strange = run.wake(outcome, "go_back", answer("Go anyway", "mallory"))
    assert strange.kind == "retried"
    outcome = run.wake(outcome, "go_back", answer("Go anyway", "emil"))
    assert run.week.ledger.fact(run.week.departure, "go_anyway").by == "emil"
    for _ in range(200):
        if outcome.kind != "deferred":
            break
        run.week.clock.move(seconds=30)
        event = run.settled(outcome)
        outcome = run.wake(outcome, "go_back", event) if event else outcome
    assert outcome.kind == "done"
    assert run.week.ledger.departure(run.week.departure).state is DepartureState.ROLLED_BACK


# The tasks of the promotion end (R3).


@pytest.mark.parametrize("task", ["portal.deploy_to_prod", "explorer.verify_prod", "wait_for_the_quorum"])
def test_r3_the_tasks_of_the_promotion_end_with_the_reason(run, promote, task):
    start(run)
    run.start("go_back")
    found = promote.start(task)
    assert found.kind == "skipped"
    assert "is ROLLING_BACK: “the login is broken”" in found.text
