"""Ballots: kept as they were cast, once each, across every way in which the same vote may be seen again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.quorum import Ballot
from stationmaster.ledger import Ledger
from stationmaster.ledger.errors import UnknownDeparture, UnknownRound


@pytest.fixture
def pinned(ledger, departure, manifest, now):
    ledger.pin(departure.id, manifest("a"), now, "cut")
    return departure


@pytest.fixture
def ballot(manifest, now):
    def make(**changes):
        vote = {"voter": "asha", "account": "U01", "channel": "slack_reaction", "choice": "approve", "cast_at": now}
        return Ballot(**vote | {"manifest": manifest("a").hash} | changes)

    return make


def test_a_ballot_comes_back_as_it_was_cast(ledger, pinned, ballot):
    vetoed = ballot(choice="veto", reason="Größe ✗ \U0001f6d1", voter=None, bot=True)
    assert ledger.cast(pinned.id, 1, vetoed)
    assert ledger.ballots(pinned.id) == (vetoed,)


def test_f62_the_same_vote_seen_again_is_one_ballot(ledger, pinned, ballot, now):
    assert ledger.cast(pinned.id, 1, ballot(), now)
    assert not ledger.cast(pinned.id, 1, ballot(), now + timedelta(seconds=5))
    assert not ledger.cast(pinned.id, 1, ballot(reason="edited"), now + timedelta(seconds=9))
    assert len(ledger.ballots(pinned.id)) == 1
    assert sum(entry.action == "ballot.cast" for entry in ledger.audit()) == 1


def test_f62_the_same_vote_read_by_processes_at_once_is_one_ballot(ledger_url, race, pinned, ballot):
    told = race(6, lambda _: str(Ledger.at(ledger_url).cast(pinned.id, 1, ballot())))
    assert sorted(told) == ["False"] * 5 + ["True"]
    assert len(Ledger.at(ledger_url).ballots(pinned.id)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"account": "U02"},
        {"channel": "airflow"},
        {"choice": "withdraw"},
        {"manifest": "f" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_vote_that_differs_is_another_ballot(ledger, pinned, ballot, change):
    assert ledger.cast(pinned.id, 1, ballot())
    assert ledger.cast(pinned.id, 1, ballot(**change))
    assert ledger.ballots(pinned.id) == (ballot(), ballot(**change))


def test_f10_a_vote_withdrawn_and_given_again_is_three_ballots_in_order(ledger, pinned, ballot, now):
    votes = [
        ballot(cast_at=now),
        ballot(choice="withdraw", cast_at=now + timedelta(minutes=1)),
        ballot(cast_at=now + timedelta(minutes=2)),
    ]
    assert all(ledger.cast(pinned.id, 1, vote) for vote in votes)
    assert ledger.ballots(pinned.id) == tuple(votes)


def test_f06_ballots_of_an_old_round_are_kept_and_can_be_told_apart(ledger, pinned, ballot, manifest, now):
    ledger.cast(pinned.id, 1, ballot())
    ledger.pin(pinned.id, manifest("b"), now, "hotfix")
    fresh = ballot(manifest=manifest("b").hash)
    ledger.cast(pinned.id, 2, fresh)
    assert ledger.ballots(pinned.id) == (ballot(), fresh)
    assert ledger.ballots(pinned.id, 1) == (ballot(),)
    assert ledger.ballots(pinned.id, 2) == (fresh,)


def test_nobody_votes_where_nothing_is_pinned(ledger, departure, ballot):
    with pytest.raises(UnknownRound, match="round 1"):
        ledger.cast(departure.id, 1, ballot())
    with pytest.raises(UnknownDeparture):
        ledger.cast("nope/2026-W01", 1, ballot())


@pytest.mark.parametrize("round_", [0, 2, -1])
def test_a_round_that_does_not_exist_is_refused(ledger, pinned, ballot, round_):
    with pytest.raises(UnknownRound):
        ledger.cast(pinned.id, round_, ballot())
    assert ledger.ballots(pinned.id) == ()


def test_the_audit_names_the_voter_or_the_account_that_nobody_owns(ledger, pinned, ballot):
    ledger.cast(pinned.id, 1, ballot())
    ledger.cast(pinned.id, 1, ballot(voter=None, account="U99"))
    assert [entry.actor for entry in ledger.audit() if entry.action == "ballot.cast"] == ["asha", "U99"]


def test_text_that_a_database_cannot_hold_does_not_lose_the_vote(ledger, pinned, ballot):
    assert ledger.cast(pinned.id, 1, ballot(choice="veto", reason="nul \x00 and half a sign \ud83d"))
    assert ledger.ballots(pinned.id)[0].reason == "nul \ufffd and half a sign ?"
    assert ledger.verify() == ()
