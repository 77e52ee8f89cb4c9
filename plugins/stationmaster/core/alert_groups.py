"""Alerts from whichever system, as one kind of value: which of them fire, in which group, and what was decided (D-18).

An event may come twice, late, or after its own end: what counts is the newest word of the system itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from stationmaster.core.instants import Instant
from stationmaster.core.value import Value

Decision = Literal["act", "escalate", "leave"]
DECISIONS: tuple[Decision, ...] = ("act", "escalate", "leave")
NOWHERE = "-"
"""The cluster, or the severity, of an alert that names none."""


class Event(Value):
    """One word of a system about one alert.

    :param alert: the system's own id of it, the same for its beginning and its end.
    :param at: the system's own time of this word.
    :param severity: as the system writes it, in lower case.
    :param runbook: the address of the page that says what to do, where the system names one.
    """

    source: str
    alert: str = Field(min_length=1)
    status: Literal["firing", "resolved"]
    at: Instant
    title: str
    cluster: str = NOWHERE
    severity: str = NOWHERE
    url: str = ""
    runbook: str = ""

    @property
    def once(self) -> str:
        """What makes this event the same as one that came before."""
        return f"{self.source}/{self.alert}/{self.status}/{self.at.isoformat()}"


class Group(NamedTuple):
    """The alerts of one cluster and one severity that fire. ``key`` is short enough to type."""

    key: str
    cluster: str
    severity: str
    alerts: tuple[Event, ...]


class Decided(NamedTuple):
    """A decision on a group, and which of its alerts were known to whoever took it."""

    decision: Decision
    by: str
    alerts: frozenset[str]


def standing_alerts(events: Iterable[Event]) -> dict[str, Event]:
    """Return the newest word on each alert, by ``source/alert``; at the same instant its end counts (F-order free)."""
    newest: dict[str, Event] = {}
    for event in events:
        name = f"{event.source}/{event.alert}"
        known = newest.get(name)
        if known is None or _rank(event) > _rank(known):
            newest[name] = event
    return newest


def groups_of(events: Iterable[Event], severities: Sequence[str] = ()) -> tuple[Group, ...]:
    """Return the alerts that fire, grouped by cluster and severity, the worst group first.

    :param severities: from the worst to the mildest; one that is not among them comes after, by its name.
    """
    grouped: dict[tuple[str, str], list[Event]] = {}
    for event in standing_alerts(events).values():
        if event.status == "firing":
            grouped.setdefault((event.cluster, event.severity), []).append(event)
    order = {name.lower(): place for place, name in enumerate(severities)}
    found = [
        Group(key_of(cluster, severity), cluster, severity, tuple(sorted(each, key=lambda one: (one.at, one.alert))))
        for (cluster, severity), each in grouped.items()
    ]
    return tuple(sorted(found, key=lambda each: (order.get(each.severity, len(order)), each.severity, each.cluster)))


def key_of(cluster: str, severity: str) -> str:
    """Return the key of a group: eight signs, the same for the same cluster and severity."""
    return hashlib.sha256(f"{cluster}\0{severity}".encode()).hexdigest()[:8]


def undecided(group: Group, decided: Decided | None) -> tuple[Event, ...]:
    """Return the alerts of a group on which nobody has decided: one that came after a decision is not covered by it."""
    covered = decided.alerts if decided is not None else frozenset()
    return tuple(event for event in group.alerts if named(event) not in covered)


def named(event: Event) -> str:
    """Return an alert's name in a decision: with the instant since which it fires, so that its return is news."""
    return f"{event.source}/{event.alert}@{event.at.isoformat()}"


def _rank(event: Event) -> tuple[Instant, bool]:
    return event.at, event.status == "resolved"
