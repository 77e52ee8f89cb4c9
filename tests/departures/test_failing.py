"""What follows a failure: the failure is the last word until a person has answered exactly it (R7, T1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures import deploying, failing, gate_table, gating, verifying
from stationmaster.departures.answers import ANSWER, Choice
from stationmaster.departures.failing import AnswerRefused, Failed
from stationmaster.departures.legs import deployed, record_deployed, take_lock
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import StepImpossible
from tests.departures.ruled import rule
from tests.departures.week import EXPLORER, PORTAL

WORKFLOWS = {PORTAL: "deploy-happy-stack.yml", EXPLORER: "deploy.yml"}


def script(week, conclusion, repo=PORTAL):
    week.github.script_runs(repo, WORKFLOWS[repo], conclusion=conclusion)


def fail(week, stop="promote", component="portal"):
    """A deploy whose run fails; what comes next will succeed."""
    repo = {"portal": PORTAL, "explorer": EXPLORER}[component]
    script(week, "failure", repo)
    with pytest.raises(StepImpossible):
        week.deploy(stop, component)
    script(week, "success", repo)


def unseen(week, component="portal"):
    """The run succeeds, and the environment never says so: the window of the verification passes."""
    week.deploy("promote", component)
    leg = week.leg("promote", component)
    repo = {"portal": PORTAL, "explorer": EXPLORER}[component]
    old = week.ledger.facts(week.departure, "rollback_target", leg.subject)[-1].value["sha"]
    report(week, old, repo)
    verifying.observe(week.station(), leg)
    week.clock.move(hours=1)
    standing = verifying.observe(week.station(), leg)
    assert standing.verdict == "DENY"
    return failing.note_verification(week.station(), leg, standing.blockers[0])


def report(week, sha, repo=PORTAL):
    forge = week.station().forge
    made = forge.create_deployment(repo, sha, "prod", key=f"by-hand-{week.clock()}")
    forge.set_deployment_status(repo, made.id, "success")


def keys(week, repo=PORTAL):
    return [body["inputs"]["key"].rpartition("/")[2] for body in week.dispatches(repo)]


def answers(week):
    return [fact.value["choice"] for fact in week.ledger.facts(week.departure, ANSWER)]


@pytest.fixture
def ready(week):
    week.ready()
    return week


# A run that failed.


def test_r7_looking_again_and_again_sends_nothing(ready):
    fail(ready)
    for _ in range(5):
        with pytest.raises(Failed, match="RUN_FAILED"):
            ready.advance("promote", "portal")
        ready.clock.move(minutes=5)
    assert keys(ready) == ["1"]


def test_r7_an_answer_makes_the_next_attempt_in_the_name_of_who_gave_it(ready):
    fail(ready)
    ready.close("promote", failed=True, why="the run failed")
    assert ready.ledger.departure(ready.departure).state is DepartureState.FAILED
    ready.answer_failure("promote", "portal", by="farah", reason="the disk was full")
    ready.advance("promote", "portal")
    found = ready.ledger.departure(ready.departure)
    assert (found.state, found.changed_by, found.why) == (DepartureState.PROMOTING, "farah", "the disk was full")
    ready.promote_without_scripts()
    assert keys(ready) == ["1", "2"]
    assert ready.close("promote") is DepartureState.DONE


def test_r7_the_shape_of_an_answer(ready):
    """What compensation reads."""
    fail(ready)
    failure = failing.open_failure(ready.station(), ready.leg("promote", "portal"))
    fact = ready.answer_failure("promote", "portal", reason="the disk\nwas  full")
    assert (fact.kind, fact.subject, fact.by) == ("failure_answer", "portal/prod", "farah")
    assert fact.value == {"choice": "deploy_again", "failure": failure.fact.seq, "reason": "the disk was full"}


def test_r7_an_answer_counts_once(ready):
    fail(ready)
    failure = failing.open_failure(ready.station(), ready.leg("promote", "portal"))
    ready.answer_failure("promote", "portal")
    with pytest.raises(AnswerRefused, match="no longer what this is about"):
        say(ready, failure, Choice.ROLL_BACK)
    fail(ready)
    with pytest.raises(AnswerRefused, match="no longer what this is about"):
        say(ready, failure, Choice.DEPLOY_AGAIN)
    with pytest.raises(Failed):
        ready.advance("promote", "portal")
    assert (keys(ready), answers(ready)) == (["1", "2"], ["deploy_again"])


def say(week, failure, choice, *, by="farah", reason="it is fixed"):
    leg = week.leg(failure.leg.stop, failure.leg.component)
    return failing.answer(week.station(), leg, failure, choice, reason=reason, by=by, at=week.clock())


def test_r7_of_two_who_answer_at_once_the_first_counts(ready, monkeypatch):
    fail(ready)
    failure = failing.open_failure(ready.station(), ready.leg("promote", "portal"))
    monkeypatch.setattr(failing, "last", lambda *_: failure)  # both have looked before either has written
    say(ready, failure, Choice.ROLL_BACK, by="farah")
    with pytest.raises(AnswerRefused, match="farah has answered it already: roll_back"):
        say(ready, failure, Choice.DEPLOY_AGAIN, by="chiara")
    assert answers(ready) == ["roll_back"]


def test_r7_what_was_left_as_it_is_may_be_answered_again(ready):
    fail(ready)
    for choice in ("leave", "leave", "deploy_again"):
        ready.answer_failure("promote", "portal", choice)
    assert answers(ready) == ["leave", "leave", "deploy_again"]
    ready.advance("promote", "portal")
    assert keys(ready) == ["1", "2"]


@pytest.mark.parametrize("choice", ["deploy_again", "roll_back"])
def test_r7_without_a_reason_nothing_is_kept(ready, choice):
    fail(ready)
    with pytest.raises(AnswerRefused, match="Say why"):
        ready.answer_failure("promote", "portal", choice, reason=" \n ")
    assert answers(ready) == []


def test_r7_t01_what_changes_production_is_said_by_those_who_may(ready):
    fail(ready)
    rule(ready, actors="frontend")
    for choice in Choice:
        if choice is not Choice.GO_ON:
            with pytest.raises(AnswerRefused, match="only the group frontend"):
                ready.answer_failure("promote", "portal", str(choice), by="farah")
    ready.answer_failure("promote", "portal", by="chiara")
    assert answers(ready) == ["deploy_again"]


def test_r7_every_gate_is_counted_again_before_another_attempt(ready):
    fail(ready)
    ready.close("promote", failed=True, why="the run failed")
    ready.answer_failure("promote", "portal")
    ready.vote("goran", "veto", reason="the search is slow")
    standing = ready.advance("promote", "portal")
    assert [found.code for found in standing.blockers] == ["VETOED"]
    assert keys(ready) == ["1"]
    assert ready.ledger.locks() == ()
    assert ready.ledger.departure(ready.departure).state is DepartureState.FAILED


@pytest.mark.parametrize("state", [DepartureState.ROLLED_BACK, DepartureState.ROLLING_BACK, DepartureState.DONE])
def test_r7_after_the_end_and_on_the_way_back_no_answer_counts(ready, state):
    fail(ready)
    failure = failing.open_failure(ready.station(), ready.leg("promote", "portal"))
    ready.ledger.set_state(ready.departure, state, ready.clock(), "test")
    for choice in (Choice.DEPLOY_AGAIN, Choice.VERIFY_AGAIN, Choice.ROLL_BACK, Choice.LEAVE):
        with pytest.raises(ActRefused):
            say(ready, failure, choice)
    assert (answers(ready), keys(ready)) == ([], ["1"])


@pytest.mark.parametrize("state", [DepartureState.ROLLED_BACK, DepartureState.ROLLING_BACK, DepartureState.SKIPPED])
def test_r7_a_rollback_that_comes_between_the_answer_and_the_dispatch_stops_it(ready, state):
    fail(ready)
    ready.answer_failure("promote", "portal")
    ready.ledger.set_state(ready.departure, state, ready.clock(), "test")
    with pytest.raises(ActRefused):
        ready.advance("promote", "portal")
    assert keys(ready) == ["1"]


def test_r7_a_rollback_that_comes_between_the_count_and_the_dispatch_stops_it(ready, monkeypatch):
    fail(ready)
    ready.answer_failure("promote", "portal")
    real, done = gate_table.standing, []

    def slow(station, departure, act, **how):
        found = real(station, departure, act, **how)
        if how.get("how") is gate_table.How.ACT and not done:
            done.append(act)
            ready.ledger.move(ready.departure, Act.TAKE_BACK, ready.clock(), "emil", "it burns")
        return found

    monkeypatch.setattr(gate_table, "standing", slow)
    with pytest.raises(ActRefused):
        ready.advance("promote", "portal")
    assert (done, keys(ready)) == ([Act.DEPLOY_AGAIN], ["1"])


def test_r7_killed_between_the_answer_and_the_dispatch_it_is_sent_once(ready):
    """The answer stands in the ledger: whatever process comes next finds it, and the effect of the one before."""
    fail(ready)
    ready.answer_failure("promote", "portal")
    for _ in range(3):
        ready.advance("promote", "portal")
    assert keys(ready) == ["1", "2"]


def test_r7_f69_an_attempt_that_an_older_release_made_counts(ready):
    """It wrote down how often the task was cleared, and made the next attempt without an answer."""
    script(ready, "failure")
    ready.advance("promote", "portal")
    ready.clock.move(minutes=2)
    leg = ready.leg("promote", "portal")
    why = {"code": "RUN_FAILED", "sentence": "It failed.", "how": "", "who": [], "subject": ""}
    value = {"generation": 5, "key": f"{leg.key}/1", "why": why}
    ready.ledger.record(ready.departure, "run_failed", leg.key, value, ready.clock(), "stationmaster")
    with pytest.raises(Failed):
        ready.advance("promote", "portal")
    receipt = ready.ledger.effect(f"{leg.key}/1").receipt
    at = ready.clock
    ready.ledger.perform(
        f"{leg.key}/2", intent={}, now=at, look_up=lambda: None, act=lambda: {**receipt, "key": f"{leg.key}/2"}
    )
    assert failing.last(ready.station(), leg) is None
    assert failing.attempt(ready.station(), leg) == 2
    assert ready.advance("promote", "portal").gate == "run"
    assert keys(ready) == ["1"]


def test_r7_f53_a_run_that_a_person_ran_again_goes_on_without_an_answer(ready):
    """Whoever runs it again on GitHub has deployed the pinned commit; the departure ends as what it is."""
    fail(ready)
    ready.close("promote", failed=True, why="the run failed")
    (run,) = ready.github.repository(PORTAL).record.runs.values()
    run.wanted = "success"
    ready.station().forge._wire.write("POST", f"/repos/{PORTAL}/actions/runs/{run.id}/rerun")
    ready.promote_without_scripts()
    assert keys(ready) == ["1"]
    assert ready.close("promote") is DepartureState.DONE


def test_r7_f53_a_run_that_was_run_again_after_the_rollback_brings_nothing_to_an_end(ready):
    fail(ready)
    ready.ledger.set_state(ready.departure, DepartureState.ROLLED_BACK, ready.clock(), "test")
    (run,) = ready.github.repository(PORTAL).record.runs.values()
    run.wanted = "success"
    ready.station().forge._wire.write("POST", f"/repos/{PORTAL}/actions/runs/{run.id}/rerun")
    with pytest.raises(ActRefused):
        ready.advance("promote", "portal")
    assert ready.ledger.departure(ready.departure).state is DepartureState.ROLLED_BACK


# The cut.


@pytest.fixture
def cutting(week):
    week.open_cut()
    week.clock.move(minutes=20)
    week.cut()
    fail(week, "cut", "explorer")
    week.close("cut", failed=True, why="the run failed")
    assert week.ledger.departure(week.departure).state is DepartureState.FAILED
    return week


def test_r7_a_cut_that_failed_begins_again_by_an_answer(cutting):
    with pytest.raises(Failed):
        cutting.advance("cut", "explorer")
    cutting.answer_failure("cut", "explorer", by="ben")
    cutting.advance("cut", "explorer")
    found = cutting.ledger.departure(cutting.departure)
    assert (found.state, found.changed_by) == (DepartureState.CUTTING, "ben")
    for component in ("portal", "explorer"):
        cutting.deploy("cut", component)
        cutting.verify("cut", component)
    cutting.checklist("staging")
    assert cutting.close("cut") is DepartureState.STAGED
    assert keys(cutting, EXPLORER) == ["1", "2"]


@pytest.mark.parametrize("way", ["before its votes", "after its votes", "as an older release wrote it"])
def test_r7_a_cut_does_not_begin_again_once_the_promotion_has_failed(cutting, way):
    """FAILED says not which of the two failed: the audit does."""
    cutting.answer_failure("cut", "explorer", by="ben")
    cutting.advance("cut", "explorer")
    cutting.ledger.set_state(cutting.departure, DepartureState.STAGED, cutting.clock(), "test")
    if way != "before its votes":
        cutting.ledger.set_state(cutting.departure, DepartureState.GATED, cutting.clock(), "test")
    if way == "as an older release wrote it":
        cutting.ledger.set_state(cutting.departure, DepartureState.FAILED, cutting.clock(), "test")
    else:
        cutting.ledger.move(cutting.departure, Act.FAIL, cutting.clock(), "stationmaster", "the promotion failed")
    leg = cutting.leg("cut", "explorer")
    with pytest.raises(ActRefused):
        failing.require_open(cutting.station(), leg)
    with pytest.raises(ActRefused):
        deploying._guard(cutting.station(), leg, take_lock(cutting.station(), leg)).ask()
    with cutting.ledger.writing() as pen, pytest.raises(ActRefused):
        deploying._guard(cutting.station(), leg, 1).require(pen)
    assert cutting.ledger.departure(cutting.departure).state is DepartureState.FAILED


def test_r7_a_promotion_that_failed_while_the_cut_was_late_is_no_failed_cut(week):
    week.open_cut()
    week.clock.move(minutes=20)
    week.cut()
    week.ledger.move(week.departure, Act.FAIL, week.clock(), "stationmaster", "the promotion's run failed")
    with pytest.raises(ActRefused):
        failing.require_open(week.station(), week.leg("cut", "explorer"))


# A verification whose window is over.


def test_r7_looking_again_begins_no_new_window(ready):
    failure = unseen(ready)
    for _ in range(4):
        ready.clock.move(minutes=5)
        standing = verifying.observe(ready.station(), ready.leg("promote", "portal"))
        assert standing.verdict == "DENY"
        again = failing.note_verification(ready.station(), ready.leg("promote", "portal"), standing.blockers[0])
        assert again.fact.seq == failure.fact.seq


def test_r7_verify_again_is_a_new_window_from_now(ready):
    unseen(ready)
    ready.answer_failure("promote", "portal", "verify_again", reason="")
    leg = ready.leg("promote", "portal")
    begun = ready.clock()
    while (standing := verifying.observe(ready.station(), leg)).verdict == "WAIT":
        ready.clock.move(minutes=5)
    assert standing.verdict == "DENY"
    assert ready.clock() - begun == timedelta(hours=1)
    second = failing.note_verification(ready.station(), leg, standing.blockers[0])
    assert (second.number, second.attempt, keys(ready)) == (2, 1, ["1"])


def test_r7_an_arrival_that_shows_now_counts(ready):
    unseen(ready)
    report(ready, ready.leg("promote", "portal").sha)
    assert verifying.shows(ready.station(), ready.leg("promote", "portal"))
    ready.clock.move(seconds=30)
    assert ready.verify("promote", "portal").opens
    assert failing.last(ready.station(), ready.leg("promote", "portal")) is None
    assert failing.compensates(ready.station(), ready.leg("promote", "portal")) is None


def test_r7_what_shows_while_somebody_else_is_at_it_does_not_count(ready):
    unseen(ready)
    leg = ready.leg("promote", "portal")
    report(ready, leg.sha)
    held = ready.ledger.lock(leg.lock)
    ready.ledger.take_over(leg.lock, held.fence, "a/hotfix", "a hotfix", ready.clock(), "ben", "it burns")
    assert not verifying.shows(ready.station(), leg)


def test_r7_deploy_again_after_a_verification_is_another_attempt_with_its_own_window(ready):
    unseen(ready)
    ready.answer_failure("promote", "portal")
    ready.deploy("promote", "portal")
    assert keys(ready) == ["1", "2"]
    assert verifying.observe(ready.station(), ready.leg("promote", "portal")).verdict == "WAIT"
    assert ready.verify("promote", "portal").opens


def test_r7_a_clock_that_jumps_is_no_answer(ready):
    """Whatever the clock says, only a person begins another window, and only a fact ends this one."""
    unseen(ready)
    ready.clock.move(days=30)
    with pytest.raises(Failed):
        ready.advance("promote", "portal")
    assert keys(ready) == ["1"]


# What a way back may name as its cause.


def test_r7_a_failure_is_the_cause_of_a_way_back_until_it_is_answered(ready):
    leg = ready.leg("promote", "portal")
    assert failing.compensates(ready.station(), leg) is None
    fail(ready)
    assert failing.compensates(ready.station(), leg).kind == failing.RUN
    ready.answer_failure("promote", "portal", "leave")
    assert failing.compensates(ready.station(), leg) is None
    ready.answer_failure("promote", "portal", "roll_back")
    assert failing.compensates(ready.station(), leg).choice is Choice.ROLL_BACK
    with pytest.raises(Failed):
        ready.advance("promote", "portal")


def test_r7_once_another_attempt_is_asked_for_the_failure_is_no_cause_any_longer(ready):
    fail(ready)
    ready.answer_failure("promote", "portal")
    assert failing.compensates(ready.station(), ready.leg("promote", "portal")) is None


# A failed test list.


def failed_list(week, environment="prod", component="explorer"):
    week.checklist(environment, answer="failed", component=component)
    stop = "cut" if environment == "staging" else "promote"
    return failing.open_failure(week.station(), week.leg(stop, component))


def test_t1_a_failed_list_takes_nothing_back_by_itself(ready):
    failed_list(ready)
    leg = ready.leg("promote", "explorer")
    assert failing.compensates(ready.station(), leg) is None
    train = ready.team.train("weekly").model_copy(update={"on_failed_test": "roll_back"})
    ready.team = ready.team.model_copy(update={"trains": {"weekly": train}})
    assert failing.compensates(ready.station(), leg).kind == failing.LIST


def test_t1_deploy_again_after_a_failed_list_is_another_attempt_and_asks_the_list_anew(ready):
    ready.deploy("promote", "portal"), ready.verify("promote", "portal")
    ready.deploy("promote", "explorer"), ready.verify("promote", "explorer")
    failed_list(ready)
    leg = ready.leg("promote", "explorer")
    assert deployed(ready.station(), leg)
    ready.answer_failure("promote", "explorer")
    assert not deployed(ready.station(), leg)
    assert deploying.begun(ready.station(), leg)
    assert ready.deploy("promote", "explorer").opens
    assert ready.verify("promote", "explorer").opens
    assert deployed(ready.station(), leg)
    assert keys(ready, EXPLORER) == ["1", "2"]
    assert gating.lists_of(ready.station(), leg) == ()
    ready.checklist("prod")
    assert gating.test_settled(ready.station(), leg) is not None


def staged_with_a_failed_list(week):
    """Thursday's end, and the list of the explorer that failed on staging."""
    week.staged()
    week.ledger.set_state(week.departure, DepartureState.CUTTING, week.clock(), "test")
    return failed_list(week, "staging")


def list_gate(week):
    return gating.checklist_standing(week.station(), week.departure, "staging")


def test_t1_go_on_opens_the_gate_with_the_word_of_a_person_shown(week):
    failure = staged_with_a_failed_list(week)
    assert list_gate(week).verdict == "DENY"
    say(week, failure, Choice.GO_ON, by="ben", reason="only the tooltip")
    standing = list_gate(week)
    assert (standing.verdict, [found.code for found in standing.blockers]) == ("BYPASSED", ["CHECKLIST_PASSED_OVER"])
    assert standing.blockers[0].sentence == (
        "Ben Lindqvist goes on although the checklist of explorer on staging failed at: Loads. "
        "Reason: “only the tooltip”."
    )


def test_t1_go_on_is_about_these_items_and_this_commit(week):
    failure = staged_with_a_failed_list(week)
    say(week, failure, Choice.GO_ON, by="ben", reason="only the tooltip")
    failed_list(week, "staging")  # another look, another failure
    assert list_gate(week).verdict == "DENY"
    week.repin()
    week.checklist("staging", answer="failed")
    assert list_gate(week).verdict == "DENY"


def test_t1_t01_go_on_is_for_those_who_may_change_production_also_on_staging(week):
    failure = staged_with_a_failed_list(week)
    rule(week, actors="frontend")
    with pytest.raises(AnswerRefused, match="only the group frontend"):
        say(week, failure, Choice.GO_ON, by="emil", reason="only the tooltip")
    say(week, failure, Choice.GO_ON, by="ben", reason="only the tooltip")
    assert list_gate(week).opens
    rule(week, actors="backend")  # whose word it was may no longer act
    assert list_gate(week).verdict == "DENY"


def test_t1_a_fact_that_nobody_who_may_has_written_opens_nothing(week):
    failure = staged_with_a_failed_list(week)
    for value in ({"choice": "go_on", "failure": failure.fact.seq + 1, "reason": "x"},):
        week.ledger.record(week.departure, ANSWER, "explorer/staging", value, week.clock(), "ben")
    assert list_gate(week).verdict == "DENY"


def test_t1_a_list_that_passed_later_closes_the_failure(week):
    staged_with_a_failed_list(week)
    week.checklist("staging")
    assert list_gate(week).opens
    assert failing.open_failure(week.station(), week.leg("cut", "explorer")) is None


def test_t1_open_items_are_no_failure(week):
    week.staged()
    week.checklist("staging", answer="open")
    assert failing.last(week.station(), week.leg("cut", "explorer")) is None
    assert list_gate(week).verdict == "WAIT"


def test_t1_people_are_told_that_the_list_will_come_and_who_is_asked(ready):
    ready.advance("promote", "portal")
    assert ready.said("asked to walk through the test list of explorer") == 1


def test_t1_the_cut_tells_of_the_list_to_come_and_of_what_was_passed_over(week):
    failure = staged_with_a_failed_list(week)
    say(week, failure, Choice.GO_ON, by="ben", reason="only the tooltip")
    week.close("cut")
    assert week.said("Once prod runs it, the person who holds `primary`") == 1
    assert week.said("failed at: Loads. Reason: “only the tooltip”.") == 1


def test_r7_arrivals_of_two_attempts_are_kept_apart(ready):
    leg = ready.leg("promote", "explorer")
    for _ in range(2):
        record_deployed(ready.station(), leg, at=ready.clock(), how="seen")
    failed_list(ready)
    ready.ledger.set_state(ready.departure, DepartureState.PROMOTING, ready.clock(), "test")
    ready.answer_failure("promote", "explorer")
    for _ in range(2):
        record_deployed(ready.station(), leg, at=ready.clock(), how="seen again")
    assert len(ready.ledger.facts(ready.departure, "deployed", "explorer/prod")) == 2
