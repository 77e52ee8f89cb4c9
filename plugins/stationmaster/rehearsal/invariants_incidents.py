"""What must hold after incidents: their ladders are climbed a second time, from the files and the messages (C-33)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from stationmaster.config.incidents import IncidentRules, Rung
from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.evidence_duty import Happened, incidents
from stationmaster.rehearsal.hours_duty import is_covered, next_covered, rotation_of
from stationmaster.rehearsal.invariants_people import counted_here, holder

Teams = Mapping[str, TeamConfig]
TOLERANCE = timedelta(minutes=2)
"""From the instant of a rung to its page: a look, and a retry."""


class Due(NamedTuple):
    """One rung of a ladder: when it is due, and who is on it then; None where that is not counted a second time."""

    at: datetime
    people: frozenset[str] | None


def unpaged(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each page that came too early, too late, to somebody else, twice, or after the acknowledgement."""
    for team, rules, name, facts in _incidents(evidence, teams):
        opened, taken = facts[0], _first(facts, "acknowledged", "called_off", "resolved")
        paged = {int(fact.value["place"]): fact for fact in _of(facts, "paged")}
        if len(paged) != len(_of(facts, "paged")):
            yield f"{name}: a rung was paged twice"
        for place, due in enumerate(_ladder(team, rules, opened)):
            page = paged.get(place)
            told = [message for message in evidence.messages if message.key == f"{name}/tell/page/0/{place}"]
            if page is not None:
                yield from _misplaced(f"{name}: rung {place + 1}", page, due, taken)
                if len(told) != 1:
                    yield f"{name}: the page of rung {place + 1} was said {len(told)} times"
            elif taken is None or due.at < taken.at:
                yield f"{name}: rung {place + 1} was due at {due.at} and nobody was paged"
        if taken is None:
            yield f"{name} was never acknowledged"


def _misplaced(what: str, page: Happened, due: Due, taken: Happened | None) -> Iterator[str]:
    """Yield what is wrong with one page."""
    if taken is not None and page.at > taken.at:
        yield f"{what} was paged at {page.at}, acknowledged at {taken.at}"
    if not timedelta(0) <= page.at - due.at <= TOLERANCE:
        yield f"{what} was due at {due.at} and paged at {page.at}"
    if due.people is not None and set(page.value["people"]) != due.people:
        on_call = ", ".join(sorted(due.people))
        yield f"{what} paged {', '.join(page.value['people'])}, on call was {on_call}"


def paged_out_of_hours(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each incident that was not critical, whose people were woken outside the hours that the team promises."""
    for team, rules, name, facts in _incidents(evidence, teams):
        first = _first(facts, "paged")
        if first is None or _policy(team, rules) == "page" or _is_critical(rules, facts[0]):
            continue
        if not is_covered(team, rules.roles, first.at):
            yield f"{name} paged {', '.join(first.value['people'])} at {first.at}, out of their hours"


def unreported(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each incident without its end, its one report, its tickets, or the postmortem that the policy asks for."""
    for team, rules, name, facts in _incidents(evidence, teams):
        resolved = _first(facts, "resolved")
        if resolved is None:
            if _first(facts, "called_off") is None:
                yield f"{name} never came to its end"
            continue
        if rules.report is not None:
            texts = filed(evidence, f"{name}/report")
            if len(texts) != 1:
                yield f"{name} has {len(texts)} reports"
            for text in texts:
                lacking = [word for word in (name, "| When | What |") if word not in text]
                lacking += [person for person in _responders(team, facts) if person not in text]
                if lacking:
                    yield f"the report of {name} lacks {', '.join(lacking)}"
        examined = _first(facts, "examined")
        wanted = len(examined.value["follow_ups"]) if examined is not None and rules.tickets is not None else 0
        tickets = [issue for issue in evidence.issues if issue.key.startswith(f"{name}/follow-up/")]
        if len(tickets) != wanted:
            yield f"{name} has {len(tickets)} tickets, {wanted} follow from it"
        written = _of(facts, "postmortem")
        if len(written) != _asks_for_postmortem(rules, facts[0]):
            yield f"{name} has {len(written)} postmortems"


def _incidents(
    evidence: Evidence, teams: Teams
) -> Iterator[tuple[TeamConfig, IncidentRules, str, tuple[Happened, ...]]]:
    for team in teams.values():
        if team.incidents is not None:
            for name, facts in incidents(evidence.audit, team.id).items():
                yield team, team.incidents, name, facts


def _ladder(team: TeamConfig, rules: IncidentRules, opened: Happened) -> Iterator[Due]:
    """Yield every rung with its instant: each delay counts from the rung before it."""
    at = opened.at
    if _policy(team, rules) != "page" and not _is_critical(rules, opened):
        at = next_covered(team, rules.roles, at)
    for rung in _rungs(team, rules):
        at += rung.after
        yield Due(at, _people(team, rung, at))


def _rungs(team: TeamConfig, rules: IncidentRules) -> Iterator[Rung]:
    yield Rung(roles=rules.roles)
    if rules.ladder is not None:
        yield from rules.ladder
    else:
        for step in rotation_of(team, rules.roles[0]).escalation:
            yield Rung(roles=(step.role,), after=step.after)
    if rules.last_resort is not None:
        yield rules.last_resort


def _people(team: TeamConfig, rung: Rung, at: datetime) -> frozenset[str] | None:
    """Return who is on a rung at an instant; None where that is not counted here."""
    if rung.group is not None:
        return frozenset(name for name in team.groups[rung.group] if team.people[name].active)
    if rung.circle is not None:
        return frozenset({team.circles[rung.circle].owner})
    if rung.channel is not None:
        return frozenset()
    there = [role for role in rung.roles if is_covered(team, (role,), at)] or list(rung.roles)
    for role in there:
        entry = rotation_of(team, role)
        if not counted_here(team, entry):
            return None
        name = holder(team, entry, role, at)
        if name is not None:
            return frozenset({name})
    return None


def _policy(team: TeamConfig, rules: IncidentRules) -> str:
    said = rules.out_of_hours or rotation_of(team, rules.roles[0]).out_of_hours
    return "page" if said == "page" else "defer"


def _is_critical(rules: IncidentRules, opened: Happened) -> bool:
    return rules.severities[str(opened.value["severity"])].critical or bool(opened.value.get("company"))


def _asks_for_postmortem(rules: IncidentRules, opened: Happened) -> bool:
    rule = rules.postmortem
    if rule is None:
        return False
    large = not rule.large_impact or rules.impacts[str(opened.value["impact"])].large
    rated = opened.value["severity"] in rule.severities and large
    return rated or (rule.company and bool(opened.value.get("company")))


def filed(evidence: Evidence, key: str) -> list[str]:
    """Return the texts that were really written under a key, as an issue or as a file."""
    issues = [issue.body for issue in evidence.issues if issue.key == key]
    return issues + [file.text for file in evidence.files if file.key == key]


def _responders(team: TeamConfig, facts: Sequence[Happened]) -> list[str]:
    """Return the names of those who did something in an incident."""
    did = ("acknowledged", "updated", "mitigated", "resolved")
    people = dict.fromkeys(fact.by for fact in facts if fact.kind in did)
    return [team.people[name].name for name in people if name in team.people]


def _of(facts: Sequence[Happened], kind: str) -> list[Happened]:
    return [fact for fact in facts if fact.kind == kind]


def _first(facts: Sequence[Happened], *kinds: str) -> Happened | None:
    return next((fact for fact in facts if fact.kind in kinds), None)
