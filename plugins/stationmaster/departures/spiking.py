"""Errors that came more often after a train was in production: they hold its next promotion back (C-28).

Whoever watches them writes here what they saw; the gates only read it. A spike is open until it is over: mended,
silenced with an issue, or taken back with its departure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.value import Value
from stationmaster.departures.obstacles import conducted_by
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from datetime import datetime

    from stationmaster.core.blockers import Blocker
    from stationmaster.core.gates import Standing
    from stationmaster.departures.station import Station
    from stationmaster.ledger import Ledger
    from stationmaster.ledger.records import Fact

SPIKE = "spike"


class Spike(Value):
    """One error after one departure. ``key`` is short enough to type; ``span`` is in words, such as ``1h``."""

    key: str
    departure: str
    error: str
    url: str = ""
    before: int
    after: int
    span: str


def place_of(train: str) -> str:
    """Return where the ledger keeps the spikes of a train, by its key."""
    return f"{train}/spikes"


def begin(ledger: Ledger, train: str, spike: Spike, now: datetime) -> Fact:
    """Keep that an error came too often after a departure."""
    value = {**spike.model_dump(mode="json"), "open": True, "why": ""}
    return ledger.record(place_of(train), SPIKE, spike.key, value, now, "stationmaster")


def end(ledger: Ledger, train: str, spike: Spike, why: str, now: datetime, by: str = "stationmaster") -> Fact:
    """Keep that it is over.

    :param why: such as ``mended``, ``silenced``, ``rolled back``.
    """
    value = {**spike.model_dump(mode="json"), "open": False, "why": why}
    return ledger.record(place_of(train), SPIKE, spike.key, value, now, by)


def open_spikes(ledger: Ledger, train: str) -> dict[str, Fact]:
    """Return the newest fact of each spike that is open, by its key."""
    newest = {fact.subject: fact for fact in ledger.facts(place_of(train), SPIKE)}
    return {key: fact for key, fact in newest.items() if fact.value["open"]}


def spike_of(fact: Fact) -> Spike:
    """Return the spike that a fact is about."""
    return Spike.model_validate({name: fact.value[name] for name in Spike.model_fields})


def standing(station: Station) -> Standing:
    """Return whether an error of an earlier departure holds this train back."""
    facts = open_spikes(station.ledger, station.train.key).values()
    found = [blocker_of(spike_of(fact), station.files.id, conducted_by(station), since=fact.at) for fact in facts]
    return waiting("spikes", *found) if found else passed("spikes")


def blocker_of(spike: Spike, team: str, who: tuple[str, ...], *, since: datetime) -> Blocker:
    """Return the blocker of a spike."""
    return blocker(
        "ERROR_SPIKE",
        since=since,
        who=who,
        subject=spike.key,
        error=spike.error,
        after=spike.after,
        before=spike.before,
        span=spike.span,
        departure=spike.departure,
        team=team,
        key=spike.key,
    )
