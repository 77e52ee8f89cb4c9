"""What an environment runs before a leg, and whether the leg may follow it (F17, F18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, Verdict
from stationmaster.departures.electing import running_sha
from stationmaster.departures.obstacles import waiting

if TYPE_CHECKING:
    from stationmaster.config.components import Deploy
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station


def fits(station: Station, leg: Leg) -> Standing | None:
    """Refuse to go back unnoticed: what runs must be an ancestor of what comes (F17, F18)."""
    if leg.stop == "cut":
        return None
    running = running_sha(station, leg.component, leg.environment)
    if running is None:
        return None
    status = station.forge.compare(leg.repository, running, leg.sha).status
    if status in ("ahead", "identical"):
        return None
    who, found, sha = (station.conductor.id,), running[:12], leg.sha[:12]
    expected = _last_seen(station, leg)
    component, environment = leg.component, leg.environment
    why = (
        blocker("WOULD_DOWNGRADE", who=who, component=component, environment=environment, found=found, sha=sha)
        if status == "behind"
        else blocker("DRIFT", who=who, component=component, environment=environment, found=found, expected=expected)
    )
    return waiting("deploy", why, verdict=Verdict.DENY)


def _last_seen(station: Station, leg: Leg) -> str:
    """Return what the ledger last saw arrive there, whichever departure brought it."""
    for found in station.ledger.departures(station.train.key):
        facts = station.ledger.facts(found.id, kind="deployed", subject=leg.subject)
        if facts:
            return str(facts[-1].value["sha"])[:12]
    return f"that {leg.sha[:12]} follows, which lacks it"


def there_already(station: Station, leg: Leg, deploy: Deploy) -> bool:
    """A component without anything new runs there already: it is verified, and not deployed a second time."""
    if deploy.mode in ("auto", "manual") or station.ledger.effects(leg.key):
        return False
    return running_sha(station, leg.component, leg.environment) == leg.sha


def record_target(station: Station, leg: Leg) -> None:
    """Record what runs there, once, before the departure changes it: where a rollback goes (C-18, F45)."""
    value = {"sha": running_sha(station, leg.component, leg.environment), "repository": leg.repository}
    station.ledger.record_once(leg.departure, "rollback_target", leg.subject, value, station.now(), "stationmaster")
