"""A number that is measured at each check: kept, and drawn on to the day on which it may reach its limit (T-16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster import clock
from stationmaster.checks.answers import Illegible, number_in, shown
from stationmaster.checks.finding import Finding, bad, fine, unknown
from stationmaster.config.checks_by_machine import CommandCheck
from stationmaster.core.forecast import Point, TooFewPoints, trend
from stationmaster.core.instants import local_text
from stationmaster.core.trend_picture import blocks, picture

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import CapacityCheck
    from stationmaster.work.context import Desk

KIND = "measured"


class NotMeasured(Exception):
    """Why there is no measurement."""


def place_of(team: str) -> str:
    """Return where the ledger keeps the measurements of a team."""
    return f"{team}.measures"


def look(desk: Desk, check: CapacityCheck, about: str) -> Finding:
    """Measure, keep the measurement, and judge where the trend leads."""
    now = desk.now()
    try:
        value = _measured(check)
    except NotMeasured as error:
        return unknown(f"{check.name} cannot be measured: {error}")
    desk.ledger.record_once(
        place_of(desk.files.id), KIND, check.name, {"value": value}, now, about, key=f"{check.name}/{about}"
    )
    points = measurements(desk, check)
    if value >= check.limit:
        return bad(
            f"{check.name} is at {value:g} {check.unit}, its limit is {check.limit:g}", f"{value:g} {check.unit}"
        )
    if len(points) < check.least:
        have = f"{len(points)} of {check.least} measurements for a trend"
        return fine(f"{check.name} is at {value:g} {check.unit}; there are {have}", f"{value:g} {check.unit}")
    try:
        line = trend(points)
    except TooFewPoints as error:
        return fine(f"{check.name} is at {value:g} {check.unit}; {error}", f"{value:g} {check.unit}")
    until = now + check.within
    band = line.at(until)
    evidence = (
        f"{blocks(points, line, until, check.limit)} {len(points)} measurements; {local_text(until)}: "
        f"{band.expected:.4g} {check.unit}, "
        f"within {band.low:.4g} and {band.high:.4g}"
    )
    reached = line.reaches(check.limit, now, until)
    if reached is not None:
        day = local_text(reached)
        return bad(f"{check.name} may reach {check.limit:g} {check.unit} from {day} on", evidence)
    return fine(f"{check.name} stays below {check.limit:g} {check.unit}", evidence)


def drawn(desk: Desk, check: CapacityCheck) -> bytes:
    """Return the trend of now as an SVG: what was measured, where it leads within the check's reach, and the limit.

    :raises TooFewPoints: there is no trend yet.
    """
    points, until = measurements(desk, check), desk.now() + check.within
    if len(points) < check.least:
        raise TooFewPoints(f"there are {len(points)} of {check.least} measurements for a trend")
    return picture(points, trend(points), until, check.limit)


def measurements(desk: Desk, check: CapacityCheck) -> list[Point]:
    """Return what was measured lately, oldest first."""
    since = desk.now() - check.keeps
    facts = desk.ledger.facts(place_of(desk.files.id), KIND, check.name)
    return [Point(fact.at, float(fact.value["value"])) for fact in facts if fact.at >= since]


def _measured(check: CapacityCheck) -> float:
    from stationmaster.hooks.probed_addresses import Unanswered, ask
    from stationmaster.hooks.programs import run

    measure = check.measure
    try:
        if isinstance(measure, CommandCheck):
            if clock.is_virtual():
                raise NotMeasured("programs are not run in a rehearsal")
            ran = run(measure.argv, measure.timeout)
            if ran.code != 0:
                raise NotMeasured(ran.why or f"it left with {ran.code}: {shown(ran.text)}")
            return number_in(ran.text, measure.answer)
        answered = ask(measure)
        if answered.status != measure.status:
            raise NotMeasured(f"it answers {answered.status}, not {measure.status}")
        return number_in(answered.text, measure.answer)
    except (Unanswered, Illegible) as error:
        raise NotMeasured(str(error)) from None
