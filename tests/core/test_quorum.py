"""Counting votes: the laws of :func:`tally`, and the votes that must not count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stationmaster.core.instants import NaiveInstant
from stationmaster.core.quorum import (
    Ballot,
    Channel,
    DuplicateElector,
    Elector,
    IgnoredReason,
    QuorumPolicy,
    Tally,
    tally,
)

NOW = datetime(2021, 11, 3, 17, tzinfo=UTC)
MANIFEST, OTHER = "a" * 64, "b" * 64
PEOPLE = ("ada", "ben", "cleo", "dev", "eve")
ELECTORATE = tuple(Elector(person=person) for person in PEOPLE)
TWO = QuorumPolicy(mode="quorum", needed=2)


def ballot(voter: str | None, choice: str = "approve", minutes: float = -60, **fields: Any) -> Ballot:
    """Return a ballot cast that many minutes after NOW."""
    given = {
        "voter": voter,
        "account": f"U-{voter}",
        "channel": "slack_reply",
        "choice": choice,
        "manifest": MANIFEST,
        "cast_at": NOW + timedelta(minutes=minutes),
    }
    return Ballot.model_validate(given | fields)


def count(*ballots: Ballot, policy: QuorumPolicy = TWO, electorate: tuple[Elector, ...] = ELECTORATE) -> Tally:
    return tally(policy, electorate, ballots, MANIFEST, NOW)


def reasons(counted: Tally) -> list[str]:
    return [ignored.reason for ignored in counted.ignored]


BALLOTS = st.builds(
    ballot,
    st.sampled_from((*PEOPLE, "zoe", None)),
    st.sampled_from(["approve", "approve", "approve", "veto", "withdraw"]),
    st.integers(-6, 1),
    channel=st.sampled_from(get_args(Channel)),
    manifest=st.sampled_from([MANIFEST, MANIFEST, MANIFEST, OTHER]),
    bot=st.sampled_from([False, False, False, True]),
    account=st.sampled_from(["U-1", "U-2"]),
)
BALLOT_SETS = st.lists(BALLOTS, max_size=14)
ELECTORATES = st.lists(
    st.builds(
        Elector,
        person=st.sampled_from(PEOPLE),
        roles=st.frozensets(st.sampled_from(["dev", "qa"])),
        active=st.sampled_from([True, True, False]),
        author=st.booleans(),
    ),
    unique_by=lambda elector: elector.person,
).map(tuple)
RULES = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["quorum", "all_roles", "any_of", "none"]),
        "needed": st.integers(1, 3),
        "roles": st.sampled_from([("dev",), ("dev", "qa")]),
        "authors_may_vote": st.booleans(),
        "veto": st.booleans(),
        "expires_after": st.sampled_from([None, timedelta(minutes=3)]),
    }
)
POLICIES = RULES.map(QuorumPolicy.model_validate)
ANY_POLICIES = st.tuples(RULES, st.sampled_from(["at_promotion", "latch"])).map(
    lambda pair: QuorumPolicy.model_validate(pair[0] | {"decide": pair[1]})
)


@given(ANY_POLICIES, ELECTORATES, BALLOT_SETS, st.randoms())
def test_f13_the_order_of_the_ballots_does_not_matter(
    policy: QuorumPolicy, electorate: tuple[Elector, ...], ballots: list[Ballot], chance: Any
) -> None:
    mixed = ballots + ballots[:3]
    chance.shuffle(mixed)
    people = list(electorate)
    chance.shuffle(people)
    assert tally(policy, people, mixed, MANIFEST, NOW) == tally(policy, electorate, ballots, MANIFEST, NOW)


@given(ANY_POLICIES, ELECTORATES, BALLOT_SETS)
def test_every_ballot_is_counted_or_ignored_exactly_once(
    policy: QuorumPolicy, electorate: tuple[Elector, ...], ballots: list[Ballot]
) -> None:
    counted = tally(policy, electorate, ballots, MANIFEST, NOW)
    told = [*counted.approvals, *counted.vetoes, *(ignored.ballot for ignored in counted.ignored)]
    assert len(told) == len(set(told))
    assert set(told) == set(ballots)


@given(ANY_POLICIES, ELECTORATES, BALLOT_SETS)
def test_f09_one_person_is_one_vote_and_only_the_eligible_have_one(
    policy: QuorumPolicy, electorate: tuple[Elector, ...], ballots: list[Ballot]
) -> None:
    counted = tally(policy, electorate, ballots, MANIFEST, NOW)
    voters = [vote.voter for vote in (*counted.approvals, *counted.vetoes)]
    assert len(voters) == len(set(voters))
    able = {one.person for one in electorate if one.active and (not policy.roles or one.roles & set(policy.roles))}
    assert set(voters) <= able
    for vote in (*counted.approvals, *counted.vetoes):
        assert vote.manifest == MANIFEST
        assert not vote.bot
    assert all(vote.cast_at <= NOW for vote in counted.approvals)


def can_pass(policy: QuorumPolicy, electorate: tuple[Elector, ...]) -> bool:
    """Whether those who may approve are enough, and hold what roles are asked for."""
    may = [each for each in electorate if each.active and (policy.authors_may_vote or not each.author)]
    able = [each for each in may if not policy.roles or each.roles & set(policy.roles)]
    held = {role for each in able for role in each.roles}
    return len(able) >= policy.fewest and (policy.mode != "all_roles" or set(policy.roles) <= held)


@given(POLICIES, ELECTORATES, BALLOT_SETS)
def test_c16_the_verdict_follows_from_the_counted_ballots(
    policy: QuorumPolicy, electorate: tuple[Elector, ...], ballots: list[Ballot]
) -> None:
    counted = tally(policy, electorate, ballots, MANIFEST, NOW)
    enough = counted.missing == 0 and not counted.missing_roles
    assert counted.verdict == ("DENY" if counted.vetoes else "PASS" if enough else "WAIT")
    assert counted.missing == max(0, counted.needed - len(counted.approvals))
    assert not {vote.voter for vote in counted.approvals} & set(counted.waiting_for)
    if counted.verdict == "PASS":
        assert can_pass(policy, electorate)


@given(POLICIES, ELECTORATES, BALLOT_SETS, st.sampled_from(PEOPLE))
def test_one_more_approval_never_closes_and_a_withdrawal_or_veto_never_opens(
    policy: QuorumPolicy, electorate: tuple[Elector, ...], ballots: list[Ballot], voter: str
) -> None:
    before = tally(policy, electorate, ballots, MANIFEST, NOW)
    approved = tally(policy, electorate, [*ballots, ballot(voter, minutes=0, account="z")], MANIFEST, NOW)
    lost = {vote.voter for vote in before.approvals} - {vote.voter for vote in approved.approvals}
    assert not lost
    assert not (before.verdict == "PASS" and approved.verdict == "WAIT")
    vetoed = tally(policy, electorate, [*ballots, ballot(voter, "veto", minutes=0)], MANIFEST, NOW)
    assert not (before.verdict != "PASS" and vetoed.verdict == "PASS")
    withdrawn = tally(policy, electorate, [*ballots, ballot(voter, "withdraw", minutes=0)], MANIFEST, NOW)
    assert voter not in {vote.voter for vote in withdrawn.approvals}
    if not before.vetoes:
        assert not (before.verdict != "PASS" and withdrawn.verdict == "PASS")


@given(RULES, ELECTORATES, BALLOT_SETS)
def test_a_latched_quorum_outlives_withdrawals_only(
    rules: dict[str, Any], electorate: tuple[Elector, ...], ballots: list[Ballot]
) -> None:
    recounted = tally(QuorumPolicy.model_validate(rules), electorate, ballots, MANIFEST, NOW)
    latched = tally(QuorumPolicy.model_validate(rules | {"decide": "latch"}), electorate, ballots, MANIFEST, NOW)
    assert latched.vetoes == recounted.vetoes
    assert {vote.voter for vote in recounted.approvals} <= {vote.voter for vote in latched.approvals}
    if recounted.verdict == "PASS":
        assert latched.verdict == "PASS"


def test_c15_a_quorum_of_distinct_people_passes() -> None:
    assert count().verdict == "WAIT"
    assert count(ballot("ada")).verdict == "WAIT"
    passed = count(ballot("ada"), ballot("ben"))
    assert (passed.verdict, passed.needed, passed.missing) == ("PASS", 2, 0)
    assert passed.waiting_for == ("cleo", "dev", "eve")


def test_f09_one_person_with_three_accounts_is_one_vote() -> None:
    counted = count(
        ballot("ada", minutes=-3, channel="slack_reaction", account="U1"),
        ballot("ada", minutes=-2, channel="slack_reply", account="U2"),
        ballot("ada", minutes=-1, channel="airflow", account="ada"),
    )
    assert (counted.verdict, counted.missing) == ("WAIT", 1)
    assert [vote.channel for vote in counted.approvals] == ["airflow"]
    assert reasons(counted) == ["superseded", "superseded"]


@pytest.mark.parametrize(
    ("vote", "reason"),
    [
        (ballot("ben", bot=True), "bot"),
        (ballot(None), "unknown_account"),
        (ballot("zoe"), "not_eligible"),
        (ballot("ivan"), "inactive"),
        (ballot("olga"), "author"),
        (ballot("ben", manifest=OTHER), "other_manifest"),
        (ballot("ben", minutes=1), "not_yet"),
        (ballot("ben", minutes=-2880), "expired"),
        (ballot("ben", "withdraw"), "withdrawn"),
    ],
)
def test_f09_votes_that_must_not_count_are_listed_with_their_reason(vote: Ballot, reason: IgnoredReason) -> None:
    policy = QuorumPolicy(mode="quorum", needed=2, authors_may_vote=False, expires_after=timedelta(days=1))
    electorate = (*ELECTORATE, Elector(person="ivan", active=False), Elector(person="olga", author=True))
    counted = count(ballot("ada"), vote, policy=policy, electorate=electorate)
    assert counted.verdict == "WAIT"
    assert [(ignored.ballot, ignored.reason) for ignored in counted.ignored] == [(vote, reason)]


def test_f09_somebody_who_left_the_roster_after_voting_is_not_counted() -> None:
    votes = (ballot("ada"), ballot("ben"))
    assert count(*votes).verdict == "PASS"
    left = count(*votes, electorate=tuple(one for one in ELECTORATE if one.person != "ben"))
    assert (left.verdict, reasons(left)) == ("WAIT", ["not_eligible"])


def test_f06_votes_do_not_pass_over_to_another_manifest() -> None:
    votes = (ballot("ada"), ballot("ben"), ballot("cleo"))
    assert count(*votes).verdict == "PASS"
    next_round = tally(TWO, ELECTORATE, votes, OTHER, NOW)
    assert (next_round.verdict, next_round.approvals) == ("WAIT", ())
    assert reasons(next_round) == ["other_manifest"] * 3
    assert next_round.waiting_for == PEOPLE


def test_f10_a_vote_withdrawn_before_the_deploy_is_not_counted() -> None:
    votes = [ballot("ada", minutes=-30), ballot("ben", minutes=-20)]
    assert count(*votes).verdict == "PASS"
    withdrawn = count(*votes, ballot("ben", "withdraw", minutes=-1, channel="airflow"))
    assert (withdrawn.verdict, reasons(withdrawn)) == ("WAIT", ["withdrawn", "withdrawn"])
    again = count(*votes, ballot("ben", "withdraw", minutes=-2), ballot("ben", minutes=-1))
    assert (again.verdict, reasons(again)) == ("PASS", ["superseded", "superseded"])


def test_f13_a_veto_denies_until_its_voter_lifts_it() -> None:
    votes = [ballot("ada"), ballot("ben"), ballot("cleo", "veto", minutes=-10, reason="search is broken")]
    denied = count(*votes)
    assert (denied.verdict, [veto.reason for veto in denied.vetoes]) == ("DENY", ["search is broken"])
    assert count(*votes, ballot("dev", "withdraw", minutes=-5)).verdict == "DENY"
    assert count(*votes, ballot("cleo", "withdraw", minutes=-4, channel="github")).verdict == "PASS"
    assert len(count(*votes, ballot("cleo", minutes=-5)).approvals) == 3


@pytest.mark.parametrize(
    "veto",
    [
        ballot("zoe", "veto"),
        ballot(None, "veto"),
        ballot("cleo", "veto", bot=True),
        ballot("cleo", "veto", manifest=OTHER),
    ],
)
def test_f13_a_veto_by_somebody_not_eligible_denies_nothing(veto: Ballot) -> None:
    assert count(ballot("ada"), ballot("ben"), veto).verdict == "PASS"


def test_f13_a_policy_without_veto_takes_it_for_no_approval() -> None:
    policy = QuorumPolicy(mode="quorum", needed=2, veto=False)
    counted = count(ballot("ada"), ballot("ben"), ballot("cleo", "veto"), policy=policy)
    assert (counted.verdict, reasons(counted)) == ("PASS", ["veto_not_in_force"])
    changed = count(ballot("ada"), ballot("ben"), ballot("ben", "veto", minutes=-1), policy=policy)
    assert changed.verdict == "WAIT"


def test_of_two_ballots_at_one_instant_the_more_careful_counts() -> None:
    same = [ballot("ben", choice) for choice in ("approve", "withdraw", "veto")]
    assert count(ballot("ada"), *same).verdict == "DENY"
    assert count(ballot("ada"), *same[:2]).verdict == "WAIT"


def test_an_author_may_not_approve_but_may_veto() -> None:
    policy = QuorumPolicy(mode="quorum", needed=2, authors_may_vote=False)
    electorate = (*ELECTORATE, Elector(person="olga", author=True))
    votes = [ballot("ada"), ballot("olga")]
    assert count(*votes, policy=policy, electorate=electorate).verdict == "WAIT"
    assert "olga" not in count(*votes, policy=policy, electorate=electorate).waiting_for
    denied = count(ballot("ada"), ballot("ben"), ballot("olga", "veto"), policy=policy, electorate=electorate)
    assert denied.verdict == "DENY"
    assert count(*votes, policy=TWO, electorate=electorate).verdict == "PASS"


def test_expiry_names_the_instant_at_which_the_quorum_ends() -> None:
    policy = QuorumPolicy(mode="quorum", needed=2, expires_after=timedelta(hours=2))
    votes = [ballot("ada", minutes=-110), ballot("ben", minutes=-60), ballot("cleo", minutes=-30)]
    counted = count(*votes, policy=policy)
    assert counted.expires_at == NOW + timedelta(minutes=60)
    moment = timedelta(microseconds=1)
    assert tally(policy, ELECTORATE, votes, MANIFEST, counted.expires_at - moment).verdict == "PASS"
    assert tally(policy, ELECTORATE, votes, MANIFEST, counted.expires_at).verdict == "WAIT"
    assert count(*votes[:1], policy=policy).expires_at is None


def test_an_expired_approval_does_not_bring_an_older_veto_back() -> None:
    policy = QuorumPolicy(mode="quorum", needed=1, expires_after=timedelta(hours=1))
    counted = count(ballot("ada", "veto", minutes=-100), ballot("ada", minutes=-90), policy=policy)
    assert (counted.verdict, sorted(reasons(counted))) == ("WAIT", ["expired", "superseded"])
    old_veto = count(ballot("ada", "veto", minutes=-9000), ballot("ben", minutes=-1), policy=policy)
    assert old_veto.verdict == "DENY"


def test_a_latched_quorum_stays_through_a_withdrawal_but_not_through_a_veto() -> None:
    policy = QuorumPolicy(mode="quorum", needed=2, decide="latch")
    votes = [ballot("ada", minutes=-30), ballot("ben", minutes=-20)]
    kept = count(*votes, ballot("ben", "withdraw", minutes=-10), policy=policy)
    assert (kept.verdict, reasons(kept)) == ("PASS", ["latched"])
    vetoed = [*votes, ballot("ben", "veto", minutes=-10)]
    assert count(*vetoed, policy=policy).verdict == "DENY"
    assert count(*vetoed, ballot("ben", "withdraw", minutes=-5), policy=policy).verdict == "PASS"
    too_early = [ballot("ada", minutes=-30), ballot("ada", "withdraw", minutes=-25), ballot("ben", minutes=-20)]
    assert count(*too_early, policy=policy).verdict == "WAIT"


ROLED = (
    Elector(person="ada", roles=frozenset({"dev"})),
    Elector(person="ben", roles=frozenset({"dev", "qa"})),
    Elector(person="cleo", roles=frozenset({"qa"})),
    Elector(person="dev", roles=frozenset({"design"})),
)


def test_all_roles_asks_for_a_holder_of_each() -> None:
    policy = QuorumPolicy(mode="all_roles", roles=("dev", "qa"))
    counted = count(ballot("ada"), ballot("dev"), policy=policy, electorate=ROLED)
    assert (counted.verdict, counted.missing_roles, reasons(counted)) == ("WAIT", ("qa",), ["not_eligible"])
    assert count(ballot("ada"), ballot("cleo"), policy=policy, electorate=ROLED).verdict == "PASS"
    assert count(ballot("ben"), policy=policy, electorate=ROLED).verdict == "PASS"
    two = QuorumPolicy(mode="all_roles", roles=("dev", "qa"), needed=2)
    assert count(ballot("ben"), policy=two, electorate=ROLED).verdict == "WAIT"


def test_any_of_counts_holders_of_any_of_the_roles() -> None:
    policy = QuorumPolicy(mode="any_of", needed=1, roles=("qa", "design"))
    assert count(ballot("ada"), policy=policy, electorate=ROLED).verdict == "WAIT"
    assert count(ballot("dev"), policy=policy, electorate=ROLED).verdict == "PASS"
    assert count(ballot("dev"), ballot("ada", "veto"), policy=policy, electorate=ROLED).verdict == "PASS"


def test_no_vote_asked_passes_unless_somebody_eligible_objects() -> None:
    policy = QuorumPolicy(mode="none")
    assert count(policy=policy, electorate=()).verdict == "PASS"
    assert count(ballot("ada", "veto"), policy=policy).verdict == "DENY"


@given(POLICIES, ELECTORATES)
def test_gates_that_can_pass_do_pass_when_everybody_approves(
    policy: QuorumPolicy, electorate: tuple[Elector, ...]
) -> None:
    everybody = [ballot(person, minutes=-1) for person in PEOPLE]
    verdict = tally(policy, electorate, everybody, MANIFEST, NOW).verdict
    assert verdict == ("PASS" if can_pass(policy, electorate) else "WAIT")


@pytest.mark.parametrize(
    "policy",
    [
        {"mode": "quorum"},
        {"mode": "quorum", "needed": 0},
        {"mode": "quorum", "needed": -1},
        {"mode": "any_of", "needed": 1},
        {"mode": "all_roles", "needed": 1},
        {"mode": "quorum", "needed": 1, "expires_after": timedelta(0)},
        {"mode": "quorum", "needed": 1, "default": "approve"},
    ],
)
def test_f12_a_policy_that_asks_for_nobody_is_refused(policy: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        QuorumPolicy.model_validate(policy)


def test_f12_time_alone_never_approves() -> None:
    for days in (0, 3, 30, 3000):
        assert tally(TWO, ELECTORATE, [ballot("ada")], MANIFEST, NOW + timedelta(days=days)).verdict == "WAIT"


def test_who_stands_twice_in_the_electorate_is_refused() -> None:
    with pytest.raises(DuplicateElector, match="'ada'"):
        count(electorate=(*ELECTORATE, Elector(person="ada", active=False)))
    with pytest.raises(NaiveInstant):
        tally(TWO, ELECTORATE, [], MANIFEST, datetime(2021, 11, 3))
