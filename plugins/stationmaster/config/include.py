"""All teams of one ``include/`` directory, and what is wrong with the others."""

from __future__ import annotations

from pathlib import Path

from stationmaster.config.base import ConfigModel
from stationmaster.config.problems import ConfigurationInvalid, Problem, UnknownTeam
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig


class Include(ConfigModel):
    """The teams that loaded; a team with an error is only among the problems."""

    root: Path
    teams: dict[str, TeamConfig]
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep a team out, or an entry of one of its files."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that a team may live with."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")

    def team(self, name: str) -> TeamConfig:
        """Return a team by its id.

        :raises ConfigurationInvalid: its files hold errors.
        :raises UnknownTeam: it has no file.
        """
        if name in self.teams:
            return self.teams[name]
        errors = tuple(problem for problem in self.problems if problem.keeps_out and problem.team == name)
        if errors:
            raise ConfigurationInvalid(name, errors)
        known = ", ".join(sorted(self.teams)) or "none"
        raise UnknownTeam(f"there is no file {self.root / 'teams' / name}.yaml; the teams are {known}")

    def train(self, key: str) -> TrainConfig:
        """Return a train by its key, ``<team>.<train>``; raises as :meth:`team` and :meth:`TeamConfig.train` do."""
        return self.team(key.split(".", 1)[0]).train(key)
