"""Reading the audit, and proving that nobody rewrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stationmaster.ledger import chain
from stationmaster.ledger.columns import canonical
from stationmaster.ledger.records import Anchor, Break, Entry
from stationmaster.ledger.store import Store, below
from stationmaster.ledger.tables import (
    BALLOT_CAST,
    BALLOT_GONE,
    FACT_RECORDED,
    MANIFEST_PINNED,
    MANIFEST_REJECTED,
    RUN_BOUND,
    AuditRow,
    BallotEndRow,
    BallotRow,
    FactRow,
    IdentityRow,
    RejectionRow,
    RoundRow,
    RunRow,
    WitnessedRow,
)

# Rows that never change: each must say what its line says, and each such line must have its row.
_WITNESSED: dict[str, type[WitnessedRow]] = {
    BALLOT_CAST: BallotRow,
    BALLOT_GONE: BallotEndRow,
    FACT_RECORDED: FactRow,
    MANIFEST_PINNED: RoundRow,
    MANIFEST_REJECTED: RejectionRow,
    RUN_BOUND: RunRow,
}


class Audit(Store):
    """The chain of everything that was written."""

    def head(self) -> Anchor:
        """Return the end of the audit: one row, cheap to poll; it moves with every write."""
        with self.reading() as session:
            row = session.execute(select(IdentityRow.seq, IdentityRow.hash)).one()
            return Anchor(seq=row.seq, hash=row.hash)

    def audit(
        self, prefix: str = "", since: datetime | None = None, *, after: int = 0, limit: int | None = None
    ) -> tuple[Entry, ...]:
        """Return the lines about ``prefix`` and what is below it, oldest first.

        :param since: lines of that instant and later.
        :param after: lines with a higher number only.
        :param limit: at most so many, the oldest.
        """
        query = select(AuditRow).where(below(AuditRow.subject, prefix), AuditRow.seq > after).order_by(AuditRow.seq)
        if since is not None:
            query = query.where(AuditRow.at >= since)
        with self.reading() as session:
            return tuple(_entry(row) for row in session.scalars(query.limit(limit)))

    def verify(self, anchor: Anchor | None = None) -> tuple[Break, ...]:
        """Return every place where the ledger contradicts its audit; empty when it is whole.

        Finds edited, deleted, inserted and reordered lines, a tail that was cut off, and ballots, facts, pins and
        rejections that differ from their lines. Somebody who can write every table can forge a whole new chain; only an
        ``anchor`` that was kept elsewhere shows that.
        """
        with self.reading() as session:
            if session.get_bind().dialect.name == "postgresql":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return tuple(
                sorted([*_chain_breaks(session, anchor), *_witness_breaks(session)], key=lambda found: found.seq)
            )


def _chain_breaks(session: Session, anchor: Anchor | None) -> Iterator[Break]:
    identity = session.scalars(select(IdentityRow)).one()
    seq, last = 0, chain.genesis(identity.fingerprint)
    anchored = anchor is None or (anchor.seq == 0 and anchor.hash == last)
    for row in session.scalars(select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=1000)):
        if row.seq != seq + 1:
            yield Break(seq=seq + 1, problem=f"lines {seq + 1} to {row.seq - 1} are missing")
        elif row.prev_hash != last:
            yield Break(seq=row.seq, problem="the line does not follow the one before it")
        if _line(row).hash() != row.hash:
            yield Break(seq=row.seq, problem="the line was changed after it was written")
        if anchor is not None and row.seq == anchor.seq:
            anchored = row.hash == anchor.hash
        seq, last = row.seq, row.hash
    if (identity.seq, identity.hash) != (seq, last):
        yield Break(seq=seq + 1, problem=f"the audit ends at line {seq}, but the ledger wrote {identity.seq}")
    if anchor is not None and not anchored:
        yield Break(seq=anchor.seq, problem="the line is not the one that was anchored: the chain was rewritten")


def _witness_breaks(session: Session) -> Iterator[Break]:
    for action, table in _WITNESSED.items():
        lines = select(AuditRow.seq, AuditRow.body).where(AuditRow.action == action)
        bodies = {line.seq: line.body for line in session.execute(lines)}
        for row in session.scalars(select(table).execution_options(yield_per=1000)):
            if (body := bodies.pop(row.seq, None)) is None:
                yield Break(seq=row.seq, problem=f"a row of {table.__tablename__} that no line records")
            elif canonical(chain.witness(row)) != body:
                yield Break(seq=row.seq, problem=f"the row of {table.__tablename__} differs from what was recorded")
        for seq in bodies:
            yield Break(seq=seq, problem=f"the row of {table.__tablename__} that this line records is gone")


def _line(row: AuditRow) -> chain.Line:
    return chain.Line(row.seq, row.at, row.actor, row.action, row.subject, row.body, row.prev_hash)


def _entry(row: AuditRow) -> Entry:
    return Entry(**_line(row)._asdict() | {"body": json.loads(row.body), "hash": row.hash})
