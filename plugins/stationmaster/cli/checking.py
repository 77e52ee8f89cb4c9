"""``stationmaster check``: every rule of the configuration, before Airflow sees it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import FINDING, console, plain, refusals, show_json
from stationmaster.cli.connecting import connection_findings
from stationmaster.cli.whereabouts import IncludeOption, JsonOption, include_at

if TYPE_CHECKING:
    from stationmaster.config.include import Include


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(
    include: IncludeOption = None,
    connections: Annotated[
        bool,
        typer.Option("--connections", help="Also try each team's connections: who the tokens are, what they lack."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check every file under include/: what is wrong, where, and what to write instead.

    Each problem is one line: file, line, column, field, what is wrong, the way out. Warnings do not fail.

    With --connections GitHub, Slack and the mail server are asked, through the Airflow connections that the team's file
    names; nothing is written or sent. Run it where Airflow runs, so that it reads the same ones.

    Example: stationmaster check --connections

    Exit codes: 0 no error, 1 errors were found or a connection lacks something, 2 there is no include directory.
    """
    from stationmaster.config.loader import load

    with refusals():
        found = load(include_at(include))
        lacking = (
            tuple(finding for team in found.teams.values() for finding in connection_findings(team))
            if connections
            else ()
        )
    if as_json:
        from stationmaster.cli.shapes import CheckAnswer

        show_json(
            CheckAnswer(
                ok=not found.errors and not lacking,
                teams=tuple(sorted(found.teams)),
                errors=len(found.errors),
                warnings=len(found.warnings),
                problems=found.problems,
                connections=lacking,
            )
        )
    else:
        _show(found)
        for finding in lacking:
            text = f"{finding.about}: {finding.code}: {finding.sentence} {finding.how}"
            console().print(plain(text), style="red", soft_wrap=True)
        if connections and not lacking:
            console().print("Every connection has what it needs, as far as it says.")
    if found.errors or lacking:
        raise typer.Exit(FINDING)


def _show(found: Include) -> None:
    out = console()
    problems = sorted(found.problems, key=lambda problem: (problem.team, problem.file, problem.line))
    for team, those in groupby(problems, key=lambda problem: problem.team):
        out.print(team, style="bold")
        for problem in those:
            out.print(f"  {problem}", style="yellow" if problem.severity == "warning" else "red", soft_wrap=True)
    out.print(_summary(len(found.teams), len(found.errors), len(found.warnings)))


def _summary(teams: int, errors: int, warnings: int) -> str:
    def counted(number: int, name: str) -> str:
        return f"{number} {name}" if number == 1 else f"{number} {name}s"

    return f"{counted(teams, 'team')} can run; {counted(errors, 'error')}, {counted(warnings, 'warning')}."
