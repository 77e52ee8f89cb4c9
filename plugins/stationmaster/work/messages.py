"""One message in Slack, once for ever (F04): to a channel, or to one person alone."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.hooks.chat_errors import ChatError
from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown
from stationmaster.work.effects import FREE, Receipt, perform

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.work.context import Desk

log = logging.getLogger(__name__)

UNSAID = (EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown, ChatError)
"""What a message that is not said ends with: it may be said later."""

_CLOCK_SKEW = timedelta(seconds=5)
_SHOWS_WITHIN = timedelta(seconds=10)
"""How long Slack may take to show a message whose receipt was lost; until then it is not posted again."""


def whisper(desk: Desk, key: str, person: Person, text: str) -> Receipt | None:
    """Say ``text`` to one person alone, once for ever; None where Slack cannot be reached, or does not know them."""
    if not person.slack:
        return None
    try:
        return say(desk, key, desk.chat.direct(person.slack[0]), text)
    except UNSAID as error:
        log.warning("%s cannot be told directly: %s: %s", person.id, key, error)
        return None


def say(desk: Desk, key: str, channel: str, text: str, *, thread: str | None = None) -> Receipt:
    """Post ``text`` once, and return where it stands; a post whose answer was lost is found by its key (F04).

    :param thread: the ``ts`` of the message below which it belongs.
    :raises EffectRefused, EffectUnknown, EffectBusy: it may be said later.
    """

    def act() -> Receipt:
        message = desk.chat.post(channel, text, key=key, thread_ts=thread)
        return {"channel": message.channel, "ts": message.ts}

    def look_up() -> Receipt | None:
        effect = desk.ledger.effect(key)
        if effect is None or effect.attempts == 0:
            return None
        message = desk.chat.find(channel, key, effect.intended_at - _CLOCK_SKEW, thread_ts=thread)
        return None if message is None else {"channel": message.channel, "ts": message.ts}

    intent = {"channel": channel, "text": text, **({"thread": thread} if thread is not None else {})}
    return perform(desk, key, guard=FREE, intent=intent, act=act, look_up=look_up, settles_after=_SHOWS_WITHIN)
