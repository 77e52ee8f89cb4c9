"""``stationmaster preview``: the departures to come, of all teams, as a table, as JSON or as a picture."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import console, refusals, show_json
from stationmaster.cli.oncall_reading import AtOption, team_and_now
from stationmaster.cli.whereabouts import HOME, HomeOption, IncludeOption, JsonOption, include_at

if TYPE_CHECKING:
    from stationmaster.cli.shapes_trains import PreviewAnswer
    from stationmaster.config.team import TeamConfig


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(preview)


def preview(
    teams: Annotated[list[str] | None, typer.Argument(help="The teams; by default all.", show_default=False)] = None,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=104, help="How many weeks ahead.")] = 12,
    at: AtOption = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Draw them into this file, as a page with a picture.")
    ] = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show the departures to come: when each stop opens, who conducts it, holidays, freezes, what will be in its way.

    Example: stationmaster preview cellxgene --weeks 12 --html trains.html

    Exit codes: 0 answered, 1 the files hold errors, 2 no such team, or a bad instant.
    """
    with refusals():
        folder = include_at(include)
        names = teams or sorted(path.stem for path in (folder / "teams").glob("*.yaml"))
        pairs = [team_and_now(name, include, home, at) for name in names]
        found, now = [team for team, _ in pairs], pairs[0][1]
        answer = _answer(found, now, now + timedelta(weeks=weeks))
        if html is not None:
            from stationmaster.cli.preview_picture import page

            html.write_text(page(found, answer), encoding="utf-8")
    if as_json:
        show_json(answer)
    else:
        _show(found, answer)
        if html is not None:
            console().print(f"Drawn into {html}.", soft_wrap=True)


def _answer(teams: list[TeamConfig], start: datetime, end: datetime) -> PreviewAnswer:
    from stationmaster.cli.shapes_trains import ForeseenShown, FrozenShown, PreviewAnswer, TrainForeseen
    from stationmaster.departures.previewing import foreseen, frozen_spans

    trains = [
        TrainForeseen(
            team=team.id,
            train=train.key,
            title=train.title,
            zone=train.zone,
            stops=tuple(
                ForeseenShown(**each.model_dump(exclude={"train"})) for each in foreseen(team, train, start, end)
            ),
            freezes=tuple(FrozenShown(**each.model_dump()) for each in frozen_spans(team, train.id, start, end)),
        )
        for team in teams
        for train in team.trains.values()
    ]
    return PreviewAnswer(start=start, end=end, trains=tuple(trains))


def _show(teams: list[TeamConfig], answer: PreviewAnswer) -> None:
    from rich.table import Table

    from stationmaster.core.instants import local_text

    out = console()
    people = {team.id: team.people for team in teams}
    for train in answer.trains:
        out.print(f"{train.title} ({train.train})", style="bold")
        table = Table("opens", "departure", "stop", "on call", "remarks", box=None, pad_edge=False)
        for each in train.stops:
            remarks = [*([f"moved from {each.moved_from:%a %d %b}: a holiday"] if each.moved_from else [])]
            remarks += ["skipped: a holiday"] if each.skipped else []
            remarks += [f"frozen: {name}" for name in each.freezes]
            who = people[train.team][each.on_call].name if each.on_call else "nobody"
            when = local_text(each.opens or each.earliest, train.zone)
            name = each.departure.rpartition("/")[2]
            table.add_row(when, name, each.stop, who, "; ".join([*remarks, *each.conflicts]))
        out.print(table)
        for freeze in train.freezes:
            span = f"{local_text(freeze.start, train.zone)} – {local_text(freeze.end, train.zone)}"
            out.print(f"freeze {freeze.name} ({freeze.mode}): {span}: {freeze.why}", soft_wrap=True)
    if not answer.trains:
        out.print("No trains.")
