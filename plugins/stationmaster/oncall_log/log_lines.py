"""What people write into the log from Slack: a line of the team's channel that begins with ``log:`` (O-10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.oncall_log import log

if TYPE_CHECKING:
    from stationmaster.hooks.chat_models import Reply
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

WORD = "log:"
GATHERED = "gathered"
_LONGEST_BACK = timedelta(days=8)
"""A shift and a day: what was written before is of a shift that is over and published."""


def gather(desk: Desk, channel: str, since: datetime) -> tuple[Fact, ...]:
    """Write the lines of a channel into the log, each once however often this is called; return their entries.

    What somebody writes who is not of the team, or a robot, is none.

    :param channel: the channel's id.
    :raises ChatError: it cannot be read; what was gathered stays.
    """
    return keep(desk, channel, desk.chat.spoken(channel, since))


def keep(desk: Desk, channel: str, spoken: list[Reply]) -> tuple[Fact, ...]:
    """Write those of these messages into the log that are meant for it: for whoever has read the channel anyway."""
    found = []
    for each in spoken:
        text, person = said(desk, each.text), desk.team.person_by_slack(each.user)
        if each.bot or person is None or not text:
            continue
        once = f"slack/{channel}/{each.ts}"
        links = _links(desk, channel, each)
        found.append(log.write(desk, text, at=each.at, links=links, source="slack", by=person.id, once=once))
    return tuple(found)


def gather_all(desk: Desk) -> tuple[Fact, ...]:
    """Gather from every channel that the team's file names, since the last time; raises as :func:`gather`."""
    rules = desk.files.log
    found: list[Fact] = []
    for name in rules.channels if rules is not None else ():
        channel, now = desk.team.channels[name].id, desk.now()
        before = desk.ledger.fact(f"{desk.files.id}.log", GATHERED, channel)
        # A minute is read twice: Slack's clock is not ours.
        since = now - _LONGEST_BACK
        if before is not None:
            since = max(since, datetime.fromisoformat(before.value["until"]) - timedelta(minutes=1))
        found += gather(desk, channel, since)
        value = {"until": now.isoformat()}
        desk.ledger.record(f"{desk.files.id}.log", GATHERED, channel, value, now, "stationmaster")
    return tuple(found)


def said(desk: Desk, text: str) -> str:
    """Return what a message says to the log, empty for one that does not."""
    word = desk.files.log.word if desk.files.log is not None else WORD
    stripped = text.strip()
    return escaping.heard(stripped[len(word) :]).strip() if stripped.lower().startswith(word.lower()) else ""


def _links(desk: Desk, channel: str, each: Reply) -> list[str]:
    """Return the message's address, asked for only where the entry is new."""
    from stationmaster.core.instants import to_local

    day = to_local(each.at, desk.team.zone).date()
    known = desk.ledger.facts(log.area(desk.team.id, day), log.ENTRY)
    if any(
        fact.by and fact.value.get("source") == "slack" and fact.value["at"] == each.at.isoformat() for fact in known
    ):
        return []
    return [desk.chat.permalink(channel, each.ts)]
