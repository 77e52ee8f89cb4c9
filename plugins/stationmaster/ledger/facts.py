"""Facts: what happened to a departure, only ever added to. What a task knows survives a clear, for it is here (F71)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, desc, select

from stationmaster.ledger.columns import utc
from stationmaster.ledger.pen import Pen
from stationmaster.ledger.records import Fact
from stationmaster.ledger.store import Store
from stationmaster.ledger.tables import FACT_RECORDED, FactRow


class Facts(Store):
    """The log of each departure."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._read: dict[tuple[str, str], tuple[Fact, ...]] = {}

    def record(self, departure_id: str, kind: str, subject: str, value: dict[str, Any], now: datetime, by: str) -> Fact:
        """Add a fact.

        :param kind: such as ``staged``, ``confirmed``, ``hold``.
        :param subject: what it is about, such as a component; empty for the whole departure.
        :raises ValueNotStorable: ``value`` is not JSON.
        """
        with self.writing() as pen:
            return _add(pen, FactRow(departure=departure_id, kind=kind, subject=subject, value=value), now, by)

    def record_once(
        self,
        departure_id: str,
        kind: str,
        subject: str,
        value: dict[str, Any],
        now: datetime,
        by: str,
        *,
        key: str | None = None,
    ) -> Fact:
        """Add a fact that can be true only once; a later call returns the first one, whatever its own value.

        :param key: what it is once of within the departure; ``kind/subject`` by default.
        """
        once = f"{kind}/{subject}" if key is None else key
        query = select(FactRow).where(FactRow.departure == departure_id, FactRow.once == once)
        with self.reading() as session:
            if (row := session.scalars(query).one_or_none()) is not None:
                return _fact(row)
        with self.writing() as pen:
            return add_fact(pen, departure_id, kind, subject, value, now, by, once=once)

    def facts(self, departure_id: str, kind: str | None = None, subject: str | None = None) -> tuple[Fact, ...]:
        """Return the facts of a departure, newest last."""
        with self.reading() as session:
            return tuple(
                _fact(row) for row in session.scalars(_chosen(departure_id, kind, subject).order_by(FactRow.seq))
            )

    def all_facts(self, departure_id: str, kind: str) -> tuple[Fact, ...]:
        """Return every fact of a kind, newest last, as :meth:`facts` does; what was read before is not read again.

        Facts are only ever added, and their writers queue: what is new has a higher number (a rollout asks a thousand
        times for thousands).
        """
        known = self._read.get((departure_id, kind), ())
        query = _chosen(departure_id, kind, None).where(FactRow.seq > (known[-1].seq if known else 0))
        with self.reading() as session:
            new = tuple(_fact(row) for row in session.scalars(query.order_by(FactRow.seq)))
        self._read[departure_id, kind] = known + new
        return known + new

    def fact(self, departure_id: str, kind: str, subject: str | None = None) -> Fact | None:
        """Return the newest fact of a kind, or None."""
        query = _chosen(departure_id, kind, subject).order_by(desc(FactRow.seq)).limit(1)
        with self.reading() as session:
            row = session.scalars(query).one_or_none()
            return None if row is None else _fact(row)


def add_fact(
    pen: Pen,
    departure_id: str,
    kind: str,
    subject: str,
    value: dict[str, Any],
    now: datetime,
    by: str,
    *,
    once: str | None = None,
) -> Fact:
    """Add a fact within a transaction; see :meth:`Facts.record`.

    :param once: as ``key`` of :meth:`Facts.record_once`: the first one of it is kept, and returned.
    """
    if once is not None:
        query = select(FactRow).where(FactRow.departure == departure_id, FactRow.once == once)
        if (known := pen.session.scalars(query).one_or_none()) is not None:
            return _fact(known)
    return _add(pen, FactRow(departure=departure_id, kind=kind, subject=subject, value=value, once=once), now, by)


def _add(pen: Pen, row: FactRow, now: datetime, by: str) -> Fact:
    row.at, row.by = utc(now), by
    pen.add(row, FACT_RECORDED, row.departure, at=now, actor=by)
    return _fact(row)


def _chosen(departure_id: str, kind: str | None, subject: str | None) -> Select[FactRow]:
    query = select(FactRow).where(FactRow.departure == departure_id)
    if kind is not None:
        query = query.where(FactRow.kind == kind)
    return query if subject is None else query.where(FactRow.subject == subject)


def _fact(row: FactRow) -> Fact:
    return Fact(
        seq=row.seq,
        departure=row.departure,
        kind=row.kind,
        subject=row.subject,
        value=row.value,
        at=row.at,
        by=row.by,
    )
