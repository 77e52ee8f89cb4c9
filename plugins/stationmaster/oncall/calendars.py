"""Shifts as an iCalendar file (RFC 5545): of a rotation, a role or a person (R44)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

from stationmaster.core.value import Value

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig


class Entry(Value):
    """One shift as it is shown: ``[start, end)`` in which people are on call in a role."""

    rotation: str
    role: str
    people: tuple[str, ...]
    start: datetime
    end: datetime


def calendar_text(team: TeamConfig, entries: Iterable[Entry], written_at: datetime) -> bytes:
    """Return a calendar of shifts: instants in UTC, so that every reader shows the same, whatever zones it knows.

    A shift keeps its ``UID`` for as long as it begins when it does: a calendar that is read again shows no doubles.
    """
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Stationmaster//on call//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{team.title}: on call")
    for entry in entries:
        names = ", ".join(team.people[person].name if person in team.people else person for person in entry.people)
        event = Event()
        event.add("uid", _uid(team, entry))
        event.add("dtstamp", written_at)
        event.add("dtstart", entry.start)
        event.add("dtend", entry.end)
        event.add("summary", f"{names}: {entry.role} of {team.roster[entry.rotation].title}")
        event.add("categories", [entry.role])
        event.add("transp", "TRANSPARENT")
        for person in entry.people:
            event.add("x-stationmaster-person", person)
        calendar.add_component(event)
    found: bytes = calendar.to_ical()
    return found


def _uid(team: TeamConfig, entry: Entry) -> str:
    named = f"{team.id}.{entry.rotation}/{entry.role}/{entry.start.isoformat()}"
    return f"{sha256(named.encode()).hexdigest()[:24]}@stationmaster"


def entries(
    team: TeamConfig,
    start: datetime,
    end: datetime,
    *,
    role: str | None = None,
    person: str | None = None,
    rotation: str | None = None,
) -> tuple[Entry, ...]:
    """Return who is on call in ``[start, end)``: each whole stretch of hours in which the same people are, in order.

    A shift with closing times is several stretches; a handoff to oneself parts two.

    :param role, person, rotation: only these.
    """
    found = []
    for name, each in team.rotations.items():
        for held in each.roles:
            if role not in (None, held) or rotation not in (None, name):
                continue
            turns = each.turns_of(held)
            first, last = turns.shift_at(start).start, turns.shift_at(end).end
            edges = turns.handoffs(first, last)
            for turnout in each.schedule(held).timeline(first, last):
                if not turnout.people or (person is not None and person not in turnout.people):
                    continue
                parts = sorted({turnout.start, turnout.end, *(at for at in edges if turnout.start < at < turnout.end)})
                found += [
                    Entry(rotation=name, role=held, people=turnout.people, start=begins, end=ends)
                    for begins, ends in pairwise(parts)
                    if begins < end and ends > start
                ]
    return tuple(sorted(found, key=lambda entry: (entry.start, entry.end)))
