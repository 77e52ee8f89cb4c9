"""``stationmaster up`` and ``down``: a whole station on this machine, with no account anywhere."""

from __future__ import annotations

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stationmaster.cli.answering import FINDING, refusals, refuse
from stationmaster.cli.whereabouts import HOME, HomeOption, IncludeOption, include_at

_TRACES = ("secrets.json", "station.lock")
"""Files of a home that tell it from any other directory."""


class Database(StrEnum):
    """Where the station's Airflow and ledger live."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(down)


def up(
    home: HomeOption = HOME,
    include: IncludeOption = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=1, max=65535, help="Airflow's port. By default 8080, or a free one.", show_default=False
        ),
    ] = None,
    database: Annotated[
        Database, typer.Option("--database", help="PostgreSQL comes with the package; SQLite is slower here.")
    ] = Database.POSTGRESQL,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Stay until Ctrl-C, or start in the background and return.")
    ] = True,
) -> None:
    """Start Airflow, the ledger and stand-ins for GitHub and Slack, and take this week's departure to its open gate.

    It prints the addresses, the users with their passwords, and what to click. Ctrl-C, or stationmaster down, ends all
    of it. What an earlier up left in --home is removed; the passwords stay.

    Example: stationmaster up --port 9090

    Exit codes: 0 ended by Ctrl-C, 1 it could not start, or runs there already, 2 --home is some other directory.
    """
    with refusals():
        files = include_at(include)
    if not _may_be_home(home):
        refuse(f"{home} is not empty and no home of a station; up would empty it. Name a new directory.")
    if not wait:
        _start_in_background(home, files, port, database)
        return
    from rich.console import Console

    from stationmaster.rehearsal.up import up as start

    with refusals(FINDING):
        code = start(home, include=files, port=port, database=database.value, console=Console())
    raise typer.Exit(code)


def down(home: HomeOption = HOME) -> None:
    """End the station in --home, whoever started it; nothing of it is left running.

    Example: stationmaster down

    Exit codes: 0 nothing runs there any more, 1 a process would not end.
    """
    from rich.console import Console

    from stationmaster.rehearsal.up import down as end

    with refusals(FINDING):
        code = end(home, console=Console())
    raise typer.Exit(code)


def _may_be_home(home: Path) -> bool:
    if not home.exists() or home.name == HOME.name:
        return True
    return home.is_dir() and (not any(home.iterdir()) or any((home / name).exists() for name in _TRACES))


def _start_in_background(home: Path, include: Path, port: int | None, database: Database) -> None:
    # Beside the home, for up empties the home itself.
    log = home.absolute().with_name(f"{home.absolute().name}.log")
    command = [sys.executable, "-m", "stationmaster.cli", "up", "--home", str(home), "--include", str(include)]
    command += ["--database", database.value, *(["--port", str(port)] if port else [])]
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command, with arguments that are checked above
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    typer.echo(
        f"Starting in the background as process {process.pid}; {log} tells how far it is, stationmaster down ends it."
    )
