"""What really happened in a rehearsal, as the outside world, Airflow and the ledger tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.quorum import Ballot
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import Departure, Effect, Entry, Fact
from stationmaster.rehearsal.airflow_api import AirflowApi, AirflowNotFound
from stationmaster.rehearsal.evidence_duty import AREAS, DutyScript, Filed, filed_by
from stationmaster.rehearsal.evidence_proposals import Proposed, proposed_by
from stationmaster.rehearsal.placing import Place
from stationmaster.rehearsal.slack.world import BOT_USER_ID

OPENING_TASK = "open_departure"
NAMING_TASKS = ("open_departure", "ask_whom_to_wait_for", "tell_the_outcome")
"""Tasks whose XCom names the person on call."""


class Dispatch(NamedTuple):
    """A deploy workflow that was really started, or an election that was proposed.

    Its ``key`` is ``<departure>/<stop>/<component>/…``.
    """

    at: datetime
    repository: str
    environment: str
    sha: str
    key: str

    @property
    def departure(self) -> str:
        """The departure that its key names."""
        return "/".join(self.key.split("/")[:2])

    @property
    def stop(self) -> str:
        """``cut``, ``promote`` or ``rollback``."""
        return self.key.split("/")[2]


class Said(NamedTuple):
    """A message in the stand-in Slack; ``key`` is what the bot posted it under, empty for people.

    ``first`` is the text as it was posted, where the ledger knows it; ``text`` is the text at the end.
    """

    at: datetime
    key: str
    text: str
    by_bot: bool
    author: str
    thread: str = ""
    first: str = ""
    channel: str = ""

    @property
    def posted(self) -> str:
        """What people read when it was posted."""
        return self.first or self.text


class Blind(NamedTuple):
    """A task that waited without a blocker in the ledger."""

    at: datetime
    dag_id: str
    task: str


class Wait(NamedTuple):
    """Why something waited at a standstill, and for whom (person ids)."""

    subject: str
    sentence: str
    who: tuple[str, ...]
    code: str = ""


class Run(NamedTuple):
    """A DAG run that was led to its end, on the virtual clock; ``departure`` is what it opened, if that is known."""

    dag_id: str
    run_id: str
    state: str
    began: datetime
    ended: datetime
    departure: str = ""


class Named(NamedTuple):
    """Who a task's XCom names as on call, and the virtual time in which it ran."""

    departure: str
    task: str
    person: str
    began: datetime
    ended: datetime


class Started(NamedTuple):
    """An upgrade workflow that was started, under its key."""

    at: datetime
    repository: str
    key: str


class MergedPull(NamedTuple):
    """A pull request that was merged by us, at the head that was asked for; empty: at whatever it had."""

    at: datetime
    repository: str
    number: int
    sha: str


class Pin(NamedTuple):
    """A manifest that went aboard: repository -> sha."""

    at: datetime
    departure: str
    manifest: str
    commits: Mapping[str, str]


class HandedOver(NamedTuple):
    """A handoff that was played: its id in the ledger, ``<team>.<rotation>/<instant>``, and its instant."""

    id: str
    at: datetime

    @classmethod
    def of(cls, key: str, at: datetime) -> HandedOver:
        """Return the handoff of a rotation, ``<team>.<rotation>``, at an instant."""
        return cls(f"{key}/{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}", at)

    @property
    def team(self) -> str:
        """The team's id."""
        return self.id.split(".", 1)[0]

    @property
    def rotation(self) -> str:
        """The rotation's id within the team."""
        return self.id.split("/", 1)[0].partition(".")[2]


class Mailed(NamedTuple):
    """A mail that the stand-in took: the key under which it was sent, and to whom."""

    key: str
    recipients: tuple[str, ...]


class Opened(NamedTuple):
    """An issue that was really opened; ``key`` is the mark that it carries."""

    at: datetime
    repository: str
    key: str
    title: str
    assignees: tuple[str, ...]
    body: str = ""


class Evidence(NamedTuple):
    """Everything that the invariants and the transcript are computed from."""

    departures: tuple[Departure, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    messages: tuple[Said, ...] = ()
    ballots: Mapping[str, tuple[Ballot, ...]] = {}
    facts: Mapping[str, tuple[Fact, ...]] = {}
    effects: tuple[Effect, ...] = ()
    pins: tuple[Pin, ...] = ()
    audit: tuple[Entry, ...] = ()
    breaks: tuple[str, ...] = ()
    blind: tuple[Blind, ...] = ()
    waits: tuple[Wait, ...] = ()
    named: tuple[Named, ...] = ()
    runs: tuple[Run, ...] = ()
    handoffs: tuple[HandedOver, ...] = ()
    mails: tuple[Mailed, ...] = ()
    handed: Mapping[str, tuple[Fact, ...]] = {}
    """What the ledger knows of each handoff, by its id."""
    issues: tuple[Opened, ...] = ()
    handles: Mapping[str, tuple[str, ...]] = {}
    """Who is in each user group of Slack at the end, by the group's id."""
    started: tuple[Started, ...] = ()
    merged: tuple[MergedPull, ...] = ()
    settled: tuple[Fact, ...] = ()
    """How each upgrade ended."""
    duty: DutyScript = DutyScript()
    """What people did beside the trains without being asked."""
    files: tuple[Filed, ...] = ()
    """Reports and logs that were committed as files."""
    red: frozenset[tuple[str, str]] = frozenset()
    """Commits (repository, sha) that a script made red."""
    red_share: float = 0.0
    """Which part of all other commits was red."""
    proposals: tuple[Proposed, ...] = ()
    targets: Mapping[str, str] = {}
    """What each target of a rollout runs at the end."""
    script: tuple[Place, ...] = ()
    """The troubles that were made on purpose."""

    def aboard(self, departure: str, at: datetime | None = None) -> Pin | None:
        """Return the manifest that was aboard at an instant, by default the last one."""
        found = [pin for pin in self.pins if pin.departure == departure and (at is None or pin.at <= at)]
        return found[-1] if found else None

    def first_aboard(self, departure: str) -> Pin | None:
        """Return the manifest that the cut put aboard; a hotfix may have replaced it since."""
        return next((pin for pin in self.pins if pin.departure == departure), None)


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
    return MergedPull(datetime.fromisoformat(entry["at"]), f"{owner}/{name}", int(number), sha)


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
