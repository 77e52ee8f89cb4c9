"""``stationmaster new``: files that a team starts from, written for it to fill in."""

from __future__ import annotations

import typer

from stationmaster.cli.new_chore import new_chore

new = typer.Typer(name="new", help="Write files to start from: a chore with its page.", no_args_is_help=True)
WRITERS = {
    "chore": new_chore,
}
"""Each command by its name."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in WRITERS.items():
        new.command(name)(command)
    app.add_typer(new)
