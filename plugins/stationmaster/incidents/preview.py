"""Who would be paged when, without paging anybody: for whoever writes the team's file, and for a worried person."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.config import incident_ladder
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.incidents import paging
from stationmaster.incidents.opening import UnknownRating
from stationmaster.incidents.records import NoIncidents

if TYPE_CHECKING:
    from stationmaster.config.incidents import Rung
    from stationmaster.config.team import TeamConfig


class Previewed(NamedTuple):
    """One rung: when, who in the words of the file, the names of the people, and why there are none."""

    place: int
    at: datetime
    who: str
    people: tuple[str, ...]
    nobody: str


def ladder(team: TeamConfig, at: datetime, severity: str | None = None) -> tuple[str, tuple[Previewed, ...]]:
    """Return the severity, and every rung of an incident that is opened at ``at`` (aware).

    :raises NoIncidents, UnknownRating: the team's file says nothing of incidents, or not of this severity.
    """
    rules = team.incidents
    if rules is None:
        raise NoIncidents(f"{team.id} has no section incidents in its file.")
    name = severity or next(iter(rules.severities))
    if name not in rules.severities:
        raise UnknownRating(f"{name!r} is no severity of {team.id}. It has {', '.join(rules.severities)}.")
    steps = incident_ladder.rungs(team, rules)
    due = incident_ladder.ladder(team, rules, at, critical=rules.severities[name].critical)
    return name, tuple(_previewed(team, steps[int(page.role)], int(page.role), page.at) for page in due)


def _previewed(team: TeamConfig, rung: Rung, place: int, at: datetime) -> Previewed:
    who = rung.group or rung.circle or rung.channel or " or ".join(rung.roles)
    try:
        people = paging.people_of(team, rung, at)
    except NobodyOnCall as nobody:
        return Previewed(place, at, who, (), str(nobody))
    return Previewed(place, at, who, tuple(person.name for person in people), "")
