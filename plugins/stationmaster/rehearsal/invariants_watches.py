"""What must hold after watches, and of the on-call log: counted from what people wrote in Slack (C-26, C-30, N-08)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stationmaster.config.team import TeamConfig
from stationmaster.config.watch_kinds import QuestionsWatch, WatchEntry
from stationmaster.rehearsal.cast_questions import Written
from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.evidence_duty import Happened, chore_runs, happened, incidents
from stationmaster.rehearsal.hours_duty import rotation_of
from stationmaster.rehearsal.invariants_incidents import filed
from stationmaster.rehearsal.invariants_people import counted_here, holder
from stationmaster.rehearsal.programme_duty import WATCH

Teams = Mapping[str, TeamConfig]
TOLERANCE = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_FARTHEST = timedelta(days=14)
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")


def untagged_questions(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each question that was tagged too early, too late, twice, for nothing, not at all, or to somebody else."""
    for written in evidence.duty.questions:
        team = teams[written.team]
        watch = team.watches[written.watch]
        key = f"{team.id}.{WATCH}/question/{written.channel}/{written.ts}/tag"
        tags = [message for message in evidence.messages if message.key == key]
        what = f"{team.id}: {written.text!r} of {written.at}"
        if len(tags) != (not written.answered):
            yield f"{what} was tagged {len(tags)} times"
        for tag in tags:
            due = _due(team, watch, written)
            if not timedelta(0) <= tag.at - due <= TOLERANCE:
                yield f"{what} was tagged at {tag.at}, due at {due}"
            entry = rotation_of(team, watch.role)
            wanted = holder(team, entry, watch.role, tag.at)
            mentioned = _MENTION.findall(tag.posted)
            if counted_here(team, entry) and wanted and not set(mentioned) & set(team.people[wanted].slack):
                yield f"{what} was tagged to {mentioned}, on call was {wanted}"


def undecided_alerts(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each alert of the night that was not told once, when the watch opened, or that nobody decided about."""
    for lit in evidence.duty.lit:
        team = teams[lit.team]
        watch = team.watches[lit.watch]
        stem = f"{team.id}.{WATCH}/alerts/"
        told = [one for one in evidence.messages if one.key.startswith(stem) and lit.title in one.posted]
        opens = _opens(team, watch, lit.at)
        if len(told) != 1 or not timedelta(0) <= told[0].at - opens <= TOLERANCE:
            yield f"{team.id}: {lit.title} of {lit.at} was told {len(told)} times, the watch opened at {opens}"
        decided = [fact for fact in happened(evidence.audit, f"{team.id}.{WATCH}", "decided") if fact.at >= lit.at]
        if len(decided) != 1:
            yield f"{team.id}: {lit.title} was decided about {len(decided)} times"
        entry = rotation_of(team, watch.role)
        for fact in decided:
            wanted = holder(team, entry, watch.role, fact.at)
            if counted_here(team, entry) and fact.by != wanted:
                yield f"{team.id}: {lit.title} was decided about by {fact.by}, on call was {wanted}"


def told_out_of_hours(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each message of a watch that came when none of the team's watches is open: nobody is told at night."""
    for team in teams.values():
        for message in evidence.messages:
            if not message.by_bot or not message.key.startswith(f"{team.id}.{WATCH}/"):
                continue
            if not any(_is_open(team, watch, message.at) for watch in team.watches.values()):
                yield f"{message.key} was said at {message.at}, when nothing is watched"


def unlogged(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield what happened and stands in nobody's log, or twice (C-30)."""
    for team in teams.values():
        entries = happened(evidence.audit, f"{team.id}.log", "entry")
        for what, found in _wanted(evidence, team, entries):
            if found != 1:
                yield f"{team.id}: {what} stands {found} times in the log"
        yield from _misplaced(team, entries)


def _wanted(evidence: Evidence, team: TeamConfig, entries: tuple[Happened, ...]) -> Iterator[tuple[str, int]]:
    """Yield what belongs into a team's log, and how many entries tell it."""
    about = {(str(entry.value["about"]), datetime.fromisoformat(str(entry.value["at"]))) for entry in entries}
    chores, broken = chore_runs(evidence.audit, team.id), incidents(evidence.audit, team.id)
    for every, kinds in ((chores, ("ended",)), (broken, ("opened", "acknowledged", "resolved", "mitigated"))):
        for name, facts in every.items():
            for fact in facts:
                if fact.kind in kinds:
                    yield f"{name} {fact.kind}", int((name, fact.at) in about)
    texts = [str(entry.value["text"]) for entry in entries]
    for written in evidence.duty.questions:
        if written.team == team.id and not written.answered:
            yield f"the question {written.text!r}", sum(written.text in text and "tagged" in text for text in texts)
    handed_over = [handoff.at for handoff in evidence.handoffs if handoff.team == team.id]
    for noted in evidence.duty.noted:
        # What people write in Slack is taken into the log at the next handoff.
        if noted.team == team.id and any(at > noted.at for at in handed_over):
            yield f"{noted.text!r}", sum(noted.text in text for text in texts)


def unpublished(evidence: Evidence, teams: Teams) -> Iterator[str]:
    """Yield each shift whose log was not published once at its end, or without something that stands in it (O-10)."""
    begins: dict[str, datetime] = {}
    for handoff in sorted(evidence.handoffs, key=lambda one: one.at):
        team, rotation = teams[handoff.team], f"{handoff.team}.{handoff.rotation}"
        start = begins.get(rotation)
        begins[rotation] = handoff.at
        rules, roles = team.log, team.roster[handoff.rotation].roles
        if rules is None or rules.repository is None or (rules.roles and not set(rules.roles) & set(roles)):
            continue
        texts = filed(evidence, f"{handoff.id}/log")
        if len(texts) != 1:
            yield f"{handoff.id}: the log of the shift that ended was published {len(texts)} times"
            continue
        for entry in happened(evidence.audit, f"{team.id}.log", "entry"):
            inside = start is not None and start <= datetime.fromisoformat(str(entry.value["at"])) < handoff.at
            if inside and entry.at < handoff.at and _letters(str(entry.value["text"])) not in _letters(texts[0]):
                yield f"{handoff.id}: the published log lacks {entry.value['text']!r}"


def _letters(text: str) -> str:
    """Return a text without what Markdown needs to show it."""
    return "".join(sign for sign in text if sign.isalnum())


def _misplaced(team: TeamConfig, entries: tuple[Happened, ...]) -> Iterator[str]:
    for entry in entries:
        day = datetime.fromisoformat(str(entry.value["at"])).astimezone(ZoneInfo(team.zone)).date()
        if entry.about != f"{team.id}.log/{day.isoformat()}":
            yield f"{entry.about} holds what happened on {day}: {entry.value['text']}"


def _due(team: TeamConfig, watch: WatchEntry, written: Written) -> datetime:
    """Return when a question counts as unanswered: so many minutes of the watch's hours after it was asked."""
    left = watch.within if isinstance(watch, QuestionsWatch) else timedelta(0)
    at = written.at
    while left > timedelta(0):
        if at > written.at + _FARTHEST:
            raise LookupError(f"{watch.id} of {team.id} is not open for {_FARTHEST.days} days")
        left -= _MINUTE if _is_open(team, watch, at) else timedelta(0)
        at += _MINUTE
    return at


def _opens(team: TeamConfig, watch: WatchEntry, at: datetime) -> datetime:
    """Return the first minute from ``at`` on at which a watch is open."""
    found = at
    while not _is_open(team, watch, found):
        if found > at + _FARTHEST:
            raise LookupError(f"{watch.id} of {team.id} is not open for {_FARTHEST.days} days")
        found = found.replace(second=0, microsecond=0) + _MINUTE
    return found


def _is_open(team: TeamConfig, watch: WatchEntry, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(team.zone))
    hours = watch.hours
    return local.weekday() in {day.index for day in hours.days} and hours.opens <= local.time() < hours.closes
