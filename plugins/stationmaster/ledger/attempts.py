"""One worker's attempt at one effect, as the ledger sees it. Each step is a short transaction of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from stationmaster.ledger.columns import canonical, utc
from stationmaster.ledger.errors import (
    EffectAmbiguous,
    EffectBusy,
    EffectRefused,
    EffectUnknown,
    LedgerUnreachable,
    UnknownEffect,
    ValueNotStorable,
)
from stationmaster.ledger.owner import is_dead, new_owner
from stationmaster.ledger.pen import Pen
from stationmaster.ledger.records import Effect, EffectState
from stationmaster.ledger.store import Store
from stationmaster.ledger.tables import EffectRow

log = logging.getLogger(__name__)

FINISHED = (EffectState.DONE, EffectState.ADOPTED)


class Attempt:
    """The claim of one call of ``perform``, from the intent to the receipt."""

    def __init__(self, store: Store, key: str, intent: dict[str, Any], now: Callable[[], datetime], by: str) -> None:
        self._store = store
        self._key = key
        self._intent: dict[str, Any] = json.loads(canonical(intent))
        self._now = now
        self._by = by
        self._owner = new_owner()
        self._lease = timedelta(0)
        self._claimed = False
        self._acting_since: datetime | None = None
        self._ambiguous = False

    def claim(self, lease: timedelta) -> Effect | None:
        """Store the intent and become the one worker at it; return the effect instead if it is finished.

        :raises EffectBusy: another worker is at it.
        """
        with self._store.writing() as pen:
            row = pen.session.get(EffectRow, self._key)
            at = utc(self._now())
            if row is None:
                row = EffectRow(key=self._key, state=str(EffectState.INTENDED), attempts=0)
                row.intended_at = row.changed_at = at
                pen.session.add(row)
            if row.state in FINISHED:
                return effect_of(row)
            if row.owner is not None and row.lease_until is not None and at_work(pen.session, row):
                raise EffectBusy(self._key, row.lease_until)
            if row.owner is not None:
                self._note(pen, "taken_over", {"from": row.owner})
            if row.intent != self._intent:
                self._note(pen, "intended", {"intent": self._intent})
            row.intent, row.owner, row.lease_until = self._intent, self._owner, database_now(pen.session) + lease
            self._lease = lease
            self._acting_since, self._ambiguous = row.acting_since, row.state == EffectState.AMBIGUOUS
        self._claimed = True
        return None

    def judge(self, *, authoritative: bool, shows_within: timedelta) -> None:
        """Return when the effect, which does not show, may be done (again).

        :raises EffectUnknown: an earlier act may still come to show.
        :raises EffectAmbiguous: an earlier act may have worked, and nothing will ever show.
        """
        if self._acting_since is None:
            return
        shows_by = self._acting_since + shows_within
        if not self._ambiguous and utc(self._now()) < shows_by:
            raise EffectUnknown(f"{self._key} does not show yet; look again until {shows_by:%Y-%m-%d %H:%M:%S} UTC.")
        if authoritative and not self._ambiguous:
            return
        raise EffectAmbiguous(self._declare_ambiguous())

    def start(self, requires: Callable[[Pen], None] | None = None) -> Effect | None:
        """Say that the act begins, so that nobody ever repeats it blindly; return the effect if another finished it.

        The lease begins anew: what was looked up before has not used it up.

        :param requires: what must hold in the very transaction by which the act begins; it raises what keeps it.
        :raises EffectBusy: the claim was taken over meanwhile.
        """
        with self._store.writing() as pen:
            row = existing_effect(pen.session, self._key)
            if row.state in FINISHED:
                return effect_of(row)
            if row.owner != self._owner:
                raise EffectBusy(self._key, row.lease_until or database_now(pen.session))
            if requires is not None:
                requires(pen)
            row.acting_since = row.changed_at = self._acting_since = utc(self._now())
            row.lease_until = database_now(pen.session) + self._lease
            row.attempts += 1
            self._note(pen, "acting", {"attempt": row.attempts})
        return None

    def finish(self, state: EffectState, receipt: dict[str, Any]) -> Effect:
        """Store the receipt. The first one stays; one that comes after a take-over is told in the audit and the log.

        :raises ValueNotStorable: the receipt is not a JSON object.
        """
        if not isinstance(receipt, dict):
            raise ValueNotStorable(f"the receipt of {self._key} must be a dict, not {receipt!r}")
        with self._store.writing() as pen:
            row = existing_effect(pen.session, self._key)
            if row.state in FINISHED:
                log.warning("%s was finished twice, after a take-over: %s and %s", self._key, row.receipt, receipt)
                self._note(pen, "late", {"receipt": receipt})
                return effect_of(row)
            row.state, row.receipt, row.changed_at = str(state), receipt, utc(self._now())
            row.owner, row.lease_until, row.acting_since = None, None, None
            self._note(pen, state.lower(), {"receipt": receipt})
            effect = effect_of(row)
        self._claimed = False
        return effect

    def refused(self, error: EffectRefused) -> None:
        """Note that the act is known to have done nothing."""
        with self._store.writing() as pen:
            row = existing_effect(pen.session, self._key)
            if row.owner == self._owner:
                row.acting_since, row.changed_at = None, utc(self._now())
            self._note(pen, "refused", {"why": str(error)})

    def unknown(self, error: Exception) -> None:
        """Note that the act may have worked."""
        with self._store.writing() as pen:
            self._note(pen, "unknown", {"why": f"{type(error).__name__}: {error}"})

    def let_go(self) -> None:
        """Give the claim back, so that the next attempt need not wait for the lease."""
        if not self._claimed:
            return
        try:
            with self._store.writing() as pen:
                row = existing_effect(pen.session, self._key)
                if row.owner == self._owner:
                    row.owner, row.lease_until = None, None
        except (SQLAlchemyError, LedgerUnreachable):
            # What ended the attempt matters more; the lease ends by itself.
            log.exception("the claim on %s stays until its lease ends", self._key)

    def _declare_ambiguous(self) -> Effect:
        with self._store.writing() as pen:
            row = existing_effect(pen.session, self._key)
            if row.state == EffectState.INTENDED and row.owner == self._owner:
                row.state, row.changed_at = str(EffectState.AMBIGUOUS), utc(self._now())
                self._note(pen, "ambiguous", {"acting_since": utc(row.acting_since or row.changed_at).isoformat()})
            return effect_of(row)

    def _note(self, pen: Pen, what: str, body: dict[str, Any]) -> None:
        pen.note(f"effect.{what}", self._key, body, at=self._now(), actor=self._by)


def at_work(session: Session, row: EffectRow) -> bool:
    """Return whether a worker that may be alive holds the effect."""
    if row.owner is None or row.lease_until is None:
        return False
    return database_now(session) < row.lease_until and not is_dead(row.owner)


def database_now(session: Session) -> datetime:
    """Return the instant on the database's clock, the only one that all workers share."""
    if session.get_bind().dialect.name == "sqlite":
        spelling = session.scalars(text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")).one()
        return datetime.fromisoformat(spelling).replace(tzinfo=UTC)
    instant: datetime = session.scalars(text("SELECT clock_timestamp()")).one()
    return instant.astimezone(UTC)


def existing_effect(session: Session, key: str) -> EffectRow:
    """Return the row of an effect.

    :raises UnknownEffect: nobody ever intended it.
    """
    row = session.get(EffectRow, key)
    if row is None:
        raise UnknownEffect(f"nobody ever intended the effect {key!r}.")
    return row


def effect_of(row: EffectRow) -> Effect:
    """Return the value of a row."""
    return Effect(
        key=row.key,
        state=EffectState(row.state),
        intent=row.intent,
        receipt=row.receipt or {},
        attempts=row.attempts,
        intended_at=row.intended_at,
        changed_at=row.changed_at,
    )
