"""Which DAGs a rehearsal starts, and when."""

from __future__ import annotations

from datetime import date, timedelta

from stationmaster.config.loader import load
from stationmaster.rehearsal.programme import ROLLOUT, lasts, programme, rollout_form
from tests.rehearsal.good_week import INCLUDE, teams


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


def dre(**rollout: str):
    team = load(INCLUDE, teams=["dre"]).team("dre")
    train = team.trains["weekly"]
    changed = train.rollout.model_copy(update=rollout) if rollout else train.rollout
    train = train.model_copy(update={"rollout": changed})
    return {"dre": team.model_copy(update={"trains": {"weekly": train}})}


def rollouts(teams, start: date, weeks: int):
    return [item for item in programme(teams, start, weeks) if item.what == ROLLOUT]


def test_d09_each_promotion_is_rolled_out_from_the_monday_after_it() -> None:
    """Half an hour before the canary, on the clocks of Zurich, which go back on the Sunday between."""
    found = rollouts(dre(), date(2024, 10, 21), 2)
    assert [item.at.isoformat() for item in found] == ["2024-10-28T07:30:00+00:00", "2024-11-04T07:30:00+00:00"]
    assert rollout_form(found[0]) == {"dry_run": False, "start": "2024-10-28"}
    assert lasts(dre()["dre"].trains["weekly"], found[0]) == timedelta(days=6, hours=22, minutes=30)


def test_d09_a_promotion_while_a_rollout_still_goes_on_is_not_rolled_out() -> None:
    long = 'Monday:\n  "9:00": [io67a]\nMonday in 2 weeks:\n  "9:00": [tdb26]\n'
    found = rollouts(dre(plan=long), date(2024, 10, 21), 4)
    assert [item.at.date().isoformat() for item in found] == ["2024-10-28", "2024-11-18"]


def test_d09_a_plan_that_is_over_is_no_rollout() -> None:
    assert rollouts(dre(plan='2020-01-06:\n  "9:00": [io67a]\n'), date(2024, 10, 21), 2) == []


def test_a_rollout_that_begins_at_midnight_is_started_the_day_before_and_counts_from_its_own_week() -> None:
    (found,) = rollouts(dre(plan='Monday:\n  "0:10": [io67a]\n'), date(2024, 10, 21), 1)
    assert found.at.isoformat() == "2024-10-27T22:40:00+00:00"
    assert rollout_form(found)["start"] == "2024-10-28"
