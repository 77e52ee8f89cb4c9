"""What a handoff says: in Slack and by mail. Whatever came from outside is escaped (F65)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.config.people import mentions
from stationmaster.core import escaping
from stationmaster.core.instants import local_text

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
    from stationmaster.oncall.records import SwapRecord


def on_call_notice(desk: ShiftDesk, handoff: Handoff, role: str, links: Sequence[tuple[str, str]]) -> str:
    """Return the Slack message to whoever comes on call: role, from, until, who is next, where to read (C-06, C-33).

    :param links: titles and addresses of the pages that the person needs.
    """
    person = desk.person(handoff, role)
    what = f"*{escaping.slack(_roles(desk, role))}* of *{escaping.slack(desk.entry.title)}*"
    lines = [f":telephone_receiver: {person.mention}: you are {what} {_span(desk, handoff, role, person)}."]
    lines += [f"• {escaping.slack(line)}" for line in ladder(desk, handoff, role)]
    if links:
        lines.append("Read: " + ", ".join(escaping.slack_link(address, title) for title, address in links))
    return "\n".join(lines)


def on_call_mail(desk: ShiftDesk, handoff: Handoff, role: str, links: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return subject and HTML text of the mail that says the same."""
    person = desk.person(handoff, role)
    zone = person.zone or desk.rotation.zone
    subject = escaping.one_line(
        f"You are {_roles(desk, role)} of {desk.entry.title} until {local_text(handoff.shifts[role].end, zone)}"
    )
    steps = "".join(f"<li>{escaping.html(line)}</li>" for line in ladder(desk, handoff, role))
    pages = "".join(f"<li>{escaping.html_link(address, title)}</li>" for title, address in links)
    text = (
        f"<p>{escaping.html(person.name)}, you are <b>{escaping.html(_roles(desk, role))}</b> of "
        f"<b>{escaping.html(desk.entry.title)}</b> {escaping.html(_span(desk, handoff, role, person))}.</p>"
    )
    return subject, text + (f"<ul>{steps}</ul>" if steps else "") + (f"<p>Read:</p><ul>{pages}</ul>" if pages else "")


def _roles(desk: ShiftDesk, role: str) -> str:
    """Return a role with those that are like it: whoever holds it hears of all at once (D-03)."""
    return " and ".join([role, *(name for name, entry in desk.entry.roles.items() if entry.like == role)])


def ladder(desk: ShiftDesk, handoff: Handoff, role: str) -> list[str]:
    """Return who is told after the role when nobody acknowledges, each with the delay since the page before (C-33)."""
    roles = [step.role for step in desk.entry.steps]
    after = desk.entry.steps[roles.index(role) + 1 :] if role in roles else desk.entry.steps
    if not after:
        return [] if not roles else ["Nobody is told after you: you are the last of the escalation."]
    lines, silent = [], "you acknowledge"
    for step in after:
        name = desk.person(handoff, step.role).name
        lines.append(f"Unless {silent} within {_minutes(step.after)}, {name} ({step.role}) is told.")
        silent = f"{name} acknowledges"
    return lines


def access_missing(desk: ShiftDesk, person: Person, role: str, missing: Sequence[str], note: str) -> str:
    """Return the message to those who can give access, and to the manager (C-07)."""
    managers = mentions(desk.managers)
    items = "\n".join(f"• {escaping.slack(item, links=True)}" for item in missing)
    said = f"\n{escaping.slack(person.name)} writes: {escaping.slack(escaping.said(note))}" if note else ""
    cc = f"\ncc {managers}" if managers else ""
    return (
        f":key: {person.mention} is *{escaping.slack(role)}* of *{escaping.slack(desk.entry.title)}* now, and lacks "
        f"access. Can somebody help?\n{items}{said}{cc}"
    )


def swap_asked(desk: ShiftDesk, swap: SwapRecord) -> str:
    """Return the Slack message to whoever is asked to take a shift (R30)."""
    taker = desk.team.people[swap.taker]
    return f":arrows_counterclockwise: {taker.mention}: {escaping.slack(_swap(desk, swap, taker))}"


def swap_answered(desk: ShiftDesk, swap: SwapRecord, status: str) -> str:
    """Return the Slack message to whoever asked."""
    giver = desk.team.people[swap.giver]
    what = escaping.slack(f"the swap with {desk.team.people[swap.taker].name} is {status}")
    return f":arrows_counterclockwise: {giver.mention}: {what} (`{swap.id}`)."


def swap_question(desk: ShiftDesk, swap: SwapRecord) -> tuple[str, str]:
    """Return subject and Markdown body of the required action."""
    taker = desk.team.people[swap.taker]
    subject = escaping.one_line(f"{taker.name}: will you take a shift of {desk.team.people[swap.giver].name}?")
    reason = f"\n\nReason: {escaping.markdown(escaping.said(swap.reason))}" if swap.reason else ""
    return subject, escaping.markdown(_swap(desk, swap, taker)) + reason


def _swap(desk: ShiftDesk, swap: SwapRecord, taker: Person) -> str:
    zone = taker.zone or desk.rotation.zone
    span = f"{local_text(swap.start, zone)} – {local_text(swap.end, zone)}"
    text = f"{desk.team.people[swap.giver].name} asks you to be {swap.role} of {desk.entry.title}, {span}"
    if swap.back_start is not None and swap.back_end is not None:
        text += f", and takes yours of {local_text(swap.back_start, zone)} – {local_text(swap.back_end, zone)}"
    return f"{text}. Nothing changes until you accept."


def _span(desk: ShiftDesk, handoff: Handoff, role: str, person: Person) -> str:
    """Return from when until when, in the rotation's zone and, where the person works in another, in theirs, too."""
    zone = desk.rotation.zone
    end = handoff.shifts[role].end
    words = f"from {local_text(handoff.start, zone)} until {local_text(end, zone)}"
    if person.zone is None or person.zone == zone:
        return words
    return f"{words} (for you until {local_text(end, person.zone)})"


def _minutes(delay: timedelta) -> str:
    from stationmaster.config.fields import in_words

    minutes, rest = divmod(delay, timedelta(minutes=1))
    if rest:
        return in_words(delay)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
