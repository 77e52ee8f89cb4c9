"""Facts are only added to; blockers say what waits now and since when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.blockers import blocker
from stationmaster.ledger import Ledger
from stationmaster.ledger.errors import ValueNotStorable

SUBJECT = "cellxgene.weekly/2026-W34/promote/quorum"


def test_facts_come_back_newest_last(ledger, departure, now):
    for number, kind in enumerate(("staged", "confirmed", "staged")):
        ledger.record(departure.id, kind, "explorer", {"n": number}, now - timedelta(hours=number), "task")
    ledger.record(departure.id, "staged", "portal", {"n": 3}, now, "task")
    assert [fact.value["n"] for fact in ledger.facts(departure.id)] == [0, 1, 2, 3]
    assert [fact.value["n"] for fact in ledger.facts(departure.id, "staged", "explorer")] == [0, 2]
    assert ledger.fact(departure.id, "staged").value == {"n": 3}
    assert ledger.fact(departure.id, "staged", "explorer").value == {"n": 2}
    assert ledger.fact(departure.id, "rollback_target") is None
    assert ledger.facts("other/2026-W34") == ()


def test_every_fact_of_a_kind_is_found_however_often_it_is_asked_and_whoever_adds(ledger, ledger_url, departure, now):
    """What was read is kept; what another process adds meanwhile is read the next time, and nothing of another kind."""
    other = Ledger.at(ledger_url)
    for number in range(3):
        ledger.record(departure.id, "rollout_step", str(number), {}, now, "task")
        other.record(departure.id, "rollout_step", f"other {number}", {}, now, "task")
        other.record(departure.id, "rollout_word", "", {}, now, "task")
        assert ledger.all_facts(departure.id, "rollout_step") == other.facts(departure.id, "rollout_step")
    assert len(ledger.all_facts(departure.id, "rollout_step")) == 6
    assert ledger.all_facts("other/2026-W34", "rollout_step") == ()


def test_f71_a_fact_recorded_once_stays_what_it_was_first(ledger, departure, now):
    first = ledger.record_once(departure.id, "rollback_target", "explorer", {"sha": "a"}, now, "promote")
    again = ledger.record_once(departure.id, "rollback_target", "explorer", {"sha": "b"}, now, "promote retried")
    assert first == again
    assert ledger.facts(departure.id) == (first,)


def test_what_a_fact_is_once_of_can_be_named(ledger, departure, now):
    by_run = [
        ledger.record_once(departure.id, "reminded", "", {}, now, "x", key=f"reminded/{day}")
        for day in ("tue", "wed", "tue")
    ]
    assert by_run[0] == by_run[2] != by_run[1]
    other = ledger.record_once("other/2026-W34", "reminded", "", {}, now, "x", key="reminded/tue")
    assert other.seq != by_run[0].seq


def test_processes_that_record_one_fact_at_once_agree(ledger_url, race, now):
    def work(number: int) -> str:
        fact = Ledger.at(ledger_url).record_once("t/2026-W34", "staged", "x", {"by": number}, now, f"worker {number}")
        return f"{fact.seq} {fact.value['by']}"

    assert len(set(race(6, work))) == 1
    assert len(Ledger.at(ledger_url).facts("t/2026-W34")) == 1


@pytest.mark.parametrize("value", [{"at": object()}, {"n": float("nan")}, {"s": {1, 2}}], ids=["object", "nan", "set"])
def test_a_value_that_is_no_json_is_refused_and_nothing_is_left(ledger, departure, now, value):
    before = ledger.head()
    with pytest.raises(ValueNotStorable, match="cannot be kept as JSON"):
        ledger.record(departure.id, "staged", "x", value, now, "task")
    assert (ledger.head(), ledger.facts(departure.id)) == (before, ())


def test_json_comes_back_as_json(ledger, departure, now):
    fact = ledger.record(
        departure.id, "k", "s", {"t": (1, 2), "deep": {10: "x", 9: "y"}, "nul": "\x00", "f": 1.5}, now, "x"
    )
    assert fact.value == {"t": [1, 2], "deep": {"10": "x", "9": "y"}, "nul": "\x00", "f": 1.5}
    assert ledger.facts(departure.id) == (fact,)
    assert ledger.verify() == ()


def _missing(given: int = 1, **more):
    return blocker("QUORUM_MISSING", given=given, needed=3, manifest="1a2b3c4d", missing="", **more)


def _checks(component: str):
    return blocker("CHECKS_PENDING", component=component, sha="a" * 8, checks="build", subject=component)


def test_a_blocker_that_stays_keeps_its_since_though_its_sentence_changes(ledger, now):
    first = ledger.set_blockers(SUBJECT, [_missing(1)], now)
    assert [found.since for found in first] == [now]
    later = ledger.set_blockers(SUBJECT, [_missing(2), _checks("explorer")], now + timedelta(hours=1))
    assert [found.since for found in later] == [now, now + timedelta(hours=1)]
    assert ledger.blockers(SUBJECT) == {SUBJECT: later}
    assert later[0].sentence == _missing(2).sentence


def test_a_blocker_that_went_and_came_back_waits_anew(ledger, now):
    ledger.set_blockers(SUBJECT, [_missing()], now)
    assert ledger.set_blockers(SUBJECT, [], now + timedelta(hours=1)) == ()
    assert ledger.blockers() == {}
    again = ledger.set_blockers(SUBJECT, [_missing()], now + timedelta(hours=2))
    assert again[0].since == now + timedelta(hours=2)


def test_a_look_that_ends_after_the_task_went_on_brings_no_blocker_back(ledger, now):
    ledger.set_blockers(SUBJECT, [_missing(1)], now)
    renewed = ledger.renew_blockers(SUBJECT, [_missing(2)], now + timedelta(hours=1))
    assert ledger.blockers() == {SUBJECT: renewed}
    assert (renewed[0].since, renewed[0].sentence) == (now, _missing(2).sentence)
    ledger.set_blockers(SUBJECT, [], now + timedelta(hours=1))
    before = ledger.head()
    assert ledger.renew_blockers(SUBJECT, [_missing(2)], now + timedelta(hours=1)) == ()
    assert (ledger.blockers(), ledger.head()) == ({}, before)


def test_blockers_of_one_code_are_told_apart_by_their_subject(ledger, now):
    ledger.set_blockers(SUBJECT, [_checks("explorer")], now)
    both = ledger.set_blockers(SUBJECT, [_checks("portal"), _checks("explorer")], now + timedelta(hours=1))
    assert [(found.subject, found.since - now) for found in both] == [
        ("portal", timedelta(hours=1)),
        ("explorer", timedelta(0)),
    ]


def test_since_may_be_given(ledger, now):
    earlier = now - timedelta(days=1)
    assert ledger.set_blockers(SUBJECT, [_missing(since=earlier)], now)[0].since == earlier


def test_polling_with_the_same_blockers_writes_nothing(ledger, now):
    first = ledger.set_blockers(SUBJECT, [_missing(), _checks("explorer")], now)
    before = ledger.head()
    for seconds in range(5):
        assert (
            ledger.set_blockers(SUBJECT, [_missing(), _checks("explorer")], now + timedelta(seconds=seconds)) == first
        )
    assert ledger.head() == before


def test_blockers_are_found_below_a_departure(ledger, now):
    for subject in ("t/2026-W34/promote/quorum", "t/2026-W34/promote/soak", "t/2026-W35/cut/hold", "t/2026-W3"):
        ledger.set_blockers(subject, [_missing()], now)
    assert list(ledger.blockers("t/2026-W34")) == ["t/2026-W34/promote/quorum", "t/2026-W34/promote/soak"]
    assert len(ledger.blockers("t")) == 4
    assert ledger.blockers("t/2026-W34/promote/soak/") == ledger.blockers("t/2026-W34/promote/soak")
