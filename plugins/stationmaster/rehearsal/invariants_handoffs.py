"""What must hold after handoffs: packages, handles and acknowledgements, held against the files and the stand-ins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from stationmaster.config.roster import RotationEntry
from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.evidence import Evidence, HandedOver
from stationmaster.rehearsal.invariants_people import counted_here, holder

Teams = Mapping[str, TeamConfig]


def unpacked(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each handoff whose open work was not written as exactly one issue, assigned to whoever comes on call."""
    for handoff, team, entry in _handoffs(evidence, teams):
        if entry.package is None or not counted_here(team, entry):
            continue
        found = [issue for issue in evidence.issues if issue.key == f"{handoff.id}/package"]
        name = holder(team, entry, next(iter(entry.roles)), handoff.at)
        wanted = (team.people[name].github,) if name is not None and team.people[name].github else ()
        if [(issue.repository, issue.assignees) for issue in found] != [(entry.package.repository, wanted)]:
            yield f"{handoff.id}: {len(found)} issues were written, for {[issue.assignees for issue in found]}"
        told = [message for message in evidence.messages if message.key == f"{handoff.id}/package/slack"]
        if entry.notices is not None and len(told) != 1:
            yield f"{handoff.id}: the channel was told of the package {len(told)} times"


def misplaced_handles(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each handle that is not exactly whoever came on call last, and each that moved more than once a handoff."""
    newest: dict[tuple[str, str], HandedOver] = {}
    for handoff, team, entry in _handoffs(evidence, teams):
        if entry.handle is None or not counted_here(team, entry):
            continue
        newest[team.id, entry.id] = handoff
        moves = [effect for effect in evidence.effects if effect.key.startswith(f"{handoff.id}/handle/")]
        if len(moves) != 1 or moves[0].attempts != 1:
            yield f"{handoff.id}: @{entry.handle.name} was moved {len(moves)} times"
    for (team_id, rotation), handoff in newest.items():
        team, entry = teams[team_id], teams[team_id].roster[rotation]
        name = holder(team, entry, entry.handle.role, handoff.at) if entry.handle is not None else None
        members = evidence.handles.get(entry.handle.group, ()) if entry.handle is not None else ()
        if name is None or members != team.people[name].slack[:1]:
            yield f"@{entry.handle.name if entry.handle else rotation} is {members}, on call is {name}"


def unanswered(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each handoff that nobody acknowledged, or that was escalated too early, too late, or twice (D-27)."""
    for handoff, team, entry in _handoffs(evidence, teams):
        if entry.acknowledge is None:
            continue
        facts = evidence.handed.get(handoff.id, ())
        answers = [fact for fact in facts if fact.kind == "acknowledged"]
        asked = [fact for fact in facts if fact.kind == "acknowledgement-asked"]
        if len(answers) != 1 or len(asked) != 1:
            yield f"{handoff.id}: acknowledged {len(answers)} times, asked {len(asked)} times"
            continue
        escalated = [one for one in evidence.messages if one.key == f"{handoff.id}/acknowledge/escalated"]
        due = asked[0].at + entry.acknowledge.within
        if len(escalated) != (answers[0].at > due):
            yield f"{handoff.id}: answered at {answers[0].at}, due at {due}, escalated {len(escalated)} times"
        if any(not timedelta(0) <= one.at - due < timedelta(minutes=20) for one in escalated):
            yield f"{handoff.id}: due at {due}, escalated at {[one.at for one in escalated]}"
        if answers[0].by not in team.people:
            yield f"{handoff.id}: acknowledged by {answers[0].by}, whom nobody knows"


def _handoffs(evidence: Evidence, teams: Teams) -> Iterator[tuple[HandedOver, TeamConfig, RotationEntry]]:
    for handoff in evidence.handoffs:
        team = teams[handoff.team]
        yield handoff, team, team.roster[handoff.rotation]
