"""Shifts given out anew: whoever has waited longest of those who can (R36)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from stationmaster.config.loader import load
from stationmaster.config.people import Away
from stationmaster.oncall.assigning import apply, assignments
from stationmaster.oncall.changing import in_fact

INCLUDE = Path(__file__).resolve().parents[2] / "include"
TEAM = load(INCLUDE, teams=["dre"]).team("dre")
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
END = NOW + timedelta(weeks=10)


def away(team, name: str, first: date, last: date):
    person = team.people[name].model_copy(update={"away": (Away(first=first, last=last),)})
    return team.model_copy(update={"people": {**team.people, name: person}})


def test_r36_a_plan_in_which_everybody_can_stays_as_it_is() -> None:
    found = assignments(TEAM, "ops", NOW, END)
    assert len(found) == 10
    assert not any(each.moves for each in found)


def test_r36_whoever_is_away_gets_none_and_the_longest_waiting_gets_theirs(ledger) -> None:
    first = assignments(TEAM, "ops", NOW, END)[0]
    (holder,) = first.present
    team = away(TEAM, holder, first.start.date(), first.end.date())
    found = assignments(team, "ops", NOW, END)
    assert found[0].person == found[1].present[0]
    assert all(each.person != holder for each in found if each.start < first.end)
    assert {each.person for each in found[:5]} == set(TEAM.roster["oncall"].people)
    made = apply(ledger, team, "ops", found, NOW, "anouk")
    assert len(made) == sum(each.moves for each in found) > 0
    after = in_fact(team, ledger)
    for each in found:
        assert after.on_call("ops", each.start).person == each.person
        assert after.on_call("alerts", each.start + timedelta(hours=1)).person == each.person
    assert assignments(after, "ops", NOW, END) == tuple(each._replace(present=(each.person,)) for each in found)


def test_r36_a_shift_that_nobody_can_take_is_said_and_stays() -> None:
    team = TEAM
    for name in TEAM.people:
        team = away(team, name, date(2026, 3, 9), date(2026, 3, 15))
    found = assignments(team, "ops", NOW, END)
    assert found[0].person is None
    assert not found[0].moves
