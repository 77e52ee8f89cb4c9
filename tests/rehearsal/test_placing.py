"""Where troubles find their place: the history decides, and the same weeks have the same script."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from stationmaster.config.loader import load
from stationmaster.rehearsal.placing import PLACED, Board, Place
from stationmaster.rehearsal.programme import programme
from tests.rehearsal.good_week import INCLUDE

TEAMS = load(INCLUDE).teams
THREE = ("cellxgene", "dre", "threefold")


def places(names, start: date, weeks: int, wanted=PLACED) -> dict[str, Place]:
    teams = {name: TEAMS[name] for name in names}
    return {place.trouble: place for place in Board(teams, programme(teams, start, weeks)).places(wanted)}


@pytest.mark.parametrize(("start", "weeks"), [(date(2024, 10, 21), 3), (date(2024, 12, 2), 6)])
def test_both_clock_changes_and_the_turn_of_the_year_have_room_for_every_trouble(start, weeks) -> None:
    found = places(THREE, start, weeks)
    assert set(found) == set(PLACED)
    assert found == places(THREE, start, weeks)
    departures = [place.departure for place in found.values() if place.departure]
    assert len(departures) == len(set(departures)) == 3


def test_the_script_of_the_weeks_of_both_clock_changes() -> None:
    found = places(THREE, date(2024, 10, 21), 3)
    assert {name: (place.train, place.component, place.departure) for name, place in found.items()} == {
        "hotfix": ("cellxgene.weekly", "explorer", ""),
        "security-hotfix": ("cellxgene.weekly", "explorer", ""),
        "rollback": ("cellxgene.weekly", "", "cellxgene.weekly/2024-W43"),
        "missed": ("cellxgene.weekly", "", "cellxgene.weekly/2024-W45"),
        "partial": ("threefold.weekly", "sdk", "threefold.weekly/2024-W44"),
        "freeze": ("threefold.weekly", "sdk", ""),
        "red-tip": ("dre.weekly", "replica", ""),
    }


def test_f08_a_commit_that_production_runs_already_is_not_made_red() -> None:
    """In that autumn the portal got nothing: its newest commit had been in production for long."""
    assert places(("cellxgene",), date(2024, 10, 21), 2, ("red-tip",))["red-tip"].component == "explorer"
    assert places(("cellxgene",), date(2021, 10, 25), 1, ("red-tip",))["red-tip"].component == "portal"


def test_d14_a_commit_that_a_hotfix_brings_is_not_made_red() -> None:
    found = places(("cellxgene",), date(2024, 10, 21), 2, ("red-tip", "hotfix"))
    assert set(found) == {"hotfix"}


def test_t02_a_hotfix_is_asked_for_in_the_middle_of_a_freeze() -> None:
    at = places(("threefold",), date(2024, 10, 21), 3)["freeze"].at
    assert at == datetime(
        2024, 10, 31, 7, 0, tzinfo=UTC
    )  # Thursday, ten hours after midnight; the clocks go back at its end
    freeze = TEAMS["threefold"].freezes_of("weekly")[0]
    assert freeze.holds(at)


def test_f67_the_next_cut_waits_for_a_while_before_somebody_brings_the_rest() -> None:
    place = places(THREE, date(2024, 10, 21), 3)["partial"]
    cuts = [
        item.at for item in programme({"threefold": TEAMS["threefold"]}, date(2024, 10, 21), 3) if item.what == "cut"
    ]
    following = min(at for at in cuts if at > place.at)
    assert place.until is not None
    assert 0 < (place.until - following).total_seconds() < 4 * 3600


def test_d14_a_second_hotfix_needs_a_commit_that_the_first_did_not_bring() -> None:
    """In two weeks of that autumn the Explorer got nothing after the first hotfix; the portal nothing at all."""
    found = places(("cellxgene",), date(2024, 10, 21), 2)
    assert "hotfix" in found
    assert "security-hotfix" not in found
    assert places(("cellxgene",), date(2021, 10, 25), 2)["security-hotfix"].component == "portal"


@pytest.mark.parametrize(
    ("names", "weeks", "left_out"),
    [
        (("cellxgene",), 1, {"missed", "partial", "freeze", "red-tip"}),
        (("dre",), 3, {"hotfix", "security-hotfix", "rollback", "partial", "freeze"}),
        (("threefold",), 3, {"security-hotfix", "partial"}),
    ],
)
def test_what_has_no_place_is_left_out(names, weeks, left_out) -> None:
    start = date(2021, 10, 25) if names == ("cellxgene",) else date(2024, 10, 21)
    assert set(PLACED) - set(places(names, start, weeks)) == left_out


def test_only_what_was_asked_for_is_placed() -> None:
    assert set(places(THREE, date(2024, 10, 21), 3, ("missed", "veto"))) == {"missed"}


def test_a_train_without_a_rollout_is_missed_rather() -> None:
    assert places(("dre", "threefold"), date(2024, 10, 21), 3)["missed"].train == "threefold.weekly"
    assert places(("dre",), date(2024, 10, 21), 3)["missed"].train == "dre.weekly"


def test_a_team_whose_components_nobody_recorded_has_places_too() -> None:
    train = TEAMS["cellxgene"].trains["weekly"]
    unknown = tuple(each.model_copy(update={"repository": f"nobody/{each.id}"}) for each in train.components)
    team = TEAMS["cellxgene"].model_copy(
        update={"trains": {"weekly": train.model_copy(update={"components": unknown})}}
    )
    items = programme({"cellxgene": team}, date(2021, 10, 25), 3)
    placed = {place.trouble for place in Board({"cellxgene": team}, items).places(PLACED)}
    assert {"hotfix", "rollback", "missed"} <= placed
