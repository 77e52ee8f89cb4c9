"""What a watch says. Whatever came from outside is escaped (F65)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stationmaster.config.fields import in_words
from stationmaster.config.people import mentions
from stationmaster.core import escaping

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.config.watch_kinds import AlertsWatch, QuestionsWatch
    from stationmaster.core.alert_groups import Event, Group
    from stationmaster.core.issue_duties import Duty
    from stationmaster.departures.spiking import Spike
    from stationmaster.watches.issues import Watched
    from stationmaster.watches.silences import Silence
    from stationmaster.work.context import Desk

_TITLE = 100
_SHOWN = 8


def channel_name(desk: Desk, channel: str) -> str:
    """Return a channel as people call it: its name if the team's file has one, else its id."""
    known = next((each.name for each in desk.team.channels.values() if each.id == channel), channel)
    return f"#{known}"


def tag(people: Sequence[Person], owner: Person | None, topic: str, watch: QuestionsWatch) -> str:
    """Return the reply that tags the person on call below a question that nobody answered."""
    waited = f"nobody has answered for {in_words(watch.within)} of working time"
    lines = [f":wave: {mentions(people)}: {waited}. Please answer here, or put :{watch.done}: on the question."]
    if owner is not None and owner not in people:
        lines.append(f"It looks like {escaping.slack(topic)}: {owner.mention} knows about that.")
    if watch.file is not None:
        lines.append(f"Put :{watch.file.emoji}: on it to make an issue of it.")
        if watch.file.sprint is not None:
            lines.append(
                f"If it is urgent and less than a day's work: :{watch.file.sprint.emoji}: pulls it into the sprint."
            )
    return "\n".join(lines)


def repeated(people: Sequence[Person], times: int, since: str) -> str:
    """Return the reply that a question has been asked so often that a page should answer it (N-14)."""
    return (
        f":memo: {mentions(people)}: this was asked {times} times since {since}. Please write a page that answers it, "
        "and link it here."
    )


def issue_title(text: str) -> str:
    """Return the title of an issue that is made of a question."""
    line = escaping.one_line(text)
    return line if len(line) <= _TITLE else f"{line[: _TITLE - 1]}…"


def issue_body(text: str, link: str) -> str:
    """Return the Markdown of an issue that is made of a question."""
    return f"{escaping.markdown_lines(text)}\n\nAsked in Slack: {escaping.markdown_link(link)}"


def filed(who: Person, url: str) -> str:
    """Return the reply that names the issue."""
    return f":ticket: {escaping.slack(who.name)} made an issue of it: {escaping.slack_link(url)}"


def pulled(who: Person, url: str) -> str:
    """Return the reply that the issue is one of this sprint (C-27)."""
    return f":fast_forward: {escaping.slack(who.name)} pulled it into the sprint: {escaping.slack_link(url)}"


def silence_over(people: Sequence[Person], silence: Silence) -> str:
    """Return the message that a silence has ended with its issue."""
    what, issue = escaping.slack(escaping.said(silence.what)), escaping.slack(silence.issue)
    return (
        f":loud_sound: {mentions(people)}: {what} is silent no more, for {issue} is closed. If it is not mended, "
        "silence it again with an issue that is open."
    )


def issue_duty(people: Sequence[Person], one: Watched, duty: Duty, due: str, *, top: bool) -> str:
    """Return the message that an issue is late, or that nobody writes about it (T-18, T-19).

    :param top: it has the highest priority of the team's scale.
    """
    link = escaping.slack_link(one.issue.url, one.key)
    title, label = escaping.slack(escaping.said(one.issue.title)), escaping.slack(one.priority.label)
    if duty.what != "update":
        more = " Everybody else drops other work for it; escalate now if it cannot be done." if top else ""
        when = f"{'was' if duty.what == 'late' else 'is'} due {due}"
        return f":hourglass: {mentions(people)}: {link} ({label}) {when}: {title}.{more}"
    ask = "Please write what is done, what is in work, and when it will be over."
    return f":speech_balloon: {mentions(people)}: nobody has written about {link} ({label}): {title}. {ask}"


def alerts(people: Sequence[Person], team: str, group: Group, new: Sequence[Event], watch: AlertsWatch) -> str:
    """Return the message that a group of alerts fires, and how to decide about it (D-18)."""
    where = f"{escaping.slack(group.severity)} on {escaping.slack(group.cluster)}"
    lines = [f":fire: {mentions(people)}: {counted(len(new))} of severity {where}."]
    lines += [f"• {_alert(event, watch)}" for event in new[:_SHOWN]]
    if len(new) > _SHOWN:
        lines.append(f"• and {len(new) - _SHOWN} more")
    lines.append(
        "Decide: :hammer_and_wrench: you act, :rotating_light: it becomes an incident, :see_no_evil: it is left. "
        f"Or: `stationmaster alerts decide {team} {group.key} act --why …`."
    )
    return "\n".join(lines)


def counted(alerts: int) -> str:
    """Return how many alerts, in words."""
    return "1 alert" if alerts == 1 else f"{alerts} alerts"


def alerts_reminder(people: Sequence[Person]) -> str:
    """Return the reply that nobody has decided yet."""
    return f":bell: {mentions(people)}: nobody has decided about this yet."


def _alert(event: Event, watch: AlertsWatch) -> str:
    page = watch.page(event.title)
    named = escaping.slack_link(event.url, event.title) if event.url else escaping.slack(event.title)
    # What is about just this alert comes before what is about all of them.
    if event.runbook and not page:
        return f"{named} ({escaping.slack_link(event.runbook, 'runbook')})"
    page = page or watch.runbook or ""
    return f"{named} (runbook `{page}`)" if page else f"{named} (no runbook)"


def spike(people: Sequence[Person], team: str, found: Spike) -> str:
    """Return the reply in a departure's thread that an error comes more often since it is in production (C-28)."""
    link = escaping.slack_link(found.url, found.error) if found.url else escaping.slack(found.error)
    return (
        f":chart_with_upwards_trend: {mentions(people)}: {link} came {found.after} times in {found.span}, and "
        f"{found.before} times in the same time before. It holds the next promotion back until it is mended or rolled "
        f"back. If it may wait: `stationmaster silence {team} {found.key} --issue …`."
    )


def spike_issue(found: Spike) -> tuple[str, str]:
    """Return title and Markdown of the issue of an error that came more often after a deploy (C-29)."""
    title = issue_title(found.error)
    times = f"{found.after} times in {found.span} after {found.departure}, and {found.before} times in as long before."
    link = f"\n\n{escaping.markdown_link(found.url)}" if found.url else ""
    return title, f"{escaping.markdown(escaping.said(found.error))}\n\nIt came {times}{link}"


def spike_filed(url: str) -> str:
    """Return the reply that names the issue of an error."""
    return f":ticket: It is logged as {escaping.slack_link(url)}. `stationmaster silence` may hang on that."
