"""What the stand-in proposal system tells of a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple


class Proposed(NamedTuple):
    """A proposal in the stand-in: ``update`` of a target, or ``elect``; when it was decided and carried out."""

    id: str
    kind: str
    target: str
    version: str
    key: str
    at: datetime
    decided_at: datetime | None = None
    executed_at: datetime | None = None

    @property
    def departure(self) -> str:
        """The departure that its key names."""
        return "/".join(self.key.split("/")[:2])


def proposed_by(made: Mapping[str, Any]) -> Proposed:
    """Return a proposal as the stand-in's state shows it."""
    instants = {name: made[name] for name in ("created_at", "decided_at", "executed_at")}
    at = {name: datetime.fromisoformat(value) if value else None for name, value in instants.items()}
    return Proposed(
        id=str(made["id"]),
        kind=str(made["kind"]),
        target=str(made["target"]),
        version=str(made["version"]),
        key=str(made["key"]),
        at=datetime.fromisoformat(made["created_at"]),
        decided_at=at["decided_at"],
        executed_at=at["executed_at"],
    )
