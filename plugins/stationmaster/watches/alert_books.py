"""What the ledger knows of a team's alerts: each word of a system once, and each decision (D-18)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stationmaster.core.alert_groups import Decided, Event, Group, standing_alerts
from stationmaster.watches.books import Book

if TYPE_CHECKING:
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

EVENT, DECIDED = "event", "decided"


class AlertBook:
    """The alerts of one watch of a team, as the ledger had them when it was opened, and what was added since."""

    def __init__(self, desk: Desk, watch: str) -> None:
        self._desk, self._book = desk, Book(desk, watch)
        facts = self._book.facts()
        self._events = [(fact, _event(fact)) for fact in facts if fact.kind == EVENT]
        self._decided = {fact.subject: fact for fact in facts if fact.kind == DECIDED}

    @property
    def events(self) -> tuple[Event, ...]:
        """Every word that is known."""
        return tuple(event for _, event in self._events)

    def keep(self, events: Iterable[Event]) -> None:
        """Keep each word once, however often it comes."""
        known = {event.once for _, event in self._events}
        for event in events:
            if event.once not in known:
                known.add(event.once)
                self._add(event)

    def carry(self) -> None:
        """Write what still fires into this month's book: an old one is forgotten."""
        place = self._book.place(self._desk.now())
        newest = set(standing_alerts(self.events).values())
        here = {event.once for fact, event in self._events if fact.departure == place}
        for event in newest:
            if event.status == "firing" and event.once not in here:
                self._add(event)

    def decision(self, group: Group) -> Decided | None:
        """Return the newest decision on a group of alerts."""
        fact = self._decided.get(group.key)
        if fact is None:
            return None
        return Decided(fact.value["decision"], fact.by, frozenset(fact.value["alerts"]))

    def decided(self, group: Group) -> Fact:
        """Return the fact of the newest decision on a group that has one."""
        return self._decided[group.key]

    def decide(self, group: Group, decision: str, why: str, alerts: Sequence[str], by: str) -> Fact:
        """Keep a decision on what fires of a group now."""
        value = {
            "decision": decision,
            "why": why,
            "alerts": list(alerts),
            "cluster": group.cluster,
            "severity": group.severity,
            "link": next((event.url for event in group.alerts if event.url), ""),
        }
        now = self._desk.now()
        fact = self._desk.ledger.record(self._book.place(now), DECIDED, group.key, value, now, by)
        self._decided[group.key] = fact
        return fact

    def _add(self, event: Event) -> None:
        value = event.model_dump(mode="json")
        subject = f"{event.source}/{event.alert}"
        fact = self._book.once(EVENT, subject, value, at=self._desk.now(), key=event.once)
        self._events.append((fact, event))


def _event(fact: Fact) -> Event:
    return Event.model_validate(fact.value)
