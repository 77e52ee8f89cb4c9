"""Who is on call in the end: layers with windows, then swaps, then overrides; or a temporary schedule instead."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple

from pydantic import Field

from stationmaster.core.instants import Instant, utc
from stationmaster.core.rotations.changes import Cover, Known, Override, OverrideType, Temporary
from stationmaster.core.rotations.intervals import Intervals
from stationmaster.core.rotations.members import Slot
from stationmaster.core.rotations.plan import Plan
from stationmaster.core.rotations.windows import Span, WeekWindow, Window, spans
from stationmaster.core.value import Value

_KEPT = 4096
_STEP = timedelta(weeks=1)
_FAR = timedelta(days=36_500)
"""How far a search for a change goes."""


class BackwardsSpan(ValueError):
    """A span of time ends before it starts."""


class Turnout(NamedTuple):
    """Who is on call in half-open ``[start, end)``; sorted, and empty where nobody is."""

    start: datetime
    end: datetime
    people: Slot


class Layer(Value):
    """One source of people: a role of a plan, or always the same people (R15, R16).

    :param known: whom somebody else's calendar names instead of the plan (R43).
    :param windows: when it counts; none means always.
    :param start, end: from when until when it exists at all (R22).
    """

    plan: Plan | None = None
    role: str = "primary"
    people: Slot = ()
    known: Known | None = None
    windows: tuple[Window | WeekWindow, ...] = ()
    priority: int = 0
    start: Instant | None = None
    end: Instant | None = None

    def people_at(self, instant: datetime) -> Slot:
        """Return whom the layer has on call at an instant (UTC)."""
        if (self.start is not None and instant < self.start) or (self.end is not None and instant >= self.end):
            return ()
        if self.windows and not self._is_open(instant):
            return ()
        if self.known is not None:
            return self.known.people_at(instant)
        return self.people if self.plan is None else self.plan.people_at(self.role, instant)

    def edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the instants within ``(start, end)`` at which its answer may change."""
        yield from (edge for edge in (self.start, self.end) if edge is not None)
        for span in spans(self.windows, start, end):
            yield from span
        if self.known is not None:
            yield from self.known.edges(start, end)
        elif self.plan is not None:
            for turn in self.plan.turns(start, end):
                yield turn.start

    def handoffs(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the changes of turns within ``[start, end)`` at which it has somebody on call."""
        if self.known is not None:
            yield from (at for at in self.known.handoffs(start, end) if self.people_at(at))
        elif self.plan is not None:
            for turn in self.plan.turns(start, end):
                if self.people_at(turn.start):
                    yield turn.start

    def _is_open(self, instant: datetime) -> bool:
        day = instant.toordinal()
        known = self._open
        if day not in known:
            if len(known) >= _KEPT:
                known.clear()
            midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
            known[day] = spans(self.windows, midnight, midnight + timedelta(days=1))
        return any(span.start <= instant < span.end for span in known[day])

    @cached_property
    def _open(self) -> dict[int, tuple[Span, ...]]:
        return {}


class Schedule(Value):
    """The layers of one role, and everything that changes them.

    A temporary schedule replaces all the rest. Elsewhere the active layers of the highest priority count (or all, by
    ``mode``), then accepted swaps, then overrides: `set`, `replace` and `remove`, `add`.
    """

    id: str = ""
    mode: Literal["union", "priority"] = "priority"
    layers: tuple[Layer, ...] = Field(default=())
    temporary: tuple[Temporary, ...] = ()
    covers: tuple[Cover, ...] = ()
    overrides: tuple[Override, ...] = ()

    def people_at(self, at: datetime) -> Slot:
        """Return who is on call at an instant, sorted; nobody in a gap."""
        instant = utc(at)
        # Most schedules have neither: what is empty is not looked into.
        temporary = self._temporary.at(instant) if self.temporary else ()
        if temporary:
            return _sorted(
                person for stint in temporary[0].stints if stint.start <= instant < stint.end for person in stint.people
            )
        people = self._planned(instant)
        covers = self._covers.at(instant) if self.covers else ()
        if covers:
            takers = {cover.giver: cover.taker for cover in reversed(covers)}
            people = tuple(takers.get(person, person) for person in people)
        if self.overrides:
            place = self._overrides.place(instant)
            effect = self._effects[place]
            if effect is None:
                effect = self._effect(place)
            if effect.changes:
                people = effect.on(people)
        return people if len(people) < 2 else _sorted(people)

    def planned_at(self, at: datetime) -> Slot:
        """Return who would be on call without any change: by the layers alone, sorted."""
        return _sorted(self._planned(utc(at)))

    def timeline(self, start: datetime, end: datetime) -> tuple[Turnout, ...]:
        """Return who is on call from ``start`` to ``end``, gaps included; neighbours that are equal are one.

        :raises BackwardsSpan: it ends before it starts.
        """
        first, last = utc(start), utc(end)
        if last < first:
            raise BackwardsSpan(f"the span ends at {last.isoformat()}, before it starts at {first.isoformat()}")
        found: list[Turnout] = []
        edges = [first, *sorted(edge for edge in set(self.edges(first, last)) if first < edge < last), last]
        for begins, ends in pairwise(edges):
            people = self.people_at(begins)
            if found and found[-1].people == people:
                found[-1] = found[-1]._replace(end=ends)
            elif begins < ends:
                found.append(Turnout(begins, ends, people))
        return tuple(found)

    def edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield instants, in no order, among which are all within ``(start, end)`` where the answer changes."""
        for layer in self.layers:
            yield from layer.edges(start, end)
        for intervals in (self._temporary, self._covers, self._overrides):
            yield from intervals.edges(start, end)
        for temporary in self.temporary:
            for stint in temporary.stints:
                yield from (stint.start, stint.end)

    def next_change(self, after: datetime) -> datetime | None:
        """Return the first instant strictly after another at which somebody comes or goes; None: not for decades."""
        begin = utc(after)
        people = self.people_at(begin)
        reach = _STEP
        while reach < _FAR:
            last = begin + reach
            for edge in sorted(edge for edge in set(self.edges(begin, last)) if begin < edge < last):
                if self.people_at(edge) != people:
                    return edge
            reach *= 4
        return None

    def shifts_of(self, person: str, start: datetime, end: datetime) -> tuple[Span, ...]:
        """Return when one person is on call within ``[start, end)``: maximal spans, clipped."""
        found: list[Span] = []
        for turnout in self.timeline(start, end):
            if person in turnout.people:
                if found and found[-1].end == turnout.start:
                    found[-1] = Span(found[-1].start, turnout.end)
                else:
                    found.append(Span(turnout.start, turnout.end))
        return tuple(found)

    def shift_at(self, at: datetime) -> Turnout:
        """Return who is on call at an instant, and the shift that contains it: from one handoff to the next.

        A handoff is where somebody comes or goes, and where a turn changes even if it is the same person's again.

        :raises LookupError: nothing changes for decades around the instant.
        """
        instant = utc(at)
        reach = _STEP
        while reach < _FAR:
            handoffs = self._handoffs(instant - reach, instant + reach)
            place = bisect_right(handoffs, instant)
            if 0 < place < len(handoffs):
                return Turnout(handoffs[place - 1], handoffs[place], self.people_at(instant))
            reach *= 4
        raise LookupError(f"{self.id or 'the schedule'}: nothing changes for decades around {instant.isoformat()}")

    def handoffs(self, start: datetime, end: datetime) -> tuple[datetime, ...]:
        """Return the instants in half-open ``[start, end)`` at which a shift ends or begins."""
        first, last = utc(start), utc(end)
        return tuple(at for at in self._handoffs(first - timedelta(microseconds=1), last) if at < last)

    def _handoffs(self, after: datetime, before: datetime) -> list[datetime]:
        """Return the handoffs within ``(after, before)``, in order."""
        turns = {edge for layer in self.layers for edge in layer.handoffs(after, before)}
        edges = sorted(edge for edge in turns.union(self.edges(after, before)) if after < edge < before)
        found: list[datetime] = []
        people = self.people_at(after)
        for edge in edges:
            now = self.people_at(edge)
            if now != people or (edge in turns and now):
                found.append(edge)
            people = now
        return found

    def _planned(self, instant: datetime) -> Slot:
        layers = self.layers
        if len(layers) == 1:
            return layers[0].people_at(instant)
        active = [(layer.priority, people) for layer in layers if (people := layer.people_at(instant))]
        if self.mode == "priority" and active:
            highest = max(priority for priority, _ in active)
            active = [(priority, people) for priority, people in active if priority == highest]
        return tuple(dict.fromkeys(person for _, people in active for person in people))

    def _effect(self, place: int) -> _Effect:
        found = self._effects[place] = _Effect(self._overrides.held(place))
        return found

    @cached_property
    def _effects(self) -> list[_Effect | None]:
        """What the overrides of each stretch do; None where nobody has asked yet."""
        return [None] * len(self._overrides)

    @cached_property
    def _temporary(self) -> Intervals[Temporary]:
        return Intervals(sorted(self.temporary, key=lambda each: each.strength, reverse=True))

    @cached_property
    def _covers(self) -> Intervals[Cover]:
        return Intervals(sorted(self.covers, key=lambda each: each.strength, reverse=True))

    @cached_property
    def _overrides(self) -> Intervals[Override]:
        return Intervals(sorted(self.overrides, key=lambda each: each.strength, reverse=True))


class _Effect:
    """What several overrides do together; nobody is replaced twice in a row."""

    def __init__(self, overrides: tuple[Override, ...]) -> None:
        self._everybody = next((each.people for each in overrides if each.type is OverrideType.SET), None)
        self._leaves: dict[str, Slot] = {}
        for each in overrides:
            if each.remove is not None:
                self._leaves.setdefault(each.remove, each.people)
        self._comes = tuple(name for each in overrides if each.type is OverrideType.ADD for name in each.people)
        self.changes = bool(overrides)

    def on(self, people: Slot) -> Slot:
        """Return who is on call, where ``people`` were."""
        if self._everybody is not None:
            people = self._everybody
        leaves = self._leaves
        for person in people if leaves else ():
            if person in leaves:
                people = tuple(kept for each in people for kept in leaves.get(each, (each,)))
                break
        return people + self._comes if self._comes else people


def _sorted(people: Iterable[str]) -> Slot:
    return tuple(sorted(set(people)))
