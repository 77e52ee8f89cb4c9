"""``stationmaster halt|resume``: the kill switch of a train, and of a team's dependency upgrades."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import console, refusals, refuse
from stationmaster.cli.asked_about import require_person, train_asked_about
from stationmaster.cli.explaining import parse
from stationmaster.cli.whereabouts import HOME, ByOption, HomeOption, IncludeOption, include_at, open_ledger, team_at

if TYPE_CHECKING:
    from stationmaster.work.context import Desk

TrainArgument = Annotated[str, typer.Argument(metavar="TRAIN", help="Such as cellxgene.weekly, or dre.dependencies.")]
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
    from stationmaster.work import halting

    with refusals():
        desk = _desk(train, by, include, home)
        halting.halt(desk.ledger, train, why=why, now=desk.now(), by=by)
    console().print(f"{train} is stopped. stationmaster resume {train} lets it go on.", soft_wrap=True)


def resume(
    train: TrainArgument, why: WhyOption, by: ByOption, include: IncludeOption = None, home: HomeOption = HOME
) -> None:
    """Let a train that was stopped go on; every gate is asked again.

    Example: stationmaster resume cellxgene.weekly --why "it was the network" --by emil

    Exit codes: 0 it goes on, 1 the team's files hold errors, 2 it was not stopped, or no such train or person.
    """
    from stationmaster.work import halting

    with refusals():
        desk = _desk(train, by, include, home)
        halting.resume(desk.ledger, train, why=why, now=desk.now(), by=by)
    console().print(f"{train} goes on.", soft_wrap=True)


def _desk(about: str, by: str, include: Path | None, home: Path) -> Desk:
    """Return the train, or the team whose dependency upgrades are meant."""
    from stationmaster.core.upgrades import AREA
    from stationmaster.work.context import Desk

    question = parse(about)
    if question.train != AREA:
        return train_asked_about(about, include, home, by=by)
    team = team_at(include_at(include), question.team)
    if team.upgrades is None:
        refuse(f"{team.id} has no upgrades in its file.")
    require_person(team, by)
    return Desk(team=team, ledger=open_ledger(home))
