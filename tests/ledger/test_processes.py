"""Forks and threads: every process has its own connections, and knows a dead colleague from a living one."""

from __future__ import annotations

import multiprocessing
import os
import threading

import pytest
from sqlalchemy import event, text

from stationmaster.ledger import Ledger
from stationmaster.ledger.engine import engine_at
from stationmaster.ledger.errors import LedgerNotMigrated
from stationmaster.ledger.owner import is_dead, new_owner
from stationmaster.ledger.tables import VERSION_TABLE


def test_a_forked_child_has_connections_of_its_own_and_the_parents_live_on(ledger_url, race, now):
    ledger = Ledger.at(ledger_url)
    ledger.record("t", "k", "parent", {}, now, "parent")
    parents = id(engine_at(ledger_url).pool)

    def work(number: int) -> str:
        for _ in range(5):
            ledger.record("t", "k", str(number), {}, now, "child")
        return str(id(engine_at(ledger_url).pool) != parents)

    assert race(4, work) == ["True"] * 4
    ledger.record("t", "k", "parent", {}, now, "parent")
    assert len(ledger.facts("t")) == 22
    assert ledger.verify() == ()


def test_what_was_learned_before_a_fork_is_not_learned_again(ledger_url, race):
    """A task's process lives for a second: it would compile each of its queries for itself."""
    ledger = Ledger.at(ledger_url)
    ledger.learn()
    assert engine_at(ledger_url).pool.checkedin() == 0, "no connection is left to be shared by a fork"

    def work(_: int) -> str:
        learned: list[str] = []

        def said(conn, cursor, statement, parameters, context, executemany) -> None:
            if statement.startswith("SELECT") and context.cache_hit.name != "CACHE_HIT":
                learned.append(statement)

        event.listen(engine_at(ledger_url), "before_cursor_execute", said)
        assert ledger.departure("cellxgene.weekly/2026-W34") is None
        assert ledger.newest_round("cellxgene.weekly/2026-W34") is None
        assert ledger.facts("cellxgene.weekly/2026-W34", "round_opened", "1") == ()
        assert ledger.blockers("cellxgene.weekly/2026-W34") == {}
        return "; ".join(statement for statement in learned if "version_num" not in statement)

    assert race(2, work) == ["", ""]


def test_a_ledger_that_cannot_be_learned_keeps_no_connection_either(ledger_url):
    with engine_at(ledger_url).begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0000'"))
    Ledger.at(ledger_url).close()
    with pytest.raises(LedgerNotMigrated):
        Ledger.at(ledger_url).learn()
    assert engine_at(ledger_url).pool.checkedin() == 0


def test_f69_a_child_asks_for_the_schema_itself(ledger_url, race):
    """Its parent has run since before a newer release migrated."""
    ledger = Ledger.at(ledger_url)
    ledger.learn()
    with engine_at(ledger_url).begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    assert ledger.departure("t/2026-W34") is None, "the parent has asked"
    engine_at(ledger_url).dispose()
    (told,) = race(1, lambda _: str(ledger.departure("t/2026-W34")))
    assert told.startswith("LedgerTooNew")


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
