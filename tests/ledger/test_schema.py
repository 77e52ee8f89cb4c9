"""Migrations: from nothing, in a race, up to exactly the models, and never past them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import stationmaster.ledger
from stationmaster.ledger import Ledger
from stationmaster.ledger.engine import engine_at
from stationmaster.ledger.errors import LedgerNotMigrated, LedgerTooNew, LedgerUrlInvalid
from stationmaster.ledger.tables import SCHEMA, TABLE_PREFIX, VERSION_TABLE, Base


def test_migrates_from_empty_and_then_has_nothing_to_do(bare_ledger_url, now):
    ledger = Ledger.at(bare_ledger_url)
    with pytest.raises(LedgerNotMigrated, match="ledger migrate"):
        ledger.head()
    assert ledger.migrate(now)
    assert not ledger.migrate(now)
    assert [entry.action for entry in ledger.audit()] == ["ledger.migrated"]
    assert ledger.verify() == ()


def test_the_migrations_make_exactly_the_models(ledger_url):
    ours = {"include_name": lambda name, kind, _: kind != "table" or name.startswith(TABLE_PREFIX)}
    with engine_at(ledger_url).connect() as connection:
        context = MigrationContext.configure(connection, opts={**ours, "version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []


def test_the_schema_number_is_the_newest_migration():
    migrations = Path(stationmaster.ledger.__file__).parent / "migrations"
    scripts = ScriptDirectory(str(migrations))
    assert scripts.get_heads() == [SCHEMA]
    numbers = [script.revision for script in scripts.walk_revisions()]
    assert numbers == sorted(numbers, reverse=True)


def test_f69_a_newer_schema_is_refused_and_left_alone(ledger_url):
    with engine_at(ledger_url).begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    ledger = Ledger.at(ledger_url)
    ledger.close()
    for use in (ledger.migrate, ledger.head):
        with pytest.raises(LedgerTooNew, match=f"9999, which is newer than this release's {SCHEMA}"):
            use()


def test_an_older_schema_is_refused_until_it_is_migrated(ledger_url):
    with engine_at(ledger_url).begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0000'"))
    Ledger.at(ledger_url).close()
    with pytest.raises(LedgerNotMigrated, match="the schema 0000"):
        Ledger.at(ledger_url).head()


def test_processes_that_race_to_migrate_all_succeed_and_one_does_it(bare_ledger_url, race, now):
    def migrate(_: int) -> str:
        ledger = Ledger.at(bare_ledger_url)
        return f"{ledger.migrate(now)} {ledger.fingerprint()}"

    told = race(6, migrate)
    assert sorted(line.split()[0] for line in told) == ["False"] * 5 + ["True"], told
    assert len({line.split()[1] for line in told}) == 1
    assert len(Ledger.at(bare_ledger_url).audit()) == 1


def test_f73_each_ledger_has_a_fingerprint_of_its_own(bare_ledger_url, tmp_path, now):
    one, other = Ledger.at(bare_ledger_url), Ledger.at(f"sqlite:///{tmp_path / 'other.db'}")
    one.migrate(now)
    other.migrate(now)
    assert one.fingerprint() == one.fingerprint()
    assert len(one.fingerprint()) == 16
    assert one.fingerprint() != other.fingerprint()
    other.close()


def test_a_reader_does_not_wait_for_the_writer(ledger, departure):
    with ledger.writing() as pen:
        pen.session.execute(text("UPDATE ledger_departures SET why = 'unfinished'"))
        seen = ledger.departure(departure.id)
    assert seen is not None
    assert seen.why == ""


def test_sqlite_is_durable_and_write_ahead(tmp_path, now):
    path = tmp_path / "deep" / "er" / "ledger.db"
    ledger = Ledger.at(f"sqlite:///{path}")
    ledger.migrate(now)
    with engine_at(f"sqlite:///{path}").connect() as connection:
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    ledger.close()
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://host/ledger", "not in 'mysql'"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "in memory"),
        ("not a url", "cannot be read"),
    ],
)
def test_a_url_that_no_ledger_can_live_at_is_refused(url, says):
    with pytest.raises(LedgerUrlInvalid, match=says):
        Ledger.at(url)


def test_airflows_spelling_of_postgresql_is_understood():
    spellings = ("postgres://u:p@h/db", "postgresql://u:p@h/db", "postgresql+psycopg2://u:p@h/db")
    assert {engine_at(url).url.drivername for url in spellings} == {"postgresql+psycopg"}


def test_no_message_shows_the_password(tmp_path):
    with pytest.raises(LedgerUrlInvalid) as caught:
        Ledger.at("mysql://user:secret@host/x")
    assert "secret" not in str(caught.value)
