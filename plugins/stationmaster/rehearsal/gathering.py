"""Reads the ledger, the stand-ins and Airflow after a rehearsal: the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from stationmaster.core.departure_ids import DepartureKind
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import Fact
from stationmaster.rehearsal.airflow_api import AirflowApi, AirflowNotFound
from stationmaster.rehearsal.evidence import (
    Blind,
    Dispatch,
    Evidence,
    HandedOver,
    Mailed,
    MergedPull,
    Named,
    Opened,
    Pin,
    Run,
    Said,
    Started,
    Wait,
)
from stationmaster.rehearsal.evidence_duty import AREAS, DutyScript, filed_by
from stationmaster.rehearsal.evidence_proposals import Proposed, proposed_by
from stationmaster.rehearsal.placing import Place
from stationmaster.rehearsal.slack.world import BOT_USER_ID

OPENING_TASK = "open_departure"
NAMING_TASKS = ("open_departure", "ask_whom_to_wait_for", "tell_the_outcome")
"""Tasks whose XCom names the person on call."""


class Seen(NamedTuple):
    """What was noted on the way, for nothing keeps it."""

    blind: Sequence[Blind] = ()
    waits: Sequence[Wait] = ()
    named: Sequence[Named] = ()
    runs: Sequence[Run] = ()
    red: Iterable[tuple[str, str]] = ()
    red_share: float = 0.0
    script: Sequence[Place] = ()
    duty: DutyScript = DutyScript()


def gather(
    *,
    ledger: Ledger,
    github_url: str,
    slack_url: str,
    trains: Sequence[str],
    handoffs: Sequence[HandedOver] = (),
    governance_url: str | None = None,
    repositories: Mapping[str, str] | None = None,
    teams: Sequence[str] = (),
    seen: Seen,
) -> Evidence:
    """Read the ledger and the stand-ins.

    :param teams: whose own work is looked at, beside trains and handoffs.
    :param governance_url: the stand-in proposal system, where there is one.
    :param repositories: by ``<team>.<train>/<component>``, for what is elected.
    """
    departures = tuple(
        sorted(
            (found for train in trains for found in ledger.departures(train, kinds=tuple(DepartureKind))),
            key=lambda one: one.opened_at,
        )
    )
    with httpx.Client(trust_env=False, timeout=30) as client:
        journal = client.get(f"{github_url}/_control/journal", params={"writes": 1}).raise_for_status().json()
        slack = client.get(f"{slack_url}/_control/state").raise_for_status().json()
        mails = client.get(f"{slack_url}/_control/mail").raise_for_status().json()["mails"]
        elected: Mapping[str, Any] = {"proposals": [], "targets": {}}
        if governance_url is not None:
            elected = client.get(f"{governance_url}/_control/governance/state").raise_for_status().json()
    proposals = tuple(proposed_by(made) for made in elected["proposals"])
    started = tuple(
        started_by(entry) for entry in journal if _is_write(entry, "POST", "/dispatches") and not is_dispatch(entry)
    )
    areas = (f"{team}.{area}" for team in teams for area in AREAS)
    names = (*trains, *(one.id for one in handoffs), *areas)
    effects = tuple(effect for name in names for effect in ledger.effects(name))
    return Evidence(
        departures=departures,
        dispatches=(
            *(dispatch_of(entry) for entry in journal if is_dispatch(entry)),
            *(election_of(made, repositories or {}) for made in proposals if made.kind == "elect"),
        ),
        messages=messages_of(slack, {effect.key: str(effect.intent.get("text", "")) for effect in effects}),
        ballots={found.id: ledger.ballots(found.id) for found in departures},
        facts={found.id: ledger.facts(found.id) for found in departures},
        effects=effects,
        pins=tuple(pin for found in departures for pin in _pins(ledger, found.id)),
        audit=tuple(ledger.audit()),
        breaks=tuple(f"{found.seq}: {found.problem}" for found in ledger.verify()),
        blind=tuple(dict.fromkeys(seen.blind)),
        waits=tuple(dict.fromkeys(seen.waits)),
        named=tuple(seen.named),
        runs=tuple(seen.runs),
        handoffs=tuple(handoffs),
        handed={found.id: ledger.facts(found.id) for found in handoffs},
        issues=tuple(opened_by(entry) for entry in journal if _is_issue(entry)),
        handles={group["id"]: tuple(group["users"]) for group in slack["usergroups"]},
        mails=tuple(Mailed(str(mail["key"]), tuple(mail["recipients"])) for mail in mails),
        started=started,
        merged=tuple(merged_by(entry) for entry in journal if _is_write(entry, "PUT", "/merge")),
        settled=tuple(fact for one in dict.fromkeys(each.key for each in started) for fact in _ended(ledger, one)),
        red=frozenset(seen.red),
        red_share=seen.red_share,
        proposals=proposals,
        targets=dict(elected["targets"]),
        script=tuple(seen.script),
        duty=seen.duty,
        files=tuple(filed_by(entry) for entry in journal if _is_file(entry)),
    )


def opened_in(api: AirflowApi, run: Run) -> str:
    """Return the departure that a run says it opened, empty where it opened none."""
    try:
        value = api.xcom(run.dag_id, run.run_id, OPENING_TASK)
    except AirflowNotFound:
        return ""
    return str(value.get("departure", "")) if isinstance(value, dict) else ""


def named_by(api: AirflowApi, run: Run) -> tuple[Named, ...]:
    """Return who the XComs of a run name as on call. A task that was skipped or failed names nobody."""
    values: dict[str, dict[str, Any]] = {}
    for task in api.task_instances(run.dag_id, run.run_id):
        names = task.task_id in NAMING_TASKS or task.task_id.rpartition(".")[2].startswith("deploy_to_")
        if not names or task.state != "success":
            continue
        try:
            value = api.xcom(run.dag_id, run.run_id, task.task_id, map_index=task.map_index)
        except AirflowNotFound:
            continue
        if isinstance(value, dict):
            values[task.label] = value
    departure = str(values.get("open_departure", {}).get("departure", ""))
    return tuple(
        Named(departure, label, str(value["person"]), run.began, run.ended)
        for label, value in values.items()
        if departure and "person" in value
    )


def is_dispatch(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry of the stand-in's journal is a deploy workflow that was started; an upgrade is none."""
    return _is_write(entry, "POST", "/dispatches") and "environment" in entry["body"]["inputs"]


def _is_write(entry: Mapping[str, Any], method: str, ending: str) -> bool:
    return bool(entry["applied"]) and entry["method"] == method and entry["path"].endswith(ending)


def _ended(ledger: Ledger, key: str) -> tuple[Fact, ...]:
    return ledger.facts(key.removesuffix("/dispatch"), kind="outcome")


def started_by(entry: Mapping[str, Any]) -> Started:
    """Return the upgrade workflow that an entry of the journal started."""
    _, owner, name = entry["path"].strip("/").split("/")[:3]
    return Started(datetime.fromisoformat(entry["at"]), f"{owner}/{name}", str(entry["body"]["inputs"].get("key", "")))


def merged_by(entry: Mapping[str, Any]) -> MergedPull:
    """Return the pull request that an entry of the journal merged."""
    _, owner, name, _, number = entry["path"].strip("/").split("/")[:5]
    sha = str(entry["body"].get("sha") or "")
    made = str((entry.get("result") or {}).get("sha") or "")
    return MergedPull(datetime.fromisoformat(entry["at"]), f"{owner}/{name}", int(number), sha, made)


def _is_issue(entry: Mapping[str, Any]) -> bool:
    return _is_write(entry, "POST", "/issues")


def _is_file(entry: Mapping[str, Any]) -> bool:
    return bool(entry["applied"]) and entry["method"] == "PUT" and "/contents/" in entry["path"]


def opened_by(entry: Mapping[str, Any]) -> Opened:
    """Return the issue that an entry of the journal opened."""
    body = entry["body"]
    _, owner, name = entry["path"].strip("/").split("/")[:3]
    _, _, mark = str(body.get("body", "")).rpartition("<!-- stationmaster: ")
    return Opened(
        at=datetime.fromisoformat(entry["at"]),
        repository=f"{owner}/{name}",
        key=mark.removesuffix(" -->"),
        title=str(body["title"]),
        assignees=tuple(body.get("assignees") or ()),
        body=str(body.get("body", "")),
    )


def dispatch_of(entry: Mapping[str, Any]) -> Dispatch:
    """Return the deploy that an entry of the journal started."""
    inputs = entry["body"]["inputs"]
    _, owner, name = entry["path"].strip("/").split("/")[:3]
    return Dispatch(
        at=datetime.fromisoformat(entry["at"]),
        repository=f"{owner}/{name}",
        environment=inputs["environment"],
        sha=inputs["sha"],
        key=inputs["key"],
    )


def election_of(made: Proposed, repositories: Mapping[str, str]) -> Dispatch:
    """Return an election as the deploy that it is: its key names component and environment."""
    train, _, _, component, environment = (*made.key.split("/"), "", "", "", "")[:5]
    return Dispatch(
        at=made.at,
        repository=repositories.get(f"{train}/{component}", ""),
        environment=environment,
        sha=made.version,
        key=made.key,
    )


def messages_of(slack: Mapping[str, Any], first: Mapping[str, str]) -> tuple[Said, ...]:
    """Return the messages of the stand-in's state in the order in which they were written.

    :param first: key -> the text that was posted under it.
    """
    names = {user["id"]: str(user["real_name"] or user["name"]) for user in slack["users"]}
    found = []
    for channel, message in ((name, one) for name, several in slack["messages"].items() for one in several):
        metadata = message.get("metadata") or {}
        user, key = str(message.get("user", "")), str((metadata.get("event_payload") or {}).get("key", ""))
        found.append(
            Said(
                at=datetime.fromtimestamp(float(message["ts"]), tz=UTC),
                key=key,
                text=str(message.get("text", "")),
                by_bot=user == BOT_USER_ID,
                author=names.get(user, user),
                thread=str(message.get("thread_ts", "")),
                first=first.get(key, ""),
                channel=channel,
            )
        )
    return tuple(sorted(found))


def _pins(ledger: Ledger, departure: str) -> Iterator[Pin]:
    for found in ledger.rounds(departure):
        yield Pin(found.pinned_at, departure, found.manifest.hash, found.manifest.repositories)
