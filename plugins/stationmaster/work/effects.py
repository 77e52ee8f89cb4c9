"""Every write to the outside world, through the ledger's one recipe: intent, look-up, effect, receipt (F01 … F04)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stationmaster.ledger.records import Effect
    from stationmaster.work.context import Desk

Receipt = dict[str, Any]

DISCOVERY_WINDOW = timedelta(minutes=2)
"""How long GitHub may take to show a run that it accepted (F51); before that, an absent run proves nothing."""


def perform(
    desk: Desk,
    key: str,
    *,
    intent: Receipt,
    act: Callable[[], Receipt],
    look_up: Callable[[], Receipt | None],
    settles_after: timedelta = timedelta(0),
    repeatable: bool = True,
) -> Receipt:
    """Make one effect happen once, and return its receipt.

    :param key: deterministic, such as ``cellxgene.weekly/2026-W34/promote/explorer/prod/<sha>/1``.
    :param settles_after: how long after a lost answer the look-up may still miss an effect that happened.
    :param repeatable: what was lost and does not show may be done again; otherwise a person decides.
    :raises EffectRefused: the world declined; nothing happened; a retry may act.
    :raises EffectUnknown: the answer was lost and the look-up cannot tell yet; a retry looks again.
    :raises EffectAmbiguous: nobody can tell; a person decides.
    :raises EffectBusy: another worker is at it.
    """
    from stationmaster.hooks.chat_errors import ChatError
    from stationmaster.hooks.errors import ForgeError
    from stationmaster.hooks.governance_errors import GovernanceError
    from stationmaster.hooks.mail_errors import MailError
    from stationmaster.ledger.errors import EffectRefused, EffectUnknown

    def guarded_act() -> Receipt:
        try:
            return act()
        except (ForgeError, ChatError, MailError, GovernanceError) as error:
            if error.outcome_unknown:
                raise EffectUnknown(str(error)) from error
            raise EffectRefused(str(error)) from error

    def guarded_look_up() -> Receipt | None:
        try:
            return look_up()
        except (ForgeError, ChatError, GovernanceError) as error:
            raise EffectUnknown(str(error)) from error

    effect: Effect = desk.ledger.perform(
        key,
        intent=intent,
        now=desk.now,
        look_up=guarded_look_up,
        act=guarded_act,
        ambiguous_after=settles_after,
        repeatable=repeatable,
    )
    return effect.receipt
