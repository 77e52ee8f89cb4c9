"""The laws of votes, whatever was said, in whatever order, and whatever of it is still shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from stationmaster.core.quorum import BETWEEN_CLOCKS, Ballot, Channel, Elector, QuorumPolicy, Tally, tally

NOW = datetime(2021, 11, 3, 17, tzinfo=UTC)
MANIFEST = "a" * 64
PEOPLE = ("ada", "ben", "cleo")
ELECTORATE = tuple(Elector(person=person) for person in PEOPLE)
TWO = QuorumPolicy(mode="quorum", needed=2)
PLACES = st.sampled_from(["airflow", "slack_reaction", "slack_reply"])


@st.composite
def statements(draw: Any, voters: tuple[str, ...] = PEOPLE) -> Ballot:
    channel = draw(PLACES)
    at = NOW + timedelta(seconds=draw(st.integers(-600, 60)))
    gone = None if channel == "airflow" else draw(st.sampled_from([None, None, "author", "unclear"]))
    return Ballot(
        voter=draw(st.sampled_from(voters)),
        account=draw(st.sampled_from(["U1", "U2"])),
        channel=channel,
        choice=draw(st.sampled_from(["approve", "approve", "veto", "withdraw", "unclear"])),
        manifest=MANIFEST,
        cast_at=at,
        place="" if channel == "airflow" else f"{channel}/{draw(st.integers(0, 10**6))}",
        certain=channel != "slack_reaction",
        seen_at=None if channel == "airflow" else at + timedelta(seconds=draw(st.integers(0, 60))),
        gone=gone,
        gone_at=None if gone is None else NOW,
    )


SETS = st.lists(statements(), max_size=10)


def count(ballots: list[Ballot], **given: Any) -> Tally:
    return tally(TWO, ELECTORATE, ballots, MANIFEST, NOW, **given)


@settings(max_examples=300)
@given(SETS, st.sampled_from(PEOPLE), st.sampled_from(["airflow", "slack_reply"]))
def test_while_a_veto_is_shown_and_nothing_newer_of_its_author_is_it_denies(ballots, person, channel) -> None:
    mine = [ballot.cast_at for ballot in ballots if ballot.voter == person and ballot.shown]
    at = max([*mine, NOW - timedelta(seconds=600)]) + timedelta(seconds=1)
    veto = Ballot(voter=person, account="U1", channel=channel, choice="veto", manifest=MANIFEST, cast_at=at, place="v")
    assert count([*ballots, veto]).verdict == "DENY"


@settings(max_examples=300)
@given(SETS, st.sampled_from(["author", "unclear"]), st.integers(0, 9))
def test_taking_an_approval_away_never_turns_deny_into_pass(ballots, gone, which) -> None:
    approvals = [ballot for ballot in ballots if ballot.choice == "approve" and ballot.shown]
    if not approvals:
        return
    taken = approvals[which % len(approvals)]
    rest = [ballot for ballot in ballots if ballot is not taken]
    before = count(ballots).verdict
    for after in (rest, [*rest, taken.model_copy(update={"gone": gone, "gone_at": NOW})]):
        assert not (before == "DENY" and count(after).verdict != "DENY")
        assert not (before == "WAIT" and count(after).verdict == "PASS")


@settings(max_examples=300)
@given(SETS)
def test_what_is_not_shown_is_no_approval_and_lifts_nothing(ballots) -> None:
    counted = count(ballots)
    assert all(ballot.shown for ballot in counted.approvals)
    left = [ballot for ballot in ballots if ballot.shown or ballot.choice in ("veto", "unclear")]
    assert count(left).verdict == counted.verdict


@settings(max_examples=300)
@given(SETS, st.randoms())
def test_the_order_of_reading_does_not_matter_and_a_person_is_one_vote(ballots, chance) -> None:
    mixed = ballots + ballots[:2]
    chance.shuffle(mixed)
    counted = count(mixed)
    assert counted == count(ballots)
    voters = [ballot.voter for ballot in (*counted.approvals, *counted.vetoes, *counted.unclear)]
    assert len(voters) == len(set(voters))


@settings(max_examples=300)
@given(SETS)
def test_what_somebody_else_may_have_deleted_holds_as_if_it_were_shown(ballots) -> None:
    lost = [
        ballot.model_copy(update={"gone": "unclear", "gone_at": NOW})
        if ballot.shown and ballot.channel != "airflow" and ballot.choice in ("veto", "unclear")
        else ballot
        for ballot in ballots
    ]
    assert count(lost).verdict == count(ballots).verdict


@settings(max_examples=300)
@given(SETS, st.sampled_from(PEOPLE))
def test_no_reaction_lifts_a_veto(ballots, person) -> None:
    before = count(ballots)
    late = Ballot(
        voter=person, account="U1", channel="slack_reaction", choice="approve", manifest=MANIFEST, cast_at=NOW,
        place="r", certain=False, seen_at=NOW,
    )  # fmt: skip
    after = count([*ballots, late])
    assert {ballot.voter for ballot in before.vetoes} == {ballot.voter for ballot in after.vetoes}
    assert {ballot.voter for ballot in before.unclear} == {ballot.voter for ballot in after.unclear}


@settings(max_examples=300)
@given(SETS)
def test_no_approval_comes_from_ahead_and_vetoes_do(ballots) -> None:
    counted = count(ballots)
    assert all(ballot.cast_at <= NOW for ballot in counted.approvals)
    ahead = {ballot.voter for ballot in ballots if ballot.shown and ballot.choice == "veto" and ballot.cast_at > NOW}
    later = {ballot.voter for ballot in ballots if ballot.choice in ("withdraw",) and ballot.cast_at > NOW}
    assert ahead - later <= {ballot.voter for ballot in counted.vetoes}


@settings(max_examples=200)
@given(SETS, st.sampled_from(["deactivated", "guest", "stranger", "bot", "unreadable"]))
def test_an_account_that_is_not_heard_approves_and_lifts_nothing_and_its_vetoes_hold(ballots, why) -> None:
    heard, unheard = count(ballots), count(ballots, unheard={"U1": why})
    if why == "unreadable":
        assert unheard.vetoes == heard.vetoes
    else:
        mute = [each for each in ballots if each.in_slack and each.account == "U1" and each.choice != "veto"]
        speechless = count([each for each in ballots if each not in mute or each.choice == "unclear"])
        assert {each.voter for each in speechless.vetoes} == {each.voter for each in unheard.vetoes}
    assert {each.voter for each in heard.vetoes} <= {each.voter for each in unheard.vetoes}
    assert not [ballot for ballot in unheard.approvals if ballot.in_slack and ballot.account == "U1"]
    assert not (unheard.verdict == "PASS" and heard.verdict != "PASS")


@settings(max_examples=200)
@given(SETS)
def test_authors_who_are_doubted_or_unread_never_open_a_gate(ballots) -> None:
    strict = TWO.model_copy(update={"authors_may_vote": False})
    known = tally(strict, ELECTORATE, ballots, MANIFEST, NOW)
    doubted = tally(strict, ELECTORATE, ballots, MANIFEST, NOW, authors="doubted")
    assert doubted.needed == 3
    assert not (doubted.verdict == "PASS" and known.verdict != "PASS")
    assert tally(strict, ELECTORATE, ballots, MANIFEST, NOW, authors="unread").verdict != "PASS"
    wait = strict.model_copy(update={"unknown_author": "wait"})
    assert tally(wait, ELECTORATE, ballots, MANIFEST, NOW, authors="doubted").verdict != "PASS"


def test_two_clocks_within_minutes_have_no_order() -> None:
    veto = Ballot(voter="ada", account="ada", channel="airflow", choice="veto", manifest=MANIFEST, cast_at=NOW)
    for gap, verdict in ((BETWEEN_CLOCKS, "DENY"), (BETWEEN_CLOCKS + timedelta(seconds=1), "WAIT")):
        said = Ballot(
            voter="ada", account="U1", channel="slack_reply", choice="approve", manifest=MANIFEST, cast_at=NOW + gap,
            place="slack_reply/1/2",
        )  # fmt: skip
        assert tally(TWO, ELECTORATE, [veto, said], MANIFEST, NOW + timedelta(hours=1)).verdict == verdict


LIFTS = st.sampled_from(["approve", "withdraw"])
SKEWS = st.integers(-140, 140).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def an_old_word_and_a_veto(draw: Any) -> tuple[Ballot, Ballot]:
    """What a person said, and their veto after it, each by a clock of its own, each read whenever."""
    real, order = NOW - timedelta(hours=2), draw(st.booleans())
    made = [real, real + timedelta(seconds=draw(st.integers(1, 900)))]
    read = [at + timedelta(seconds=draw(st.integers(0, 1800))) for at in made]
    said = []
    slack = draw(SKEWS)
    for number, choice in enumerate((draw(LIFTS), "veto")):
        channel = draw(st.sampled_from(["airflow", "slack_reply"] if number == 0 else get_args(Channel)))
        skew = slack if channel == "slack_reply" else draw(SKEWS)
        seen = read[number] + draw(SKEWS)
        said.append(
            Ballot(
                voter="ada",
                account="U1",
                channel=channel,
                choice=choice,
                manifest=MANIFEST,
                cast_at=seen if channel == "slack_reaction" else made[number] + skew,
                place="" if channel == "airflow" else f"{channel}/{number}",
                certain=channel != "slack_reaction",
                seen_at=seen,
                kept=(sorted(read).index(read[number]) if read[0] != read[1] else (number if order else 1 - number)),
            )
        )
    return said[0], said[1]


@settings(max_examples=500)
@given(an_old_word_and_a_veto())
def test_a4_no_older_word_lifts_a_veto_whatever_the_clocks_say_and_whenever_it_is_read(said) -> None:
    assert count([*said]).verdict == "DENY"


@given(LIFTS, st.sampled_from(["airflow", "slack_reply"]), st.sampled_from(["airflow", "slack_reply"]), st.booleans())
def test_a4_a_veto_is_lifted_by_what_is_certainly_newer(choice, place, channel, heard) -> None:
    """A reply below the reply, or below the message that it was heard; anything that is long after it."""
    at = NOW - timedelta(hours=1)
    veto = Ballot(
        voter="ada", account="U1", channel=place, choice="veto", manifest=MANIFEST, cast_at=at, place=f"{place}/1",
        seen_at=at, kept=1, heard_at=at + timedelta(seconds=5) if heard else None,
    )  # fmt: skip
    said = veto.model_copy(update={"channel": channel, "choice": choice, "place": f"{channel}/2", "kept": 2})
    for seconds, by_slack_alone in ((6, True), (301, False)):
        later = at + timedelta(seconds=seconds)
        lifts = channel == "slack_reply" and (place == "slack_reply" or heard) if by_slack_alone else True
        counted = count([veto, said.model_copy(update={"cast_at": later, "seen_at": later})])
        assert counted.verdict == ("WAIT" if lifts else "DENY")
        assert lifts or [each.reason for each in counted.ignored] == ["unordered"]


def test_a4_what_a_look_had_kept_before_the_veto_is_older_than_it() -> None:
    at = NOW - timedelta(hours=1)
    veto = Ballot(
        voter="ada", account="U1", channel="slack_reply", choice="veto", manifest=MANIFEST, cast_at=at,
        place="slack_reply/2", seen_at=at, kept=2,
    )  # fmt: skip
    for channel in ("airflow", "slack_reply"):
        ahead = {"channel": channel, "choice": "approve", "cast_at": at + timedelta(minutes=30), "place": channel}
        for seen, verdict in ((at - timedelta(seconds=30), "DENY"), (at + timedelta(minutes=30), "WAIT")):
            kept = 1 if verdict == "DENY" else 3
            assert count([veto, veto.model_copy(update={**ahead, "seen_at": seen, "kept": kept})]).verdict == verdict


def test_a4_a_statement_is_no_later_than_any_of_its_clocks_says() -> None:
    """Slack's clock is an hour ahead, and a worker read the reply a minute after the veto: it may be older."""
    at = NOW - timedelta(hours=2)
    veto = Ballot(
        voter="ada", account="ada", channel="airflow", choice="veto", manifest=MANIFEST, cast_at=at, seen_at=at, kept=1
    )
    said = {"channel": "slack_reply", "choice": "approve", "place": "slack_reply/1", "cast_at": at + timedelta(hours=1)}
    reply = veto.model_copy(update={**said, "kept": 2, "seen_at": at + timedelta(minutes=1)})
    assert count([veto, reply]).verdict == "DENY"
    assert count([veto, reply.model_copy(update={"seen_at": at + timedelta(minutes=6)})]).verdict == "WAIT"
    known = {"seen_at": at + timedelta(minutes=6), "made_at": at + timedelta(seconds=5)}
    assert count([veto, reply.model_copy(update=known)]).verdict == "DENY"


def test_a4_an_approval_that_may_be_older_than_a_withdrawal_does_not_count() -> None:
    at = NOW - timedelta(hours=1)
    back = Ballot(
        voter="ada", account="U1", channel="slack_reply", choice="withdraw", manifest=MANIFEST, cast_at=at,
        place="slack_reply/1", seen_at=at, kept=1,
    )  # fmt: skip
    for minutes, reasons in ((1, ["superseded", "unordered"]), (6, ["superseded"])):
        later = at + timedelta(minutes=minutes)
        given = {"channel": "airflow", "choice": "approve", "place": "", "cast_at": later, "seen_at": later, "kept": 2}
        counted = count([back, back.model_copy(update=given)])
        assert sorted(each.reason.replace("withdrawn", "superseded") for each in counted.ignored) == reasons


def test_a_withdrawn_approval_lifts_no_veto_and_a_channel_is_known() -> None:
    veto = Ballot(
        voter="ada", account="U1", channel="slack_reply", choice="veto", manifest=MANIFEST,
        cast_at=NOW - timedelta(minutes=5), place="slack_reply/1/2",
    )  # fmt: skip
    back = veto.model_copy(update={"choice": "withdraw", "cast_at": NOW, "place": "slack_reply/1/3"})
    assert count([veto, back]).verdict == "WAIT"
    assert count([veto, back.model_copy(update={"certain": False})]).verdict == "DENY"
    assert set(get_args(Channel)) >= {"airflow", "slack_reaction", "slack_reply"}
