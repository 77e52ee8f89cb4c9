"""What runs where: each component on each environment of a train, and where they differ (T-12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from stationmaster.core.instants import Instant
from stationmaster.hooks.errors import ForgeError

if TYPE_CHECKING:
    from stationmaster.config.components import Component
    from stationmaster.departures.station import Station


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ParityCell(_Shape):
    """One component on one environment.

    :param state: ``running``; ``nothing`` was ever deployed there; it is ``not_deployed`` by the train's file;
        ``unreadable``, for the reason ``why``.
    :param since: when its deployment succeeded (aware, UTC).
    :param behind: how many commits of the branch it lacks; null where that is unknown.
    :param ahead: how many of its commits the branch lacks: a hotfix, or a branch that was rewritten.
    """

    environment: str
    state: Literal["running", "nothing", "not_deployed", "unreadable"]
    sha: str | None = None
    since: Instant | None = None
    behind: int | None = None
    ahead: int | None = None
    why: str = ""


class ParityRow(_Shape):
    """One component; ``differs``: its environments do not all run the same commit."""

    component: str
    repository: str
    branch: str
    differs: bool
    cells: tuple[ParityCell, ...]

    @property
    def unreadable(self) -> bool:
        """Whether what runs somewhere cannot be told."""
        return any(cell.state == "unreadable" for cell in self.cells)


class ParityReport(_Shape):
    """Every component of a train; ``even``: everything was read, and no component differs anywhere."""

    train: str
    at: Instant
    environments: tuple[str, ...]
    even: bool
    rows: tuple[ParityRow, ...]


def parity(station: Station) -> ParityReport:
    """Return what runs where by GitHub's deployments. What cannot be read stands in its cell; nothing is raised."""
    rows = tuple(_row(station, component) for component in station.train.components)
    return ParityReport(
        train=station.train.key,
        at=station.now(),
        environments=station.train.environments,
        even=not any(row.differs or row.unreadable for row in rows),
        rows=rows,
    )


def _row(station: Station, component: Component) -> ParityRow:
    cells = tuple(_cell(station, component, environment) for environment in station.train.environments)
    known = {cell.sha for cell in cells if cell.state in ("running", "nothing")}
    return ParityRow(
        component=component.id,
        repository=component.repository,
        branch=component.branch,
        differs=len(known) > 1,
        cells=cells,
    )


def _cell(station: Station, component: Component, environment: str) -> ParityCell:
    if component.deploy(environment).mode == "none":
        return ParityCell(environment=environment, state="not_deployed")
    try:
        running = station.forge.deployed_sha(component.repository, environment)
    except ForgeError as error:
        return ParityCell(environment=environment, state="unreadable", why=_why(error))
    if running is None:
        return ParityCell(environment=environment, state="nothing")
    cell = ParityCell(environment=environment, state="running", sha=running.sha, since=running.since)
    try:
        found = station.forge.compare(component.repository, running.sha, component.branch)
    except ForgeError as error:
        # What runs is known all the same; only how old it is cannot be told.
        return cell.model_copy(update={"state": "unreadable", "why": _why(error)})
    return cell.model_copy(update={"behind": found.ahead_by, "ahead": found.behind_by})


def _why(error: ForgeError) -> str:
    return str(error).strip().rstrip(".")
