"""What can go wrong with the ledger: one class per outcome. Nothing here imports the database."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stationmaster.ledger.records import Effect, Lock


class LedgerError(RuntimeError):
    """Base of everything that the ledger raises."""


class LedgerUrlInvalid(LedgerError):
    """The URL names no database that a ledger can live in."""


class LedgerUnreachable(LedgerError):
    """The database does not answer, or not in time. It may the next moment; what was being written may be written."""


class LedgerNotMigrated(LedgerError):
    """The database holds no ledger yet, or one of an older release."""


class LedgerTooNew(LedgerError):
    """The database was migrated by a newer release: this code must not touch it (F69)."""


class ValueNotStorable(LedgerError):
    """A value is not JSON, or an instant has no zone."""


class UnknownDeparture(LedgerError):
    """No departure of that id was ever opened."""


class UnknownRound(LedgerError):
    """The departure has no such round: nothing is pinned."""


class DepartureMoved(LedgerError):
    """The departure is not in the state that the caller expected: somebody else moved it first (F05)."""


class CountOutdated(LedgerError):
    """What the gates were counted by has changed since: it is counted anew before anything is sent."""


class RunMadeAgain(LedgerError):
    """A run was deleted and made again under its id: what its first one opened is not its own."""


class NotRejected(LedgerError):
    """A rejection was to be lifted from a manifest that carries none."""


class LockHeld(LedgerError):
    """Somebody else holds the lock, or one above or below it. ``lock`` says who, why and since when."""

    def __init__(self, lock: Lock, *, wanted: str) -> None:
        reach = "" if lock.name == wanted else f" ({lock.name} covers it)"
        super().__init__(
            f"{wanted} is locked{reach} by {lock.holder} since {lock.since:%Y-%m-%d %H:%M} UTC: {lock.reason}. "
            f"Wait for the release, or release fence {lock.fence} by hand when the holder is known to be gone."
        )
        self.lock = lock


class LockLost(LedgerError):
    """The fence is not the newest of that lock: whoever carries it must not act any more (F30, F47)."""


class UnknownEffect(LedgerError):
    """No intent was ever stored under that key."""


class EffectNotAmbiguous(LedgerError):
    """A person may decide only what nobody else can: this effect is finished, or at work right now."""


class EffectRefused(LedgerError):
    """Raised by ``act``: the outside world declined, so the effect is known not to have happened. A retry may act."""


class EffectUnknown(LedgerError):
    """The outcome cannot be told yet. Raised by ``act``, or by ``perform`` while looking again may still help."""


class EffectBusy(LedgerError):
    """Another worker is at this effect; ``until`` is when its lease ends, by the database's clock."""

    def __init__(self, key: str, until: datetime) -> None:
        super().__init__(
            f"another worker performs {key} until {until:%Y-%m-%d %H:%M:%S} UTC at the latest. Try again then."
        )
        self.key = key
        self.until = until


class EffectAmbiguous(LedgerError):
    """Nobody can tell whether the effect happened; it is never repeated until a person settles it (F02)."""

    def __init__(self, effect: Effect) -> None:
        super().__init__(
            f"{effect.key} may or may not have happened (attempt {effect.attempts}), and nothing outside can tell. "
            f"A person looks, and then settles it: with its receipt if it happened, without one if it did not."
        )
        self.effect = effect
