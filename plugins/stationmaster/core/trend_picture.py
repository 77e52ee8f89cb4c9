"""A trend as a small picture: what was measured, where it leads, and the limit; as SVG, and as a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from stationmaster.core.forecast import Point, Trend

WIDTH, HEIGHT, MARGIN = 360, 140, 8
_STEPS = 24
_BLOCKS = "▁▂▃▄▅▆▇█"
_MEASURED, _EXPECTED = 12, 4


def picture(points: Sequence[Point], line: Trend, until: datetime, limit: float) -> bytes:
    """Return an SVG of the measurements and of what is expected until an instant; it holds numbers only, no text."""
    first = min(point.at for point in points)
    span = max(until - first, timedelta(seconds=1))
    stops = [first + span * step / _STEPS for step in range(_STEPS + 1)]
    bands = [line.at(stop) for stop in stops]
    values = [limit, *(point.value for point in points), *(edge for band in bands for edge in band)]
    low, high = min(values), max(values)
    room = (high - low) or 1.0

    def across(at: datetime) -> float:
        return MARGIN + (at - first) / span * (WIDTH - 2 * MARGIN)

    def down(value: float) -> float:
        return HEIGHT - MARGIN - (value - low) / room * (HEIGHT - 2 * MARGIN)

    def path(places: Sequence[tuple[datetime, float]]) -> str:
        return " ".join(f"{across(at):.1f},{down(value):.1f}" for at, value in places)

    upper = [(stop, band.high) for stop, band in zip(stops, bands, strict=True)]
    lower = [(stop, band.low) for stop, band in zip(stops, bands, strict=True)]
    expected = [(stop, band.expected) for stop, band in zip(stops, bands, strict=True)]
    edge = down(limit)
    dots = "".join(
        f'<circle cx="{across(at):.1f}" cy="{down(value):.1f}" r="2" fill="#1f4e79"/>' for at, value in points
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
        f'<polygon points="{path([*upper, *reversed(lower)])}" fill="#cfe0f1"/>'
        f'<polyline points="{path(expected)}" fill="none" stroke="#1f4e79"/>'
        f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{edge:.1f}" y2="{edge:.1f}" stroke="#b00020" '
        'stroke-dasharray="4 3"/>'
        f"{dots}</svg>"
    ).encode()


def blocks(points: Sequence[Point], line: Trend, until: datetime, limit: float) -> str:
    """Return the newest measurements, an arrow, and what is expected until an instant: ``▂▂▃▄→▅▆▇█``.

    The full block is the limit if the values rise to it, the lowest one if they fall to it.
    """
    newest = points[-1].at
    reach = until - newest
    values = [point.value for point in points[-_MEASURED:]]
    coming = [line.at(newest + reach * step / _EXPECTED).expected for step in range(1, _EXPECTED + 1)]
    low, high = min(limit, *values), max(limit, *values)
    room = (high - low) or 1.0

    def block(value: float) -> str:
        place = round((min(max(value, low), high) - low) / room * (len(_BLOCKS) - 1))
        return _BLOCKS[place]

    return f"{''.join(map(block, values))}→{''.join(map(block, coming))}"
