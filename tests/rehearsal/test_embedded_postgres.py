"""The PostgreSQL of the embedded station, started for real."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from stationmaster.rehearsal.embedded import postgres_place as embedded_postgres_place
from stationmaster.rehearsal.embedded.ports import choose_port, is_free
from stationmaster.rehearsal.embedded.postgres import EmbeddedPostgres
from stationmaster.rehearsal.embedded.postgres_place import PostgresMissing
from stationmaster.rehearsal.embedded.station import clear_home


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
        clear_home(tmp_path)


def test_a_private_directory_has_a_server_too_and_stays_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's server runs as somebody who cannot enter the directory; everybody else's data stay inside."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    packages = Path(embedded_postgres_place._installed_programs()).parents[2]
    monkeypatch.setattr(
        embedded_postgres_place,
        "_anyone_may_enter",
        lambda path: not path.is_relative_to(private) and not path.is_relative_to(packages),
    )
    server = _server(private)
    try:
        server.start(("airflow",))
        with _connect(server, "airflow") as airflow:
            assert airflow.execute("SELECT 1").fetchone() == (1,)
        pointer = private / "postgres-is-in"
        assert pointer.exists() is (os.geteuid() == 0)
        folder = Path(pointer.read_text()) if pointer.exists() else private / "postgres"
        assert (folder / "data" / "PG_VERSION").exists()
        assert private.stat().st_mode & 0o777 == 0o700
    finally:
        server.component.end(grace=8)
    clear_home(private)
    assert not folder.exists()


def test_a_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres_place, "find_spec", lambda name: None)
    with pytest.raises(PostgresMissing, match=r"stationmaster\[embedded\]"):
        _server(tmp_path)
