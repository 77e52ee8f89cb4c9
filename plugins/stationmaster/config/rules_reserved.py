"""Names that a team's own work has: its DAGs and its part of the ledger stand under ``<team>.<name>``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake
from stationmaster.config.team import TeamConfig

_OF_FOLDERS = {"chores": ("chores", "the team's chores"), "watches": ("watch", "the team's watches")}
"""What has a name as soon as the team has a file in the folder."""


def of_folders(team: TeamConfig, folders: Collection[str]) -> Iterator[Mistake]:
    """Yield a mistake for each name that the team's files need.

    :param folders: those of ``include/`` in which it has files.
    """
    for folder, (name, whose) in _OF_FOLDERS.items():
        if folder in folders:
            yield from reserved(team, name, whose)


def reserved(team: TeamConfig, name: str, whose: str, *, or_else: str = "") -> Iterator[Mistake]:
    """Yield a mistake for a train and for a rotation that has such a name: their DAGs and records would be mixed up.

    :param whose: what has the name already, such as ``the team's incidents``.
    :param or_else: the other way out, such as ``take upgrades out of the team's file``.
    """
    places: list[tuple[str, Loc]] = [(f"train:{name}", ("id",))] if name in team.trains else []
    places += [("rotations", ("rotations", name))] if name in team.roster else []
    for source, loc in places:
        yield Mistake(
            "reserved_name",
            loc,
            f"{name!r} is the name of {whose}",
            f"Give it another id{f', or {or_else}' if or_else else ''}.",
            name,
            at_key=source == "rotations",
            source=source,
        )
