"""Who voted and who was named: held against the team's files by a computation of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from stationmaster.config.holiday_lists import Holidays
from stationmaster.config.roster import RotationEntry
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import kind_of
from stationmaster.core.rotations.turns import Kind
from stationmaster.rehearsal.evidence import Dispatch, Evidence

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_ESCALATED = "/escalated-to-"
_SAID_BY_CONDUCTOR = ("cut/started", "promote/started", "cut/hold-question")

_Trains = Mapping[str, tuple[TeamConfig, TrainConfig]]
_ANSWERS = ("confirmed", "hold_answer", "checklist", "manual", "failure_answer")
"""The kinds of facts that the person on call, or a backup, has answered a question with."""


def counted_here(team: TeamConfig, entry: RotationEntry) -> bool:
    """Return whether `holder` can tell who is on call: what it cannot count is left out, and said to be."""
    plain = entry.kind in (Kind.WEEKLY, Kind.DAILY) or (entry.kind is Kind.WORKING_DAY and entry.off_days == "gap")
    alone = all(len(slot) == 1 for slot in entry.members)
    changed = entry.overrides or entry.temporary or entry.decided_roles or team.locked.get(entry.id)
    return plain and alone and not changed


def left_out(teams: Mapping[str, TeamConfig]) -> tuple[str, ...]:
    """Return the rotations whose people are not counted a second time: ``<team>.<rotation>``."""
    rotations = ((team, entry) for team in teams.values() for entry in team.roster.values())
    return tuple(f"{team.id}.{entry.id}" for team, entry in rotations if not counted_here(team, entry))


def holder(team: TeamConfig, entry: RotationEntry, role: str, at: datetime) -> str | None:
    """Return whose turn it is in a role at an instant, counted in whole turns from the day that the file names.

    It counts by a walk over the days, and knows nothing of the core; hours, overrides and swaps are not looked at.

    :returns: None on a day off.
    """
    rule = entry.roles[role]
    if rule.like is not None:
        return holder(team, entry, rule.like, at)
    if rule.person is not None:
        return rule.person
    local = at.astimezone(ZoneInfo(entry.zone or team.zone)).replace(tzinfo=None)
    turn = _turn(entry, local)
    if turn is None:
        return None
    if rule.turn is not None:
        return _in_line(entry, turn + rule.turn)
    backed = holder(team, entry, str(rule.backs), at)
    experience = {name: person.experience for name, person in team.people.items()}
    line = [_in_line(entry, turn + step) for step in range(1, len(entry.members))]
    fit = [name for name in (*line, *rule.also) if name and experience[name] > experience.get(backed or "", 0)]
    return fit[0]


def _turn(entry: RotationEntry, local: datetime) -> int | None:
    begins = datetime.combine(entry.since, entry.handoff.at)
    if entry.kind is Kind.WEEKLY:
        return (local - begins) // timedelta(weeks=entry.length)
    if entry.kind is Kind.DAILY:
        return (local - begins) // timedelta(days=entry.length)
    today = (local - timedelta(hours=begins.hour, minutes=begins.minute)).date()
    worked = {day.index for day in entry.working_days}
    off = _days_off(entry.holidays, entry.since.year)
    # Before its first day a rotation counts backwards, as its other kinds do.
    first, last = sorted((entry.since, today))
    days = (first + timedelta(days=step) for step in range((last - first).days + 1))
    at_work = [day for day in days if day.weekday() in worked and day not in off]
    if today not in at_work:
        return None
    passed = at_work.index(today) if entry.since <= today else -sum(day < entry.since for day in at_work)
    return passed // entry.length


@cache
def _days_off(holidays: Holidays, year: int) -> frozenset[date]:
    return frozenset(holidays.from_year(year))


def _in_line(entry: RotationEntry, turn: int) -> str:
    fixed = {found.person for found in entry.roles.values() if found.person}
    line = [name for slot in entry.members for name in slot if name not in fixed]
    cycle, place = divmod(turn + entry.first, len(line))
    if entry.shuffle is None:
        return line[place]
    order, before = _shuffled(entry.shuffle, line, cycle), _shuffled(entry.shuffle, line, cycle - 1)
    if order[0] == before[-1] and len(line) > 2:
        order[:2] = reversed(order[:2])
    return order[place]


def _shuffled(seed: str, line: list[str], cycle: int) -> list[str]:
    return sorted(line, key=lambda name: sha256(f"{seed}\x1f{cycle}\x1f{name}".encode()).hexdigest())


def strangers(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each ballot for a manifest that was not aboard its departure, or cast with an account of somebody else."""
    for departure, ballots in evidence.ballots.items():
        team, _ = trains[departure.split("/", 1)[0]]
        aboard = {pin.manifest: pin.at for pin in evidence.pins if pin.departure == departure}
        for ballot in ballots:
            who = f"{departure}: {ballot.voter or ballot.account}"
            pinned_at = aboard.get(ballot.manifest)
            if pinned_at is None or ballot.cast_at < pinned_at:
                yield f"{who} voted for {ballot.manifest[:8]}, which was not aboard"
            person = team.people.get(ballot.voter or "")
            if person is None:
                continue  # an account that nobody owns is no voter, and is counted for nobody
            owned = {"airflow": (person.airflow,), "github": (person.github,)}.get(ballot.channel, person.slack)
            if ballot.account not in owned:
                yield f"{who} voted with the account {ballot.account}, which is not theirs"


def untold(evidence: Evidence, teams: Mapping[str, TeamConfig]) -> Iterator[str]:
    """Yield each role of a handoff whose person was not told exactly once, in Slack and by mail (C-06)."""
    for handoff in evidence.handoffs:
        team = teams[handoff.team]
        entry = team.roster[handoff.rotation]
        if entry.notices is None or not counted_here(team, entry):
            continue
        for role, rule in entry.roles.items():
            name = holder(team, entry, role, handoff.at)
            if name is None or rule.like is not None:
                continue  # whoever holds a role that is like another hears of both at once
            person = team.people[name]
            told = [message for message in evidence.messages if message.key.startswith(f"{handoff.id}/tell/{role}/")]
            if [_MENTION.findall(message.posted)[:1] for message in told] != [
                [account] for account in person.slack[:1]
            ]:
                yield f"{handoff.id}: {person.name} comes on call as {role} and was told {len(told)} times in Slack"
            mailed = [mail for mail in evidence.mails if mail.key.startswith(f"{handoff.id}/tell/{role}/")]
            if entry.notices.mail and [mail.recipients for mail in mailed] != [(person.email,)]:
                yield f"{handoff.id}: {person.name} comes on call as {role} and got {len(mailed)} mails"


def wrong_conductors(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each place where somebody is named as on call who is not: XCom, ledger, Slack."""
    for said in (*_in_xcom(evidence, trains), *_in_slack(evidence, trains), *_in_ledger(evidence, trains)):
        where, person, allowed = said
        if person not in allowed:
            yield f"{where} names {person}, on call is {' or '.join(sorted(allowed))}"


_Claim = tuple[str, str, set[str]]
"""Where somebody is named, who is named, who may be."""


def _in_xcom(evidence: Evidence, trains: _Trains) -> Iterator[_Claim]:
    for found in evidence.named:
        team, train = trains[found.departure.split("/", 1)[0]]
        if not _counted(team, train.on_call):
            continue
        allowed = {_on_call(team, train.on_call, found.began), _on_call(team, train.on_call, found.ended)}
        asked = found.task.partition("[")[0] == "ask_whom_to_wait_for"
        backups = _backups(team, train.on_call, found.ended) if asked else set()
        yield f"{found.departure}: the XCom of {found.task}", found.person, allowed | backups


def _in_slack(evidence: Evidence, trains: _Trains) -> Iterator[_Claim]:
    for message in evidence.messages:
        departure, mark, what = message.key.partition("/tell/")
        if not mark or not (what in _SAID_BY_CONDUCTOR or "/ask/" in what):
            continue
        team, train = trains[departure.split("/", 1)[0]]
        # An escalation names whoever holds the role that it goes up to.
        role = what.partition(_ESCALATED)[2] or train.on_call
        if not _counted(team, role):
            continue
        for account in _MENTION.findall(message.posted)[:1]:
            owner = next((person.id for person in team.people.values() if account in person.slack), account)
            yield f"{departure}: the message {what}", owner, {_on_call(team, role, message.at)}


def _in_ledger(evidence: Evidence, trains: _Trains) -> Iterator[_Claim]:
    for departure, facts in evidence.facts.items():
        team, train = trains[departure.split("/", 1)[0]]
        role = train.gates.confirm.role if train.gates.confirm else train.on_call
        for fact in facts:
            asked = role if fact.kind == "confirmed" else train.on_call
            if fact.kind in _ANSWERS and _counted(team, asked):
                allowed = {_on_call(team, asked, fact.at), *_backups(team, asked, fact.at)}
                yield f"{departure}: the fact {fact.kind} {fact.subject[:8]}", fact.by, allowed
    for entry in evidence.audit:
        if entry.action == "departure.state" and entry.body.get("to") == "PROMOTING":
            team, train = trains[entry.subject.split("/", 1)[0]]
            if not _counted(team, train.on_call):
                continue
            allowed = {_on_call(team, train.on_call, entry.at)}
            if entry.body.get("act") == "DEPLOY_AGAIN":
                allowed |= _backups(team, train.on_call, entry.at)
            yield f"{entry.subject}: the start", entry.actor, allowed


def _rotation(team: TeamConfig, role: str) -> RotationEntry:
    return next(entry for entry in team.roster.values() if role in entry.roles)


def _counted(team: TeamConfig, role: str) -> bool:
    return counted_here(team, _rotation(team, role))


def _on_call(team: TeamConfig, role: str, at: datetime) -> str:
    return holder(team, _rotation(team, role), role, at) or "nobody"


def _backups(team: TeamConfig, role: str, at: datetime) -> set[str]:
    entry = _rotation(team, role)
    return {holder(team, entry, step.role, at) or "nobody" for step in entry.escalation}


def pushed_by_strangers(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each deploy to production that nobody of the group which alone may act had said go to (T-01)."""
    for found in evidence.dispatches:
        team, train = trains[found.departure.split("/", 1)[0]]
        group = train.rules.actors
        if group is None or found.environment != train.production or found.stop == "rollback":
            continue
        who = _word_of(evidence, found)
        if who not in team.groups[group]:
            yield f"{found.departure}: {found.repository} came to {found.environment} on the word of {who}"


def _word_of(evidence: Evidence, found: Dispatch) -> str:
    """Return on whose word something went: the last go of a train's promotion, whoever asked for a hotfix."""
    facts = [fact for fact in evidence.facts.get(found.departure, ()) if fact.at <= found.at]
    if kind_of(found.departure).is_hotfix:
        return next((fact.by for fact in facts if fact.kind == "asked"), "nobody")
    said = [fact for fact in facts if fact.kind == "confirmed"]
    return str(said[-1].value["person"]) if said and said[-1].value["choice"] == "go" else "nobody"
