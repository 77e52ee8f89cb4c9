"""Every gate of a promotion, counted again from the ledger and the outside world whenever it matters (F32)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker, fill
from stationmaster.core.calendar import StopName, StopTimes, Timing, stop_times, timing
from stationmaster.core.checks import merge_checks
from stationmaster.core.departure_ids import DepartureKind, kind_of, week_of
from stationmaster.core.gates import (
    ChecklistItem,
    Confirmation,
    Standing,
    Verdict,
    checklist_gate,
    combine,
    confirm_gate,
    soak_gate,
    window_gate,
)
from stationmaster.departures import counting, failing, ruling
from stationmaster.departures.answers import Choice, again_since
from stationmaster.departures.beside import ASKED
from stationmaster.departures.electors import confirmers
from stationmaster.departures.legs import deployed, legs_of
from stationmaster.departures.obstacles import conducted_by
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.core.manifest import Passenger
    from stationmaster.departures.failing import Failure
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact


def times_of(station: Station, departure: str, stop: StopName) -> StopTimes:
    """Return when ``stop`` of the departure may begin, is due, and may begin at the latest."""
    week = week_of(departure)
    train = station.train
    due = week if stop == "cut" else train.promote_week(week)
    return stop_times(train.stop(stop), due)


def window_standing(station: Station, departure: str, stop: StopName) -> Standing:
    """Return whether the stop's window is open now: WAIT before it, LATE after the target, MISSED after it (C-12).

    A promotion that has brought one component to production is finished: its others are late then, not missed (F67).
    What leaves beside the train has no window.
    """
    if kind_of(departure) is not DepartureKind.TRAIN:
        return passed("window")
    if timing(times_of(station, departure, stop), station.now()) is Timing.MISSED and half_done(
        station, departure, stop
    ):
        return Standing(gate="window", verdict=Verdict.LATE)
    return window_gate(times_of(station, departure, stop), station.now(), zone=station.train.zone)


def half_done(station: Station, departure: str, stop: StopName) -> bool:
    """Return whether ``stop`` has brought some of its components to its environment, and not all."""
    arrived = [deployed(station, leg) for leg in legs_of(station, departure, stop)]
    return any(arrived) and not all(arrived)


def staged_at(station: Station, departure: str) -> datetime | None:
    """Return when the last component of the present manifest was seen on staging, None before that."""
    manifest = station.ledger.manifest_of(departure)
    if manifest is None:
        return None
    arrivals = []
    for passenger in manifest.passengers:
        component = station.train.component(passenger.component)
        if component.deploy(station.train.staging).mode == "none":
            continue
        subject = f"{passenger.component}/{station.train.staging}"
        first = {fact.value["sha"]: fact.at for fact in reversed(station.ledger.facts(departure, "deployed", subject))}
        if passenger.sha not in first:
            return None
        arrivals.append(first.get(_soaks_since(station, departure, passenger), first[passenger.sha]))
    return max(arrivals, default=None)


def _soaks_since(station: Station, departure: str, passenger: Passenger) -> str:
    """Return the commit whose arrival the soak counts from: a hotfix that was put upon it counts with it (F40)."""
    sha = passenger.sha
    for fact in reversed(station.ledger.facts(departure, "replaced", passenger.component)):
        if fact.value["to"] == sha and not fact.value["restarts_soak"]:
            sha = str(fact.value["from"])
    return sha


def soak_standing(station: Station, departure: str) -> Standing:
    """Return whether the manifest was on staging long enough (C-10). What leaves beside the train does not soak."""
    if kind_of(departure) is not DepartureKind.TRAIN:
        return passed("soak")
    gates = station.train.gates
    return soak_gate(gates.soak.soak, staged_at(station, departure), station.train.zone, station.now())


def checklist_standing(station: Station, departure: str, environment: str) -> Standing:
    """Return whether every test list that follows a deploy to ``environment`` was passed for this manifest (C-20).

    A list that failed opens the gate only by the recorded word of a person who may say so, about exactly this commit
    and these items; it is shown wherever the gate is.
    """
    found = []
    for leg in _tested_legs(station, departure, environment):
        over = failing.gone_on(station, leg)
        if over is not None:
            found.append(_passed_over(station, over))
            continue
        failure = failing.last(station, leg)
        lists = lists_of(station, leg)
        value = failure.fact.value if failure is not None and failure.is_open else lists[-1].value if lists else {}
        items = [ChecklistItem(**item) for item in value.get("items", ())]
        found.append(
            checklist_gate(leg.component, items, since=staged_at(station, departure), who=(station.conductor.id,))
        )
    return combine(found) if found else passed("checklist")


def lists_of(station: Station, leg: Leg) -> tuple[Fact, ...]:
    """Return the answers to the test list of a leg on its commit, the oldest first.

    Those from before a person asked for another attempt, or for another test, no longer count.
    """
    since = again_since(station, leg.departure, leg.subject, Choice.DEPLOY_AGAIN, Choice.VERIFY_AGAIN)
    facts = station.ledger.facts(leg.departure, kind=failing.LIST, subject=leg.subject)
    return tuple(fact for fact in facts if fact.value["sha"] == leg.sha and fact.seq > since)


def test_settled(station: Station, leg: Leg) -> Fact | None:
    """Return the answer that settles the test list of a leg on its commit: it passed, or a person who may went on."""
    over = failing.gone_on(station, leg)
    if over is not None:
        return over.fact
    last = next(iter(reversed(lists_of(station, leg))), None)
    return last if last is not None and last.value["passed"] else None


def _tested_legs(station: Station, departure: str, environment: str) -> tuple[Leg, ...]:
    stop: StopName = "cut" if environment == station.train.staging else "promote"
    return tuple(
        leg
        for leg in legs_of(station, departure, stop)
        if leg.environment == environment and station.train.component(leg.component).checklist_of(environment)
    )


def _passed_over(station: Station, failure: Failure) -> Standing:
    answer = failure.answer
    if answer is None:
        raise LookupError(f"nobody has answered failure {failure.number} of {failure.leg.component}")
    person = station.team.people.get(answer.by)
    found = fill(
        "CHECKLIST_PASSED_OVER",
        {
            "person": person.name if person is not None else answer.by,
            "component": f"{failure.leg.component} on {failure.leg.environment}",
            "items": "; ".join(failure.items),
            "reason": str(answer.value["reason"]).rstrip("."),
        },
        since=answer.at,
        subject=failure.leg.component,
    )
    return Standing(gate="checklist", verdict=Verdict.BYPASSED, blockers=(found,))


def confirm_standing(station: Station, departure: str) -> Standing:
    """Return whether the person on call gave the final go for exactly this manifest (C-08)."""
    gate = station.train.gates.confirm
    if gate is None:
        return passed("confirm")
    _, manifest = counting.round_of(station, departure)
    answers = station.ledger.facts(departure, kind="confirmed", subject=manifest.hash)
    last = answers[-1] if answers else None
    given = None if last is None else Confirmation(**last.value, manifest=manifest.hash, at=last.at)
    # Whoever answers was asked, and was on call or a backup at that instant; the recount judges by that instant too.
    who = confirmers(station, last.at if last else station.now())
    return confirm_gate(given, role=gate.role, who=who, manifest_hash=manifest.hash)


def coming_confirmers(station: Station, departure: str) -> tuple[Person, ...]:
    """Return who comes on call for the final go before it is too late for it, by the rotation as it stands now."""
    gate = station.train.gates.confirm
    role = gate.role if gate is not None else station.train.on_call
    now, end = station.now(), times_of(station, departure, "promote").latest_start
    return tuple(station.team.people[shift.person] for shift in station.team.shifts(role, now, max(now, end)))


def actor_standing(station: Station, departure: str) -> Standing:
    """Return whether who gives the final go may change production (T-01)."""
    if station.train.rules.actors is None:
        return passed("actor")
    _, manifest = counting.round_of(station, departure)
    return ruling.actor_standing(station, departure, manifest.hash, confirmers(station, station.now()))


def rejection_standing(station: Station, departure: str) -> Standing:
    """Return whether the manifest was rejected after a rollback (F46)."""
    _, manifest = counting.round_of(station, departure)
    rejection = station.ledger.rejection(manifest.hash)
    if rejection is None:
        return passed("rejection")
    return waiting(
        "rejection",
        blocker(
            "MANIFEST_REJECTED",
            since=rejection.at,
            who=(station.conductor.id,),
            manifest=manifest.short,
            reason=rejection.reason,
        ),
    )


def asker_standing(station: Station, departure: str) -> Standing:
    """Return whether whoever asked for a hotfix may change production (T-01)."""
    asked = station.ledger.fact(departure, ASKED)
    return ruling.people_standing(station, (asked.by,) if asked is not None else ())


def checks_standing(station: Station, departure: str) -> Standing:
    """Return whether the checks of what was picked are green, where the train's file asks for that (F08, F59)."""
    rule = station.train.beside(kind_of(departure))
    if rule is None or rule.checks == "skip":
        return passed("checks")
    found = []
    manifest = station.ledger.manifest_of(departure)
    for passenger in manifest.passengers if manifest else ():
        component = station.train.component(passenger.component)
        report = merge_checks(station.forge.check_results(passenger.repository, passenger.sha), component.checks.rules)
        if report.usable:
            continue
        names = ", ".join((*report.failing, *report.pending, *report.missing))
        code = {"red": "CHECKS_RED", "pending": "CHECKS_PENDING"}.get(report.state, "CHECKS_ABSENT")
        values = {"component": component.id, "sha": passenger.sha[:12]}
        said = values if code == "CHECKS_ABSENT" else {**values, "checks": names}
        found.append(fill(code, said, who=conducted_by(station), subject=component.id))
    return waiting("checks", *found) if found else passed("checks")


def voting_closed(station: Station, departure: str) -> bool:
    """Return whether ballots are no longer needed: the promotion has begun, or the departure has ended."""
    found = station.ledger.departure(departure)
    return found is None or found.state not in (DepartureState.STAGED, DepartureState.GATED)
