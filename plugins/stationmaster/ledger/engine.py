"""How the ledger reaches its database: one writer at a time, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import os
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from stationmaster.ledger.errors import LedgerUrlInvalid

WRITE = "ledger_write"
BUSY_SECONDS = 60
_CONNECT_SECONDS = 10
_RESTED_SECONDS = 1.0
_USED = "used"

_engines: dict[str, Engine] = {}
_readers: dict[str, Engine] = {}
_of_the_parents: list[Pool] = []
_gate = threading.Lock()


def engine_at(url: str) -> Engine:
    """Return this process's engine for ``url``.

    A forked child has connections of its own, for one that two processes share ruins both. What SQLAlchemy has learned
    by then it keeps: how the server is to be spoken to, and how each query that was asked is said.

    :raises LedgerUrlInvalid: the URL is malformed, or names a database that processes cannot share.
    """
    address = _address(url)
    name = _spelling(url)
    with _gate:
        if name not in _engines:
            _engines[name] = _sqlite(address) if address.get_backend_name() == "sqlite" else _postgresql(address)
        return _engines[name]


def reader_at(url: str) -> Engine:
    """Return the engine of whoever only reads: on PostgreSQL without a transaction around each query.

    There each query sees the newest state in either case, and asks the server once instead of three times.

    :raises LedgerUrlInvalid: as of :func:`engine_at`.
    """
    engine = engine_at(url)
    if engine.dialect.name == "sqlite":
        return engine
    name = _spelling(url)
    with _gate:
        if name not in _readers:
            _readers[name] = engine.execution_options(isolation_level="AUTOCOMMIT")
        return _readers[name]


def forget_engine(url: str) -> None:
    """Close this process's connections to ``url``."""
    name = _spelling(url)
    with _gate:
        engine = _engines.pop(name, None)
        _readers.pop(name, None)
    if engine is not None:
        engine.dispose()


def _begin_anew() -> None:
    """Give a forked child connections of its own, and a gate: the parent's may be closed for good."""
    global _gate
    _gate = threading.Lock()
    for engine in _engines.values():
        _of_the_parents.append(engine.pool)  # referenced, so that no finaliser of the child closes what is not its own
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_begin_anew)


@cache
def _spelling(url: str) -> str:
    return _address(url).render_as_string(hide_password=False)


@cache
def _address(url: str) -> URL:
    spelling = f"postgresql://{url.removeprefix('postgres://')}" if url.startswith("postgres://") else url
    try:
        address = make_url(spelling)
    except ArgumentError as error:
        raise LedgerUrlInvalid(
            "the ledger's URL cannot be read. Use sqlite:////path/to/ledger.db or postgresql://user:password@host/name."
        ) from error
    backend = address.get_backend_name()
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise LedgerUrlInvalid(f"a ledger lives in SQLite or PostgreSQL, not in {backend!r}")
    if address.database in (None, "", ":memory:") or "mode" in address.query:
        raise LedgerUrlInvalid(
            "a ledger in memory is lost with its process. Name a file: sqlite:////path/to/ledger.db."
        )
    return address.set(drivername="sqlite")


def _sqlite(address: URL) -> Engine:
    Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    def prepare(connection: Any, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        for pragma in ("foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITE, False)
        # One that starts by reading and then writes cannot wait for another writer, it fails. So writers say so first.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _postgresql(address: URL) -> Engine:
    # Prepared statements do not survive a pooler between us and the server.
    arguments = {"prepare_threshold": None, "application_name": "stationmaster", "connect_timeout": _CONNECT_SECONDS}
    # Writers queue on one row and must see what the one before them wrote, whatever the database's own default is.
    engine = create_engine(
        address,
        connect_args=arguments,
        isolation_level="READ COMMITTED",
        pool_size=2,
        max_overflow=10,
        hide_parameters=True,
    )

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITE, False):
            # For this transaction only. A writer that froze must not stop the others for ever.
            connection.exec_driver_sql(
                f"SELECT set_config('lock_timeout', '{BUSY_SECONDS}s', true),"
                f" set_config('idle_in_transaction_session_timeout', '{BUSY_SECONDS}s', true)"
            )

    def used(_: Any, record: ConnectionPoolEntry) -> None:
        record.info[_USED] = time.monotonic()

    def rested(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
        # A step asks a hundred times in a second: only a connection that has rested may have been closed meanwhile.
        if time.monotonic() - record.info.get(_USED, time.monotonic()) < _RESTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("the connection was closed while it rested") from error

    event.listen(engine, "begin", begin)
    event.listen(engine, "checkin", used)
    event.listen(engine, "checkout", rested)
    return engine
