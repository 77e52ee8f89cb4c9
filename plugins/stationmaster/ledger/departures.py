"""Departures, the manifests pinned to them, and the manifests that were rejected."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import desc, select
from sqlalchemy.orm import Session

from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest
from stationmaster.ledger.columns import utc
from stationmaster.ledger.errors import DepartureMoved, NotRejected, UnknownDeparture
from stationmaster.ledger.records import Departure, DepartureState, Rejection, Round
from stationmaster.ledger.store import Store
from stationmaster.ledger.tables import MANIFEST_PINNED, MANIFEST_REJECTED, DepartureRow, RejectionRow, RoundRow


class Departures(Store):
    """What runs, in which week, with which commits aboard."""

    def open_departure(self, train: str, week: IsoWeek, now: datetime, by: str) -> Departure:
        """Open the departure of a train in a week, or adopt the one that is there (F38). Its id is ``train/week``."""
        id_ = f"{train}/{week}"
        if (existing := self.departure(id_)) is not None:
            return existing
        with self.writing() as pen:
            row = pen.session.get(DepartureRow, id_)
            if row is None:
                at = utc(now)
                row = DepartureRow(id=id_, train=train, week=str(week), state=DepartureState.OPEN, round=0, why="")
                row.opened_at, row.opened_by, row.changed_at, row.changed_by = at, by, at, by
                pen.session.add(row)
                pen.note("departure.opened", id_, {"train": train, "week": str(week)}, at=now, actor=by)
            return _departure(row)

    def departure(self, departure_id: str) -> Departure | None:
        """Return a departure, or None when it was never opened."""
        with self.reading() as session:
            row = session.get(DepartureRow, departure_id)
            return None if row is None else _departure(row)

    def departures(
        self, train: str | None = None, states: Collection[DepartureState] | None = None, *, limit: int | None = None
    ) -> tuple[Departure, ...]:
        """Return departures, the newest week first; of one train, in one of ``states``, at most ``limit``."""
        query = select(DepartureRow).order_by(desc(DepartureRow.week), DepartureRow.train).limit(limit)
        if train is not None:
            query = query.where(DepartureRow.train == train)
        if states is not None:
            query = query.where(DepartureRow.state.in_([str(state) for state in states]))
        with self.reading() as session:
            return tuple(_departure(row) for row in session.scalars(query))

    def set_state(
        self,
        departure_id: str,
        state: DepartureState,
        now: datetime,
        by: str,
        why: str = "",
        *,
        expect: Collection[DepartureState] | None = None,
    ) -> Departure:
        """Move a departure. Moving it to where it is changes nothing.

        :param expect: the states from which the caller means to move it; two that race cannot both succeed (F05).
        :raises UnknownDeparture: it was never opened.
        :raises DepartureMoved: it is in none of the expected states.
        """
        with self.writing() as pen:
            row = existing_departure(pen.session, departure_id)
            if expect is not None and row.state not in expect:
                wanted = ", ".join(sorted(expect))
                raise DepartureMoved(
                    f"{departure_id} is {row.state} ({row.changed_by}: {row.why or 'no reason given'}), not {wanted}, "
                    f"so it cannot become {state}."
                )
            if row.state != state:
                body = {"from": row.state, "to": str(state), "why": why}
                pen.note("departure.state", departure_id, body, at=now, actor=by)
                row.state, row.changed_at, row.changed_by, row.why = str(state), utc(now), by, why
            return _departure(row)

    def pin(self, departure_id: str, manifest: Manifest, now: datetime, by: str) -> Round:
        """Put a manifest aboard. The one that is aboard keeps its round; any other opens the next one (F06).

        :raises UnknownDeparture: it was never opened.
        """
        with self.writing() as pen:
            departure = existing_departure(pen.session, departure_id)
            row = _round_row(pen.session, departure_id, departure.round)
            if row is None or row.manifest != manifest.hash:
                row = RoundRow(departure=departure_id, number=departure.round + 1, manifest=manifest.hash)
                row.passengers = manifest.model_dump(mode="json")
                row.pinned_at, row.pinned_by = utc(now), by
                departure.round = row.number
                pen.add(row, MANIFEST_PINNED, departure_id, at=now, actor=by)
            return _round(row)

    def rounds(self, departure_id: str) -> tuple[Round, ...]:
        """Return the rounds of a departure, the first one first."""
        query = select(RoundRow).where(RoundRow.departure == departure_id).order_by(RoundRow.number)
        with self.reading() as session:
            return tuple(_round(row) for row in session.scalars(query))

    def manifest_of(self, departure_id: str, round: int | None = None) -> Manifest | None:  # noqa: A002
        """Return the manifest of a round, the newest one by default; None while nothing is pinned."""
        query = select(RoundRow).where(RoundRow.departure == departure_id).order_by(desc(RoundRow.number)).limit(1)
        if round is not None:
            query = query.where(RoundRow.number == round)
        with self.reading() as session:
            row = session.scalars(query).one_or_none()
            return None if row is None else _round(row).manifest

    def reject(self, manifest_hash: str, reason: str, now: datetime, by: str) -> Rejection:
        """Mark a manifest so that nothing promotes it again by itself (F46). A standing rejection is kept as it is."""
        with self.writing() as pen:
            row = _newest_rejection(pen.session, manifest_hash)
            if row is None or not row.rejected:
                row = RejectionRow(manifest=manifest_hash, rejected=True, reason=reason, at=utc(now), by=by)
                pen.add(row, MANIFEST_REJECTED, manifest_hash, at=now, actor=by)
            return _rejection(row)

    def rejection(self, manifest_hash: str) -> Rejection | None:
        """Return the standing rejection of a manifest, or None."""
        with self.reading() as session:
            row = _newest_rejection(session, manifest_hash)
            return _rejection(row) if row is not None and row.rejected else None

    def lift_rejection(self, manifest_hash: str, why: str, now: datetime, by: str) -> None:
        """Let a rejected manifest be promoted again (F44).

        :raises NotRejected: it is not rejected.
        """
        with self.writing() as pen:
            row = _newest_rejection(pen.session, manifest_hash)
            if row is None or not row.rejected:
                raise NotRejected(f"the manifest {manifest_hash[:8]} is not rejected: there is nothing to lift")
            lifted = RejectionRow(manifest=manifest_hash, rejected=False, reason=why, at=utc(now), by=by)
            pen.add(lifted, MANIFEST_REJECTED, manifest_hash, at=now, actor=by)


def existing_departure(session: Session, departure_id: str) -> DepartureRow:
    """Return the row of a departure.

    :raises UnknownDeparture: it was never opened.
    """
    row = session.get(DepartureRow, departure_id)
    if row is None:
        raise UnknownDeparture(f"there is no departure {departure_id!r}. Open it first; ids look like train/2026-W34.")
    return row


def _round_row(session: Session, departure_id: str, number: int) -> RoundRow | None:
    query = select(RoundRow).where(RoundRow.departure == departure_id, RoundRow.number == number)
    return session.scalars(query).one_or_none()


def _newest_rejection(session: Session, manifest_hash: str) -> RejectionRow | None:
    query = select(RejectionRow).where(RejectionRow.manifest == manifest_hash).order_by(desc(RejectionRow.seq)).limit(1)
    return session.scalars(query).one_or_none()


def _departure(row: DepartureRow) -> Departure:
    return Departure(
        id=row.id,
        train=row.train,
        week=IsoWeek.parse(row.week),
        state=DepartureState(row.state),
        round=row.round,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        why=row.why,
    )


def _round(row: RoundRow) -> Round:
    return Round(
        departure=row.departure,
        number=row.number,
        manifest=Manifest.model_validate(row.passengers),
        pinned_at=row.pinned_at,
        pinned_by=row.pinned_by,
    )


def _rejection(row: RejectionRow) -> Rejection:
    return Rejection(manifest=row.manifest, reason=row.reason, at=row.at, by=row.by)
