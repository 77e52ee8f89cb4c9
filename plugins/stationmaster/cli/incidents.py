"""``stationmaster incident``: see what is broken, take it, say how it goes, and end it, from a terminal at night."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import console, plain, refusals, refuse, show_json
from stationmaster.cli.oncall_reading import AtOption, TeamArgument, team_and_now
from stationmaster.cli.whereabouts import (
    HOME,
    ByOption,
    HomeOption,
    IncludeOption,
    JsonOption,
    include_at,
    open_ledger,
    team_at,
)

if TYPE_CHECKING:
    from stationmaster.cli.shapes_incidents import IncidentAnswer, IncidentShown, LadderAnswer
    from stationmaster.core.incidents import Story
    from stationmaster.work.context import Desk

IdArgument = Annotated[str, typer.Argument(metavar="INCIDENT", help="Such as cellxgene.incident/2026-11-21.1.")]
TextOption = Annotated[str, typer.Option("--text", help="What happened, in a line or two.")]

incident = typer.Typer(
    name="incident", help="See what is broken, take it, say how it goes, and end it.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    incident.command(name="list")(list_incidents)
    incident.command(name="show")(show)
    incident.command(name="ladder")(ladder)
    incident.command(name="ack")(ack)
    incident.command(name="update")(update)
    incident.command(name="mitigate")(mitigate)
    incident.command(name="resolve")(resolve)
    incident.command(name="rate")(rate)
    incident.command(name="assign")(assign)
    incident.command(name="report")(report)
    incident.command(name="postmortem")(postmortem)
    app.add_typer(incident)


def list_incidents(
    team: TeamArgument,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """List the incidents of a team: those under way, or all of them, the newest first.

    Example: stationmaster incident list cellxgene

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team or no ledger.
    """
    from stationmaster.cli.shapes_incidents import IncidentsAnswer
    from stationmaster.incidents import records

    with refusals():
        desk = _desk(team, include, home)
        found = [each for each in records.stories(desk) if everything or each.under_way]
    if as_json:
        show_json(IncidentsAnswer(team=team, incidents=tuple(_shown(each) for each in found)))
        return
    from rich.table import Table

    from stationmaster.core.instants import local_text

    table = Table("incident", "since", "state", "severity", "who has it", "what", box=None, pad_edge=False)
    for each in found:
        since = local_text(each.opened_at, desk.files.zone)
        who = each.positions.get(records.rules_of(desk).positions[0], each.acknowledged_by or "nobody")
        table.add_row(each.id, since, str(each.state), each.severity, who, plain(each.title))
    console().print(table if found else "Nothing is broken.")


def show(name: IdArgument, include: IncludeOption = None, home: HomeOption = HOME, as_json: JsonOption = False) -> None:
    """Show one incident and its timeline.

    Example: stationmaster incident show cellxgene.incident/2026-11-21.1

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such incident or no ledger.
    """
    with refusals():
        desk, story = _story(name, include, home)
        answer = _answer(desk, story)
    _out(desk, answer, as_json=as_json)


def ladder(
    team: TeamArgument,
    severity: Annotated[
        str | None, typer.Option("--severity", help="By default the worst.", show_default=False)
    ] = None,
    at: AtOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show who would be paged when, if something broke at an instant. Nobody is paged.

    Example: stationmaster incident ladder cellxgene --at 2026-11-21T03:00-08:00

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team or severity, or a bad instant.
    """
    from stationmaster.cli.shapes_incidents import LadderAnswer, RungShown
    from stationmaster.incidents import preview

    with refusals():
        found, now = team_and_now(team, include, home, at)
        chosen, steps = preview.ladder(found, now, severity)
        rungs = tuple(RungShown(**each._asdict()) for each in steps)
        answer = LadderAnswer(team=team, at=now, severity=chosen, rungs=rungs)
    if as_json:
        show_json(answer)
    else:
        _show_ladder(found.zone, answer)


def ack(
    name: IdArgument,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Say that you have it: nobody else is paged, and you are its point.

    Example: stationmaster incident ack cellxgene.incident/2026-11-21.1 --by emil

    Exit codes: 0 you have it, or somebody had it already, 1 the team's files hold errors, 2 it is refused.
    """
    from stationmaster.incidents import acknowledging

    def step(desk: Desk, story: Story) -> None:
        acknowledging.acknowledge(desk, story, desk.team.people[by], "cli")

    _change(name, by, include, home, step, as_json=as_json)


def update(
    name: IdArgument,
    by: ByOption,
    text: TextOption,
    eta: Annotated[str, typer.Option("--eta", help="When you think that it will be over.")] = "",
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Say how it goes: what is done, what you are at, when it will be over.

    Example: stationmaster incident update cellxgene.incident/2026-11-21.1 --by emil --text "Rolling back" --eta 10:30

    Exit codes: 0 it is written down, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    _write(name, by, include, home, "UPDATED", text, eta=eta, as_json=as_json)


def mitigate(
    name: IdArgument,
    by: ByOption,
    text: TextOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Say that users can work again; the cause may still be there.

    Example: stationmaster incident mitigate cellxgene.incident/2026-11-21.1 --by emil --text "Rolled back to W46"

    Exit codes: 0 it is written down, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    _write(name, by, include, home, "MITIGATED", text, as_json=as_json)


def resolve(
    name: IdArgument,
    by: ByOption,
    text: TextOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Say that it is over. What follows, the report first, is asked in Airflow.

    Example: stationmaster incident resolve cellxgene.incident/2026-11-21.1 --by emil --text "A new certificate"

    Exit codes: 0 it is over, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    _write(name, by, include, home, "RESOLVED", text, as_json=as_json)


def rate(
    name: IdArgument,
    by: ByOption,
    severity: Annotated[str | None, typer.Option("--severity", help="By default as it is.", show_default=False)] = None,
    impact: Annotated[str | None, typer.Option("--impact", help="By default as it is.", show_default=False)] = None,
    text: Annotated[str, typer.Option("--text", help="Why.")] = "",
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Give it another severity or impact: the ladder and the updates follow it.

    Example: stationmaster incident rate cellxgene.incident/2026-11-21.1 --by emil --severity minor

    Exit codes: 0 it is rated so, 1 the team's files hold errors, 2 the file does not know the rating.
    """
    from stationmaster.incidents import handling

    def step(desk: Desk, story: Story) -> None:
        handling.rate(
            desk,
            story,
            by,
            severity=severity or story.severity,
            impact=impact or story.impact,
            company=story.company,
            text=text,
        )

    _change(name, by, include, home, step, as_json=as_json)


def assign(
    name: IdArgument,
    by: ByOption,
    position: Annotated[str, typer.Option("--role", help="A role within the incident, such as comms.")],
    person: Annotated[str, typer.Option("--to", help="Who takes it: an id in the team's file.")],
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Give a role within the incident to somebody.

    Example: stationmaster incident assign cellxgene.incident/2026-11-21.1 --by emil --role comms --to hana

    Exit codes: 0 they have it, 1 the team's files hold errors, 2 no such role or person.
    """
    from stationmaster.incidents import handling

    def step(desk: Desk, story: Story) -> None:
        handling.assign(desk, story, position, person, by=by)

    _change(name, by, include, home, step, as_json=as_json)


def report(
    name: IdArgument,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Write the report of an incident to standard output, as it would be filed now. Nothing is filed.

    Example: stationmaster incident report threefold.incident/2026-11-21.1

    Exit codes: 0 written, 1 the team's files hold errors, 2 no such incident, or its team files no reports.
    """
    from stationmaster.config.templates import template_text
    from stationmaster.incidents import records, reporting

    with refusals():
        desk, story = _story(name, include, home)
        rule = records.rules_of(desk).report
        if rule is None:
            refuse(f"{desk.files.id} files no reports: its file has no incidents.report.")
        text = reporting.document(desk, template_text(include_at(include), rule.template), story)
    typer.echo(text)


def postmortem(
    name: IdArgument,
    by: ByOption,
    url: Annotated[str, typer.Option("--url", help="Where the finished postmortem stands, with https://.")],
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Say where the postmortem is: nobody is reminded of it any more.

    Example: stationmaster incident postmortem cellxgene.incident/2026-11-21.1 --by emil --url https://github.com/o/r/1

    Exit codes: 0 it is written down, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    from stationmaster.incidents import postmortem as postmortems

    def step(desk: Desk, story: Story) -> None:
        postmortems.record(desk, story, desk.team.people[by], url)

    _change(name, by, include, home, step, as_json=as_json)


def _write(
    name: str, by: str, include: Path | None, home: Path, kind: str, text: str, *, eta: str = "", as_json: bool
) -> None:
    from stationmaster.core.incidents import Kind
    from stationmaster.incidents import handling

    if not text.strip():
        refuse("--text is empty: say in a line what happened.")

    def step(desk: Desk, story: Story) -> None:
        handling.write(desk, story, Kind[kind], by, text, source="cli", eta=eta)

    _change(name, by, include, home, step, as_json=as_json)


def _change(
    name: str, by: str, include: Path | None, home: Path, step: Callable[[Desk, Story], None], *, as_json: bool
) -> None:
    from stationmaster.incidents import records

    with refusals():
        desk, story = _story(name, include, home)
        if by not in desk.team.people:
            refuse(f"{by!r} is not in the people of {desk.files.id}: this is done in somebody's name.")
        step(desk, story)
        answer = _answer(desk, records.story(desk, name))
    _out(desk, answer, as_json=as_json)


def _desk(team: str, include: Path | None, home: Path) -> Desk:
    from stationmaster.incidents import records
    from stationmaster.work.context import Desk

    desk = Desk(team=team_at(include_at(include), team), ledger=open_ledger(home))
    records.rules_of(desk)
    return desk


def _story(name: str, include: Path | None, home: Path) -> tuple[Desk, Story]:
    from stationmaster.core.incidents import parse_id
    from stationmaster.incidents import records

    team, _, _ = parse_id(name)
    desk = _desk(team, include, home)
    return desk, records.story(desk, name)


def _shown(story: Story) -> IncidentShown:
    from stationmaster.cli.shapes_incidents import IncidentShown

    names = set(IncidentShown.model_fields) - {"state"}
    return IncidentShown(state=str(story.state), **{name: getattr(story, name) for name in names})


def _answer(desk: Desk, story: Story) -> IncidentAnswer:
    from stationmaster.cli.shapes_incidents import HappeningShown, IncidentAnswer
    from stationmaster.incidents import lines

    timeline = tuple(
        HappeningShown(at=each.at, kind=each.kind.value, by=each.by, text=lines.sentence(desk, each))
        for each in story.happenings
    )
    return IncidentAnswer(incident=_shown(story), timeline=timeline)


def _out(desk: Desk, answer: IncidentAnswer, *, as_json: bool) -> None:
    from stationmaster.core.instants import local_text

    if as_json:
        show_json(answer)
        return
    out, found = console(), answer.incident
    out.print(f"{found.id}  {found.state}  {found.severity}, {found.impact}  {plain(found.title)}", soft_wrap=True)
    for position, person in found.positions.items():
        out.print(f"  {position}: {person}")
    for each in answer.timeline:
        out.print(f"  {local_text(each.at, desk.files.zone)}  {plain(each.text)}", soft_wrap=True)


def _show_ladder(zone: str, answer: LadderAnswer) -> None:
    from rich.table import Table

    from stationmaster.core.instants import local_text

    table = Table("when", "who", "that is", box=None, pad_edge=False)
    for each in answer.rungs:
        table.add_row(local_text(each.at, zone), each.who, each.nobody or ", ".join(each.people) or "the channel")
    console().print(table)
