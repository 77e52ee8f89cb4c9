"""Reading and writing: all writers queue, so that a transaction never meets half of another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Engine, exc, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from stationmaster.ledger import schema
from stationmaster.ledger.engine import WRITE, engine_at, forget_engine, reader_at
from stationmaster.ledger.errors import LedgerUnreachable
from stationmaster.ledger.pen import Pen
from stationmaster.ledger.tables import IdentityRow

_PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
)


class Store:
    """A ledger's database. The parts of the ledger build on it."""

    through: str = ""
    """Who writes in other people's names, such as ``shell:amara@build-7``: each line of the audit names them."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def _engine(self) -> Engine:
        return engine_at(self._url)

    def fingerprint(self) -> str:
        """Return the random id that this ledger was given when it was created (F73)."""
        with self.reading() as session:
            return session.scalars(select(IdentityRow.fingerprint)).one()

    def close(self) -> None:
        """Close this process's connections; the next call opens new ones."""
        forget_engine(self._url)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that sees one state of the ledger (on SQLite) or the newest at each query (on PostgreSQL).

        :raises LedgerNotMigrated, LedgerTooNew: the database does not have this release's schema.
        :raises LedgerUnreachable: it does not answer.
        """
        with answering(self._engine):
            schema.require(self._engine)
            with Session(reader_at(self._url), expire_on_commit=False) as session:
                yield session

    @contextmanager
    def writing(self) -> Iterator[Pen]:
        """Open a transaction that no other writer overlaps; it is committed when the block ends without an error.

        PostgreSQL queues writers on the identity row, SQLite on the file. Nothing outside may be asked meanwhile.

        :raises LedgerNotMigrated, LedgerTooNew, LedgerUnreachable: as of :meth:`reading`.
        """
        with answering(self._engine):
            schema.require(self._engine)
            writer = self._engine.execution_options(**{WRITE: True})
            with Session(writer, autoflush=False) as session, session.begin():
                yield Pen(session, session.scalars(select(IdentityRow).with_for_update()).one(), self.through)


def _may_answer(error: Exception) -> bool:
    """Return whether the next attempt may succeed. SQLite calls a table that is missing operational, too."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return code is None or code & 0xFF in _PASSING


@contextmanager
def answering(engine: Engine) -> Iterator[None]:
    """Say in the ledger's own words that its database does not answer.

    :raises LedgerUnreachable: whatever the driver calls it.
    """
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        if not _may_answer(error):
            raise
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise LedgerUnreachable(
            f"the ledger {engine.url.render_as_string()} does not answer: {said[0] if said else type(error).__name__}"
        ) from error


def below(column: InstrumentedAttribute[str], prefix: str) -> ColumnElement[bool]:
    """Return the condition that a path equals ``prefix`` or lies below it: ``a/b`` finds ``a/b/c``, never ``a/bc``."""
    path = prefix.rstrip("/")
    if not path:
        return column.is_not(None)
    # Not LIKE: SQLite's ignores case.
    return or_(column == path, func.substr(column, 1, len(path) + 1) == f"{path}/")
