"""Which shape the database has, and how it comes by the newest one."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
import weakref
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Text, column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from stationmaster.ledger.chain import genesis
from stationmaster.ledger.engine import BUSY_SECONDS, WRITE
from stationmaster.ledger.errors import LedgerNotMigrated, LedgerTooNew
from stationmaster.ledger.pen import Pen
from stationmaster.ledger.tables import SCHEMA, VERSION_TABLE, IdentityRow

# Any number, as long as every release takes the same one.
_ADVISORY_LOCK = 7_020_245_330
_PAUSE = 0.05

_known_good: weakref.WeakSet[Engine] = weakref.WeakSet()
# A child asks for itself: its parent may have asked before somebody migrated.
os.register_at_fork(after_in_child=_known_good.clear)


def version(connection: Connection) -> str | None:
    """Return the number of the newest migration that ran on this database, or None where there is no ledger."""
    query = select(column("version_num", Text)).select_from(table(VERSION_TABLE))
    try:
        with connection.begin_nested():
            return connection.execute(query).scalar_one_or_none()
    except DBAPIError:
        # To look for the table first would cost each task more than its own reading.
        if inspect(connection).has_table(VERSION_TABLE):
            raise
        return None


def require(engine: Engine) -> None:
    """Return when the database has this release's schema.

    :raises LedgerNotMigrated: it has none, or an older one.
    :raises LedgerTooNew: a newer release migrated it (F69).
    """
    if engine in _known_good:
        return
    with engine.connect() as connection:
        found = version(connection)
    _refuse_newer(engine, found)
    if found != SCHEMA:
        have = f"the schema {found}" if found else "no ledger"
        raise LedgerNotMigrated(
            f"{_place(engine)} holds {have}; {SCHEMA} is needed. Run `stationmaster ledger migrate`."
        )
    _known_good.add(engine)


def migrate(engine: Engine, now: datetime) -> bool:
    """Bring the database to this release's schema; return whether anything was to do.

    Of processes that race, one migrates and the others wait for it.

    :raises LedgerTooNew: a newer release migrated it already.
    """
    with engine.connect() as connection:
        found = version(connection)
    _refuse_newer(engine, found)
    if found == SCHEMA:
        return False
    if engine.dialect.name == "sqlite":
        _write_ahead(engine)
    with engine.execution_options(**{WRITE: True}).connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        if version(connection) == SCHEMA:
            return False
        _upgrade(connection)
        _identify(connection, now)
    return True


def _upgrade(connection: Connection) -> None:
    # Half a second that no task should pay for.
    from alembic import command
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    settings.attributes["connection"] = connection
    command.upgrade(settings, SCHEMA)


def _identify(connection: Connection, now: datetime) -> None:
    with Session(connection) as session:
        identity = session.scalars(select(IdentityRow)).one_or_none()
        if identity is None:
            fingerprint = secrets.token_hex(8)
            identity = IdentityRow(id=1, fingerprint=fingerprint, created_at=now, seq=0, hash=genesis(fingerprint))
            session.add(identity)
        Pen(session, identity).note("ledger.migrated", "ledger", {"schema": SCHEMA}, at=now, actor="stationmaster")
        session.flush()


def _write_ahead(engine: Engine) -> None:
    """Let readers and the writer pass each other; the file remembers. SQLite does not wait for this by itself."""
    for attempt in range(int(BUSY_SECONDS / _PAUSE)):
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if attempt == int(BUSY_SECONDS / _PAUSE) - 1:
                raise
            time.sleep(_PAUSE)
        finally:
            connection.close()


def _refuse_newer(engine: Engine, found: str | None) -> None:
    if found is not None and found > SCHEMA:
        raise LedgerTooNew(
            f"{_place(engine)} holds the schema {found}, which is newer than this release's {SCHEMA}. "
            f"Upgrade stationmaster; a ledger is never taken back to an older schema."
        )


def _place(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
