"""The end of a stop."""

from __future__ import annotations

import pytest

from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures.closing import NotTested, Unsettled
from stationmaster.ledger.records import DepartureState


def test_a_stop_gives_back_every_lock_that_it_still_holds(week):
    week.ready()
    week.advance("promote", "portal")
    foreign = week.ledger.acquire("somewhere/else", "another/train", "its own", week.clock())
    assert [lock.name for lock in week.ledger.locks()] == [week.leg("promote", "portal").lock, foreign.name]
    with pytest.raises(Unsettled, match=r"has sent portal to prod"):
        week.close("promote", failed=True, why="a person stopped it")
    week.deploy("promote", "portal")
    assert week.verify("promote", "portal").opens
    week.close("promote", failed=True, why="a person stopped it")
    assert [lock.name for lock in week.ledger.locks()] == [foreign.name]


def test_f32_tasks_marked_as_success_have_deployed_nothing(week):
    """All green by hand: the ledger saw nothing arrive, so the departure has failed, and says why."""
    week.gate()
    assert week.close("promote") is DepartureState.FAILED
    why = week.ledger.departure(week.departure).why
    assert "portal on prod, explorer on prod" in why
    assert week.said("is complete") == 0
    assert week.said("nobody saw it arrive") == 1


@pytest.mark.parametrize("answer", [None, "failed"])
def test_t1_a_test_list_of_production_that_is_marked_as_success_is_no_test(week, answer):
    week.ready()
    for component in ("portal", "explorer"):
        week.deploy("promote", component)
        assert week.verify("promote", component).opens
    if answer is not None:
        week.checklist("prod", answer=answer)
    with pytest.raises(NotTested, match=r"explorer .*Clear the task of the test list"):
        week.close("promote")
    assert week.ledger.departure(week.departure).state is DepartureState.PROMOTING
    assert week.ledger.locks() == ()
    assert week.said("is complete") == 0
    week.checklist("prod")
    assert week.close("promote") is DepartureState.DONE


def test_f32_a_cut_marked_as_success_is_not_staged(week):
    week.open_cut()
    assert week.close("cut") is DepartureState.FAILED


def test_f67_a_promotion_that_stopped_half_way_is_partial(week):
    week.ready()
    week.deploy("promote", "portal")
    week.verify("promote", "portal")
    assert week.close("promote", failed=True, why="the explorer failed") is DepartureState.PARTIAL


@pytest.mark.parametrize(
    "state", [DepartureState.STAGED, DepartureState.GATED, DepartureState.PROMOTING, DepartureState.DONE]
)
def test_closing_the_cut_again_does_not_take_the_departure_back(week, state):
    week.gate()
    week.ledger.set_state(week.departure, state, week.clock(), "ben", "further on")
    assert week.close("cut") is state
    assert week.ledger.departure(week.departure).state is state


def test_a_failed_promotion_goes_on_when_a_person_says_so_and_not_by_a_clear(week):
    week.ready()
    assert week.close("promote", failed=True, why="a flaky run") is DepartureState.FAILED
    with pytest.raises(ActRefused, match="is FAILED"):
        week.promote()
    assert week.dispatches() == []
    week.ledger.move(week.departure, Act.DEPLOY_AGAIN, week.clock(), "farah", "the runner was full")
    week.promote()
    assert week.close("promote") is DepartureState.DONE
    assert week.said("Deploy to *prod* is complete") == 1


def test_a_good_end_leaves_no_blocker_behind(week):
    week.gate()
    week.look("quorum")
    assert week.ledger.blockers(f"{week.departure}/promote")
    week.quorum()
    week.confirm()
    week.promote()
    week.close("promote")
    assert week.ledger.blockers(week.departure) == {}


def test_a_departure_that_was_never_opened_cannot_be_closed(week):
    with pytest.raises(LookupError, match="never opened"):
        week.close("cut")
