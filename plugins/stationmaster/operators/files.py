"""What every task reads first: the team's files, as they are at the moment at which it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig


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
        """The team as its files say at this moment."""
        from stationmaster.config.loader import load

        return load(self.include_dir, teams=[self.team], **self.reads).team(self.team)
