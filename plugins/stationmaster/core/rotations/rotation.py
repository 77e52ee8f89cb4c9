"""Who holds which role of a rotation at an instant, with everything that was changed taken in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property

from pydantic import Field

from stationmaster.core.instants import Instant, ZoneName, utc
from stationmaster.core.rotations.changes import Changes
from stationmaster.core.rotations.plan import Plan, UnknownRole
from stationmaster.core.rotations.schedule import BackwardsSpan, Layer, Schedule
from stationmaster.core.rotations.windows import WeekWindow, Window, next_open, spans
from stationmaster.core.value import Value

_WEEK = timedelta(weeks=1)
_MICROSECOND = timedelta(microseconds=1)
_FAR = timedelta(days=3700)
"""How far the next handoff is looked for."""


class NobodyOnCall(LookupError):
    """Nobody holds the role at that instant: out of its hours, on a day off, or in a gap."""

    def __init__(self, rotation: str, role: str, at: datetime) -> None:
        """Keep what was asked."""
        super().__init__(rotation, role, at)
        self.rotation, self.role, self.at = rotation, role, at

    def __str__(self) -> str:
        """Name the rotation, the role and the instant."""
        return f"rotation {self.rotation}: nobody holds the role {self.role} at {self.at.isoformat()}."


class Shift(Value):
    """Half-open ``[start, end)`` in which people hold a role, mostly one: a handoff's instant is the incoming's."""

    rotation: str
    role: str
    people: tuple[str, ...] = Field(min_length=1)
    start: Instant
    end: Instant

    @property
    def person(self) -> str:
        """Who holds it; of several who share it, the first by name."""
        return self.people[0]


class Rotation(Value):
    """A plan, the hours in which each role counts, and what changes it.

    :param hours: of each role: when its holder is on call; a role that is not in it always counts. The holder of a
        turn stays the same person in between, so that closing time is no handoff.
    """

    id: str = Field(min_length=1)
    zone: ZoneName
    plan: Plan
    hours: dict[str, tuple[Window | WeekWindow, ...]] = Field(default_factory=dict)
    changes: Changes = Field(default_factory=Changes)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of the newest revision, in the order of the file."""
        return tuple(self.plan.newest.roles)

    def schedule(self, role: str) -> Schedule:
        """Return who is on call in a role: the turns within its hours, and the changes.

        :raises UnknownRole: there is none of that name.
        """
        return self._made(self._schedules, role, self.hours.get(role, ()))

    def turns_of(self, role: str) -> Schedule:
        """Return whose turn it is in a role, out of hours too."""
        return self._made(self._turns, role, ()) if self.hours.get(role) else self.schedule(role)

    def people_at(self, role: str, at: datetime) -> tuple[str, ...]:
        """Return who is on call in a role at an instant, sorted; nobody where nobody is."""
        return self.schedule(role).people_at(at)

    def on_call(self, role: str, at: datetime) -> Shift:
        """Return the shift that contains an instant, from handoff to handoff; out of hours nobody is on call.

        :raises UnknownRole: the rotation has no such role.
        :raises NobodyOnCall: nobody holds it then.
        :raises RoleImpossible: the plan has nobody for it (C-05, N-04).
        """
        people = self.people_at(role, at)
        if not people:
            raise NobodyOnCall(self.id, role, utc(at))
        whole = self.turns_of(role).shift_at(at)
        end = self._last_closing(role, whole.start, whole.end)
        return Shift(rotation=self.id, role=role, people=people, start=whole.start, end=end)

    def turns_at(self, at: datetime) -> dict[str, Shift]:
        """Return whose turn it is in each role at an instant, out of hours too."""
        found: dict[str, Shift] = {}
        for role in self.roles:
            turn = self._turn(role, at)
            if turn is not None:
                found[role] = turn
        return found

    def next_shift(self, role: str, at: datetime) -> Shift | None:
        """Return the next shift of a role that begins after an instant; None: there is none for years."""
        whole = self.turns_of(role)
        begin = utc(at)
        end = begin + _WEEK
        while begin < utc(at) + _FAR:
            for handoff in whole.handoffs(begin + _MICROSECOND, end):
                turn = self._turn(role, handoff)
                if turn is not None:
                    return turn
            begin, end = end - _MICROSECOND, end + 8 * _WEEK
        return None

    def next_on_call(self, role: str, at: datetime) -> tuple[datetime, tuple[str, ...]] | None:
        """Return when, at an instant or later, somebody is on call, and who; None: nobody for years."""
        schedule = self.schedule(role)
        instant = utc(at)
        people = schedule.people_at(instant)
        for _ in range(1000):
            if people:
                return instant, people
            opens = next_open(self.hours[role], instant) if self.hours.get(role) else None
            following = opens if opens is not None and opens > instant else schedule.next_change(instant)
            if following is None or following - utc(at) > _FAR:
                return None
            instant, people = following, schedule.people_at(following)
        return None

    def shifts(self, role: str, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """Return the whole shifts of a role that touch ``[start, end)``, in order.

        :raises BackwardsSpan: it ends before it starts.
        """
        first, last = utc(start), utc(end)
        if last < first:
            raise BackwardsSpan(f"the span ends at {last.isoformat()}, before it starts at {first.isoformat()}")
        return tuple(self._shifts(role, first, last))

    def handoffs(self, start: datetime, end: datetime) -> tuple[datetime, ...]:
        """Return the instants in ``[start, end)`` at which somebody's shift begins in any role, in order.

        The edges of overrides and swaps are among them; opening and closing time are not. Where people only go, nobody
        takes over: the next who comes hears from whoever was last (O-17).
        """
        found: set[datetime] = set()
        for role in self.roles:
            whole = self.turns_of(role)
            found.update(at for at in whole.handoffs(start, end) if whole.people_at(at))
        return tuple(sorted(found))

    def next_handoff(self, after: datetime) -> datetime:
        """Return the first handoff strictly after an instant (C-02).

        :raises NobodyOnCall: there is none for years.
        """
        begin = utc(after) + _MICROSECOND
        end = begin + 2 * _WEEK
        while begin - utc(after) < _FAR:
            found = self.handoffs(begin, end)
            if found:
                return found[0]
            begin, end = end, end + 16 * _WEEK
        raise NobodyOnCall(self.id, self.roles[0], utc(after))

    def latest_handoff(self, at: datetime) -> datetime:
        """Return the newest handoff that is not after an instant.

        :raises NobodyOnCall: there was none for years.
        """
        end = utc(at) + _MICROSECOND
        begin = end - 2 * _WEEK
        while utc(at) - end < _FAR:
            found = self.handoffs(begin, end)
            if found:
                return found[-1]
            begin, end = begin - 16 * _WEEK, begin
        raise NobodyOnCall(self.id, self.roles[0], utc(at))

    def check(self) -> None:
        """Check that every role of the newest revision always has people of its own.

        :raises RoleImpossible: a role has nobody, or two fall on one person (C-05, N-04).
        """
        newest = self.plan.newest
        begins = newest.cadence.turn_at(newest.cadence.boundary(0))
        rounds = len(newest.members.slots) * (12 if newest.members.shuffle is not None else 1)
        for step in range(rounds):
            turn = begins._replace(number=begins.number + step, off=False)
            for role in newest.roles:
                newest.people(role, turn)

    def _shifts(self, role: str, first: datetime, last: datetime) -> Iterator[Shift]:
        whole = self.turns_of(role)
        if first == last:
            return
        here = whole.people_at(first)
        current = whole.shift_at(first) if here else None
        edges = [
            *([current.start] if current is not None else []),
            *whole.handoffs(first if current is None else current.end, last),
        ]
        for edge in edges:
            turn = self._turn(role, edge)
            if turn is not None:
                yield turn

    def _turn(self, role: str, at: datetime) -> Shift | None:
        turns = self.turns_of(role)
        if not turns.people_at(at):
            return None
        whole = turns.shift_at(at)
        end = self._last_closing(role, whole.start, whole.end)
        return Shift(rotation=self.id, role=role, people=whole.people, start=whole.start, end=end)

    def _last_closing(self, role: str, start: datetime, end: datetime) -> datetime:
        """Return when the hours of a role close for the last time in a turn: Friday evening may end a week's shift."""
        hours = self.hours.get(role)
        found = spans(hours, start, end) if hours else ()
        return found[-1].end if found else end

    def _made(self, kept: dict[str, Schedule], role: str, hours: tuple[Window | WeekWindow, ...]) -> Schedule:
        if role not in kept:
            if not any(role in revision.roles for revision in self.plan.revisions):
                raise UnknownRole(self.id, role, self.roles)
            alike = self._alike(role)
            known = next((each for each in self.changes.known if self._alike(each.role) == alike), None)
            kept[role] = Schedule(
                id=f"{self.id}.{role}",
                layers=(Layer(plan=self.plan, role=role, known=known, windows=hours),),
                overrides=tuple(each for each in self.changes.overrides if self._alike(each.role) == alike),
                covers=tuple(each for each in self.changes.covers if self._alike(each.role) == alike),
                temporary=tuple(each for each in self.changes.temporary if self._alike(each.role) == alike),
            )
        return kept[role]

    def _alike(self, role: str) -> str:
        """Return the role that a role is like, or itself: what changes one changes the other (D-03)."""
        rules = self.plan.newest.roles
        for _ in rules:
            rule = rules.get(role)
            if rule is None or rule.like is None:
                break
            role = rule.like
        return role

    @cached_property
    def _schedules(self) -> dict[str, Schedule]:
        return {}

    @cached_property
    def _turns(self) -> dict[str, Schedule]:
        return {}
