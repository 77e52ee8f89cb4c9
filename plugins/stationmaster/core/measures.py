"""How well a train does: how often, how fast, how often it breaks, how soon it is mended, how much by hand.

The formulas are those that the field calls DORA's, over the departures of a span; docs/how-it-works.md writes them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from stationmaster.core.instants import Instant
from stationmaster.core.value import Value

_WEEK = timedelta(weeks=1)


class Trip(Value):
    """What became of one departure.

    :param state: where it ended, or stands.
    :param opened_at: when its cut began.
    :param staged_at: when it had come to staging; ``cut_target`` is when it should have begun to.
    :param began_at: when the promotion began to change production.
    :param promoted_at: when production ran all of it.
    :param restored_at: when production was back after a rollback.
    :param landed_at: when each commit aboard came to the main branch, as far as it is known.
    :param interventions: how often a person had to step in, beside voting, confirming and testing.
    """

    departure: str
    state: str
    cut_target: Instant
    promote_target: Instant
    opened_at: Instant | None = None
    staged_at: Instant | None = None
    began_at: Instant | None = None
    promoted_at: Instant | None = None
    restored_at: Instant | None = None
    landed_at: tuple[Instant, ...] = ()
    interventions: int = 0

    @property
    def reached_production(self) -> bool:
        """Whether it changed production at all."""
        return self.began_at is not None

    @property
    def broke(self) -> bool:
        """Whether it changed production and did not stay there whole."""
        return self.reached_production and self.state in ("ROLLED_BACK", "PARTIAL", "FAILED")


class Measures(Value):
    """The measures of some departures; a figure that nothing is known for is None.

    :param frequency: promotions that came to production whole, each week.
    :param lead_time: the median time from a commit's landing on main to production; ``slowest`` the ninth tenth.
    :param failure_rate: of the promotions that changed production, which part broke, from 0 to 1.
    :param restore_time: the median time from the beginning of a promotion that broke to production being back.
    :param interventions: by people, for each departure that was opened.
    :param cut_time: the median time from the beginning of a cut to staging; ``staging_time`` from there to the
        beginning of the promotion; ``promote_time`` from there until production ran all of it.
    :param late: of the stops that happened, how many were after their target; ``lateness`` is the median of those.
    """

    departures: int
    promoted: int
    broken: int
    frequency: float | None
    lead_time: timedelta | None
    slowest: timedelta | None
    failure_rate: float | None
    restore_time: timedelta | None
    interventions: float | None
    cut_time: timedelta | None = None
    staging_time: timedelta | None = None
    promote_time: timedelta | None = None
    late: int
    lateness: timedelta | None


def measure(trips: Iterable[Trip], span: timedelta) -> Measures:
    """Return the measures of the departures of a span.

    :param span: how long it is; no departure is counted twice.
    """
    found = tuple(trips)
    promoted = [trip for trip in found if trip.state == "DONE" and trip.promoted_at is not None]
    reached = [trip for trip in found if trip.reached_production]
    broken = [trip for trip in reached if trip.broke]
    lead = sorted(
        trip.promoted_at - landed for trip in promoted if trip.promoted_at is not None for landed in trip.landed_at
    )
    restored = [
        trip.restored_at - trip.began_at
        for trip in broken
        if trip.restored_at is not None and trip.began_at is not None
    ]
    late = [found for trip in found for found in _lateness(trip)]
    return Measures(
        departures=len(found),
        promoted=len(promoted),
        broken=len(broken),
        frequency=len(promoted) / (span / _WEEK) if span > timedelta(0) else None,
        lead_time=_of(lead, _middle),
        slowest=_of(lead, _ninth_tenth),
        failure_rate=len(broken) / len(reached) if reached else None,
        restore_time=_of(restored, _middle),
        interventions=sum(trip.interventions for trip in found) / len(found) if found else None,
        cut_time=_between((trip.opened_at, trip.staged_at) for trip in found),
        staging_time=_between((trip.staged_at, trip.began_at) for trip in found),
        promote_time=_between((trip.began_at, trip.promoted_at) for trip in promoted),
        late=len(late),
        lateness=_of(late, _middle),
    )


def _between(pairs: Iterable[tuple[datetime | None, datetime | None]]) -> timedelta | None:
    """Return the median of how long a stage took, of those that have both ends."""
    return _of([end - start for start, end in pairs if start is not None and end is not None], _middle)


def _lateness(trip: Trip) -> list[timedelta]:
    pairs = ((trip.staged_at, trip.cut_target), (trip.began_at, trip.promote_target))
    return [happened - target for happened, target in pairs if happened is not None and happened > target]


def _of(values: Sequence[timedelta], figure: Callable[[Sequence[timedelta]], timedelta]) -> timedelta | None:
    return figure(values) if values else None


def _middle(values: Sequence[timedelta]) -> timedelta:
    """Return the median: of an even number the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _ninth_tenth(values: Sequence[timedelta]) -> timedelta:
    """Return the smallest value that at least nine tenths do not exceed."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * 9 // 10) - 1]
