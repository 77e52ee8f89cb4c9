"""``stationmaster new``: documents and files that begin from a template; each kind registers itself."""

from __future__ import annotations

import typer

from stationmaster.cli import new_documents
from stationmaster.cli.new_chore import new_chore

new = typer.Typer(
    name="new", help="Begin a document, or a chore with its page, from its template.", no_args_is_help=True
)

KINDS = (new_documents,)
"""Each has ``register(new)``."""
WRITERS = {
    "chore": new_chore,
}
"""Each command by its name."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for kind in KINDS:
        kind.register(new)
    for name, command in WRITERS.items():
        new.command(name)(command)
    app.add_typer(new)
