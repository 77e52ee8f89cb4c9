"""``stationmaster link``: under which issue a departure is logged."""

from __future__ import annotations

from typing import Annotated

import typer

from stationmaster.cli.answering import console, refusals, refuse
from stationmaster.cli.explaining import parse
from stationmaster.cli.whereabouts import HOME, ByOption, HomeOption, IncludeOption, include_at, open_ledger, team_at


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(link)


def link(
    departure: Annotated[str, typer.Argument(metavar="DEPARTURE", help="Such as threefold.weekly/2026-W34.")],
    issue: Annotated[str, typer.Argument(help="The issue: its address, owner/name#12, or #12.")],
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Give the issue under which a departure is logged, in place of the one that it has; tasks that wait see it.

    Example: stationmaster link threefold.weekly/2026-W34 "#12" --by amir

    Exit codes: 0 it is kept, 1 the team's files hold errors, 2 no such departure, person or issue, or none is asked
    for.
    """
    from stationmaster.departures import ruling
    from stationmaster.departures.station import Station

    with refusals():
        question = parse(departure)
        if question.departure is None:
            refuse(f"{departure!r} is no departure. Write it as threefold.weekly/2026-W34.")
        team = team_at(include_at(include), question.team)
        train = team.train(question.train)
        if by not in team.people:
            refuse(f"{by!r} is not in the people of {team.id}: an issue is given in somebody's name.")
        if train.rules.issue is None:
            refuse(f"{train.key} asks for no issue. Write rules.issue into its file.")
        station = Station(team=team, train=question.train, ledger=open_ledger(home))
        if station.ledger.departure(question.departure) is None:
            refuse(f"{question.departure} was never opened.")
        given = ruling.give_link(station, question.departure, issue, by=by)
    console().print(f"{question.departure} is logged as {given.name}.", soft_wrap=True)
