"""``stationmaster new``: documents and files that begin from a template; each kind registers itself."""

from __future__ import annotations

import typer

from stationmaster.cli import new_documents

new = typer.Typer(name="new", help="Begin a document or a file from its template.", no_args_is_help=True)

KINDS = (new_documents,)
"""Each has ``register(new)``."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for kind in KINDS:
        kind.register(new)
    app.add_typer(new)
