"""What an incident says in Slack: one message in the channel, all else in its thread; nothing waits for it (F11, F60).

The message in the channel, and the channel's topic, always tell the present state. What could not be said stays an
unfinished effect, and is said at a later look.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from stationmaster.hooks.chat_errors import ChatMessageGone
from stationmaster.incidents import records, wording
from stationmaster.work import messages
from stationmaster.work.effects import Receipt
from stationmaster.work.messages import UNSAID, say

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.core.incidents import Story
    from stationmaster.work.context import Desk

log = logging.getLogger(__name__)

_GONE, _SHOWN, _TOPIC = "message_gone", "headline", "topic"


def channel_of(desk: Desk) -> str:
    """Return the id of the channel in which the team's incidents are told."""
    return desk.team.channels[records.rules_of(desk).channel].id


def headline(desk: Desk, story: Story) -> Receipt | None:
    """Return where the incident's message stands, posted if need be; None: Slack cannot be reached."""
    try:
        return say(desk, _headline_key(desk, story), channel_of(desk), wording.headline(desk, story))
    except UNSAID as error:
        log.warning("%s: its message cannot be posted: %s", story.id, error)
        return None


def known_headline(desk: Desk, story: Story) -> Receipt | None:
    """Return where the incident's message stands; None: it was not posted yet, or was deleted."""
    effect = desk.ledger.effect(_headline_key(desk, story))
    return effect.receipt or None if effect is not None else None


def tell(desk: Desk, story: Story, what: str, text: str, *, broadcast: bool = False) -> Receipt | None:
    """Say ``text`` in the incident's thread, once for ever; None: Slack cannot be reached, and a later call says it.

    :param what: stable name of the thing said, such as ``page/0/1``.
    :param broadcast: say it in the channel itself: for whoever must see it.
    """
    parent = headline(desk, story)
    if parent is None:
        return None
    key = f"{story.id}/tell/{what}"
    try:
        return say(desk, key, channel_of(desk), text, thread=None if broadcast else str(parent["ts"]))
    except UNSAID as error:
        if isinstance(error.__cause__, ChatMessageGone):
            gone(desk, story, parent)
        log.warning("%s: %s cannot be said: %s", story.id, what, error)
        return None


def whisper(desk: Desk, story: Story, what: str, person: Person, text: str) -> Receipt | None:
    """Say ``text`` to one person alone, once for ever; None where Slack cannot be reached, or does not know them."""
    return messages.whisper(desk, f"{story.id}/tell/{what}", person, text)


def say_elsewhere(desk: Desk, story: Story, what: str, channel: str, text: str) -> Receipt | None:
    """Say ``text`` in another channel, once for ever; None: Slack cannot be reached."""
    try:
        return say(desk, f"{story.id}/tell/{what}", channel, text)
    except UNSAID as error:
        log.warning("%s: %s cannot be said in %s: %s", story.id, what, channel, error)
        return None


def refresh(desk: Desk, story: Story) -> None:
    """Let the incident's message and the channel's topic tell the present state; nothing is written that stands."""
    text = wording.headline(desk, story)
    try:
        present = known_headline(desk, story)
        if present is None:
            headline(desk, story)
        elif _shown(desk, story, present) != text:
            desk.chat.update(str(present["channel"]), str(present["ts"]), text)
            desk.ledger.record(story.id, _SHOWN, "", {"text": text, "ts": present["ts"]}, desk.now(), "stationmaster")
        _keep_topic(desk)
    except ChatMessageGone:
        gone(desk, story, present or {})
        headline(desk, story)
    except UNSAID as error:
        log.warning("%s: its message cannot be edited: %s", story.id, error)


def gone(desk: Desk, story: Story, message: Receipt) -> None:
    """Note that the incident's message was deleted: it is posted anew when something is to be said (F11)."""
    value = {"ts": message.get("ts", "")}
    desk.ledger.record_once(
        story.id, _GONE, "headline", value, desk.now(), "stationmaster", key=f"{_GONE}/{message.get('ts', '')}"
    )


def _keep_topic(desk: Desk) -> None:
    """Let the channel's topic name what is under way; when nothing is, it is again what it was before."""
    if not records.rules_of(desk).topic:
        return
    channel, area = channel_of(desk), records.area_of(desk.files.id)
    under_way = [each for each in reversed(tuple(records.stories(desk))) if each.under_way]
    facts = desk.ledger.facts(area, _TOPIC)
    ours = str(facts[-1].value["text"]) if facts else ""
    wanted = wording.topic(desk, under_way)
    if wanted == ours:
        return
    present = desk.chat.channel(channel).topic
    before = str(facts[-1].value["before"]) if ours else present
    if ours and present != ours:
        # Somebody wrote another topic since: theirs is the one to go back to.
        before = present
    topic = wanted or before
    if present != topic:
        desk.chat.set_topic(channel, topic)
    desk.ledger.record(area, _TOPIC, "", {"text": wanted, "before": before}, desk.now(), "stationmaster")


def _shown(desk: Desk, story: Story, present: Receipt) -> str:
    facts = desk.ledger.facts(story.id, _SHOWN)
    if facts and facts[-1].value["ts"] == present["ts"]:
        return str(facts[-1].value["text"])
    effect = desk.ledger.effect(_headline_key(desk, story))
    return str(effect.intent["text"]) if effect is not None else ""


def _headline_key(desk: Desk, story: Story) -> str:
    deleted = len(desk.ledger.facts(story.id, _GONE))
    return f"{story.id}/tell/headline" + (f"/again-{deleted}" if deleted else "")
