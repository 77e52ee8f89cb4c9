"""What really happened in a rehearsal, as the outside world and the ledger tell it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from stationmaster.core.quorum import Ballot
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import Departure, Entry, Fact
from stationmaster.rehearsal.slack_world import BOT_USER_ID

KEY_INPUT = "key"


class Dispatch(NamedTuple):
    """A deploy workflow that was really started."""

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
    """A message of the bot in the stand-in Slack; ``key`` is what it was posted under."""

    at: datetime
    key: str
    text: str
    by_bot: bool
    author: str
    reactions: tuple[str, ...]


class Blind(NamedTuple):
    """A task that waited without a blocker in the ledger."""

    at: datetime
    dag_id: str
    task: str


class Evidence(NamedTuple):
    """Everything that the invariants and the transcript are computed from."""

    departures: tuple[Departure, ...]
    dispatches: tuple[Dispatch, ...]
    messages: tuple[Said, ...]
    ballots: dict[str, tuple[Ballot, ...]]
    facts: dict[str, tuple[Fact, ...]]
    manifests: dict[str, dict[str, str]]
    """Departure -> repository -> sha of its newest manifest."""
    manifest_hashes: dict[str, str]
    audit: tuple[Entry, ...]
    breaks: tuple[str, ...]
    blind: tuple[Blind, ...]
    runs: tuple[tuple[str, str, str], ...]
    """DAG id, run id, end state."""


def gather(
    *,
    ledger: Ledger,
    github_url: str,
    slack_url: str,
    trains: tuple[str, ...],
    blind: tuple[Blind, ...],
    runs: tuple[tuple[str, str, str], ...],
) -> Evidence:
    """Read the ledger and both stand-ins."""
    departures = tuple(found for train in trains for found in ledger.departures(train))
    with httpx.Client(trust_env=False, timeout=30) as client:
        journal = client.get(f"{github_url}/_control/journal", params={"writes": 1}).raise_for_status().json()
        slack = client.get(f"{slack_url}/_control/state").raise_for_status().json()
    manifests = {found.id: ledger.manifest_of(found.id) for found in departures}
    return Evidence(
        departures=departures,
        dispatches=tuple(_dispatch(entry) for entry in journal if _is_dispatch(entry)),
        messages=tuple(
            sorted(_said(message, slack["users"]) for several in slack["messages"].values() for message in several)
        ),
        ballots={found.id: ledger.ballots(found.id) for found in departures},
        facts={found.id: ledger.facts(found.id) for found in departures},
        manifests={name: dict(found.repositories) if found else {} for name, found in manifests.items()},
        manifest_hashes={name: found.hash if found else "" for name, found in manifests.items()},
        audit=tuple(ledger.audit()),
        breaks=tuple(f"{found.seq}: {found.problem}" for found in ledger.verify()),
        blind=blind,
        runs=runs,
    )


def _is_dispatch(entry: dict[str, Any]) -> bool:
    return bool(entry["applied"]) and entry["method"] == "POST" and entry["path"].endswith("/dispatches")


def _dispatch(entry: dict[str, Any]) -> Dispatch:
    inputs = entry["body"]["inputs"]
    _, owner, name = entry["path"].strip("/").split("/")[:3]
    return Dispatch(
        at=datetime.fromisoformat(entry["at"]),
        repository=f"{owner}/{name}",
        environment=inputs["environment"],
        sha=inputs["sha"],
        key=inputs[KEY_INPUT],
    )


def _said(message: dict[str, Any], users: list[dict[str, Any]]) -> Said:
    names = {user["id"]: user["real_name"] or user["name"] for user in users}
    metadata = message.get("metadata") or {}
    user = str(message.get("user", ""))
    return Said(
        at=datetime.fromtimestamp(float(message["ts"]), tz=UTC),
        key=str((metadata.get("event_payload") or {}).get("key", "")),
        text=str(message.get("text", "")),
        by_bot=user == BOT_USER_ID,
        author=names.get(user, user),
        reactions=tuple(
            f":{found['name']}: {', '.join(names.get(who, who) for who in found['users'])}"
            for found in message.get("reactions", ())
        ),
    )
