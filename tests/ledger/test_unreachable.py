"""A database that does not answer is one outcome, whatever its driver calls it."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from stationmaster.ledger import Ledger
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


def test_f74_a_mistake_of_ours_is_no_outage_and_tells_no_values(sqlite_template, tmp_path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template.read_bytes())
    with pytest.raises(DBAPIError) as caught, Ledger.at(f"sqlite:///{path}").reading() as session:
        session.execute(text("SELECT :reason FROM nowhere"), {"reason": "geheim"})
    assert "no such table" in str(caught.value)
    assert "geheim" not in str(caught.value)
