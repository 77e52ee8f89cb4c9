"""Who is paged when, of each team that ships: by day, at night, on days off (C-33, D-04, N-07, O-08, T-05, T-07)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from stationmaster.config.loader import load
from stationmaster.incidents import preview
from tests.departures.week import INCLUDE

EVERYBODY = {
    "dre": {"Anouk Favre", "Bojan Ilić", "Carlo Bernasconi", "Dilara Kaya", "Enzo Moretti"},
    "operate-first": {"Ada Kowalski", "Bence Varga", "Chloe Martin", "Dev Patel", "Esther Okafor", "Filip Horák"},
}


def ladder(team: str, at: str, severity: str | None = None):
    """The rungs of a team, each as weekday and time on its own clocks, and the names of the people."""
    found = load(INCLUDE, teams=[team]).team(team)
    zone = ZoneInfo(found.zone)
    _, rungs = preview.ladder(found, datetime.fromisoformat(at).replace(tzinfo=zone), severity)
    return [(f"{each.at.astimezone(zone):%a %H:%M}", set(each.people)) for each in rungs]


def test_c33_cellxgene_ten_and_thirty_minutes_at_any_hour():
    assert ladder("cellxgene", "2026-11-22 03:00") == ladder_of("Sun", "03:00", "03:10", "03:40", "04:10")


def ladder_of(day, *times):
    """The rungs of cellxgene in the week of Monday 16 November 2026."""
    people = [each for _, each in ladder("cellxgene", "2026-11-20 12:00")]
    return [(f"{day} {at}", who) for at, who in zip(times, people, strict=True)]


@pytest.mark.parametrize(
    ("at", "severity", "begins"),
    [
        ("2026-11-18 10:00", "minor", "Wed 10:00"),
        ("2026-11-18 03:00", "minor", "Wed 09:00"),
        ("2026-11-20 18:00", "minor", "Mon 09:00"),
        ("2026-11-18 03:00", "critical", "Wed 03:00"),
    ],
    ids=["by day", "at night", "when the week is over", "critical"],
)
def test_d04_dre_waits_for_working_hours_unless_it_is_critical(at, severity, begins):
    first, second = ladder("dre", at, severity)
    assert first[0] == begins
    assert len(first[1]) == 1
    assert second[1] == EVERYBODY["dre"]


@pytest.mark.parametrize(
    ("at", "severity", "begins"),
    [
        ("2026-11-18 10:00", "low", "Wed 10:00"),
        ("2026-11-21 10:00", "low", "Mon 09:00"),
        ("2026-11-26 10:00", "low", "Fri 09:00"),
        ("2026-11-21 10:00", "high", "Sat 10:00"),
    ],
    ids=["by day", "on Saturday", "on Thanksgiving", "critical on Saturday"],
)
def test_o08_operate_first_pages_the_engineer_of_the_day_then_the_whole_team(at, severity, begins):
    first, second = ladder("operate-first", at, severity)
    assert first[0] == begins
    assert len(first[1]) == 1
    assert second[1] == EVERYBODY["operate-first"]


@pytest.mark.parametrize("at", ["2026-11-18 03:00", "2026-11-21 15:00", "2026-11-22 03:00"])
def test_n07_hausmeister_has_the_pager_at_any_hour_and_a_backstop_who_is_somebody_else(at):
    first, second, third = ladder("hausmeister", at, "p1")
    assert first[0].endswith(at[-5:])
    assert len(first[1]) == len(second[1]) == 1
    assert first[1].isdisjoint(second[1])
    assert len(third[1]) == 6


@pytest.mark.parametrize(
    ("at", "severity", "begins"),
    [
        ("2026-11-18 10:00", "low", "Wed 10:00"),
        ("2026-11-18 20:00", "low", "Thu 09:00"),
        ("2026-11-20 20:00", "low", "Sat 08:00"),
        ("2026-11-20 23:00", "critical", "Fri 23:00"),
    ],
    ids=["by day", "in the evening", "on Friday evening", "critical"],
)
def test_t05_t07_threefold_the_operator_then_the_owner_of_the_circle(at, severity, begins):
    first, owner, team = ladder("threefold", at, severity)
    assert (first[0], owner[1]) == (begins, {"Owen Claes"})
    assert len(first[1]) == 1
    assert len(team[1]) == 4
