"""What must hold after chores, held against the team's files, the messages that were posted and the issues (T-16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stationmaster.config.chore_evidence import Wanted
from stationmaster.config.chores import Chore
from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.evidence import Evidence, Said
from stationmaster.rehearsal.evidence_duty import Happened, chore_runs
from stationmaster.rehearsal.hours_duty import next_covered, rotation_of
from stationmaster.rehearsal.invariants_people import counted_here, holder
from stationmaster.rehearsal.programme_duty import CHORES, area_of

Teams = Mapping[str, TeamConfig]
_SLACK = timedelta(minutes=20)
"""A look, a retry and a large step of the clock."""


class _Run(NamedTuple):
    """One run of a chore: its id, and what the ledger tells of it."""

    team: TeamConfig
    chore: Chore
    name: str
    facts: tuple[Happened, ...]


def unclosed_chores(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each chore that was not closed exactly once, with what shows it, by whoever was asked or is on call."""
    opened = Counter(f"{team.id}.{CHORES}.{chore.id}" for team, chore, _, _ in _chores(evidence, teams))
    started = Counter(run.dag_id for run in evidence.runs if area_of(run.dag_id) == CHORES)
    for dag_id in sorted(opened.keys() | started.keys()):
        if opened[dag_id] != started[dag_id]:
            yield f"{dag_id}: {started[dag_id]} runs ended, {opened[dag_id]} chores were opened"
    for team, chore, name, facts in _chores(evidence, teams):
        endings = _of(facts, "ended")
        if len(endings) != 1:
            yield f"{name} was closed {len(endings)} times"
            continue
        told = [message for message in evidence.messages if message.key == f"{name}/ended"]
        if len(told) != 1:
            yield f"{name}: the channel heard {len(told)} times that it is closed"
        written = [issue for issue in evidence.issues if issue.key == f"{name}/issue"]
        logged = chore.issue and team.chores_head is not None and team.chores_head.issues is not None
        if len(written) != logged:
            yield f"{name} was logged as {len(written)} issues"
        yield from _unfounded(evidence, teams, _Run(team, chore, name, facts), endings[0])


def _came(opened: Happened) -> datetime:
    """Return when the calendar brings a run: a rehearsal starts it at the full hour after that."""
    of = opened.value.get("of")
    return datetime.fromisoformat(of) if isinstance(of, str) and of else opened.at


def _unfounded(evidence: Evidence, teams: Teams, run: _Run, ending: Happened) -> Iterator[str]:
    """Yield why an ending is not to be believed."""
    team, chore, name, facts = run
    outcome = ending.value["outcome"]
    if outcome in ("done", "not_needed"):
        asked = {person for fact in _of(facts, "asked") for person in fact.value["people"]}
        entry = rotation_of(team, chore.role)
        present = {holder(team, entry, chore.role, ending.at)} if counted_here(team, entry) else {ending.by}
        if ending.by not in asked | present:
            yield f"{name} was closed by {ending.by}, who was neither asked nor on call"
    if outcome == "done":
        shown = {str(one["id"]): str(one["url"] or one["text"]) for one in ending.value["evidence"]}
        for piece in chore.evidence:
            yield from _unshown(name, piece, shown.get(piece.id, ""))
    if outcome == "fine" and getattr(chore, "check", None) is None:
        yield f"{name} was found fine, and no machine looks at it"
    if outcome == "not_needed" and not chore.may_leave:
        yield f"{name} was left, and may not be"
    if outcome == "missed":
        since = _of(facts, "opened")[0].at
        begun = [_came(_of(one.facts, "opened")[0]) for one in _chores(evidence, teams) if one.chore is chore]
        if not any(since < at <= ending.at + _SLACK for at in begun):
            yield f"{name} was given up before the next one began"


def _unshown(name: str, piece: Wanted, text: str) -> Iterator[str]:
    """Yield what is wrong with one piece of evidence."""
    if not text or (piece.kind == "link" and not text.startswith("https://")):
        yield f"{name} was closed without {piece.id}"
    elif piece.kind == "number":
        value, low, high = float(text.split()[0]), piece.at_least, piece.at_most
        if (low is not None and value < low) or (high is not None and value > high):
            yield f"{name} was closed with {text}, which is out of bounds"


def untold_doers(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each shift that was asked to do a chore and is not on call, or was not told exactly once."""
    for team, chore, name, facts in _chores(evidence, teams):
        entry = rotation_of(team, chore.role)
        for asked in _of(facts, "asked"):
            people = [str(person) for person in asked.value["people"]]
            wanted = holder(team, entry, chore.role, asked.at)
            if counted_here(team, entry) and people != [wanted]:
                yield f"{name} was asked of {people}, on call was {wanted}"
            told = [message for message in evidence.messages if message.key == f"{name}/ask/{asked.subject}"]
            accounts = [account for person in people for account in team.people[person].slack[:1]]
            if len(told) != 1 or not all(account in told[0].posted for account in accounts):
                yield f"{name}: {', '.join(people)} was told {len(told)} times"


def miscounted_chores(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each chore whose carrying over is not counted, or that was said to be late when it was not."""
    for team, chore, name, facts in _chores(evidence, teams):
        opened, endings, asked = _of(facts, "opened")[0], _of(facts, "ended"), _of(facts, "asked")
        if len(endings) != 1:
            continue
        carried = max(len(asked) - 1, 0)
        if endings[0].value["carried_over"] != carried:
            yield f"{name} was carried over {carried} times, and counted {endings[0].value['carried_over']}"
        for before, after in pairwise(asked):
            if not set(before.value["people"]).isdisjoint(after.value["people"]):
                yield f"{name} was carried over from {before.value['people']} to {after.value['people']}"
        due = datetime.fromisoformat(str(opened.value["due_at"]))
        if due != _due(team, chore, datetime.fromisoformat(str(opened.value["opened_at"]))):
            yield f"{name} is due at {due}, which is not what its file says"
        late = _late(evidence, name)
        if any(message.at < due for message in late):
            yield f"{name} was said to be late before it was due"
        # Out of hours nobody is there to be told: it is said when somebody is.
        if not late and asked and endings[0].at > next_covered(team, (chore.role,), due) + _SLACK:
            yield f"{name} was late, and nobody was told"


def _late(evidence: Evidence, name: str) -> list[Said]:
    return [message for message in evidence.messages if message.key.startswith(f"{name}/late/")]


def _due(team: TeamConfig, chore: Chore, opened: datetime) -> datetime:
    """Return when a chore is due by its file: whole days on the wall clock, the rest elapsed."""
    head = team.chores_head
    scale = {each.name: each.due for each in head.priorities} if head is not None else {}
    within = chore.due or scale.get(chore.priority or "") or timedelta(0)
    zone = ZoneInfo(getattr(chore.schedule, "zone", None) or _zone_of(team, chore))
    wall = opened.astimezone(zone).replace(tzinfo=None) + timedelta(days=within.days)
    begins = wall.replace(tzinfo=zone).astimezone(UTC) if within.days else opened.astimezone(UTC)
    return begins + (within - timedelta(days=within.days))


def _zone_of(team: TeamConfig, chore: Chore) -> str:
    if chore.schedule.kind in ("each_handoff", "each_shift_day"):
        return rotation_of(team, chore.role).zone or team.zone
    return team.zone


def _chores(evidence: Evidence, teams: Teams) -> Iterator[_Run]:
    for team in teams.values():
        for name, facts in chore_runs(evidence.audit, team.id).items():
            chore = team.chores.get(name.split("/")[1])
            if chore is not None:
                yield _Run(team, chore, name, facts)


def _of(facts: Sequence[Happened], kind: str) -> list[Happened]:
    return [fact for fact in facts if fact.kind == kind]
