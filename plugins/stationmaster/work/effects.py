"""Every write with a key to the outside world, through one gate and the ledger's one recipe (F01 … F04, F10, F32).

The order is always the same: look for what was begun before; count what must hold; claim the effect; look again;
compare, in the transaction by which the act begins, that nothing that a gate reads has come into the ledger since the
count; send; store the receipt. So a count that takes long never outlasts a claim, and what comes into the ledger
between the count and the act is counted, too. What stands outside the ledger (a freeze of the calendar or the file, a
statement in Slack alone, what GitHub says) is counted right before the claim, and not compared.

Without a key are an edit of a message and a channel's topic, which may be written twice, and the notice of a failure,
which is posted without the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, Verdict
from stationmaster.ledger.errors import CountOutdated, EffectRefused, EffectUnknown

if TYPE_CHECKING:
    from stationmaster.ledger.pen import Pen
    from stationmaster.ledger.records import Effect
    from stationmaster.work.context import Desk

Receipt = dict[str, Any]
T = TypeVar("T")

DISCOVERY_WINDOW = timedelta(minutes=2)
"""How long GitHub may take to show a run that it accepted (F51); before that, an absent run proves nothing."""
COUNTS = 3
"""How often the gates are counted in one go, when something comes between the count and the act each time."""


class GateClosed(EffectRefused):
    """The count immediately before the effect found a gate closed: nothing was sent (F10, F32)."""

    def __init__(self, standing: Standing) -> None:
        super().__init__("; ".join(found.sentence for found in standing.blockers) or str(standing.verdict))
        self.standing = standing


class Guard:
    """What must hold before an effect, and still when it begins."""

    def count(self) -> None:
        """Ask everything that must hold, outside, too; called before the effect is claimed.

        :raises GateClosed: something does not hold, and why.
        """
        raise NotImplementedError

    def require(self, pen: Pen) -> None:
        """Compare that what was counted still holds, within the transaction by which the act begins.

        :raises CountOutdated: something has changed; it is counted anew.
        :raises LockLost: the lock of what is changed has gone to somebody else.
        :raises ActRefused: what it is about is in no state for it any more.
        """
        raise NotImplementedError


class CountedGuard(Guard):
    """A guard that counts by a function, and then compares that nothing has been written about its subject since.

    :param subject: the id under which the ledger keeps what is counted, such as an upgrade's.
    :param counting: asks everything that must hold; raises what keeps the effect from being done.
    :param kinds: of the facts that the count reads; by default all but those that no gate reads.
    :param beside: the ids of what else the count reads, such as what the upgrades are stopped under.
    """

    def __init__(
        self,
        desk: Desk,
        subject: str,
        counting: Callable[[], None],
        *,
        kinds: Collection[str] | None = None,
        beside: Collection[str] = (),
    ) -> None:
        self.desk = desk
        self.subject = subject
        self.counting = counting
        self.kinds = kinds
        self.beside = tuple(beside)
        self._version: int | None = None

    def count(self) -> None:
        """Read the version, then count."""
        self._version = self.desk.ledger.version(self.subject, self.kinds, beside=self.beside)
        self.counting()

    def require(self, pen: Pen) -> None:
        """Compare the version."""
        from stationmaster.ledger.departures import require_version

        if self._version is None:
            raise RuntimeError(f"what must hold of {self.subject} was not counted before the effect began")
        require_version(pen, self.subject, self._version, self.kinds, beside=self.beside)


class _Free(Guard):
    def count(self) -> None:
        """Ask nothing."""

    def require(self, pen: Pen) -> None:
        """Ask nothing."""


FREE: Guard = _Free()
"""The guard of what changes nothing that a gate guards: a message, an issue of our own, the mark on a commit."""


def perform(
    desk: Desk,
    key: str,
    *,
    guard: Guard,
    intent: Receipt,
    act: Callable[[], Receipt],
    look_up: Callable[[], Receipt | None],
    settles_after: timedelta = timedelta(0),
    repeatable: bool = True,
) -> Receipt:
    """Make one effect happen once, and return its receipt.

    What may have happened already is looked for whatever the guard says; the guard is asked before it is repeated.

    :param key: deterministic, such as ``cellxgene.weekly/2026-W34/promote/explorer/prod/<sha>/1``.
    :param guard: what must hold; each effect says so, :data:`FREE` where nothing does.
    :param settles_after: how long after a lost answer the look-up may still miss an effect that happened.
    :param repeatable: what was lost and does not show may be done again; otherwise a person decides.
    :raises GateClosed: the guard does not let it happen now.
    :raises EffectRefused: the world declined; nothing happened; a retry may act.
    :raises EffectUnknown: the answer was lost and the look-up cannot tell yet; a retry looks again.
    :raises EffectAmbiguous: nobody can tell; a person decides.
    :raises EffectBusy: another worker is at it.
    :raises LockLost, ActRefused: as of :meth:`Guard.require`.
    """
    from stationmaster.hooks.chat_errors import ChatError
    from stationmaster.hooks.errors import ForgeError
    from stationmaster.hooks.governance_errors import GovernanceError
    from stationmaster.hooks.mail_errors import MailError

    def guarded_act() -> Receipt:
        try:
            return act()
        except (ForgeError, ChatError, MailError, GovernanceError) as error:
            if error.outcome_unknown:
                raise EffectUnknown(str(error)) from error
            raise EffectRefused(str(error)) from error

    guarded_look_up = _guarded(look_up)
    found = look(desk, key, look_up=look_up, settles_after=settles_after, repeatable=repeatable)
    if found is not None:
        return found.receipt

    def send() -> Receipt:
        effect: Effect = desk.ledger.perform(
            key,
            intent=intent,
            now=desk.now,
            look_up=guarded_look_up,
            act=guarded_act,
            ambiguous_after=settles_after,
            repeatable=repeatable,
            requires=guard.require,
        )
        return effect.receipt

    return _counted(guard, send)


def look(
    desk: Desk,
    key: str,
    *,
    look_up: Callable[[], Receipt | None],
    settles_after: timedelta = timedelta(0),
    repeatable: bool = True,
) -> Effect | None:
    """Look whether an effect that was begun has happened, and do nothing for it; None: it has not, or never began.

    :raises EffectUnknown, EffectAmbiguous, EffectBusy: as of :func:`perform`.
    """
    return desk.ledger.adopt(
        key, now=desk.now, look_up=_guarded(look_up), ambiguous_after=settles_after, repeatable=repeatable
    )


def _guarded(look_up: Callable[[], Receipt | None]) -> Callable[[], Receipt | None]:
    from stationmaster.hooks.chat_errors import ChatError
    from stationmaster.hooks.errors import ForgeError
    from stationmaster.hooks.governance_errors import GovernanceError

    def guarded() -> Receipt | None:
        try:
            return look_up()
        except (ForgeError, ChatError, GovernanceError) as error:
            raise EffectUnknown(str(error)) from error

    return guarded


def begin(desk: Desk, guard: Guard) -> None:
    """Pass the gate for what nothing of ours is sent for: it runs there already, or others, or people, bring it.

    :raises GateClosed, LockLost, ActRefused: as of :func:`perform`.
    """

    def write() -> None:
        with desk.ledger.writing() as pen:
            guard.require(pen)

    _counted(guard, write)


def _counted(guard: Guard, act: Callable[[], T]) -> T:
    """Count, then act; what has changed in between is counted, too."""
    for _ in range(COUNTS):
        guard.count()
        try:
            return act()
        except CountOutdated:
            continue
    raise GateClosed(Standing(gate="count", verdict=Verdict.WAIT, blockers=(blocker("COUNT_OUTDATED"),)))
