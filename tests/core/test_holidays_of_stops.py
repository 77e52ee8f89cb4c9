"""A stop on a holiday: it goes, is skipped, or moves within its week and never past the other stop (F36)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from stationmaster.config.holiday_lists import Holidays
from stationmaster.config.loader import load
from stationmaster.core.calendar import day_of, next_departure, stop_times
from stationmaster.core.instants import IsoWeek
from stationmaster.timetables.stop_timetable import WeeklyStopTimetable

INCLUDE = Path(__file__).resolve().parents[2] / "include"
TRAIN = load(INCLUDE, teams=["cellxgene"]).team("cellxgene").trains["weekly"]
THANKSGIVING, CHRISTMAS = date(2026, 11, 26), date(2025, 12, 25)
"""Both are Thursdays, the day of the cut."""


def train(cut: str = "go", promote: str = "go", *days: date):
    stops = TRAIN.stops.model_copy(
        update={
            "cut": TRAIN.stops.cut.model_copy(update={"on_holiday": cut}),
            "promote": TRAIN.stops.promote.model_copy(update={"on_holiday": promote}),
        }
    )
    return TRAIN.model_copy(update={"stops": stops, "holidays": Holidays(dates=days)})


def cut_day(policy: str, day: date, *more: date) -> date | None:
    return day_of(
        train(policy, "go", day, *more).stop("cut"), IsoWeek.of(datetime.combine(day, datetime.min.time(), UTC), "UTC")
    )


@pytest.mark.parametrize(
    "policy, expected",
    [
        ("go", THANKSGIVING),
        ("skip", None),
        ("next_workday", date(2026, 11, 27)),
        ("previous_workday", None),  # Wednesday is the promotion's
    ],
)
def test_f36_each_policy_on_a_thursday(policy: str, expected: date | None) -> None:
    assert cut_day(policy, THANKSGIVING) == expected


def test_f36_the_next_working_day_is_not_a_holiday_and_of_the_same_week() -> None:
    assert cut_day("next_workday", CHRISTMAS, date(2025, 12, 26)) is None
    assert cut_day("next_workday", CHRISTMAS) == date(2025, 12, 26)


@pytest.mark.parametrize(
    "policy, expected", [("previous_workday", date(2026, 11, 24)), ("next_workday", None), ("skip", None)]
)
def test_f36_the_promotion_moves_away_from_the_cut(policy: str, expected: date | None) -> None:
    wednesday = date(2026, 11, 25)
    stop = train("go", policy, wednesday).stop("promote")
    assert day_of(stop, IsoWeek.parse("2026-W48")) == expected


def test_f36_a_moved_stop_keeps_its_times_of_day() -> None:
    moved = stop_times(train("next_workday", "go", THANKSGIVING).stop("cut"), IsoWeek.parse("2026-W48"))
    usual = stop_times(TRAIN.stop("cut"), IsoWeek.parse("2026-W48"))
    assert [
        (late - early).days
        for early, late in zip(usual.model_dump().values(), moved.model_dump().values(), strict=True)
    ] == [1, 1, 1]


def test_f36_a_skipped_week_has_no_departure_and_the_next_one_follows() -> None:
    stop = train("skip", "go", THANKSGIVING).stop("cut")
    before = datetime(2026, 11, 20, tzinfo=UTC)
    assert next_departure(stop, before) == stop_times(stop, IsoWeek.parse("2026-W49")).earliest


def test_f36_weeks_of_holidays_in_a_row_are_skipped() -> None:
    thursdays = tuple(date(2026, 12, day) for day in (3, 10, 17, 24, 31))
    stop = train("skip", "go", *thursdays).stop("cut")
    assert next_departure(stop, datetime(2026, 12, 1, tzinfo=UTC)).date() == date(2027, 1, 7)


def test_a_holiday_on_another_day_changes_nothing() -> None:
    friday = date(2026, 11, 27)
    assert train("skip", "skip", friday).stop("cut") == TRAIN.stop("cut")
    assert TRAIN.stop("cut").moved == {}


def test_f69_a_timetable_with_holidays_survives_airflows_database() -> None:
    stop = train("skip", "previous_workday", THANKSGIVING, date(2026, 11, 25)).stop("cut")
    assert stop.moved == {THANKSGIVING: None}
    written = json.loads(json.dumps(WeeklyStopTimetable(stop=stop).serialize()))
    assert WeeklyStopTimetable.deserialize(written).stop == stop
    usual = json.loads(json.dumps(WeeklyStopTimetable(stop=TRAIN.stop("cut")).serialize()))
    assert "moved" not in usual["stop"]
