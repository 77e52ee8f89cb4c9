"""Why a handoff waits, for whom and until when: the same answer for the CLI and the log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from stationmaster.work.reasons import Helper, Reason, reason

if TYPE_CHECKING:
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Holder(_Shape):
    """Who holds a role."""

    role: str
    person: Helper


class HandoffExplained(_Shape):
    """One handoff, with whoever holds the roles since; ``blockers`` are what its tasks wait for."""

    handoff: str
    start: datetime
    end: datetime
    holders: tuple[Holder, ...]
    blockers: tuple[Reason, ...]


class NextHandoff(_Shape):
    """When the rotation hands over next, and to whom."""

    at: datetime
    holders: tuple[Holder, ...]


class RotationExplanation(_Shape):
    """The answer of ``stationmaster explain`` about a rotation."""

    rotation: str
    at: datetime
    handoff: HandoffExplained
    next: NextHandoff


def explain(desk: ShiftDesk, handoff: Handoff | None = None) -> RotationExplanation:
    """Return what a handoff of a rotation waits for, and when the rotation hands over next.

    :param handoff: by default the one whose shifts are held now.
    :raises NobodyOnCall: the rotation has no members.
    """
    now = desk.now()
    present = desk.handoff_at(now) if handoff is None else handoff
    following = desk.rotation.next_handoff(now)
    return RotationExplanation(
        rotation=desk.key,
        at=now,
        handoff=HandoffExplained(
            handoff=present.id,
            start=present.start,
            end=present.end,
            holders=_holders(desk, {role: shift.person for role, shift in present.shifts.items()}),
            blockers=tuple(
                reason(desk.team, subject.removeprefix(f"{present.id}/"), why)
                for subject, blockers in desk.ledger.blockers(present.id).items()
                for why in blockers
            ),
        ),
        next=NextHandoff(
            at=following,
            holders=_holders(desk, {role: shift.person for role, shift in desk.rotation.turns_at(following).items()}),
        ),
    )


def _holders(desk: ShiftDesk, people: dict[str, str]) -> tuple[Holder, ...]:
    return tuple(
        Holder(role=role, person=Helper(id=person, name=desk.team.people[person].name))
        for role, person in people.items()
    )
