"""A question becomes an issue when somebody of the team puts the agreed emoji on it (C-26, C-27, N-15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.duty import log, tickets
from stationmaster.duty.saying import say
from stationmaster.hooks.chat_models import instant_of
from stationmaster.watches import wording

if TYPE_CHECKING:
    from stationmaster.config.watch_kinds import QuestionsWatch
    from stationmaster.departures.desk import Desk
    from stationmaster.hooks.chat_models import Heard


def file(desk: Desk, watch: QuestionsWatch, channel: str, message: Heard) -> None:
    """Open the issue once, and say so in the question's thread; a stranger's emoji does nothing."""
    rules = watch.file
    if rules is None or rules.emoji not in message.marks:
        return
    name = f"{channel}/{message.ts}"
    key = f"{desk.team.id}.watch/question/{name}/issue"
    who = next(
        (
            person
            for user in sorted(desk.chat.reactions(channel, message.ts).get(rules.emoji, frozenset()))
            if (person := desk.team.person_by_slack(user)) is not None
        ),
        None,
    )
    if who is None:
        return
    link = desk.chat.permalink(channel, message.ts)
    issue = tickets.open_ticket(
        desk,
        key,
        repository=rules.repository,
        title=wording.issue_title(message.text),
        body=wording.issue_body(message.text, link),
        labels=rules.labels,
    )
    receipt = say(desk, f"{key}/told", channel, wording.filed(who, issue["url"]), thread=message.ts)
    log.write(
        desk,
        f"{who.name} made an issue of a question in {wording.channel_name(desk, channel)}",
        at=instant_of(str(receipt["ts"])),
        links=[str(issue["url"]), link],
        about="question",
        once=f"question/{name}/filed",
    )
