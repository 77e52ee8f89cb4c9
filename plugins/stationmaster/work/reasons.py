"""Why something waits, with the names of the people who can clear it: as every channel shows it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.blockers import Blocker


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Helper(_Shape):
    """A person who can clear a blocker."""

    id: str
    name: str


class Reason(_Shape):
    """One blocker of one waiting task; ``task`` is the task that waits, ``since`` and ``clears_at`` are UTC."""

    task: str
    code: str
    sentence: str
    how: str
    who: tuple[Helper, ...]
    since: datetime | None
    clears_at: datetime | None


def reason(team: TeamConfig, task: str, found: Blocker) -> Reason:
    """Return a blocker with the names of those who can clear it; whoever has left the team keeps their id."""
    return Reason(
        task=task,
        code=found.code,
        sentence=found.sentence,
        how=found.how,
        who=tuple(
            Helper(id=person, name=team.people[person].name if person in team.people else person)
            for person in found.who
        ),
        since=found.since,
        clears_at=found.clears_at,
    )
