"""``stationmaster skip|adopt|disclose``: what a person decides about one departure, or about what runs."""

from __future__ import annotations

from typing import Annotated

import typer

from stationmaster.cli.answering import console, refusals, refuse
from stationmaster.cli.asked_about import departure_asked_about, train_asked_about
from stationmaster.cli.whereabouts import HOME, ByOption, HomeOption, IncludeOption, shell_actor

WhyOption = Annotated[str, typer.Option("--why", help="The reason. Stands in the audit.")]
DepartureArgument = Annotated[
    str, typer.Argument(metavar="DEPARTURE", help="Such as cellxgene.weekly/2026-W34, or ….hotfix-1.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(skip)
    app.command()(unskip)
    app.command()(adopt)
    app.command()(disclose)


def skip(
    departure: DepartureArgument,
    why: WhyOption,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Let a departure, or a hotfix, not go: nobody waits for it any longer. What has begun in production is finished.

    Example: stationmaster skip cellxgene.weekly/2026-W34 --why "the release is not good" --by emil

    Exit codes: 0 it is skipped, 1 the team's files hold errors, 2 it has begun or ended, or there is no such departure.
    """
    from stationmaster.core.transitions import BEFORE_THE_PROMOTION
    from stationmaster.departures import opening, telling

    with refusals():
        station, name = departure_asked_about(departure, include, home, by=by)
        found = station.ledger.departure(name)
        if found is None:
            refuse(f"there is no departure {name} in the ledger.")
        if found.state not in BEFORE_THE_PROMOTION:
            refuse(f"{name} is {found.state}: only what has not begun in production can be skipped.")
        if not why.strip():
            refuse("Why? It stands in every explanation, and in the audit.")
        opening.skip(station, found, by=by, reason=why.strip())
        telling.refresh_headline(station, name)
    console().print(f"{name} is skipped.", soft_wrap=True)


def unskip(
    departure: DepartureArgument,
    why: WhyOption,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Let a departure that was skipped go on after all; every gate is asked again. Its runs are started by hand.

    Example: stationmaster unskip cellxgene.weekly/2026-W34 --why "the fix came in" --by emil

    Exit codes: 0 it goes on, 1 the team's files hold errors, 2 it is not skipped, or there is no such departure.
    """
    from stationmaster.departures import opening, telling

    with refusals():
        station, name = departure_asked_about(departure, include, home, by=by)
        found = station.ledger.departure(name)
        if found is None:
            refuse(f"there is no departure {name} in the ledger.")
        if not why.strip():
            refuse("Why? It stands in every explanation, and in the audit.")
        state = opening.unskip(station, found, by=by, reason=why.strip())
        telling.refresh_headline(station, name)
    stop = "promote" if state == "STAGED" else "cut"
    console().print(f"{name} is {state} again. Start {station.train.key}.{stop} by hand.", soft_wrap=True)


def adopt(
    train: Annotated[str, typer.Argument(metavar="TRAIN", help="Such as cellxgene.weekly.")],
    component: Annotated[str, typer.Argument(metavar="COMPONENT", help="Such as portal.")],
    sha: Annotated[str, typer.Argument(metavar="SHA", help="All 40 digits of the commit that runs in production.")],
    why: WhyOption,
    by: ByOption,
    over: Annotated[
        bool, typer.Option("--over", help="The next departure may replace it, whether or not it contains it.")
    ] = False,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Say where two people decide what to think of a commit that no departure brought (the blocker DRIFT).

    A command adopts nothing, whoever types it: the train's exception form in Airflow does.

    Example: stationmaster adopt cellxgene.weekly portal 3f…40 --why "rolled out by the vendor" --by emil

    Exit codes: 0 never, 1 the team's files hold errors, 2 always otherwise: the sentence says what to do.
    """
    from stationmaster.core.manifest import valid_sha

    with refusals():
        station = train_asked_about(train, include, home, by=by)
        found, act = station.train.component(component), "adopt_over" if over else "adopt"
        refuse(
            f"Two people decide that, each as themselves, and {shell_actor()} types this for {by}. Start "
            f"{station.train.key}.exception in Airflow ({act}, component {found.id}, commit {valid_sha(sha)[:12]}, "
            f"the reason {why.strip()!r}): another person is asked to approve it."
        )


def disclose(
    departure: DepartureArgument,
    why: WhyOption,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Let a security hotfix be spoken of: its notes are told in the train's channel, and kept back no longer.

    Example: stationmaster disclose cellxgene.weekly/2026-W34.security-hotfix-1 --why "everybody has it" --by emil

    Exit codes: 0 it is disclosed, 1 the team's files hold errors, 2 it was already, or it is no security hotfix.
    """
    from stationmaster.departures import hotfixing

    with refusals():
        station, name = departure_asked_about(departure, include, home, by=by)
        hotfixing.disclose(station, name, why=why, by=by)
    console().print(f"{name} is disclosed.", soft_wrap=True)
