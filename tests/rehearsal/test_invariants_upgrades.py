"""The invariant of the upgrades, and each fault that breaks it (D-24, D-25)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stationmaster.ledger.records import Fact
from stationmaster.rehearsal.evidence import Evidence, MergedPull, Started
from stationmaster.rehearsal.gathering import merged_by, started_by
from stationmaster.rehearsal.invariants import judge
from stationmaster.rehearsal.invariants_upgrades import unruly_upgrades
from tests.rehearsal.test_invariants_handoffs import DRE

AT = datetime(2024, 3, 11, 1, 52, tzinfo=UTC)
UPGRADE, REPO = "dre.dependencies/dfinity/dre/2024-W11", "dfinity/dre"
STARTED = Started(AT, REPO, f"{UPGRADE}/dispatch")
MERGED = MergedPull(AT, REPO, 7, "a" * 40)


INVARIANTS = {"An upgrade is started once, and merged once, by its policy or by whoever is on call"}


def ended(outcome: str = "merged", by: str = "enzo", at: datetime = AT) -> Fact:
    value = {"outcome": outcome, "why": "", "number": 7}
    return Fact(seq=1, departure=UPGRADE, kind="outcome", subject=REPO, value=value, at=at, by=by)


def broken(*, team=DRE, started=(STARTED,), merged=(MERGED,), settled=None) -> list[str]:
    facts = (ended(),) if settled is None else settled
    evidence = Evidence(departures=(), dispatches=(), started=started, merged=merged, settled=facts)
    return list(unruly_upgrades(evidence, {"dre": team}))


def never():
    (entry,) = DRE.upgrades.repositories
    rules = DRE.upgrades.model_copy(update={"repositories": (entry.model_copy(update={"merge": "never"}),)})
    return DRE.model_copy(update={"upgrades": rules})


def test_d25_a_good_week_breaks_nothing():
    assert broken() == []
    assert broken(settled=(ended("merged_by_policy", "stationmaster"),)) == []
    assert broken(merged=(), settled=(ended("left"),)) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"started": (STARTED, STARTED)}, "started 2 times"),
        ({"merged": (MERGED, MERGED)}, "merged 2 times"),
        ({"merged": (MERGED._replace(sha=""),)}, "whatever head"),
        ({"settled": ()}, "0 upgrades say so"),
        ({"settled": (ended("left"),)}, "0 upgrades say so"),
        ({"settled": (ended(by="carlo"),)}, "not on call"),
        ({"settled": (ended("merged_by_policy", "stationmaster"),), "team": never()}, "a policy that merges nothing"),
    ],
)
def test_d25_each_fault_is_found(change, word):
    assert any(word in found for found in broken(**change))


def test_d25_a_fault_breaks_the_invariant_that_is_named():
    evidence = Evidence(departures=(), dispatches=(), started=(STARTED, STARTED))
    broken_ones = {finding.invariant for finding in judge(evidence, {"dre": DRE}) if not finding.holds}
    assert broken_ones >= INVARIANTS


def test_d24_starts_and_merges_are_read_from_the_journal():
    entry = {"at": AT.isoformat(), "path": f"/repos/{REPO}/actions/workflows/update.yaml/dispatches"}
    assert started_by({**entry, "body": {"ref": "main", "inputs": {"key": f"{UPGRADE}/dispatch"}}}) == STARTED
    entry = {"at": AT.isoformat(), "path": f"/repos/{REPO}/pulls/7/merge"}
    assert merged_by({**entry, "body": {"sha": "a" * 40}}) == MERGED
