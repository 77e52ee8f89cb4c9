"""The measures on hand-made departures: each figure can be counted on the fingers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.measures import Trip, measure

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


def trip(number: int, state: str = "DONE", *, lead: tuple[int, ...] = (), late: int = 0, **changes) -> Trip:
    target = MONDAY + number * WEEK + timedelta(days=2)
    went = state in ("DONE", "ROLLED_BACK", "PARTIAL", "FAILED")
    done = target + late * HOUR
    fields = {
        "departure": f"a.b/{number}",
        "state": state,
        "cut_target": target - timedelta(days=6),
        "promote_target": target,
        "staged_at": target - timedelta(days=6),
        "began_at": done if went else None,
        "promoted_at": done if state == "DONE" else None,
        "landed_at": tuple(done - hours * HOUR for hours in lead),
    }
    return Trip.model_validate({**fields, **changes})


def test_nothing_is_known_of_nothing() -> None:
    found = measure([], 4 * WEEK)
    assert (found.departures, found.promoted, found.broken, found.frequency) == (0, 0, 0, 0)
    assert (found.lead_time, found.failure_rate, found.restore_time, found.interventions, found.lateness) == (None,) * 5


def test_four_weeks_by_hand() -> None:
    trips = [
        trip(0, lead=(10, 30)),
        trip(1, lead=(20,), interventions=2),
        trip(2, "ROLLED_BACK", lead=(5,), restored_at=MONDAY + 2 * WEEK + timedelta(days=2, hours=3)),
        trip(3, "SKIPPED_EMPTY", staged_at=None),
    ]
    found = measure(trips, 4 * WEEK)
    assert (found.departures, found.promoted, found.broken) == (4, 2, 1)
    assert found.frequency == 0.5
    assert (found.lead_time, found.slowest) == (20 * HOUR, 30 * HOUR)
    assert found.failure_rate == 1 / 3
    assert found.restore_time == 3 * HOUR
    assert found.interventions == 0.5
    assert (found.late, found.lateness) == (0, None)


def test_how_long_the_stages_took_is_the_middle_of_those_that_have_both_ends() -> None:
    """T104: the cut, the days on staging, the promotion."""
    trips = [
        trip(
            0, opened_at=MONDAY - timedelta(days=4) - 2 * HOUR, late=3, promoted_at=MONDAY + timedelta(days=2, hours=4)
        ),
        trip(1, opened_at=MONDAY + WEEK - timedelta(days=4) - 4 * HOUR),
        trip(2, "SKIPPED_EMPTY", staged_at=None, opened_at=MONDAY),
        trip(3, "FAILED", began_at=None, opened_at=None),
    ]
    found = measure(trips, 4 * WEEK)
    assert found.cut_time == 3 * HOUR
    assert found.staging_time == timedelta(days=6, hours=1, minutes=30)
    assert found.promote_time == timedelta(minutes=30)
    assert measure([], WEEK).cut_time is None


def test_what_never_came_to_production_broke_nothing() -> None:
    found = measure([trip(0, "MISSED"), trip(1, "FAILED", began_at=None)], 2 * WEEK)
    assert (found.broken, found.failure_rate) == (0, None)


def test_a_partial_promotion_broke_and_is_not_restored() -> None:
    found = measure([trip(0, "PARTIAL"), trip(1)], 2 * WEEK)
    assert (found.broken, found.failure_rate, found.restore_time) == (1, 0.5, None)


def test_lateness_counts_stops_after_their_target_only() -> None:
    early = trip(0, late=-1)
    late = trip(1, late=4, staged_at=MONDAY + WEEK - timedelta(days=4) + 2 * HOUR)
    found = measure([early, late], 2 * WEEK)
    assert (found.late, found.lateness) == (2, 3 * HOUR)


def test_f44_a_rollback_of_one_departure_is_one_failure() -> None:
    again = [trip(0, "ROLLED_BACK", restored_at=MONDAY + WEEK), trip(1)]
    assert measure(again, 2 * WEEK).broken == 1


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60))
def test_nine_tenths_of_the_commits_are_not_slower_than_the_slowest_tenth(hours: list[int]) -> None:
    found = measure([trip(0, lead=tuple(hours))], WEEK)
    assert found.slowest is not None
    within = sum(each * HOUR <= found.slowest for each in hours)
    assert within * 10 >= len(hours) * 9
    assert sum(each * HOUR < found.slowest for each in hours) * 10 < len(hours) * 9
