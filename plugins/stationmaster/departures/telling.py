"""What is said in Slack, each thing once; a silent Slack never stops a train (C-14, C-17, F04, F60).

One message a departure stands in the channel and is edited as the state changes; everything else is said in its
thread. A thing that could not be said stays an unfinished effect of the ledger, and is said when Slack is back. A
message that somebody deleted is said again, under a key of its own, when it is needed (F11).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.departures.beside import channel_of, is_secret
from stationmaster.hooks.chat_errors import ChatMessageGone
from stationmaster.hooks.chat_models import instant_of
from stationmaster.ledger.errors import EffectRefused
from stationmaster.ledger.records import EffectState
from stationmaster.work.effects import FREE, Receipt, perform
from stationmaster.work.messages import UNSAID

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.hooks.chat_models import Message, Reply

log = logging.getLogger(__name__)


class Said(NamedTuple):
    """A message that said something: its channel and ``ts``, the ``ts`` of its thread, and whether it was deleted.

    ``ahead`` is how far its stamp lies outside the time in which it was posted by our clock: Slack's is ahead by that.
    """

    channel: str
    ts: str
    thread: str
    deleted: bool
    ahead: timedelta


HEADLINE = "headline"
_TELLS_APART = timedelta(seconds=1)
"""A stamp that lies further outside the time in which its message was posted is of a clock that differs from ours."""
_CLOCK_SKEW = timedelta(seconds=5)
_SHOWS_WITHIN = timedelta(seconds=10)
"""How long Slack may take to show a message whose receipt was lost; until then it is not posted again."""


def told(station: Station, departure: str, what: str) -> Message | None:
    """Return the message that said ``what``, None while it is unsaid or after it was deleted."""
    from stationmaster.hooks.chat_models import Message

    effect = station.ledger.effect(_key(station, departure, what))
    if effect is None or not effect.receipt:
        return None
    return Message(channel=effect.receipt["channel"], ts=effect.receipt["ts"])


def tell(station: Station, departure: str, what: str, text: str, *, broadcast: bool = False) -> Message | None:
    """Say ``text`` in the departure's thread, once for ever; return None when Slack cannot be reached.

    :param what: stable name of the thing said, such as ``promote/started``.
    :param broadcast: show it in the channel, too: for the few things that people must see.
    """
    try:
        try:
            return _say(station, departure, what, text, broadcast=broadcast)
        except EffectRefused as refused:
            if not isinstance(refused.__cause__, ChatMessageGone):
                raise
        # The departure's message was deleted: it is posted anew, and this under it.
        return _say(station, departure, what, text, broadcast=broadcast)
    except UNSAID as error:
        log.warning("%s: %s cannot be said: %s", departure, what, error)
        return None


def tell_publicly(station: Station, departure: str, what: str, text: str) -> Message | None:
    """Say something of a departure in the channel, outside its thread, once; None if Slack is silent.

    The channel is the train's own; of a security hotfix it hears nothing before that is disclosed (D-15).
    """
    from stationmaster.hooks.chat_models import Message

    channel = channel_of(station, departure) if is_secret(station, departure) else station.channel
    try:
        receipt = _post(station, departure, _key(station, departure, what), text, None, channel=channel)
    except UNSAID as error:
        log.warning("%s: %s cannot be said: %s", departure, what, error)
        return None
    return Message(channel=receipt["channel"], ts=receipt["ts"])


def tell_again(station: Station) -> None:
    """Say what could not be said earlier, in the order in which it was meant to be, for every departure of the train.

    While Slack is silent, the first failure ends the attempt: nothing waits for a long list of time-outs.
    """
    unsaid = station.ledger.effects(station.train.key, states=[EffectState.INTENDED])
    for effect in sorted(unsaid, key=lambda found: found.intended_at):
        departure, mark, what = effect.key.partition("/tell/")
        if not mark or what.startswith(HEADLINE) or effect.key != _key(station, departure, what):
            continue
        if tell(station, departure, what, effect.intent["text"], broadcast=effect.intent["broadcast"]) is None:
            return


def gone(station: Station, departure: str, what: str, message: Message) -> None:
    """Note that the message which said ``what`` was deleted, so that it may be said again (F11)."""
    log.warning("%s: the message of %s was deleted: %s", departure, what, message.ts)
    value = {"channel": message.channel, "ts": message.ts}
    once = f"message_gone/{what}/{message.ts}"
    station.ledger.record_once(departure, "message_gone", what, value, station.now(), "stationmaster", key=once)


def replies(station: Station, departure: str) -> list[Reply]:
    """Return what people wrote in the departure's thread, oldest first.

    :raises ChatError: it cannot be read in full. A deleted thread is posted anew.
    """
    thread = told(station, departure, HEADLINE)
    if thread is None:
        return []
    try:
        return station.chat.replies(thread.channel, thread.ts)
    except ChatMessageGone:
        gone(station, departure, HEADLINE, thread)
        refresh_headline(station, departure)
        raise


def refresh_headline(station: Station, departure: str) -> None:
    """Edit the departure's message in the channel so that it tells the present state."""
    from stationmaster.departures import wording

    text = wording.headline(station, departure)
    present = told(station, departure, HEADLINE)
    if present is not None and _shown(station, departure, present) == text:
        return
    try:
        first = _headline(station, departure)
        if present is not None:
            station.chat.update(first["channel"], first["ts"], text)
    except ChatMessageGone:
        if present is not None:
            gone(station, departure, HEADLINE, present)
            refresh_headline(station, departure)
        return
    except UNSAID as error:
        log.warning("%s: the departure's message cannot be edited: %s", departure, error)
        return
    value = {"text": text, "ts": first["ts"]}
    station.ledger.record(departure, "headline", "shown", value, station.now(), "stationmaster")


def _shown(station: Station, departure: str, present: Message) -> str:
    """Return what the departure's message says now: its last edit, or what it was posted with."""
    facts = station.ledger.facts(departure, kind="headline", subject="shown")
    if facts and facts[-1].value["ts"] == present.ts:
        return str(facts[-1].value["text"])
    posted = station.ledger.effect(_key(station, departure, HEADLINE))
    return str(posted.intent["text"]) if posted is not None else ""


def _headline(station: Station, departure: str) -> Receipt:
    from stationmaster.departures import wording

    key = _key(station, departure, HEADLINE)
    said = station.ledger.effect(key)
    if said is not None and said.receipt:
        return said.receipt
    return _post(station, departure, key, wording.headline(station, departure), None)


def _say(station: Station, departure: str, what: str, text: str, *, broadcast: bool) -> Message:
    from stationmaster.hooks.chat_models import Message

    thread = _Thread(station, departure)
    receipt = _post(station, departure, _key(station, departure, what), text, thread, broadcast=broadcast)
    return Message(channel=receipt["channel"], ts=receipt["ts"])


class _Thread:
    """The departure's message, posted when something is to be said under it."""

    def __init__(self, station: Station, departure: str) -> None:
        self.station, self.departure = station, departure

    def __call__(self) -> str:
        try:
            return str(_headline(self.station, self.departure)["ts"])
        except UNSAID as error:
            # Without its thread the thing itself was not said, whatever became of the thread.
            raise EffectRefused(f"the departure's message cannot be posted: {error}") from error

    def known(self) -> Message | None:
        return told(self.station, self.departure, HEADLINE)


def _post(
    station: Station,
    departure: str,
    key: str,
    text: str,
    thread: _Thread | None,
    *,
    broadcast: bool = False,
    channel: str | None = None,
) -> Receipt:
    channel = channel or channel_of(station, departure)

    def act() -> Receipt:
        under = thread() if thread else None
        try:
            message = station.chat.post(channel, text, key=key, thread_ts=under, broadcast=broadcast)
        except ChatMessageGone:
            if thread is not None and (parent := thread.known()) is not None:
                gone(station, thread.departure, HEADLINE, parent)
            raise
        return _receipt(message, under)

    def look_up() -> Receipt | None:
        effect = station.ledger.effect(key)
        if effect is None or effect.attempts == 0:
            return None
        parent = thread.known() if thread else None
        if thread is not None and parent is None:
            return None
        oldest = effect.intended_at - _CLOCK_SKEW
        try:
            message = station.chat.find(channel, key, oldest, thread_ts=parent.ts if parent else None)
        except ChatMessageGone:
            return None  # a deleted thread shows nothing: whatever stood there has to be said again
        return None if message is None else _receipt(message, parent.ts if parent else None)

    return perform(
        station,
        key,
        guard=FREE,
        intent={"channel": channel, "text": text, "broadcast": broadcast},
        act=act,
        look_up=look_up,
        settles_after=_SHOWS_WITHIN,
    )


def _receipt(message: Message, thread: str | None) -> Receipt:
    return {"channel": message.channel, "ts": message.ts, **({"thread": thread} if thread else {})}


def sayings(station: Station, departure: str, what: str) -> tuple[Said, ...]:
    """Return every message that has said ``what``, the newest last: more than one where some were deleted."""
    again = len(station.ledger.facts(departure, kind="message_gone", subject=what))
    now = told(station, departure, HEADLINE)
    found = []
    for number in range(again + 1):
        effect = station.ledger.effect(_numbered(departure, what, number))
        if effect is not None and effect.receipt:
            # Older releases did not keep in which thread.
            thread = str(effect.receipt.get("thread") or (now.ts if now is not None else ""))
            ahead = _ahead(instant_of(effect.receipt["ts"]), effect.intended_at, effect.changed_at)
            found.append(Said(effect.receipt["channel"], effect.receipt["ts"], thread, number < again, ahead))
    return tuple(found)


def _ahead(stamp: datetime, began: datetime, ended: datetime) -> timedelta:
    if stamp > ended + _TELLS_APART:
        return stamp - ended
    return stamp - began if stamp < began - _TELLS_APART else timedelta(0)


def _numbered(departure: str, what: str, deleted: int) -> str:
    return f"{departure}/tell/{what}" + (f"/again-{deleted}" if deleted else "")


def _key(station: Station, departure: str, what: str) -> str:
    return _numbered(departure, what, len(station.ledger.facts(departure, kind="message_gone", subject=what)))
