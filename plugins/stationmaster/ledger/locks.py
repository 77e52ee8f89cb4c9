"""Locks with a fence. A lock covers what lies below it: ``prod`` and ``prod/explorer`` exclude each other (F29)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stationmaster.ledger.columns import utc
from stationmaster.ledger.errors import LockHeld, LockLost
from stationmaster.ledger.pen import Pen
from stationmaster.ledger.records import Lock
from stationmaster.ledger.store import Store, below
from stationmaster.ledger.tables import IdentityRow, LockRow


class Locks(Store):
    """Who alone may act on what. A lock never expires: only its holder, or a person, releases it (F30)."""

    def acquire(self, name: str, holder: str, reason: str, now: datetime) -> Lock:
        """Take a lock, or keep it: its holder gets the same one, with the same fence.

        :raises LockHeld: somebody else holds it, or one that covers it, or one that it would cover.
        """
        with self.writing() as pen:
            for held in pen.session.scalars(
                select(LockRow).where(LockRow.holder.is_not(None), LockRow.holder != holder)
            ):
                if _covers(held.name, name) or _covers(name, held.name):
                    raise LockHeld(_lock(held, pen.identity.fingerprint), wanted=name)
            row = pen.session.get(LockRow, name)
            if row is not None and row.holder == holder:
                return _lock(row, pen.identity.fingerprint)
            return _give(pen, name, holder, reason, now, action="lock.acquired", actor=holder, why="")

    def release(self, name: str, fence: int, now: datetime, by: str, why: str = "") -> None:
        """Give a lock back, or away from a holder that is gone; ``why`` then says how that is known.

        :raises LockLost: this fence does not hold it any more.
        """
        with self.writing() as pen:
            row = _fenced(pen.session, name, fence)
            pen.note("lock.released", name, {"fence": fence, "holder": row.holder, "why": why}, at=now, actor=by)
            row.holder = None

    def take_over(self, name: str, fence: int, holder: str, reason: str, now: datetime, by: str, why: str) -> Lock:
        """Give a lock to another holder, in one step; the old fence is worth nothing from then on (F47).

        :param fence: of the holder that is gone; of two that take over from the same one, only the first succeeds.
        :raises LockLost: somebody was quicker.
        """
        with self.writing() as pen:
            _fenced(pen.session, name, fence)
            return _give(pen, name, holder, reason, now, action="lock.taken_over", actor=by, why=why)

    def lock(self, name: str) -> Lock | None:
        """Return the lock of exactly this name, or None while nobody holds it."""
        return next((lock for lock in self.locks(name) if lock.name == name), None)

    def locks(self, prefix: str = "") -> tuple[Lock, ...]:
        """Return the held locks that are ``prefix`` or lie below it, by name."""
        query = select(LockRow).where(LockRow.holder.is_not(None), below(LockRow.name, prefix)).order_by(LockRow.name)
        with self.reading() as session:
            fingerprint = session.scalars(select(IdentityRow.fingerprint)).one()
            return tuple(_lock(row, fingerprint) for row in session.scalars(query))


def require_fence(pen: Pen, name: str, fence: int) -> None:
    """Return if a fence holds its lock, within a transaction.

    :raises LockLost: it was released, or given to somebody else.
    """
    _fenced(pen.session, name, fence)


def _give(pen: Pen, name: str, holder: str, reason: str, now: datetime, *, action: str, actor: str, why: str) -> Lock:
    row = pen.session.get(LockRow, name)
    if row is None:
        row = LockRow(name=name, fence=0)
        pen.session.add(row)
    body = {"fence": row.fence + 1, "holder": holder, "reason": reason, "from": row.holder, "why": why}
    pen.note(action, name, body, at=now, actor=actor)
    row.fence, row.holder, row.reason, row.since = row.fence + 1, holder, reason, utc(now)
    return _lock(row, pen.identity.fingerprint)


def _covers(upper: str, lower: str) -> bool:
    return lower == upper or lower.startswith(f"{upper}/")


def _fenced(session: Session, name: str, fence: int) -> LockRow:
    row = session.get(LockRow, name)
    if row is None or row.holder is None or row.fence != fence:
        state = (
            "nobody holds it" if row is None or row.holder is None else f"{row.holder} holds it with fence {row.fence}"
        )
        raise LockLost(f"fence {fence} of {name} is void: {state}. Stop; start again from acquiring the lock.")
    return row


def _lock(row: LockRow, fingerprint: str) -> Lock:
    return Lock(
        name=row.name,
        holder=row.holder or "",
        reason=row.reason,
        fence=row.fence,
        since=row.since,
        environment=fingerprint,
    )
