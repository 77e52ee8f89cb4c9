"""The right to write. Every write that says something leaves a line in the audit, in the same transaction.

A claim of an effect leaves one only where its intent is new, or it was taken over; a claim that is given back, none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from stationmaster.ledger import chain
from stationmaster.ledger.columns import canonical, prose, utc
from stationmaster.ledger.records import written_by
from stationmaster.ledger.tables import AuditRow, IdentityRow, WitnessedRow


class Pen:
    """The right to write, held by one transaction at a time."""

    def __init__(self, session: Session, identity: IdentityRow, through: str = "") -> None:
        self.session = session
        self.identity = identity
        self.through = through

    def note(self, action: str, subject: str, body: Mapping[str, Any], *, at: datetime, actor: str) -> int:
        """Append one line to the audit and return its number.

        :raises ValueNotStorable: ``body`` is not JSON, or ``at`` names no zone.
        """
        line = chain.Line(
            seq=self.identity.seq + 1,
            at=utc(at),
            actor=prose(written_by(self.through, actor)),
            action=action,
            subject=prose(subject),
            body=canonical(body),
            prev_hash=self.identity.hash,
        )
        self.identity.seq, self.identity.hash = line.seq, line.hash()
        self.session.add(AuditRow(**line._asdict(), hash=self.identity.hash))
        return line.seq

    def add(self, row: WitnessedRow, action: str, subject: str, *, at: datetime, actor: str) -> int:
        """Add a row that never changes: it takes the number of its line, whose body repeats the row."""
        row.seq = self.identity.seq + 1
        for column in row.__table__.columns:
            value = getattr(row, column.key)
            if isinstance(value, str):
                setattr(row, column.key, prose(value))
            elif isinstance(value, dict):
                setattr(row, column.key, json.loads(canonical(value)))
        self.session.add(row)
        return self.note(action, subject, chain.witness(row), at=at, actor=actor)
