"""What is said in Slack, each thing once; a silent Slack never stops a train (C-14, C-17, F04, F60).

One message a departure stands in the channel and is edited as the state changes; everything else is said in its
thread. A thing that could not be said stays an unfinished effect of the ledger, and is said when Slack is back.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.departures.acting import Receipt, perform
from stationmaster.hooks.chat_errors import ChatError
from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.hooks.chat_models import Message

log = logging.getLogger(__name__)

_UNSAID = (EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown, ChatError)
_CLOCK_SKEW = timedelta(seconds=5)


def told(station: Station, departure: str, what: str) -> Message | None:
    """Return the message that said ``what``, None while it is unsaid."""
    from stationmaster.hooks.chat_models import Message

    effect = station.ledger.effect(_key(departure, what))
    if effect is None or not effect.receipt:
        return None
    return Message(channel=effect.receipt["channel"], ts=effect.receipt["ts"])


def tell(station: Station, departure: str, what: str, text: str, *, broadcast: bool = False) -> Message | None:
    """Say ``text`` in the departure's thread, once for ever; return None when Slack cannot be reached.

    :param what: stable name of the thing said, such as ``promote/started``.
    :param broadcast: show it in the channel, too: for the few things that people must see.
    """
    try:
        headline = _headline(station, departure)
        thread = headline["ts"]
    except _UNSAID as error:
        log.warning("%s: the departure's message cannot be posted: %s", departure, error)
        return None
    return _say(station, departure, what, text, thread, broadcast=broadcast)


def tell_again(station: Station, departure: str) -> None:
    """Say what earlier could not be said."""
    for effect in station.ledger.effects(f"{departure}/tell"):
        if not effect.receipt and effect.state == "INTENDED":
            what = effect.key.removeprefix(f"{departure}/tell/")
            if what != "headline":
                tell(station, departure, what, effect.intent["text"], broadcast=effect.intent["broadcast"])


def refresh_headline(station: Station, departure: str) -> None:
    """Edit the departure's message in the channel so that it tells the present state."""
    from stationmaster.departures import wording

    text = wording.headline(station, departure)
    shown = station.ledger.facts(departure, kind="headline", subject="shown")
    if shown and shown[-1].value["text"] == text:
        return
    try:
        first = _headline(station, departure)
        station.chat.update(first["channel"], first["ts"], text)
    except _UNSAID as error:
        log.warning("%s: the departure's message cannot be edited: %s", departure, error)
        return
    station.ledger.record(departure, "headline", "shown", {"text": text}, station.now(), "stationmaster")


def _headline(station: Station, departure: str) -> Receipt:
    from stationmaster.departures import wording

    return _post(station, departure, "headline", wording.headline(station, departure), None)


def _say(
    station: Station, departure: str, what: str, text: str, thread: str | None, *, broadcast: bool
) -> Message | None:
    from stationmaster.hooks.chat_models import Message

    try:
        receipt = _post(station, departure, what, text, thread, broadcast=broadcast)
    except _UNSAID as error:
        log.warning("%s: %s cannot be said: %s", departure, what, error)
        return None
    return Message(channel=receipt["channel"], ts=receipt["ts"])


def _post(
    station: Station, departure: str, what: str, text: str, thread: str | None, *, broadcast: bool = False
) -> Receipt:
    key, channel, since = _key(departure, what), station.channel, station.now()

    def act() -> Receipt:
        message = station.chat.post(channel, text, key=key, thread_ts=thread, broadcast=broadcast)
        return {"channel": message.channel, "ts": message.ts}

    def look_up() -> Receipt | None:
        effect = station.ledger.effect(key)
        oldest = (effect.intended_at if effect else since) - _CLOCK_SKEW
        message = station.chat.find(channel, key, oldest, thread_ts=thread)
        return None if message is None else {"channel": message.channel, "ts": message.ts}

    return perform(
        station, key, intent={"channel": channel, "text": text, "broadcast": broadcast}, act=act, look_up=look_up
    )


def _key(departure: str, what: str) -> str:
    return f"{departure}/tell/{what}"
