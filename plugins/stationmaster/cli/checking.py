"""``stationmaster check``: every rule of the configuration, before Airflow sees it."""

from __future__ import annotations

from itertools import groupby

import typer

from stationmaster.cli.answering import FINDING, console, refusals, show_json
from stationmaster.cli.whereabouts import IncludeOption, JsonOption, include_at


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(include: IncludeOption = None, as_json: JsonOption = False) -> None:
    """Check every file under include/: what is wrong, where, and what to write instead.

    Each problem is one line: file, line, column, field, what is wrong, the way out. Warnings do not fail.

    Example: stationmaster check --include include

    Exit codes: 0 no error, 1 errors were found, 2 there is no include directory.
    """
    from stationmaster.config.loader import load

    with refusals():
        found = load(include_at(include))
    if as_json:
        from stationmaster.cli.shapes import CheckAnswer

        show_json(
            CheckAnswer(
                ok=not found.errors,
                teams=tuple(sorted(found.teams)),
                errors=len(found.errors),
                warnings=len(found.warnings),
                problems=found.problems,
            )
        )
    else:
        out = console()
        problems = sorted(found.problems, key=lambda problem: (problem.team, problem.file, problem.line))
        for team, those in groupby(problems, key=lambda problem: problem.team):
            out.print(team, style="bold")
            for problem in those:
                out.print(f"  {problem}", style="yellow" if problem.severity == "warning" else "red", soft_wrap=True)
        out.print(_summary(len(found.teams), len(found.errors), len(found.warnings)))
    if found.errors:
        raise typer.Exit(FINDING)


def _summary(teams: int, errors: int, warnings: int) -> str:
    def counted(number: int, name: str) -> str:
        return f"{number} {name}" if number == 1 else f"{number} {name}s"

    return f"{counted(teams, 'team')} can run; {counted(errors, 'error')}, {counted(warnings, 'warning')}."
