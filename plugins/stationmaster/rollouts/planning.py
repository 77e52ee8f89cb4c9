"""Which departure a rollout carries, what its plan means, and how it begins or is refused (D-09)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.calendar import day_of, stop_times
from stationmaster.core.instants import InvalidIsoWeek, IsoWeek, local_text, to_local
from stationmaster.core.rollouts.checking import checked
from stationmaster.core.rollouts.plan import PlanInvalid, RolloutPlan
from stationmaster.core.transitions import Act, ActRefused, allows
from stationmaster.departures import telling
from stationmaster.departures.legs import deployed, leg_of
from stationmaster.ledger.records import DepartureState
from stationmaster.rollouts import records, wording
from stationmaster.rollouts.records import RolloutRecord, RolloutRefused

if TYPE_CHECKING:
    from stationmaster.config.rolling_out import Rollout
    from stationmaster.departures.station import Station

_WEEKS_BACK = 9
"""Weeks among which the departure of this week is looked for: the calendar may leave some out."""
_DEPARTURES_BACK = 8
"""Departures among which an open rollout is looked for."""


class Checked(NamedTuple):
    """A departure that is elected, the commit that its targets get, and the plan."""

    departure: str
    version: str
    plan: RolloutPlan


def rollout_of(station: Station) -> Rollout:
    """Return the rollout that the train's file describes.

    :raises RolloutRefused: it describes none.
    """
    if station.train.rollout is None:
        raise RolloutRefused(f"{station.train.key} has no rollout: its file has no section of that name.")
    return station.train.rollout


class NotPromoted(RolloutRefused):
    """The departure of this week is not promoted, and no week is named: the person on call is told."""

    def __init__(self, departure: str, why: str) -> None:
        super().__init__(
            f"{departure} is what a rollout carries now, and {why}. Promote it first; or name the week of one that is "
            "promoted."
        )
        self.departure = departure


def due_departure(station: Station) -> str:
    """Return the departure of this week: the last one whose promotion was due by the calendar, promoted or not.

    A week that the calendar leaves out has none: then it is the one before.
    """
    train, now = station.train, station.now()
    week = train.cut_week(IsoWeek.of(now, train.zone))
    for back in range(_WEEKS_BACK):
        found = week.plus(-back)
        due = train.promote_week(found)
        left_out = day_of(train.stop("promote"), due) is None or day_of(train.stop("cut"), found) is None
        if not left_out and stop_times(train.stop("promote"), due).earliest <= now:
            return f"{train.key}/{found}"
    return f"{train.key}/{week}"


def elected_departure(station: Station, week: str | None = None) -> str:
    """Return the departure that a rollout carries: the one of ``week``, such as ``2026-W48``, or that of this week.

    :raises NotPromoted: no week is named, and the departure of this week is not promoted.
    :raises RolloutRefused: there is none of that week, or it has not been promoted.
    """
    if week is None:
        due = due_departure(station)
        found = station.ledger.departure(due)
        if found is None:
            raise NotPromoted(due, "it was never cut")
        if found.state is not DepartureState.DONE:
            raise NotPromoted(due, f"it is {found.state} ({found.told or 'no reason given'})")
        return due
    try:
        name = f"{station.train.key}/{IsoWeek.parse(week.rpartition('/')[2])}"
    except InvalidIsoWeek as invalid:
        raise RolloutRefused(str(invalid)) from invalid
    version_of(station, name)
    return name


def version_of(station: Station, departure: str) -> str:
    """Return the commit that a departure's targets get.

    :raises RolloutRefused: the departure was never opened, does not carry it, or has not been promoted.
    """
    component = rollout_of(station).component
    found = station.ledger.departure(departure)
    if found is None:
        raise RolloutRefused(f"There is no departure {departure}. Name the week of one that is promoted.")
    leg = leg_of(station, departure, "promote", component)
    if leg is None:
        raise RolloutRefused(f"{component} is not aboard {departure}, so there is nothing to roll out.")
    if not deployed(station, leg):
        raise RolloutRefused(f"{departure} is not promoted: {component} has not been seen in {leg.environment}.")
    if not allows(found.state, Act.ROLL_OUT):
        raise RolloutRefused(
            str(ActRefused(departure, found.state, Act.ROLL_OUT, f"by {found.changed_by}: {found.told}"))
        )
    return leg.sha


def check(station: Station, *, week: str | None, text: str | None, start: date | None) -> Checked:
    """Return what a form means; nothing is written down and nothing happens.

    :param text: the plan; None: the one of the train's file.
    :param start: a day of the week from which days count; None: today in the train's zone.
    :raises RolloutRefused: there is nothing to roll out.
    :raises stationmaster.core.rollouts.plan.PlanInvalid: with all mistakes of the plan.
    """
    departure = elected_departure(station, week)
    version = version_of(station, departure)
    return Checked(departure, version, read(station, version, text=text, start=start))


def read(station: Station, version: str, *, text: str | None, start: date | None) -> RolloutPlan:
    """Return the plan that a text means for a commit; the ledger is not asked.

    :raises stationmaster.core.rollouts.plan.PlanInvalid: with all mistakes of the plan.
    """
    from stationmaster.config.plan_text import read_plan

    rollout, zone, now = rollout_of(station), station.train.zone, station.now()
    return checked(
        read_plan(text if text is not None else rollout.plan),
        targets=rollout.targets,
        version=version,
        zone=zone,
        start=start or to_local(now, zone).date(),
        now=now,
        separations=rollout.separations,
    )


def open_rollout(
    station: Station, found: Checked, *, by: str, run: str = "", accepted: frozenset[str] = frozenset()
) -> RolloutRecord:
    """Begin a rollout, or return the one that is open with the same plan; told once.

    :param run: the run of the form, as ``<DAG>/<run id>``.
    :param accepted: targets that may be taken back to something older, each by its name.
    :raises RolloutRefused: another one is open, of this departure or of another; or it is in no state for one.
    """
    for other in station.ledger.departures(station.train.key, limit=_DEPARTURES_BACK):
        record = records.newest(station.ledger, other.id)
        if record is None or not records.is_open(station.ledger, record):
            continue
        if other.id == found.departure and record.plan.hash == found.plan.hash and run in ("", record.run):
            return record
        raise RolloutRefused(
            f"A rollout of {other.id} is open, with {'another plan' if other.id == found.departure else 'its own plan'}"
            f", since {local_text(record.opened_at, station.train.zone)}. Let it end, or end it: stationmaster rollout "
            "abort. What its targets have reached stays."
        )
    before = records.newest(station.ledger, found.departure)
    record = records.write_opened(
        station.ledger,
        RolloutRecord(
            departure=found.departure,
            number=before.number + 1 if before is not None else 1,
            version=found.version,
            plan=found.plan,
            opened_at=station.now(),
            opened_by=by,
            run=run,
            accepted=tuple(sorted(accepted)),
        ),
    )
    if record.plan.hash != found.plan.hash:
        raise RolloutRefused(
            "Somebody else began a rollout at the same moment. Look at it: stationmaster rollout status."
        )
    telling.tell(station, found.departure, f"rollout/{record.number}/opened", wording.opened(station, record))
    return record


def opened_by_run(station: Station, run: str, departure: str | None = None) -> RolloutRecord | None:
    """Return the rollout that a run of the form has opened already, None before.

    :param run: the run, as ``<DAG>/<run id>``; of one that an older release opened the id alone.
    :param departure: the departure that the run is about, where the ledger knows it.
    """
    recent = (found.id for found in station.ledger.departures(station.train.key, limit=_DEPARTURES_BACK))
    for name in (departure,) if departure is not None else recent:
        for record in records.every(station.ledger, name):
            if record.run == run:
                return record
    return None


__all__ = [
    "Checked",
    "NotPromoted",
    "PlanInvalid",
    "check",
    "due_departure",
    "elected_departure",
    "open_rollout",
    "opened_by_run",
    "read",
    "rollout_of",
    "version_of",
]
