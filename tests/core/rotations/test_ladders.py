"""Ladders: repeats, closing, windows of a step, round robin, out of hours, who is told at the instant (R53 … R58)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from stationmaster.core.instants import Weekday
from stationmaster.core.rotations.escalating import EscalationPolicy, EscalationStep, Matter, pages
from stationmaster.core.rotations.windows import Window
from tests.core.rotations.making import rotation

MINUTE = timedelta(minutes=1)
FRIDAY = datetime(2024, 3, 15, 15, 0, tzinfo=UTC)
SATURDAY = FRIDAY + timedelta(days=1)
WORK = Window(days=tuple(Weekday)[:5], start=time(9), end=time(17), zone="UTC")


def steps(*given: tuple[str, int]) -> tuple[EscalationStep, ...]:
    return tuple(EscalationStep(role=role, after=minutes * MINUTE) for role, minutes in given)


def told(policy: EscalationPolicy, opened: datetime = FRIDAY, **matter: Any) -> list[tuple[str, float]]:
    found = pages(policy, Matter(opened_at=opened, **matter))
    return [(page.role, (page.at - opened) / MINUTE) for page in found]


LADDER = steps(("primary", 0), ("secondary", 10), ("tertiary", 30))


def test_delays_count_from_the_page_before_or_from_the_opening() -> None:
    assert told(EscalationPolicy(steps=LADDER)) == [("primary", 0), ("secondary", 10), ("tertiary", 40)]
    from_start = EscalationPolicy(steps=LADDER, counts_from="opening")
    assert told(from_start) == [("primary", 0), ("secondary", 10), ("tertiary", 30)]


def test_r55_the_ladder_starts_again_after_a_pause() -> None:
    policy = EscalationPolicy(steps=steps(("primary", 0), ("secondary", 10)), repeats=2, pause=5 * MINUTE)
    assert [at for _, at in told(policy)] == [0, 10, 15, 25, 30, 40]


def test_r54_an_acknowledgement_stops_it_or_only_the_end_of_the_matter() -> None:
    after = FRIDAY + 11 * MINUTE
    assert told(EscalationPolicy(steps=LADDER), acknowledged_at=after) == [("primary", 0), ("secondary", 10)]
    until_closed = EscalationPolicy(steps=LADDER, until="closed")
    assert len(told(until_closed, acknowledged_at=after)) == 3
    assert len(told(until_closed, closed_at=after)) == 2


def test_r57_a_step_is_left_out_outside_its_hours() -> None:
    ladder = (*LADDER[:2], EscalationStep(role="tertiary", after=30 * MINUTE, windows=(WORK,)))
    assert [role for role, _ in told(EscalationPolicy(steps=ladder))] == ["primary", "secondary", "tertiary"]
    assert [role for role, _ in told(EscalationPolicy(steps=ladder), SATURDAY)] == ["primary", "secondary"]


def test_r56_a_round_robin_asks_the_next_each_time() -> None:
    policy = EscalationPolicy(
        steps=(EscalationStep(people=("ada", "ben", "cleo"), round_robin=True, after=timedelta(0)),), repeats=1
    )
    who = [
        page.people[0]
        for occurrence in range(3)
        for page in pages(policy, Matter(opened_at=FRIDAY, occurrence=occurrence))
    ]
    assert who == ["ada", "ben", "ben", "cleo", "cleo", "ada"]


@pytest.mark.parametrize(
    ("out_of_coverage", "critical", "first"),
    [("defer", False, 2 * 24 * 60 - 6 * 60), ("page", False, 0), ("nobody", False, None), ("nobody", True, 0)],
)
def test_d04_t07_out_of_hours_it_waits_or_pages_or_is_dropped_unless_critical(
    out_of_coverage: Any, critical: bool, first: int | None
) -> None:
    policy = EscalationPolicy(steps=LADDER, coverage=(WORK,), out_of_coverage=out_of_coverage)
    found = told(policy, SATURDAY, critical=critical)
    assert (found[0][1] if found else None) == first


def test_r58_each_page_goes_to_whoever_is_on_call_at_its_own_instant() -> None:
    handoff = datetime(2021, 10, 11, 16, tzinfo=UTC)
    of = rotation("ada ben")
    policy = EscalationPolicy(steps=steps(("primary", 0), ("primary", 10)))
    found = pages(policy, Matter(opened_at=handoff - 5 * MINUTE), of.people_at)
    assert [page.people for page in found] == [("ada",), ("ben",)]
