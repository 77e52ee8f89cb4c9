"""What a departure still sends to production is stopped first: it is asked to, then by force; or a person goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.departures import runs
from stationmaster.departures.legs import legs_of
from stationmaster.departures.mandates import WayBackGuard
from stationmaster.ledger.errors import EffectBusy, EffectUnknown
from stationmaster.work.obstacles import waiting

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.mandates import Mandate
    from stationmaster.departures.station import Station

ANYWAY = "go_anyway"
"""The fact that a person goes on although a run does not stop: subject ``rollback``, value ``{"attempt", "runs"}``."""
WILL_NOT_STOP = "RUN_WILL_NOT_STOP"


def stop_all(station: Station, departure: str, mandate: Mandate) -> Standing | None:
    """Stop what still runs for a departure, and look for what may have been sent; None when all has come to its end.

    A run that does not stop, not by force either, is waited for until it ends, or until a person whom the form's task
    asks goes on without it: the one who filled the form in, or a backup. A way back that is automatic asks nobody: the
    rollback form replaces it.
    """
    found: list[Blocker] = []
    for leg in legs_of(station, departure, "promote"):
        found += _settle(station, leg)
        found += _stop(station, leg, mandate)
    return waiting("rollback", *found) if found else None


def go_anyway(station: Station, departure: str, mandate: Mandate, *, by: str) -> None:
    """Write down that a person goes on although runs do not stop: those that do not by now, and no others."""
    stubborn = [run for leg in legs_of(station, departure, "promote") for run in _stubborn(station, leg)]
    value = {"attempt": mandate.number, "runs": stubborn}
    station.ledger.record(departure, ANYWAY, "rollback", value, station.now(), by)


def _settle(station: Station, leg: Leg) -> list[Blocker]:
    """Look whether what was being sent when the way back began was taken: it must not come to show afterwards."""
    found = []
    for effect in station.ledger.effects(leg.key):
        try:
            runs.settle(station, leg, effect.key)
        except EffectBusy as busy:
            found.append(blocker("EFFECT_BUSY", clears_at=busy.until, effect=busy.key))
        except EffectUnknown as unknown:
            found.append(blocker("EFFECT_UNSETTLED", why=str(unknown).rstrip(".")))
    return found


def _stop(station: Station, leg: Leg, mandate: Mandate) -> list[Blocker]:
    found = []
    for effect in station.ledger.effects(leg.key):
        if "workflow" not in effect.receipt:
            continue
        run, key = runs.run_of(station, leg, effect.receipt), f"{effect.key}/cancel"
        if run is None:
            found.append(blocker("RUN_NOT_FOUND", component=leg.component))
            continue
        guard = WayBackGuard(station, leg.departure, mandate)
        if run.url in _passed_over(station, leg.departure, mandate) or runs.stop(station, leg, run, key, guard=guard):
            continue
        if runs.will_not_stop(station, key):
            who = (mandate.by,) if mandate.by in station.team.people else (station.conductor.id,)
            why = blocker(WILL_NOT_STOP, since=run.created_at, who=who, component=leg.component, run=run.url)
        else:
            why = blocker("RUN_IN_PROGRESS", since=run.created_at, component=leg.component, run=run.url)
        found.append(why)
    return found


def _stubborn(station: Station, leg: Leg) -> list[str]:
    found = []
    for effect in station.ledger.effects(leg.key):
        if "workflow" in effect.receipt and runs.will_not_stop(station, f"{effect.key}/cancel"):
            run = runs.run_of(station, leg, effect.receipt)
            if run is not None and not run.finished:
                found.append(run.url)
    return found


def _passed_over(station: Station, departure: str, mandate: Mandate) -> set[str]:
    facts = station.ledger.facts(departure, kind=ANYWAY, subject="rollback")
    return {str(run) for fact in facts if fact.value["attempt"] == mandate.number for run in fact.value["runs"]}
