"""What a team promises against what its rotations give, and what cannot be as it is (R39 … R42)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.instants import local_text
from stationmaster.core.rotations.reports import crowds, gaps, strangers
from stationmaster.core.rotations.schedule import Turnout
from stationmaster.core.rotations.windows import Span, merged
from stationmaster.oncall.load_cap import overloads
from stationmaster.oncall.records import SwapStatus, swaps_of
from stationmaster.oncall.swapping import status_of

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.rotations.rotation import Rotation
    from stationmaster.ledger import Ledger


class Finding(NamedTuple):
    """Something that cannot be as it is in ``[start, end)``."""

    code: str
    sentence: str
    start: datetime
    end: datetime


def promise_gaps(team: TeamConfig, start: datetime, end: datetime) -> Iterator[tuple[str, str | None, Span]]:
    """Yield what is promised, why the gap is known if it is, and each span in which nobody is there.

    A team that promises nothing promises each role that goes by turns, in its hours.
    """
    for promise in team.promises:
        windows = tuple(hours.window(team.zone) for hours in promise.hours)
        for span in gaps(_together(team, promise.roles, start, end), windows):
            yield promise.what, promise.known, span
    if team.promises:
        return
    for rotation in team.rotations.values():
        for role, rule in rotation.plan.newest.roles.items():
            if rule.turn is not None:
                for span in gaps(rotation.schedule(role).timeline(start, end), rotation.hours.get(role, ())):
                    yield role, None, span


def conflicts_of(team: TeamConfig, ledger: Ledger | None, start: datetime, end: datetime) -> Iterator[Finding]:
    """Yield the conflicts within one team, swaps included if there is a ledger."""
    for name, rotation in team.rotations.items():
        shared = any(len(slot) > 1 for revision in rotation.plan.revisions for slot in revision.members.slots)
        for role in rotation.roles:
            timeline = rotation.schedule(role).timeline(start, end)
            # A rotation whose turns are shared means several at once.
            for crowd in () if shared else crowds(timeline):
                who = " and ".join(crowd.people)
                yield Finding("two_at_once", f"{team.id}: {who} are {role} at once", *crowd.span)
            for turnout in strangers(timeline, team.people):
                who = ", ".join(person for person in turnout.people if person not in team.people)
                sentence = f"{team.id}: {who} is {role}, and nobody knows them"
                yield Finding("stranger", sentence, turnout.start, turnout.end)
        yield from _two_roles(team, rotation, start, end)
        for over in overloads(team, name, start, end):
            sentence = f"{team.id}: {over.person} has {over.shifts} shifts, more than the file allows"
            yield Finding("too_many_shifts", sentence, *over.span)
        for swap in swaps_of(ledger, f"{team.id}.{name}") if ledger is not None else ():
            if status_of(team, swap, start) is SwapStatus.STALE and swap.end > start:
                sentence = (
                    f"{team.id}: the swap {swap.id} is stale: {swap.giver} is not {swap.role} at "
                    f"{local_text(swap.start, rotation.zone)} any more"
                )
                yield Finding("stale_swap", sentence, swap.start, swap.end)


def double_bookings(teams: Sequence[TeamConfig], start: datetime, end: datetime) -> list[Finding]:
    """Return who is on call in two teams at once; two people are one if they share a mail address or an account."""
    found = []
    for one, other in combinations(teams, 2):
        for left, right in ((each, another) for each in one.people.values() for another in other.people.values()):
            if not _same(left, right):
                continue
            for mine in _on_call(one, left.id, start, end):
                for theirs in _on_call(other, right.id, start, end):
                    begins, ends = max(mine.start, theirs.start), min(mine.end, theirs.end)
                    if begins < ends:
                        sentence = f"{left.name} is on call in {one.id} and in {other.id} at once"
                        found.append(Finding("two_teams", sentence, begins, ends))
    return found


def _two_roles(team: TeamConfig, rotation: Rotation, start: datetime, end: datetime) -> Iterator[Finding]:
    rules = rotation.plan.newest.roles
    own = [role for role in rotation.roles if rules[role].like is None]
    for one, other in combinations(own, 2):
        people = {
            person
            for role in (one, other)
            for turnout in rotation.schedule(role).timeline(start, end)
            for person in turnout.people
        }
        for person in sorted(people):
            for left in rotation.schedule(one).shifts_of(person, start, end):
                for right in rotation.schedule(other).shifts_of(person, start, end):
                    begins, ends = max(left.start, right.start), min(left.end, right.end)
                    if begins < ends:
                        sentence = f"{team.id}: {person} is {one} and {other} at once"
                        yield Finding("two_roles", sentence, begins, ends)


def _together(team: TeamConfig, roles: Sequence[str], start: datetime, end: datetime) -> list[Turnout]:
    """Return a timeline of whether any of several roles is held; who holds it is left out."""
    held = merged(
        Span(turnout.start, turnout.end)
        for role in roles
        for turnout in team.rotation_of(role).schedule(role).timeline(start, end)
        if turnout.people
    )
    found: list[Turnout] = []
    at = start
    for span in held:
        if at < span.start:
            found.append(Turnout(at, span.start, ()))
        found.append(Turnout(span.start, span.end, tuple(roles)))
        at = span.end
    if at < end:
        found.append(Turnout(at, end, ()))
    return found


def _on_call(team: TeamConfig, person: str, start: datetime, end: datetime) -> tuple[Span, ...]:
    return merged(
        span
        for rotation in team.rotations.values()
        for role, rule in rotation.plan.newest.roles.items()
        if rule.person is None  # a manager who is always the last resort is not booked
        for span in rotation.schedule(role).shifts_of(person, start, end)
    )


def _same(one: Person, other: Person) -> bool:
    shared = set(one.slack) & set(other.slack)
    pairs = ((one.email, other.email), (one.github, other.github))
    return bool(shared) or any(
        left is not None and right is not None and left.lower() == right.lower() for left, right in pairs
    )
