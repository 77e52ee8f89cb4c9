"""Groups of alerts that somebody has escalated, and which of them have become an incident (D-18, C-29)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stationmaster.config.watch_kinds import AlertsWatch
from stationmaster.watches.alert_books import DECIDED
from stationmaster.watches.books import Book
from stationmaster.watches.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

STARTED = "incident_started"


class Escalated(NamedTuple):
    """One decision that wants an incident.

    :param key: of the group of alerts: while an incident of it is under way, another decision joins that.
    :param once: tells this decision from every other one.
    """

    key: str
    once: str
    title: str
    link: str
    by: str
    watch: str
    fact: Fact


def wanted(desk: Desk) -> tuple[Escalated, ...]:
    """Return the escalations for which no incident was started yet, the oldest first."""
    return tuple(
        found
        for watch in desk.files.watches.values()
        if isinstance(watch, AlertsWatch)
        for found in _of_watch(desk, watch)
    )


def started(desk: Desk, escalated: Escalated, run: str) -> None:
    """Keep that a run of the incident's DAG was started for an escalation."""
    book = Book(desk, escalated.watch)
    book.once(STARTED, escalated.once, {"run": run, "key": escalated.key}, at=escalated.fact.at)


def _of_watch(desk: Desk, watch: AlertsWatch) -> Iterator[Escalated]:
    facts = Book(desk, watch.id).facts()
    done = {fact.subject for fact in facts if fact.kind == STARTED}
    for fact in facts:
        once = f"{fact.subject}-{fact.seq}"
        if fact.kind != DECIDED or fact.value["decision"] != "escalate" or once in done:
            continue
        count = counted(len(fact.value["alerts"]))
        where = f"{fact.value['severity']} on {fact.value['cluster']}"
        why = f": {fact.value['why']}" if fact.value["why"] else ""
        link = str(fact.value.get("link") or "")
        yield Escalated(fact.subject, once, f"{count} of {where}{why}", link, fact.by, watch.id, fact)
