"""An exported calendar, read by other libraries, says at 10 000 random instants what the engine says (R44)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import recurring_ical_events
from icalendar import Calendar

from stationmaster.config.loader import load
from stationmaster.oncall.calendars import calendar_text, entries

TEAMS = load(Path(__file__).resolve().parents[2] / "include").teams
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
INSTANTS = 2_000
"""Of each team: 10 000 together."""


@pytest.mark.parametrize("name", sorted(TEAMS))
def test_another_library_reads_the_same_people(name: str) -> None:
    team = TEAMS[name]
    chance = random.Random(name)
    for rotation in team.rotations.values():
        for role in rotation.roles:
            written = calendar_text(team, entries(team, START, END, role=role), START)
            read = recurring_ical_events.of(Calendar.from_ical(written))
            schedule = rotation.schedule(role)
            for _ in range(INSTANTS // len(team.roles)):
                at = START + timedelta(seconds=chance.randrange(int((END - START).total_seconds())))
                there = sorted(
                    str(event["x-stationmaster-person"])
                    for event in read.at(at)
                    if event["dtstart"].dt <= at < event["dtend"].dt
                )
                assert tuple(there) == schedule.people_at(at), (role, at)


def test_a_calendar_is_valid_and_an_event_keeps_its_name() -> None:
    team = TEAMS["cellxgene"]
    first, second = (
        Calendar.from_ical(calendar_text(team, entries(team, at, END, person="emil"), at))
        for at in (START, START + timedelta(days=40))
    )
    assert first["VERSION"] == "2.0"
    names = [{str(event["UID"]) for event in each.walk("VEVENT")} for each in (first, second)]
    assert names[1] < names[0]
    assert all("Emil Novak" in str(event["SUMMARY"]) for event in first.walk("VEVENT"))


def test_entries_are_whole_shifts_in_order() -> None:
    team = TEAMS["hausmeister"]
    found = entries(team, START, START + timedelta(weeks=3), role="weekend")
    assert [entry.start for entry in found] == sorted(entry.start for entry in found)
    assert {entry.end - entry.start for entry in found} == {timedelta(hours=66)}
