"""A look-up among many spans says what a look at each of them says."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.core.rotations.changes import Cover
from stationmaster.core.rotations.intervals import Intervals

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 400])
def test_what_holds_at_an_instant(count: int) -> None:
    chance = random.Random(count)
    covers = []
    for place in range(count):
        start = START + chance.randrange(24 * 400) * HOUR
        covers.append(
            Cover(id=str(place), giver="a", taker="b", start=start, end=start + chance.randrange(0, 90) * HOUR)
        )
    intervals = Intervals(covers)
    for hour in range(-50, 24 * 420, 7):
        for at in (START + hour * HOUR, START + hour * HOUR + timedelta(minutes=59)):
            assert intervals.at(at) == tuple(cover for cover in covers if cover.start <= at < cover.end)


def test_edges_are_in_order_and_inside() -> None:
    covers = [Cover(giver="a", taker="b", start=START + n * HOUR, end=START + (n + 3) * HOUR) for n in range(5)]
    intervals = Intervals(covers)
    assert list(intervals.edges(START, START + 3 * HOUR)) == [START + HOUR, START + 2 * HOUR]
