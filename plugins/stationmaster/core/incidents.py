"""An incident: what happened, in which order, how it stands now, and what is due (C-30, C-34, T-17, T-19).

An incident is the sum of its happenings. Nothing is overwritten: who opened it, who took it, each update and the end
are added, and the state is worked out from all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field

from stationmaster.core.instants import Instant
from stationmaster.core.value import Value

AREA = "incident"
"""The name under a team of its DAG, and of what the ledger keeps of it: ``<team>.incident``."""
HANDLING, REPORT, POSTMORTEM = 10, 20, 21
"""The places of the questions within a round of an incident; those of the ladder begin at 0."""
ROUND = 100
"""So many places has each round: an incident that is opened again asks anew (fact 4)."""
_ID = re.compile(r"(?P<area>[a-z][a-z0-9_-]*\.incident)/(?P<day>\d{4}-\d{2}-\d{2})\.(?P<number>[1-9]\d{0,3})", re.ASCII)


class NotAnIncident(ValueError):
    """A text that is no incident's id."""


class NotNow(ValueError):
    """What cannot be done to an incident in its present state. The message says why, and the way out."""


class State(StrEnum):
    """How far an incident has come. REPORTED is its end; CALLED_OFF is the end of what was none."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    REPORTED = "reported"
    CALLED_OFF = "called off"


class Kind(StrEnum):
    """What can happen to an incident: the kinds of its facts. Their names stand in the ledger for ever."""

    OPENED = "opened"
    PAGED = "paged"
    PASSED_ON = "passed_on"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    RATED = "rated"
    UPDATED = "updated"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CALLED_OFF = "called_off"
    REOPENED = "reopened"
    EXAMINED = "examined"
    REPORTED = "reported"
    POSTMORTEM = "postmortem"


class Happening(Value):
    """One thing that happened. ``value`` is what its kind needs; ``by`` a person's id, or ``stationmaster``."""

    kind: Kind
    at: Instant
    by: str
    value: dict[str, Any] = Field(default_factory=dict)
    place: int = 0
    """Its number in the ledger: of two at one instant the lower came first."""


_TO: dict[Kind, State] = {
    Kind.OPENED: State.OPEN,
    Kind.REOPENED: State.OPEN,
    Kind.ACKNOWLEDGED: State.ACKNOWLEDGED,
    Kind.MITIGATED: State.MITIGATED,
    Kind.RESOLVED: State.RESOLVED,
    Kind.CALLED_OFF: State.CALLED_OFF,
    Kind.REPORTED: State.REPORTED,
}
_UNDER_WAY = frozenset({State.OPEN, State.ACKNOWLEDGED, State.MITIGATED})
_ENDED = frozenset({State.RESOLVED, State.REPORTED, State.CALLED_OFF})
_FROM: dict[Kind, frozenset[State]] = {
    Kind.ACKNOWLEDGED: frozenset({State.OPEN}),
    Kind.PASSED_ON: frozenset({State.OPEN}),
    Kind.ASSIGNED: _UNDER_WAY,
    Kind.RATED: frozenset(State),
    Kind.UPDATED: _UNDER_WAY,
    Kind.MITIGATED: frozenset({State.OPEN, State.ACKNOWLEDGED}),
    Kind.RESOLVED: _UNDER_WAY,
    Kind.CALLED_OFF: _UNDER_WAY,
    Kind.REOPENED: _ENDED,
    Kind.EXAMINED: frozenset({State.RESOLVED, State.REPORTED}),
    Kind.REPORTED: frozenset({State.RESOLVED}),
    Kind.POSTMORTEM: frozenset(State),
}


class Story(Value):
    """An incident as it stands: worked out from its happenings by :func:`tell`."""

    id: str
    state: State
    title: str
    service: str = ""
    kind: str = ""
    severity: str
    impact: str
    company: str = ""
    opened_at: Instant
    opened_by: str
    began_at: Instant
    """Since when its ladder is climbed: the opening, or the last time that it was opened again (C-34)."""
    round: int = 0
    """How often it was opened again."""
    acknowledged_at: Instant | None = None
    acknowledged_by: str | None = None
    mitigated_at: Instant | None = None
    ended_at: Instant | None = None
    ended_by: str | None = None
    positions: dict[str, str] = Field(default_factory=dict)
    """Who holds which role in it, such as point and comms: role to person (T-17)."""
    happenings: tuple[Happening, ...]

    @property
    def under_way(self) -> bool:
        """Whether somebody still has to work on it."""
        return self.state in _UNDER_WAY

    def last(self, *kinds: Kind) -> Happening | None:
        """Return the newest happening of these kinds since it was last opened, None before."""
        found = [each for each in self.happenings if each.kind in kinds and each.at >= self.began_at]
        return found[-1] if found else None

    def all(self, *kinds: Kind) -> tuple[Happening, ...]:
        """Return every happening of these kinds, the oldest first."""
        return tuple(each for each in self.happenings if each.kind in kinds)


def incident_id(area: str, day: date, number: int) -> str:
    """Return the id of an incident by its day on the team's clocks: ``cellxgene.incident/2026-11-21.1``."""
    return f"{area}/{day.isoformat()}.{number}"


def parse_id(name: str) -> tuple[str, date, int]:
    """Return team, day and number of an incident's id.

    :raises NotAnIncident: with the form that is right.
    """
    found = _ID.fullmatch(name)
    try:
        if found is None:
            raise ValueError
        return found["area"].rpartition(".")[0], date.fromisoformat(found["day"]), int(found["number"])
    except ValueError:
        raise NotAnIncident(f"{name!r} is no incident. Write it as cellxgene.incident/2026-11-21.1.") from None


def in_order(happenings: Iterable[Happening]) -> tuple[Happening, ...]:
    """Return happenings as they came: by instant, and those of one instant by their place in the ledger."""
    return tuple(sorted(happenings, key=lambda each: (each.at, each.place)))


def tell(name: str, happenings: Sequence[Happening]) -> Story:
    """Return how an incident stands. What came too late for the state of its time changes nothing.

    :param happenings: all of them, in any order; the first in time is its opening.
    :raises NotAnIncident: it was never opened.
    """
    ordered = in_order(happenings)
    if not ordered or ordered[0].kind is not Kind.OPENED:
        raise NotAnIncident(f"{name} was never opened. `stationmaster incident list` shows those that were.")
    first = ordered[0]
    known: dict[str, Any] = {
        "state": State.OPEN,
        "title": first.value["title"],
        "service": first.value.get("service", ""),
        "kind": first.value.get("kind", ""),
        "severity": first.value["severity"],
        "impact": first.value["impact"],
        "company": first.value.get("company", ""),
        "opened_at": first.at,
        "opened_by": first.by,
        "began_at": first.at,
        "round": 0,
        "positions": {},
    }
    kept = [first]
    for each in ordered[1:]:
        if each.kind is Kind.OPENED or not possible(known["state"], each.kind):
            continue
        kept.append(each)
        known = _after(known, each)
    return Story(id=name, happenings=tuple(kept), **known)


def possible(state: State, kind: Kind) -> bool:
    """Return whether something of this kind can happen to an incident in this state."""
    return state in _FROM.get(kind, frozenset(State))


def require(story: Story, kind: Kind) -> None:
    """Refuse what cannot happen now.

    :raises NotNow: with what can be done instead.
    """
    if possible(story.state, kind):
        return
    what = kind.value.replace("_", " ")
    if story.state in _ENDED and kind is not Kind.REOPENED:
        raise NotNow(f"{story.id} is {story.state}: it cannot be {what} any more. Open it again if it is back.")
    if kind is Kind.REOPENED:
        raise NotNow(f"{story.id} is {story.state}: it is under way, and need not be opened again.")
    raise NotNow(f"{story.id} is {story.state}: it cannot be {what} now.")


def _after(known: dict[str, Any], each: Happening) -> dict[str, Any]:
    changed = {**known, "state": _TO.get(each.kind, known["state"])}
    match each.kind:
        case Kind.ACKNOWLEDGED:
            changed |= {"acknowledged_at": each.at, "acknowledged_by": each.by}
        case Kind.MITIGATED:
            changed |= {"mitigated_at": each.at}
        case Kind.RESOLVED | Kind.CALLED_OFF:
            changed |= {"ended_at": each.at, "ended_by": each.by}
        case Kind.ASSIGNED:
            changed["positions"] = {**known["positions"], str(each.value["position"]): str(each.value["person"])}
        case Kind.RATED:
            for field in ("severity", "impact", "company", "title"):
                if field in each.value:
                    changed[field] = each.value[field]
        case Kind.REOPENED:
            unset = ("acknowledged_at", "acknowledged_by", "mitigated_at", "ended_at", "ended_by")
            changed |= {**dict.fromkeys(unset), "began_at": each.at, "round": known["round"] + 1}
    return changed


def update_due(story: Story, every: timedelta | None) -> datetime | None:
    """Return when the next update is due; None: the severity asks for none, or nobody works on it any more (T-19).

    :param every: the longest silence that the severity allows, in elapsed time.
    """
    if every is None or story.state not in (State.ACKNOWLEDGED, State.MITIGATED):
        return None
    last = story.last(Kind.UPDATED, Kind.MITIGATED, Kind.ACKNOWLEDGED)
    return (last.at if last is not None else story.began_at) + every
