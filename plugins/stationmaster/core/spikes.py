"""Whether errors became more after a deploy, or only are as many as they were (C-28)."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import NamedTuple

_SURE = 3.0
"""How many standard deviations of a Poisson count must lie between before and after."""


class Counts(NamedTuple):
    """How often an error was seen in a span of time."""

    seen: int
    over: timedelta


def is_spike(before: Counts, after: Counts, *, factor: float, least: int) -> bool:
    """Return whether an error came so much more often that it was hardly chance.

    :param before: in a span before the deploy; none seen is fine.
    :param factor: how many times more often it must come.
    :param least: with fewer seen after the deploy nothing is concluded.
    :raises ValueError: a span is no time at all.
    """
    if before.over <= timedelta(0) or after.over <= timedelta(0):
        raise ValueError("counts are compared over spans of time")
    if after.seen < least:
        return False
    expected = before.seen * (after.over / before.over)
    if after.seen < factor * expected:
        return False
    # The variance of the difference: what was seen, and what was expected from a count that itself is chance.
    deviation = math.sqrt(max(after.seen + expected * (after.over / before.over), 1.0))
    return after.seen - expected >= _SURE * deviation or (before.seen == 0 and after.seen >= least)
