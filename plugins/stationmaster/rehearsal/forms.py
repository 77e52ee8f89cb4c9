"""The forms that a rehearsal fills in on the way: hotfixes and a rollback, each once, at an hour that makes sense."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from stationmaster.config.components import Component
from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.placing import Place
from stationmaster.rehearsal.programme import Item

FORMS = {
    "hotfix": "the day after a cut the newest commit goes onto production, past the train, which gets it, too",
    "security-hotfix": "the same as a security hotfix, two days after a cut",
    "rollback": "five hours after a promotion somebody takes production back",
    "freeze": "a hotfix is asked for in a freeze; it waits until an exception is asked for and approved",
}
"""What can be asked for, and what it means."""
DAGS = {"hotfix": "hotfix", "security-hotfix": "security_hotfix", "rollback": "rollback", "freeze": "hotfix"}
"""The last part of the DAG's id, by the form."""
_BACK_TO_WORK = "The rehearsal asks for it"

Conf = Callable[[], dict[str, Any]]


class Form(NamedTuple):
    """One form of one train, when it is filled in, and with what: worked out at that instant."""

    item: Item
    conf: Conf


def forms(teams: Mapping[str, TeamConfig], places: Iterable[Place], github_url: Callable[[], str]) -> Iterator[Form]:
    """Yield each form that has a place in the rehearsal."""
    for place in places:
        if place.trouble not in FORMS:
            continue
        team = teams[place.train.split(".", 1)[0]]
        train = team.train(place.train)
        item = Item(place.at, f"{train.key}.{DAGS[place.trouble]}", team.id, train.zone)
        yield Form(item, _hotfix(train.component(place.component), github_url) if place.component else _rollback)


def _hotfix(component: Component, github_url: Callable[[], str]) -> Conf:
    def conf() -> dict[str, Any]:
        with httpx.Client(trust_env=False, timeout=10) as client:
            world = client.get(f"{github_url()}/_control/world").raise_for_status().json()
        newest = world["repositories"][component.repository]["main"]
        return {"dry_run": False, "component": component.id, "commits": [newest], "reason": _BACK_TO_WORK}

    return conf


def _rollback() -> dict[str, Any]:
    return {"dry_run": False, "reason": _BACK_TO_WORK}
