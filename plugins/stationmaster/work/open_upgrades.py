"""The dependency upgrades that nobody has settled: what a handoff lists of them, from the ledger alone (D-24, D-26)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.upgrades import AREA

if TYPE_CHECKING:
    from stationmaster.work.context import Desk

PULL = "pull"
"""The kind of the fact that names an upgrade's pull request: ``{"number", "url", "title", "head"}``."""


class OpenUpgrade(NamedTuple):
    """One upgrade that waits: its id, its pull request's title and address (empty before it has one), and why."""

    id: str
    title: str
    url: str
    why: str


def area_of(team: str) -> str:
    """Return the name under which the ledger keeps a team's upgrades: ``<team>.dependencies``."""
    return f"{team}.{AREA}"


def open_upgrades(desk: Desk) -> Iterator[OpenUpgrade]:
    """Yield the upgrades of the team that wait, for a person or for a machine."""
    seen: set[str] = set()
    for subject, blockers in sorted(desk.ledger.blockers(area_of(desk.team.id)).items()):
        name = subject.rpartition("/")[0]
        if not blockers or name in seen:
            continue
        seen.add(name)
        pull = desk.ledger.fact(name, PULL)
        title = str(pull.value["title"]) if pull is not None else name
        number = f"#{pull.value['number']} " if pull is not None else ""
        why = " ".join(f"{found.code}: {found.sentence}" for found in blockers)
        yield OpenUpgrade(name, f"{number}{title}", str(pull.value["url"]) if pull is not None else "", why)
