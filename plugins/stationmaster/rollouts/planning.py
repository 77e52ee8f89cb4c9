"""Which departure a rollout carries, what its plan means, and how it begins or is refused (D-09)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.instants import InvalidIsoWeek, IsoWeek, local_text, to_local
from stationmaster.core.rollouts.checking import checked
from stationmaster.core.rollouts.plan import PlanInvalid, RolloutPlan
from stationmaster.departures import telling
from stationmaster.departures.legs import deployed, leg_of
from stationmaster.ledger.records import DepartureState
from stationmaster.rollouts import records, wording
from stationmaster.rollouts.records import RolloutRecord, RolloutRefused

if TYPE_CHECKING:
    from stationmaster.config.rolling_out import Rollout
    from stationmaster.departures.station import Station

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


def elected_departure(station: Station, week: str | None = None) -> str:
    """Return the departure that a rollout carries: the one of ``week``, such as ``2026-W48``, or the newest elected.

    :raises RolloutRefused: there is none, or it has not been promoted.
    """
    if week is None:
        found = station.ledger.departures(station.train.key, states=[DepartureState.DONE], limit=1)
        if not found:
            raise RolloutRefused(
                f"No departure of {station.train.key} is promoted yet, so there is nothing to roll out."
            )
        return found[0].id
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
    if station.ledger.departure(departure) is None:
        raise RolloutRefused(f"There is no departure {departure}. Name the week of one that is promoted.")
    leg = leg_of(station, departure, "promote", component)
    if leg is None:
        raise RolloutRefused(f"{component} is not aboard {departure}, so there is nothing to roll out.")
    if not deployed(station, leg):
        raise RolloutRefused(f"{departure} is not promoted: {component} has not been seen in {leg.environment}.")
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


def open_rollout(station: Station, found: Checked, *, by: str, run: str = "") -> RolloutRecord:
    """Begin a rollout, or return the one that is open with the same plan; told once.

    :raises RolloutRefused: another one is open, of this departure or of another.
    """
    for other in station.ledger.departures(station.train.key, limit=_DEPARTURES_BACK):
        record = records.newest(station.ledger, other.id)
        if record is None or not records.is_open(station.ledger, record):
            continue
        if other.id == found.departure and record.plan.hash == found.plan.hash:
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
        ),
    )
    if record.plan.hash != found.plan.hash:
        raise RolloutRefused(
            "Somebody else began a rollout at the same moment. Look at it: stationmaster rollout status."
        )
    telling.tell(station, found.departure, f"rollout/{record.number}/opened", wording.opened(station, record))
    return record


def opened_by_run(station: Station, run: str) -> RolloutRecord | None:
    """Return the rollout that a run of the form has opened already, None before."""
    for found in station.ledger.departures(station.train.key, limit=_DEPARTURES_BACK):
        record = records.newest(station.ledger, found.id)
        if record is not None and record.run == run:
            return record
    return None


__all__ = [
    "Checked",
    "PlanInvalid",
    "check",
    "elected_departure",
    "open_rollout",
    "opened_by_run",
    "read",
    "rollout_of",
    "version_of",
]
