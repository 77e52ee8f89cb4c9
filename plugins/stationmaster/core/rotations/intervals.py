"""What holds when: values with a span each, found by instant in a time that hardly grows with their number."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

_MANY = 64
_WIDE = timedelta(days=200_000)


class Lasting(Protocol):
    """Anything that holds in half-open ``[start, end)``."""

    @property
    def start(self) -> datetime:
        """The first instant."""

    @property
    def end(self) -> datetime:
        """The first instant after."""


T = TypeVar("T", bound=Lasting)


class Intervals(Generic[T]):
    """Values by their spans. A look-up bisects edges that were sorted once.

    :param values: the strongest first.
    """

    def __init__(self, values: Sequence[T]) -> None:
        begin: dict[datetime, list[int]] = defaultdict(list)
        cease: dict[datetime, list[int]] = defaultdict(list)
        for place, value in enumerate(values):
            if value.start < value.end:
                begin[value.start].append(place)
                cease[value.end].append(place)
        self._edges = sorted(begin.keys() | cease.keys())
        self._held: list[tuple[T, ...]] = [()]
        held: list[int] = []
        for edge in self._edges:
            for place in cease.get(edge, ()):
                held.remove(place)
            for place in begin.get(edge, ()):
                insort(held, place)
            self._held.append(tuple(values[place] for place in held))

        self._first, self._days = self._index()

    def at(self, instant: datetime) -> tuple[T, ...]:
        """Return what holds at an instant (UTC), the strongest first."""
        return self._held[self.place(instant)]

    def place(self, instant: datetime) -> int:
        """Return the number of the stretch between two edges in which an instant lies; 0 is before the first edge."""
        days = self._days
        if not days:
            return bisect_right(self._edges, instant)
        day = instant.toordinal() - self._first
        if day < 0:
            return 0
        if day >= len(days) - 1:
            return len(self._edges)
        before, after = days[day], days[day + 1]
        return before if before == after else bisect_right(self._edges, instant, before, after)

    def __len__(self) -> int:
        """Return how many stretches there are: one more than edges."""
        return len(self._held)

    def held(self, place: int) -> tuple[T, ...]:
        """Return what holds in a stretch, the strongest first."""
        return self._held[place]

    def _index(self) -> tuple[int, list[int]]:
        """Return the first day with an edge, and for each day from it on how many edges are before it.

        Few edges, or edges that lie far apart, are found faster, or smaller, without.
        """
        if len(self._edges) < _MANY or self._edges[-1] - self._edges[0] > _WIDE:
            return 0, []
        first = self._edges[0].toordinal()
        days: list[int] = []
        for place, edge in enumerate(self._edges):
            day = edge.toordinal() - first
            days += [place] * (day + 1 - len(days))
        return first, [*days, len(self._edges)]

    def edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the instants within ``(start, end)`` at which something begins or ceases to hold, in order."""
        for place in range(bisect_right(self._edges, start), len(self._edges)):
            if self._edges[place] >= end:
                return
            yield self._edges[place]
