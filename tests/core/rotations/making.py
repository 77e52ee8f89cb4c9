"""Short ways to a rotation, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stationmaster.core.rotations.changes import Changes
from stationmaster.core.rotations.members import Members
from stationmaster.core.rotations.plan import Plan, Revision
from stationmaster.core.rotations.roles import RoleRule
from stationmaster.core.rotations.rotation import Rotation
from stationmaster.core.rotations.turns import Cadence

PRIMARY = {"primary": RoleRule(turn=0)}


def revision(
    members: str = "ada ben cleo dev",
    *,
    anchor: datetime = datetime(2021, 10, 4, 9),
    zone: str = "America/Los_Angeles",
    roles: Mapping[str, RoleRule] = PRIMARY,
    experience: Mapping[str, int] | None = None,
    first: int = 0,
    effective_from: datetime | None = None,
    takes_over: Any = "at_once",
    **cadence: Any,
) -> Revision:
    """Return a revision; people who share a turn are joined by +, and - is a turn that nobody has."""
    slots = tuple(() if slot == "-" else tuple(slot.split("+")) for slot in members.split())
    return Revision(
        cadence=Cadence(zone=zone, anchor=anchor, **cadence),
        members=Members(slots=slots, first=first),
        roles=dict(roles),
        experience=dict(experience or {}),
        effective_from=effective_from,
        takes_over=takes_over,
    )


def rotation(
    members: str = "ada ben cleo dev", *, changes: Changes | None = None, hours: Any = None, **given: Any
) -> Rotation:
    """Return a rotation of one revision."""
    only = revision(members, **given)
    return Rotation(
        id="oncall",
        zone=only.cadence.zone,
        plan=Plan(id="oncall", revisions=(only,)),
        hours=hours or {},
        changes=changes or Changes(),
    )
