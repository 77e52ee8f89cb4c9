"""More errors after a deploy than chance would bring (C-28)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.spikes import Counts, is_spike

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("before", "after", "spike"),
    [
        (Counts(0, HOUR), Counts(3, HOUR), False),  # too few
        (Counts(0, HOUR), Counts(25, HOUR), True),  # new, and many
        (Counts(100, HOUR), Counts(110, HOUR), False),
        (Counts(100, HOUR), Counts(400, HOUR), True),
        (Counts(400, 4 * HOUR), Counts(110, HOUR), False),  # the spans differ
        (Counts(400, 4 * HOUR), Counts(400, HOUR), True),
        (Counts(8, HOUR), Counts(20, HOUR), False),  # more than twice, and still chance
    ],
)
def test_c28_a_spike_is_many_more_and_hardly_chance(before: Counts, after: Counts, spike: bool) -> None:
    assert is_spike(before, after, factor=2, least=20) is spike


def test_c28_counts_over_no_time_are_refused() -> None:
    with pytest.raises(ValueError, match="spans"):
        is_spike(Counts(1, timedelta(0)), Counts(1, HOUR), factor=2, least=1)
