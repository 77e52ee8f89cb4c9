"""``stationmaster schemas`` and ``docs``: what is generated from the code, and whether it is stale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stationmaster.cli.answering import FINDING, refusals
from stationmaster.cli.whereabouts import IncludeOption, include_at


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(schemas)
    app.command()(docs)


def schemas(
    write: Annotated[bool, typer.Option("--write", help="Write them; without it they are only compared.")] = False,
    include: IncludeOption = None,
) -> None:
    """Compare, or write, the JSON Schemas under include/schemas, by which an editor completes and checks the YAML.

    Example: stationmaster schemas --write

    Exit codes: 0 up to date or written, 1 stale, 2 there is no include directory.
    """
    from stationmaster.config.schemas import export, stale

    with refusals():
        files = include_at(include)
    if write:
        for path in export(files):
            typer.echo(f"wrote {path.name}")
        return
    old = stale(files)
    for path in old:
        typer.echo(f"{path.name} is stale: run stationmaster schemas --write", err=True)
    if old:
        raise typer.Exit(FINDING)


def docs(
    check: Annotated[bool, typer.Option("--check", help="Only compare: fail when a page is stale.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the pages are. By default docs/ beside include/.", show_default=False),
    ] = None,
    include: IncludeOption = None,
) -> None:
    """Write the pages that are generated: DAGS.md from the DAGs, BLOCKERS.md and CONFIGURATION.md from the models.

    Example: stationmaster docs --check

    Exit codes: 0 written or up to date, 1 stale, 2 there is no include directory.
    """
    with refusals():
        files = include_at(include)
    folder = files.parent / "docs" if out is None else out
    stale = []
    for name, text in pages(files).items():
        path = folder / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            stale.append(name)
            typer.echo(f"{name} is stale: run stationmaster docs", err=True)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            typer.echo(f"wrote {name}")
    if stale:
        raise typer.Exit(FINDING)


def pages(include: Path) -> dict[str, str]:
    """Return every generated page by its file name."""
    from stationmaster.cli.page_of_blockers import blockers_page
    from stationmaster.cli.page_of_configuration import configuration_page
    from stationmaster.cli.page_of_dags import dags_page

    return {
        "BLOCKERS.md": blockers_page(),
        "CONFIGURATION.md": configuration_page(),
        "DAGS.md": dags_page(include),
    }
