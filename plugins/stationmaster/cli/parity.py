"""``stationmaster parity``: what runs where, and where the environments of a train differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import FINDING, console, plain, refusals, refuse, show_json
from stationmaster.cli.explaining import parse
from stationmaster.cli.whereabouts import IncludeOption, JsonOption, include_at, team_at

if TYPE_CHECKING:
    from stationmaster.departures.parity import ParityCell, ParityReport, ParityRow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(parity)


def parity(
    train: Annotated[str, typer.Argument(metavar="TRAIN", help="Such as cellxgene.weekly.")],
    include: IncludeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell which commit of each component runs on each environment, since when, and how far it is behind the branch.

    GitHub's deployments say what runs; they are asked through the Airflow connection that the team's file names. A
    component whose environments differ is marked with !, and what cannot be read says why.

    Example: stationmaster parity cellxgene.weekly

    Exit codes: 0 every environment runs the same, 1 something differs or cannot be read, 2 no such train.
    """
    from stationmaster.departures import parity as looking
    from stationmaster.departures.station import Station

    with refusals():
        question = parse(train)
        if question.departure is not None or question.stop is not None or question.handoff is not None:
            refuse(f"{train!r} is more than a train. Write it as cellxgene.weekly.")
        team = team_at(include_at(include), question.team)
        team.train(question.train)
        found = looking.parity(Station(team=team, train=question.train, as_written=True))
        zone = team.train(question.train).zone
    if as_json:
        show_json(found)
    else:
        _show(found, zone)
    if not found.even:
        raise typer.Exit(FINDING)


def _show(found: ParityReport, zone: str) -> None:
    from rich.table import Table

    out = console()
    table = Table("", "component", *found.environments, box=None, pad_edge=False)
    for row in found.rows:
        mark = "!" if row.differs else "?" if row.unreadable else "="
        table.add_row(mark, row.component, *(_words(cell, row, zone) for cell in row.cells))
    out.print(table)
    for row in found.rows:
        for cell in row.cells:
            if cell.why:
                out.print(plain(f"{row.component} on {cell.environment} cannot be read: {cell.why}"), soft_wrap=True)
    out.print("Every environment runs the same." if found.even else "Not every environment runs the same.")


def _words(cell: ParityCell, row: ParityRow, zone: str) -> str:
    from stationmaster.core.instants import local_text

    if cell.state in ("not_deployed", "nothing"):
        return "–" if cell.state == "not_deployed" else "nothing"
    if cell.sha is None or cell.since is None:
        return "unreadable"
    behind = f"{cell.behind} behind {row.branch}" if cell.behind else f"the newest of {row.branch}"
    distance = "how far behind is unknown" if cell.behind is None else behind
    ahead = f", {cell.ahead} not on it" if cell.ahead else ""
    return f"{cell.sha[:12]}, {distance}{ahead}\nsince {local_text(cell.since, zone)}"
