"""Nothing reaches production against a vote that stands, or by one that does not: the cases V1 … V15 and their kin.

Real hooks against the stand-ins, a clock moved by hand; "deploys" means that GitHub is sent a dispatch.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.departures import changes, voting, without_slack
from stationmaster.departures.counting import count_from_ledger
from stationmaster.hooks.chat_memory import ChatMemory
from tests.departures.test_hotfixes import start
from tests.departures.week import EXPLORER, OPS, PORTAL

SENTENCE = "veto: migration is broken"


@pytest.fixture
def gated(week):
    week.gate()
    return week


def codes(standing):
    return [found.code for found in standing.blockers]


def approvals(week):
    counted, _ = count_from_ledger(week.station(), week.departure)
    return sorted(ballot.voter for ballot in counted.approvals)


def verdict(week):
    """What the deploying task counts."""
    return str(voting.standing(week.station(), week.departure).verdict)


def deploys(week):
    """Go as far as the deploying task goes now, and say whether GitHub was sent anything."""
    week.confirm()
    week.advance_guarded("promote", "portal")
    return bool(week.dispatches())


def others(week):
    """A, E and C approve."""
    week.quorum()


def looked(week, **by):
    """Let a look pass, as the trigger takes it."""
    week.clock.move(**(by or {"seconds": 30}))
    return week.look("quorum")


def delete(week, person, ts):
    week.slack.delete_as(week.slack_of(person), OPS, ts)


def with_quorum(week, **changed):
    train = week.team.train("weekly")
    quorum = train.gates.quorum.model_copy(update=changed)
    strict = train.model_copy(update={"gates": train.gates.model_copy(update={"quorum": quorum})})
    week.team = week.team.model_copy(update={"trains": {"weekly": strict}})


def written(week, title="Fix", **commit):
    """Put one more commit aboard, the only one that production lacks, and open the round in which it is voted on."""
    caught_up(week)
    week.github.push(EXPLORER, title=title, **commit)
    return put_aboard(week)


def caught_up(week):
    """Let production run what stands on main."""
    week.github.settle()
    before = week.manifest_of_heads()
    week.github.deploy(EXPLORER, "prod", before.sha_of("explorer"))
    week.github.deploy(PORTAL, "prod", before.sha_of("portal"))


def put_aboard(week):
    manifest = week.manifest_of_heads()
    week.ledger.pin(week.departure, manifest, week.clock(), "ben")
    changes.collect(week.station(), week.departure, manifest)
    voting.open_round(week.station(), week.departure)
    return manifest


# V1 and V2: what is taken away says nothing.


def test_v01_a_check_mark_that_is_taken_away_lifts_no_veto(gated):
    others(gated)
    gated.react("goran")
    looked(gated)
    gated.reply("goran", SENTENCE)
    looked(gated)
    gated.unreact("goran")
    assert codes(looked(gated)) == ["VETOED"]
    assert verdict(gated) == "DENY"
    assert not deploys(gated)


def test_v01_nor_does_one_that_is_set_after_the_veto(gated):
    """A reaction bears no instant: where the order cannot be known, the veto holds."""
    others(gated)
    gated.reply("goran", SENTENCE)
    assert codes(looked(gated)) == ["VETOED"]
    gated.react("goran")
    assert codes(looked(gated)) == ["VETOED"]
    gated.reply("goran", "withdraw")
    assert looked(gated).opens


def test_v02_nor_one_given_in_airflow(gated):
    others(gated)
    gated.react("goran")
    looked(gated)
    gated.vote("goran", "veto", reason="migration is broken")
    looked(gated)
    gated.unreact("goran")
    assert codes(looked(gated)) == ["VETOED"]
    assert not deploys(gated)


def test_v02_a_newer_word_of_its_author_lifts_it(gated):
    others(gated)
    gated.vote("goran", "veto", reason="migration is broken")
    assert codes(looked(gated)) == ["VETOED"]
    gated.clock.move(minutes=1)
    gated.reply("goran", "LGTM")
    assert looked(gated).opens
    assert "goran" in approvals(gated)


# V3 to V5: replies that are deleted, and by whom.


def test_v03_a_veto_returns_when_the_approval_that_replaced_it_is_deleted(gated):
    others(gated)
    gated.reply("goran", SENTENCE)
    looked(gated)
    lgtm = gated.reply("goran", "LGTM")
    assert looked(gated).opens
    delete(gated, "goran", lgtm)
    assert codes(looked(gated)) == ["VETOED"]
    assert not deploys(gated)


def test_v03_so_it_does_when_only_the_deploying_task_sees_that(gated):
    others(gated)
    gated.reply("goran", SENTENCE)
    lgtm = gated.reply("goran", "LGTM")
    assert looked(gated).opens
    delete(gated, "goran", lgtm)
    assert not deploys(gated)


def test_v04_a_veto_that_was_deleted_holds_until_its_author_says_anything_new_and_they_are_asked_once(gated):
    others(gated)
    gated.reply("goran", "LGTM")
    looked(gated)
    veto = gated.reply("goran", SENTENCE)
    looked(gated)
    gated.slack.users[gated.slack_of("hana")].admin = True
    delete(gated, "hana", veto)
    for _ in range(3):
        assert codes(looked(gated)) == ["VETOED"]
    assert gated.said("your veto is no longer here") == 1
    assert not deploys(gated)
    gated.reply("goran", "LGTM")
    assert looked(gated).opens
    assert "goran" in approvals(gated)


def test_v04_a_veto_that_its_author_edits_away_is_over(gated):
    others(gated)
    veto = gated.reply("goran", SENTENCE)
    assert codes(looked(gated)) == ["VETOED"]
    gated.slack.edit_as(gated.slack_of("goran"), OPS, veto, "I was wrong, it works")
    assert looked(gated).opens
    assert gated.said("your veto is no longer here") == 0


def test_v04_a_reaction_that_vetoed_is_over_when_its_author_takes_it_away(gated):
    others(gated)
    gated.react("goran", "no_entry")
    assert codes(looked(gated)) == ["VETOED"]
    gated.unreact("goran", "no_entry")
    assert looked(gated).opens


def test_v04_a_veto_on_a_question_that_is_deleted_holds(gated):
    others(gated)
    gated.react("goran", "no_entry")
    looked(gated)
    gated.slack.delete(OPS, gated.question())
    looked(gated)
    assert codes(looked(gated)) == ["VETOED"]
    gated.reply("goran", "withdraw")
    assert looked(gated).opens


def test_v05_a_check_mark_counts_when_the_reply_beside_it_is_deleted(gated):
    lgtm = gated.reply("goran", "LGTM")
    gated.react("goran")
    looked(gated)
    delete(gated, "goran", lgtm)
    looked(gated)
    assert approvals(gated) == ["goran"]


def test_v05_nothing_that_is_no_longer_shown_is_an_approval(gated):
    lgtm = gated.reply("goran", "LGTM")
    gated.react("emil")
    looked(gated)
    assert approvals(gated) == ["emil", "goran"]
    delete(gated, "goran", lgtm)
    gated.unreact("emil")
    looked(gated)
    assert approvals(gated) == []


# V6: a statement is about what its author was shown.


@pytest.mark.parametrize("later", [{"seconds": 2}, {"hours": 1}])
def test_v06_what_is_said_before_the_question_of_the_new_round_is_about_the_old_one(gated, later):
    gated.clock.move(minutes=5)
    second = gated.repin()
    gated.slack_fault("server_error_before", "chat.postMessage", times=10_000)
    gated.slack_fault("server_error_before", "chat.update", times=10_000)
    voting.open_round(gated.station(), gated.departure)
    for person in ("amara", "emil", "chiara"):
        gated.reply(person, "LGTM")
    assert "CHAT_UNREADABLE" in codes(gated.look("quorum"))
    gated.slack.faults.clear()
    gated.clock.move(**later)
    looked(gated)
    assert gated.ledger.manifest_of(gated.departure).hash == second.hash
    assert gated.question(2) > max(each.ts for each in gated.slack.messages[OPS] if each.text == "LGTM")
    assert codes(looked(gated)) == ["QUORUM_MISSING"]
    assert approvals(gated) == []
    assert not deploys(gated)
    for person in ("amara", "emil", "chiara"):
        gated.reply(person, "LGTM")
    assert looked(gated).opens


def test_v06_an_old_reply_that_is_edited_approves_nothing_new_and_may_veto_it(gated):
    old = {person: gated.reply(person, "looking") for person in ("amara", "emil", "chiara", "goran")}
    gated.clock.move(minutes=5)
    gated.repin()
    voting.open_round(gated.station(), gated.departure)
    gated.clock.move(minutes=1)
    for person in ("amara", "emil", "chiara"):
        gated.slack.edit_as(gated.slack_of(person), OPS, old[person], "LGTM")
    looked(gated)
    assert approvals(gated) == []
    others(gated)
    assert looked(gated).opens
    gated.slack.edit_as(gated.slack_of("goran"), OPS, old["goran"], SENTENCE)
    assert codes(looked(gated)) == ["VETOED"]


def test_v06_a_veto_may_name_the_commit_that_it_is_about(gated):
    others(gated)
    sha = gated.ledger.manifest_of(gated.departure).sha_of("explorer")
    gated.reply("goran", f"veto {sha[:10]}: it drops a table")
    assert verdict(gated) == "DENY"


# V7 and V8: words.


@pytest.mark.parametrize("text", ["LGTM :-1:", "LGTM 👎", "+1 :no_entry:", "approved 🖕", "LGTM, veto next time"])
def test_v07_an_approval_with_an_unfriendly_emoji_is_none_and_holds_until_its_author_says_which(gated, text):
    others(gated)
    gated.reply("goran", text)
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]
    assert "goran" not in approvals(gated)
    looked(gated)
    assert gated.said("The train waits until you say which.") == 1
    assert not deploys(gated)
    gated.reply("goran", "LGTM")
    assert looked(gated).opens
    assert "goran" in approvals(gated)


def test_v07_a_reaction_that_can_hardly_approve_holds_too(gated):
    others(gated)
    gated.react("goran", "octagonal_sign")
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]
    gated.unreact("goran", "octagonal_sign")
    assert looked(gated).opens


def test_v07_what_is_unclear_holds_after_it_was_deleted(gated):
    others(gated)
    unclear = gated.reply("goran", "LGTM :-1:")
    looked(gated)
    delete(gated, "goran", unclear)
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]


def test_v07_the_person_who_gives_the_final_go_and_one_other_voter_may_pass_over_it(gated):
    others(gated)
    gated.reply("goran", "LGTM :-1:")
    looked(gated)
    whom = f"pass over <@{gated.slack_of('goran')}>"
    gated.reply("emil", whom)
    gated.reply("amara", whom)  # two voters, neither of whom gives the final go
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]
    conductor = gated.station().conductor.id
    mine = gated.reply(conductor, whom)
    assert looked(gated).opens
    facts = gated.ledger.facts(gated.departure, "pass_over")
    assert {fact.value["by"] for fact in facts} == {"emil", "amara", conductor}
    delete(gated, conductor, mine)
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]


def test_v07_nobody_passes_over_what_is_said_afterwards_nor_over_a_plain_veto(gated):
    others(gated)
    whom = f"pass over <@{gated.slack_of('goran')}>"
    for person in ("emil", gated.station().conductor.id):
        gated.reply(person, whom)
    gated.reply("goran", "LGTM :-1:")
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]
    gated.reply("goran", SENTENCE)
    for person in ("emil", gated.station().conductor.id):
        gated.reply(person, whom)
    assert codes(looked(gated)) == ["VETOED"]


def test_v07_who_was_unclear_does_not_pass_over_it(gated):
    others(gated)
    conductor = gated.station().conductor.id
    gated.reply(conductor, "LGTM :-1:")
    looked(gated)
    whom = f"pass over <@{gated.slack_of(conductor)}>"
    for person in (conductor, "emil"):
        gated.reply(person, whom)
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]


VETOES = (
    *("–1", "−1", "—1", "I veto this", "NACK", "No, do not ship", "> LGTM\nveto: broken", "&gt; LGTM\nveto: broken"),
    *(
        "veto",
        "stop",
        "no go",
        "No-go: it is broken",
        "we should not ship this",
        "👎",
        ":no_entry: broken",
        "don’t deploy",
    ),
    *("LGTM\n-1", "ve\u200bto", "please stop the train", "hmm, -1 from me"),
    *("-1. It drops the table.", "Véto : la migration est cassée", "➖1"),
)


@pytest.mark.parametrize("text", VETOES)
def test_v08_whatever_can_only_be_meant_as_a_veto_is_one(gated, text):
    others(gated)
    gated.reply("goran", text)
    assert verdict(gated) == "DENY"


@pytest.mark.parametrize(
    "text",
    [
        *("not sure about this veto thing", "LGTM but veto", "> veto: broken\nLGTM", "no -1 here"),
        *("> veto: broken\nI agree with this", "🙅", "LGTM 🙅", "LGTM, no wait: -1.", "withdraw my LGTM, it is broken"),
    ],
)
def test_v08_what_may_be_a_veto_holds(gated, text):
    others(gated)
    gated.reply("goran", text)
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]


@pytest.mark.parametrize(
    "text", ["withdraw, and -1.", "withdraw - no, wait, I keep it", "I withdraw: it is still broken"]
)
def test_a7_a_withdrawal_that_is_not_plain_lifts_no_veto(gated, text):
    others(gated)
    gated.reply("goran", SENTENCE)
    gated.reply("goran", text)
    assert codes(looked(gated)) == ["VETOED"]
    gated.reply("goran", "withdraw :pray:")
    assert looked(gated).opens


def test_v08_what_is_neither_is_answered_once_and_holds_nothing(gated):
    others(gated)
    for text in ("the search looks odd to me", "on Firefox only", "LGTM, but wait for #12"):
        gated.reply("goran", text)
    assert looked(gated).opens
    looked(gated)
    assert gated.said("neither an approval nor a veto") == 1
    gated.slack.post_as("U0STRANGER", OPS, "what is this?", thread_ts=gated.thread())
    looked(gated)
    assert gated.said("neither an approval nor a veto") == 1


# V9: accounts.


NO_MEMBERS = [
    ({"deleted": True}, "deactivated"),
    ({"guest": True}, "guest"),
    ({"ultra_guest": True}, "guest"),
    ({"team": "T0ELSEWHERE"}, "stranger"),
    ({"bot": True}, "bot"),
]


def becomes(week, account, state):
    for name, value in state.items():
        setattr(week.slack.users[account], name, value)


@pytest.mark.parametrize(("state", "reason"), NO_MEMBERS)
def test_v09_an_account_votes_only_while_it_is_an_active_full_member(gated, state, reason):
    gated.vote("amara")
    gated.vote("emil")
    gated.react("goran")
    assert looked(gated).opens
    becomes(gated, gated.slack_of("goran"), state)
    assert verdict(gated) == "WAIT"
    counted, _ = count_from_ledger(gated.station(), gated.departure)
    assert (gated.slack_of("goran"), reason) in {(each.ballot.account, each.reason) for each in counted.ignored}
    assert not deploys(gated)
    # A look that is due within minutes goes by what it was told; the next one says so.
    found = looked(gated, minutes=6)
    assert codes(found) == ["QUORUM_MISSING", "ACCOUNT_CANNOT_VOTE"]


def test_v09_whoever_deploys_asks_anew_what_an_account_is(gated):
    gated.vote("amara")
    gated.vote("emil")
    gated.react("goran")
    assert looked(gated).opens
    gated.slack.users[gated.slack_of("goran")].deleted = True
    assert looked(gated).opens  # by what was told within the last minutes
    assert not deploys(gated)


@pytest.mark.parametrize(("state", "reason"), NO_MEMBERS)
def test_v09_the_veto_of_an_account_that_is_no_member_since_holds(gated, state, reason):
    others(gated)
    gated.reply("goran", SENTENCE)
    looked(gated)
    becomes(gated, gated.slack_of("goran"), state)
    assert verdict(gated) == "DENY"


@pytest.mark.parametrize("text", ["LGTM", "withdraw"])
@pytest.mark.parametrize(("state", "reason"), NO_MEMBERS)
def test_a5_what_an_account_says_that_may_not_vote_lifts_no_veto(gated, state, reason, text):
    others(gated)
    gated.reply("goran", SENTENCE)
    looked(gated)
    gated.reply("goran", text)
    becomes(gated, gated.slack_of("goran"), state)
    assert codes(looked(gated, minutes=6)) == ["VETOED", "ACCOUNT_CANNOT_VOTE"]
    assert verdict(gated) == "DENY"
    assert not deploys(gated)


def test_a5_nor_does_what_the_second_account_of_a_person_says_that_is_a_guests(gated):
    others(gated)
    one, two = gated.team.people["devika"].slack
    gated.slack.post_as(one, OPS, SENTENCE, thread_ts=gated.thread())
    looked(gated)
    gated.slack.users[two].guest = True
    gated.slack.post_as(two, OPS, "LGTM", thread_ts=gated.thread())
    assert codes(looked(gated, minutes=6)) == ["VETOED", "ACCOUNT_CANNOT_VOTE"]
    assert not deploys(gated)
    gated.slack.post_as(one, OPS, "withdraw", thread_ts=gated.thread())
    assert looked(gated).opens


def test_v09_a_person_with_two_accounts_is_one_vote_and_the_other_account_counts(gated):
    one, two = gated.team.people["devika"].slack
    gated.slack.react_as(one, OPS, gated.question(), "+1")
    gated.slack.react_as(two, OPS, gated.question(), "+1")
    looked(gated)
    assert approvals(gated) == ["devika"]
    gated.slack.users[one].deleted = True
    looked(gated, minutes=6)
    assert approvals(gated) == ["devika"]
    gated.slack.post_as(two, OPS, "veto: no", thread_ts=gated.thread())
    assert verdict(gated) == "DENY"


def test_v09_slack_that_does_not_say_what_an_account_is_holds(gated):
    gated.react("amara")
    gated.vote("emil")
    gated.vote("chiara")
    gated.slack_fault("error", "users.info", times=99, error="missing_scope")
    assert codes(looked(gated))[-1] == "CHAT_UNREADABLE"
    assert not deploys(gated)


# V10: Slack that cannot be read.


def test_v10_while_slack_limits_us_a_veto_may_stand_there(gated):
    looked(gated)
    gated.slack_fault("rate_limited", "conversations.replies", times=99, retry_after=60)
    gated.reply("goran", "veto: it deletes data")
    others(gated)
    assert codes(looked(gated)) == ["CHAT_UNREADABLE"]
    assert not deploys(gated)
    gated.slack.faults.clear()
    assert codes(looked(gated)) == ["VETOED"]


@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found", "token_revoked", "missing_scope"])
def test_v10_an_app_that_was_removed_is_no_outage_and_what_it_had_read_counts(gated, error):
    others(gated)
    gated.reply("goran", SENTENCE)
    looked(gated)
    gated.slack_fault("error", times=10_000, error=error)
    assert codes(looked(gated)) == ["VETOED", "CHAT_UNREADABLE"]
    manifest = gated.ledger.manifest_of(gated.departure).hash
    assert not without_slack.say(gated.station(), gated.departure, manifest, "emil", final=False)


def test_v10_an_app_that_is_thrown_out_of_the_channel_holds_the_gate(gated):
    others(gated)
    looked(gated)
    channel = gated.slack.channels[OPS]
    channel.members = [each for each in channel.members if each != "U0STATION1"]
    assert codes(looked(gated)) == ["CHAT_UNREADABLE"]
    assert not deploys(gated)


def agree(week, *people):
    """Say to go without Slack, as the forms do; the first gives the final go."""
    manifest = week.ledger.manifest_of(week.departure).hash
    return [
        without_slack.say(week.station(), week.departure, manifest, person, final=number == 0)
        for number, person in enumerate(people)
    ]


def test_v10_two_people_may_go_without_a_slack_that_is_out(gated):
    others(gated)
    looked(gated)
    gated.slack_down()
    assert codes(looked(gated)) == ["CHAT_UNREADABLE"]
    conductor = gated.station().conductor.id
    assert agree(gated, conductor) == [True]
    assert verdict(gated) == "WAIT"
    agree(gated, conductor, conductor)  # one person twice is not two
    assert verdict(gated) == "WAIT"
    agree(gated, conductor, "jules")  # who is no voter
    assert verdict(gated) == "WAIT"
    agree(gated, conductor, "emil")
    assert verdict(gated) == "PASS"
    assert deploys(gated)
    (fact,) = gated.ledger.facts(gated.departure, voting.WENT_WITHOUT_SLACK)
    assert fact.value["people"] == [conductor, "emil"]
    gated.slack_down(down=False)
    gated.clock.move(minutes=1)
    from stationmaster.departures import telling

    telling.tell_again(gated.station())
    assert gated.said("Slack was out when the votes were counted") == 1


def test_v10_what_was_said_in_an_outage_ends_with_it(gated):
    others(gated)
    looked(gated)
    gated.slack_down()
    looked(gated)
    agree(gated, gated.station().conductor.id, "emil")
    gated.slack_down(down=False)
    assert looked(gated).opens
    gated.slack_down()
    assert codes(looked(gated)) == ["CHAT_UNREADABLE"]


def test_v10_a_veto_that_was_read_counts_whoever_goes_without_slack(gated):
    others(gated)
    gated.reply("goran", SENTENCE)
    looked(gated)
    gated.slack_down()
    looked(gated)
    agree(gated, gated.station().conductor.id, "emil")
    assert verdict(gated) == "DENY"


def test_v10_approvals_in_slack_do_not_count_without_it(gated):
    gated.vote("amara")
    gated.vote("emil")
    gated.react("chiara")
    assert looked(gated).opens
    gated.slack_down()
    looked(gated)
    agree(gated, gated.station().conductor.id, "emil")
    assert verdict(gated) == "WAIT"


def test_v10_a_flooded_thread_is_unreadable_until_it_was_read_to_its_end(gated):
    """Two replies a call and three calls a minute stand for thousands of both."""
    gated.shared_chat._memory = ChatMemory(page=2, pages_a_minute=3)
    others(gated)
    for number in range(9):
        gated.reply("hana", f"and {number}")
    gated.reply("goran", SENTENCE)
    found = gated.look("quorum")
    assert codes(found) == ["CHAT_UNREADABLE"]
    assert "6 replies of" in found.blockers[0].sentence
    assert not deploys(gated)
    assert codes(looked(gated, minutes=2)) == ["VETOED"]
    gated.reply("goran", "withdraw")
    assert codes(looked(gated, minutes=2)) == []
    asked = sum(entry.method == "conversations.replies" for entry in gated.slack.journal)
    looked(gated, minutes=2)
    assert sum(entry.method == "conversations.replies" for entry in gated.slack.journal) == asked + 1
    # Whoever deploys reads all of it anew, over as many looks as it takes.
    assert verdict(gated) == "WAIT"
    gated.clock.move(minutes=2)
    assert verdict(gated) == "WAIT"
    gated.clock.move(minutes=2)
    assert verdict(gated) == "PASS"


# V11 and V12: clocks.


def test_v11_a_veto_from_a_clock_that_is_ahead_counts(gated):
    others(gated)
    gated.clock.move(seconds=20)
    gated.vote("goran", "veto")
    gated.clock.instant -= timedelta(seconds=20)
    assert verdict(gated) == "DENY"
    assert not deploys(gated)


def test_v11_an_approval_from_a_clock_that_is_ahead_waits_and_lifts_no_veto_that_came_after_it(gated):
    gated.vote("emil")
    gated.vote("chiara")
    here = gated.clock()
    gated.clock.move(minutes=2)
    gated.vote("goran")
    gated.clock.instant = here + timedelta(seconds=5)
    assert codes(gated.look("quorum")) == ["QUORUM_MISSING"]
    gated.vote("amara")
    gated.clock.move(minutes=1)
    gated.reply("goran", SENTENCE)
    assert codes(gated.look("quorum")) == ["VETOED"]
    gated.clock.move(minutes=3)
    assert verdict(gated) == "DENY"


def test_v11_an_approval_from_a_clock_that_is_ahead_was_made_before_it_was_seen(gated):
    """A minute after the veto, not the ten minutes that its worker's clock says."""
    others(gated)
    gated.reply("goran", SENTENCE)
    looked(gated)
    here = gated.clock()
    gated.clock.move(minutes=10)
    gated.vote("goran")
    gated.clock.instant = here
    assert codes(looked(gated)) == ["VETOED"]
    assert codes(looked(gated, minutes=20)) == ["VETOED"]
    gated.reply("goran", "LGTM")
    assert looked(gated).opens


@pytest.mark.parametrize("ahead", [-120, 120])
def test_v12_a_reply_counts_by_slacks_own_stamps(week, ahead):
    """Under the question and after it, whatever our clock says of it; an approval from ahead waits."""
    week.slack.skew = timedelta(seconds=ahead)
    week.gate()
    for person in ("amara", "emil", "chiara"):
        week.reply(person, "LGTM")
    looked(week)
    assert approvals(week) == ([] if ahead > 0 else ["amara", "chiara", "emil"])
    looked(week, minutes=2, seconds=10)
    assert approvals(week) == ["amara", "chiara", "emil"]
    week.reply("goran", SENTENCE)
    assert verdict(week) == "DENY"
    week.reply("goran", "LGTM")
    looked(week, minutes=3)
    assert verdict(week) == "PASS"


def behind(week, **by):
    """The clock of one worker, that much behind the others'; the next look is by theirs again."""
    here = week.clock()
    week.clock.instant -= timedelta(**by)
    return here


@pytest.mark.parametrize("place", ["slack", "airflow"])
def test_a4_a_veto_by_a_worker_whose_clock_is_behind_is_newer_than_what_was_kept_before_it(gated, place):
    others(gated)
    if place == "slack":
        gated.reply("goran", "LGTM")
    else:
        gated.vote("goran")
    looked(gated)
    here = behind(gated, minutes=10)
    gated.vote("goran", "veto", reason="broken")
    gated.clock.instant = here + timedelta(seconds=1)
    assert codes(looked(gated)) == ["VETOED"]
    assert verdict(gated) == "DENY"
    assert not deploys(gated)


@pytest.mark.parametrize("outage", [False, True])
@pytest.mark.parametrize("ahead", [-120, 120])
@pytest.mark.parametrize("veto_in", ["slack", "airflow"])
def test_a4_two_minutes_between_slacks_clock_and_ours_lift_no_veto(week, ahead, outage, veto_in):
    week.slack.skew = timedelta(seconds=ahead)
    if outage:
        week.slack_down()
        week.gate()
        week.clock.move(minutes=60)
        week.look("quorum")
        week.slack_down(down=False)
        looked(week, minutes=1)
    else:
        week.gate()
    others(week)
    looked(week, minutes=4)
    if veto_in == "slack":
        week.vote("goran")
        looked(week, seconds=60)
        week.reply("goran", SENTENCE)
    else:
        week.reply("goran", "LGTM")
        week.clock.move(seconds=30)
        week.vote("goran", "veto", reason="broken")
    for minutes in (1, 5, 30):
        assert codes(looked(week, minutes=minutes)) == ["VETOED"]
    assert not deploys(week)
    week.reply("goran", "withdraw")
    assert looked(week, minutes=3).opens


def test_a4_nor_does_a_clock_of_slacks_that_jumps_after_the_question(gated):
    others(gated)
    looked(gated)
    gated.slack.skew = timedelta(minutes=2)
    gated.reply("goran", "LGTM")
    gated.clock.move(seconds=30)
    gated.vote("goran", "veto", reason="broken")
    for seconds in (10, 300, 600):
        assert codes(looked(gated, seconds=seconds)) == ["VETOED"]
    gated.reply("goran", "LGTM")
    assert looked(gated, minutes=3).opens


def test_a4_an_approval_in_airflow_soon_after_a_veto_in_slack_lifts_nothing_and_its_author_hears_how(gated):
    others(gated)
    gated.reply("goran", SENTENCE)
    looked(gated)
    gated.vote("goran")
    for minutes in (1, 30):
        assert codes(looked(gated, minutes=minutes)) == ["VETOED"]
    assert gated.said("nobody knows which is the newer one") == 1
    gated.reply("goran", "LGTM")
    assert looked(gated).opens
    assert "goran" in approvals(gated)


def test_a4_one_long_after_it_lifts_it(gated):
    others(gated)
    gated.reply("goran", SENTENCE)
    assert codes(looked(gated)) == ["VETOED"]
    gated.clock.move(minutes=6)
    gated.vote("goran")
    assert looked(gated).opens
    assert gated.said("nobody knows which is the newer one") == 0


@pytest.mark.parametrize("place", ["airflow", "reaction"])
def test_a4_a_veto_that_is_no_reply_is_shown_to_be_heard_and_what_stands_below_that_is_newer(gated, place):
    """Whatever Slack's clock says of it: the answer of ours bears its stamps, too."""
    gated.slack.skew = timedelta(minutes=-10)
    others(gated)
    if place == "airflow":
        gated.vote("goran", "veto", reason="broken")
    else:
        gated.react("goran", "no_entry")
    gated.reply("goran", "LGTM")  # before that, and who knows whether before the veto
    for _ in range(2):
        assert codes(looked(gated)) == ["VETOED"]
    assert gated.said("your veto is heard") == 1
    gated.reply("goran", "LGTM")
    assert looked(gated).opens


def test_a4_a_reaction_that_was_seen_with_a_withdrawal_is_no_newer_approval(gated, monkeypatch):
    """By a clock that goes on while the look lasts."""
    ticks = iter(range(10**6))
    gated.vote("amara")
    gated.vote("emil")
    gated.react("goran")
    gated.reply("goran", "withdraw")
    start = gated.clock()
    station = gated.station(now=lambda: start + timedelta(milliseconds=10 * next(ticks)))
    assert not voting.standing(station, gated.departure).opens
    assert approvals(gated) == ["amara", "emil"]


# A6: passing over is about what was shown.


def passed_over(week, person):
    """The two who may pass over what a person wrote."""
    whom = f"pass over <@{week.slack_of(person)}>"
    for voter in ("emil", week.station().conductor.id):
        week.reply(voter, whom)


@pytest.mark.parametrize("text", ["LGTM, no: I must veto, it deletes data", "LGTM 👎"])
def test_a6_words_that_were_passed_over_are_new_words_once_they_are_edited(gated, text):
    others(gated)
    reply = gated.reply("goran", "LGTM :-1:")
    looked(gated)
    passed_over(gated, "goran")
    assert looked(gated).opens
    gated.slack.edit_as(gated.slack_of("goran"), OPS, reply, text)
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]
    assert not deploys(gated)
    gated.clock.move(seconds=1)
    passed_over(gated, "goran")
    assert looked(gated).opens


@pytest.mark.parametrize("ahead", [0, 120])
@pytest.mark.parametrize("again", [["octagonal_sign"], ["x"]])
def test_a6_an_emoji_that_is_set_again_or_beside_it_is_new(gated, again, ahead):
    gated.slack.skew = timedelta(seconds=ahead)
    others(gated)
    gated.react("goran", "octagonal_sign")
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]
    passed_over(gated, "goran")
    assert looked(gated).opens
    if again == ["octagonal_sign"]:
        gated.unreact("goran", "octagonal_sign")
        looked(gated)
    for emoji in again:
        gated.react("goran", emoji)
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]
    assert not deploys(gated)
    passed_over(gated, "goran")
    assert looked(gated).opens


def test_a6_nobody_passes_over_an_emoji_before_it_is_shown_to_be_heard(gated):
    others(gated)
    looked(gated)
    gated.slack.skew = timedelta(minutes=2)
    passed_over(gated, "goran")
    gated.react("goran", "octagonal_sign")
    assert codes(looked(gated)) == ["OBJECTION_UNCLEAR"]


# V13 to V15: authors.


def test_v13_until_it_is_known_who_wrote_it_the_tally_waits(gated):
    with_quorum(gated, authors_may_vote=False, needed=1)
    gated.github.push(EXPLORER, title="Fix", author="dev-30")  # emil's
    manifest = gated.manifest_of_heads()
    gated.ledger.pin(gated.departure, manifest, gated.clock(), "ben")  # and here the worker ends
    voting.open_round(gated.station(), gated.departure)
    gated.vote("emil")
    counted, _ = count_from_ledger(gated.station(), gated.departure)
    assert (counted.verdict, counted.authors) == ("WAIT", "unread")
    gated.fault("bad_gateway_before", "/compare", times=99)
    found = looked(gated)
    assert "AUTHORS_UNREAD" in codes(found)
    assert not deploys(gated)
    gated.github.faults.clear()
    found = looked(gated)
    assert codes(found) == ["QUORUM_MISSING"]
    counted, _ = count_from_ledger(gated.station(), gated.departure)
    assert ("emil", "author") in {(each.ballot.voter, each.reason) for each in counted.ignored}


def test_v14_an_author_whom_github_does_not_know_costs_one_approval_more(week):
    """A hotfix with one approval: its author, a voter, says LGTM alone."""
    week.github.push(EXPLORER, title="Fix", author="Amara Osei", author_email="amara@home.example", linked=False)
    start(week)
    voting.open_round(week.station(), week.departure)
    week.vote("amara")
    found = voting.standing(week.station(), week.departure)
    assert codes(found) == ["QUORUM_MISSING"]
    assert "1 of 2 approvals" in found.blockers[0].sentence
    assert "GitHub does not prove who wrote all of it" in found.blockers[0].sentence
    week.vote("emil")
    assert voting.standing(week.station(), week.departure).opens


def test_v14_where_the_file_says_wait_it_waits_until_github_knows_them(gated):
    with_quorum(gated, authors_may_vote=False, unknown_author="wait")
    manifest = written(gated, author="Amara Osei", author_email="amara@home.example", linked=False)
    for person in ("ben", "emil", "chiara", "hana"):
        gated.vote(person)
    assert codes(looked(gated)) == ["AUTHOR_UNPROVED"]
    record = gated.github.repository(EXPLORER).record.commits[manifest.sha_of("explorer")]
    record.linked, record.author = True, "dev-12"  # ben's: he wrote it at home
    assert codes(looked(gated)) == ["AUTHOR_UNPROVED"]
    assert looked(gated, minutes=11).opens
    assert approvals(gated) == ["chiara", "emil", "hana"]


def test_v15_a_trailer_proves_nobody_they_keep_their_vote_and_one_more_is_needed(gated):
    with_quorum(gated, authors_may_vote=False)
    written(gated, "Fix\n\nCo-authored-by: Emil Novak <emil@home.example>", author="dev-90")
    for person in ("amara", "emil", "chiara"):
        gated.vote(person)
    assert codes(looked(gated)) == ["QUORUM_MISSING"]
    assert approvals(gated) == ["amara", "chiara", "emil"]
    gated.vote("hana")
    assert looked(gated).opens


def test_v15_one_more_is_needed_from_somebody_whom_no_trailer_names(gated):
    """Four co-authors; of a gate that needs one, all four are not enough."""
    with_quorum(gated, authors_may_vote=False, needed=1)
    named = [gated.team.people[person].name for person in ("amara", "emil", "chiara", "hana")]
    trailers = "\n".join(f"Co-authored-by: {name} <x-{n}@home.example>" for n, name in enumerate(named))
    written(gated, f"Fix\n\n{trailers}", author="dev-90")
    for person in ("amara", "emil", "chiara", "hana"):
        gated.vote(person)
    assert codes(looked(gated)) == ["QUORUM_MISSING"]
    gated.vote("goran")
    assert looked(gated).opens


@pytest.mark.parametrize(
    ("title", "commit"),
    [
        ("Bump it", {"author": "dependabot[bot]", "verified": True}),
        ("Bump it", {"author": "dependabot[bot]", "committer": "web-flow", "verified": True}),
        ("Bump\n\nCo-authored-by: renovate[bot] <29+renovate[bot]@users.noreply.github.com>", {"author": "dev-90"}),
        ("Merge it", {"author": "dev-90", "committer": "web-flow"}),
        ("Fix\n\nCo-authored-by: Nobody New <dev-90@users.noreply.example>", {"author": "dev-90"}),
        ("Fix\n\nCo-authored-by: Same <1+dev-90@users.noreply.github.com>", {"author": "dev-90"}),
    ],
)
def test_v15_robots_and_whom_github_proves_cost_nothing(gated, title, commit):
    with_quorum(gated, authors_may_vote=False)
    written(gated, title, **commit)
    others(gated)
    assert looked(gated).opens


@pytest.mark.parametrize(
    "commit",
    [{"author": "dependabot[bot]"}, {"author": "dependabot[bot]", "committer": "web-flow"}, {"author": "web-flow"}],
)
def test_v15_a_mail_address_of_a_robot_or_of_github_itself_proves_nobody(gated, commit):
    with_quorum(gated, authors_may_vote=False, needed=1)
    written(gated, "Bump it", **commit)
    gated.vote("emil")
    assert codes(looked(gated)) == ["QUORUM_MISSING"]
    gated.vote("amara")
    assert looked(gated).opens


def test_v15_who_committed_it_is_an_author(gated):
    with_quorum(gated, authors_may_vote=False, needed=1)
    written(gated, author="dev-90", committer="dev-30")  # emil's
    gated.vote("emil")
    assert codes(looked(gated)) == ["QUORUM_MISSING"]
    gated.vote("amara")
    assert looked(gated).opens


def test_v15_an_unknown_committer_costs_one_approval_more(gated):
    with_quorum(gated, authors_may_vote=False)
    written(gated, author="dev-90", committer="")
    others(gated)
    assert codes(looked(gated)) == ["QUORUM_MISSING"]


def test_v15_never_more_than_there_are_voters(gated):
    with_quorum(gated, authors_may_vote=False, needed=9)
    written(gated, author="Somebody", author_email="some@home.example", linked=False)
    for person in gated.team.groups["engineers"]:
        gated.vote(person)
    assert looked(gated).opens


def test_v15_where_authors_may_vote_nothing_hangs_on_who_they_are(gated):
    written(gated, author="Somebody", author_email="some@home.example", linked=False)
    others(gated)
    assert looked(gated).opens
