"""The failure of a promotion that nothing has answered: the only cause of a way back that nobody asked for (F34, F45).

A task that failed, or that somebody marked so, is no failure of the departure: what counts stands in the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.instants import local_text
from stationmaster.departures import arriving, failing, runs
from stationmaster.departures.answers import Choice
from stationmaster.departures.fitting import TARGET
from stationmaster.departures.legs import TAKEN_BACK, Leg, legs_of
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact

STEP_FAILED = "step_failed"
"""The fact that a step of a leg failed for good, for any other reason: subject the leg's key."""
COMPENSATED = "compensation"
"""The fact that production goes back because of a failure: value ``{"failure", "kind", "why"}``."""
_LONGEST = 500


def cause(station: Station, departure: str) -> Fact | None:
    """Return the newest failure on the way to production that is the last word on its component, None: there is none.

    It is not if its component has arrived or was begun anew since, if a person has answered anything but *roll back*,
    if production went back because of it already, or if a later departure has come there since.
    """
    facts = station.ledger.facts(departure)
    legs = legs_of(station, departure, "promote")
    found = [fact for leg in legs if (fact := _of(station, leg, facts)) is not None]
    newest = max(found, key=lambda fact: fact.seq, default=None)
    if newest is None or any(_followed(station, leg, newest.seq) for leg in legs):
        return None
    return newest


def still_asked(station: Station, departure: str) -> str:
    """Return which failure is left to a person's answer now, and until when, in words; empty where none is."""
    told = []
    for leg in legs_of(station, departure, "promote"):
        ends = failing.answerable_until(station, leg)
        if ends is not None:
            told.append(f"what failed of {leg.component} is asked until {local_text(ends, station.train.zone)}")
    return "; ".join(told)


def asked_for(station: Station, departure: str) -> bool:
    """Return whether a person has answered *roll back* to what failed last, or production goes back already."""
    found = station.ledger.departure(departure)
    if found is not None and found.state in TAKEN_BACK:
        return True
    failure = cause(station, departure)
    legs = legs_of(station, departure, "promote")
    answered = (failing.last(station, leg) for leg in legs)
    return failure is not None and any(
        found.fact.seq == failure.seq and found.choice is Choice.ROLL_BACK for found in answered if found is not None
    )


def note(station: Station, leg: Leg, *, task: str, why: str) -> None:
    """Write down that a step of a leg failed for good on the way to production, unless that stands there already.

    After the departure has ended, or while it goes back, a task that fails is no failure of the departure; nor is one
    that ends because a person has left a failure as it is.
    """
    found = station.ledger.departure(leg.departure)
    if found is None or found.state is not DepartureState.PROMOTING or cause(station, leg.departure) is not None:
        return
    if failing.last(station, leg) is not None:
        return
    value = {"task": task, "why": why[:_LONGEST]}
    station.ledger.record(leg.departure, STEP_FAILED, leg.key, value, station.now(), "stationmaster")


def why(fact: Fact) -> str:
    """Return a failure in words."""
    told = fact.value.get("why")
    if isinstance(told, dict):
        return str(told.get("sentence") or told.get("code"))
    what = fact.subject if fact.kind == failing.LIST else fact.subject.rpartition("/")[0].partition("/promote/")[2]
    return str(told) if told else f"{what or fact.subject}: {fact.kind.replace('_', ' ')}"


def _of(station: Station, leg: Leg, facts: Sequence[Fact]) -> Fact | None:
    """Return the failure of a leg that a way back may name: what nobody has answered, or what was answered so."""
    mine = [fact for fact in facts if fact.subject in (leg.key, leg.subject)]
    if failing.last(station, leg) is not None:
        asked = failing.compensates(station, leg)
        found = asked.fact if asked is not None else None
        if found is not None and any(_overcomes(fact, leg, found.seq) for fact in mine):
            found = None
    else:
        steps = [fact for fact in mine if fact.kind == STEP_FAILED]
        found = steps[-1] if steps and not any(_overcomes(fact, leg, steps[-1].seq) for fact in mine) else None
    if found is None or any(fact.kind == COMPENSATED and fact.value["failure"] == found.seq for fact in facts):
        return None
    if found.kind == failing.RUN and runs.came_right(station, leg, str(found.value["key"])):
        return None  # a person has run it again on GitHub (F53)
    return found


def _overcomes(fact: Fact, leg: Leg, failed: int) -> bool:
    """Return whether a fact says that a leg went on after a step of it failed: it arrived, was tested, began anew."""
    if fact.seq <= failed:
        return False
    if fact.kind == arriving.DEPLOYED:
        return bool(fact.value["sha"] == leg.sha)
    return fact.kind in (TARGET, "manual") or (fact.kind == failing.LIST and bool(fact.value["passed"]))


def _followed(station: Station, leg: Leg, since: int) -> bool:
    """Return whether another departure has come to where a leg was to come."""
    for other in station.ledger.departures(station.train.key, kinds=arriving.TO_PRODUCTION):
        if other.id == leg.departure:
            continue
        facts = station.ledger.facts(other.id, kind=arriving.DEPLOYED, subject=leg.subject)
        if any(fact.seq > since for fact in facts):
            return True
    return False
