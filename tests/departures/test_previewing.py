"""The departures to come: with people, holidays and freezes, and what will be in their way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from stationmaster.cli.preview_picture import page
from stationmaster.cli.previewing import _answer
from stationmaster.config.freezing import FreezeEntry
from stationmaster.config.holiday_lists import Holidays
from stationmaster.core.calendar import stop_times
from stationmaster.core.instants import IsoWeek
from stationmaster.departures.previewing import foreseen, frozen_spans
from tests.departures.week import shipped_team

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
END = NOW + timedelta(weeks=8)


def team(*freezes: FreezeEntry, days: tuple[date, ...] = (), policy: str = "go"):
    shipped = shipped_team()
    train = shipped.trains["weekly"]
    cut = train.stops.cut.model_copy(update={"on_holiday": policy})
    stops = train.stops.model_copy(update={"cut": cut})
    train = train.model_copy(update={"stops": stops, "holidays": Holidays(dates=days)})
    return shipped.model_copy(update={"freezes": freezes, "trains": {"weekly": train}})


def look(found):
    return foreseen(found, found.trains["weekly"], NOW, END)


def freeze(mode: str, start: str, end: str, name: str = "year-end") -> FreezeEntry:
    return FreezeEntry(name=name, mode=mode, why="<b>nobody</b> is there", start=start, end=end)


def test_eight_weeks_are_sixteen_stops_with_whoever_is_on_call_then() -> None:
    found = team()
    stops = look(found)
    assert [each.stop for each in stops] == ["promote", "cut"] * 8
    for each in stops:
        due = IsoWeek.of(each.earliest, "America/Los_Angeles")
        assert each.earliest == stop_times(found.trains["weekly"].stop(each.stop), due).earliest
        assert each.opens == each.earliest
        assert each.on_call == found.on_call("primary", each.earliest).person
        assert each.conflicts == ()


def test_a_promotion_belongs_to_the_departure_that_was_cut_the_week_before() -> None:
    first, second = look(team())[:2]
    assert (first.departure, second.departure) == ("cellxgene.weekly/2026-W47", "cellxgene.weekly/2026-W48")


def test_f36_a_holiday_moves_or_skips_a_cut_and_the_promotion_says_so() -> None:
    thursday = date(2026, 11, 26)
    moved = next(each for each in look(team(days=(thursday,), policy="next_workday")) if each.stop == "cut")
    assert (moved.moved_from, moved.earliest.date()) == (thursday, date(2026, 11, 27))
    stops = look(team(days=(thursday,), policy="skip"))
    cut = next(each for each in stops if each.stop == "cut")
    assert (cut.skipped, cut.opens, cut.conflicts) == (True, None, ())
    after = next(each for each in stops if each.departure == cut.departure and each.stop == "promote")
    assert after.conflicts == ("its cut is skipped: there will be nothing to promote",)


def test_a_cut_that_a_holiday_moves_too_late_for_the_soak_is_a_conflict() -> None:
    found = team(days=(date(2026, 11, 26),), policy="next_workday")
    week = next(each for each in look(found) if each.departure.endswith("2026-W48") and each.stop == "promote")
    assert week.conflicts[0].startswith("the soak ends Thu 3 Dec 2026")


def test_f33_a_freeze_makes_a_stop_late_or_lets_it_be_missed() -> None:
    short = freeze("all_stop", "2026-12-09 08:00", "2026-12-09 11:00", "short")
    long = freeze("hold_promotion", "2026-12-21 00:00", "2027-01-04 09:00")
    stops = look(team(short, long))
    late = next(each for each in stops if each.freezes == ("short",))
    assert (late.stop, late.opens) == ("promote", datetime(2026, 12, 9, 19, tzinfo=UTC))
    assert "it will be late" in late.conflicts[0]
    missed = [each for each in stops if each.freezes == ("year-end",)]
    assert [(each.stop, each.opens) for each in missed] == [("promote", None)] * 2
    assert all("it will be missed" in each.conflicts[0] for each in missed)
    assert [span.name for span in frozen_spans(team(short, long), "weekly", NOW, END)] == ["short", "year-end"]


def test_whoever_conducts_and_is_away_is_named() -> None:
    found = team()
    first = look(found)[0]
    person = found.people[first.on_call]
    away = person.model_validate({**person.model_dump(), "away": [{"first": "2026-11-24", "last": "2026-11-26"}]})
    found = found.model_copy(update={"people": {**found.people, person.id: away}})
    assert look(found)[0].conflicts == (f"{person.name} is primary and away",)


def test_f65_the_picture_escapes_what_stands_in_the_files() -> None:
    found = team(freeze("all_stop", "2026-12-09 08:00", "2026-12-09 11:00"))
    drawn = page([found], _answer([found], NOW, END))
    assert "<b>nobody" not in drawn
    assert "&lt;b&gt;nobody" in drawn
    assert drawn.count("<circle") == 16
    assert drawn.count("<rect") == 1


def test_t20_a_promotion_weeks_later_is_foreseen_with_its_own_departure() -> None:
    found = team()
    train = found.trains["weekly"]
    promote = train.stops.promote.model_copy(update={"weeks_later": 2})
    train = train.model_copy(update={"stops": train.stops.model_copy(update={"promote": promote})})
    found = found.model_copy(update={"trains": {"weekly": train}})
    stops = look(found)
    assert [each.stop for each in stops] == ["promote", "cut"] * 8
    for each in stops:
        week, due = IsoWeek.parse(each.departure.rpartition("/")[2]), IsoWeek.of(each.earliest, train.zone)
        assert due == (week if each.stop == "cut" else week.plus(3))
