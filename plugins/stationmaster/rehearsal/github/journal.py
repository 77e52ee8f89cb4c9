"""Every request that reached the stand-in GitHub: what the rehearsal's invariants are computed from."""

from datetime import datetime
from typing import Any

from stationmaster.core.value import Value

READS = frozenset({"GET", "HEAD"})


class JournalEntry(Value):
    """One request. `applied`: a write took effect, whatever the caller was told. `fault`: the one scripted for it.

    `at` is an instant of the world's clock; `path` is without the /api/v3 prefix. No header is kept, so no token is.
    """

    seq: int
    at: datetime
    actor: str | None
    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int
    applied: bool
    fault: str | None = None
    result: Any = None
    """The JSON that a write was answered with, or would have been."""


class Journal:
    """Entries in the order in which the requests came."""

    def __init__(self) -> None:
        self._entries: list[JournalEntry] = []

    def add(self, **fields: Any) -> JournalEntry:
        """Append an entry; `seq` is given here, from 1."""
        entry = JournalEntry(seq=len(self._entries) + 1, **fields)
        self._entries.append(entry)
        return entry

    def entries(self, *, since: int = 0) -> list[JournalEntry]:
        """Return the entries after number `since`."""
        return self._entries[since:]

    def writes(self, *, path: str = "", applied: bool | None = True, since: int = 0) -> list[JournalEntry]:
        """Return the writes whose path contains `path`; `applied` None takes also those without effect."""
        return [
            entry
            for entry in self._entries[since:]
            if entry.method not in READS and path in entry.path and (applied is None or entry.applied == applied)
        ]
