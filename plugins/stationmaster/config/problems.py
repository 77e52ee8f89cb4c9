"""What is wrong with a file, where, and what to write instead."""

from __future__ import annotations

from typing import Literal

from stationmaster.config.base import ConfigModel

Severity = Literal["error", "warning"]


class Problem(ConfigModel):
    """One mistake in one file. ``str()`` is the sentence that the user reads.

    ``line`` and ``column`` count from 1; ``file`` is relative to the parent of ``include/``.
    An error keeps its team out of :class:`~stationmaster.config.include.Include`, a warning does not; an error of an
    ``entry``, such as a chore, keeps out that entry alone.
    """

    code: str
    severity: Severity = "error"
    team: str
    file: str
    line: int
    column: int
    field: str
    value: str
    message: str
    remedy: str
    entry: str = ""

    @property
    def keeps_out(self) -> bool:
        """Whether it keeps the whole team out."""
        return self.severity == "error" and not self.entry

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: "
        warning = "warning: " if self.severity == "warning" else ""
        field = f"{self.field}: " if self.field else ""
        return f"{place}{warning}{field}{self.message}. {self.remedy}"


class ConfigurationInvalid(ValueError):
    """A team's files hold mistakes; the message has one line for each."""

    def __init__(self, team: str, problems: tuple[Problem, ...]) -> None:
        self.team = team
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class UnknownTeam(LookupError):
    """A team that has no file under ``include/teams``."""
