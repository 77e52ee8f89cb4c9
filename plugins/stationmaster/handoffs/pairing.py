"""A newcomer on call is taken along by somebody who knows the way (C-25)."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.instants import first_instant
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
    from stationmaster.ledger.records import Fact

KIND = "paired"


def newcomer(desk: ShiftDesk, handoff: Handoff) -> Person | None:
    """Return who comes on call and is new on the team, None if nobody is."""
    rule = desk.entry.pairing
    if rule is None or rule.newcomer not in handoff.shifts or rule.leads not in handoff.shifts:
        return None
    person = desk.person(handoff, rule.newcomer)
    if person.since is None:
        return None
    began = first_instant(datetime.combine(person.since, time.min), desk.rotation.zone)
    return person if handoff.start < began + rule.new_for else None


def answer(desk: ShiftDesk, handoff: Handoff) -> Fact | None:
    """Return what was answered, None before."""
    return desk.ledger.fact(handoff.id, KIND)


def record(desk: ShiftDesk, handoff: Handoff, new: Person, *, paired: bool, note: str, by: Person) -> Fact:
    """Keep the answer; the first stands."""
    value = {"newcomer": new.id, "paired": paired, "note": note}
    return desk.ledger.record_once(handoff.id, KIND, "handoff", value, desk.now(), by.id)


def ask_in_slack(desk: ShiftDesk, handoff: Handoff, lead: Person, new: Person) -> None:
    """Tell both, once, in the channel that hears who is on call."""
    if desk.entry.notices is None:
        return
    channel = desk.team.channels[desk.entry.notices.channel].id
    title = escaping.slack(desk.entry.title)
    text = (
        f":busts_in_silhouette: {lead.mention}: {new.mention} is new on *{title}*. Take them along when you deploy and "
        "when something breaks; then answer the task."
    )
    say(desk, f"{handoff.id}/pair", channel, text)


def waits_for(desk: ShiftDesk, handoff: Handoff, lead: Person, new: Person) -> Blocker:
    """Return the open question."""
    return blocker("PAIRING_OPEN", clears_at=handoff.end, who=(lead.id,), lead=lead.name, newcomer=new.name)
