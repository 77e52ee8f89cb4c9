"""The forms that a rehearsal fills in on the way: hotfixes and a rollback, each once, at an hour that makes sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import httpx

from stationmaster.config.components import Component
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.rehearsal.programme import Item

FORMS = {
    "hotfix": "the day after the first cut the newest commit goes onto production, past the train, which gets it, too",
    "security-hotfix": "the same as a security hotfix, a day later",
    "rollback": "five hours after the first promotion somebody takes production back",
}
"""What can be asked for, and what it means."""
DAGS = {"hotfix": "hotfix", "security-hotfix": "security_hotfix", "rollback": "rollback"}
"""The last part of the DAG's id, by the form."""
_AFTER = {
    "hotfix": timedelta(days=1, hours=3),
    "security-hotfix": timedelta(days=2, hours=3),
    "rollback": timedelta(hours=5),
}
_BACK_TO_WORK = "The rehearsal asks for it"

Conf = Callable[[], dict[str, Any]]


class Form(NamedTuple):
    """One form of one train, when it is filled in, and with what: worked out at that instant."""

    item: Item
    conf: Conf


def forms(
    teams: Mapping[str, TeamConfig], items: list[Item], wanted: tuple[str, ...], github_url: Callable[[], str]
) -> Iterator[Form]:
    """Yield each form that was asked for, of the first train that can be rehearsed with it."""
    for name in wanted:
        train = next((each for each in _trains(teams, items) if _offers(each, name)), None)
        if train is None:
            continue
        after = "promote" if name == "rollback" else "cut"
        first = min(item for item in items if item.dag_id == f"{train.key}.{after}")
        place = first._replace(at=first.at + _AFTER[name], dag_id=f"{train.key}.{DAGS[name]}")
        component = _by_workflow(train)[-1]
        yield Form(place, _rollback if name == "rollback" else _hotfix(component, github_url))


def _trains(teams: Mapping[str, TeamConfig], items: list[Item]) -> Iterator[TrainConfig]:
    played = {item.key for item in items}
    yield from (train for team in teams.values() for train in team.trains.values() if train.key in played)


def _offers(train: TrainConfig, name: str) -> bool:
    has = {"hotfix": train.hotfix, "security-hotfix": train.security_hotfix, "rollback": train.rollback}[name]
    return has is not None and len(_by_workflow(train)) == len(train.components)


def _by_workflow(train: TrainConfig) -> list[Component]:
    return [each for each in train.components if each.deploy(train.production).mode == "workflow"]


def _hotfix(component: Component, github_url: Callable[[], str]) -> Conf:
    def conf() -> dict[str, Any]:
        with httpx.Client(trust_env=False, timeout=10) as client:
            world = client.get(f"{github_url()}/_control/world").raise_for_status().json()
        newest = world["repositories"][component.repository]["main"]
        return {"dry_run": False, "component": component.id, "commits": [newest], "reason": _BACK_TO_WORK}

    return conf


def _rollback() -> dict[str, Any]:
    return {"dry_run": False, "reason": _BACK_TO_WORK}
