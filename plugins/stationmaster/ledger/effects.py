"""The one recipe for every write with a key to the outside world: intent, look, act, receipt (F01-F04).

An effect ends as DONE (we did it), ADOPTED (it was there) or AMBIGUOUS (nobody can tell: a person decides). One worker
is at it at a time. A worker that dies leaves its claim behind; the next one takes it over when the lease ends, or at
once where the death can be seen, and looks before it acts. Leases run on the database's clock: the clocks of two
workers differ, and a rehearsal's stands still or jumps by days.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stationmaster.ledger.attempts import FINISHED, Attempt, at_work, effect_of, existing_effect
from stationmaster.ledger.columns import utc
from stationmaster.ledger.errors import (
    EffectAmbiguous,
    EffectBusy,
    EffectNotAmbiguous,
    EffectRefused,
    EffectUnknown,
)
from stationmaster.ledger.pen import Pen
from stationmaster.ledger.records import Effect, EffectState
from stationmaster.ledger.store import Store, below
from stationmaster.ledger.tables import EffectRow

__all__ = ["EffectAmbiguous", "EffectBusy", "EffectRefused", "EffectUnknown", "Effects"]

LEASE = timedelta(minutes=5)


class Effects(Store):
    """What the package did to the world outside, exactly once each."""

    def perform(
        self,
        key: str,
        *,
        intent: dict[str, Any],
        now: Callable[[], datetime],
        look_up: Callable[[], dict[str, Any] | None] | None,
        act: Callable[[], dict[str, Any]],
        repeatable: bool = False,
        ambiguous_after: timedelta = timedelta(0),
        lease: timedelta = LEASE,
        by: str = "stationmaster",
        requires: Callable[[Pen], None] | None = None,
    ) -> Effect:
        """Do something outside once, however often this is called, and return it with its receipt.

        :param key: deterministic, and different for everything that may be done again on purpose.
        :param look_up: whether the world shows the effect: its receipt, or None. May raise: then nothing is done. None
            where the world cannot be asked.
        :param act: does it and returns the receipt. Raises EffectRefused when it knows that nothing happened; any other
            exception leaves the outcome unknown.
        :param repeatable: ``look_up`` is authoritative, so that "not found" after an unfinished attempt allows another.
        :param ambiguous_after: how long after an act its effect may take to show; until then "not found" says nothing.
        :param lease: longer than ``act`` can take; a worker of another machine is given up for dead after it.
        :param requires: what must hold when the act begins, asked within the transaction that says so; what it raises
            keeps the act from being done, and is raised here.
        :raises EffectBusy: another worker is at it.
        :raises EffectRefused: ``act`` said so; calling again may act.
        :raises EffectUnknown: the outcome is open; calling again looks first.
        :raises EffectAmbiguous: it may have happened, and nothing outside tells. Nothing acts until :meth:`settle`.
        """
        before = self.effect(key)
        if before is not None and before.state in FINISHED:
            return before
        attempt = Attempt(self, key, intent, now, by)
        if (finished := attempt.claim(lease)) is not None:
            return finished
        try:
            if (found := look_up() if look_up else None) is not None:
                return attempt.finish(EffectState.ADOPTED, found)
            attempt.judge(authoritative=repeatable and look_up is not None, shows_within=ambiguous_after)
            if (finished := attempt.start(requires)) is not None:
                return finished
            try:
                return attempt.finish(EffectState.DONE, act())
            except EffectRefused as error:
                attempt.refused(error)
                raise
            except Exception as error:
                attempt.unknown(error)
                if (found := look_up() if look_up else None) is not None:
                    return attempt.finish(EffectState.ADOPTED, found)
                attempt.judge(authoritative=repeatable and look_up is not None, shows_within=ambiguous_after)
                if isinstance(error, EffectUnknown):
                    raise
                raise EffectUnknown(f"the outcome of {key} is unknown: {error}") from error
        finally:
            attempt.let_go()

    def adopt(
        self,
        key: str,
        *,
        now: Callable[[], datetime],
        look_up: Callable[[], dict[str, Any] | None],
        repeatable: bool = False,
        ambiguous_after: timedelta = timedelta(0),
        lease: timedelta = LEASE,
        by: str = "stationmaster",
    ) -> Effect | None:
        """Look whether an effect that was begun has happened, and return it; do nothing for it.

        Return None where it was never begun, or where it has not happened and may be done again: then :meth:`perform`
        does. The parameters, and what is raised, are those of :meth:`perform`.
        """
        before = self.effect(key)
        if before is None or before.attempts == 0:
            return None
        if before.state in FINISHED:
            return before
        attempt = Attempt(self, key, before.intent, now, by)
        if (finished := attempt.claim(lease)) is not None:
            return finished
        try:
            if (found := look_up()) is not None:
                return attempt.finish(EffectState.ADOPTED, found)
            attempt.judge(authoritative=repeatable, shows_within=ambiguous_after)
            return None
        finally:
            attempt.let_go()

    def effect(self, key: str) -> Effect | None:
        """Return an effect, or None when nobody ever intended it."""
        with self.reading() as session:
            row = session.get(EffectRow, key)
            return None if row is None else effect_of(row)

    def effects(self, prefix: str = "", states: Collection[EffectState] | None = None) -> tuple[Effect, ...]:
        """Return the effects whose keys are ``prefix`` or lie below it, by key."""
        with self.reading() as session:
            return effects_below(session, prefix, states)

    def settle(self, key: str, receipt: dict[str, Any] | None, by: str, why: str, now: datetime) -> Effect:
        """Let a person say what happened: its receipt if it did, None if it did not, which allows it to be done again.

        :raises UnknownEffect: nobody ever intended it.
        :raises EffectNotAmbiguous: there is nothing to decide.
        """
        with self.writing() as pen:
            row = existing_effect(pen.session, key)
            if row.state in FINISHED or row.acting_since is None or at_work(pen.session, row):
                state = "at work" if at_work(pen.session, row) else row.state
                raise EffectNotAmbiguous(f"{key} is {state}: there is nothing for a person to decide.")
            pen.note("effect.settled", key, {"receipt": receipt, "why": why}, at=now, actor=by)
            row.state = str(EffectState.INTENDED if receipt is None else EffectState.ADOPTED)
            row.receipt, row.changed_at = receipt, utc(now)
            row.acting_since, row.owner, row.lease_until = None, None, None
            return effect_of(row)


def effects_below(session: Session, prefix: str, states: Collection[EffectState] | None = None) -> tuple[Effect, ...]:
    """Return effects within a session; see :meth:`Effects.effects`."""
    query = select(EffectRow).where(below(EffectRow.key, prefix)).order_by(EffectRow.key)
    if states is not None:
        query = query.where(EffectRow.state.in_([str(state) for state in states]))
    return tuple(effect_of(row) for row in session.scalars(query))
