"""Ballots: kept as they were cast, once each, across every way in which the same vote may be seen again."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from stationmaster.core.quorum import Ballot
from stationmaster.ledger import Ledger, chain
from stationmaster.ledger.engine import WRITE, engine_at
from stationmaster.ledger.errors import UnknownDeparture, UnknownRound
from stationmaster.ledger.pen import Pen
from stationmaster.ledger.tables import DepartureRow, IdentityRow


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


def read(ledger, *about):
    """What is read, without the ledger's own numbers, which rise."""
    found = ledger.ballots(*about)
    numbers = [each.kept for each in found]
    assert numbers == sorted({*numbers})
    return tuple(each.model_copy(update={"kept": None}) for each in found)


def test_a_ballot_comes_back_as_it_was_cast(ledger, pinned, ballot):
    vetoed = ballot(choice="veto", reason="Größe ✗ \U0001f6d1", voter=None, bot=True)
    assert ledger.cast(pinned.id, 1, vetoed)
    assert read(ledger, pinned.id) == (vetoed,)


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
    assert read(ledger, pinned.id) == (ballot(), ballot(**change))


def test_f10_a_vote_withdrawn_and_given_again_is_three_ballots_in_order(ledger, pinned, ballot, now):
    votes = [
        ballot(cast_at=now),
        ballot(choice="withdraw", cast_at=now + timedelta(minutes=1)),
        ballot(cast_at=now + timedelta(minutes=2)),
    ]
    assert all(ledger.cast(pinned.id, 1, vote) for vote in votes)
    assert read(ledger, pinned.id) == tuple(votes)


def test_f06_ballots_of_an_old_round_are_kept_and_can_be_told_apart(ledger, pinned, ballot, manifest, now):
    ledger.cast(pinned.id, 1, ballot())
    ledger.pin(pinned.id, manifest("b"), now, "hotfix")
    fresh = ballot(manifest=manifest("b").hash)
    ledger.cast(pinned.id, 2, fresh)
    assert read(ledger, pinned.id) == (ballot(), fresh)
    assert read(ledger, pinned.id, 1) == (ballot(),)
    assert read(ledger, pinned.id, 2) == (fresh,)


def test_nobody_votes_where_nothing_is_pinned(ledger, departure, ballot):
    with pytest.raises(UnknownRound, match="round 1"):
        ledger.cast(departure.id, 1, ballot())
    with pytest.raises(UnknownDeparture):
        ledger.cast("nope/2026-W01", 1, ballot())


@pytest.mark.parametrize("round_", [0, 2, -1])
def test_a_round_that_does_not_exist_is_refused(ledger, pinned, ballot, round_):
    with pytest.raises(UnknownRound):
        ledger.cast(pinned.id, round_, ballot())
    assert read(ledger, pinned.id) == ()


def test_the_audit_names_the_voter_or_the_account_that_nobody_owns(ledger, pinned, ballot):
    ledger.cast(pinned.id, 1, ballot())
    ledger.cast(pinned.id, 1, ballot(voter=None, account="U99"))
    assert [entry.actor for entry in ledger.audit() if entry.action == "ballot.cast"] == ["asha", "U99"]


def test_text_that_a_database_cannot_hold_does_not_lose_the_vote(ledger, pinned, ballot):
    assert ledger.cast(pinned.id, 1, ballot(choice="veto", reason="nul \x00 and half a sign \ud83d"))
    assert ledger.ballots(pinned.id)[0].reason == "nul \ufffd and half a sign ?"
    assert ledger.verify() == ()


def test_what_is_gone_stays_with_what_became_of_it_and_may_be_said_again(ledger, pinned, ballot, now):
    place = {"channel": "slack_reply", "place": "slack_reply/1.0/2.0"}
    said = ballot(**place, certain=False, seen_at=now, made_at=now - timedelta(seconds=3))
    assert ledger.cast(pinned.id, 1, said, now)
    later = now + timedelta(minutes=1)
    assert ledger.take_away(pinned.id, said, "unclear", later)
    assert not ledger.take_away(pinned.id, said, "author", later)
    gone = said.model_copy(update={"gone": "unclear", "gone_at": later})
    assert read(ledger, pinned.id) == (gone,)
    assert ledger.cast(pinned.id, 1, said, later)
    assert read(ledger, pinned.id) == (gone, said)
    assert not ledger.take_away(pinned.id, ballot(account="U7"), "author", later)
    assert ledger.verify() == ()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE ledger_ballot_ends SET gone = 'author'", "differs"),
        ("DELETE FROM ledger_ballot_ends", "is gone"),
        ("UPDATE ledger_ballots SET place = NULL", "differs"),
        ("UPDATE ledger_ballots SET certain = NULL", "differs"),
    ],
)
def test_who_rewrites_a_disappearance_or_a_place_is_found(ledger, ledger_url, pinned, ballot, now, statement, problem):
    said = ballot(channel="slack_reply", choice="veto", place="slack_reply/1.0/2.0", certain=False)
    ledger.cast(pinned.id, 1, said, now)
    ledger.take_away(pinned.id, said, "unclear", now)
    with engine_at(ledger_url).begin() as connection:
        assert connection.execute(text(statement)).rowcount
    assert [found.problem for found in ledger.verify() if problem in found.problem]


def test_f69_ballots_of_an_older_release_survive_the_migration_and_their_lines(bare_ledger_url, now):
    """The rows as schema 0001 has them, with the lines that it wrote."""
    old = {
        "departure": "t/2026-W34",
        "round": 1,
        "voter": "asha",
        "account": "U01",
        "channel": "slack_reply",
        "choice": "veto",
        "manifest": "f" * 64,
        "reason": "broken",
        "cast_at": now,
        "bot": False,
    }
    at_first_schema(bare_ledger_url, old, now)
    ledger = Ledger.at(bare_ledger_url)
    assert ledger.migrate(now)
    assert ledger.verify() == ()
    (found,) = ledger.ballots("t/2026-W34")
    assert (found.choice, found.place, found.certain, found.gone) == ("veto", "", True, None)
    assert ledger.take_away("t/2026-W34", found, "author", now)
    assert ledger.verify() == ()


def at_first_schema(url, row, now):
    """Make a ledger of schema 0001 that holds one departure and one ballot."""
    from alembic import command
    from alembic.config import Config

    import stationmaster.ledger

    settings = Config()
    settings.set_main_option("script_location", str(Path(stationmaster.ledger.__file__).parent / "migrations"))
    with engine_at(url).execution_options(**{WRITE: True}).connect() as connection, connection.begin():
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        with Session(connection) as session:
            identity = IdentityRow(id=1, fingerprint="ab", created_at=now, seq=0, hash=chain.genesis("ab"))
            session.add(identity)
            departure = {"id": row["departure"], "train": "t", "week": "2026-W34", "state": "GATED", "round": 1}
            by = {"opened_at": now, "opened_by": "a", "changed_at": now, "changed_by": "a", "why": ""}
            session.add(DepartureRow(**departure, **by))
            session.flush()
            body = {**row, "cast_at": now.astimezone(UTC).isoformat()}
            pen = Pen(session, identity)
            seq = pen.note("ballot.cast", row["departure"], body, at=now, actor="asha")
            columns = ", ".join(("seq", *row))
            values = ", ".join(f":{name}" for name in ("seq", *row))
            stored = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" + ("+00" if "postgresql" in url else "")
            statement = text(f"INSERT INTO ledger_ballots ({columns}) VALUES ({values})")
            session.execute(statement, {"seq": seq, **row, "cast_at": stored})
            session.flush()
