"""A question becomes an issue, or one of this sprint, when the team puts the agreed emoji on it (C-26, C-27, N-15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.hooks.chat_models import instant_of
from stationmaster.oncall_log import log
from stationmaster.watches import wording
from stationmaster.work import issues
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.config.watch_kinds import QuestionsWatch
    from stationmaster.hooks.chat_models import Heard
    from stationmaster.work.context import Desk


def file(desk: Desk, watch: QuestionsWatch, channel: str, message: Heard) -> None:
    """Open the issue once, and say so in the question's thread; a stranger's emoji does nothing."""
    rules = watch.file
    if rules is None:
        return
    sprint = rules.sprint
    pulled = _marked(desk, channel, message, sprint.emoji) if sprint is not None else None
    who = pulled or _marked(desk, channel, message, rules.emoji)
    if who is None:
        return
    name = f"{channel}/{message.ts}"
    key = f"{desk.team.id}.watch/question/{name}/issue"
    link = desk.chat.permalink(channel, message.ts)
    issue = issues.open_ticket(
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
    if sprint is None or pulled is None:
        return
    issues.label(desk, f"{key}/sprint", rules.repository, int(issue["number"]), sprint.labels)
    text = wording.pulled(pulled, str(issue["url"]))
    told = say(desk, f"{key}/sprint/told", channel, text, thread=message.ts)
    log.write(
        desk,
        f"{pulled.name} pulled a question's issue into the sprint",
        at=instant_of(str(told["ts"])),
        links=[str(issue["url"]), link],
        about="question",
        once=f"question/{name}/sprint",
    )


def _marked(desk: Desk, channel: str, message: Heard, emoji: str) -> Person | None:
    """Return who of the team put the emoji on the message, None if only strangers did, or nobody."""
    if emoji not in message.marks:
        return None
    users = desk.chat.reactions(channel, message.ts).get(emoji, frozenset())
    found = (desk.team.person_by_slack(user) for user in sorted(users))
    return next((person for person in found if person is not None), None)
