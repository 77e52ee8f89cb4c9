"""The incidents of a team in the ledger: read as stories, written one happening at a time (C-30)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stationmaster.core.incidents import AREA, Happening, Kind, NotAnIncident, Story, parse_id, require, tell

if TYPE_CHECKING:
    from stationmaster.config.incidents import IncidentRules
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

NUMBERED = "numbered"
"""The fact under ``<team>.incident`` that lists one incident: its subject is the id."""
_KINDS = {kind.value: kind for kind in Kind}


class NoIncidents(LookupError):
    """A team whose file says nothing of incidents."""


def area_of(team: str) -> str:
    """Return the name under which the ledger keeps a team's incidents: ``<team>.incident``."""
    return f"{team}.{AREA}"


def rules_of(desk: Desk) -> IncidentRules:
    """Return what the team's file says of incidents.

    :raises NoIncidents: nothing.
    """
    rules = desk.files.incidents
    if rules is None:
        raise NoIncidents(f"{desk.files.id} has no section incidents in include/teams/{desk.files.id}.yaml. Write one.")
    return rules


def story(desk: Desk, name: str) -> Story:
    """Return an incident as it stands.

    :raises NotAnIncident: it is none of this team's, or was never opened.
    """
    team, _, _ = parse_id(name)
    if team != desk.files.id:
        raise NotAnIncident(f"{name} is an incident of {team}, not of {desk.files.id}.")
    return tell(name, [_happening(fact) for fact in desk.ledger.facts(name) if fact.kind in _KINDS])


def stories(desk: Desk) -> Iterator[Story]:
    """Yield every incident of the team, the newest first."""
    for fact in reversed(desk.ledger.facts(area_of(desk.files.id), NUMBERED)):
        yield story(desk, fact.subject)


def happened(
    desk: Desk, about: Story, kind: Kind, by: str, value: dict[str, Any], *, once: str | None = None
) -> Happening:
    """Add a happening to an incident, and return it.

    :param once: what it is once of within the incident: a second call with it returns the first, and asks nothing.
    :raises NotNow: an incident in its state does not take it.
    """
    if once is not None:
        known = [fact for fact in desk.ledger.facts(about.id, kind.value) if fact.subject == once]
        if known:
            return _happening(known[0])
    require(story(desk, about.id), kind)
    now = desk.now()
    if once is None:
        return _happening(desk.ledger.record(about.id, kind.value, "", value, now, by))
    return _happening(desk.ledger.record_once(about.id, kind.value, once, value, now, by))


def _happening(fact: Fact) -> Happening:
    return Happening(kind=_KINDS[fact.kind], at=fact.at, by=fact.by, value=fact.value, place=fact.seq)


def follow_up_key(story: Story, place: int) -> str:
    """Return the key of the ticket of one follow-up, by its place in what was said."""
    return f"{story.id}/follow-up/{story.round}/{place}"


def runbook_key(story: Story) -> str:
    """Return the key of the ticket of a runbook that is missing."""
    return f"{story.id}/runbook/{story.round}"
