"""What a shift cost, counted; and which services one person alone knows (O-05, O-20)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.core.load import Doing, What, shares, silos

WEDNESDAY = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def doing(person: str, what: What, key: str, *, hours: float = 0) -> Doing:
    return Doing(person=person, what=what, key=key, at=WEDNESDAY + timedelta(hours=hours))


def test_o05_the_same_thing_twice_is_counted_once():
    (share,) = shares(
        [doing("emil", What.PAGE, "a"), doing("emil", What.PAGE, "a"), doing("emil", What.CHORE, "b")], {}, "UTC"
    )
    assert (share.pages, share.chores, share.total) == (1, 1, 2)


def test_o05_whoever_had_most_comes_first():
    found = shares(
        [doing("ben", What.PAGE, "a"), doing("emil", What.PAGE, "a"), doing("emil", What.CHORE, "b")], {}, "UTC"
    )
    assert [share.person for share in found] == ["emil", "ben"]


@pytest.mark.parametrize(
    ("hours", "outside", "night"),
    [(-3.01, 1, 0), (-3, 0, 0), (5.99, 0, 0), (6, 1, 0), (10, 1, 1), (18.9, 1, 1), (19, 1, 0), (72, 1, 0)],
    ids=["8:59", "9:00", "17:59", "18:00", "22:00", "6:54", "7:00", "saturday noon"],
)
def test_o05_hours_out_of_hours_are_those_of_the_persons_own_clocks(hours, outside, night):
    (share,) = shares([doing("emil", What.PAGE, "a", hours=hours)], {}, "UTC")
    assert (share.hours_out_of_hours, share.at_night) == (outside, night)


def test_o05_noon_in_london_is_night_in_california():
    (share,) = shares([doing("emil", What.PAGE, "a")], {"emil": "America/Los_Angeles"}, "UTC")
    assert (share.hours_out_of_hours, share.at_night) == (1, 1)


def test_o05_many_things_in_one_hour_are_one_hour():
    many = [doing("emil", What.PAGE, str(place), hours=10 + place / 10) for place in range(5)]
    (share,) = shares(many, {}, "UTC")
    assert (share.pages, share.hours_out_of_hours) == (5, 1)


def test_o20_a_service_that_one_person_handled_or_no_page_names_stands_out():
    handled = [("portal", "emil", "1"), ("portal", "ben", "2"), ("explorer", "emil", "3"), ("explorer", "emil", "4")]
    pages = {"portal": ["restart"], "explorer": ["restart"], "curation": ["ingest"]}
    found = {each.service: each for each in silos(["portal", "explorer", "curation", "infra"], handled, pages)}
    assert [name for name, each in found.items() if each.is_one] == ["explorer", "infra"]
    assert (found["explorer"].people, found["explorer"].incidents) == (("emil",), 2)
