"""Whoever comes on call says that they have taken over; silence is reminded, then escalated (D-27, C-34)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.config.people import mentions
from stationmaster.core import escaping
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.instants import local_text
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
    from stationmaster.ledger.records import Fact

KIND = "acknowledged"
_ASKED = "acknowledgement-asked"
EMOJI = "white_check_mark"


def acknowledgement(desk: ShiftDesk, handoff: Handoff) -> Fact | None:
    """Return the answer that was given, None before."""
    return desk.ledger.fact(handoff.id, KIND)


def acknowledge(desk: ShiftDesk, handoff: Handoff, person: Person, way: str) -> Fact:
    """Keep that somebody has taken over; the first answer stands."""
    value = {"person": person.id, "way": way}
    return desk.ledger.record_once(handoff.id, KIND, "handoff", value, desk.now(), person.id)


def may_answer(desk: ShiftDesk, handoff: Handoff) -> tuple[Person, ...]:
    """Return who may say so: the incoming, be they several, and who is told in their place (C-34, C-35).

    Where the file names nobody for that, it is everybody who takes turns: off call, they are there to help (O-18).
    """
    roles = dict.fromkeys((desk.first_role, *(step.role for step in desk.entry.steps)))
    held = [desk.team.people[name] for role in roles if role in handoff.shifts for name in handoff.shifts[role].people]
    found = {person.id: person for person in (*held, *desk.managers)}
    incoming = handoff.shifts[desk.first_role].people if desk.first_role in handoff.shifts else ()
    if found.keys() <= set(incoming):
        members = (desk.team.people[name] for name in desk.entry.people)
        found |= {person.id: person for person in members if person.active}
    return tuple(found.values())


def look_at_slack(desk: ShiftDesk, handoff: Handoff) -> Fact | None:
    """Take a ✅ under the package's message as the answer, if it is of somebody who may give it.

    What cannot be read is no answer.
    """
    effect = desk.ledger.effect(f"{handoff.id}/package/slack")
    if effect is None or not effect.receipt:
        return None
    found = desk.chat.reactions(effect.receipt["channel"], effect.receipt["ts"]).get(EMOJI, frozenset())
    for person in may_answer(desk, handoff):
        if not found.isdisjoint(person.slack):
            return acknowledge(desk, handoff, person, "slack")
    return None


def asked_at(desk: ShiftDesk, handoff: Handoff) -> datetime:
    """Return since when the question stands."""
    return desk.ledger.record_once(handoff.id, _ASKED, "handoff", {}, desk.now(), "stationmaster").at


def remind(desk: ShiftDesk, handoff: Handoff) -> None:
    """Say what is due by now: a reminder each interval, and after the time is over, once, whoever stands in.

    Each thing is said once for ever, however often this is called; after an outage only the newest reminder is said.
    """
    rule = desk.entry.acknowledge
    if rule is None or desk.entry.notices is None or desk.first_role not in handoff.shifts:
        return
    since, now = asked_at(desk, handoff), desk.now()
    channel = desk.team.channels[desk.entry.notices.channel].id
    incoming = desk.person(handoff, desk.first_role)
    if now >= since + rule.within:
        say(desk, f"{handoff.id}/acknowledge/escalated", channel, _escalated(desk, handoff, incoming))
        return
    due = (now - since) // rule.remind
    if due:
        text = (
            f":bell: {incoming.mention}: please say that you have taken over *{escaping.slack(desk.entry.title)}* "
            f"(since {escaping.slack(local_text(handoff.start, desk.rotation.zone))})."
        )
        say(desk, f"{handoff.id}/acknowledge/reminder-{due}", channel, text)


def next_saying(desk: ShiftDesk, handoff: Handoff) -> datetime | None:
    """Return when something more is said without an answer; None: nothing more."""
    rule = desk.entry.acknowledge
    if rule is None:
        return None
    since, now = asked_at(desk, handoff), desk.now()
    ends = since + rule.within
    if now >= ends:
        return None
    return min(ends, since + ((now - since) // rule.remind + 1) * rule.remind)


def waits_for(desk: ShiftDesk, handoff: Handoff) -> Blocker:
    """Return the open question."""
    incoming = desk.person(handoff, desk.first_role)
    rule = desk.entry.acknowledge
    late = rule is not None and desk.now() >= asked_at(desk, handoff) + rule.within
    who = tuple(person.id for person in may_answer(desk, handoff)) if late else handoff.shifts[desk.first_role].people
    return blocker(
        "HANDOFF_UNACKNOWLEDGED",
        since=asked_at(desk, handoff),
        clears_at=next_saying(desk, handoff),
        who=who,
        person=incoming.name,
        rotation=desk.entry.title,
    )


def _escalated(desk: ShiftDesk, handoff: Handoff, incoming: Person) -> str:
    others = [person for person in may_answer(desk, handoff) if person.id != incoming.id]
    names = mentions(others) or "<!channel>"
    return (
        f":rotating_light: {names}: {incoming.mention} has not said that they have taken over "
        f"*{escaping.slack(desk.entry.title)}*. Please find out, or take over yourself."
    )
