"""``stationmaster halt|resume``: the kill switch of a train."""

from __future__ import annotations

from typing import Annotated

import typer

from stationmaster.cli.answering import console, refusals
from stationmaster.cli.asked_about import train_asked_about
from stationmaster.cli.whereabouts import HOME, HomeOption, IncludeOption

TrainArgument = Annotated[str, typer.Argument(metavar="TRAIN", help="Such as cellxgene.weekly.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does it: your id in the team's file. Stands in the audit.")]
WhyOption = Annotated[str, typer.Option("--why", help="The reason. Every explanation shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(halt)
    app.command()(resume)


def halt(
    train: TrainArgument, why: WhyOption, by: ByOption, include: IncludeOption = None, home: HomeOption = HOME
) -> None:
    """Stop a train at once: nothing of it is cut or promoted until somebody lets it go on. A rollback still goes.

    Example: stationmaster halt cellxgene.weekly --why "production is burning" --by emil

    Exit codes: 0 it is stopped, 1 the team's files hold errors, 2 it was already, or no such train or person.
    """
    from stationmaster.departures import halting

    with refusals():
        station = train_asked_about(train, include, home, by=by)
        halting.halt(station.ledger, station.train.key, why=why, now=station.now(), by=by)
    console().print(f"{train} is stopped. stationmaster resume {train} lets it go on.", soft_wrap=True)


def resume(
    train: TrainArgument, why: WhyOption, by: ByOption, include: IncludeOption = None, home: HomeOption = HOME
) -> None:
    """Let a train that was stopped go on; every gate is asked again.

    Example: stationmaster resume cellxgene.weekly --why "it was the network" --by emil

    Exit codes: 0 it goes on, 1 the team's files hold errors, 2 it was not stopped, or no such train or person.
    """
    from stationmaster.departures import halting

    with refusals():
        station = train_asked_about(train, include, home, by=by)
        halting.resume(station.ledger, station.train.key, why=why, now=station.now(), by=by)
    console().print(f"{train} goes on.", soft_wrap=True)
