"""The question before the cut, and the pinning of what boards."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.ledger.records import DepartureState
from tests.departures.week import EXPLORER, PORTAL, THURSDAY
from tests.operators.runs import answer, board_now

ASK, PIN = "ask_whom_to_wait_for", "pin_the_manifest"
CLOSED = datetime(2021, 10, 21, 23, 0, 1, tzinfo=UTC)


def ask(run):
    return run.start(ASK, role="primary")


def test_c19_the_question_is_put_once_and_assigned_to_the_person_on_call(cut):
    outcome = ask(cut)
    assert (outcome.kind, outcome.watch) == ("deferred", "hold")
    assert outcome.arguments == {"people": ["ben", "farah", "jules"]}
    assert cut.blockers(ASK) == ["HOLD_ASKED"]
    request = cut.asked[-1]
    assert [user["id"] for user in request["assigned_users"]] == ["ben", "farah", "jules"]
    assert (request["options"], request["defaults"]) == (["Board now", "Skip this week"], None)
    ask(cut)
    assert cut.week.said("pull request to wait for") == 1


def test_c19_it_goes_on_by_itself_when_the_time_is_over(cut):
    outcome = cut.drive(ASK, role="primary")
    assert outcome.value == {"person": "ben", "name": "Ben Lindqvist", "choice": "nobody asked to wait"}
    assert cut.blockers(ASK) == []
    assert cut.week.clock() >= THURSDAY.replace(minute=30)


def test_the_person_on_call_cuts_the_question_short(cut):
    outcome = cut.wake(ask(cut), ASK, answer("Board now", "ben", reason="all quiet"), role="primary")
    assert outcome.value == {"person": "ben", "name": "Ben Lindqvist", "choice": "Board now"}
    asked = len(cut.asked)
    assert ask(cut).value == outcome.value
    assert len(cut.asked) == asked, "a cleared task asked again"


def test_the_person_on_call_skips_the_week(cut):
    outcome = cut.wake(ask(cut), ASK, answer("Skip this week", "farah", reason="holiday"), role="primary")
    assert outcome.kind == "skipped"
    found = cut.week.ledger.departure(cut.week.departure)
    assert (found.state, found.changed_by) == (DepartureState.SKIPPED, "farah")
    assert cut.start(PIN).kind == "skipped"
    assert cut.week.ledger.manifest_of(cut.week.departure) is None


def test_f12_an_answer_by_a_timeout_is_no_answer(cut):
    outcome = cut.wake(ask(cut), ASK, answer("Board now", None), role="primary")
    assert outcome.kind == "failed"
    assert cut.week.ledger.facts(cut.week.departure, kind="hold_answer") == ()
    assert cut.blockers(ASK) == ["HOLD_ASKED"]


def test_f12_an_answer_that_cannot_be_read_is_no_answer(cut):
    outcome = cut.wake(ask(cut), ASK, {"error": "no such option", "error_type": "validation"}, role="primary")
    assert outcome.kind == "failed"
    assert "no such option" in outcome.text


def test_f09_an_answer_of_somebody_else_is_thrown_away_and_asked_anew(cut):
    outcome = cut.wake(ask(cut), ASK, answer("Board now", "amara"), role="primary")
    assert outcome.kind == "retried"
    assert "only ben, farah, jules may" in outcome.text
    assert cut.week.ledger.facts(cut.week.departure, kind="hold_answer") == ()
    assert cut.start(ASK, role="primary").kind == "deferred"


def test_nobody_is_asked_when_the_window_has_closed_already(cut):
    cut.week.clock.to(CLOSED)
    assert ask(cut).kind == "failed"
    assert cut.asked == []
    assert cut.week.ledger.departure(cut.week.departure).state is DepartureState.MISSED


def test_f60_the_question_that_slack_cannot_carry_waits_for_the_person_on_call(cut):
    cut.week.slack_down()
    outcome = ask(cut)
    assert outcome.kind == "deferred"
    assert cut.blockers(ASK) == ["SLACK_UNREACHABLE"]
    cut.week.clock.move(hours=1)
    assert cut.settled(outcome) is None
    assert cut.wake(outcome, ASK, answer("Board now", "ben"), role="primary").kind == "done"


def test_c11_the_newest_green_commits_are_pinned_once(cut):
    board_now(cut)
    outcome = cut.start(PIN)
    heads = {repo: cut.week.github.repository(repo).record.refs["heads/main"] for repo in (PORTAL, EXPLORER)}
    assert outcome.value["commits"] == heads
    assert set(outcome.value) == {"manifest", "commits", "notes"}
    cut.week.github.push(PORTAL, title="Later")
    assert cut.start(PIN).value == outcome.value
    assert cut.week.ledger.departure(cut.week.departure).round == 1


def test_f08_pending_checks_are_waited_for(cut):
    board_now(cut)
    week = cut.week
    train = week.team.trains["weekly"]
    stops = train.stops.model_copy(update={"cut": train.stops.cut.model_copy(update={"look_back": 3})})
    trains = {"weekly": train.model_copy(update={"stops": stops})}
    week.team = week.team.model_copy(update={"trains": trains})
    newest = week.station().forge.commits(EXPLORER, "main", 3)
    for commit in newest:
        week.github.script_checks(EXPLORER, commit.sha, "pending")
    outcome = cut.start(PIN)
    assert (outcome.kind, outcome.watch, cut.blockers(PIN)) == ("deferred", "selection", ["CHECKS_PENDING"])
    assert cut.settled(outcome) is None
    week.github.script_checks(EXPLORER, newest[1].sha, "green")
    assert cut.wake(outcome, PIN).value["commits"][EXPLORER] == newest[1].sha


def test_f66_the_form_takes_only_a_whole_sha(cut):
    cut.params = {"board_portal": "1234"}
    outcome = cut.start(PIN)
    assert outcome.kind == "failed"
    assert "board_portal" in outcome.text
    assert "'1234'" in outcome.text
    assert cut.week.ledger.manifest_of(cut.week.departure) is None


def test_an_older_commit_is_boarded_by_hand_and_a_component_stays_behind(runs, week):
    older = week.station().forge.commits(PORTAL, "main", 3)[2].sha
    cut = runs("cut", user="ben", params={"board_portal": older, "exclude": ["explorer"]})
    assert cut.start("open_departure").kind == "done"
    board_now(cut)
    outcome = cut.start(PIN)
    assert outcome.value["commits"] == {PORTAL: older}
    assert "explorer stays behind by choice" in outcome.value["notes"]


def test_f56_github_out_of_reach_is_waited_for_and_then_the_cut_goes_on(cut):
    """The task does not burn its tries: it waits with the reason until GitHub answers."""
    board_now(cut)
    cut.week.fault("bad_gateway_before", "/compare/", times=100_000)
    outcome = cut.start(PIN)
    assert outcome.kind == "deferred"
    assert set(cut.blockers(PIN)) <= {"CHECKS_UNREADABLE", "GITHUB_UNREACHABLE"}
    assert cut.settled(outcome) is None
    cut.week.clock.move(minutes=40)
    assert cut.settled(outcome) is None
    cut.week.github.faults.clear()
    assert cut.drive(PIN).kind == "done"


def test_f37_github_that_stays_out_of_reach_misses_the_window(cut):
    cut.week.fault("bad_gateway_before", "/compare/", times=100_000)
    outcome = cut.start(PIN)
    cut.week.clock.to(CLOSED)
    assert cut.settled(outcome) == {"settled": "MISSED"}
    assert cut.wake(outcome, PIN).kind == "failed"
    assert cut.week.ledger.departure(cut.week.departure).state is DepartureState.MISSED
    assert "MISSED_WINDOW" in cut.blockers(PIN)


def test_f58_what_github_refuses_fails_at_once_and_names_the_way_out(cut):
    board_now(cut)
    cut.week.fault("hidden", "/compare/", times=100)
    outcome = cut.start(PIN)
    assert outcome.kind == "failed"
    assert "github_default" in outcome.text
    assert "contents: read" in outcome.text
    assert cut.blockers(PIN) == ["CONNECTION_MISSING"]
    cut.week.github.faults.clear()
    assert cut.start(PIN).kind == "done"
    assert cut.blockers(PIN) == []


# What was marked as success is asked by the task that pins (F32).


def test_f32_the_question_whom_to_wait_for_is_asked_by_whoever_pins(cut):
    """It was marked as success before anybody could answer."""
    outcome = cut.start(PIN)
    assert (outcome.kind, cut.blockers(PIN)) == ("deferred", ["HOLD_ASKED"])
    assert cut.week.said("pull request to wait for") == 1
    assert cut.settled(outcome) is None
    assert cut.week.ledger.manifest_of(cut.week.departure) is None
    cut.week.clock.move(minutes=31)
    assert cut.wake(outcome, PIN).kind == "done"


@pytest.mark.parametrize(
    "state, says",
    [
        (DepartureState.PARTIAL, "PREVIOUS_PARTIAL"),
        (DepartureState.PROMOTING, "PREVIOUS_DEPARTURE_OPEN"),
        (DepartureState.ROLLING_BACK, "PREVIOUS_DEPARTURE_OPEN"),
    ],
)
def test_f28_the_departure_before_is_asked_about_by_whoever_pins_and_deploys(cut, state, says):
    """The window's task was marked as success."""
    week = cut.week
    before = week.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W41"), week.clock(), "timetable").id
    week.ledger.set_state(before, state, week.clock(), "ben", "half of it is there")
    board_now(cut)
    outcome = cut.start(PIN)
    assert (outcome.kind, cut.blockers(PIN)) == ("deferred", [says])
    assert cut.settled(outcome) is None
    week.ledger.set_state(before, DepartureState.DONE, week.clock(), "ben")
    assert cut.wake(outcome, PIN).kind == "done"
    week.ledger.set_state(before, state, week.clock(), "ben", "half of it is there")
    deploy = "explorer.deploy_to_staging"
    outcome = cut.start(deploy)
    assert (outcome.kind, cut.blockers(deploy), week.dispatches()) == ("deferred", [says], [])
    week.ledger.set_state(before, DepartureState.DONE, week.clock(), "ben")
    assert cut.drive(deploy).kind == "done"
