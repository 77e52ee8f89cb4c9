"""The vote: who counts, for what, through which channel."""

from __future__ import annotations

from itertools import permutations

import pytest

from stationmaster.departures import voting
from stationmaster.departures.counting import count_from_ledger
from stationmaster.ledger.records import DepartureState
from tests.departures.week import OPS


@pytest.fixture
def gated(week):
    week.gate()
    return week


def codes(standing):
    return [found.code for found in standing.blockers]


def approvals(week):
    week.look("quorum")
    counted, _ = count_from_ledger(week.station(), week.departure)
    return sorted(ballot.voter for ballot in counted.approvals)


def ignored(week):
    counted, _ = count_from_ledger(week.station(), week.departure)
    return sorted((found.ballot.account, found.reason) for found in counted.ignored)


def test_c14_every_engineer_is_asked_in_the_channel_with_what_to_test(gated):
    """C-14, C-17: the question stands in the channel, too, mentions the voters and lists what is new."""
    question = next(message for message in gated.slack.messages[OPS] if message.ts == gated.question())
    assert question.broadcast
    for person in gated.team.groups["engineers"]:
        assert f"<@{gated.slack_of(person)}>" in question.text
    assert "Have you tested last week's staging?" in question.text
    assert "Draw faster" in question.text
    assert gated.ledger.departure(gated.departure).state is DepartureState.GATED


def test_c15_three_distinct_people_by_reaction_reply_and_airflow_make_the_quorum(gated):
    """C-15."""
    gated.react("amara")
    gated.reply("emil", "LGTM")
    standing = gated.look("quorum")
    assert codes(standing) == ["QUORUM_MISSING"]
    assert set(standing.blockers[0].who) == set(gated.team.groups["engineers"]) - {"amara", "emil"}
    gated.vote("chiara")
    assert gated.look("quorum").opens


def test_c16_no_quorum_no_promotion_however_long_it_waits(gated):
    """C-16: held, with who has not voted; never passed by time."""
    gated.vote("amara")
    gated.vote("emil")
    for _ in range(6):
        gated.clock.move(hours=1)
        assert not gated.look("quorum").opens


def test_c16_those_who_have_not_voted_are_reminded_once_an_hour(gated):
    gated.vote("amara")
    for _ in range(12):
        gated.clock.move(minutes=10)
        gated.look("quorum")
    reminders = [text for text in gated.texts() if "more LGTM needed" in text]
    assert len(reminders) == 2
    assert f"<@{gated.slack_of('amara')}>" not in reminders[0]
    assert f"<@{gated.slack_of('emil')}>" in reminders[0]


def test_f12_nobody_is_reminded_of_a_vote_whose_window_has_closed(gated):
    """The look that finds the window closed is the one at which the next reminder would be due."""
    gated.clock.move(hours=8)
    standing = gated.look("quorum")
    assert standing.verdict == "MISSED"
    assert "QUORUM_MISSING" in codes(standing)
    assert [text for text in gated.texts() if "more LGTM needed" in text] == []


def test_f06_votes_do_not_move_to_another_manifest(gated):
    gated.react("amara")
    gated.reply("emil", "LGTM")
    gated.vote("chiara")
    assert gated.look("quorum").opens
    old = gated.ledger.manifest_of(gated.departure)
    gated.clock.move(minutes=5)
    gated.repin()
    voting.open_round(gated.station(), gated.departure)
    voting.open_round(gated.station(), gated.departure)
    assert codes(gated.look("quorum")) == ["QUORUM_MISSING"]
    assert approvals(gated) == []
    assert {reason for _, reason in ignored(gated)} == {"other_manifest"}
    assert len(ignored(gated)) == 3
    assert gated.said("The manifest has changed: earlier votes no longer count.") == 1
    gated.vote("devika", manifest=old.hash)
    assert approvals(gated) == []
    gated.react("amara", number=2)
    gated.reply("emil", "LGTM")
    gated.vote("chiara")
    assert approvals(gated) == ["amara", "chiara", "emil"]


def test_f06_a_reply_that_names_another_manifest_does_not_count(gated):
    gated.reply("amara", "LGTM deadbeef")
    assert approvals(gated) == []
    gated.reply("emil", f"lgtm {gated.ledger.manifest_of(gated.departure).short}")
    assert approvals(gated) == ["emil"]


def test_f09_one_person_is_one_vote_whatever_the_account(gated):
    """Two Slack accounts, a reply and Airflow: one vote."""
    for account in gated.team.people["devika"].slack:
        gated.slack.react_as(account, OPS, gated.question(), "+1::skin-tone-4")
    gated.reply("devika", "LGTM")
    gated.vote("devika")
    assert approvals(gated) == ["devika"]


@pytest.mark.parametrize("emoji", ["white_check_mark", "+1", "thumbsup", "+1::skin-tone-3", "thumbsup::skin-tone-6"])
def test_f09_skin_tones_and_aliases_are_the_same_emoji(gated, emoji):
    gated.react("amara", emoji)
    assert approvals(gated) == ["amara"]


def test_f09_who_may_not_vote_is_ignored_with_a_reason(gated):
    gated.slack.react_as("U0STRANGER", OPS, gated.question(), "+1")
    gated.slack.react_as("U0ROBOT001", OPS, gated.question(), "+1")
    gated.react("jules")  # the manager is no engineer of the group
    assert approvals(gated) == []
    manager = gated.slack_of("jules")
    assert ignored(gated) == sorted(
        [("U0STRANGER", "unknown_account"), ("U0ROBOT001", "unknown_account"), (manager, "not_eligible")]
    )


def test_f09_who_left_the_team_after_voting_does_not_count(gated):
    gated.vote("amara")
    assert approvals(gated) == ["amara"]
    left = gated.team.people["amara"].model_copy(update={"active": False})
    gated.team = gated.team.model_copy(update={"people": {**gated.team.people, "amara": left}})
    assert approvals(gated) == []
    assert ignored(gated) == [("amara", "inactive")]


def test_f09_an_author_does_not_approve_where_the_train_says_so(gated):
    """ben owns dev-12, who wrote what is aboard; whoever wrote only in an earlier manifest may vote."""
    train = gated.team.train("weekly")
    quorum = train.gates.quorum.model_copy(update={"authors_may_vote": False})
    strict = train.model_copy(update={"gates": train.gates.model_copy(update={"quorum": quorum})})
    gated.team = gated.team.model_copy(update={"trains": {"weekly": strict}})
    gated.vote("ben")
    gated.vote("amara")
    assert approvals(gated) == ["amara"]
    assert ("ben", "author") in ignored(gated)


def test_f09_the_departures_own_words_are_no_votes(gated):
    """The bot's question holds the word LGTM."""
    assert approvals(gated) == []
    assert ignored(gated) == []


@pytest.mark.parametrize("text", ["LGTM, but wait for #12", "is this lgtm?", "not lgtm", "> LGTM"])
def test_f09_a_condition_or_a_question_is_no_vote(gated, text):
    gated.reply("amara", text)
    assert approvals(gated) == []


def test_f10_a_vote_taken_back_does_not_count_and_both_stand_in_the_ledger(gated):
    gated.react("amara")
    gated.vote("emil")
    gated.vote("chiara")
    assert gated.look("quorum").opens
    gated.clock.move(minutes=1)
    gated.unreact("amara")
    assert codes(gated.look("quorum")) == ["QUORUM_MISSING"]
    (mine,) = [ballot for ballot in gated.ledger.ballots(gated.departure) if ballot.voter == "amara"]
    assert (mine.choice, mine.gone, mine.gone_at) == ("approve", "author", gated.clock())
    gated.clock.move(minutes=1)
    gated.react("amara")
    assert gated.look("quorum").opens


def test_f10_a_reply_that_was_deleted_or_edited_is_withdrawn(gated):
    first = gated.reply("amara", "LGTM")
    second = gated.reply("emil", "LGTM")
    assert approvals(gated) == ["amara", "emil"]
    gated.clock.move(minutes=1)
    gated.slack.delete(OPS, first)
    gated.slack.edit_as(gated.slack_of("emil"), OPS, second, "LGTM?")
    assert approvals(gated) == []


def test_f10_a_word_withdraws_what_another_channel_gave(gated):
    gated.vote("amara")
    gated.clock.move(seconds=5)
    gated.reply("amara", "withdraw")
    assert approvals(gated) == []


def test_f11_partial_reaction_lists_are_read_in_full(gated):
    """The stand-in names five users unless the complete list is asked for."""
    voters = ["amara", "ben", "chiara", "devika", "emil", "farah", "goran", "hana"]
    for person in voters:
        gated.react(person, "+1")
    assert approvals(gated) == voters


def test_f11_a_list_that_stays_cut_short_is_no_vote_and_no_withdrawal(gated):
    for person in ("amara", "emil", "chiara"):
        gated.react(person)
    gated.slack_fault("partial_reactions", "reactions.get", times=99)
    standing = gated.look("quorum")
    assert codes(standing) == ["QUORUM_MISSING", "CHAT_UNREADABLE"]
    gated.slack.faults.clear()
    assert gated.look("quorum").opens
    gated.slack_fault("partial_reactions", "reactions.get", times=99)
    assert not gated.look("quorum").opens
    assert all(ballot.shown for ballot in gated.ledger.ballots(gated.departure))


def test_f11_a_question_that_was_deleted_holds_and_is_asked_again_and_what_is_still_shown_counts(gated):
    """What hung on the question is shown nowhere any longer; the replies in the thread are."""
    gated.react("amara")
    gated.reply("emil", "LGTM")
    assert approvals(gated) == ["amara", "emil"]
    gated.clock.move(minutes=1)
    old = gated.question()
    gated.slack.delete(OPS, old)
    assert codes(gated.look("quorum")) == ["QUORUM_MISSING", "CHAT_UNREADABLE"]
    assert gated.question() != old
    assert gated.said("Have you tested last week's staging?") == 1
    assert approvals(gated) == ["emil"]
    gated.clock.move(minutes=1)
    gated.react("amara")
    gated.react("chiara")
    assert approvals(gated) == ["amara", "chiara", "emil"]
    gated.clock.move(minutes=1)
    gated.unreact("amara")
    assert approvals(gated) == ["chiara", "emil"]


def test_f11_a_thread_that_was_deleted_is_begun_again_and_its_votes_stay(gated):
    gated.reply("emil", "LGTM")
    assert approvals(gated) == ["emil"]
    gated.clock.move(minutes=1)
    old = gated.thread()
    gated.slack.delete(OPS, old)
    gated.look("quorum")
    assert gated.thread() != old
    assert approvals(gated) == ["emil"]
    gated.clock.move(minutes=1)
    gated.reply("amara", "LGTM")
    assert approvals(gated) == ["amara", "emil"]


def test_f13_a_veto_stops_and_its_withdrawal_lifts_it(gated):
    gated.quorum()
    assert gated.look("quorum").opens
    gated.reply("goran", "veto because the plots are upside down")
    standing = gated.look("quorum")
    assert codes(standing) == ["VETOED"]
    assert "plots are upside down" in standing.blockers[0].sentence
    assert standing.blockers[0].who == ("goran",)
    gated.reply("goran", "withdraw")
    assert gated.look("quorum").opens


def test_f13_a_veto_of_somebody_who_may_not_vote_stops_nothing(gated):
    gated.quorum()
    gated.react("jules", "no_entry")
    assert gated.look("quorum").opens


def test_f13_the_order_of_reading_does_not_matter(gated):
    """The ledger's rows in any order give one tally."""
    from stationmaster.core.quorum import tally

    gated.quorum()
    gated.vote("goran", "veto", reason="no")
    ballots = gated.ledger.ballots(gated.departure)
    electorate = gated.team.electorate(gated.team.train("weekly"))
    policy, manifest = gated.team.train("weekly").gates.quorum.policy, gated.ledger.manifest_of(gated.departure)
    found = {tally(policy, electorate, rows, manifest.hash, gated.clock()).verdict for rows in permutations(ballots)}
    assert found == {"DENY"}


def test_f61_while_slack_is_silent_votes_are_cast_in_airflow(gated):
    gated.react("amara")
    gated.look("quorum")
    gated.slack_down()
    standing = gated.look("quorum")
    assert codes(standing) == ["QUORUM_MISSING", "CHAT_UNREADABLE"]
    gated.quorum()
    assert codes(gated.look("quorum")) == ["CHAT_UNREADABLE"]
    assert len(approvals(gated)) == 3


def test_f60_a_veto_given_in_slack_holds_while_slack_is_silent(gated):
    gated.react("goran", "no_entry")
    gated.quorum()
    assert codes(gated.look("quorum")) == ["VETOED"]
    gated.slack_down()
    assert codes(gated.look("quorum")) == ["VETOED", "CHAT_UNREADABLE"]


def test_f60_a_veto_that_slack_had_seen_taken_back_does_not_return_when_slack_falls_silent(gated):
    gated.react("goran", "no_entry")
    gated.look("quorum")
    gated.clock.move(minutes=1)
    gated.unreact("goran", "no_entry")
    gated.look("quorum")
    gated.quorum()
    gated.slack_down()
    assert codes(gated.look("quorum")) == ["CHAT_UNREADABLE"]


def test_f60_a_veto_that_its_voter_replaced_in_slack_does_not_return_when_slack_falls_silent(gated):
    gated.react("goran", "no_entry")
    gated.look("quorum")
    gated.clock.move(minutes=1)
    gated.reply("goran", "LGTM")
    gated.look("quorum")
    gated.quorum()
    gated.slack_down()
    assert codes(gated.look("quorum")) == ["CHAT_UNREADABLE"]


def test_f60_a_limit_of_slack_is_waited_for_and_never_counts_as_silence(gated):
    gated.react("amara")
    gated.slack_fault("rate_limited", "reactions.get", times=9, retry_after=120)
    assert "CHAT_UNREADABLE" in codes(gated.look("quorum"))
    assert sum(gated.slept) == 0
    gated.slack.faults.clear()
    assert approvals(gated) == ["amara"]


def test_a_question_that_could_not_be_asked_is_asked_when_slack_is_back(week):
    from tests.departures.week import WEDNESDAY

    week.staged()
    week.clock.to(WEDNESDAY)
    week.slack_down()
    week.open_promote()
    week.look("quorum")
    assert week.said("Have you tested") == 0
    week.slack_down(down=False)
    week.clock.move(minutes=1)
    week.look("quorum")
    week.look("quorum")
    assert week.said("Have you tested") == 1


def test_opening_the_round_again_after_the_promotion_began_changes_nothing(gated):
    gated.ledger.set_state(gated.departure, DepartureState.PROMOTING, gated.clock(), "ben", "deploying")
    said = len(gated.texts())
    voting.open_round(gated.station(), gated.departure)
    assert gated.ledger.departure(gated.departure).state is DepartureState.PROMOTING
    assert len(gated.texts()) == said


def test_f12_a_gate_that_nobody_answers_is_missed_and_nothing_is_deployed(gated):
    gated.clock.move(hours=8)
    assert gated.look("quorum").verdict == "MISSED"
    assert gated.dispatches() == []
