"""A change of a rotation's file becomes a revision: what moves, and for whom; nothing of the past does (R50, R67)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from stationmaster.config.rotations_lock import LockedRevision, LockFile, written_digest
from stationmaster.core.rotations.members import Slot
from stationmaster.core.rotations.plan import Plan, Revision
from stationmaster.core.rotations.reports import Move, moves
from stationmaster.core.rotations.schedule import Layer, Schedule
from stationmaster.oncall.errors import ChangeRefused

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig

TakesOver = Literal["at_once", "at_handoff"]


class Locking(NamedTuple):
    """What locking one rotation does. ``moves`` are by role; ``added`` is None where nothing changed."""

    rotation: str
    state: Literal["unchanged", "first", "changed"]
    added: LockedRevision | None
    moves: dict[str, tuple[Move, ...]]

    @property
    def affected(self) -> tuple[str, ...]:
        """Everybody who gets or loses a shift."""
        return tuple(
            sorted(
                {person for each in self.moves.values() for move in each for person in {*move.before} ^ {*move.after}}
            )
        )


def locking(
    lock: LockFile,
    team: TeamConfig,
    name: str,
    *,
    now: datetime,
    effective: datetime,
    takes_over: TakesOver,
    ahead: timedelta = timedelta(weeks=13),
) -> Locking:
    """Return what becomes of one rotation: nothing, its first revision, or a new one.

    :param effective: from when the new revision counts; not in the past.
    :param ahead: how far from there on the moves are looked at.
    :raises ChangeRefused: ``effective`` is in the past, or not after the newest revision.
    """
    key, entry = f"{team.id}.{name}", team.roster[name]
    experience = {person: each.experience for person, each in team.people.items()}
    written = written_digest(entry, team.zone, experience)
    revision = entry.revision(team.zone, experience)
    known = lock.revisions(key)
    if not known:
        first = LockedRevision(revision=revision, written=written, locked_at=now)
        return Locking(name, "first", first, {})
    if lock.says(key) == written:
        return Locking(name, "unchanged", None, {})
    if effective < now:
        raise ChangeRefused("a change cannot count from an instant that has been", "The past does not change.")
    before = Plan(id=name, revisions=known)
    latest = known[-1].effective_from
    if latest is not None and latest >= effective:
        raise ChangeRefused(
            f"the newest revision of {key} counts from {latest.isoformat()} on",
            "Name a later instant with --effective.",
        )
    changed = revision.model_copy(update={"effective_from": effective, "takes_over": takes_over})
    goes_on = _going_on(before, changed)
    after = Plan(id=name, revisions=(*known, goes_on))
    roles = dict.fromkeys((*before.newest.roles, *goes_on.roles))
    return Locking(
        name,
        "changed",
        LockedRevision(revision=goes_on, written=written, locked_at=now),
        {
            role: found
            for role in roles
            if (found := moves(_schedule(before, role), _schedule(after, role), effective, effective + ahead))
        },
    )


def first_difference(before: LockFile, after: LockFile, now: datetime) -> str | None:
    """Return where the past differs between two lock files, None where it is the same (R67).

    A revision of the old file stands unchanged in the new one, or was not in force yet.
    """
    for key, several in before.rotations.items():
        for place, locked in enumerate(several):
            since = locked.revision.effective_from
            if since is not None and since > now:
                continue
            kept = after.rotations.get(key, ())
            if place >= len(kept) or kept[place].revision != locked.revision:
                when = "the beginning" if since is None else since.isoformat()
                return f"{key}: the revision that counts from {when} is gone, or another one"
        for locked in after.rotations.get(key, ())[len(several) :]:
            since = locked.revision.effective_from
            if since is None or since < several[-1].locked_at:
                return f"{key}: a revision was added that counts from before the newest one was locked"
    return None


def _schedule(plan: Plan, role: str) -> Schedule:
    known = any(role in revision.roles for revision in plan.revisions)
    return Schedule(layers=(Layer(plan=plan, role=role),)) if known else Schedule()


def _going_on(before: Plan, changed: Revision) -> Revision:
    """Return the revision with its list begun where the old order stood, so that a change of the list is no new round.

    At a handoff whoever stands after the present person in the new list is next; at once that person stays, if they
    are still in it. A file that names another beginning, or shuffles, says by itself whose turn it is.
    """
    old = before.newest
    if changed.cadence.anchor != old.cadence.anchor or changed.cadence.kind is not old.cadence.kind:
        return changed
    if changed.members.shuffle is not None or old.members.shuffle is not None or changed.effective_from is None:
        return changed
    takes_over = Plan(id=before.id, revisions=(*before.revisions, changed)).takes_over_at[-1]
    last = old.cadence.turn_at(takes_over - timedelta(microseconds=1)).number
    slots = changed.members.slots
    current = old.members.people(last)
    if old.cadence.turn_at(takes_over).start != takes_over:
        wanted = _next_in(slots, old, last)
    else:
        wanted = slots.index(current) + 1 if current in slots else _next_in(slots, old, last + 1)
    number = changed.cadence.turn_at(takes_over).number
    members = changed.members.model_copy(update={"first": wanted - number})
    return changed.model_copy(update={"members": members})


def _next_in(slots: tuple[Slot, ...], old: Revision, turn: int) -> int:
    """Return the place in a new list of the first who is still in it, in the old order from a turn on."""
    for step in range(len(old.members.slots)):
        slot = old.members.people(turn + step)
        if slot in slots:
            return slots.index(slot)
    return 0
