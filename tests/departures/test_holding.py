"""The question before the cut (C-19)."""

from __future__ import annotations

import pytest

from stationmaster.departures import holding
from tests.departures.week import EXPLORER, OPS, PORTAL


@pytest.fixture
def asked(week):
    week.open_cut()
    holding.ask(week.station(), week.departure)
    return week


def codes(standing):
    return [found.code for found in standing.blockers]


def open_pull(week, repo=EXPLORER):
    pulls = week.github.repository(repo).record.pulls.values()
    return next(pull.number for pull in pulls if pull.state == "open")


def test_c19_the_cut_waits_half_an_hour_and_then_goes_on(asked):
    assert asked.said("Is there a pull request to wait for?") == 1
    first = asked.look("hold")
    assert codes(first) == ["HOLD_ASKED"]
    assert first.blockers[0].who == ("ben",)
    asked.clock.move(minutes=29)
    assert not asked.look("hold").opens
    asked.clock.move(minutes=1, seconds=1)
    assert asked.look("hold").opens


def test_c19_a_pull_request_that_somebody_waits_for_holds_until_it_is_merged_or_let_go(asked):
    number = open_pull(asked)
    asked.reply("devika", f"please wait for explorer#{number}")
    asked.clock.move(minutes=45)
    standing = asked.look("hold")
    assert codes(standing) == ["HELD_FOR_PULL_REQUEST"]
    assert standing.blockers[0].who == ("devika", "ben")
    assert f"{EXPLORER}#{number}, as Devika Nair asked" in standing.blockers[0].sentence
    asked.reply("devika", f"go without explorer#{number}")
    assert asked.look("hold").opens


def test_c19_a_pull_request_that_was_closed_is_not_waited_for(asked):
    number = open_pull(asked, PORTAL)
    asked.reply("emil", f"wait for {PORTAL}#{number}")
    asked.clock.move(minutes=45)
    assert codes(asked.look("hold")) == ["HELD_FOR_PULL_REQUEST"]
    asked.github.repository(PORTAL).record.pulls[number].state = "closed"
    assert asked.look("hold").opens


def test_c19_a_reaction_asks_to_wait_until_it_is_taken_back(asked):
    ts = next(message.ts for message in asked.slack.messages[OPS] if "pull request to wait for" in message.text)
    asked.slack.react_as(asked.slack_of("hana"), OPS, ts, "raised_hand")
    asked.clock.move(minutes=45)
    assert codes(asked.look("hold")) == ["HELD_FOR_PULL_REQUEST"]
    asked.slack.unreact_as(asked.slack_of("hana"), OPS, ts, "raised_hand")
    assert asked.look("hold").opens


def test_a_stranger_and_a_robot_hold_nothing(asked):
    number = open_pull(asked)
    for user in ("U0STRANGER",):
        asked.slack.post_as(user, OPS, f"wait for explorer#{number}", thread_ts=asked.thread())
    asked.clock.move(minutes=45)
    assert asked.look("hold").opens


def test_the_person_on_call_ends_the_question(asked):
    asked.reply("devika", f"wait for explorer#{open_pull(asked)}")
    holding.answer(asked.station(), asked.departure, choice=holding.BOARD_NOW, by="ben", reason="it can follow")
    assert asked.look("hold").opens


def test_f11_answers_that_cannot_be_read_are_no_leave_to_go(asked):
    asked.clock.move(minutes=45)
    asked.slack_fault("partial_reactions", "reactions.get", times=9, shown=0)
    ts = next(message.ts for message in asked.slack.messages[OPS] if "pull request to wait for" in message.text)
    asked.slack.react_as(asked.slack_of("hana"), OPS, ts, "raised_hand")
    assert codes(asked.look("hold")) == ["SLACK_UNREACHABLE"]


def test_f61_while_slack_is_silent_only_the_person_on_call_lets_the_cut_go_on(week):
    week.open_cut()
    week.slack_down()
    holding.ask(week.station(), week.departure)
    week.clock.move(hours=2)
    assert codes(week.look("hold")) == ["SLACK_UNREACHABLE"]
    week.slack_down(down=False)
    assert codes(week.look("hold")) == ["HOLD_ASKED"]
    assert week.said("Is there a pull request to wait for?") == 1
    week.slack_down()
    assert not week.look("hold").opens
    holding.answer(week.station(), week.departure, choice=holding.BOARD_NOW, by="ben")
    assert week.look("hold").opens


def test_f11_a_question_that_was_deleted_is_asked_again(asked):
    ts = next(message.ts for message in asked.slack.messages[OPS] if "pull request to wait for" in message.text)
    asked.clock.move(minutes=45)
    asked.slack.delete(OPS, ts)
    assert not asked.look("hold").opens
    assert codes(asked.look("hold")) == ["HOLD_ASKED"]
    assert asked.said("Is there a pull request to wait for?") == 1
    asked.clock.move(minutes=31)
    assert asked.look("hold").opens
