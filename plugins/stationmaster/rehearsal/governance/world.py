"""What the stand-in proposal system knows: proposals, votes, elected versions, what each target runs.

A proposal is decided by enough votes, by an order, or by itself after a while; carried out some time after that. All of
it is worked out from the clock when somebody asks, so that a clock that jumps a day shows what a day brings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from stationmaster import clock as real_clock
from stationmaster.rehearsal.controlled import Order

FaultKind = Literal["nothing_before", "nothing_after", "unauthorised", "no_json"]


class Vote(Order):
    """POST /_control/governance/vote: somebody votes."""

    proposal: str
    voter: str
    yes: bool = True


class Decide(Order):
    """POST /_control/governance/decide: the others decide at once; ``executes`` false: it fails when carried out."""

    proposal: str
    accept: bool = True
    executes: bool = True


class Fault(Order):
    """POST /_control/governance/faults: how the next ``times`` writes (or reads, for the last two kinds) fail.

    ``nothing_before``: 502 and nothing happened; ``nothing_after``: 502 though it happened.
    """

    kind: FaultKind
    times: int = Field(default=1, ge=1)


class Upgrade(Order):
    """POST /_control/governance/upgrade: somebody else moves a target to a version."""

    target: str
    version: str


@dataclass
class Made:
    """A proposal of the stand-in."""

    id: str
    kind: str
    target: str
    version: str
    title: str
    key: str
    created_at: datetime
    votes: dict[str, bool] = field(default_factory=dict)
    accepted: bool | None = None
    decided_at: datetime | None = None
    executes: bool = True
    carried_out: bool = False


class GovernanceWorld:
    """The proposal system.

    :param running: what each target runs at first; these versions are elected.
    :param decided_after: how long the other voters take, ``executed_after`` how long the change itself takes then.
    :param needed: how many votes for yes, or for no, decide at once.
    """

    def __init__(
        self,
        running: Mapping[str, str],
        *,
        clock: Callable[[], datetime] = real_clock.now,
        decided_after: timedelta | None = timedelta(minutes=20),
        executed_after: timedelta = timedelta(minutes=3),
        needed: int = 3,
    ) -> None:
        self._running = dict(running)
        self._elected = set(running.values())
        self._clock, self._decided_after, self._executed_after = clock, decided_after, executed_after
        self._needed = needed
        self._faults: list[Fault] = []
        self._lock = threading.RLock()
        self.proposals: list[Made] = []

    def create(self, kind: str, target: str, version: str, title: str, key: str) -> Made | str:
        """Make a proposal, or return why it is refused."""
        with self._lock:
            self._advance()
            if kind == "update" and target not in self._running:
                return "no such target"
            if kind == "update" and version not in self._elected:
                return "the version is not elected"
            made = Made(str(140_000 + len(self.proposals)), kind, target, version, title, key, self._clock())
            self.proposals.append(made)
            return made

    def find(self, **wanted: str) -> list[Made]:
        """Return the proposals with these fields, newest first."""
        with self._lock:
            self._advance()
            found = [each for each in self.proposals if all(getattr(each, k) == v for k, v in wanted.items())]
            return found[::-1]

    def status(self, made: Made) -> str:
        """Return how a proposal stands now."""
        with self._lock:
            self._advance()
            if made.accepted is None or made.decided_at is None:
                return "open"
            if not made.accepted:
                return "rejected"
            if self._clock() < made.decided_at + self._executed_after:
                return "adopted"
            return "executed" if made.executes else "failed"

    def running(self, target: str) -> str | None:
        """Return what a target runs now, None: there is no such target."""
        with self._lock:
            self._advance()
            return self._running.get(target)

    def elected(self, version: str) -> bool:
        """Return whether targets may run a version."""
        with self._lock:
            self._advance()
            return version in self._elected

    def vote(self, vote: Vote) -> None:
        """Count a vote, and decide if it is enough of them."""
        with self._lock:
            made = self._named(vote.proposal)
            made.votes[vote.voter] = vote.yes
            for answer in (True, False):
                if made.accepted is None and list(made.votes.values()).count(answer) >= self._needed:
                    made.accepted, made.decided_at = answer, self._clock()

    def decide(self, order: Decide) -> None:
        """Let the others decide at once."""
        with self._lock:
            made = self._named(order.proposal)
            made.accepted, made.decided_at, made.executes = order.accept, self._clock(), order.executes

    def upgrade(self, order: Upgrade) -> None:
        """Move a target without any proposal."""
        with self._lock:
            if order.target not in self._running:
                raise LookupError(order.target)
            self._elected.add(order.version)
            self._running[order.target] = order.version

    def script(self, fault: Fault) -> None:
        """Let the next requests fail."""
        with self._lock:
            self._faults.append(fault)

    def fault(self, *kinds: FaultKind) -> FaultKind | None:
        """Return what becomes of a request that may fail in one of these ways, and count it."""
        with self._lock:
            first = self._faults[0] if self._faults else None
            if first is None or first.kind not in kinds:
                return None
            first.times -= 1
            if first.times == 0:
                self._faults.pop(0)
            return first.kind

    def shape(self, made: Made) -> dict[str, Any]:
        """Return a proposal as the service answers it."""
        return {
            "id": made.id,
            "kind": made.kind,
            "target": made.target,
            "version": made.version,
            "title": made.title,
            "key": made.key,
            "status": self.status(made),
            "created_at": made.created_at.isoformat(),
            "votes": {"yes": sum(made.votes.values()), "no": len(made.votes) - sum(made.votes.values())},
        }

    def state(self) -> dict[str, Any]:
        """Return everything, for who judges: proposals with their voters and instants, what each target runs."""
        with self._lock:
            self._advance()
            return {
                "proposals": [
                    {
                        **self.shape(made),
                        "voters": sorted(made.votes),
                        "decided_at": made.decided_at.isoformat() if made.decided_at is not None else None,
                        "executed_at": (made.decided_at + self._executed_after).isoformat()
                        if made.carried_out and made.decided_at is not None
                        else None,
                    }
                    for made in self.proposals
                ],
                "targets": dict(self._running),
                "needed": self._needed,
            }

    def _named(self, name: str) -> Made:
        self._advance()
        for made in self.proposals:
            if made.id == name:
                return made
        raise LookupError(name)

    def _advance(self) -> None:
        now = self._clock()
        for made in self.proposals:
            if made.accepted is None and self._decided_after is not None:
                at = made.created_at + self._decided_after
                if now >= at:
                    made.accepted, made.decided_at = True, at
        due = [
            (made.decided_at + self._executed_after, made)
            for made in self.proposals
            if made.accepted and made.executes and made.decided_at is not None
        ]
        for at, made in sorted(due, key=lambda each: each[0]):
            if now >= at and not made.carried_out:
                made.carried_out = True
                if made.kind == "elect":
                    self._elected.add(made.version)
                else:
                    self._running[made.target] = made.version
