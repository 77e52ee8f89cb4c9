"""A database that does not answer is one outcome, whatever its driver calls it."""

from __future__ import annotations

import sqlite3
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from stationmaster.ledger import Ledger, engine
from stationmaster.ledger.errors import LedgerUnreachable


def test_a_server_that_is_down_is_told_without_its_password() -> None:
    ledger = Ledger.at("postgresql://stationmaster:geheim@127.0.0.1:1/ledger")
    with pytest.raises(LedgerUnreachable, match=r"127\.0\.0\.1:1/ledger does not answer: .*refused") as away:
        ledger.fingerprint()
    assert "geheim" not in str(away.value)


def test_a_file_that_somebody_keeps_locked_is_told(sqlite_template, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("stationmaster.ledger.engine.BUSY_SECONDS", 0.05)
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template.read_bytes())
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerUnreachable, match="locked"), Ledger.at(f"sqlite:///{path}").writing():
            raise AssertionError("nobody writes")
        other.execute("ROLLBACK")
    other.close()
    assert Ledger.at(f"sqlite:///{path}").fingerprint()


def test_a_connection_that_was_closed_while_it_rested_is_replaced(fresh_postgresql, postgres_databases, monkeypatch):
    url = fresh_postgresql()
    ledger = Ledger.at(url)
    fingerprint = ledger.fingerprint()

    def close_all() -> None:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        postgres_databases.run(f"SELECT pg_terminate_backend(pid) {others}", url=url)

    close_all()
    with monkeypatch.context() as later:
        later.setattr(engine.time, "monotonic", lambda now=time.monotonic: now() + 60)
        assert ledger.fingerprint() == fingerprint
    close_all()
    with pytest.raises(LedgerUnreachable):
        ledger.fingerprint()  # it was used a moment ago: a task waits, and goes on
    assert ledger.fingerprint() == fingerprint


def test_whoever_only_reads_asks_postgresql_once(fresh_postgresql):
    ledger = Ledger.at(fresh_postgresql())
    with ledger.reading() as session:
        assert session.connection().connection.dbapi_connection.autocommit
    with ledger.writing() as pen:
        assert not pen.session.connection().connection.dbapi_connection.autocommit


def test_writers_see_what_was_written_before_them_whatever_the_server_says(fresh_postgresql, postgres_databases):
    url = fresh_postgresql()
    name = url.partition("?")[0].rpartition("/")[2]
    postgres_databases.run(f"ALTER DATABASE {name} SET default_transaction_isolation TO 'serializable'")
    with Ledger.at(url).writing() as pen:
        assert pen.session.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"


def test_f74_a_mistake_of_ours_is_no_outage_and_tells_no_values(sqlite_template, tmp_path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template.read_bytes())
    with pytest.raises(DBAPIError) as caught, Ledger.at(f"sqlite:///{path}").reading() as session:
        session.execute(text("SELECT :reason FROM nowhere"), {"reason": "geheim"})
    assert "no such table" in str(caught.value)
    assert "geheim" not in str(caught.value)
