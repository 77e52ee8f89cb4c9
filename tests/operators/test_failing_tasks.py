"""What follows a failure, as tasks: they ask in themselves, and do nothing before a person has answered (R7, T1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.departures import failing, last_word
from stationmaster.departures.answers import ANSWER
from stationmaster.ledger.records import DepartureState
from tests.departures.ruled import changed, rule
from tests.departures.week import EXPLORER, PORTAL, WEDNESDAY
from tests.operators.runs import answer
from tests.operators.test_deploying_tasks import TEST, ask, dispatched, ticks

DEPLOY, VERIFY = "portal.deploy_to_prod", "portal.verify_prod"
STAGING = "explorer.test_staging"
ME = {"role": "primary"}


def script(run, conclusion, repo=PORTAL):
    workflow = {PORTAL: "deploy-happy-stack.yml", EXPLORER: "deploy.yml"}[repo]
    run.week.github.script_runs(repo, workflow, conclusion=conclusion)


def failed(run):
    """The deploy of the portal whose run failed, cleared; what comes next will succeed."""
    script(run, "failure")
    assert run.drive(DEPLOY).kind == "failed"
    script(run, "success")
    return run.start(DEPLOY)


def unseen(run):
    """The verification whose window is over: it asks."""
    run.drive(DEPLOY)
    target = run.week.ledger.facts(run.week.departure, "rollback_target", "portal/prod")[-1].value["sha"]
    report(run, target)
    return asks(run)


def asks(run, task=VERIFY):
    """Drive a task until it waits for a person."""
    waits = run.start(task)
    for _ in range(300):
        if waits.kind != "deferred" or waits.watch == "failure":
            return waits
        event = run.settled(waits)
        if event is None:
            run.week.clock.move(seconds=60)
        else:
            waits = run.wake(waits, task, event)
    raise AssertionError(waits)


def report(run, sha):
    forge = run.week.station().forge
    made = forge.create_deployment(PORTAL, sha, "prod", key=f"by-hand-{run.week.clock()}")
    forge.set_deployment_status(PORTAL, made.id, "success")


def answers(run):
    return [(fact.value["choice"], fact.by) for fact in run.week.ledger.facts(run.week.departure, ANSWER)]


def state(run):
    return run.week.ledger.departure(run.week.departure).state


# The deploying task.


def test_r7_the_question_names_what_failed_and_who_may_answer(ready):
    waits = failed(ready)
    asked = ready.asked[-1]
    assert asked["options"] == ["Deploy again", "Roll back", "Leave it"]
    assert "RUN_FAILED" in asked["body"]
    assert [user["id"] for user in asked["assigned_users"]] == ["farah", "chiara", "jules"]
    assert (asked["params"]["failure"]["value"], asked["defaults"]) == ("1", None)
    (found,) = ready.why(DEPLOY)
    assert (found.code, found.who) == ("FAILURE_ASKED", ("farah", "chiara", "jules"))
    assert "says what follows: Deploy again, Roll back, Leave it; without an answer until" in found.sentence
    assert ready.week.said("what follows failure 1 of portal on prod?") == 1
    assert waits.arguments["failure"] == 1


def test_r7_whoever_waits_for_a_person_holds_no_lock(ready):
    failed(ready)
    assert ready.week.ledger.locks() == ()


def test_r7_a_retry_or_a_clear_asks_the_same_and_sends_nothing(ready):
    failed(ready)
    for _ in range(4):
        ready.max_tries += 6
        assert ready.start(DEPLOY).watch == "failure"
    assert dispatched(ready) == 1


@pytest.mark.parametrize("who", ["devika", "U0STRANGER", None])
def test_r7_an_answer_of_somebody_else_is_thrown_away(ready, who):
    outcome = ready.wake(failed(ready), DEPLOY, answer("Deploy again", who, reason="I want it"))
    assert outcome.kind in ("retried", "failed")
    assert (answers(ready), dispatched(ready)) == ([], 1)


def test_r7_t01_the_question_is_the_actors_on_production(ready):
    rule(ready.week, actors="frontend")
    ready.week.confirm("chiara")
    waits = failed(ready)
    assert [user["id"] for user in ready.asked[-1]["assigned_users"]] == ["chiara"]
    assert ready.wake(waits, DEPLOY, answer("Deploy again", "farah", reason="x")).kind == "retried"
    assert (answers(ready), dispatched(ready)) == ([], 1)
    waits = ready.start(DEPLOY)
    assert ready.wake(waits, DEPLOY, answer("Deploy again", "chiara", reason="x")).watch == "run"
    assert answers(ready) == [("deploy_again", "chiara")]


def test_r7_who_was_asked_and_may_no_longer_act_is_refused(ready):
    waits = failed(ready)
    rule(ready.week, actors="frontend")
    assert ready.wake(waits, DEPLOY, answer("Deploy again", "farah", reason="x")).kind == "retried"
    assert (answers(ready), dispatched(ready)) == ([], 1)


def test_r7_without_a_reason_it_is_asked_again_and_the_person_told_why(ready):
    outcome = ready.wake(failed(ready), DEPLOY, answer("Deploy again", "farah", reason=" "))
    assert (outcome.kind, "Say why" in outcome.text) == ("retried", True)
    assert (answers(ready), dispatched(ready)) == ([], 1)
    whispered = ready.week.ledger.effects(f"{ready.week.departure}/not-taken")
    assert len(whispered) == 1


@pytest.mark.parametrize("how", ["by its form", "without its fields"])
def test_r7_an_answer_to_an_older_failure_is_refused(ready, how):
    """Airflow shows the form as it was first put (fact 4): the number in it tells the failures apart."""
    waits = failed(ready)
    script(ready, "failure")
    ready.wake(waits, DEPLOY, answer("Deploy again", "farah", reason="first", failure="1"))
    assert ready.drive(DEPLOY).kind == "failed"
    waits = ready.start(DEPLOY)
    form = {"failure": "1"} if how == "by its form" else {}
    outcome = ready.wake(waits, DEPLOY, answer("Deploy again", "farah", reason="again", **form))
    assert (outcome.kind, "put 2 in" in outcome.text) == ("retried", True)
    assert (len(answers(ready)), dispatched(ready)) == (1, 2)
    waits = ready.start(DEPLOY)
    assert ready.wake(waits, DEPLOY, answer("Deploy again", "farah", reason="again", failure="2")).watch == "run"
    assert dispatched(ready) == 3


def test_r7_a_form_that_is_read_twice_is_one_answer(ready):
    """The process died with the answer in its hands, after it was kept: the next try reads it again (F02)."""
    waits = failed(ready)
    event = answer("Deploy again", "farah", reason="the disk was full", failure="1")
    assert ready.wake(waits, DEPLOY, event).watch == "run"
    assert ready.wake(waits, DEPLOY, event).watch == "run"
    assert (answers(ready), dispatched(ready)) == ([("deploy_again", "farah")], 2)


def test_r7_killed_between_the_answer_and_the_dispatch_the_next_try_sends_it_once(ready, monkeypatch):
    from stationmaster.departures import deploying

    waits = failed(ready)
    real = deploying.advance
    event = answer("Deploy again", "farah", reason="the disk was full", failure="1")
    with monkeypatch.context() as broken:
        broken.setattr(deploying, "advance", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            ready.wake(waits, DEPLOY, event)
    assert (answers(ready), dispatched(ready)) == ([("deploy_again", "farah")], 1)
    assert deploying.advance is real
    assert ready.drive(DEPLOY).kind == "done"
    assert dispatched(ready) == 2


@pytest.mark.parametrize("ended", ["ROLLED_BACK", "ROLLING_BACK", "DONE", "MISSED"])
def test_r7_after_the_end_and_on_the_way_back_the_task_says_so_and_does_nothing(ready, ended):
    waits = failed(ready)
    ready.week.ledger.set_state(ready.week.departure, DepartureState(ended), ready.week.clock(), "emil", "it burns")
    outcome = ready.wake(waits, DEPLOY, answer("Deploy again", "farah", reason="the disk was full", failure="1"))
    assert (outcome.kind in ("failed", "skipped"), "it burns" in outcome.text) == (True, True)
    assert ready.start(DEPLOY).kind in ("failed", "skipped")
    assert (answers(ready), dispatched(ready), state(ready)) == ([], 1, DepartureState(ended))
    assert len(ready.asked) == 1


def test_r7_roll_back_and_leave_fail_the_task_with_what_failed(ready):
    waits = failed(ready)
    outcome = ready.wake(waits, DEPLOY, answer("Leave it", "farah"))
    assert (outcome.kind, "RUN_FAILED" in outcome.text) == ("failed", True)
    waits = ready.start(DEPLOY)  # cleared: it may be answered otherwise
    assert waits.watch == "failure"
    outcome = ready.wake(waits, DEPLOY, answer("Roll back", "farah", reason="users see errors"))
    assert outcome.kind == "failed"
    assert answers(ready) == [("leave", "farah"), ("roll_back", "farah")]
    assert ready.start(DEPLOY).kind == "failed"
    assert dispatched(ready) == 1
    assert ready.week.said("*Roll back*: “users see errors”") == 1


def test_r7_an_election_and_staging_offer_no_way_back(pinned):
    script(pinned, "failure", EXPLORER)
    assert pinned.drive("explorer.deploy_to_staging").kind == "failed"
    pinned.start("explorer.deploy_to_staging")
    assert pinned.asked[-1]["options"] == ["Deploy again", "Leave it"]


def test_r7_a_cut_that_failed_is_begun_again_by_its_own_task(pinned):
    script(pinned, "failure", EXPLORER)
    task = "explorer.deploy_to_staging"
    assert pinned.drive(task).kind == "failed"
    pinned.week.close("cut", failed=True, why="the run failed")
    assert state(pinned) is DepartureState.FAILED
    waits = pinned.start(task)
    script(pinned, "success", EXPLORER)
    pinned.wake(waits, task, answer("Deploy again", "ben", reason="the disk was full"))
    assert state(pinned) is DepartureState.CUTTING
    assert pinned.drive(task).kind == "done"


def test_r7_a_question_that_nobody_answers_goes_up_the_ladder_once_for_each_failure(ready):
    waits = failed(ready)
    for _ in range(42):
        assert ready.settled(waits) is None
        ready.week.clock.move(minutes=1)
    assert ready.week.said("since") == 2
    script(ready, "failure")
    ready.wake(waits, DEPLOY, answer("Deploy again", "farah", reason="first"))
    assert ready.drive(DEPLOY).kind == "failed"
    waits = ready.start(DEPLOY)
    for _ in range(42):
        assert ready.settled(waits) is None
        ready.week.clock.move(minutes=1)
    assert ready.week.said("since") == 4


# The verifying task.


def test_r7_a_verification_whose_window_is_over_asks_and_holds_no_lock(ready):
    waits = unseen(ready)
    assert waits.watch == "failure"
    assert ready.asked[-1]["options"] == ["Deploy again", "Verify again", "Roll back", "Leave it"]
    assert (ready.blockers(VERIFY), ready.week.ledger.locks()) == (["FAILURE_ASKED"], ())
    assert state(ready) is DepartureState.PROMOTING


def test_r7_clearing_the_verification_begins_no_new_window(ready):
    unseen(ready)
    for _ in range(3):
        ready.week.clock.move(minutes=5)
        assert ready.start(VERIFY).watch == "failure"
    facts = ready.week.ledger.facts(ready.week.departure, failing.VERIFICATION)
    assert len(facts) == 1


def test_r7_verify_again_is_a_new_window(ready):
    waits = ready.wake(unseen(ready), VERIFY, answer("Verify again", "farah", failure="1"))
    assert (waits.kind, waits.watch) == ("deferred", "verify")
    report(ready, ready.week.leg("promote", "portal").sha)
    assert ready.drive(VERIFY).kind == "done"
    assert (answers(ready), dispatched(ready)) == ([("verify_again", "farah")], 1)


def test_r7_a_second_window_asks_a_second_time_in_another_try(ready):
    waits = ready.wake(unseen(ready), VERIFY, answer("Verify again", "farah", failure="1"))
    while (event := ready.settled(waits)) is None:
        ready.week.clock.move(minutes=2)
    assert ready.wake(waits, VERIFY, event).kind == "retried"
    waits = ready.start(VERIFY)
    assert (waits.watch, waits.arguments["failure"]) == ("failure", 2)


def test_r7_deploy_again_is_made_by_the_verifying_task(ready):
    waits = ready.wake(unseen(ready), VERIFY, answer("Deploy again", "farah", reason="a pod was stuck", failure="1"))
    assert (waits.kind, waits.watch) == ("deferred", "run")
    while waits.kind == "deferred":
        event = ready.settled(waits)
        if event is None:
            ready.week.clock.move(seconds=30)
        else:
            waits = ready.wake(waits, VERIFY, event)
    assert waits.kind == "done"
    assert dispatched(ready) == 2
    assert ready.week.ledger.locks() == ()


def test_r7_another_attempt_that_fails_in_the_verifying_task_is_asked_about_there(ready):
    waits = unseen(ready)
    script(ready, "failure")
    waits = ready.wake(waits, VERIFY, answer("Deploy again", "farah", reason="a pod was stuck", failure="1"))
    ready.week.clock.move(minutes=5)
    assert ready.wake(waits, VERIFY).kind == "retried"
    waits = ready.start(VERIFY)
    assert (waits.watch, waits.arguments["failure"], dispatched(ready)) == ("failure", 2, 2)


def test_r7_what_arrives_while_a_person_is_asked_counts(ready):
    waits = unseen(ready)
    ready.week.clock.move(minutes=2)
    report(ready, ready.week.leg("promote", "portal").sha)
    event = ready.settled(waits)
    assert event is not None
    waits = ready.wake(waits, VERIFY, event)
    assert waits.watch == "verify"
    while waits.kind == "deferred":
        ready.week.clock.move(seconds=30)
        event = ready.settled(waits)
        waits = waits if event is None else ready.wake(waits, VERIFY, event)
    assert (waits.kind, answers(ready), dispatched(ready)) == ("done", [], 1)


def test_r7_without_an_answer_the_task_fails_when_the_window_closes_and_nothing_is_approved(ready):
    waits = unseen(ready)
    ready.week.clock.move(hours=5)
    assert ready.settled(waits) is None
    ready.week.clock.move(hours=2)
    outcome = ready.wake(waits, VERIFY)
    assert (outcome.kind, "NOT_DEPLOYED" in outcome.text) == ("failed", True)
    assert (answers(ready), dispatched(ready)) == ([], 1)


def test_r7_a_window_that_has_closed_already_leaves_time_to_answer(ready):
    """A deploy that began late is verified after the window: the person on call has as long as a verification."""
    waits = unseen(ready)
    ready.week.clock.move(hours=7)
    assert ready.wake(waits, VERIFY).kind == "failed"
    waits = ready.start(VERIFY)
    ready.week.clock.move(minutes=59)
    assert ready.settled(waits) is None
    ready.week.clock.move(minutes=2)
    assert ready.wake(waits, VERIFY).kind == "failed"


@pytest.mark.parametrize("ended", ["ROLLING_BACK", "ROLLED_BACK"])
def test_r7_a_rollback_ends_the_question(ready, ended):
    waits = unseen(ready)
    ready.week.ledger.set_state(ready.week.departure, DepartureState(ended), ready.week.clock(), "emil", "it burns")
    outcome = ready.wake(waits, VERIFY)
    assert (outcome.kind, ended in outcome.text) == ("skipped", True)
    assert (answers(ready), dispatched(ready)) == ([], 1)


# What was marked, and never sent.


def sent(run):
    """The commits that run in production, and how often a workflow was started."""
    week = run.week
    return {repo: week.github.deployed(repo, "prod") for repo in (PORTAL, EXPLORER)}, len(week.dispatches())


def began(run):
    return run.week.ledger.facts(run.week.departure, last_word.COMPENSATED)


@pytest.fixture
def half(ready):
    """The portal runs in production; the explorer was not sent yet."""
    for task in ("portal.deploy_to_prod", "portal.verify_prod"):
        assert ready.drive(task).kind == "done"
    return ready


def test_f32_what_was_never_sent_is_not_verified_and_never_fails(half):
    before = sent(half)
    waits = half.start("explorer.verify_prod")  # its deploy was marked as success
    for _ in range(20):
        half.week.clock.move(minutes=30)
        assert half.settled(waits) is None
    (found,) = half.why("explorer.verify_prod")
    assert (found.code, "never sent to prod" in found.sentence) == ("DEPLOY_NOT_BEGUN", True)
    assert "Clear the task that deploys it" in found.how
    assert half.week.ledger.facts(half.week.departure, failing.VERIFICATION) == ()
    assert half.week.ledger.locks() == ()
    outcome = half.drive("roll_back")  # the verification was marked as failed
    assert (outcome.kind, "knows of no failure" in outcome.text) == ("failed", True)
    assert (sent(half), state(half)) == (before, DepartureState.PROMOTING)


def test_f32_once_the_deploy_was_cleared_its_verification_goes_on(half):
    waits = half.start("explorer.verify_prod")
    assert half.settled(waits) is None
    assert half.drive("explorer.deploy_to_prod").kind == "done"
    assert half.drive("explorer.verify_prod").kind == "done"


def test_f32_a_commit_that_was_sent_before_it_was_replaced_lets_no_other_one_be_verified(half):
    """A hotfix comes aboard; what was staged before it says nothing of the new commit."""
    from stationmaster.departures.fitting import was_begun

    week = half.week
    leg = week.leg("promote", "portal")
    assert was_begun(week.station(), leg)
    assert not was_begun(week.station(), leg.model_copy(update={"sha": "f" * 40}))


def test_r1_while_a_person_is_asked_nothing_goes_back_by_itself(ready):
    waits = unseen(ready)
    (found,) = ready.why(VERIFY)
    assert "without an answer until Wed 27 Oct 2021 16:00 PDT: compensate" in found.sentence
    before = sent(ready)
    outcome = ready.start("roll_back")  # the verification was marked as failed
    assert (outcome.kind, "asked until Wed 27 Oct 2021 16:00 PDT" in outcome.text) == ("failed", True)
    assert (sent(ready), state(ready), began(ready)) == (before, DepartureState.PROMOTING, ())
    ready.wake(waits, VERIFY, answer("Roll back", "farah", reason="users see errors", failure="1"))
    assert ready.drive("roll_back").kind == "done"
    assert len(began(ready)) == 1  # nothing of it had arrived, so that the departure has failed
    assert state(ready) is DepartureState.FAILED


def test_r1_once_the_announced_time_is_up_it_goes_back_however_often_it_was_cleared(ready):
    unseen(ready)
    ready.week.clock.move(hours=5, minutes=50)
    ready.start(VERIFY)  # cleared
    (found,) = ready.why(VERIFY)
    assert "without an answer until Wed 27 Oct 2021 16:00 PDT: compensate" in found.sentence
    while ready.start("roll_back").kind == "failed":
        assert ready.week.clock() < WEDNESDAY + timedelta(hours=7)
        ready.week.clock.move(minutes=1)
    assert ready.drive("roll_back").kind == "done"
    assert len(began(ready)) == 1  # nothing of it had arrived, so that the departure has failed
    assert state(ready) is DepartureState.FAILED


def test_r7_who_is_asked_after_the_time_was_up_is_told_that_it_may_go_back_at_any_time(ready):
    unseen(ready)
    ready.week.clock.move(hours=7)
    ready.start(VERIFY)
    assert "the time for an answer was up, and compensate may follow at any time" in ready.why(VERIFY)[0].sentence


# The test list.


def named(run, *items, note="the legend is empty", **fields):
    """The form of a list where the first item failed."""
    form = ticks(run, leave=1)
    titles = items or (run.asked[-1]["params"]["what_failed"]["schema"]["examples"][0],)
    return {**form, "what_failed": list(titles), "note": note, **fields}


def first(run):
    return run.asked[-1]["params"]["what_failed"]["schema"]["examples"][0]


@pytest.fixture
def tested(ready):
    """Everything is on production; the explorer's list is asked for."""
    for component in ("portal", "explorer"):
        ready.drive(f"{component}.deploy_to_prod")
        ready.drive(f"{component}.verify_prod")
    return ready


def facts(run, environment="prod"):
    return run.week.ledger.facts(run.week.departure, "checklist", f"explorer/{environment}")


def test_t1_all_passed_with_nothing_ticked_is_asked_again_with_the_open_items_named(tested):
    outcome = tested.wake(ask(tested), TEST, answer("All passed", "farah"), **ME)
    assert outcome.kind == "retried"
    for title in tested.asked[-1]["params"]["what_failed"]["schema"]["examples"]:
        assert title in outcome.text
    assert state(tested) is DepartureState.PROMOTING
    assert failing.last(tested.week.station(), tested.week.leg("promote", "explorer")) is None
    assert tested.week.ledger.rejection(tested.week.ledger.manifest_of(tested.week.departure).hash) is None
    assert len(tested.week.ledger.effects(f"{tested.week.departure}/not-taken")) == 1
    assert dispatched(tested, EXPLORER) == 1


def test_t1_however_often_a_list_is_answered_badly_nothing_is_taken_back(tested):
    """Airflow counts the tries, and gives up in the end; that a task is red is no failure of what runs."""
    for _ in range(8):
        assert tested.wake(ask(tested), TEST, answer("All passed", "farah"), **ME).kind == "retried"
    assert last_word.cause(tested.week.station(), tested.week.departure) is None
    assert tested.start("roll_back").kind == "failed"
    assert state(tested) is DepartureState.PROMOTING
    assert ask(tested).watch == "answer"


def test_t1_what_was_ticked_is_kept_for_the_next_answer(tested):
    outcome = tested.wake(ask(tested), TEST, answer("All passed", "farah", **ticks(tested, leave=1)), **ME)
    left = [name for name in ticks(tested) if name not in ticks(tested, leave=1)]
    assert (outcome.kind, len(left)) == ("retried", 1)
    waits = ask(tested)
    (blocker,) = tested.why(TEST)
    assert blocker.code == "CHECKLIST_OPEN"
    outcome = tested.wake(waits, TEST, answer("All passed", "jules", **{left[0]: True}), **ME)
    assert (outcome.kind, outcome.value["passed"]) == ("done", True)


@pytest.mark.parametrize(
    "form, wants",
    [
        ({}, "Which item failed"),
        ({"what_failed": []}, "Which item failed"),
        ({"what_failed": 1, "note": " "}, "What did"),
    ],
)
def test_t1_something_failed_says_what_and_what_was_seen(tested, form, wants):
    waits = ask(tested)
    form = {**form, "what_failed": [first(tested)]} if form.get("what_failed") == 1 else form
    outcome = tested.wake(waits, TEST, answer("Something failed", "farah", **form), **ME)
    assert (outcome.kind, wants in outcome.text) == ("retried", True)
    assert facts(tested) == ()


def test_t1_a_failed_list_asks_what_follows_and_takes_nothing_back(tested):
    outcome = tested.wake(ask(tested), TEST, answer("Something failed", "farah", **named(tested)), **ME)
    assert (outcome.kind, "What follows?" in outcome.text) == ("retried", True)
    assert state(tested) is DepartureState.PROMOTING
    waits = ask(tested)
    assert tested.blockers(TEST) == ["FAILURE_ASKED"]
    assert "says what follows: Test again, Deploy again, Roll back, Go on." in tested.why(TEST)[0].sentence
    assert tested.week.said("the legend is empty") == 1
    assert tested.settled(waits) is None
    assert not tested.week.ledger.effects(f"{tested.week.departure}/not-taken")


def test_t1_go_on_lets_the_promotion_be_whole_with_the_reason_kept(tested):
    waits = ask(tested)
    form = named(tested, what_follows="Go on", note="only the tooltip")
    outcome = tested.wake(waits, TEST, answer("Something failed", "farah", **form), **ME)
    assert (outcome.kind, outcome.value["passed"], outcome.value["person"]) == ("done", False, "farah")
    assert answers(tested) == [("go_on", "farah")]
    assert ask(tested).value == outcome.value
    assert tested.week.said("*Go on*: “only the tooltip”") == 1
    assert tested.week.close("promote") == "DONE"


def test_t1_what_follows_may_be_said_in_a_second_answer(tested):
    tested.wake(ask(tested), TEST, answer("Something failed", "farah", **named(tested)), **ME)
    event = answer("Something failed", "chiara", what_failed=[], note="only the tooltip", what_follows="Go on")
    outcome = tested.wake(ask(tested), TEST, event, **ME)
    assert (outcome.kind, answers(tested), len(facts(tested))) == ("done", [("go_on", "chiara")], 1)


def test_t1_go_on_without_a_reason_is_refused(tested):
    tested.wake(ask(tested), TEST, answer("Something failed", "farah", **named(tested)), **ME)
    event = answer("Something failed", "chiara", what_failed=[], note=" ", what_follows="Go on")
    assert tested.wake(ask(tested), TEST, event, **ME).kind == "retried"
    assert answers(tested) == []


def test_t1_t01_what_follows_is_the_actors_and_testing_is_everybodys(tested):
    rule(tested.week, actors="frontend")
    waits = ask(tested)
    assert [user["id"] for user in tested.asked[-1]["assigned_users"]] == ["farah", "chiara", "jules"]
    form = named(tested, what_follows="Go on")
    outcome = tested.wake(waits, TEST, answer("Something failed", "farah", **form), **ME)
    assert (outcome.kind, "only the group frontend" in outcome.text) == ("retried", True)
    assert answers(tested) == []
    event = answer("Something failed", "chiara", note="only the tooltip", what_follows="Go on")
    assert tested.wake(ask(tested), TEST, event, **ME).kind == "done"


def test_t1_test_again_begins_the_list_anew(tested):
    waits = ask(tested)
    form = named(tested, what_follows="Test again")
    assert tested.wake(waits, TEST, answer("Something failed", "farah", **form), **ME).kind == "retried"
    waits = ask(tested)
    assert tested.blockers(TEST) == ["CHECKLIST_OPEN"]
    assert tested.wake(waits, TEST, answer("All passed", "farah"), **ME).kind == "retried"
    assert tested.wake(ask(tested), TEST, answer("All passed", "farah", **ticks(tested)), **ME).kind == "done"


def test_t1_deploy_again_brings_it_once_more_and_asks_the_list_anew(tested):
    waits = ask(tested)
    form = named(tested, what_follows="Deploy again")
    assert tested.wake(waits, TEST, answer("Something failed", "farah", **form), **ME).kind == "retried"
    waits = ask(tested)
    assert waits.watch == "run"
    while waits.kind == "deferred":
        event = tested.settled(waits)
        if event is None:
            tested.week.clock.move(seconds=30)
        else:
            waits = tested.wake(waits, TEST, event, **ME)
    assert (waits.kind, dispatched(tested, EXPLORER)) == ("retried", 2)
    waits = ask(tested)
    assert (waits.watch, tested.blockers(TEST)) == ("answer", ["CHECKLIST_OPEN"])
    assert tested.wake(waits, TEST, answer("All passed", "farah", **ticks(tested)), **ME).kind == "done"
    assert tested.week.close("promote") == "DONE"


def test_t1_roll_back_fails_the_task_and_a_clear_only_says_so(tested):
    waits = ask(tested)
    form = named(tested, what_follows="Roll back")
    outcome = tested.wake(waits, TEST, answer("Something failed", "farah", **form), **ME)
    assert (outcome.kind, "CHECKLIST_FAILED" in outcome.text) == ("failed", True)
    assert answers(tested) == [("roll_back", "farah")]
    asked = len(tested.asked)
    assert ask(tested).kind == "failed"
    assert len(tested.asked) == asked


def test_t1_roll_back_by_itself_is_the_files_choice(tested):
    changed(tested.week, on_failed_test="roll_back")
    outcome = tested.wake(ask(tested), TEST, answer("Something failed", "farah", **named(tested)), **ME)
    assert (outcome.kind, answers(tested)) == ("failed", [])
    leg = tested.week.leg("promote", "explorer")
    assert failing.compensates(tested.week.station(), leg).kind == failing.LIST


def test_t1_an_answer_that_is_read_twice_is_kept_once(tested):
    waits = ask(tested)
    event = answer("Something failed", "farah", **named(tested))
    for _ in range(2):
        assert tested.wake(waits, TEST, event, **ME).kind == "retried"
    assert len(facts(tested)) == 1


def test_t1_while_a_rollback_is_under_way_nothing_follows_a_failed_list(tested):
    tested.wake(ask(tested), TEST, answer("Something failed", "farah", **named(tested)), **ME)
    waits = ask(tested)
    tested.week.ledger.set_state(
        tested.week.departure, DepartureState.ROLLING_BACK, tested.week.clock(), "emil", "it burns"
    )
    event = answer("Something failed", "farah", note="only the tooltip", what_follows="Go on")
    outcome = tested.wake(waits, TEST, event, **ME)
    assert (outcome.kind, answers(tested)) == ("skipped", [])
    assert ask(tested).kind == "skipped"


def test_t1_on_staging_a_failed_list_is_left_or_gone_on_with(pinned):
    waits = pinned.start(STAGING, **ME)
    assert pinned.asked[-1]["params"]["what_follows"]["schema"]["enum"][1:] == ["Test again", "Go on", "Leave it"]
    form = named(pinned, what_follows="Leave it")
    outcome = pinned.wake(waits, STAGING, answer("Something failed", "ben", **form), **ME)
    assert (outcome.kind, answers(pinned)) == ("failed", [("leave", "ben")])
    pinned.week.close("cut", failed=True, why="the list")
    assert state(pinned) is DepartureState.FAILED
    waits = pinned.start(STAGING, **ME)
    event = answer("Something failed", "ben", note="only the tooltip", what_follows="Go on")
    assert pinned.wake(waits, STAGING, event, **ME).kind == "done"


def test_t1_f69_a_form_of_an_older_release_names_what_is_not_ticked(pinned):
    waits = pinned.start(STAGING, **ME)
    for kept in ("asked", "question"):
        waits.kwargs[kept] = {name: value for name, value in waits.kwargs[kept].items() if name != "what_failed"}
    form = {**ticks(pinned, leave=1), "note": "the legend is empty"}
    outcome = pinned.wake(waits, STAGING, answer("Something failed", "ben", **form), **ME)
    assert (outcome.kind, "What follows?" in outcome.text) == ("retried", True)
    (fact,) = facts(pinned, "staging")
    assert [item["answer"] for item in fact.value["items"]].count("failed") == 1


def test_t1_a_failed_list_is_closed_by_a_list_that_passed_elsewhere(pinned):
    waits = pinned.start(STAGING, **ME)
    assert pinned.wake(waits, STAGING, answer("Something failed", "ben", **named(pinned)), **ME).kind == "retried"
    waits = pinned.start(STAGING, **ME)
    pinned.week.clock.move(minutes=1)
    pinned.week.checklist("staging")
    assert pinned.wake(waits, STAGING, **ME).kind == "done"


def test_t1_a_list_waits_for_its_answer_however_long(tested):
    waits = ask(tested)
    tested.week.clock.instant += timedelta(days=2)
    assert tested.settled(waits) is None
