"""A deployment that nobody else records on GitHub: the record that others read, and that the next departure reads.

It is written once the environment itself has shown the commit, for environments whose pipeline writes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures.legs import TAKEN_BACK
from stationmaster.work.effects import CountedGuard, Receipt, perform

if TYPE_CHECKING:
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station


def record(station: Station, leg: Leg) -> Receipt | None:
    """Write the deployment and its success, once; None where the train's file does not ask for it.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    if not station.train.component(leg.component).deploy(leg.environment).record:
        return None
    key = f"{leg.key}/deployment"
    about = f"{leg.stop} of {leg.departure}"

    def act() -> Receipt:
        found = station.forge.find_deployment(leg.repository, leg.environment, key, sha=leg.sha)
        production = leg.environment == station.train.production
        made = found or station.forge.create_deployment(
            leg.repository, leg.sha, leg.environment, key, about, production=production
        )
        station.forge.set_deployment_status(leg.repository, made.id, "success", description=about)
        return {"deployment": made.id}

    def look_up() -> Receipt | None:
        found = station.forge.find_deployment(leg.repository, leg.environment, key, sha=leg.sha)
        done = found is not None and found.status is not None and found.status.state == "success"
        return {"deployment": found.id} if found is not None and done else None

    intent = {"repository": leg.repository, "environment": leg.environment, "sha": leg.sha}
    guard = CountedGuard(station, leg.departure, lambda: _require_there(station, leg))
    return perform(station, key, guard=guard, intent=intent, act=act, look_up=look_up)


def _require_there(station: Station, leg: Leg) -> None:
    """Refuse to record as deployed what goes back, or went: others, and we, read the record as what runs there.

    Otherwise no state stands in the way: that it runs there was seen.

    :raises ActRefused: the departure is taken back.
    """
    found = station.ledger.departure(leg.departure)
    if found is not None and leg.stop == "promote" and found.state in TAKEN_BACK:
        raise ActRefused(leg.departure, found.state, Act.PROMOTE, f"by {found.changed_by}: {found.told}")
