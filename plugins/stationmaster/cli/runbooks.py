"""``stationmaster runbook``: the pages that say how work is done, and what is not written yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import FINDING, console, plain, refusals, refuse, show_json
from stationmaster.cli.whereabouts import HOME, HomeOption, IncludeOption, JsonOption, include_at, named_ledger

if TYPE_CHECKING:
    from pathlib import Path

runbook = typer.Typer(
    name="runbook", help="Read the pages that say how work is done, and find those that lack.", no_args_is_help=True
)
TeamArgument = Annotated[str | None, typer.Argument(metavar="[TEAM]", help="Only this team's. By default all.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (("show", show), ("list", list_), ("debt", debt)):
        runbook.command(name)(command)
    app.add_typer(runbook)


def show(
    page: Annotated[str, typer.Argument(metavar="PAGE", help="The page's id, such as promote.")],
    include: IncludeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a page: its steps first, then all of it.

    Example: stationmaster runbook show promote

    Exit codes: 0 shown, 1 the page cannot be read, 2 there is no such page.
    """
    from stationmaster.cli.shapes_chores import RunbookAnswer, StepShown
    from stationmaster.config.documents import DocumentBroken
    from stationmaster.config.mistakes import did_you_mean
    from stationmaster.config.runbook_pages import page_ids, read_runbook
    from stationmaster.config.runbooks import PageMissing

    with refusals():
        files = include_at(include)
        try:
            found = read_runbook(files, page)
        except PageMissing:
            refuse(f"there is no page runbooks/{plain(page)}.md. {did_you_mean(page, page_ids(files))}")
        except (DocumentBroken, ValueError) as broken:
            refuse(f"runbooks/{page}.md cannot be read: {broken}", code=FINDING)
    head = found.head
    if as_json:
        steps = tuple(StepShown(id=step.id, text=step.text, section=step.section) for step in found.steps)
        show_json(
            RunbookAnswer(
                id=head.id,
                title=head.title,
                owner=head.owner,
                services=head.services,
                reviewed=head.reviewed,
                steps=steps,
                text=found.text,
            )
        )
        return
    out = console()
    out.print(head.title, style="bold")
    out.print(f"kept by {head.owner}, reviewed {head.reviewed}, about {', '.join(head.services) or 'no one service'}")
    out.print()
    for line in found.text.splitlines():
        out.print(plain(line), soft_wrap=True)


def list_(team: TeamArgument = None, include: IncludeOption = None, as_json: JsonOption = False) -> None:
    """List the pages: whose they are, when they were reviewed, how many steps they have, and who names them.

    Example: stationmaster runbook list threefold

    Exit codes: 0 listed, 2 no such team.
    """
    from rich.table import Table

    from stationmaster.cli.shapes_chores import RunbookLine, RunbooksAnswer
    from stationmaster.config.loader import load
    from stationmaster.config.runbook_debts import readable_pages, used_by

    with refusals():
        files = include_at(include)
        _known(files, team)
        users = used_by(load(files))
        pages = readable_pages(files)
    lines = tuple(
        RunbookLine(
            id=page,
            title=found.head.title,
            owner=found.head.owner,
            reviewed=found.head.reviewed,
            steps=len(found.steps),
            used_by=users.get(page, ()),
        )
        for page, found in pages.items()
        if team in (None, found.head.owner)
    )
    if as_json:
        show_json(RunbooksAnswer(runbooks=lines))
        return
    table = Table("page", "title", "kept by", "reviewed", "steps", "named by")
    for line in lines:
        table.add_row(line.id, plain(line.title), line.owner, str(line.reviewed), str(line.steps), _few(line.used_by))
    console().print(table)


def debt(
    team: TeamArgument = None, include: IncludeOption = None, home: HomeOption = HOME, as_json: JsonOption = False
) -> None:
    """Say what is not written yet, or was not followed for a year: chores, alerts without a page, pages without steps.

    Which alerts came is known to the ledger; without one, only the files are read.

    Example: stationmaster runbook debt threefold

    Exit codes: 0 nothing is owed, 1 something is, 2 no such team.
    """
    from stationmaster import clock
    from stationmaster.cli.shapes_chores import DebtAnswer, DebtLine
    from stationmaster.config.loader import load
    from stationmaster.config.runbook_debts import debts, readable_pages
    from stationmaster.watches import alert_pages
    from stationmaster.work.context import Desk

    with refusals():
        files = include_at(include)
        _known(files, team)
        read, ledger = load(files), named_ledger(home)
        found = [*debts(read, readable_pages(files), clock.now(), team)]
        if ledger is not None:
            desks = (Desk(team=each, ledger=ledger) for name, each in read.teams.items() if team in (None, name))
            found += [owed for desk in desks for owed in alert_pages.debts(desk)]
    if as_json:
        show_json(DebtAnswer(debts=tuple(DebtLine(**each._asdict()) for each in found)))
    else:
        out = console()
        for each in found:
            out.print(plain(f"{each.about}: {each.code}: {each.sentence}. {each.remedy}"), soft_wrap=True)
        out.print(f"{len(found)} owed." if found else "Nothing is owed.")
    if found:
        raise typer.Exit(FINDING)


def _known(include: Path, team: str | None) -> None:
    known = sorted(path.stem for path in (include / "teams").glob("*.yaml"))
    if team is not None and team not in known:
        refuse(f"there is no team {plain(team)!r}; the teams are {', '.join(known) or 'none'}.")


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
