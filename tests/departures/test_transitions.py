"""An end is an end: what a departure's state does not allow is not done, whichever task asks for it (S1, S2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures import gate_table, opening
from stationmaster.ledger.records import DepartureState


@pytest.fixture
def ready(week):
    week.ready()
    return week


def test_s1_a_superseded_departure_deploys_nothing(ready):
    train = ready.team.train("weekly").model_copy(update={"previous_departure": "supersede"})
    ready.team = ready.team.model_copy(update={"trains": {"weekly": train}})
    following = ready.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W43"), ready.clock(), "timetable")
    assert opening.previous_standing(ready.station(), following).opens
    with pytest.raises(ActRefused, match=r"is MISSED .by timetable: superseded by cellxgene.weekly/2021-W43"):
        ready.advance("promote", "portal")
    assert ready.dispatches() == []
    assert ready.ledger.locks() == ()
    assert ready.close("promote") is DepartureState.MISSED


@pytest.mark.parametrize("between", ["the looks", "the count and the dispatch"])
def test_s2_a_skip_that_lands_before_the_dispatch_skips(ready, monkeypatch, between):
    def skip():
        opening.skip(ready.station(), ready.ledger.departure(ready.departure), by="ben", reason="the conference")

    if between == "the looks":
        skip()
    else:
        real, counted = gate_table.standing, []

        def slow(*asked, how=gate_table.How.LOOK, **more):
            found = real(*asked, how=how, **more)
            if how is gate_table.How.ACT and not counted:
                counted.append(found)
                skip()
            return found

        monkeypatch.setattr(gate_table, "standing", slow)
    with pytest.raises(ActRefused, match=r"is SKIPPED .by ben: “the conference”"):
        ready.advance("promote", "portal")
    assert ready.dispatches() == []
    assert ready.ledger.departure(ready.departure).state is DepartureState.SKIPPED
    assert ready.ledger.locks() == (), "a refusal leaves no lock behind"
    assert ready.close("promote") is DepartureState.SKIPPED


@pytest.mark.parametrize("state", [DepartureState.DONE, DepartureState.ROLLED_BACK, DepartureState.MISSED])
def test_s1_a_promotion_that_has_ended_is_not_begun_again(ready, state):
    ready.ledger.set_state(ready.departure, state, ready.clock(), "test")
    with pytest.raises(ActRefused):
        ready.advance("promote", "portal")
    assert ready.dispatches() == []
    assert ready.ledger.locks() == ()


@pytest.mark.parametrize("state", [DepartureState.MISSED, DepartureState.ROLLING_BACK, DepartureState.FAILED])
def test_a_deploy_that_waits_is_woken_when_it_may_not_go_any_more(ready, state):
    """Its gates would keep it for ever: it is woken, and refused."""
    ready.vote("goran", "veto", reason="the migration is broken")
    assert not ready.look("gates", stop="promote", component="portal").opens
    ready.ledger.set_state(ready.departure, state, ready.clock(), "test")
    assert ready.look("gates", stop="promote", component="portal").opens
    with pytest.raises(ActRefused):
        ready.advance("promote", "portal")


def test_s1_what_has_begun_is_not_skipped(ready):
    ready.advance("promote", "portal")
    with pytest.raises(ActRefused, match="not possible to skip it"):
        opening.skip(ready.station(), ready.ledger.departure(ready.departure), by="ben", reason="too late")
    assert ready.ledger.departure(ready.departure).state is DepartureState.PROMOTING


def test_f12_the_window_ends_what_has_not_begun_alone(ready):
    ready.advance("promote", "portal")
    ready.clock.move(hours=30)
    with pytest.raises(ActRefused):
        ready.ledger.move(ready.departure, Act.MISS, ready.clock() + timedelta(days=1), "timetable")
