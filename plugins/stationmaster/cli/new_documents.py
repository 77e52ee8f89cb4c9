"""``stationmaster new service-sheet`` and ``new incident-report``: the team's documents (T-15, T-21, T-22)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import console, refusals, refuse
from stationmaster.cli.oncall_reading import TeamArgument
from stationmaster.cli.whereabouts import HOME, HomeOption, IncludeOption, include_at, take_over_clock, team_at

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig

OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="The file. By default it is written to standard output.", show_default=False),
]
SERVICE_SHEET, INCIDENT_REPORT = "service-sheet", "incident-report"
_TO_FILL = "…"


def register(new: typer.Typer) -> None:
    """Add the commands."""
    new.command(name=SERVICE_SHEET)(service_sheet)
    new.command(name=INCIDENT_REPORT)(incident_report)


def service_sheet(
    team: TeamArgument,
    name: Annotated[str, typer.Argument(help="The service's id: lower-case letters, digits, - and _.")],
    title: Annotated[str | None, typer.Option("--title", help="By default the id.", show_default=False)] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="An id in the team's file.", show_default=False)] = None,
    repository: Annotated[str | None, typer.Option("--repository", help="owner/name.", show_default=False)] = None,
    out: OutOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Begin the sheet of a service: every section that whoever sets it up has to fill in.

    Example: stationmaster new service-sheet threefold gridproxy --owner amir --out docs/gridproxy.md

    Exit codes: 0 written, 1 the team's files hold errors, 2 the file is there already, or a bad name or person.
    """
    with refusals():
        found = _team(team, include, home)
        person = _person(found, owner)
        fields = {
            "service": _id(name),
            "title": _line(title or name),
            "team": found.title,
            "owner": person or _TO_FILL,
            "repository": _line(repository or _TO_FILL),
            "date": _today(found),
        }
        _write(out, _filled(include_at(include), SERVICE_SHEET, fields))


def incident_report(
    team: TeamArgument,
    title: Annotated[str, typer.Option("--title", help="What happened, in one line.")] = _TO_FILL,
    out: OutOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Begin the report of an incident that nobody opened here; ``incident report`` writes that of one that was.

    Example: stationmaster new incident-report threefold --title "Farm 12 lost power" --out report.md

    Exit codes: 0 written, 1 the team's files hold errors, 2 the file is there already, or no such team.
    """
    from stationmaster.config.templates import FIELDS

    with refusals():
        found = _team(team, include, home)
        rules = found.incidents
        severities = " / ".join(each.title for each in rules.severities.values()) if rules is not None else _TO_FILL
        impacts = " / ".join(each.title for each in rules.impacts.values()) if rules is not None else _TO_FILL
        fields = dict.fromkeys(FIELDS["incident"], _TO_FILL) | {
            "title": _line(title),
            "team": found.title,
            "date": _today(found),
            "severity": severities,
            "impact_rating": impacts,
            "status": "Open / Investigating / Resolved",
            "company_severity": "",
            "timeline": "| When | What |\n|---|---|\n| … | … |",
            "runbook": "Runbook: …",
        }
        template = rules.report.template if rules is not None and rules.report is not None else INCIDENT_REPORT
        _write(out, _filled(include_at(include), template, fields))


def _team(team: str, include: Path | None, home: Path) -> TeamConfig:
    from stationmaster.cli.whereabouts import running_station

    take_over_clock(running_station(home))
    return team_at(include_at(include), team)


def _filled(include: Path, template: str, fields: dict[str, str]) -> str:
    from stationmaster.config.templates import template_text
    from stationmaster.core.templates import fill

    return fill(template_text(include, template), fields)


def _today(team: TeamConfig) -> str:
    from stationmaster import clock
    from stationmaster.core.instants import to_local

    return to_local(clock.now(), team.zone).date().isoformat()


def _id(name: str) -> str:
    import re

    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", name):
        refuse(f"{name!r} is no id of a service. Use lower-case letters, digits, - and _, beginning with a letter.")
    return name


def _person(team: TeamConfig, owner: str | None) -> str:
    if owner is None:
        return ""
    if owner not in team.people:
        refuse(f"{owner!r} is not in the people of {team.id}.")
    return team.people[owner].name


def _line(text: str) -> str:
    from stationmaster.core import escaping

    return escaping.one_line(text)


def _write(out: Path | None, text: str) -> None:
    if out is None:
        typer.echo(text)
        return
    try:
        # Never over what is there: somebody may have filled it in.
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        refuse(f"{out} is there already. Name another file, or look what stands in it.")
    except OSError as error:
        refuse(f"{out} cannot be written: {error.strerror}.")
    console().print(f"Wrote {out}.", soft_wrap=True)
