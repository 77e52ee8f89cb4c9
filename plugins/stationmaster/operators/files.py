"""What every task reads first: the team's files, as they are at the moment at which it runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig


class Reading(NamedTuple):
    """What was read of a team: of trains, chores and watches the names, or None for all."""

    include: Path
    team: str
    trains: frozenset[str] | None
    chores: frozenset[str] | None
    watches: frozenset[str] | None

    @classmethod
    def of(
        cls,
        include: Path,
        team: str,
        *,
        trains: Collection[str] | None = None,
        entries: Mapping[str, Collection[str]] | None = None,
    ) -> Self:
        """Return what :func:`stationmaster.config.loader.load` reads when it is told so."""
        chosen = (trains, *((entries or {}).get(kind) for kind in ("chores", "watches")))
        return cls(include.resolve(), team, *(None if names is None else frozenset(names) for names in chosen))


_just_read: dict[Reading, TeamConfig] = {}


def just_read(reading: Reading, team: TeamConfig) -> None:
    """Keep the team that the DAG of one task was made from, in the process that Airflow forks for the task.

    Its first reading of the same is answered with it; it is forgotten with that.
    """
    _just_read.clear()
    _just_read[reading] = team


class FilesOperator(BaseOperator):
    """Base of every task of the package.

    :param include: path of ``include/``, best relative to the DAG's file: an absolute one in the arguments of a mapped
        task would make a new version of the DAG wherever the bundle is unpacked to (fact 27).
    :param team: id of the team.
    """

    def __init__(self, *, include: str, team: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.include = include
        self.team = team

    @property
    def include_dir(self) -> Path:
        """Where ``include/`` is in the bundle that this task runs from."""
        return Path(self.dag.fileloc).parent / self.include

    @property
    def reads(self) -> dict[str, Any]:
        """What of the team is read, as :func:`stationmaster.config.loader.load` takes it: all but chores and watches.

        What it costs to start a task does not grow with what it does not need, nor does a mistake there stop it.
        """
        return {"entries": {"chores": (), "watches": ()}}

    @property
    def team_config(self) -> TeamConfig:
        """The team as its files say at this moment: as they were when this process parsed the DAG, or are now."""
        from stationmaster.config.loader import load

        known = _just_read.pop(Reading.of(self.include_dir, self.team, **self.reads), None)
        if known is not None:
            return known
        return load(self.include_dir, teams=[self.team], **self.reads).team(self.team)
