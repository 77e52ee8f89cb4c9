"""What happens between two handoffs of the plan: overrides and swaps begin and end, and the next shift comes near.

At both edges of a change whoever comes on call is told, the handle moves, and the open work is handed over: as at any
handoff, each once for ever. Whoever comes next is told as long before as the file says (R47), and everybody whose
shifts a change of the files moved is told the difference (R50).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.instants import first_instant, local_text, to_local
from stationmaster.core.rotations.plan import Plan
from stationmaster.core.rotations.reports import Move, moves
from stationmaster.core.rotations.schedule import Layer, Schedule
from stationmaster.handoffs import handles, packing, telling
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk

_LOOKS_AGAIN = timedelta(days=1)
"""After this the files are read again, even if nothing is due."""
_AHEAD = timedelta(weeks=13)
_SHOWN = 4
_MICROSECOND = timedelta(microseconds=1)


def end_of_watch(desk: ShiftDesk, began: datetime) -> datetime:
    """Return when the plan hands over next: there the timetable starts another run."""
    return desk.files.rotations[desk.entry.id].next_handoff(began)


def edges(desk: ShiftDesk, began: datetime) -> tuple[datetime, ...]:
    """Return the handoffs that only the ledger's changes make between two of the plan, in order."""
    end = end_of_watch(desk, began)
    planned = set(desk.files.rotations[desk.entry.id].handoffs(began, end))
    return tuple(at for at in desk.rotation.handoffs(began + _MICROSECOND, end) if at not in planned)


def catch_up(desk: ShiftDesk, began: datetime) -> tuple[str, ...]:
    """Do everything that is due by now; each thing once for ever. Return the ids of the handoffs that changes made.

    Of several edges that went by in an outage only the newest is handed over: who has gone off call is told nothing.

    :raises HandleStuck, EffectRefused, EffectUnknown, EffectBusy: it is tried again.
    """
    now = desk.now()
    for role, person, at, offset in _ahead(desk, began):
        if at - offset <= now < at:
            key = f"{desk.key}/{at:%Y-%m-%dT%H:%MZ}/ahead/{role}/{person.id}/{offset.total_seconds():.0f}"
            say(desk, key, _channel(desk), _coming(desk, role, person, at))
    _tell_moved(desk)
    _tell_daily(desk, began)
    passed = [at for at in edges(desk, began) if at <= now]
    if not passed:
        return ()
    handoff = desk.handoff_at(passed[-1])
    if handoff.start == passed[-1] and now < handoff.end:
        _hand_over(desk, handoff)
    return tuple(desk.handoff_at(at).id for at in passed)


def next_due(desk: ShiftDesk, began: datetime) -> datetime:
    """Return when there is something to do again, at the latest when the plan hands over."""
    now, end = desk.now(), end_of_watch(desk, began)
    candidates = [at for at in edges(desk, began) if at > now]
    candidates += [at - offset for _, _, at, offset in _ahead(desk, began) if at - offset > now]
    candidates += [at for at in _mornings(desk, now, now + _LOOKS_AGAIN) if at > now]
    return min([*candidates, now + _LOOKS_AGAIN, end])


def waits_for(desk: ShiftDesk, began: datetime) -> Blocker:
    """Return why nothing is done now."""
    due = next_due(desk, began)
    coming = [at for at in edges(desk, began) if at > desk.now()]
    what = f"a change at {local_text(coming[0], desk.rotation.zone)}" if coming else "no change is in sight"
    return blocker("SHIFT_WATCHED", clears_at=due, rotation=desk.entry.title, what=what)


def _hand_over(desk: ShiftDesk, handoff: Handoff) -> None:
    for role, rule in desk.entry.roles.items():
        shift = handoff.shifts.get(role)
        if shift is not None and shift.start == handoff.start and rule.like is None:
            for alone in handoff.apart(role):
                telling.tell(desk, alone, role, ())
    handles.move(desk, handoff)
    first = handoff.shifts.get(desk.first_role)
    if first is not None and first.start == handoff.start:
        packing.hand_over(desk, handoff)


def _ahead(desk: ShiftDesk, began: datetime) -> Iterator[tuple[str, Person, datetime, timedelta]]:
    """Yield who is told of the next shift of the plan, of when, and how long before."""
    notices = desk.entry.notices
    if notices is None or not notices.before:
        return
    at = end_of_watch(desk, began)
    for role, shift in desk.rotation.turns_at(at).items():
        rule = desk.entry.roles.get(role)
        if rule is None or rule.person is not None or rule.like is not None or shift.start != at:
            continue
        for name in shift.people:
            for offset in notices.before:
                yield role, desk.team.people[name], at, offset


def _tell_moved(desk: ShiftDesk) -> None:
    """Tell everybody whose shifts the newest revision of the plan moves, with the difference, once (R50)."""
    revisions = desk.rotation.plan.revisions
    newest = revisions[-1]
    if desk.entry.notices is None or len(revisions) < 2 or newest.effective_from is None:
        return
    before, after = Plan(id="before", revisions=revisions[:-1]), desk.rotation.plan
    span = newest.effective_from, newest.effective_from + _AHEAD
    found = {
        role: moves(_schedule(before, role), _schedule(after, role), *span)
        for role in dict.fromkeys((*before.newest.roles, *newest.roles))
    }
    tell_difference(desk, f"{desk.key}/moved/{newest.effective_from:%Y-%m-%dT%H:%M:%SZ}", found)


def tell_difference(desk: ShiftDesk, stem: str, found: Mapping[str, tuple[Move, ...]]) -> None:
    """Tell everybody who gets or loses a shift which ones, each once for ever (R50).

    :param stem: what the keys of the messages begin with.
    :param found: by role.
    """
    every = [move for several in found.values() for move in several]
    for name in sorted({name for move in every for name in {*move.before} ^ {*move.after}}):
        person = desk.team.people.get(name)
        if person is not None:
            say(desk, f"{stem}/{name}", _channel(desk), _moved(desk, person, found))


def _mornings(desk: ShiftDesk, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield when the channel hears who is on call: each day at the file's time, from the day of ``start`` on (R49)."""
    notices, zone = desk.entry.notices, desk.rotation.zone
    day = to_local(start, zone).date()
    while notices is not None and notices.daily is not None:
        at = first_instant(datetime.combine(day, notices.daily), zone)
        if at >= end:
            return
        yield at
        day += timedelta(days=1)


def _tell_daily(desk: ShiftDesk, began: datetime) -> None:
    """Say who is on call, once a day; what was missed in an outage is said late on its own day, and never later."""
    now = desk.now()
    due = [at for at in _mornings(desk, now, now + _MICROSECOND) if at >= began]
    if not due:
        return
    held = [(role, desk.rotation.people_at(role, now)) for role, rule in desk.entry.roles.items() if rule.like is None]
    if not any(people for role, people in held if desk.entry.roles[role].person is None):
        return  # on days off nobody is named, and nobody is told so each morning
    key = f"{desk.key}/daily/{to_local(due[-1], desk.rotation.zone):%Y-%m-%d}"
    say(desk, key, _channel(desk), _digest(desk, held, now))


def _digest(desk: ShiftDesk, held: list[tuple[str, tuple[str, ...]]], now: datetime) -> str:
    people = desk.team.people
    lines = [f"{role}: {', '.join(people[name].name for name in names) or 'nobody'}" for role, names in held]
    ahead = desk.rotation.next_handoff(now)
    coming = [
        f"{people[name].name} ({role})"
        for role, shift in desk.rotation.turns_at(ahead).items()
        if shift.start == ahead and desk.entry.roles[role].person is None and desk.entry.roles[role].like is None
        for name in shift.people
    ]
    following = f"Next, {local_text(ahead, desk.rotation.zone)}: {', '.join(coming)}"
    title, today = escaping.slack(desk.entry.title), escaping.slack("; ".join(lines))
    return f":sunrise: *{title}* today: {today}.\n{escaping.slack(following)}."


def _schedule(plan: Plan, role: str) -> Schedule:
    known = any(role in revision.roles for revision in plan.revisions)
    return Schedule(layers=(Layer(plan=plan, role=role),)) if known else Schedule()


def _coming(desk: ShiftDesk, role: str, person: Person, at: datetime) -> str:
    zone = person.zone or desk.rotation.zone
    return (
        f":calendar: {person.mention}: you are *{escaping.slack(role)}* of *{escaping.slack(desk.entry.title)}* from "
        f"{escaping.slack(local_text(at, zone))} on. If you cannot: "
        f"`stationmaster swap suggest {desk.team.id} --role {role}` says who could."
    )


def _moved(desk: ShiftDesk, person: Person, found: Mapping[str, tuple[Move, ...]]) -> str:
    zone = person.zone or desk.rotation.zone
    lines = []
    for role, several in found.items():
        for move in several:
            if (person.id in move.before) == (person.id in move.after):
                continue
            gets = person.id in move.after
            span = f"{local_text(move.span.start, zone)} – {local_text(move.span.end, zone)}"
            lines.append(f"• {'now yours' if gets else 'no longer yours'}: {role}, {span}")
    more = len(lines) - _SHOWN
    shown = [*lines[:_SHOWN], *([f"• and {more} more"] if more > 0 else [])]
    text = "\n".join(escaping.slack(line) for line in shown)
    return f":calendar: {person.mention}: your shifts of *{escaping.slack(desk.entry.title)}* moved.\n{text}"


def _channel(desk: ShiftDesk) -> str:
    if desk.entry.notices is None:
        raise LookupError(f"{desk.key} tells nobody")
    return desk.team.channels[desk.entry.notices.channel].id
