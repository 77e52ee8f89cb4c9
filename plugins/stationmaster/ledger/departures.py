"""Departures, the manifests pinned to them, and the manifests that were rejected."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from itertools import islice

from sqlalchemy import desc, func, select
from sqlalchemy.orm import Session

from stationmaster.core.departure_ids import DepartureId, DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest
from stationmaster.core.transitions import Act, next_state
from stationmaster.ledger.columns import utc
from stationmaster.ledger.errors import CountOutdated, DepartureMoved, NotRejected, UnknownDeparture
from stationmaster.ledger.pen import Pen
from stationmaster.ledger.records import Departure, DepartureState, Rejection, Round, told_of
from stationmaster.ledger.store import Store
from stationmaster.ledger.tables import (
    FACT_RECORDED,
    MANIFEST_PINNED,
    MANIFEST_REJECTED,
    AuditRow,
    DepartureRow,
    FactRow,
    RejectionRow,
    RoundRow,
)

STATE_CHANGED = "departure.state"
"""The audit's action of a change of state: ``{"from", "to", "why", "act"}``."""
OPENED_FOR = "opened_for"
"""The fact that says for which form a departure beside the train was opened."""
_OWN_WEEK = len("2026-W34")
_TRAIN = frozenset({DepartureKind.TRAIN})


class Departures(Store):
    """What runs, in which week, with which commits aboard."""

    def open_departure(self, train: str, week: IsoWeek, now: datetime, by: str) -> Departure:
        """Open the departure of a train in a week, or adopt the one that is there (F38). Its id is ``train/week``."""
        name = DepartureId(train=train, week=week)
        if (existing := self.departure(str(name))) is not None:
            return existing
        with self.writing() as pen:
            row = pen.session.get(DepartureRow, str(name))
            return _departure(_opened(pen, name, now, by) if row is None else row)

    def open_beside(
        self, train: str, week: IsoWeek, kind: DepartureKind, now: datetime, by: str, *, key: str
    ) -> Departure:
        """Open a departure beside the train, numbered within its week and kind; once for each ``key``.

        :param key: what it is opened for, such as the run of a form: a retry adopts what it opened.
        """
        once = f"{OPENED_FOR}/{key}"
        query = select(FactRow).where(FactRow.kind == OPENED_FOR, FactRow.subject == key)
        beside = select(DepartureRow).where(
            DepartureRow.train == train, func.substr(DepartureRow.week, 1, _OWN_WEEK) == str(week)
        )
        with self.writing() as pen:
            fact = next((row for row in pen.session.scalars(query) if row.departure.startswith(f"{train}/")), None)
            if fact is not None:
                return _departure(existing_departure(pen.session, fact.departure))
            names = (DepartureId.parse(row.id) for row in pen.session.scalars(beside))
            number = 1 + max((name.number for name in names if name.kind is kind), default=0)
            row = _opened(pen, DepartureId(train=train, week=week, kind=kind, number=number), now, by)
            pen.session.flush()
            fact = FactRow(departure=row.id, kind=OPENED_FOR, subject=key, value={}, once=once)
            fact.at, fact.by = utc(now), by
            pen.add(fact, FACT_RECORDED, row.id, at=now, actor=by)
            return _departure(row)

    def opened_for(self, train: str, key: str) -> Departure | None:
        """Return what :meth:`open_beside` opened for a key, None if it did not."""
        query = select(FactRow).where(FactRow.kind == OPENED_FOR, FactRow.subject == key)
        with self.reading() as session:
            rows = session.scalars(query).all()
            row = next((row for row in rows if row.departure.startswith(f"{train}/")), None)
            return None if row is None else _departure(existing_departure(session, row.departure))

    def departure(self, departure_id: str) -> Departure | None:
        """Return a departure, or None when it was never opened."""
        with self.reading() as session:
            row = session.get(DepartureRow, departure_id)
            return None if row is None else _departure(row)

    def departures(
        self,
        train: str | None = None,
        states: Collection[DepartureState] | None = None,
        *,
        kinds: Collection[DepartureKind] = _TRAIN,
        limit: int | None = None,
    ) -> tuple[Departure, ...]:
        """Return departures, the newest week first; of one train, in one of ``states``, at most ``limit``.

        :param kinds: the weeks' own trains by default; what left beside them only where it is asked for.
        """
        query = select(DepartureRow).order_by(desc(DepartureRow.week), DepartureRow.train)
        if train is not None:
            query = query.where(DepartureRow.train == train)
        if states is not None:
            query = query.where(DepartureRow.state.in_([str(state) for state in states]))
        if set(kinds) == _TRAIN:
            query = query.where(func.length(DepartureRow.week) == _OWN_WEEK)
        with self.reading() as session:
            found = (_departure(row) for row in session.scalars(query))
            return tuple(islice((each for each in found if each.kind in kinds), limit))

    def move(
        self, departure_id: str, act: Act, now: datetime, by: str, why: str = "", *, to: DepartureState | None = None
    ) -> Departure:
        """Do an act to a departure: its state becomes what the table of transitions says, or nothing changes.

        The table is asked about the state that stands when this writes, so that of two acts that race the second one
        is judged by what the first has made of it (F05).

        :param to: which state, where the act may lead to several.
        :raises UnknownDeparture: it was never opened.
        :raises ActRefused: its state does not allow the act.
        """
        with self.writing() as pen:
            return moved(pen, departure_id, act, now, by, why, to=to)

    def take_up(
        self, departure_id: str, acts: Collection[Act], now: datetime, by: str, why: str, *, version: int
    ) -> Departure | None:
        """Put a departure that has failed back into the state that it failed in.

        :param acts: what may have ended it; by anything else it has ended for good.
        :param version: the one that the caller has judged it by; see :meth:`version`.
        :return: None where it did not fail, ended by another act, or where a later departure of its train is open.
        :raises CountOutdated: something has come since.
        """
        with self.writing() as pen:
            row = existing_departure(pen.session, departure_id)
            before = _failed_in(pen.session, row, {act.name for act in acts})
            if before is None or _is_followed(pen.session, row):
                return None
            require_version(pen, departure_id, version)
            return moved(pen, departure_id, Act.TAKE_UP, now, by, why, to=before)

    def version(self, departure_id: str, kinds: Collection[str] | None = None, *, beside: Collection[str] = ()) -> int:
        """Return a number that grows with everything that a gate may read of a departure: states, rounds, votes, facts.

        What is written about its train counts, too. It may be the id of anything else that the ledger keeps facts of.

        :param kinds: of facts that count; by default all but :data:`CHATTER`.
        :param beside: ids of what else is read, such as what a team's upgrades are stopped under.
        """
        with self.reading() as session:
            return version_of(session, departure_id, kinds, beside=beside)

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
        """Put a departure into a state, whatever the table says: for whoever makes worlds; steps use :meth:`move`.

        :param expect: the states from which the caller means to move it; two that race cannot both succeed (F05).
        :raises UnknownDeparture: it was never opened.
        :raises DepartureMoved: it is in none of the expected states.
        """
        with self.writing() as pen:
            row = existing_departure(pen.session, departure_id)
            if expect is not None and row.state not in expect:
                wanted = ", ".join(sorted(expect))
                told = told_of(DepartureState(row.state), row.why) or "no reason given"
                raise DepartureMoved(
                    f"{departure_id} is {row.state} ({row.changed_by}: {told}), not {wanted}, "
                    f"so it cannot become {state}."
                )
            return _put(pen, row, state, now, by, why)

    def pin(self, departure_id: str, manifest: Manifest, now: datetime, by: str, *, act: Act | None = None) -> Round:
        """Put a manifest aboard. The one that is aboard keeps its round; any other opens the next one (F06).

        :param act: what is done to the departure by it, in the same transaction.
        :raises UnknownDeparture: it was never opened.
        :raises ActRefused: its state does not allow the act.
        """
        with self.writing() as pen:
            if act is not None:
                moved(pen, departure_id, act, now, by)
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

    def newest_round(self, departure_id: str) -> Round | None:
        """Return the newest round of a departure, None while nothing is pinned."""
        query = select(RoundRow).where(RoundRow.departure == departure_id).order_by(desc(RoundRow.number)).limit(1)
        with self.reading() as session:
            row = session.scalars(query).one_or_none()
            return None if row is None else _round(row)

    def manifest_of(self, departure_id: str, round: int | None = None) -> Manifest | None:  # noqa: A002
        """Return the manifest of a round, the newest one by default; None while nothing is pinned."""
        if round is None:
            newest = self.newest_round(departure_id)
            return None if newest is None else newest.manifest
        with self.reading() as session:
            row = _round_row(session, departure_id, round)
            return None if row is None else _round(row).manifest

    def reject(self, manifest_hash: str, reason: str, now: datetime, by: str) -> Rejection:
        """Mark a manifest so that nothing promotes it again by itself (F46). A standing rejection is kept as it is."""
        with self.writing() as pen:
            return rejected(pen, manifest_hash, reason, now, by)

    def rejected_rounds(self, train: str) -> tuple[tuple[Round, Rejection], ...]:
        """Return the rounds of a train's departures whose manifest is rejected now, each with its rejection."""
        ever = select(RejectionRow.manifest)
        query = select(RoundRow).where(RoundRow.manifest.in_(ever)).order_by(RoundRow.departure, RoundRow.number)
        with self.reading() as session:
            found = [row for row in session.scalars(query) if row.departure.startswith(f"{train}/")]
            pairs = [(row, _newest_rejection(session, row.manifest)) for row in found]
            return tuple((_round(row), _rejection(stands)) for row, stands in pairs if stands and stands.rejected)

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


def moved(
    pen: Pen, departure_id: str, act: Act, now: datetime, by: str, why: str = "", *, to: DepartureState | None = None
) -> Departure:
    """Do an act to a departure within a transaction; see :meth:`Departures.move`."""
    row = existing_departure(pen.session, departure_id)
    why_so = told_of(DepartureState(row.state), row.why)
    told = f"by {row.changed_by}{f': {why_so}' if why_so else ''}"
    state = next_state(departure_id, DepartureState(row.state), act, to=to, told=told)
    return _put(pen, row, state, now, by, why, act=act)


def failed_by(session: Session, departure_id: str, act: Act) -> bool:
    """Return whether it was an act that a departure last became FAILED by, as the audit says it.

    Where the audit does not name the act (an older release), a cut is known by the state that it led from.
    """
    query = (
        select(AuditRow)
        .where(AuditRow.subject == departure_id, AuditRow.action == STATE_CHANGED)
        .order_by(desc(AuditRow.seq))
    )
    bodies = (json.loads(row.body) for row in session.scalars(query))
    body: dict[str, str] = next((found for found in bodies if found["to"] == DepartureState.FAILED), {})
    if "act" in body:
        return body["act"] == act.name
    return act is Act.FAIL_CUT and body.get("from") in (DepartureState.OPEN, DepartureState.CUTTING)


def _failed_in(session: Session, row: DepartureRow, acts: Collection[str]) -> DepartureState | None:
    """Return the state in which a departure failed, by the audit; None where another act has brought it where it is."""
    ended = (DepartureState.FAILED, DepartureState.PARTIAL)
    query = (
        select(AuditRow)
        .where(AuditRow.subject == row.id, AuditRow.action == STATE_CHANGED)
        .order_by(desc(AuditRow.seq))
    )
    for body in (json.loads(each.body) for each in session.scalars(query)) if row.state in ended else ():
        if body.get("act") not in acts:
            return None
        if body["from"] not in ended:
            return DepartureState(body["from"])
    return None


def _is_followed(session: Session, row: DepartureRow) -> bool:
    """Return whether a later week of the train has its departure; what left beside the train, none follows."""
    own = func.length(DepartureRow.week) == _OWN_WEEK
    later = select(DepartureRow.id).where(DepartureRow.train == row.train, own, DepartureRow.week > row.week).limit(1)
    return len(row.week) == _OWN_WEEK and session.scalars(later).first() is not None


def rejected(pen: Pen, manifest_hash: str, reason: str, now: datetime, by: str) -> Rejection:
    """Reject a manifest within a transaction; see :meth:`Departures.reject`."""
    row = _newest_rejection(pen.session, manifest_hash)
    if row is None or not row.rejected:
        row = RejectionRow(manifest=manifest_hash, rejected=True, reason=reason, at=utc(now), by=by)
        pen.add(row, MANIFEST_REJECTED, manifest_hash, at=now, actor=by)
    return _rejection(row)


CHATTER = frozenset(
    {
        "carries_rejected",
        "double_run",
        "headline",
        "message_gone",
        "note",
        "observed",
        "resting",
        "went_without_slack",
    }
)
"""Kinds of facts that no gate reads: what was shown, said and seen on the way."""


def version_of(
    session: Session, departure_id: str, kinds: Collection[str] | None = None, *, beside: Collection[str] = ()
) -> int:
    """Return the version of a departure within a session; see :meth:`Departures.version`."""
    names = (departure_id, departure_id.rpartition("/")[0], *beside)
    counted = FactRow.kind.not_in(CHATTER) if kinds is None else FactRow.kind.in_(kinds)
    queries = (
        select(func.max(AuditRow.seq)).where(AuditRow.subject.in_(names), AuditRow.action != FACT_RECORDED),
        select(func.max(FactRow.seq)).where(FactRow.departure.in_(names), counted),
        select(func.max(RejectionRow.seq)),
    )
    return max(session.scalars(query).one() or 0 for query in queries)


def require_version(
    pen: Pen,
    departure_id: str,
    version: int,
    kinds: Collection[str] | None = None,
    *,
    beside: Collection[str] = (),
) -> None:
    """Return if nothing that a gate reads has come since a version was read.

    :raises CountOutdated: something has.
    """
    if version_of(pen.session, departure_id, kinds, beside=beside) != version:
        raise CountOutdated(f"{departure_id} has changed while its gates were counted: they are counted anew.")


def _put(
    pen: Pen, row: DepartureRow, state: DepartureState, now: datetime, by: str, why: str, *, act: Act | None = None
) -> Departure:
    if row.state != state:
        body = {"from": row.state, "to": str(state), "why": why} | ({"act": act.name} if act is not None else {})
        pen.note(STATE_CHANGED, row.id, body, at=now, actor=by)
        row.state, row.changed_at, row.changed_by, row.why = str(state), utc(now), by, why
    return _departure(row)


def _opened(pen: Pen, name: DepartureId, now: datetime, by: str) -> DepartureRow:
    # What left beside the train keeps its number with its week: the two are one in the order and in the key.
    place = str(name).rpartition("/")[2]
    at = utc(now)
    row = DepartureRow(id=str(name), train=name.train, week=place, state=DepartureState.OPEN, round=0, why="")
    row.opened_at, row.opened_by, row.changed_at, row.changed_by = at, by, at, by
    pen.session.add(row)
    pen.note("departure.opened", str(name), {"train": name.train, "week": place}, at=now, actor=by)
    return row


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
        week=DepartureId.parse(row.id).week,
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
