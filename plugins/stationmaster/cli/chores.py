"""``stationmaster chores`` and ``chore``: what is open, late, whose, next due; and closing one by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import console, plain, refusals, refuse, show_json
from stationmaster.cli.whereabouts import (
    HOME,
    ByOption,
    HomeOption,
    IncludeOption,
    JsonOption,
    include_at,
    named_ledger,
    open_ledger,
    team_at,
)

if TYPE_CHECKING:
    from stationmaster.chores.reporting import ChoreState, OpenRun
    from stationmaster.cli.shapes_chores import ChoreLine, ChoreRun
    from stationmaster.config.chores import Chore
    from stationmaster.work.context import Desk

chore = typer.Typer(
    name="chore", help="Look at one run of a chore, close it, or say why it waits.", no_args_is_help=True
)
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="As chores lists it: threefold.chores/backups/2026-11-23T0900.")
]
WhyOption = Annotated[str, typer.Option("--why", help="The reason. The log and the issue show it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(chores)
    for command in (show, done, leave, block):
        chore.command()(command)
    app.add_typer(chore)


def chores(
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The team's id.")],
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """List the chores of a team: what is open and how late, whose it is, and when each comes next.

    Without a ledger only the schedules are shown.

    Example: stationmaster chores threefold

    Exit codes: 0 listed, 1 the team's files hold errors, 2 no such team.
    """
    from stationmaster.chores import reporting
    from stationmaster.cli.shapes_chores import ChoresAnswer
    from stationmaster.work.context import Desk

    with refusals():
        files, ledger = team_at(include_at(include), team), named_ledger(home)
        desk = Desk(team=files, ledger=ledger, as_written=ledger is None)
        found = reporting.states(desk, recorded=ledger is not None)
    if as_json:
        show_json(ChoresAnswer(at=desk.now(), chores=tuple(_line(desk, state) for state in found)))
        return
    _show(found)


def show(
    run: RunArgument,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw the trend of its capacity check into this SVG file.")
    ] = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show one run: what was asked for, its steps, whose it is, and what shows that it was done.

    Example: stationmaster chore show threefold.chores/backups/2026-11-23T0900

    Exit codes: 0 shown, 1 the team's files hold errors, 2 no such run, or nothing to draw.
    """
    from stationmaster.chores import reporting, runs

    with refusals():
        desk = _desk(run, include, home)
        found, ending = reporting.open_run(desk, run), runs.ended(desk, run)
        if picture is not None:
            _draw(desk, found.run.chore, picture)
    if as_json:
        show_json(_run(found))
        return
    from stationmaster.chores.wording import shown_evidence

    out, opened = console(), found.run.opened
    out.print(plain(f"{found.run.title}, due {found.run.due}"), style="bold", soft_wrap=True)
    for name, value in opened.form.items():
        out.print(f"  {name}: {plain(value)}", soft_wrap=True)
    for step in opened.steps:
        out.print(f"  [ ] {plain(step.text)}", soft_wrap=True)
    looked = runs.checked(desk, run)
    if looked:
        out.print(plain(f"  a machine looked first: {looked}"), soft_wrap=True)
    for piece in found.run.chore.evidence:
        out.print(f"  needs {piece.id}: {plain(piece.title)} ({piece.kind})", soft_wrap=True)
    if ending is None:
        names = ", ".join(person.name for person in found.people) or "nobody"
        why = f", blocked: {plain(found.why)}" if found.why else ""
        state = f"{'late' if found.late else 'open'}, with {names}, carried over {found.carried_over} times{why}"
    else:
        shown = "; ".join(shown_evidence(ending))
        state = f"{ending.value['outcome']} by {ending.by}. {ending.value['why']} {shown}"
    out.print(plain(state.strip()), soft_wrap=True)


def done(
    run: RunArgument,
    by: ByOption,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", help="As id=value, once for each piece that the chore asks for.")
    ] = None,
    all_steps: Annotated[
        bool, typer.Option("--all-steps", help="Every step of the runbook was followed: they count as ticked.")
    ] = False,
    why: Annotated[str, typer.Option("--note", help="What you found.")] = "",
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Close a run as done. The task that asks in Airflow notices, and closes the issue and tells the channel.

    Example: stationmaster chore done RUN --evidence report=https://github.com/… --all-steps --by bea

    Exit codes: 0 it is closed, 1 the team's files hold errors, 2 evidence is missing, or no such run or person.
    """
    from stationmaster.chores import closing, runs

    with refusals():
        desk = _open(run, by, include, home)
        form: dict[str, object] = dict(_pair(text) for text in evidence or ())
        opened = runs.opened(desk, run)
        if all_steps and opened is not None:
            form |= {closing.step_field(step): True for step in opened.steps}
        closing.done(desk, run, form, by=by, note=why)
    console().print(f"{run} is done. It stands in the audit.", soft_wrap=True)


def leave(
    run: RunArgument, why: WhyOption, by: ByOption, include: IncludeOption = None, home: HomeOption = HOME
) -> None:
    """Close a run as not needed this time, where the chore's file allows that.

    Example: stationmaster chore leave RUN --why "no rewards to adjust this week" --by anouk

    Exit codes: 0 it is closed, 1 the team's files hold errors, 2 it must be done, or no such run or person.
    """
    from stationmaster.chores import closing

    with refusals():
        closing.not_needed(_open(run, by, include, home), run, why, by=by)
    console().print(f"{run} is left. It stands in the audit.", soft_wrap=True)


def block(
    run: RunArgument, why: WhyOption, by: ByOption, include: IncludeOption = None, home: HomeOption = HOME
) -> None:
    """Say that a run waits for something else. It stays open, and its issue is marked.

    Example: stationmaster chore block RUN --why "the provider has not answered" --by anouk

    Exit codes: 0 it is written down, 1 the team's files hold errors, 2 it has ended, or no such run or person.
    """
    from stationmaster.chores import closing

    with refusals():
        closing.block(_open(run, by, include, home), run, why, by=by)
    console().print(f"{run} is blocked. It stands in the audit.", soft_wrap=True)


def _draw(desk: Desk, found: Chore, picture: Path) -> None:
    from stationmaster.checks import capacity
    from stationmaster.config.checks_by_machine import CapacityCheck
    from stationmaster.core.forecast import TooFewPoints

    if not isinstance(found.check, CapacityCheck):
        refuse(f"{found.id} has no check of kind capacity: there is no trend to draw.")
    try:
        drawn = capacity.drawn(desk, found.check)
    except TooFewPoints as error:
        refuse(f"nothing can be drawn: {error}.")
    try:
        picture.write_bytes(drawn)
    except OSError as error:
        refuse(f"{picture} cannot be written: {error.strerror or error}.")


def _desk(run: str, include: Path | None, home: Path) -> Desk:
    from stationmaster.chores import runs
    from stationmaster.core.chores import about_of
    from stationmaster.work.context import Desk

    desk = Desk(team=team_at(include_at(include), about_of(run).team), ledger=open_ledger(home))
    runs.chore_of(desk, run)
    if runs.opened(desk, run) is None:
        refuse(f"{run} was never opened. List what is open with stationmaster chores {desk.files.id}.")
    return desk


def _open(run: str, by: str, include: Path | None, home: Path) -> Desk:
    from stationmaster.chores import runs

    desk = _desk(run, include, home)
    person = desk.team.people.get(by)
    if person is None or not person.active or person.bot:
        refuse(f"{by!r} is nobody of {desk.files.id} who could do this; name an active person of the team.")
    ending = runs.ended(desk, run)
    if ending is not None:
        refuse(f"{run} has ended already: {ending.value['outcome']}, by {ending.by}.")
    return desk


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        refuse(f"{text!r} is no evidence. Write it as id=value, such as report=https://….")
    return name, value


def _line(desk: Desk, state: ChoreState) -> ChoreLine:
    from stationmaster.cli.shapes_chores import ChoreLine
    from stationmaster.core.chores import area_of

    last = state.last
    return ChoreLine(
        chore=area_of(desk.files.id, state.chore.id),
        title=state.chore.title,
        role=state.chore.role,
        priority=state.chore.priority,
        runbook=state.chore.runbook,
        schedule=state.words,
        next_at=state.next_at,
        last_outcome=str(last.value["outcome"]) if last is not None else None,
        last_at=last.at if last is not None else None,
        missed_in_a_row=state.missed_in_a_row,
        open=tuple(_run(each) for each in state.open),
    )


def _run(found: OpenRun) -> ChoreRun:
    from stationmaster.cli.shapes_chores import ChoreRun

    return ChoreRun(
        about=found.run.about,
        opened_at=found.run.opened.opened_at,
        due_at=found.run.opened.due_at,
        late=found.late,
        people=tuple(person.id for person in found.people),
        carried_over=found.carried_over,
        issue=found.issue,
        why=found.why,
    )


def _show(states: tuple[ChoreState, ...]) -> None:
    from rich.table import Table

    from stationmaster.core.instants import local_text

    out = console()
    table = Table("chore", "title", "of", "comes next", "last", "runbook")
    for state in states:
        due = local_text(state.next_at, state.zone) if state.next_at is not None else state.words
        last = str(state.last.value["outcome"]) if state.last is not None else ""
        last += f", missed {state.missed_in_a_row} in a row" if state.missed_in_a_row else ""
        title = f"[{state.chore.priority}] {state.chore.title}" if state.chore.priority else state.chore.title
        table.add_row(state.chore.id, plain(title), state.chore.role, due, last, state.chore.runbook or "none yet")
    out.print(table)
    for run in (run for state in states for run in state.open):
        names = ", ".join(person.name for person in run.people) or "nobody"
        how = "[late] " if run.late else ""
        carried = f", carried over {run.carried_over} times" if run.carried_over else ""
        why = f", blocked: {run.why}" if run.why else ""
        issue = f", {run.issue}" if run.issue else ""
        text = f"{how}{run.run.about}: {run.run.title}, due {run.run.due}, with {names}{carried}{why}{issue}"
        out.print(plain(text), style="red" if run.late else None, soft_wrap=True)
