"""A departure that ended while nothing had failed goes on when its task is cleared; what failed waits for a person."""

from __future__ import annotations

import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures import failing, opening, taking_up
from stationmaster.departures.answers import Choice
from stationmaster.ledger.records import DepartureState
from tests.departures.week import EXPLORER, PORTAL
from tests.operators.runs import answer
from tests.operators.test_deploying_tasks import DISPATCH, by_hand, let
from tests.operators.test_failing_tasks import DEPLOY, ME, VERIFY, report, state, unseen
from tests.operators.test_hotfix_tasks import fill_in
from tests.operators.test_hotfix_tasks import run as hotfix  # noqa: F401
from tests.operators.test_voting_tasks import CONFIRM

CLOSE = "tell_the_outcome"
NEXT = "explorer.deploy_to_prod"


def sent(run, repository):
    """Return how often a workflow of a repository was started."""
    paths = [each.path for each in run.week.github.writes(applied=True) if each.path.endswith("/dispatches")]
    return sum(repository in path for path in paths)


def close(run, **states):
    run.states.update({"open_departure": "success", **{name.replace("__", "."): now for name, now in states.items()}})
    assert run.start(CLOSE).kind == "failed"
    return state(run)


def test_f32_a_no_go_that_is_taken_back_after_the_run_has_ended_deploys(promote):
    promote.week.quorum()
    refused = promote.wake(promote.start(CONFIRM, role="primary"), CONFIRM, answer("No go", "farah"), role="primary")
    assert refused.kind == "failed"
    assert close(promote, **{f"{CONFIRM}_0": "failed"}) == "FAILED"
    promote.week.clock.move(minutes=5)
    asked = promote.start(CONFIRM, role="primary")
    assert (asked.kind, state(promote)) == ("deferred", "GATED")
    assert promote.wake(asked, CONFIRM, answer("Go", "farah"), role="primary").kind == "done"
    promote.drive(DEPLOY)
    assert state(promote) == "PROMOTING"
    assert sent(promote, PORTAL) == 1


def test_f32_what_was_taken_up_asks_every_gate_again(promote):
    promote.week.quorum()
    promote.wake(promote.start(CONFIRM, role="primary"), CONFIRM, answer("No go", "farah"), role="primary")
    close(promote, **{f"{CONFIRM}_0": "failed"})
    assert promote.start(DEPLOY).kind == "deferred"
    assert (promote.blockers(DEPLOY), sent(promote, PORTAL)) == (["CONFIRMATION_REFUSED"], 0)


def test_a_run_that_is_cleared_as_a_whole_goes_on(promote):
    promote.week.quorum()
    promote.wake(promote.start(CONFIRM, role="primary"), CONFIRM, answer("No go", "farah"), role="primary")
    assert close(promote, **{f"{CONFIRM}_0": "failed"}) == "FAILED"
    assert promote.start("open_departure").kind == "done"
    assert state(promote) == "GATED"


def test_another_run_takes_nothing_up(promote, runs):
    promote.week.ledger.move(promote.week.departure, Act.FAIL, promote.week.clock(), "stationmaster", "GitHub refused")
    assert runs("promote", user="farah").start("open_departure").kind == "skipped"
    assert state(promote) == "FAILED"


def test_f58_a_cut_that_github_refused_goes_on_once_github_answers(cut):
    cut.week.clock.move(minutes=31)
    cut.week.fault("hidden", "/compare/", times=100)
    assert cut.start("pin_the_manifest").kind == "failed"
    cut.week.github.faults.clear()
    assert close(cut, pin_the_manifest="failed") == "FAILED"
    asked = cut.start("pin_the_manifest")
    assert cut.blockers("pin_the_manifest") == ["HOLD_ASKED"]
    cut.week.clock.move(minutes=31)
    assert cut.wake(asked, "pin_the_manifest").kind == "done"
    assert state(cut) == "CUTTING"


@pytest.mark.parametrize("first", ["portal", "explorer"])
def test_f58_a_deploy_that_github_refused_goes_on_whether_or_not_another_has_arrived(ready, first):
    let(ready, on_partial_failure="stop")
    if first == "explorer":
        ready.drive(DEPLOY)
        ready.drive(VERIFY)
    ready.week.fault("hidden", DISPATCH, method="POST", times=10)
    task = f"{first}.deploy_to_prod"
    assert ready.start(task).kind == "failed"
    ready.week.github.faults.clear()
    assert close(ready, **{task.replace(".", "__"): "failed"}) == ("PARTIAL" if first == "explorer" else "FAILED")
    assert ready.drive(task).kind == "done"
    assert state(ready) == "PROMOTING"
    assert sent(ready, PORTAL if first == "portal" else EXPLORER) == 1


def test_a_deploy_by_hand_that_failed_is_asked_for_again(ready):
    let(ready, on_partial_failure="stop")
    run = by_hand(ready)
    assert (
        run.wake(run.start(DEPLOY, **ME), DEPLOY, answer("It failed", "farah", note="timed out"), **ME).kind == "failed"
    )
    close(run, **{f"{DEPLOY}_0": "failed"})
    assert run.start(DEPLOY, **ME).watch == "answer"


def test_a_hotfix_whose_commits_could_not_be_picked_goes_on(hotfix):  # noqa: F811
    fill_in(hotfix)
    for task in ("say_what_will_happen", "open_departure"):
        assert hotfix.start(task).kind == "done"
    hotfix.week.departure = hotfix.xcoms["open_departure", "departure"]
    hotfix.week.fault("hidden", "/git/commits", method="POST", times=100)
    assert hotfix.start("put_the_commits_on_top").kind == "failed"
    hotfix.week.github.faults.clear()
    assert close(hotfix, say_what_will_happen="success", put_the_commits_on_top="failed") == "FAILED"
    assert hotfix.start("put_the_commits_on_top").kind == "done"
    assert state(hotfix) == "STAGED"


def test_r7_what_has_failed_waits_for_an_answer_and_goes_on_once_it_has_come_right(ready):
    let(ready, on_partial_failure="stop")
    waits = unseen(ready)
    assert ready.wake(waits, VERIFY, answer("Leave it", "farah", failure="1")).kind == "failed"
    assert close(ready, **{VERIFY.replace(".", "__"): "failed"}) == "FAILED"
    assert ready.start(NEXT).kind == "failed", "the portal's failure is the last word"
    assert state(ready) == "FAILED"
    waits = ready.start(VERIFY)
    assert ready.wake(waits, VERIFY, answer("Verify again", "farah", failure="1")).kind == "deferred"
    assert ready.start(NEXT).kind == "failed", "an answer is no arrival"
    report(ready, ready.week.leg("promote", "portal").sha)
    assert ready.drive(VERIFY).kind == "done"
    ready.drive(NEXT)
    assert state(ready) == "PROMOTING"
    assert sent(ready, EXPLORER) == 1


# What is not taken up.


@pytest.fixture
def failed(promote):
    """A promotion that ended as FAILED while nothing had failed."""
    week = promote.week
    week.ledger.move(week.departure, Act.FAIL, week.clock(), "stationmaster", "GitHub refused")
    return week


def test_what_ended_so_becomes_what_it_was(failed):
    assert taking_up.take_up(failed.station(), failed.departure, "promote")
    assert failed.ledger.departure(failed.departure).state is DepartureState.GATED
    assert not taking_up.take_up(failed.station(), failed.departure, "promote"), "once"


def test_the_other_stop_takes_nothing_up(failed):
    assert not taking_up.take_up(failed.station(), failed.departure, "cut")


def test_s1_once_a_later_departure_is_open_an_older_one_stays_where_it_ended(failed):
    failed.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W43"), failed.clock(), "timetable")
    assert not taking_up.take_up(failed.station(), failed.departure, "promote")
    assert failed.ledger.departure(failed.departure).state is DepartureState.FAILED


@pytest.mark.parametrize("act", [Act.MISS, Act.SUPERSEDE, Act.SKIP])
def test_s1_an_end_is_an_end(promote, act):
    week = promote.week
    week.ledger.move(week.departure, act, week.clock(), "emil", "over")
    assert not taking_up.take_up(week.station(), week.departure, "promote")


def test_r1_a_way_back_that_found_nothing_is_an_end(ready):
    week = ready.week
    for act in (Act.PROMOTE, Act.FAIL, Act.TAKE_BACK, Act.FIND_NOTHING_TO_TAKE_BACK):
        week.ledger.move(week.departure, act, week.clock(), "stationmaster", "by the form")
    assert not taking_up.take_up(week.station(), week.departure, "promote")


def test_a_state_that_was_put_by_hand_is_not_taken_up(ready):
    week = ready.week
    week.ledger.set_state(week.departure, DepartureState.FAILED, week.clock(), "emil", "by hand")
    assert not taking_up.take_up(week.station(), week.departure, "promote")


def test_f10_what_comes_between_the_judgement_and_the_act_keeps_it(failed, monkeypatch):
    real = failing.last

    def slow(station, leg):
        failed.ledger.record(failed.departure, "step_failed", leg.key, {}, failed.clock(), "test")
        return real(station, leg)

    monkeypatch.setattr(failing, "last", slow)
    assert not taking_up.take_up(failed.station(), failed.departure, "promote")
    assert failed.ledger.departure(failed.departure).state is DepartureState.FAILED


def test_what_is_asked_for_again_goes_on_in_the_name_of_that_person(ready):
    let(ready, on_partial_failure="stop")
    waits = unseen(ready)
    assert ready.wake(waits, VERIFY, answer("Leave it", "farah", failure="1")).kind == "failed"
    close(ready, **{VERIFY.replace(".", "__"): "failed"})
    station, leg = ready.week.station(), ready.week.leg("promote", "portal")
    failure, now = failing.open_failure(station, leg), ready.week.clock()
    failing.answer(station, leg, failure, Choice.DEPLOY_AGAIN, reason="it was slow", by="farah", at=now)
    assert not taking_up.take_up(station, ready.week.departure, "promote")
    ready.start(DEPLOY)
    found = ready.week.ledger.departure(ready.week.departure)
    assert (found.state, found.changed_by) == (DepartureState.PROMOTING, "farah")


def test_a_skip_of_what_has_ended_is_refused(failed):
    with pytest.raises(ActRefused):
        opening.skip(failed.station(), failed.ledger.departure(failed.departure), by="emil", reason="no")
