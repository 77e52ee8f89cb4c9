"""Which DAGs a rehearsal starts, and when."""

from __future__ import annotations

from datetime import date

from stationmaster.rehearsal.programme import programme
from tests.rehearsal.good_week import teams


def test_the_stops_of_a_span_are_those_that_it_cuts_and_their_promotions() -> None:
    stops = [(item.at.isoformat(), item.what) for item in programme(teams(), date(2021, 10, 25), 2)]
    assert [stop for stop in stops if stop[1] in ("cut", "promote")] == [
        ("2021-10-28T16:00:00+00:00", "cut"),
        ("2021-11-03T16:00:00+00:00", "promote"),
        ("2021-11-04T16:00:00+00:00", "cut"),
        ("2021-11-10T17:00:00+00:00", "promote"),
    ]  # the clocks change on the seventh: 09:00 is another hour


def test_the_handoffs_go_on_until_the_last_promotion() -> None:
    played = programme(teams(), date(2021, 10, 25), 2)
    assert [item.at.isoformat() for item in played if item.dag_id == "cellxgene.oncall.handoff"] == [
        "2021-10-25T16:00:00+00:00",
        "2021-11-01T16:00:00+00:00",
        "2021-11-08T17:00:00+00:00",
    ]
    assert played == sorted(played)


def test_a_team_without_a_train_hands_over_within_the_span() -> None:
    team = teams()["cellxgene"].model_copy(update={"trains": {}})
    played = programme({"cellxgene": team}, date(2021, 10, 25), 2)
    assert [(item.at.isoformat(), item.key, item.what) for item in played] == [
        ("2021-10-25T16:00:00+00:00", "cellxgene.oncall", "handoff"),
        ("2021-10-26T14:30:00+00:00", "cellxgene.oncall", "source"),
        ("2021-11-01T16:00:00+00:00", "cellxgene.oncall", "handoff"),
        ("2021-11-02T14:30:00+00:00", "cellxgene.oncall", "source"),
    ]


def test_a_rotation_that_does_nothing_at_a_handoff_is_not_played() -> None:
    team = teams()["cellxgene"]
    silent = team.roster["oncall"].model_copy(update={"notices": None, "access": None, "pairing": None, "source": None})
    played = programme({"cellxgene": team.model_copy(update={"roster": {"oncall": silent}})}, date(2021, 10, 25), 1)
    assert {item.what for item in played} == {"cut", "promote"}


def test_two_teams_stops_are_in_the_order_of_the_calendar() -> None:
    team = teams()["cellxgene"]
    other = team.trains["weekly"].model_copy(update={"team": "other"})
    two = {
        "cellxgene": team,
        "other": team.model_copy(update={"id": "other", "trains": {"weekly": other}, "roster": {}}),
    }
    keys = [item.key for item in programme(two, date(2021, 10, 25), 1) if item.what == "cut"]
    assert keys == ["cellxgene.weekly", "other.weekly"]


def test_t20_a_promotion_that_comes_weeks_later_is_that_of_the_first_cut() -> None:
    team = teams()["cellxgene"]
    train = team.trains["weekly"]
    promote = train.stops.promote.model_copy(update={"weeks_later": 2})
    train = train.model_copy(update={"stops": train.stops.model_copy(update={"promote": promote})})
    later = {"cellxgene": team.model_copy(update={"trains": {"weekly": train}, "roster": {}})}
    assert [(item.at.isoformat(), item.what) for item in programme(later, date(2021, 10, 25), 1)] == [
        ("2021-10-28T16:00:00+00:00", "cut"),
        ("2021-11-17T17:00:00+00:00", "promote"),
    ]
