"""The on-call log: what happened, written down once by whoever or whatever saw it (C-30, O-10)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from stationmaster.core.instants import Instant, to_local
from stationmaster.core.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

ENTRY = "entry"
"""The kind of the fact that is an entry, under ``<team>.log/<local date>``."""
Source = Literal["dag", "slack", "cli", "form"]
LONGEST = 3000
"""Characters of one entry; what is longer is cut."""


class Entry(Value):
    """One line of the log: raw text, which whoever renders it escapes (F65).

    :param about: what it belongs to, such as an incident's id; empty for a remark.
    :param by: a person's id, or ``stationmaster``.
    """

    at: Instant
    text: str
    links: tuple[str, ...] = ()
    about: str = ""
    source: Source = "dag"
    by: str


def area(team: str, day: date) -> str:
    """Return the name under which the ledger keeps a day of a team's log."""
    return f"{team}.log/{day.isoformat()}"


def write(
    desk: Desk,
    text: str,
    *,
    at: datetime | None = None,
    links: Sequence[str] = (),
    about: str = "",
    source: Source = "dag",
    by: str = "stationmaster",
    once: str = "",
) -> Fact:
    """Write one entry under the day of the team's zone on which it happened.

    :param at: when it happened (aware), now by default.
    :param once: what the entry is of; a second one of the same is not written, on whichever day it is tried again,
        so that ``at`` belongs to what happened and not to the try. Empty: each call is an entry.
    """
    when = at if at is not None else desk.now()
    value = {"at": when.isoformat(), "text": text[:LONGEST], "links": list(links), "about": about, "source": source}
    where = area(desk.team.id, to_local(when, desk.team.zone).date())
    if not once:
        return desk.ledger.record(where, ENTRY, about, value, desk.now(), by)
    return desk.ledger.record_once(where, ENTRY, about, value, desk.now(), by, key=f"{ENTRY}/{once}")


def entries(desk: Desk, start: datetime, end: datetime) -> tuple[Entry, ...]:
    """Return what happened in ``[start, end)`` (aware), the oldest first."""
    first, last = (to_local(at, desk.team.zone).date() for at in (start, end))
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    found = [_entry(fact) for day in days for fact in desk.ledger.facts(area(desk.team.id, day), ENTRY)]
    return tuple(sorted((each for each in found if start <= each.at < end), key=lambda each: each.at))


def _entry(fact: Fact) -> Entry:
    return Entry(**fact.value, by=fact.by)
