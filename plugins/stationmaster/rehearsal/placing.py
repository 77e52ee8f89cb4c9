"""Where in its weeks a rehearsal makes trouble: at the first place that has what the trouble needs.

Real weeks may bring nothing: a hotfix needs a commit that production lacks, a train that is missed needs something
aboard. The history tells beforehand, so that the same span has the same script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from stationmaster.config.components import Component
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.instants import IsoWeek
from stationmaster.rehearsal.github import history as github_history
from stationmaster.rehearsal.programme import Item

A_WEEK_BEFORE = timedelta(weeks=1)
"""What production runs at the start: the branch as it was a week before the first item."""
SETTLED_AFTER = timedelta(minutes=45)
"""How long the next cut is held by a promotion that is half there, before somebody brings the rest."""
AFTER_A_CUT = {"hotfix": timedelta(days=1, hours=3), "security-hotfix": timedelta(days=2, hours=3)}
AFTER_A_PROMOTION = {"rollback": timedelta(hours=5)}
INTO_A_FREEZE = timedelta(hours=10)
_MARGIN = timedelta(hours=1)
"""Checks and the question whom to wait for: what lands so near a cut may or may not be aboard."""


class Place(NamedTuple):
    """A trouble, the train that it befalls, when it begins, and the component that it is about.

    ``departure`` is the one that is missed or half there; what leaves beside the train has no name yet.
    """

    trouble: str
    train: str
    at: datetime
    component: str = ""
    departure: str = ""
    until: datetime | None = None
    """When somebody puts it right, where that is planned."""


class _Played(NamedTuple):
    team: TeamConfig
    train: TrainConfig
    cuts: tuple[datetime, ...]
    promotions: tuple[datetime, ...]
    begins: datetime

    @property
    def by_workflow(self) -> tuple[Component, ...]:
        """The components that a workflow brings to production, the last one first."""
        found = [one for one in self.train.components if one.deploy(self.train.production).mode == "workflow"]
        return tuple(reversed(found))

    @property
    def whole(self) -> bool:
        """Whether workflows bring everything to production."""
        return len(self.by_workflow) == len(self.train.components)

    def departure(self, number: int) -> str:
        """Return the id of the departure that is promoted at a promotion."""
        week = self.train.cut_week(IsoWeek.of(self.promotions[number], self.train.zone))
        return f"{self.train.key}/{week}"


class Board:
    """The trains of a rehearsal, and what was placed already.

    :param items: the whole programme, in the order of the calendar.
    """

    def __init__(self, teams: Mapping[str, TeamConfig], items: Sequence[Item]) -> None:
        self._trains = [
            _Played(team, train, _at(items, train, "cut"), _at(items, train, "promote"), items[0].at)
            for team in teams.values()
            for train in team.trains.values()
            if _at(items, train, "promote")
        ]
        self._placed: list[Place] = []

    def places(self, wanted: Sequence[str]) -> tuple[Place, ...]:
        """Return where each of the troubles happens; what has no place in these weeks is left out."""
        for trouble, find in _WAYS.items():
            place = next(find(self, trouble), None) if trouble in wanted else None
            self._placed += [place] if place is not None else []
        return tuple(sorted(self._placed, key=lambda place: place.at))

    def _beside(self, trouble: str) -> Iterator[Place]:
        for played in self._trains:
            has = {"hotfix": played.train.hotfix, "security-hotfix": played.train.security_hotfix}[trouble]
            for cut in played.cuts if has is not None and played.whole else ():
                yield from self._lacking(trouble, played, cut + AFTER_A_CUT[trouble])

    def _red_tip(self, trouble: str) -> Iterator[Place]:
        # A commit that production runs, or a hotfix brings, would not be held by its checks alone.
        for played in self._trains:
            for number, cut in enumerate(played.cuts[: len(played.promotions)]):
                if self._taken(played.departure(number)):
                    continue
                for component in played.train.components:
                    near = (one.at - cut for one in self._placed if one.train == played.train.key)
                    alone = not any(timedelta(0) <= after < A_WEEK_BEFORE for after in near)
                    if alone and self._fresh(played, component, cut, before=number):
                        yield Place(trouble, played.train.key, cut, component.id)

    def _lacking(self, trouble: str, played: _Played, at: datetime) -> Iterator[Place]:
        for component in played.by_workflow:
            if self._fresh(played, component, at):
                yield Place(trouble, played.train.key, at, component.id)

    def _rollback(self, trouble: str) -> Iterator[Place]:
        for played in self._trains if trouble in AFTER_A_PROMOTION else ():
            for number, promotion in enumerate(played.promotions if played.whole else ()):
                if self._carries(played, number):
                    at, departure = promotion + AFTER_A_PROMOTION[trouble], played.departure(number)
                    yield Place(trouble, played.train.key, at, departure=departure)

    def _missed(self, trouble: str) -> Iterator[Place]:
        # A rollout follows what was promoted: a train without one is missed rather.
        for played in sorted(self._trains, key=lambda one: one.train.rollout is not None):
            if played.train.gates.quorum.mode == "none":
                continue
            for number, promotion in enumerate(played.promotions):
                free = number > 0 and not self._taken(played.departure(number))
                if free and self._carries(played, number):
                    yield Place(trouble, played.train.key, promotion, departure=played.departure(number))

    def _partial(self, trouble: str) -> Iterator[Place]:
        befallen = {place.train for place in self._placed if place.trouble == "missed"}
        for played in sorted(self._trains, key=lambda one: one.train.key in befallen):
            if len(played.by_workflow) < 2 or not played.whole:
                continue
            last = played.by_workflow[0]
            for number, promotion in enumerate(played.promotions):
                following = next((cut for cut in played.cuts if cut > promotion), None)
                departure, cut = played.departure(number), played.cuts[number]
                fresh = self._fresh(played, last, cut, before=number)
                if following is None or not number or self._taken(departure) or not fresh:
                    continue
                until = following + SETTLED_AFTER
                yield Place(trouble, played.train.key, promotion, last.id, departure, until)

    def _freeze(self, trouble: str) -> Iterator[Place]:
        for played in self._trains:
            rule = played.team.freeze_exceptions
            if rule is None or played.train.hotfix is None or not played.whole:
                continue
            for at in self._frozen(played):
                yield from self._lacking(trouble, played, at)

    def _frozen(self, played: _Played) -> Iterator[datetime]:
        """Yield an hour of each freeze in which no hotfix may go, while nothing of the train is half there."""
        first, last = played.promotions[0], max(*played.cuts, *played.promotions)
        half = [(one.at, one.until) for one in self._placed if one.train == played.train.key and one.until is not None]
        every = [found for found in played.team.freezes_of(played.train.id) if "hotfix" in found.mode.forbids]
        spans = sorted(span for freeze in every for span in freeze.between(first, last))
        for at in (span.start + INTO_A_FREEZE for span in spans if span.start + 2 * INTO_A_FREEZE < span.end):
            if not any(begun <= at <= until for begun, until in half):
                yield at

    def _taken(self, departure: str) -> bool:
        return any(place.departure == departure for place in self._placed)

    def _carries(self, played: _Played, number: int) -> bool:
        """Return whether a departure has something aboard that production lacks."""
        cut = played.cuts[number]
        return any(self._fresh(played, each, cut, before=number) for each in played.train.components)

    def _fresh(self, played: _Played, component: Component, at: datetime, *, before: int | None = None) -> bool:
        """Return whether the branch has got a commit at an instant that nothing brought to production by then.

        :param before: count the promotions of departures before this one; by default those before the instant.
        """
        numbers = range(len(played.promotions)) if before is None else range(before)
        brought = [played.begins - A_WEEK_BEFORE]
        brought += [played.cuts[number] for number in numbers if before is not None or played.promotions[number] < at]
        brought += [
            place.at
            for place in self._placed
            if place.train == played.train.key and place.component == component.id and place.at < at
        ]
        history, since = github_history.of(component.repository), max(brought)
        return history.landed(at - _MARGIN) > history.landed(since + _MARGIN)


def _at(items: Sequence[Item], train: TrainConfig, stop: str) -> tuple[datetime, ...]:
    return tuple(item.at for item in items if item.dag_id == f"{train.key}.{stop}")


_WAYS: Mapping[str, Callable[[Board, str], Iterator[Place]]] = {
    "hotfix": Board._beside,
    "security-hotfix": Board._beside,
    "rollback": Board._rollback,
    "missed": Board._missed,
    "partial": Board._partial,
    "freeze": Board._freeze,
    "red-tip": Board._red_tip,
}
"""How the place of each is found; what comes first has the first choice."""
PLACED = tuple(_WAYS)
"""The troubles that need a place of their own."""
