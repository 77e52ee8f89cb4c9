"""An urgent matter goes to the owner of its circle, as a GitHub issue (T-05, T-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core import escaping
from stationmaster.core.instants import local_text
from stationmaster.work import issues
from stationmaster.work.effects import Receipt
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.work.context import Desk


class Matter(NamedTuple):
    """What is escalated, as somebody wrote it down."""

    circle: str
    urgency: str
    what: str
    details: str


def priority(urgency: str) -> str:
    """Return the label of an urgency, such as ``priority_critical`` (T-11)."""
    return f"priority_{urgency}"


def escalate(desk: Desk, key: str, matter: Matter, by: Person) -> Receipt:
    """Write the issue and tell the channel, each once for ever; Slack holds up nothing.

    :param key: of this matter, such as ``threefold.escalate/<run>``.
    :raises KeyError: the team has no such circle.
    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    circle = desk.team.circles[matter.circle]
    owner = desk.team.people[circle.owner]
    title = escaping.one_line(f"[{matter.urgency}] {circle.title}: {matter.what}")
    body = _body(desk, matter, by)

    receipt = issues.open_ticket(
        desk,
        key,
        repository=circle.repository,
        title=title,
        body=body,
        labels=(*circle.labels, priority(matter.urgency)),
        assignees=[owner.github] if owner.github else [],
        found_by=circle.labels,
        adds={"owner": owner.id},
    )
    if circle.channel is not None:
        issue = escaping.slack_link(str(receipt["url"]), f"#{receipt['number']}")
        text = (
            f":rotating_light: {owner.mention}: *{escaping.slack(circle.title)}*, {escaping.slack(matter.urgency)}: "
            f"{escaping.slack(escaping.said(matter.what))} "
            f"{issue}, from {escaping.slack(by.name)}."
        )
        say(desk, f"{key}/slack", desk.team.channels[circle.channel].id, text)
    return receipt


def _body(desk: Desk, matter: Matter, by: Person) -> str:
    when = escaping.markdown(local_text(desk.now(), desk.team.zone))
    who, urgency = escaping.markdown(by.name), escaping.markdown(matter.urgency)
    details = escaping.markdown_lines(matter.details) or "No details were given."
    return "\n".join(
        [
            f"**{who}** escalates a matter of urgency *{urgency}*, {when}.",
            "",
            details,
            "",
            "Say here what is to be done, and by whom. Close it when the matter is settled.",
        ]
    )
