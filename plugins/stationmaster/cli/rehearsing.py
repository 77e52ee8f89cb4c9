"""``stationmaster rehearse`` and ``bench``: whole departures on a virtual clock, and how long things take."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from stationmaster.cli.answering import FINDING, refusals
from stationmaster.cli.whereabouts import IncludeOption, include_at, team_at

_OUT = Path(".rehearsal")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rehearse)
    app.command()(bench)


def rehearse(
    start: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="A day of the first week to rehearse.")
    ] = datetime(2021, 10, 25),  # noqa: DTZ001 - a date; the option's type has no other
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=52, help="How many departures of each train.")] = 1,
    teams: Annotated[
        str, typer.Option("--teams", help="Team ids, separated by commas, or all. By default all.", show_default=False)
    ] = "",
    out: Annotated[Path, typer.Option("--out", help="Where the transcript and the report are written.")] = _OUT,
    seed: Annotated[int, typer.Option("--seed", help="Draws what the scripted people do; the same is the same.")] = 1,
    trouble: Annotated[
        str,
        typer.Option(
            "--trouble",
            help="Things to go wrong or past the train, separated by commas: veto, red-tip, slack-outage, hotfix, "
            "security-hotfix, rollback, freeze, missed, partial; or all.",
            show_default=False,
        ),
    ] = "",
    trains_only: Annotated[
        bool, typer.Option("--trains-only", help="Leave out chores, watches and incidents: quicker by far.")
    ] = False,
    include: IncludeOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the transcript as JSON; the progress goes to standard error.")
    ] = False,
) -> None:
    """Run whole weeks unattended: a real Airflow, stand-ins with real history, scripted people, a virtual clock.

    Played are trains, handoffs and upgrades, and what a team does beside them: each due chore, each day's watch, one
    incident a team. At the end the invariants are judged: nothing is deployed twice, without a quorum on exactly that
    manifest, before its soak, or outside its window; a chore is closed once, with what shows it; a page comes to
    whoever is on call when its rung is due; every wait had a reason; everything was told once; the audit is whole.

    Example: stationmaster rehearse --from 2024-10-21 --weeks 2 --teams all

    Exit codes: 0 every invariant holds, 1 one is broken or Airflow ended, 2 wrong arguments.
    """
    from rich.console import Console

    names = _names(teams)
    with refusals():
        files = include_at(include)
        for name in names:
            team_at(files, name)
    from stationmaster.rehearsal.rehearse import rehearse as run

    with refusals(FINDING):
        code = run(
            include=files,
            start=start.date(),
            weeks=weeks,
            teams=names,
            out=out,
            seed=seed,
            console=Console(stderr=as_json),
            as_json_only=as_json,
            trouble=tuple(name.strip() for name in trouble.split(",") if name.strip()),
            with_duty=not trains_only,
        )
    raise typer.Exit(code)


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer repetitions: minutes become seconds.")] = False,
) -> None:
    """Measure side by side: parsing, a promote DAG against one that does nothing, the vote to the next task.

    Example: stationmaster bench --quick

    Exit codes: 0 every bound is kept, 1 one is exceeded.
    """
    from rich.console import Console

    from stationmaster.rehearsal.bench import bench as run

    with refusals(FINDING):
        code = run(quick=quick, console=Console())
    raise typer.Exit(code)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    return () if names == ("all",) else names
