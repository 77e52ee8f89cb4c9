"""The line through measurements, and its band (T-16)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.forecast import Point, TooFewPoints, trend
from stationmaster.core.trend_picture import blocks

MONDAY = datetime(2024, 3, 11, tzinfo=UTC)


def _points(values: list[float]) -> list[Point]:
    return [Point(MONDAY + timedelta(days=day), value) for day, value in enumerate(values)]


def test_t16_a_straight_line_is_found_exactly() -> None:
    found = trend(_points([10, 12, 14, 16]))
    assert found.slope == pytest.approx(2)
    band = found.at(MONDAY + timedelta(days=10))
    assert band == pytest.approx((30, 30, 30))
    assert found.reaches(30, MONDAY, MONDAY + timedelta(days=30)) == MONDAY + timedelta(days=10)


def test_t16_the_band_is_that_of_the_text_book() -> None:
    # x = 0 … 4, y = 1 2 1.3 3.75 2.25: slope 0.425, error 0.964; t(3) = 2.353; at x = 5 the factor is sqrt(1+1/5+9/10).
    found = trend(_points([1.0, 2.0, 1.3, 3.75, 2.25]))
    assert found.slope == pytest.approx(0.425)
    assert found.error == pytest.approx(0.9636, abs=1e-3)
    band = found.at(MONDAY + timedelta(days=5))
    assert band.expected == pytest.approx(3.335)
    assert band.high - band.expected == pytest.approx(2.353 * 0.9636 * (2.1**0.5), abs=1e-2)


def test_t16_a_flat_line_reaches_nothing() -> None:
    assert trend(_points([5, 5, 5, 5, 5])).reaches(9, MONDAY, MONDAY + timedelta(days=400)) is None


def test_t16_what_falls_reaches_a_limit_from_above() -> None:
    found = trend(_points([100, 90, 80, 70]))
    assert found.reaches(20, MONDAY, MONDAY + timedelta(days=30)) == MONDAY + timedelta(days=8)


@pytest.mark.parametrize("points", [_points([1, 2, 3]), [Point(MONDAY, 1.0)] * 5, _points([1, 2, 3, float("nan")])])
def test_t16_too_little_is_said_to_be_too_little(points: list[Point]) -> None:
    with pytest.raises(TooFewPoints):
        trend(points)


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=30))
def test_t16_the_band_holds_what_is_expected_and_widens_with_distance(values: list[float]) -> None:
    found = trend(_points(values))
    near, far = (found.at(found.origin + timedelta(days=days)) for days in (1, 50))
    assert near.low <= near.expected <= near.high
    assert far.high - far.low >= near.high - near.low - 1e-6


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=40),
    st.floats(-1e6, 1e6),
    st.integers(min_value=0, max_value=400),
)
def test_t16_the_line_of_text_has_a_sign_for_each_measurement_and_never_leaves_its_frame(values, limit, days) -> None:
    points = _points(values)
    drawn = blocks(points, trend(points), points[-1].at + timedelta(days=days), limit)
    measured, expected = drawn.split("→")
    assert (len(measured), len(expected)) == (min(len(values), 12), 4)
    assert set(measured + expected) <= set("▁▂▃▄▅▆▇█")


def test_t16_the_line_of_text_rises_to_the_limit_and_falls_to_it() -> None:
    rising, falling = _points([10, 20, 30, 40]), _points([40, 30, 20, 10])
    assert blocks(rising, trend(rising), rising[-1].at + timedelta(days=4), 80) == "▁▂▃▄→▅▆▇█"
    assert blocks(falling, trend(falling), falling[-1].at + timedelta(days=4), 0)[-1] == "▁"
