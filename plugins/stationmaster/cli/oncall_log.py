"""``stationmaster log`` and ``stationmaster load``: what happened on call, and what it cost whom (C-30, O-05, O-20)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import console, instant_of, plain, refusals, refuse, show_json
from stationmaster.cli.oncall_reading import AtOption, TeamArgument
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
    from stationmaster.cli.shapes_incidents import LoadAnswer, LogAnswer
    from stationmaster.oncall_log.log import Entry
    from stationmaster.work.context import Desk

DaysOption = Annotated[int, typer.Option("--days", min=1, max=366, help="How many days back.")]
LogWeeksOption = Annotated[int, typer.Option("--weeks", min=1, max=104, help="How many weeks back.")]

log = typer.Typer(name="log", help="Read the on-call log, and write into it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    log.command(name="add")(add)
    log.command(name="show")(show)
    app.add_typer(log)
    app.command()(load)


def add(
    team: TeamArgument,
    text: Annotated[str, typer.Argument(help="What happened.")],
    by: ByOption,
    link: Annotated[
        list[str] | None, typer.Option("--link", help="Where it can be seen; may be repeated.", show_default=False)
    ] = None,
    at: AtOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Write an entry into the on-call log. A line "log: …" in the team's channel does the same.

    Example: stationmaster log add operate-first "Restarted the proxy of smaug" --by ada

    Exit codes: 0 it is written down, 1 the team's files hold errors, 2 no such team or person, or a bad instant.
    """
    from stationmaster.oncall_log import log as oncall_log

    with refusals():
        desk = _desk(team, include, home)
        if by not in desk.team.people:
            refuse(f"{by!r} is not in the people of {team}: an entry has an author.")
        if not text.strip():
            refuse("The text is empty: say in a line what happened.")
        when = instant_of(at, desk.files.zone) if at is not None else desk.now()
        oncall_log.write(desk, text.strip(), at=when, links=link or (), source="cli", by=by)
    console().print("Written down.")


def show(
    team: TeamArgument,
    days: DaysOption = 7,
    at: AtOption = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As the page that a handoff publishes.")] = False,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show what happened in the last days, the oldest first.

    Example: stationmaster log show cellxgene --days 14

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team, no ledger, or a bad instant.
    """
    from stationmaster.oncall_log import log as oncall_log
    from stationmaster.oncall_log import log_page

    with refusals():
        desk = _desk(team, include, home)
        end = _until(desk, at)
        start = end - timedelta(days=days)
        entries = oncall_log.entries(desk, start, end)
        answer = _log_answer(team, start, end, entries)
    if as_json:
        show_json(answer)
    elif markdown:
        typer.echo(log_page.page(desk, entries, f"{desk.team.title}: on-call log"))
    else:
        _show_log(desk, answer)


def load(
    team: TeamArgument,
    weeks: LogWeeksOption = 4,
    at: AtOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show what being on call cost each person in the last weeks, and which services only one of them knows.

    Pages, incidents, questions and chores are counted once each; hours out of hours are those outside Monday to Friday,
    09:00 to 18:00 on the person's own clocks, in which something happened.

    Example: stationmaster load operate-first --weeks 12

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team, no ledger, or a bad instant.
    """
    with refusals():
        files = include_at(include)
        desk = _desk(team, include, home)
        end = _until(desk, at)
        answer = _load_answer(desk, files, end - timedelta(weeks=weeks), end)
    if as_json:
        show_json(answer)
    else:
        _show_load(desk, answer)


def _desk(team: str, include: Path | None, home: Path) -> Desk:
    from stationmaster.work.context import Desk

    return Desk(team=team_at(include_at(include), team), ledger=open_ledger(home))


def _until(desk: Desk, at: str | None) -> datetime:
    """Return the end of the stretch: what happens at this very instant is still of it."""
    when = instant_of(at, desk.files.zone) if at is not None else desk.now()
    return when + timedelta(microseconds=1)


def _log_answer(team: str, start: datetime, end: datetime, entries: tuple[Entry, ...]) -> LogAnswer:
    from stationmaster.cli.shapes_incidents import LogAnswer, LogEntryShown

    shown = tuple(LogEntryShown(**each.model_dump()) for each in entries)
    return LogAnswer(team=team, start=start, end=end, entries=shown)


def _load_answer(desk: Desk, files: Path, start: datetime, end: datetime) -> LoadAnswer:
    from stationmaster.cli.shapes_incidents import LoadAnswer, ShareShown, SiloShown
    from stationmaster.oncall_log import load as duty_load

    found = duty_load.load_of(desk, start, end)
    known = duty_load.silos_of(desk, start, end, duty_load.runbooks_by_service(files))
    return LoadAnswer(
        team=desk.files.id,
        start=start,
        end=end,
        shares=tuple(ShareShown(**each.model_dump()) for each in found.shares),
        carried_over=found.carried_over,
        missing_runbooks=found.missing_runbooks,
        services=tuple(SiloShown(**each.model_dump(), silo=each.is_one) for each in known),
    )


def _show_log(desk: Desk, answer: LogAnswer) -> None:
    from stationmaster.core.instants import local_text

    out = console()
    for each in answer.entries:
        who = "" if each.by == "stationmaster" else f"{each.by}: "
        links = "".join(f" {link}" for link in each.links)
        when = local_text(each.at, desk.files.zone)
        out.print(f"{when}  {who}{plain(each.text)}{plain(links)}", soft_wrap=True)
    if not answer.entries:
        out.print("Nothing was written down.")


def _show_load(desk: Desk, answer: LoadAnswer) -> None:
    from rich.table import Table

    out = console()
    table = Table(
        "who", "pages", "incidents", "questions", "chores", "hours out of hours", "at night", box=None, pad_edge=False
    )
    for each in answer.shares:
        person = desk.team.people.get(each.person)
        numbers = (each.pages, each.incidents, each.questions, each.chores, each.hours_out_of_hours, each.at_night)
        table.add_row(person.name if person else each.person, *(str(number) for number in numbers))
    out.print(table if answer.shares else "Nobody was paged, asked or busy with a chore.")
    out.print(f"Open now: {answer.carried_over}.")
    for silo in answer.services:
        if silo.silo:
            who = f"only {silo.people[0]} has handled it" if len(silo.people) == 1 else "nobody has handled it"
            who = f"{len(silo.people)} people have handled it" if len(silo.people) > 1 else who
            page = f"runbooks: {', '.join(silo.runbooks)}" if silo.runbooks else "no runbook names it"
            out.print(f"{silo.service}: {who}; {page}.", soft_wrap=True)
