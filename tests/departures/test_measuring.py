"""What the ledger says of past departures: a good one, one that was rolled back, one that nobody promoted."""

from __future__ import annotations

from datetime import timedelta

from stationmaster.core.gates import Verdict
from stationmaster.core.measures import measure
from stationmaster.departures import measuring, rolling_back
from stationmaster.ledger.records import DepartureState
from tests.departures.week import THURSDAY, WEDNESDAY

SPAN = timedelta(weeks=2)


def trips(week):
    return list(measuring.trips(week.station(), THURSDAY - timedelta(days=1), THURSDAY + SPAN))


def test_a_whole_week_is_one_promotion_with_its_lead_times(week):
    week.stage()
    week.clock.to(WEDNESDAY)
    week.open_promote()
    week.quorum()
    week.confirm()
    week.promote()
    assert week.close("promote") is DepartureState.DONE
    (trip,) = trips(week)
    assert (trip.departure, trip.state, trip.interventions) == (week.departure, "DONE", 0)
    assert trip.began_at >= WEDNESDAY
    assert trip.promoted_at <= week.clock()
    aboard = week.ledger.facts(week.departure, kind="changes")[-1].value["changes"]
    assert len(trip.landed_at) == len(aboard) > 3
    assert all(landed < THURSDAY + timedelta(hours=1) for landed in trip.landed_at)
    found = measure([trip], SPAN)
    assert (found.promoted, found.broken, found.failure_rate) == (1, 0, 0)
    assert timedelta(days=6) < found.lead_time < timedelta(days=60)


def test_a_rollback_broke_and_was_restored(week):
    week.ready()
    for component in ("portal", "explorer"):
        week.deploy("promote", component)
    week.verify("promote", "portal")
    week.break_down()
    for _ in range(80):
        if rolling_back.advance(week.station(), week.departure).verdict is Verdict.PASS:
            break
        week.clock.move(seconds=45)
    (trip,) = trips(week)
    assert trip.state == "ROLLED_BACK"
    assert trip.promoted_at is None
    assert trip.restored_at > trip.began_at
    found = measure([trip], SPAN)
    assert (found.promoted, found.broken, found.failure_rate) == (0, 1, 1)
    assert found.restore_time == trip.restored_at - trip.began_at


def test_a_departure_that_a_person_skipped_is_one_intervention(week):
    week.gate()
    week.ledger.set_state(week.departure, DepartureState.SKIPPED, week.clock(), "emil", "nothing worth it")
    (trip,) = trips(week)
    assert (trip.state, trip.interventions, trip.reached_production) == ("SKIPPED", 1, False)


def test_departures_outside_the_span_are_not_counted(week):
    week.gate()
    assert list(measuring.trips(week.station(), WEDNESDAY + timedelta(days=1), WEDNESDAY + SPAN)) == []
