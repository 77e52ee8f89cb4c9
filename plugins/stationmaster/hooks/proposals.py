"""The proposal system: what may run is elected, and what a target runs is updated, by votes of its own (D-11, D-30).

The service behind the connection speaks five calls, which docs/rollouts.md writes out: list and read proposals, create
one, read what a target runs, read whether a version is elected.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from stationmaster.core.instants import utc
from stationmaster.hooks.governance_errors import GovernanceUnreadable
from stationmaster.hooks.governance_wire import Address, Wire

SERVICE = "proposals"
Kind = Literal["elect", "update"]
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class Status(StrEnum):
    """How a proposal stands. OPEN: votes come in; ADOPTED: accepted, not carried out yet; the others are ends."""

    OPEN = "open"
    ADOPTED = "adopted"
    EXECUTED = "executed"
    REJECTED = "rejected"
    FAILED = "failed"

    @property
    def accepted(self) -> bool:
        """Whether the vote is won."""
        return self in (Status.ADOPTED, Status.EXECUTED)

    @property
    def lost(self) -> bool:
        """Whether nothing will come of it any more."""
        return self in (Status.REJECTED, Status.FAILED)


class Proposal(NamedTuple):
    """One proposal. ``target`` is empty for an election; ``key`` is what its maker gave along, often nothing."""

    id: str
    kind: Kind
    target: str
    version: str
    status: Status
    key: str
    created_at: datetime
    url: str


class Proposals:
    """The proposal system behind an Airflow connection.

    :param address: in place of the connection's, for tests.
    """

    def __init__(self, conn_id: str, *, address: Address | None = None) -> None:
        self._wire = Wire(SERVICE, conn_id, address=address)

    def newest(self, kind: Kind, *, target: str = "", version: str = "") -> Proposal | None:
        """Return the newest proposal of a kind about a target, or about a version; None: there is none.

        :raises GovernanceError: it cannot be told.
        """
        found = self._list({"kind": kind, "target": target, "version": version, "limit": "1"})
        return found[0] if found else None

    def last_elected(self) -> Proposal | None:
        """Return the election that was carried out last, None: there is none.

        :raises GovernanceError: it cannot be told.
        """
        return next((found for found in self._list({"kind": "elect"}) if found.status is Status.EXECUTED), None)

    def with_key(self, key: str) -> Proposal | None:
        """Return the proposal that was made with a key, None: there is none; the oldest, should there be two.

        :raises GovernanceError: it cannot be told.
        """
        found = self._list({"key": key})
        return found[-1] if found else None

    def read(self, name: str) -> Proposal:
        """Return a proposal by its id.

        :raises GovernanceError: it cannot be told.
        """
        if not _ID.fullmatch(name):
            raise GovernanceUnreadable(SERVICE, f"{name[:64]!r} is not the id of a proposal")
        return _proposal(self._wire.read(f"/proposals/{name}", f"proposal {name}"))

    def create(self, kind: Kind, *, target: str, version: str, title: str, key: str) -> Proposal:
        """Make a proposal. It is not looked up first: the ledger's recipe does that.

        :raises GovernanceOutcomeUnknown: it may have been made.
        :raises GovernanceError: it was not.
        """
        body = {"kind": kind, "target": target, "version": version, "title": title, "key": key}
        return _proposal(self._wire.write("/proposals", f"the new {kind} proposal", body))

    def running(self, target: str) -> str:
        """Return the version that a target runs.

        :raises GovernanceError: it cannot be told.
        """
        answer = self._wire.read(f"/targets/{target}", f"target {target}")
        version = answer.get("version") if isinstance(answer, dict) else None
        if not isinstance(version, str):
            raise GovernanceUnreadable(SERVICE, f"{SERVICE} answers no version of {target}")
        return version

    def elected(self, version: str) -> bool:
        """Return whether targets may run a version.

        :raises GovernanceError: it cannot be told.
        """
        answer = self._wire.read(f"/versions/{version}", f"version {version}")
        elected = answer.get("elected") if isinstance(answer, dict) else None
        if not isinstance(elected, bool):
            raise GovernanceUnreadable(SERVICE, f"{SERVICE} does not say whether {version[:12]} is elected")
        return elected

    def _list(self, query: dict[str, str]) -> list[Proposal]:
        answer = self._wire.read("/proposals", "the list of proposals", {k: v for k, v in query.items() if v})
        entries = answer.get("proposals") if isinstance(answer, dict) else None
        if not isinstance(entries, list):
            raise GovernanceUnreadable(SERVICE, f"{SERVICE} answers no list of proposals")
        return [_proposal(entry) for entry in entries]


def _proposal(entry: Any) -> Proposal:
    texts = ("id", "kind", "version", "status", "created_at")
    if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) for name in texts):
        raise GovernanceUnreadable(SERVICE, f"{SERVICE} answers a proposal that is none")
    if entry["status"] not in set(Status) or entry["kind"] not in ("elect", "update") or not _ID.fullmatch(entry["id"]):
        raise GovernanceUnreadable(SERVICE, f"{SERVICE} answers a proposal in a state that is none")
    try:
        created = utc(datetime.fromisoformat(entry["created_at"]))
    except ValueError:
        raise GovernanceUnreadable(SERVICE, f"{SERVICE} answers a proposal without its instant") from None
    return Proposal(
        id=entry["id"],
        kind=entry["kind"],
        target=str(entry.get("target") or ""),
        version=entry["version"],
        status=Status(entry["status"]),
        key=str(entry.get("key") or ""),
        created_at=created,
        url=str(entry.get("url") or ""),
    )
