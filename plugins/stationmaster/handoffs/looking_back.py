"""Whoever goes off call says how the shift was (R48, R52)."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core import escaping
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.instants import local_text
from stationmaster.handoffs.packing import outgoing_person
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
    from stationmaster.ledger import Ledger
    from stationmaster.ledger.records import Fact

KIND = "looked-back"
SCALE = ("1 quiet", "2", "3 as it should be", "4", "5 too much")


def leaving(desk: ShiftDesk, handoff: Handoff) -> Person | None:
    """Return who goes off call at a handoff; None: nobody was, or the same person goes on."""
    person = outgoing_person(desk, handoff)
    shift = handoff.shifts.get(desk.first_role)
    if person is None or (shift is not None and person.id in shift.people):
        return None
    return person


def answer(desk: ShiftDesk, handoff: Handoff) -> Fact | None:
    """Return what was answered, None before."""
    return desk.ledger.fact(handoff.id, KIND)


def record(desk: ShiftDesk, handoff: Handoff, person: Person, *, load: int, nights: int, note: str) -> Fact:
    """Keep the answer; the first stands.

    :param load: from 1, quiet, to 5, too much.
    :param nights: how often the person was woken.
    """
    value = {"person": person.id, "load": load, "nights": nights, "note": note}
    desk.ledger.record_once(desk.key, KIND, person.id, value, desk.now(), person.id, key=f"{KIND}/{handoff.id}")
    return desk.ledger.record_once(handoff.id, KIND, "handoff", value, desk.now(), person.id)


class Felt(NamedTuple):
    """What a person said of their shifts: how many answers, the mean load from 1 to 5, and how often woken in all."""

    person: str
    answers: int
    load: float
    nights: int


def felt(ledger: Ledger, key: str) -> tuple[Felt, ...]:
    """Return what was said of a rotation's shifts, by person.

    :param key: ``<team>.<rotation>``.
    """
    found: dict[str, list[dict[str, int]]] = {}
    for fact in ledger.facts(key, KIND):
        found.setdefault(fact.subject, []).append(fact.value)
    return tuple(
        Felt(
            person, len(values), round(mean(each["load"] for each in values), 1), sum(each["nights"] for each in values)
        )
        for person, values in sorted(found.items())
    )


def say_goodbye(desk: ShiftDesk, handoff: Handoff, person: Person) -> None:
    """Tell the person, once, that their shift is over."""
    if desk.entry.notices is None:
        return
    channel = desk.team.channels[desk.entry.notices.channel].id
    title, when = escaping.slack(desk.entry.title), escaping.slack(local_text(handoff.start, desk.rotation.zone))
    text = (
        f":wave: {person.mention}: your shift of *{title}* ended on {when}. Thank you. A task asks how it was: that "
        "takes a minute, and the team sees where it hurts."
    )
    say(desk, f"{handoff.id}/goodbye/{person.id}", channel, text)


def waits_for(desk: ShiftDesk, handoff: Handoff, person: Person) -> Blocker:
    """Return the open question."""
    return blocker("SHIFT_UNREVIEWED", clears_at=handoff.end, who=(person.id,), person=person.name)
