"""What lets a batch go on (issue: rollout over days)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.core.rollouts.plan import Batch, RolloutPlan, Separation, Way
from stationmaster.core.rollouts.progress import (
    Look,
    Progress,
    Tolerance,
    apart,
    held_by,
    quiet_since,
    stopped_by,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def batch(number: int, *targets: str) -> Batch:
    ways = tuple(Way(target=target, version="a" * 40) for target in targets)
    return Batch(number=number, at=NOON + number * HOUR, ways=ways)


PLAN = RolloutPlan(zone="UTC", batches=(batch(1, "a"), batch(2, "b", "c", "d", "e"), batch(3, "f")))
DONE, FAILED, LEFT, PROPOSED = Progress.DONE, Progress.FAILED, Progress.LEFT, Progress.PROPOSED


def test_the_canary_waits_for_nothing() -> None:
    assert held_by(PLAN, 1, {}, Tolerance()) is None


def test_a_batch_waits_for_every_batch_before_it() -> None:
    held = held_by(PLAN, 3, {}, Tolerance())
    assert held is not None
    assert (held.batch.number, held.open, held.failed) == (1, ("a",), ())
    held = held_by(PLAN, 3, {"a": DONE, "b": DONE, "c": PROPOSED, "d": LEFT, "e": FAILED}, Tolerance(number=1))
    assert held is not None
    assert (held.batch.number, held.open, held.failed) == (2, ("c",), ())
    assert held_by(PLAN, 3, {"a": DONE, "b": DONE, "c": DONE, "d": LEFT, "e": FAILED}, Tolerance(number=1)) is None


@pytest.mark.parametrize(
    "tolerance, failed, stops",
    [
        (Tolerance(), 0, False),
        (Tolerance(), 1, True),
        (Tolerance(number=1), 1, False),
        (Tolerance(number=1), 2, True),
        (Tolerance(share=0.25), 1, False),
        (Tolerance(share=0.25), 2, True),
        (Tolerance(share=0.2), 1, True),
        (Tolerance(number=3, share=0.0), 1, True),
    ],
)
def test_a_batch_may_have_so_many_failures(tolerance: Tolerance, failed: int, stops: bool) -> None:
    progress = {"a": DONE} | dict.fromkeys("bcde", DONE) | dict.fromkeys("bcde"[:failed], FAILED)
    assert bool(stopped_by(PLAN.batch(2), progress, tolerance)) is stops
    assert (held_by(PLAN, 3, progress, tolerance) is not None) is stops


def test_two_targets_stay_apart_from_when_the_other_one_began_in_fact() -> None:
    rules = [Separation(targets=frozenset("bf")), Separation(targets=frozenset("cf"), by=HOUR)]
    begun = {"b": NOON - 23 * HOUR, "c": NOON - 2 * HOUR, "a": NOON}
    assert apart("f", begun, rules, NOON) == ("b", NOON + HOUR)
    assert apart("f", begun, rules, NOON + HOUR) is None
    assert apart("a", begun, rules, NOON) is None
    assert apart("f", {"b": NOON, "c": NOON}, rules, NOON) == ("b", NOON + 24 * HOUR)


@pytest.mark.parametrize(
    "looks, since",
    [
        ([], None),
        ([(0, True)], None),
        ([(0, False)], 0),
        ([(0, True), (4, False), (8, False)], 4),
        ([(0, False), (4, True), (8, False)], 8),
        ([(0, False), (4, False), (5, True)], None),
        ([(0, False), (11, False)], 11),  # nobody looked for eleven minutes
        ([(0, False), (10, False)], 0),
    ],
)
def test_only_what_was_looked_at_is_quiet(looks: list[tuple[int, bool]], since: int | None) -> None:
    found = quiet_since([Look(NOON + at * MINUTE, firing) for at, firing in looks], 10 * MINUTE)
    assert found == (None if since is None else NOON + since * MINUTE)
