"""The audit: every write is in it, writers that race make one chain, and every kind of tampering shows."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest
from sqlalchemy import text

from stationmaster.core.blockers import blocker
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.core.quorum import Ballot
from stationmaster.core.transitions import Act
from stationmaster.ledger import Ledger, effects
from stationmaster.ledger.engine import engine_at
from stationmaster.ledger.records import Anchor, DepartureState

BLOCKER = blocker("SOAKING", staged="Thursday", ends="Wednesday")
ID = "t/2026-W34"


@pytest.fixture
def filled(ledger, manifest, now):
    """A ledger into which everything that writes has written once."""
    ledger.open_departure("t", IsoWeek.parse("2026-W34"), now, "a")
    ledger.pin(ID, manifest("a"), now, "a")
    for account in ("U1", "U2", "U3"):
        ledger.cast(ID, 1, _ballot(manifest, now, account))
    ledger.record(ID, "staged", "x", {"sha": "a"}, now, "a")
    ledger.reject(manifest("b").hash, "broken", now, "a")
    return ledger


@pytest.fixture
def tamper(ledger_url):
    def run(*statements: str) -> None:
        with engine_at(ledger_url).begin() as connection:
            for statement in statements:
                assert connection.execute(text(statement)).rowcount > 0, statement

    return run


def _taken_up(ledger, now):
    ledger.move(ID, Act.FAIL, now, "a")
    assert ledger.take_up(ID, (Act.FAIL,), now, "a", "it goes on", version=ledger.version(ID)) is not None


def _ballot(manifest, now, account="U1"):
    return Ballot(
        voter=account.lower(),
        account=account,
        channel="airflow",
        choice="approve",
        manifest=manifest("a").hash,
        cast_at=now,
    )


WRITES = {
    "open_departure": lambda ledger, m, now: ledger.open_departure("u", IsoWeek.parse("2026-W35"), now, "a"),
    "set_state": lambda ledger, m, now: ledger.set_state(ID, DepartureState.STAGED, now, "a"),
    "move": lambda ledger, m, now: ledger.move(ID, Act.PIN, now, "a"),
    "take_up": lambda ledger, m, now: _taken_up(ledger, now),
    "bind": lambda ledger, m, now: ledger.bind("t.cut", "run", ID, {"kind": "manual"}, now, "a"),
    "adopt": lambda ledger, m, now: ledger.adopt("open", now=lambda: now, look_up=dict),
    "pin": lambda ledger, m, now: ledger.pin(ID, m("c"), now, "a"),
    "reject": lambda ledger, m, now: ledger.reject(m("c").hash, "bad", now, "a"),
    "lift_rejection": lambda ledger, m, now: ledger.lift_rejection(m("b").hash, "good", now, "a"),
    "open_beside": lambda ledger, m, now: ledger.open_beside(
        "t", IsoWeek.parse("2026-W34"), DepartureKind.HOTFIX, now, "a", key="k"
    ),
    "record": lambda ledger, m, now: ledger.record(ID, "k", "s", {}, now, "a"),
    "record_once": lambda ledger, m, now: ledger.record_once(ID, "k", "s", {}, now, "a"),
    "perform": lambda ledger, m, now: ledger.perform("k", intent={}, now=lambda: now, look_up=None, act=dict),
    "cast": lambda ledger, m, now: ledger.cast(ID, 1, _ballot(m, now, "U9")),
    "take_away": lambda ledger, m, now: ledger.take_away(ID, _ballot(m, now, "U1"), "author", now),
    "acquire": lambda ledger, m, now: ledger.acquire("prod", "h", "r", now),
    "release": lambda ledger, m, now: ledger.release("held", 1, now, "a"),
    "take_over": lambda ledger, m, now: ledger.take_over("held", 1, "h2", "r", now, "a", "gone"),
    "settle": lambda ledger, m, now: ledger.settle("open", None, "a", "why", now),
    "set_blockers": lambda ledger, m, now: ledger.set_blockers(ID, [BLOCKER], now),
    "renew_blockers": lambda ledger, m, now: ledger.renew_blockers("waits", [BLOCKER], now),
}
READS = {
    "all_facts",
    "at",
    "audit",
    "ballots",
    "blockers",
    "bound",
    "close",
    "departure",
    "departures",
    "effect",
    "effects",
    "fact",
    "facts",
    "fingerprint",
    "head",
    "learn",
    "lock",
    "locks",
    "manifest_of",
    "migrate",
    "newest_round",
    "opened_for",
    "reading",
    "rejected_rounds",
    "rejection",
    "rounds",
    "verify",
    "version",
    "writing",
}


def test_no_method_is_forgotten_below():
    methods = {name for name, _ in inspect.getmembers(Ledger, callable) if not name.startswith("_")}
    assert methods == READS | set(WRITES)


@pytest.mark.parametrize("write", WRITES)
def test_every_write_is_in_the_audit(filled, manifest, now, write):
    filled.acquire("held", "h", "r", now)
    with pytest.raises(effects.EffectAmbiguous):
        filled.perform("open", intent={}, now=lambda: now, look_up=None, act=lambda: {}["lost"])
    filled.set_blockers("waits", [BLOCKER.model_copy(update={"sentence": "earlier"})], now)
    before = filled.head()
    WRITES[write](filled, manifest, now)
    entries = filled.audit(after=before.seq)
    assert entries
    assert filled.head() == Anchor(seq=entries[-1].seq, hash=entries[-1].hash)
    assert filled.verify() == ()


def test_the_audit_can_be_read_in_part(filled, now):
    filled.record(ID, "late", "x", {}, now + timedelta(hours=1), "a")
    everything = filled.audit()
    assert [entry.seq for entry in everything] == list(range(1, len(everything) + 1))
    assert [entry.action for entry in filled.audit(since=now + timedelta(minutes=1), after=1)] == ["fact.recorded"]
    assert filled.audit(after=2, limit=2) == everything[2:4]
    assert {entry.subject for entry in filled.audit("t")} == {ID}


def test_writers_that_race_make_one_unbroken_chain(ledger_url, race, now):
    def work(number: int) -> str:
        ledger = Ledger.at(ledger_url)
        for turn in range(15):
            ledger.record("t", "k", str(number), {"turn": turn}, now, f"worker {number}")
        return "fine"

    assert race(8, work) == ["fine"] * 8
    ledger = Ledger.at(ledger_url)
    assert ledger.head().seq == 1 + 8 * 15
    assert ledger.verify() == ()
    for number in range(8):
        assert [fact.value["turn"] for fact in ledger.facts("t", subject=str(number))] == list(range(15))


def test_verifying_while_others_write_finds_nothing(ledger_url, race, now):
    def work(number: int) -> str:
        ledger = Ledger.at(ledger_url)
        for turn in range(10):
            if number == 0:
                found = ledger.verify()
                if found:
                    return str(found)
            else:
                ledger.record("t", "k", str(number), {"turn": turn}, now, "w")
        return "whole"

    assert race(4, work) == ["whole"] * 4


REST = "subject, body, prev_hash, hash FROM ledger_audit"
LAST = "(SELECT max(seq) FROM ledger_audit)"


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (["UPDATE ledger_audit SET actor = 'mallory' WHERE seq = 4"], "changed after it was written"),
        (["UPDATE ledger_audit SET body = '{}' WHERE seq = 4"], "changed after it was written"),
        (["UPDATE ledger_audit SET action = 'x' WHERE seq = 2"], "changed after it was written"),
        (["UPDATE ledger_audit SET at = '2020-01-01 00:00:00.000000' WHERE seq = 2"], "changed after it was written"),
        (["DELETE FROM ledger_audit WHERE seq = 2"], "lines 2 to 2 are missing"),
        (["DELETE FROM ledger_audit WHERE seq = 1"], "lines 1 to 1 are missing"),
        ([f"DELETE FROM ledger_audit WHERE seq = {LAST}"], "the audit ends at line"),
        (["DELETE FROM ledger_audit"], "the audit ends at line 0"),
        (
            [
                "UPDATE ledger_audit SET seq = 99 WHERE seq = 4",
                "UPDATE ledger_audit SET seq = 4 WHERE seq = 5",
                "UPDATE ledger_audit SET seq = 5 WHERE seq = 99",
            ],
            "does not follow",
        ),
        (
            [
                f"INSERT INTO ledger_audit SELECT {LAST} + 1, at, actor, action, {REST} WHERE seq = 3",
            ],
            "does not follow",
        ),
        (["UPDATE ledger_identity SET seq = seq - 1"], "the audit ends at line"),
        (["UPDATE ledger_identity SET fingerprint = 'copied'"], "does not follow"),
        (["UPDATE ledger_ballots SET choice = 'veto' WHERE account = 'U2'"], "row of ledger_ballots differs"),
        (["UPDATE ledger_ballots SET cast_at = '2020-01-01 00:00:00.000000'"], "row of ledger_ballots differs"),
        (["DELETE FROM ledger_ballots WHERE account = 'U3'"], "row of ledger_ballots that this line records is gone"),
        (["UPDATE ledger_ballots SET seq = 77 WHERE account = 'U3'"], "a row of ledger_ballots that no line records"),
        (["UPDATE ledger_facts SET subject = 'y'"], "row of ledger_facts differs"),
        (["UPDATE ledger_rounds SET passengers = '{\"passengers\":[]}'"], "row of ledger_rounds differs"),
        (["DELETE FROM ledger_rejections"], "row of ledger_rejections that this line records is gone"),
    ],
)
def test_tampering_shows(filled, tamper, statements, says):
    assert filled.verify() == ()
    tamper(*statements)
    assert any(says in found.problem for found in filled.verify()), filled.verify()


def test_a_forged_chain_shows_only_against_an_anchor_kept_elsewhere(filled, tamper, now):
    anchor = filled.head()
    assert filled.verify(anchor) == ()
    filled.record(ID, "k", "s", {}, now, "a")
    assert filled.verify(anchor) == ()
    cut = anchor.seq - 1
    tamper(
        "DELETE FROM ledger_rejections",
        "DELETE FROM ledger_facts WHERE kind = 'k'",
        f"DELETE FROM ledger_audit WHERE seq > {cut}",
        f"UPDATE ledger_identity SET seq = {cut}, hash = (SELECT hash FROM ledger_audit WHERE seq = {cut})",
    )
    assert filled.verify() == ()
    assert "chain was rewritten" in filled.verify(anchor)[0].problem
    filled.record(ID, "other", "s", {}, now, "mallory")
    assert filled.head().seq == anchor.seq
    assert "chain was rewritten" in filled.verify(anchor)[0].problem
