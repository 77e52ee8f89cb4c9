"""Locks: one holder, a fence that only grows, and no way back for whoever lost it (F05, F29, F30, F47)."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest

from stationmaster.ledger import Ledger
from stationmaster.ledger.errors import LockHeld, LockLost
from stationmaster.ledger.locks import require_fence


def fenced(ledger, name, fence):
    with ledger.writing() as pen:
        require_fence(pen, name, fence)


def test_the_holder_is_told_with_reason_and_since(ledger, now):
    lock = ledger.acquire("prod/explorer", "promote W34", "weekly train", now)
    assert (lock.fence, lock.since, lock.environment) == (1, now, ledger.fingerprint())
    with pytest.raises(
        LockHeld, match=r"locked by promote W34 since 2026-08-20 17:00 UTC: weekly train.*fence 1"
    ) as caught:
        ledger.acquire("prod/explorer", "hotfix 7", "urgent", now)
    assert caught.value.lock == lock == ledger.lock("prod/explorer")


def test_the_holder_gets_its_own_lock_again_unchanged(ledger, now):
    first = ledger.acquire("prod", "promote", "train", now)
    assert ledger.acquire("prod", "promote", "retry", now + timedelta(hours=1)) == first
    assert [entry.action for entry in ledger.audit("prod")] == ["lock.acquired"]


@pytest.mark.parametrize("count", [2, 8])
def test_f05_of_processes_that_race_for_one_lock_exactly_one_gets_it(ledger_url, race, now, count):
    def work(number: int) -> str:
        return str(Ledger.at(ledger_url).acquire("prod", f"worker {number}", "race", now).fence)

    told = race(count, work)
    winners = [number for number, line in enumerate(told) if line == "1"]
    assert len(winners) == 1, told
    assert sum(line.startswith("LockHeld") for line in told) == count - 1
    lock = Ledger.at(ledger_url).lock("prod")
    assert lock is not None
    assert lock.holder == f"worker {winners[0]}"


@pytest.mark.parametrize("names", [("prod", "prod/explorer"), ("prod/explorer", "prod")])
def test_f29_a_lock_and_one_below_it_exclude_each_other(ledger, now, names):
    first, second = names
    held = ledger.acquire(first, "a", "one", now)
    with pytest.raises(LockHeld, match=f"{first} covers it"):
        ledger.acquire(second, "b", "two", now)
    ledger.release(first, held.fence, now, "a")
    assert ledger.acquire(second, "b", "two", now).holder == "b"


def test_f29_a_race_for_the_whole_and_for_a_part_has_one_winner(ledger_url, race, now):
    def work(number: int) -> str:
        name = "prod" if number % 2 else "prod/explorer"
        return f"got {Ledger.at(ledger_url).acquire(name, f'worker {number}', 'race', now).name}"

    told = race(6, work)
    assert sum(line.startswith("got") for line in told) == 1, told


def test_neighbours_do_not_exclude_each_other(ledger, now):
    ledger.acquire("prod/explorer", "a", "one", now)
    ledger.acquire("prod/portal", "b", "two", now)
    ledger.acquire("production", "c", "three", now)
    assert [lock.name for lock in ledger.locks("prod")] == ["prod/explorer", "prod/portal"]
    assert len(ledger.locks()) == 3


def test_the_same_holder_may_hold_the_whole_and_the_part(ledger, now):
    ledger.acquire("prod", "a", "one", now)
    assert ledger.acquire("prod/explorer", "a", "one", now).fence == 1


def test_f30_a_lock_outlives_its_holder_and_nobody_steals_it(ledger_url, race, now):
    def work(_: int) -> str:
        Ledger.at(ledger_url).acquire("prod", "run 1", "deploying", now)
        os.kill(os.getpid(), signal.SIGKILL)
        return "survived"

    assert race(1, work) == ["killed"]
    ledger = Ledger.at(ledger_url)
    with pytest.raises(LockHeld, match="run 1"):
        ledger.acquire("prod", "run 2", "deploying", now + timedelta(days=30))
    assert ledger.acquire("prod", "run 1", "retried", now).fence == 1


def test_f47_after_a_take_over_the_old_fence_is_worth_nothing(ledger, now):
    old = ledger.acquire("prod", "deploy W34", "train", now)
    new = ledger.take_over("prod", old.fence, "rollback W34", "failed", now, "asha", "the run was cancelled")
    assert (new.fence, new.holder) == (old.fence + 1, "rollback W34")
    with pytest.raises(LockLost, match="rollback W34 holds it with fence 2"):
        fenced(ledger, "prod", old.fence)
    with pytest.raises(LockLost):
        ledger.release("prod", old.fence, now, "deploy W34")
    fenced(ledger, "prod", new.fence)
    assert ledger.lock("prod") == new


def test_f47_two_rollbacks_that_take_over_from_the_same_holder_cannot_both(ledger_url, race, now):
    Ledger.at(ledger_url).acquire("prod", "deploy", "train", now)

    def work(number: int) -> str:
        return str(
            Ledger.at(ledger_url).take_over("prod", 1, f"rollback {number}", "failed", now, "asha", "gone").fence
        )

    told = race(4, work)
    assert sorted(line[:8] for line in told) == ["2", "LockLost", "LockLost", "LockLost"], told


def test_the_fence_grows_across_releases(ledger, now):
    fences = []
    for holder in ("a", "b", "a", "a"):
        lock = ledger.acquire("prod", holder, "turn", now)
        fences.append(lock.fence)
        ledger.release("prod", lock.fence, now, holder)
    assert fences == [1, 2, 3, 4]
    assert ledger.lock("prod") is None
    with pytest.raises(LockLost, match="nobody holds it"):
        fenced(ledger, "prod", 4)


def test_releasing_by_hand_says_who_and_why(ledger, now):
    ledger.acquire("prod", "run 1", "deploying", now)
    ledger.release("prod", 1, now, "asha", "the run was deleted")
    entry = ledger.audit("prod")[-1]
    assert (entry.action, entry.actor) == ("lock.released", "asha")
    assert entry.body == {"fence": 1, "holder": "run 1", "why": "the run was deleted"}
