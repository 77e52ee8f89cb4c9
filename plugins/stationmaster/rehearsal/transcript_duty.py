"""The story of a team's own work: its chores, questions, incidents, and the log of each shift (Markdown and JSON)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from stationmaster.config.team import TeamConfig
from stationmaster.core import escaping
from stationmaster.rehearsal.evidence import Evidence, Said
from stationmaster.rehearsal.evidence_duty import Happened, chore_runs, happened, incidents
from stationmaster.rehearsal.programme_duty import WATCH
from stationmaster.rehearsal.transcript_slack import as_markdown, without_stand_ins

_OUTCOMES = {
    "done": "done",
    "fine": "found fine by a machine",
    "not_needed": "not needed",
    "missed": "missed: the next one began",
}
_WHEN = "%a %d %b %H:%M"
_KEPT = 8
"""Rows of chores that went as they should, for each chore; the rest is counted."""


def duty_stories(evidence: Evidence, teams: Mapping[str, TeamConfig]) -> Iterator[str]:
    """Yield the lines of the stories of each team that had something to do beside its trains."""
    for team in teams.values():
        parts = [*_chores(evidence, team), *_questions(evidence, team), *_alerts(evidence, team)]
        parts += [line for story in _incidents(evidence, team) for line in story]
        parts += list(_log(evidence, team))
        if parts:
            yield from ("", f"## {escaping.markdown(team.title)}: beside the trains ({team.zone})", *parts)


def duty_json(evidence: Evidence, teams: Mapping[str, TeamConfig]) -> dict[str, Any]:
    """Return chores, incidents and log entries as JSON has them; docs/rehearsal.md describes the shape."""
    return {
        "chores": [
            {
                "id": name,
                "opened": _utc(facts[0].at),
                "asked": [{"at": _utc(fact.at), "people": list(fact.value["people"])} for fact in _of(facts, "asked")],
                "outcome": ending.value["outcome"] if (ending := _last(facts, "ended")) is not None else None,
                "by": ending.by if ending is not None else None,
                "ended": _utc(ending.at) if ending is not None else None,
            }
            for team in teams.values()
            for name, facts in chore_runs(evidence.audit, team.id).items()
        ],
        "incidents": [
            {
                "id": name,
                "happenings": [
                    {"at": _utc(fact.at), "what": fact.kind, "by": fact.by} for fact in facts if _told(fact)
                ],
            }
            for team in teams.values()
            for name, facts in incidents(evidence.audit, team.id).items()
        ],
        "log": [
            {"at": str(entry.value["at"]), "team": team.id, "by": entry.by, "text": str(entry.value["text"])}
            for team in teams.values()
            for entry in _entries(evidence, team)
        ],
    }


def _chores(evidence: Evidence, team: TeamConfig) -> Iterator[str]:
    runs = chore_runs(evidence.audit, team.id)
    if not runs:
        return
    yield from ("", "### Chores", "", "| opened | chore | asked | due | how it ended |", "|---|---|---|---|---|")
    plain: dict[str, int] = {}
    for name, facts in sorted(runs.items(), key=lambda one: one[1][0].at):
        chore = name.split("/")[1]
        ending = _last(facts, "ended")
        late = [message for message in evidence.messages if message.key.startswith(f"{name}/late/")]
        as_it_should = ending is not None and ending.value["outcome"] in ("done", "fine") and not late
        if as_it_should and len(_of(facts, "asked")) < 2:
            plain[chore] = plain.get(chore, 0) + 1
            if plain[chore] > _KEPT:
                continue
        yield _row(team, _chore_row(team, name, facts, ending, late))
    for chore, count in plain.items():
        if count > _KEPT:
            yield _row(team, ["", chore, "", "", f"{count - _KEPT} more went as they should"])


def _chore_row(
    team: TeamConfig, name: str, facts: Sequence[Happened], ending: Happened | None, late: Sequence[Said]
) -> list[str]:
    opened = _of(facts, "opened")[0]
    asked = [f"{_people(team, fact.value['people'])} ({_local(team, fact.at)})" for fact in _of(facts, "asked")]
    found = _last(facts, "checked")
    if found is not None:
        asked.insert(0, f"a machine: {found.value['sentence']}")
    due = _local(team, datetime.fromisoformat(str(opened.value["due_at"])))
    told = [f"said to be late {_times(len(late))}"] if late else []
    if ending is None:
        return [_local(team, opened.at), name.split("/")[1], ", then ".join(asked), due, "still open"]
    carried = int(ending.value["carried_over"])
    told += [f"carried over {_times(carried)}"] if carried else []
    who = f" by {_name(team, ending.by)}" if ending.by in team.people else ""
    shown = "; ".join(str(one["url"] or one["text"]) for one in ending.value["evidence"])
    how = f"{_OUTCOMES[ending.value['outcome']]}{who}, {_local(team, ending.at)}"
    return [
        _local(team, opened.at),
        name.split("/")[1],
        ", then ".join(asked),
        due,
        ". ".join([how, *told, *([shown] if shown else [])]),
    ]


def _questions(evidence: Evidence, team: TeamConfig) -> Iterator[str]:
    written = [one for one in evidence.duty.questions if one.team == team.id]
    if not written:
        return
    yield from ("", "### Questions in Slack", "", "| when | who | what |", "|---|---|---|")
    for one in written:
        key = f"{team.id}.{WATCH}/question/{one.channel}/{one.ts}/tag"
        for message in evidence.messages:
            asked = message.channel == one.channel and message.text == one.text and message.at == _stamp(one.ts)
            answers = message.thread == one.ts and message.channel == one.channel
            if asked or message.key == key or (answers and not message.by_bot):
                yield _said(team, message)


def _alerts(evidence: Evidence, team: TeamConfig) -> Iterator[str]:
    stem = f"{team.id}.{WATCH}/"
    found = [
        message
        for message in evidence.messages
        if message.by_bot and message.key.startswith(stem) and not message.key.startswith(f"{stem}question/")
    ]
    if found:
        yield from ("", "### Alerts, issues and errors", "", "| when | who | what |", "|---|---|---|")
        yield from (_said(team, message) for message in found)


def _incidents(evidence: Evidence, team: TeamConfig) -> Iterator[list[str]]:
    for name, facts in incidents(evidence.audit, team.id).items():
        opened = _of(facts, "opened")[0].value
        rated = f"{opened['severity']}, {opened['impact']}"
        lines = ["", f"### {name}: {escaping.markdown(str(opened['title']))} ({escaping.markdown(rated)})", ""]
        lines += ["| when | who | what |", "|---|---|---|"]
        told = [
            (fact.at, 0, _row(team, [_local(team, fact.at), _who(team, fact), _sentence(team, fact)]))
            for fact in facts
            if _told(fact)
        ]
        told += [
            (message.at, 1, _said(team, message))
            for message in evidence.messages
            if message.key.startswith((f"{name}/tell/page/", f"{name}/tell/postmortem/", f"{name}/tell/update-due"))
            and _is_of_channel(team, message)
        ]
        lines += [line for _, _, line in sorted(told, key=lambda one: one[:2])]
        filed = [f"{issue.repository}: {issue.title}" for issue in evidence.issues if issue.key.startswith(f"{name}/")]
        filed += [f"{file.repository}: {file.path}" for file in evidence.files if file.key.startswith(f"{name}/")]
        lines += ["", "Written on GitHub:", "", *(f"- {escaping.markdown(one)}" for one in filed)]
        yield lines


def _log(evidence: Evidence, team: TeamConfig) -> Iterator[str]:
    """Yield the log of each shift of the team's first rotation."""
    entries = _entries(evidence, team)
    if not entries:
        return
    yield from ("", "### The log of each shift")
    entry = next(iter(team.roster.values()), None)
    rotation = team.rotations[entry.id] if entry is not None else None
    ends: datetime | None = None
    for found in entries:
        at = datetime.fromisoformat(str(found.value["at"]))
        if ends is None or at >= ends:
            begins = rotation.latest_handoff(at) if rotation is not None else at
            ends = rotation.next_handoff(at) if rotation is not None else datetime.max.replace(tzinfo=at.tzinfo)
            yield from ("", f"#### From {_local(team, begins)}", "")
        text = escaping.markdown(escaping.one_line(str(found.value["text"])))
        links = ", ".join(_place(str(link)) for link in found.value.get("links") or ())
        yield f"- {_local(team, at)}, {_name(team, found.by)}: {text}{f' ({links})' if links else ''}"


def _place(link: str) -> str:
    """Return a link as people read it: of the stand-ins what comes after the host, for they are gone by then."""
    return escaping.markdown(without_stand_ins(link).rstrip("/"), links=True)


def _entries(evidence: Evidence, team: TeamConfig) -> list[Happened]:
    found = happened(evidence.audit, f"{team.id}.log", "entry")
    return sorted(found, key=lambda entry: datetime.fromisoformat(str(entry.value["at"])))


def _told(fact: Happened) -> bool:
    return fact.kind in (
        "opened",
        "paged",
        "passed_on",
        "acknowledged",
        "rated",
        "updated",
        "mitigated",
        "resolved",
        "called_off",
        "examined",
        "reported",
        "postmortem",
    )


def _sentence(team: TeamConfig, fact: Happened) -> str:
    value = fact.value
    if fact.kind == "opened":
        return f"opened: {value['title']}"
    if fact.kind == "paged":
        return f"rung {int(value['place']) + 1} is paged: {_people(team, value['people']) or value.get('channel', '')}"
    if fact.kind == "acknowledged":
        return f"has it (in {value['way']})"
    if fact.kind == "examined":
        return f"the cause: {value['root_cause']}; a runbook: {value['runbook']}"
    said = value.get("text") or without_stand_ins(str(value.get("url") or ""))
    return f"{fact.kind.replace('_', ' ')}{f': {said}' if said else ''}"


def _who(team: TeamConfig, fact: Happened) -> str:
    return _name(team, fact.by)


def _said(team: TeamConfig, message: Said) -> str:
    accounts = {account: person.name for person in team.people.values() for account in person.slack}
    who = "Stationmaster" if message.by_bot else message.author
    text = as_markdown(message.posted, accounts).replace("|", "\\|")
    return f"| {_local(team, message.at)} | {escaping.markdown(who)} in Slack | {text} |"


def _is_of_channel(team: TeamConfig, message: Said) -> bool:
    return message.channel in {channel.id for channel in team.channels.values()}


def _row(_: TeamConfig, cells: Sequence[str]) -> str:
    shown = (
        escaping.markdown(cell, links=True).replace("\\|", "|").replace("|", "\\|").replace("\n", "<br>")
        for cell in cells
    )
    return f"| {' | '.join(shown)} |"


def _people(team: TeamConfig, names: Sequence[str]) -> str:
    return ", ".join(_name(team, str(name)) for name in names)


def _name(team: TeamConfig, person: str) -> str:
    if person in team.people:
        return team.people[person].name
    return "Stationmaster" if person in ("stationmaster", "airflow:admin") else person


def _local(team: TeamConfig, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(team.zone)):{_WHEN}}"


def _stamp(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), tz=ZoneInfo("UTC"))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _of(facts: Sequence[Happened], kind: str) -> list[Happened]:
    return [fact for fact in facts if fact.kind == kind]


def _last(facts: Sequence[Happened], kind: str) -> Happened | None:
    found = _of(facts, kind)
    return found[-1] if found else None


def _utc(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
