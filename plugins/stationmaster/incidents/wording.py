"""What an incident says, in Slack and in Airflow. Whatever came from outside is escaped (F65)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stationmaster.config.people import mentions
from stationmaster.core import escaping
from stationmaster.core.incidents import Kind, State, Story
from stationmaster.core.instants import local_text
from stationmaster.incidents import records
from stationmaster.incidents.lines import named

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.work.context import Desk

_SIGNS = {
    State.OPEN: ":rotating_light:",
    State.ACKNOWLEDGED: ":fire_engine:",
    State.MITIGATED: ":adhesive_bandage:",
    State.RESOLVED: ":white_check_mark:",
    State.REPORTED: ":white_check_mark:",
    State.CALLED_OFF: ":wave:",
}


def rating(desk: Desk, story: Story) -> str:
    """Return severity and impact in the words of the team's file, plain."""
    rules = records.rules_of(desk)
    severity, impact = rules.severities.get(story.severity), rules.impacts.get(story.impact)
    words = f"{severity.title if severity else story.severity}, {impact.title if impact else story.impact}"
    return f"{words}, {story.company}" if story.company else words


def headline(desk: Desk, story: Story) -> str:
    """Return the message that stands in the channel, in the incident's present state."""
    rules, sign = records.rules_of(desk), _SIGNS[story.state]
    rated = escaping.slack(rating(desk, story))
    since, opener = local_text(story.opened_at, desk.files.zone), named(desk, story.opened_by)
    lines = [
        f"{sign} *{escaping.slack(story.title)}* ({rated}): *{story.state}*, `{story.id}`",
        f"Opened {escaping.slack(since)} by {escaping.slack(opener)}; service {escaping.slack(story.service)}.",
    ]
    held = [f"{position}: {escaping.slack(named(desk, person))}" for position, person in story.positions.items()]
    if held:
        lines.append(", ".join(held) + ".")
    if story.state is State.OPEN:
        lines.append("Put :white_check_mark: here, or answer the task in Airflow, to take it.")
    if story.company and rules.company is not None:
        lines.append(
            f"*{escaping.slack(rules.company.title)} {escaping.slack(story.company)}: "
            f"<{rules.company.procedure}|its procedure comes first>.*"
        )
    newest = story.last(Kind.RESOLVED, Kind.MITIGATED, Kind.UPDATED, Kind.CALLED_OFF)
    if newest is not None and newest.value.get("text"):
        lines.append(f"Newest: {escaping.slack(escaping.said(str(newest.value['text'])))}")
    return "\n".join(lines)


def topic(desk: Desk, under_way: Sequence[Story]) -> str:
    """Return the channel's topic for what is under way, empty for nothing."""
    if not under_way:
        return ""
    words = [f"{each.id.rpartition('/')[2]} {each.title[:60]}" for each in under_way[:3]]
    more = f" and {len(under_way) - 3} more" if len(under_way) > 3 else ""
    return escaping.slack(escaping.one_line(f"Incident: {'; '.join(words)}{more}"))


def paged(desk: Desk, story: Story, people: Sequence[Person]) -> str:
    """Return the message by which people are paged."""
    playbook = records.rules_of(desk).playbook
    title, rated = escaping.slack(story.title), escaping.slack(rating(desk, story))
    text = (
        f":rotating_light: {mentions(people)}: *{title}* ({rated}). Acknowledge `{story.id}`: answer the task in "
        "Airflow, or put :white_check_mark: under its message."
    )
    return f"{text}\n<{playbook}|Incident Playbook>" if playbook is not None else text


def still_open(desk: Desk, story: Story, people: Sequence[Person]) -> str:
    """Return the message that nobody on the whole ladder has answered."""
    since = escaping.slack(local_text(story.began_at, desk.files.zone))
    who = mentions(people) or "<!channel>"
    return f":rotating_light: {who}: nobody has acknowledged *{escaping.slack(story.title)}* since {since}. Please do."


def last_resort(desk: Desk, story: Story) -> str:
    """Return the message by which another channel is asked for help (C-32)."""
    channel = desk.team.channels[records.rules_of(desk).channel]
    return (
        f":sos: <!here> nobody on call has answered the incident *{escaping.slack(story.title)}* "
        f"({escaping.slack(rating(desk, story))}) of {escaping.slack(desk.team.title)}. Whoever can help: see "
        f"<#{channel.id}>, and put :white_check_mark: under its message."
    )


def taken(desk: Desk, story: Story, person: Person) -> str:
    """Return the message that somebody has it."""
    return f":fire_engine: {escaping.slack(person.name)} has it, and is the point. Nobody else is paged."


def help_wanted(desk: Desk, story: Story, person: Person, people: Sequence[Person]) -> str:
    """Return the message by which whoever has it asks the rest of the team (O-11)."""
    who = mentions([each for each in people if each.id != person.id]) or "<!channel>"
    return f":raised_hand: {who}: {escaping.slack(person.name)} asks for help with *{escaping.slack(story.title)}*."


def update_wanted(desk: Desk, story: Story, due: datetime) -> str:
    """Return the message that the next update is due (T-19)."""
    when = escaping.slack(local_text(due, desk.files.zone))
    return (
        f":bell: {_point(desk, story)}: an update is due since {when}: what is done, what you are at, when it will be "
        "over. Answer the task, or write `update: …` here."
    )


def too_long(desk: Desk, story: Story, people: Sequence[Person], due: timedelta) -> str:
    """Return the message that an incident lasts longer than its severity allows (T-18)."""
    from stationmaster.config.fields import in_words

    return (
        f":hourglass: {mentions(people)}: *{escaping.slack(story.title)}* should have been over within "
        f"{in_words(due)}. It goes to you, too: decide what is left out, or who helps."
    )


def report_wanted(desk: Desk, story: Story) -> str:
    """Return the message that the report waits for what only one person knows."""
    return f":memo: {_point(desk, story)}: the report of `{story.id}` waits for you: the cause, and what should follow."


def postmortem_wanted(desk: Desk, story: Story, due: datetime, url: str) -> str:
    """Return the message that a postmortem is due (C-31)."""
    when = escaping.slack(local_text(due, desk.files.zone))
    draft = f" Its draft: {escaping.slack_link(url, 'here')}." if url else ""
    return f":memo: {_point(desk, story)}: a postmortem of `{story.id}` is due by {when}.{draft}"


def _point(desk: Desk, story: Story) -> str:
    rules = records.rules_of(desk)
    holder = desk.team.people.get(story.positions.get(rules.positions[0], "") or story.acknowledged_by or "")
    return mentions([holder]) if holder is not None else "<!here>"
