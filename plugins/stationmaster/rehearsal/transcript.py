"""The story of a rehearsal, for people (Markdown) and for scripts (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from stationmaster.config.team import TeamConfig
from stationmaster.core import escaping
from stationmaster.ledger.records import Departure
from stationmaster.rehearsal.evidence import Evidence, HandedOver
from stationmaster.rehearsal.invariants import Finding
from stationmaster.rehearsal.transcript_duty import duty_json, duty_stories
from stationmaster.rehearsal.transcript_lines import Line, handoff_lines, lines


def as_markdown(evidence: Evidence, findings: tuple[Finding, ...], teams: Mapping[str, TeamConfig]) -> str:
    """Return the report: the invariants, then each departure as a story, a section for each day."""
    broken = sum(not finding.holds for finding in findings)
    verdict = f"**{broken} of {len(findings)} invariants are broken.**" if broken else "All invariants hold."
    parts = ["# Rehearsal", "", verdict, ""]
    for finding in findings:
        parts.append(f"- {'✓' if finding.holds else '✗'} {finding.invariant}")
        if finding.left_out:
            parts.append(f"  - not counted a second time: {escaping.markdown(', '.join(finding.left_out))}")
        parts += [f"  - {escaping.markdown(what)}" for what in finding.broken]
    stories = [(departure.opened_at, _story(evidence, departure, teams)) for departure in evidence.departures]
    stories += [(handoff.at, _handoff(evidence, handoff, teams)) for handoff in evidence.handoffs]
    for _, story in sorted(stories, key=lambda one: one[0]):
        parts += ["", *story]
    parts += duty_stories(evidence, teams)
    return "\n".join(parts) + "\n"


def as_json(evidence: Evidence, findings: tuple[Finding, ...], teams: Mapping[str, TeamConfig]) -> str:
    """Return the same as JSON; docs/rehearsal.md describes its shape."""
    body: dict[str, Any] = {
        "holds": all(finding.holds for finding in findings),
        "invariants": [
            {
                "invariant": finding.invariant,
                "holds": finding.holds,
                "broken": list(finding.broken),
                "left_out": list(finding.left_out),
            }
            for finding in findings
        ],
        "departures": [
            _departure(evidence, departure, teams[departure.train.split(".", 1)[0]])
            for departure in evidence.departures
        ],
        "handoffs": [
            {"id": handoff.id, "lines": _lines(handoff_lines(evidence, handoff, teams[handoff.team]))}
            for handoff in evidence.handoffs
        ],
        "runs": [
            {
                "dag_id": run.dag_id,
                "run_id": run.run_id,
                "state": run.state,
                "began": _utc(run.began),
                "ended": _utc(run.ended),
            }
            for run in evidence.runs
        ],
        **duty_json(evidence, teams),
    }
    return json.dumps(body, indent=2, ensure_ascii=False)


def _departure(evidence: Evidence, departure: Departure, team: TeamConfig) -> dict[str, Any]:
    aboard = evidence.aboard(departure.id)
    return {
        "id": departure.id,
        "state": str(departure.state),
        "why": departure.why,
        "manifest": dict(aboard.commits) if aboard else {},
        "lines": _lines(lines(evidence, departure, team)),
    }


def _lines(told: list[Line]) -> list[dict[str, str]]:
    return [{"at": _utc(line.at), "what": line.kind, "who": line.who, "text": line.text} for line in told]


def _story(evidence: Evidence, departure: Departure, teams: Mapping[str, TeamConfig]) -> Iterator[str]:
    team = teams[departure.train.split(".", 1)[0]]
    train = team.train(departure.train)
    yield f"## {departure.id}: {departure.state}"
    yield ""
    aboard = evidence.aboard(departure.id)
    names = {component.repository: component.id for component in train.components}
    for repository, sha in aboard.commits.items() if aboard else ():
        yield f"- {names.get(repository, repository)}: [`{sha[:12]}`](https://github.com/{repository}/commit/{sha})"
    yield from _days(lines(evidence, departure, team), ZoneInfo(train.zone))


def _handoff(evidence: Evidence, handoff: HandedOver, teams: Mapping[str, TeamConfig]) -> Iterator[str]:
    team = teams[handoff.team]
    entry = team.roster[handoff.rotation]
    yield f"## {handoff.id}: {escaping.markdown(entry.title)} hands over"
    yield from _days(handoff_lines(evidence, handoff, team), ZoneInfo(entry.zone or team.zone))


def _days(told: list[Line], zone: ZoneInfo) -> Iterator[str]:
    day: date | None = None
    for line in told:
        when = line.at.astimezone(zone)
        if when.date() != day:
            day = when.date()
            yield ""
            yield f"### {when:%A} {when.day} {when:%B %Y} ({when:%Z})"
            yield ""
            yield "| time | who | what |"
            yield "|---|---|---|"
        yield f"| {when:%H:%M:%S} | {_cell(escaping.markdown(line.who))} | {_cell(line.markdown)} |"


def _cell(markdown: str) -> str:
    return markdown.replace("\\|", "|").replace("|", "\\|").replace("\n", "<br>")


def _utc(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")
