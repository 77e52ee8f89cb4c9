"""People who ask for an exception from a freeze, and who approve it: whoever asked for the hotfix, and others (F32)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from stationmaster.config.team import TeamConfig
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.departures import freezing
from stationmaster.departures.agreeing import AIRFLOW
from stationmaster.departures.beside import ASKED
from stationmaster.departures.station import Station
from stationmaster.rehearsal.cast_plans import Plan, Plans
from stationmaster.rehearsal.conducting import Scene
from stationmaster.rehearsal.placing import Place

THINKING = timedelta(minutes=15)
"""Virtual time until the next of them does something."""
WHY, LINK = "production is down, and this mends it", "https://github.com/example/operations/issues/1"


class Exceptions:
    """Lets people except one hotfix from the freeze that holds it, once it is seen to hold it.

    :param tell: gets a sentence for each thing that somebody does.
    """

    def __init__(self, place: Place, team: TeamConfig, tell: Callable[[str], None]) -> None:
        self._place = place
        self._team = team
        self._tell = tell

    def plan(self, scene: Scene, plans: Plans) -> None:
        """Plan the request and the approvals when the freeze is found to hold the hotfix."""
        held = self._held(scene)
        if held is not None:
            plans.once(f"exception of {held[0]}", lambda: self._plans(scene, *held))

    def _held(self, scene: Scene) -> tuple[str, str] | None:
        """Return the hotfix that is held, and the freeze that holds it."""
        if scene.now < self._place.at:
            return None
        for departure in scene.ledger.departures(self._place.train, kinds=(DepartureKind.HOTFIX,)):
            if departure.opened_at < self._place.at:
                continue
            for several in scene.ledger.blockers(departure.id).values():
                for found in several:
                    if found.code == "FROZEN" and found.subject:
                        return departure.id, found.subject
        return None

    def _plans(self, scene: Scene, departure: str, freeze: str) -> Iterator[Plan]:
        rule, asked = self._team.freeze_exceptions, scene.ledger.fact(departure, ASKED)
        if rule is None or asked is None:
            return
        able = [name for name in self._team.groups[rule.approvers] if name != asked.by]
        yield Plan(scene.now + THINKING, partial(self._ask, departure, freeze, asked.by))
        for turn, name in enumerate(able[: rule.needed], start=2):
            yield Plan(scene.now + THINKING * turn, partial(self._approve, departure, name))

    def _ask(self, departure: str, freeze: str, by: str, scene: Scene) -> bool:
        self._tell(f"{self._team.people[by].name} asks for an exception from {freeze} for {departure}")
        station = Station(team=self._team, train=self._place.train, ledger=scene.ledger, now=lambda: scene.now)
        freezing.ask(station, departure, "promote", freeze, why=WHY, link=LINK, by=by)
        return True

    def _approve(self, departure: str, by: str, scene: Scene) -> bool:
        asked = freezing.exceptions_of(scene.ledger, departure)
        if not asked:
            return False
        self._tell(f"{self._team.people[by].name} approves the exception of {departure}")
        freezing.approve(scene.ledger, self._team, departure, asked[-1].id, now=scene.now, by=by, proof=AIRFLOW)
        return True
