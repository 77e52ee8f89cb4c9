"""What holds when: values with a span each, found by instant in a time that hardly grows with their number."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar


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

    def at(self, instant: datetime) -> tuple[T, ...]:
        """Return what holds at an instant (UTC), the strongest first."""
        return self._held[bisect_right(self._edges, instant)]

    def edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the instants within ``(start, end)`` at which something begins or ceases to hold, in order."""
        for place in range(bisect_right(self._edges, start), len(self._edges)):
            if self._edges[place] >= end:
                return
            yield self._edges[place]
