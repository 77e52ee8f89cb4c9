"""Deploying, verifying, the lists, deploying by hand, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.departures import last_word, opening
from stationmaster.ledger.records import DepartureState, EffectState
from tests.departures.week import EXPLORER, PORTAL
from tests.operators.runs import answer
from tests.operators.test_voting_tasks import new_manifest

DISPATCH = r"/dispatches$"
DEPLOY, VERIFY, TEST = "portal.deploy_to_prod", "portal.verify_prod", "explorer.test_prod"
CLOSED = datetime(2021, 10, 27, 23, 0, 1, tzinfo=UTC)


def dispatched(run, repo=PORTAL):
    return len(run.week.dispatches(repo))


def tried(run):
    """The dispatches that were sent, whatever became of them."""
    return len(run.week.github.writes(path="/dispatches", applied=None))


def test_f01_a_deploy_is_followed_to_its_end_and_never_repeated(ready):
    outcome = ready.start(DEPLOY)
    assert (outcome.kind, outcome.watch) == ("deferred", "run")
    assert outcome.arguments == {"stop": "promote", "component": "portal"}
    assert ready.blockers(DEPLOY) == ["RUN_IN_PROGRESS"]
    done = ready.drive(DEPLOY)
    manifest = ready.week.ledger.manifest_of(ready.week.departure)
    assert done.value == {
        "component": "portal",
        "environment": "prod",
        "repository": PORTAL,
        "sha": manifest.sha_of("portal"),
        "mode": "workflow",
        "person": "farah",
        "name": "Farah Haddad",
    }
    assert ready.start(DEPLOY).value == done.value, "a cleared task deploys anew"
    assert dispatched(ready) == 1
    assert ready.blockers(DEPLOY) == []
    assert ready.week.said("in progress") == 1


def test_f32_a_gate_marked_as_success_by_hand_opens_nothing(promote):
    """The quorum sensor and the confirmation are green in Airflow; the ledger knows of neither."""
    promote.states.update({"wait_for_the_quorum": "success", "confirm_the_promotion_0": "success"})
    outcome = promote.start(DEPLOY)
    assert (outcome.kind, outcome.watch) == ("deferred", "gates")
    assert set(promote.blockers(DEPLOY)) == {"QUORUM_MISSING", "CONFIRMATION_MISSING"}
    promote.week.quorum()
    assert promote.settled(outcome) is None
    assert promote.blockers(DEPLOY) == ["CONFIRMATION_MISSING"]
    assert dispatched(promote) == 0
    promote.week.confirm()
    assert promote.wake(outcome, DEPLOY).watch == "run"
    assert dispatched(promote) == 1


def test_f12_gates_that_stay_shut_deploy_nothing_and_miss_the_window(promote):
    outcome = promote.start(DEPLOY)
    promote.week.clock.to(CLOSED)
    assert promote.wake(outcome, DEPLOY).kind == "failed"
    assert dispatched(promote) == 0
    assert promote.week.ledger.departure(promote.week.departure).state is DepartureState.MISSED


def test_a_skipped_departure_is_never_deployed_although_its_gates_are_open(ready, runs):
    by_hand = runs("promote", user="farah", params={"skip_reason": "wait for legal"})
    assert by_hand.start("open_departure").kind == "skipped"
    for task in (DEPLOY, VERIFY, "wait_for_the_quorum"):
        assert ready.start(task).kind == "skipped", task
    assert ready.start("confirm_the_promotion", role="primary").kind == "skipped"
    assert dispatched(ready) == 0
    assert ready.week.ledger.departure(ready.week.departure).state is DepartureState.SKIPPED


def test_a_task_that_waits_is_woken_and_skipped_when_a_person_skips(promote, runs):
    outcome = promote.start(DEPLOY)
    runs("promote", user="farah", params={"skip_reason": "wait for legal"}).start("open_departure")
    assert promote.wake(outcome, DEPLOY).kind == "skipped"


def test_a_component_that_is_not_aboard_is_skipped(cut):
    assert cut.start("portal.verify_staging").kind == "skipped"
    assert cut.start("explorer.deploy_to_staging").kind == "skipped"
    assert cut.start("explorer.test_staging", role="primary").kind == "skipped"


def test_f56_github_out_of_reach_for_an_hour_is_waited_for(ready):
    """Five tries of five seconds would be over after half a minute; the task waits instead."""
    ready.week.fault("rate_limited", "/deployments", times=100_000)
    outcome = ready.start(DEPLOY)
    assert outcome.kind == "deferred"
    assert ready.blockers(DEPLOY) == ["GITHUB_UNREACHABLE"]
    since = ready.why(DEPLOY)[0].since
    began, tries = ready.week.clock(), 0
    while ready.week.clock() - began < timedelta(hours=1):
        ready.week.clock.move(seconds=60)
        if ready.settled(outcome):
            tries += 1
            outcome = ready.wake(outcome, DEPLOY)
            assert outcome.kind == "deferred"
    assert ready.blockers(DEPLOY) == ["GITHUB_UNREACHABLE"]
    assert ready.why(DEPLOY)[0].since == since, "it is one obstacle, however often it was looked at"
    assert tries <= 30
    ready.week.github.faults.clear()
    assert ready.drive(DEPLOY).kind == "done"
    assert dispatched(ready) == 1


def test_f37_github_that_is_gone_until_the_window_closes_misses_it(ready):
    ready.week.fault("bad_gateway_before", "/deployments", times=100_000)
    outcome = ready.start(DEPLOY)
    ready.week.clock.to(CLOSED)
    assert ready.settled(outcome) is not None
    assert ready.wake(outcome, DEPLOY).kind == "failed"
    assert ready.week.ledger.departure(ready.week.departure).state is DepartureState.MISSED


def test_what_has_begun_is_waited_for_beyond_the_window(ready):
    """GitHub disappears while the workflow runs: the deploy neither fails nor counts as missed."""
    outcome = ready.start(DEPLOY)
    ready.week.fault("bad_gateway_before", "/actions/runs", times=100_000)
    ready.week.clock.to(CLOSED)
    assert ready.settled(outcome) is None
    outcome = ready.start(DEPLOY)
    assert (outcome.kind, ready.blockers(DEPLOY)) == ("deferred", ["GITHUB_UNREACHABLE"])
    assert ready.week.ledger.departure(ready.week.departure).state is DepartureState.PROMOTING
    ready.week.github.faults.clear()
    assert ready.drive(DEPLOY).kind == "done"


@pytest.mark.parametrize("kind", ["hidden", "forbidden", "unauthorised"])
def test_f58_a_refused_dispatch_fails_at_once_with_the_way_out(ready, kind):
    ready.week.fault(kind, DISPATCH, method="POST", times=10)
    outcome = ready.start(DEPLOY)
    assert outcome.kind == "failed"
    assert "github_default" in outcome.text
    assert ready.blockers(DEPLOY) == ["CONNECTION_MISSING"]
    assert tried(ready) == (2 if kind == "unauthorised" else 1)
    ready.week.github.faults.clear()
    ready.max_tries += 1
    assert ready.drive(DEPLOY).kind == "done"


def test_a_workflow_that_does_not_take_the_inputs_is_a_refusal(ready):
    """422: GitHub understood. Waiting does not help, and neither do five more tries."""
    from stationmaster.hooks.errors import ForgeRejected

    station = ready.week.station

    def refusing(**overrides):
        made = station(**overrides)

        def dispatch(*_args, **_kwargs):
            raise ForgeRejected("POST /dispatches answered 422: Unexpected inputs provided: sha.", status=422)

        made.forge.dispatch = dispatch
        return made

    ready.week.station = refusing
    outcome = ready.start(DEPLOY)
    assert outcome.kind == "failed"
    assert ready.blockers(DEPLOY) == ["GITHUB_REFUSED"]
    assert "Unexpected inputs" in outcome.text


def test_f02_a_lost_answer_is_waited_for_and_adopted(ready):
    ready.week.fault("bad_gateway_after", DISPATCH, method="POST")
    assert ready.drive(DEPLOY).kind == "done"
    assert dispatched(ready) == 1


def test_f02_what_nobody_can_tell_waits_for_a_person(ready):
    ready.week.fault("bad_gateway_before", DISPATCH, method="POST", times=99)
    outcome = ready.start(DEPLOY)
    for _ in range(40):
        ready.week.clock.move(seconds=60)
        if ready.settled(outcome):
            outcome = ready.wake(outcome, DEPLOY)
            assert outcome.kind == "deferred"
    assert ready.blockers(DEPLOY) == ["AMBIGUOUS_EFFECT"]
    assert tried(ready) == 2


def test_f30_the_lock_of_somebody_else_is_waited_for(ready):
    lock = ready.week.ledger.acquire(f"{PORTAL}/prod", "hana", "a database upgrade", ready.week.clock())
    outcome = ready.start(DEPLOY)
    assert outcome.kind == "deferred"
    assert ready.blockers(DEPLOY) == ["ENVIRONMENT_LOCKED"]
    ready.week.clock.move(minutes=30)
    event = ready.settled(outcome)
    if event is not None:
        outcome = ready.wake(outcome, DEPLOY)
        assert (outcome.kind, ready.blockers(DEPLOY)) == ("deferred", ["ENVIRONMENT_LOCKED"])
    assert dispatched(ready) == 0
    ready.week.ledger.release(lock.name, lock.fence, ready.week.clock(), "hana", "done")
    assert ready.drive(DEPLOY).kind == "done"


def test_f30_a_lock_on_the_whole_repository_does_not_make_the_task_spin(ready):
    lock = ready.week.ledger.acquire(PORTAL, "hana", "an audit", ready.week.clock())
    outcome, woken = ready.start(DEPLOY), 0
    for _ in range(20):
        assert outcome.kind == "deferred"
        if ready.settled(outcome):
            woken += 1
            outcome = ready.wake(outcome, DEPLOY)
        ready.week.clock.move(seconds=15)
    assert woken <= 10
    assert ready.blockers(DEPLOY) == ["ENVIRONMENT_LOCKED"]
    ready.week.ledger.release(lock.name, lock.fence, ready.week.clock(), "hana", "done")
    assert ready.drive(DEPLOY).kind == "done"


def test_r7_a_failed_run_fails_for_good_and_clearing_it_asks_what_follows(ready):
    ready.week.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    assert ready.drive(DEPLOY).kind == "failed"
    assert ready.blockers(DEPLOY) == ["RUN_FAILED"]
    ready.max_tries += 6
    waits = ready.start(DEPLOY)
    assert (waits.kind, waits.watch, ready.blockers(DEPLOY)) == ("deferred", "failure", ["FAILURE_ASKED"])
    assert dispatched(ready) == 1
    ready.week.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="success")
    runs = ready.wake(waits, DEPLOY, answer("Deploy again", "farah", reason="the disk was full", failure="1"))
    assert (runs.kind, runs.watch) == ("deferred", "run")
    assert ready.drive(DEPLOY).kind == "done"
    assert dispatched(ready) == 2


def test_f71_a_deploy_whose_xcom_is_gone_finds_its_departure(ready):
    ready.xcoms.clear()
    assert ready.drive(DEPLOY).kind == "done"
    assert dispatched(ready) == 1


def test_f70_effects_are_keyed_by_component_and_commit(ready):
    """Not by a map index or a place in the file: the next run may have another order of components."""
    ready.drive(DEPLOY)
    sha = ready.week.ledger.manifest_of(ready.week.departure).sha_of("portal")
    prefix = f"{ready.week.departure}/promote/"
    assert [effect.key for effect in ready.week.ledger.effects(prefix + "portal")] == [f"{prefix}portal/prod/{sha}/1"]
    train = ready.week.team.trains["weekly"]
    turned = train.model_copy(update={"components": tuple(reversed(train.components))})
    ready.week.team = ready.week.team.model_copy(update={"trains": {"weekly": turned}})
    ready.assemble()
    assert ready.start(DEPLOY).kind == "done"
    assert dispatched(ready) == 1


def test_f45_f49_what_the_environment_reports_is_asked_several_times(ready):
    ready.drive(DEPLOY)
    outcome = ready.start(VERIFY)
    assert (outcome.watch, ready.blockers(VERIFY)) == ("verify", ["VERIFYING"])
    done = ready.drive(VERIFY)
    assert set(done.value) == {"component", "environment", "sha", "since"}
    assert ready.week.ledger.locks() == ()
    assert ready.start(VERIFY).kind == "done"


def test_f49_an_environment_that_somebody_else_holds_is_not_verified(ready):
    ready.drive(DEPLOY)
    ready.week.station().ledger.release(
        f"{PORTAL}/prod", ready.week.ledger.lock(f"{PORTAL}/prod").fence, ready.week.clock(), "hana", "test"
    )
    ready.week.ledger.acquire(f"{PORTAL}/prod", "hana", "a look", ready.week.clock())
    outcome = ready.start(VERIFY)
    assert (outcome.kind, ready.blockers(VERIFY)) == ("deferred", ["ENVIRONMENT_LOCKED"])


def test_f49_verification_asks_what_follows_when_its_time_is_over(ready):
    before = ready.week.github.deployed(PORTAL, "prod")
    ready.drive(DEPLOY)
    ready.week.github.deploy(PORTAL, "prod", before)
    outcome = ready.start(VERIFY)
    assert ready.blockers(VERIFY) == ["NOT_DEPLOYED"]
    ready.week.clock.move(hours=1, minutes=1)
    assert ready.wake(outcome, VERIFY).kind == "deferred"
    assert ready.blockers(VERIFY) == ["FAILURE_ASKED"]


def ask(run):
    return run.start(TEST, role="primary")


def ticks(run, *, leave=0):
    names = [name for name, field in run.asked[-1]["params"].items() if field["schema"]["type"] == "boolean"]
    return dict.fromkeys(names[leave:], True)


def test_c20_the_list_is_asked_item_by_item_and_answered_once(ready):
    outcome = ask(ready)
    assert outcome.watch == "answer"
    assert ready.blockers(TEST) == ["CHECKLIST_OPEN"]
    outcome = ready.wake(outcome, TEST, answer("All passed", "jules", **ticks(ready)), role="primary")
    assert (outcome.value["person"], outcome.value["passed"]) == ("jules", True)
    assert {item["answer"] for item in outcome.value["items"]} == {"passed"}
    asked = len(ready.asked)
    assert ask(ready).value == outcome.value
    assert len(ready.asked) == asked
    assert ready.blockers(TEST) == []


@pytest.mark.parametrize("how", ["by its form", "without its fields"])
def test_f06_a_list_that_was_walked_through_on_another_commit_is_no_test_of_this_one(pinned, how):
    """A hotfix comes aboard while somebody tests: the form shows for ever what it was first put with (fact 4)."""
    task, week = "explorer.test_staging", pinned.week
    waits = pinned.start(task, role="primary")
    shown = pinned.asked[-1]["params"]["on_commit"]["value"]
    old, new = new_manifest(week, "explorer")
    assert old.sha_of("explorer").startswith(shown)
    form = ticks(pinned) | ({"on_commit": shown} if how == "by its form" else {})
    outcome = pinned.wake(waits, task, answer("All passed", "ben", **form), role="primary")
    assert (outcome.kind, new.sha_of("explorer")[:8] in outcome.text) == ("retried", True)
    assert week.ledger.facts(week.departure, kind="checklist") == ()

    waits = pinned.start(task, role="primary")
    form = ticks(pinned) | {"on_commit": new.sha_of("explorer")}
    outcome = pinned.wake(waits, task, answer("All passed", "ben", **form), role="primary")
    assert outcome.value["passed"]
    (fact,) = week.ledger.facts(week.departure, kind="checklist")
    assert fact.value["sha"] == new.sha_of("explorer")


def test_c20_a_list_that_was_passed_elsewhere_closes_by_itself(pinned):
    """By the hotfix that came aboard: it asks for a list of its own, and nobody is reminded of the older one."""
    task, week = "explorer.test_staging", pinned.week
    waits = pinned.start(task, role="primary")
    _, new = new_manifest(week, "explorer")
    items = [{"title": "Open a dataset", "answer": "passed"}]
    for sha, passed in (("0" * 40, True), (new.sha_of("explorer"), False)):
        value = {"sha": sha, "passed": passed, "items": items, "note": ""}
        week.ledger.record(week.departure, "checklist", "explorer/staging", value, week.clock(), "emil")
        assert pinned.settled(waits) is None
    value = {"sha": new.sha_of("explorer"), "passed": True, "items": items, "note": ""}
    week.ledger.record(week.departure, "checklist", "explorer/staging", value, week.clock(), "emil")
    outcome = pinned.wake(waits, task, role="primary")
    assert (outcome.value["person"], outcome.value["items"]) == ("emil", items)
    assert pinned.blockers(task) == []


def test_f69_a_list_of_an_older_release_is_about_what_is_there(pinned):
    task = "explorer.test_staging"
    waits = pinned.start(task, role="primary")
    for kept in ("asked", "question"):
        waits.kwargs[kept] = {name: value for name, value in waits.kwargs[kept].items() if name != "on_commit"}
    outcome = pinned.wake(waits, task, answer("All passed", "ben", **ticks(pinned)), role="primary")
    assert outcome.value["passed"]


def test_c33_who_was_asked_may_answer_after_the_handoff(pinned):
    """Thursday's list is answered on Tuesday by the one who was on call on Thursday: nobody else was asked."""
    task = "explorer.test_staging"
    outcome = pinned.start(task, role="primary")
    assert outcome.arguments["people"][0] == "ben"
    pinned.week.clock.move(days=5)
    assert pinned.week.station().conductor.id == "farah"
    outcome = pinned.wake(outcome, task, answer("All passed", "ben", **ticks(pinned)), role="primary")
    assert outcome.value["person"] == "ben"


def test_an_unanswered_list_ends_with_the_window_of_its_promotion(pinned):
    """Otherwise the open run would keep the next week's cut in the queue for ever."""
    task = "explorer.test_staging"
    outcome = pinned.start(task, role="primary")
    pinned.week.clock.move(days=3)
    assert pinned.settled(outcome) is None
    pinned.week.clock.to(CLOSED)
    assert pinned.wake(outcome, task, role="primary").kind == "failed"
    assert pinned.week.ledger.departure(pinned.week.departure).state is DepartureState.MISSED


def test_a_list_on_production_stays_open_after_the_window(ready):
    ready.drive(DEPLOY)
    outcome = ask(ready)
    ready.week.clock.to(CLOSED)
    assert ready.settled(outcome) is None
    assert ready.week.ledger.departure(ready.week.departure).state is DepartureState.PROMOTING


# By hand.


def by_hand(run):
    """The portal's production is deployed by a person."""
    week = run.week
    train = week.team.trains["weekly"]
    portal = train.components[0]
    deploy = portal.environments["prod"].model_copy(update={"mode": "manual", "workflow": None})
    changed = portal.model_copy(update={"environments": {**portal.environments, "prod": deploy}})
    week.team = week.team.model_copy(
        update={"trains": {"weekly": train.model_copy(update={"components": (changed, *train.components[1:])})}}
    )
    run.assemble()
    return run


ME = {"role": "primary"}


def test_c24_a_deploy_by_hand_is_asked_for_when_the_gates_are_open(ready):
    run = by_hand(ready)
    outcome = run.start(DEPLOY, **ME)
    assert (outcome.watch, run.blockers(DEPLOY)) == ("answer", ["MANUAL_DEPLOY_OPEN"])
    assert run.week.ledger.departure(run.week.departure).state is DepartureState.PROMOTING
    assert [lock.name for lock in run.week.ledger.locks()] == [f"{PORTAL}/prod"]
    assert run.wake(outcome, DEPLOY, answer("Done", "farah", note="plan 7"), **ME).value["choice"] == "Done"
    asked = len(run.asked)
    assert run.start(DEPLOY, **ME).value["choice"] == "Done"
    assert len(run.asked) == asked
    assert run.week.dispatches(PORTAL) == []


def test_f32_nobody_is_asked_to_deploy_by_hand_before_the_gates_open(promote):
    """After the wait, the gates are counted, the lock is taken and the target recorded, and only then is it asked."""
    run = by_hand(promote)
    outcome = run.start(DEPLOY, **ME)
    assert (outcome.watch, run.asked) == ("gates", [])
    run.week.quorum()
    run.week.confirm()
    outcome = run.wake(outcome, DEPLOY, **ME)
    assert outcome.watch == "answer"
    assert len(run.asked) == 1
    assert [lock.name for lock in run.week.ledger.locks()] == [f"{PORTAL}/prod"]
    assert len(run.week.ledger.facts(run.week.departure, kind="rollback_target", subject="portal/prod")) == 1
    assert run.week.ledger.departure(run.week.departure).state is DepartureState.PROMOTING


def test_f06_another_commit_that_was_deployed_by_hand_is_not_taken_for_this_one(ready):
    run = by_hand(ready)
    waits = run.start(DEPLOY, **ME)
    outcome = run.wake(waits, DEPLOY, answer("Done", "farah", on_commit="0" * 40), **ME)
    assert (outcome.kind, "has taken its place" in outcome.text) == ("retried", True)
    assert run.week.ledger.facts(run.week.departure, kind="manual") == ()


def test_a_deploy_by_hand_that_failed_says_so(ready):
    run = by_hand(ready)
    outcome = run.wake(run.start(DEPLOY, **ME), DEPLOY, answer("It failed", "farah", note="plan 7 timed out"), **ME)
    assert outcome.kind == "failed"
    assert "plan 7 timed out" in outcome.text
    assert run.blockers(DEPLOY) == ["RUN_FAILED"]


# The way back.


def test_nothing_is_taken_back_that_was_not_begun(ready):
    outcome = ready.start("roll_back")
    assert outcome.kind == "skipped"
    assert dispatched(ready) == 0


def break_down(run, component="portal"):
    """A task of the component fails for good: its worker was killed at each try, say."""
    station, leg = run.week.station(), run.week.leg("promote", component)
    last_word.note(station, leg, task=DEPLOY, why="its worker was killed")


def test_c18_only_what_was_begun_is_taken_back_to_the_recorded_target(ready):
    before = ready.week.github.deployed(PORTAL, "prod")
    ready.drive(DEPLOY)
    break_down(ready, "explorer")
    assert ready.week.github.deployed(PORTAL, "prod") != before
    outcome = ready.drive("roll_back")
    assert outcome.value == {"components": ["portal"]}
    assert ready.week.github.deployed(PORTAL, "prod") == before
    assert dispatched(ready, EXPLORER) == 0
    assert ready.week.ledger.departure(ready.week.departure).state is DepartureState.ROLLED_BACK


def test_f47_a_run_that_is_still_going_is_cancelled_first(ready):
    before = ready.week.github.deployed(PORTAL, "prod")
    ready.start(DEPLOY)
    break_down(ready)
    outcome = ready.start("roll_back")
    assert (outcome.kind, outcome.watch) == ("deferred", "rollback")
    assert ready.blockers("roll_back") == ["RUN_IN_PROGRESS"]
    assert len(ready.week.github.writes(path="/cancel")) == 1
    ready.drive("roll_back")
    assert ready.week.github.deployed(PORTAL, "prod") == before


def test_the_way_back_can_be_left_to_a_person(ready):
    train = ready.week.team.trains["weekly"]
    ready.drive(DEPLOY)
    trains = {"weekly": train.model_copy(update={"on_partial_failure": "stop"})}
    ready.week.team = ready.week.team.model_copy(update={"trains": trains})
    assert ready.start("roll_back").kind == "skipped"


def let(run, **changes):
    """Change the train as an edit of its file would."""
    train = run.week.team.trains["weekly"].model_copy(update=changes)
    run.week.team = run.week.team.model_copy(update={"trains": {"weekly": train}})
    run.assemble()


def test_f67_continue_brings_the_others_and_leaves_the_departure_partial(ready):
    let(ready, on_partial_failure="continue")
    second = ready.dag.get_task("explorer.deploy_to_prod")
    assert second.trigger_rule == "all_done"
    ready.week.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    assert ready.drive("portal.deploy_to_prod").kind == "failed"
    assert ready.drive("explorer.deploy_to_prod").kind == "done"
    assert ready.drive("explorer.verify_prod").kind == "done"
    assert ready.start("roll_back").kind == "skipped"
    ready.week.close("promote", failed=True, why="portal")
    assert ready.week.ledger.departure(ready.week.departure).state == "PARTIAL"


def test_f67_the_next_departure_says_what_is_missing_whatever_the_policy(ready):
    let(ready, on_partial_failure="stop", previous_departure="supersede")
    ready.drive("portal.deploy_to_prod")
    ready.drive("portal.verify_prod")
    ready.week.close("promote", failed=True, why="explorer")
    week = ready.week.ledger.departure(ready.week.departure).week.plus(1)
    following = ready.week.ledger.open_departure("cellxgene.weekly", week, ready.week.clock(), "timetable")
    standing = opening.previous_standing(ready.week.station(), following)
    (found,) = standing.blockers
    assert found.code == "PREVIOUS_PARTIAL"
    assert "brought portal to prod, and not explorer" in found.sentence
    assert ready.week.ledger.departure(ready.week.departure).state == "PARTIAL"


def test_f67_clearing_goes_on_with_the_second_and_does_nothing_to_the_first(ready):
    let(ready, on_partial_failure="stop")
    ready.drive("portal.deploy_to_prod")
    ready.drive("portal.verify_prod")
    ready.week.github.script_runs(EXPLORER, "deploy.yml", conclusion="failure")
    assert ready.drive("explorer.deploy_to_prod").kind == "failed"
    ready.week.close("promote", failed=True, why="explorer")
    sent = len(ready.week.dispatches())
    ready.week.github.script_runs(EXPLORER, "deploy.yml", conclusion="success")
    assert ready.drive("portal.deploy_to_prod").kind == "done"
    waits = ready.start("explorer.deploy_to_prod")
    assert ready.week.ledger.departure(ready.week.departure).state == "PARTIAL"
    assert (
        ready.wake(waits, "explorer.deploy_to_prod", answer("Deploy again", "farah", reason="the disk was full")).watch
        == "run"
    )
    for task in ("explorer.deploy_to_prod", "explorer.verify_prod"):
        assert ready.drive(task).kind == "done"
    assert len(ready.week.dispatches()) == sent + 1
    ready.week.checklist("prod")
    assert ready.week.close("promote") == "DONE"


def test_the_way_back_waits_for_github_after_the_window_too(ready):
    ready.drive(DEPLOY)
    break_down(ready)
    ready.week.fault("bad_gateway_before", "/actions/", times=100_000)
    ready.week.clock.to(CLOSED)
    outcome = ready.start("roll_back")
    assert (outcome.kind, ready.blockers("roll_back")) == ("deferred", ["GITHUB_UNREACHABLE"])
    ready.week.github.faults.clear()
    assert ready.drive("roll_back").kind == "done"


def test_f05_two_departures_of_one_process_do_not_mix(ready, runs):
    """Each task makes its own station; nothing of one run is left behind for another."""
    ready.drive(DEPLOY)
    other = runs("cut", user="farah", id="another")
    assert other.start("open_departure").value["departure"].endswith("2021-W43")
    assert ready.week.ledger.departure("cellxgene.weekly/2021-W43").state is DepartureState.OPEN
    assert ready.start(DEPLOY).kind == "done"
    states = {effect.state for effect in ready.week.ledger.effects("cellxgene.weekly/2021-W42/promote")}
    assert states <= {EffectState.DONE, EffectState.ADOPTED}
    assert dispatched(ready) == 1


def test_c38_whoever_tests_production_reads_that_they_only_look(ready):
    ask(ready)
    assert "add no collection and upload no dataset" in ready.asked[-1]["body"]
