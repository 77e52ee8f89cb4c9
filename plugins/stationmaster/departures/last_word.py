"""The failure of a promotion that nothing has answered: the only cause of a way back that nobody asked for (F34, F45).

A task that failed, or that somebody marked so, is no failure of the departure: what counts stands in the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.departures import arriving, runs
from stationmaster.departures.fitting import TARGET
from stationmaster.departures.legs import TAKEN_BACK, Leg, legs_of
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact

RUN_FAILED = "run_failed"
"""The fact that a deploy workflow ended without success: subject the leg's key."""
VERIFY_FAILED = "verify_failed"
"""The fact that an environment did not report the commit in time: subject the leg's key."""
STEP_FAILED = "step_failed"
"""The fact that a step of a leg failed for good, for any other reason: subject the leg's key."""
CHECKLIST = "checklist"
"""The fact of a test list's answer: one that was not passed is a failure."""
ANSWER = "failure_answer"
"""The fact of what a person says to a failure: subject the leg's, value ``{"choice", "failure", "reason"}``."""
COMPENSATED = "compensation"
"""The fact that production goes back because of a failure: value ``{"failure", "kind", "why"}``."""
ROLL_BACK = "roll_back"
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


def asked_for(station: Station, departure: str) -> bool:
    """Return whether a person has answered *roll back* to what failed last, or production goes back already."""
    found = station.ledger.departure(departure)
    if found is not None and found.state in TAKEN_BACK:
        return True
    failure = cause(station, departure)
    answers = station.ledger.facts(departure, kind=ANSWER)
    return failure is not None and any(
        fact.value["failure"] == failure.seq and fact.value["choice"] == ROLL_BACK for fact in answers
    )


def note(station: Station, leg: Leg, *, task: str, why: str) -> None:
    """Write down that a step of a leg failed for good on the way to production, unless that stands there already.

    After the departure has ended, or while it goes back, a task that fails is no failure of the departure.
    """
    found = station.ledger.departure(leg.departure)
    if found is None or found.state is not DepartureState.PROMOTING or cause(station, leg.departure) is not None:
        return
    value = {"task": task, "why": why[:_LONGEST]}
    station.ledger.record(leg.departure, STEP_FAILED, leg.key, value, station.now(), "stationmaster")


def note_verification(station: Station, leg: Leg, why: Blocker) -> None:
    """Write down, once for each window, that an environment did not report a leg's commit in time."""
    restarted = len(station.ledger.facts(leg.departure, kind=ANSWER, subject=leg.subject))
    value = {"key": leg.key, "why": why.model_dump(mode="json")}
    once = f"{VERIFY_FAILED}/{leg.key}/{restarted}"
    station.ledger.record_once(leg.departure, VERIFY_FAILED, leg.key, value, station.now(), "stationmaster", key=once)


def why(fact: Fact) -> str:
    """Return a failure in words."""
    told = fact.value.get("why")
    if isinstance(told, dict):
        return str(told.get("sentence") or told.get("code"))
    what = fact.subject if fact.kind == CHECKLIST else fact.subject.rpartition("/")[0].partition("/promote/")[2]
    return str(told) if told else f"{what or fact.subject}: {fact.kind.replace('_', ' ')}"


def is_failure(fact: Fact) -> bool:
    """Return whether a fact says that something failed."""
    if fact.kind == CHECKLIST:
        return any(item["answer"] == "failed" for item in fact.value["items"])
    return fact.kind in (RUN_FAILED, VERIFY_FAILED, STEP_FAILED)


def _of(station: Station, leg: Leg, facts: Sequence[Fact]) -> Fact | None:
    mine = [fact for fact in facts if fact.subject in (leg.key, leg.subject)]
    failures = [fact for fact in mine if is_failure(fact) and fact.value.get("sha", leg.sha) == leg.sha]
    if not failures:
        return None
    last = failures[-1]
    if any(fact.seq > last.seq and _overcomes(fact, leg) for fact in mine):
        return None
    if any(fact.kind == COMPENSATED and fact.value["failure"] == last.seq for fact in facts):
        return None
    answers = [fact for fact in mine if fact.kind == ANSWER and fact.value["failure"] == last.seq]
    if answers and answers[-1].value["choice"] != ROLL_BACK:
        return None
    if last.kind == RUN_FAILED and runs.came_right(station, leg, str(last.value["key"])):
        return None
    return last


def _overcomes(fact: Fact, leg: Leg) -> bool:
    """Return whether a fact says that a leg went on: it arrived, was tested, or began anew."""
    if fact.kind == arriving.DEPLOYED:
        return bool(fact.value["sha"] == leg.sha)
    return fact.kind in (TARGET, "manual") or (fact.kind == CHECKLIST and bool(fact.value["passed"]))


def _followed(station: Station, leg: Leg, since: int) -> bool:
    """Return whether another departure has come to where a leg was to come."""
    for other in station.ledger.departures(station.train.key, kinds=arriving.TO_PRODUCTION):
        if other.id == leg.departure:
            continue
        facts = station.ledger.facts(other.id, kind=arriving.DEPLOYED, subject=leg.subject)
        if any(fact.seq > since for fact in facts):
            return True
    return False
