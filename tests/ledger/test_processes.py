"""Forks and threads: every process has its own connections, and knows a dead colleague from a living one."""

from __future__ import annotations

import multiprocessing
import os
import threading

from stationmaster.ledger import Ledger
from stationmaster.ledger.engine import engine_at
from stationmaster.ledger.owner import is_dead, new_owner


def test_a_forked_child_gets_an_engine_of_its_own_and_the_parents_lives_on(ledger_url, race, now):
    ledger = Ledger.at(ledger_url)
    ledger.record("t", "k", "parent", {}, now, "parent")
    parents = id(engine_at(ledger_url))

    def work(number: int) -> str:
        for _ in range(5):
            ledger.record("t", "k", str(number), {}, now, "child")
        return str(id(engine_at(ledger_url)) != parents)

    assert race(4, work) == ["True"] * 4
    ledger.record("t", "k", "parent", {}, now, "parent")
    assert len(ledger.facts("t")) == 22
    assert ledger.verify() == ()


def test_threads_share_a_ledger(ledger, now):
    def work(number: int) -> None:
        for _ in range(5):
            ledger.record("t", "k", str(number), {}, now, "thread")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger.facts("t")) == 30
    assert ledger.verify() == ()


def test_a_living_worker_is_not_dead_and_a_dead_one_is():
    forking = multiprocessing.get_context("fork")
    told, release = forking.SimpleQueue(), forking.Event()

    def work() -> None:
        told.put(new_owner())
        release.wait(10)

    worker = forking.Process(target=work)
    worker.start()
    owner = told.get()
    assert not is_dead(owner)
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert is_dead(owner), "killed, and waiting to be reaped"
    worker.join()
    assert is_dead(owner), "reaped"


def test_in_doubt_a_worker_is_not_dead():
    token, machine, pid, started = new_owner().split(" ")
    assert not is_dead(f"{token} other-machine {pid} {started}")
    assert not is_dead(f"{token}  999999999 1")
    assert is_dead(f"{token} {machine} {pid} {int(started) - 1}"), "the number was given to another process since"


def test_no_two_owners_are_alike():
    assert new_owner() != new_owner()
