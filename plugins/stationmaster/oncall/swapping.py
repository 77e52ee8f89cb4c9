"""Swaps: asked, accepted by the taker alone, bound to a shift, and stale if that shift moves (R30 … R35)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from stationmaster.core.instants import local_text
from stationmaster.core.rotations.changes import Changes
from stationmaster.core.rotations.picking import Suggestion, suggest
from stationmaster.core.rotations.rotation import Rotation
from stationmaster.core.rotations.windows import Span
from stationmaster.oncall.errors import ChangeRefused, UnknownChange
from stationmaster.oncall.load_cap import within_the_cap
from stationmaster.oncall.overriding import one_role_each, people_are_known, span_is_ahead
from stationmaster.oncall.records import SwapRecord, SwapStatus, swaps_of, write

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger

_AROUND = timedelta(weeks=12)
"""How far around a shift a substitute's own shifts are looked at."""


def ask(
    ledger: Ledger,
    team: TeamConfig,
    *,
    role: str,
    giver: str,
    taker: str,
    span: Span,
    back: Span | None = None,
    now: datetime,
    by: str,
    reason: str = "",
    asked_in: str = "",
) -> SwapRecord:
    """Ask a person to take a shift, or a part of one, and perhaps give one of theirs in return.

    :param team: as it is in fact.
    :raises ChangeRefused: with oneself, of a shift that is not the giver's, that has been, or that nobody may hold so.
    """
    rotation = team.rotation_of(role)
    people_are_known(team, giver, taker)
    if giver == taker:
        raise ChangeRefused(f"{giver} would swap with {giver}", "Name two people.")
    spans = [(span, giver), *([(back, taker)] if back is not None else [])]
    for each, holder in spans:
        span_is_ahead(each.start, each.end, now, rotation.zone)
        if each.start < now:
            raise ChangeRefused(
                f"the swap would begin at {local_text(each.start, rotation.zone)}: the past does not change",
                "Write a start that is still to come.",
            )
        _is_held(rotation, role, holder, each)
    record = SwapRecord(
        id=f"sw-{uuid4().hex[:8]}",
        rotation=rotation.id,
        role=role,
        giver=giver,
        taker=taker,
        start=span.start,
        end=span.end,
        back_start=None if back is None else back.start,
        back_end=None if back is None else back.end,
        shift_start=rotation.turns_of(role).shift_at(span.start).start,
        reason=reason,
        asked_by=by,
        asked_at=now,
        asked_in=asked_in,
    )
    _possible(team, record)
    write(ledger, f"{team.id}.{rotation.id}", record, now, by)
    return record


def answer(ledger: Ledger, team: TeamConfig, name: str, *, accept: bool, now: datetime, by: str) -> SwapRecord:
    """Take the taker's answer; whoever asked may only cancel.

    :raises UnknownChange: there is no such swap.
    :raises ChangeRefused: it is not theirs to answer, too late, stale, or answered already.
    """
    key, record = _find(ledger, team, name)
    if by != record.taker:
        raise ChangeRefused(
            f"{name} asks {record.taker}, and {by} answered", f"Only {record.taker} may accept or decline it."
        )
    _is_open(team, record, now)
    if accept:
        _possible(team, record)
    status = SwapStatus.ACCEPTED if accept else SwapStatus.DECLINED
    return _moved(ledger, key, record, status, now, by)


def cancel(ledger: Ledger, team: TeamConfig, name: str, *, now: datetime, by: str) -> SwapRecord:
    """Take a swap back: the giver alone while it is open; either of the two once it is accepted and not begun.

    :raises UnknownChange: there is no such swap.
    :raises ChangeRefused: it is not theirs, or it has begun or ended.
    """
    key, record = _find(ledger, team, name)
    accepted = record.status is SwapStatus.ACCEPTED
    allowed = {record.giver, record.asked_by, *([record.taker] if accepted else [])}
    if by not in allowed:
        raise ChangeRefused(f"{by} cannot cancel {name}", f"Ask {' or '.join(sorted(allowed))}.")
    if accepted:
        if min(span.start for span, _, _ in record.spans) <= now:
            raise ChangeRefused(f"{name} has begun: the past does not change", "Ask for another swap back.")
    else:
        _is_open(team, record, now, stale_too=True)
    return _moved(ledger, key, record, SwapStatus.CANCELLED, now, by)


def status_of(team: TeamConfig, record: SwapRecord, now: datetime) -> SwapStatus:
    """Return what a swap is now: an open one expires with its shift, and any is stale if its shift moved (R33).

    :param team: as it is in fact.
    """
    if record.status not in (SwapStatus.REQUESTED, SwapStatus.ACCEPTED):
        return record.status
    if record.status is SwapStatus.REQUESTED and now >= min(span.start for span, _, _ in record.spans):
        return SwapStatus.EXPIRED
    if max(span.end for span, _, _ in record.spans) <= now:
        return record.status
    others = _without(team, record)
    for span, giver, _ in record.spans:
        if any(giver not in turnout.people for turnout in others.turns_of(record.role).timeline(*span)):
            return SwapStatus.STALE
    return record.status


def find(ledger: Ledger, team: TeamConfig, name: str) -> SwapRecord:
    """Return a swap by its id.

    :raises UnknownChange: there is none.
    """
    return _find(ledger, team, name)[1]


def substitutes(
    team: TeamConfig, role: str, span: Span, others: dict[str, Rotation] | None = None
) -> tuple[Suggestion, ...]:
    """Return who could take a span, the best first (R35): nobody who is on call in any role then, or away.

    :param others: rotations of other teams in which the same people are, by any name (R42).
    """
    rotation = team.rotation_of(role)
    around = (span.start - _AROUND, span.end + _AROUND)
    entry = team.roster[rotation.id]
    fixed = set(entry.fixed_people)
    members = [name for name in entry.people if name not in fixed and team.people[name].active]
    busy = {absence.person for absence in team.absences if absence.start < span.end and span.start < absence.end}
    elsewhere = [*team.rotations.values(), *(others or {}).values()]
    shifts: dict[str, list[Span]] = {name: [] for name in members}
    for each in elsewhere:
        for other in each.roles:
            for name in members:
                shifts[name] += each.schedule(other).shifts_of(name, *around)
    return suggest(span, shifts, busy)


def _find(ledger: Ledger, team: TeamConfig, name: str) -> tuple[str, SwapRecord]:
    for rotation in team.roster:
        key = f"{team.id}.{rotation}"
        for record in swaps_of(ledger, key):
            if record.id == name:
                return key, record
    raise UnknownChange(f"there is no swap {name!r} in the ledger of {team.id}.")


def _moved(ledger: Ledger, key: str, record: SwapRecord, status: SwapStatus, now: datetime, by: str) -> SwapRecord:
    changed = record.model_copy(
        update={"status": status, "answered_by": by, "answered_at": now, "version": record.version + 1}
    )
    if not write(ledger, key, changed, now, by):
        raise ChangeRefused(f"{record.id} was changed by somebody else just now", "Look at it again.")
    return changed


def _is_open(team: TeamConfig, record: SwapRecord, now: datetime, *, stale_too: bool = False) -> None:
    status = status_of(team, record, now)
    if status is SwapStatus.REQUESTED or (stale_too and status is SwapStatus.STALE):
        return
    why = {
        SwapStatus.STALE: f"{record.giver} is not {record.role} then any more: the plan changed",
        SwapStatus.EXPIRED: "the shift began before it was answered",
    }.get(status, f"{record.answered_by} has {status} it already")
    raise ChangeRefused(f"{record.id} is {status}: {why}", "Ask for another swap.")


def _is_held(rotation: Rotation, role: str, holder: str, span: Span) -> None:
    for turnout in rotation.turns_of(role).timeline(*span):
        if holder not in turnout.people:
            really = " and ".join(turnout.people) or "nobody"
            raise ChangeRefused(
                f"{holder} is not {role} at {local_text(turnout.start, rotation.zone)}: {really} is",
                "Look at stationmaster schedule, and name a time within one of their shifts.",
            )


def _without(team: TeamConfig, record: SwapRecord) -> Rotation:
    """Return the rotation as it would be without this swap."""
    present = team.changes.get(record.rotation, Changes())
    own = {cover.id for cover in record.covers}
    changes = present.model_copy(update={"covers": tuple(each for each in present.covers if each.id not in own)})
    return team.with_changes({**team.changes, record.rotation: changes}).rotations[record.rotation]


def _possible(team: TeamConfig, record: SwapRecord) -> None:
    """Refuse a swap by which somebody would hold two roles at one time (C-05)."""
    present = team.changes.get(record.rotation, Changes())
    changes = present.joined(Changes(covers=record.covers))
    changed = team.with_changes({**team.changes, record.rotation: changes})
    for span, _, _ in record.spans:
        one_role_each(team, record.rotation, changes, span.start, span.end)
        within_the_cap(team, changed, record.rotation, span.start, span.end)
