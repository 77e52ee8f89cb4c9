"""What an environment runs before a leg, and whether the leg may follow it (F17, F18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import fill
from stationmaster.core.gates import Standing, Verdict
from stationmaster.departures import arriving, homecoming
from stationmaster.departures.electing import running_sha
from stationmaster.departures.obstacles import conducted_by
from stationmaster.work.obstacles import waiting

if TYPE_CHECKING:
    from stationmaster.config.components import Deploy
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station


TARGET = "rollback_target"
"""The fact that says what ran on an environment when a deploy to it began: where a rollback goes (C-18, F45).

Subject the leg's, value ``{"sha", "repository", "for"}``; ``for`` is the commit that was to be brought.
"""


def fits(station: Station, leg: Leg) -> Standing | None:
    """Refuse to go back unnoticed: what comes to production contains what runs there (F17, F18, F50).

    A hotfix that runs there may be contained in another shape than its own commit (F39).
    """
    if leg.environment != station.train.production:
        return None
    running = running_sha(station, leg.component, leg.environment)
    if running is None or running == leg.sha or _over(station, leg, running):
        return None
    wanted = arriving.drifted(station, leg.component, running)
    if wanted is not None:
        return _refused("DRIFT", station, leg, found=running[:12], expected=wanted[:12])
    status = station.forge.compare(leg.repository, running, leg.sha).status
    found, sha = running[:12], leg.sha[:12]
    if status == "behind":
        return _refused("WOULD_DOWNGRADE", station, leg, found=found, sha=sha)
    if status == "diverged" and not _in_another_shape(station, leg, running):
        return _refused("NOT_CONTAINING_PROD", station, leg, found=found, sha=sha)
    return None


def _over(station: Station, leg: Leg, running: str) -> bool:
    said = arriving.adoption(station, leg.component, running)
    return said is not None and said.over


def _in_another_shape(station: Station, leg: Leg, running: str) -> bool:
    hotfix = next((each for each in homecoming.hotfixes(station, leg.component) if each.sha == running), None)
    return hotfix is not None and homecoming.carries(station, leg.sha, hotfix)


def _refused(code: str, station: Station, leg: Leg, **values: str) -> Standing:
    who = conducted_by(station)
    why = fill(code, {"component": leg.component, "environment": leg.environment, **values}, who=who)
    return waiting("deploy", why, verdict=Verdict.DENY)


def was_begun(station: Station, leg: Leg) -> bool:
    """Return whether a deploy of exactly this commit has passed its gates here; what an older release began counts."""
    facts = station.ledger.facts(leg.departure, kind=TARGET, subject=leg.subject)
    return any(fact.value.get("for", leg.sha) == leg.sha for fact in facts)


def there_already(station: Station, leg: Leg, deploy: Deploy) -> bool:
    """A component without anything new runs there already: it is verified, and not deployed a second time."""
    if deploy.mode in ("auto", "manual") or station.ledger.effects(leg.key):
        return False
    return running_sha(station, leg.component, leg.environment) == leg.sha
