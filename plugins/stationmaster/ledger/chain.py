"""The hash chain of the audit: each line's hash covers the line before it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, NamedTuple

from stationmaster.ledger.columns import canonical, utc
from stationmaster.ledger.tables import WitnessedRow


class Line(NamedTuple):
    """What a hash covers. ``body`` is canonical JSON text."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    body: str
    prev_hash: str

    def hash(self) -> str:
        """Return the SHA-256 of the line, in hex."""
        return _digest(canonical(self._asdict() | {"at": utc(self.at).isoformat()}))


def genesis(fingerprint: str) -> str:
    """Return what stands for the line before the first: two ledgers never share a chain."""
    return _digest(f"stationmaster ledger {fingerprint}")


def witness(row: WitnessedRow) -> dict[str, Any]:
    """Return a row's content, without its number, as the body of the line that records it.

    A column that a later migration added is left out where it is null, as it is in the rows before it.
    """
    content = {
        column.key: getattr(row, column.key)
        for column in row.__table__.columns
        if column.key != "seq" and not (column.info.get("later") and getattr(row, column.key) is None)
    }
    return {key: utc(value).isoformat() if isinstance(value, datetime) else value for key, value in content.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
