"""The last task: what became of the stop, told once, and a red run where it did not go well."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stationmaster.core.blockers import blocker
from stationmaster.departures import failing
from stationmaster.departures.answers import Choice
from stationmaster.ledger.records import DepartureState
from tests.departures.week import EXPLORER, PORTAL
from tests.operators.test_deploying_tasks import DEPLOY

CLOSE = "tell_the_outcome"
CLOSED = datetime(2021, 10, 27, 23, 0, 1, tzinfo=UTC)


def state_of(run):
    return run.week.ledger.departure(run.week.departure).state


def all_green(run):
    run.states.update({task.task_id: "success" for task in run.dag.tasks if task.task_id != CLOSE})


def begun(run):
    """Its promotion has begun."""
    run.week.ledger.set_state(run.week.departure, DepartureState.PROMOTING, run.week.clock(), "test")


def arrive(run):
    """Everything of this stop was seen on its environment."""
    from stationmaster.departures import deploying

    for component in ("portal", "explorer"):
        leg = run.week.leg(run.stop, component)
        deploying.record_deployed(run.week.station(), leg, at=run.week.clock(), how="test")
    if run.stop == "promote":
        run.week.checklist("prod")


def test_c17_a_good_end_is_told_once(pinned):
    all_green(pinned)
    arrive(pinned)
    outcome = pinned.start(CLOSE)
    assert outcome.value == {
        "departure": pinned.week.departure,
        "state": "STAGED",
        "person": "ben",
        "name": "Ben Lindqvist",
    }
    assert pinned.start(CLOSE).value == outcome.value
    assert pinned.week.said("is complete") == 1


def test_c18_a_failure_fails_the_run_and_says_why_to_the_person_on_call(pinned):
    all_green(pinned)
    pinned.states["explorer.deploy_to_staging"] = "failed"
    pinned.states["explorer.verify_staging"] = "upstream_failed"
    pinned.week.github.script_runs(EXPLORER, "deploy.yml", conclusion="failure")
    assert pinned.drive("explorer.deploy_to_staging").kind == "failed"
    outcome = pinned.start(CLOSE)
    assert outcome.kind == "failed"
    assert "ended as failure" in outcome.text
    assert state_of(pinned) is DepartureState.FAILED
    assert pinned.week.said("ended as failure") == 1
    assert pinned.blockers("explorer.deploy_to_staging") == ["RUN_FAILED"], "the reason stays while it is failed"


def test_f32_tasks_marked_as_success_by_hand_deploy_nothing_and_say_so(ready):
    all_green(ready)
    outcome = ready.start(CLOSE)
    assert outcome.kind == "failed"
    assert state_of(ready) is DepartureState.FAILED
    assert ready.week.said("nobody saw it arrive") == 1


def test_a_ballot_that_failed_does_not_make_a_promotion_fail(ready):
    """It leads to no deploy: what production runs decides."""
    all_green(ready)
    ready.states.update({"ballot_3": "failed", "ballot": "failed"})
    begun(ready)
    arrive(ready)
    outcome = ready.start(CLOSE)
    assert (outcome.kind, state_of(ready)) == ("done", DepartureState.DONE)


def test_a_mapped_task_that_failed_counts(ready):
    all_green(ready)
    ready.states["explorer.test_prod_0"] = "failed"
    arrive(ready)
    assert ready.start(CLOSE).kind == "failed"


def test_f67_half_a_promotion_is_partial(ready):
    from stationmaster.departures import deploying

    all_green(ready)
    begun(ready)
    ready.states["explorer.deploy_to_prod"] = "failed"
    deploying.record_deployed(
        ready.week.station(), ready.week.leg("promote", "portal"), at=ready.week.clock(), how="test"
    )
    outcome = ready.start(CLOSE)
    assert (outcome.kind, state_of(ready)) == ("failed", DepartureState.PARTIAL)


def test_f12_a_missed_window_is_told_once_however_many_gates_missed_it(promote):
    promote.week.clock.to(CLOSED)
    for sensor in ("wait_for_the_window", "wait_for_the_soak", "wait_for_the_quorum"):
        assert promote.start(sensor).kind == "failed"
        promote.states[sensor] = "failed"
    for _ in range(2):
        assert promote.start(CLOSE).kind == "failed"
    assert state_of(promote) is DepartureState.MISSED
    assert promote.week.said("The window has closed") == 1
    assert promote.week.said("rotating_light") == 0


def test_a_departure_that_was_skipped_ends_well(runs, week):
    run = runs("cut", user="ben", params={"skip_reason": "a fire drill"})
    run.start("open_departure")
    run.states["open_departure"] = "skipped"
    outcome = run.start(CLOSE)
    assert outcome.value["state"] == "SKIPPED"
    assert week.said("a fire drill") >= 1


def test_a_run_that_had_nothing_to_do_is_skipped(runs, week):
    run = runs("promote")
    assert run.start("open_departure").kind == "skipped"
    run.states["open_departure"] = "skipped"
    assert run.start(CLOSE).kind == "skipped"


def test_a_run_that_could_not_be_opened_fails(runs):
    run = runs("cut")
    run.states["open_departure"] = "failed"
    outcome = run.start(CLOSE)
    assert outcome.kind == "failed"
    assert "could not be opened" in outcome.text


def test_f71_the_end_is_settled_although_the_xcoms_are_gone(pinned):
    all_green(pinned)
    arrive(pinned)
    pinned.xcoms.clear()
    assert pinned.start(CLOSE).value["state"] == "STAGED"


def test_a_departure_that_ended_while_nothing_had_failed_ends_well_once_it_has_arrived(pinned):
    all_green(pinned)
    pinned.states["explorer.deploy_to_staging"] = "failed"
    assert pinned.start(CLOSE).kind == "failed"
    all_green(pinned)
    arrive(pinned)
    assert pinned.start(CLOSE).value["state"] == "STAGED"


def test_a_departure_of_which_something_has_failed_ends_well_by_a_persons_answer_alone(pinned):
    all_green(pinned)
    pinned.states["explorer.deploy_to_staging"] = "failed"
    assert pinned.start(CLOSE).kind == "failed"
    leg, station = pinned.week.leg("cut", "explorer"), pinned.week.station()
    failing.note_verification(station, leg, blocker("CHAT_UNREADABLE", why="it was not read"))
    all_green(pinned)
    assert pinned.start(CLOSE).kind == "failed"
    failure = failing.open_failure(station, leg)
    failing.answer(station, leg, failure, Choice.VERIFY_AGAIN, reason="", by="ben", at=pinned.week.clock())
    assert pinned.start(CLOSE).kind == "failed", "an answer is no arrival"
    arrive(pinned)
    assert pinned.start(CLOSE).value["state"] == "STAGED"


def test_r4_a_run_that_still_deploys_keeps_its_departure_and_its_lock_whatever_is_marked(ready):
    assert ready.start(DEPLOY).watch == "run"
    ready.states.update({task.task_id: "upstream_failed" for task in ready.dag.tasks})
    ready.states.update({"open_departure": "success", DEPLOY: "failed"})
    early = ready.start(CLOSE)
    assert early.kind == "failed"
    assert "has sent portal to prod, and nobody has seen it arrive or fail" in early.text
    assert state_of(ready) is DepartureState.PROMOTING
    assert [lock.holder for lock in ready.week.ledger.locks()] == [f"{ready.week.departure}/promote"]
    assert ready.drive(DEPLOY).kind == "done"
    assert ready.start(CLOSE).kind == "failed", "what was sent is not verified yet"
    assert ready.drive("portal.verify_prod").kind == "done"
    ready.drive("explorer.deploy_to_prod")
    assert ready.drive("explorer.verify_prod").kind == "done"
    ready.week.checklist("prod")
    all_green(ready)
    assert ready.start(CLOSE).value["state"] == "DONE"
    assert ready.week.ledger.locks() == ()


def test_r4_what_has_failed_out_there_ends_the_stop(ready):
    ready.week.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    assert ready.drive(DEPLOY).kind == "failed"
    ready.states.update({"open_departure": "success", DEPLOY: "failed"})
    assert ready.start(CLOSE).kind == "failed"
    assert state_of(ready) is DepartureState.FAILED
    assert ready.week.ledger.locks() == ()


@pytest.mark.parametrize("stop", ["cut", "promote"])
def test_f30_the_locks_are_given_back_whatever_became_of_it(stop, pinned):
    from stationmaster.departures import deploying

    pinned.stop = stop
    pinned.week.ledger.bind(pinned.dag.dag_id, pinned.id, pinned.week.departure, {}, pinned.week.clock(), "test")
    deploying.take_lock(pinned.week.station(), pinned.week.leg(stop, "explorer"))
    environment = "staging" if stop == "cut" else "prod"
    pinned.states.update({"open_departure": "success", f"explorer.deploy_to_{environment}": "failed"})
    assert pinned.start(CLOSE).kind == "failed"
    assert pinned.week.ledger.locks() == ()


def test_f60_a_silent_slack_does_not_keep_the_end_from_being_settled(pinned):
    all_green(pinned)
    arrive(pinned)
    pinned.week.slack_down()
    assert pinned.start(CLOSE).value["state"] == "STAGED"
    pinned.week.slack_down(down=False)
    pinned.week.clock.move(minutes=1)
    assert pinned.start(CLOSE).kind == "done"
    assert pinned.week.said("is complete") == 1
