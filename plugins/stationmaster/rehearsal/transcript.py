"""The story of a rehearsal, for people (Markdown) and for scripts (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from stationmaster.config.team import TeamConfig
from stationmaster.core import escaping
from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.invariants import Finding


class Line(NamedTuple):
    """One thing that happened."""

    at: datetime
    who: str
    what: str


def as_markdown(evidence: Evidence, findings: tuple[Finding, ...], teams: dict[str, TeamConfig]) -> str:
    """Return the report: the invariants, then each departure as a table of what happened when."""
    parts = ["# Rehearsal", "", "## Invariants", ""]
    for finding in findings:
        parts.append(f"- {'✓' if finding.holds else '✗'} {finding.invariant}")
        parts += [f"  - {escaping.markdown(broken)}" for broken in finding.broken]
    for departure in evidence.departures:
        team = teams[departure.train.split(".", 1)[0]]
        zone = ZoneInfo(team.train(departure.train).zone)
        parts += ["", f"## {departure.id}: {departure.state}", "", f"{escaping.markdown(departure.why)}", ""]
        parts += [f"- {repository} `{sha}`" for repository, sha in evidence.manifests[departure.id].items()]
        parts += ["", "| when | who | what |", "|---|---|---|"]
        for line in lines(evidence, departure.id):
            when = line.at.astimezone(zone)
            parts.append(f"| {when:%a %Y-%m-%d %H:%M:%S %Z} | {_cell(line.who)} | {_cell(line.what)} |")
    return "\n".join(parts) + "\n"


def as_json(evidence: Evidence, findings: tuple[Finding, ...]) -> str:
    """Return the same as JSON: ``{"holds", "invariants", "departures": [{"id", "state", "manifest", "lines"}], "runs"}``."""
    body: dict[str, Any] = {
        "holds": all(finding.holds for finding in findings),
        "invariants": [
            {"invariant": finding.invariant, "holds": finding.holds, "broken": list(finding.broken)}
            for finding in findings
        ],
        "departures": [
            {
                "id": departure.id,
                "state": str(departure.state),
                "manifest": evidence.manifests[departure.id],
                "lines": [
                    {"at": line.at.isoformat(), "who": line.who, "what": line.what}
                    for line in lines(evidence, departure.id)
                ],
            }
            for departure in evidence.departures
        ],
        "runs": [{"dag_id": dag, "run_id": run, "state": state} for dag, run, state in evidence.runs],
    }
    return json.dumps(body, indent=1)


def lines(evidence: Evidence, departure: str) -> list[Line]:
    """Return what happened to a departure, in order."""
    return sorted({*_from_audit(evidence, departure), *_from_slack(evidence, departure)})


def _from_audit(evidence: Evidence, departure: str) -> Iterator[Line]:
    for entry in evidence.audit:
        if entry.subject != departure and not entry.subject.startswith(f"{departure}/"):
            continue
        what = _sentence(entry.action, entry.subject.removeprefix(departure).strip("/"), entry.body)
        if what:
            yield Line(entry.at, entry.actor, what)


def _sentence(action: str, subject: str, body: dict[str, Any]) -> str:
    if action == "blockers.set":
        return f"{subject} waits: {' '.join(body['sentences'])}" if body["blockers"] else ""
    if action.startswith("fact.") or action in ("fact", "facts.record"):
        return ""
    detail = ", ".join(
        f"{name} {value}" for name, value in body.items() if isinstance(value, str | int) and value != ""
    )
    return f"{action} {subject} {detail}".strip()


def _from_slack(evidence: Evidence, departure: str) -> Iterator[Line]:
    for message in evidence.messages:
        if message.key.startswith(f"{departure}/"):
            reactions = f" [{'; '.join(message.reactions)}]" if message.reactions else ""
            yield Line(message.at, "Slack", f"{message.text}{reactions}")


def _cell(text: str) -> str:
    return escaping.markdown(text).replace("|", "\\|").replace("\n", "<br>")
