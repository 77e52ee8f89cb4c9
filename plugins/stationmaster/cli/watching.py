"""``stationmaster alerts|silence|beat``: what fires, what is decided about it, and what may be silent for a while."""

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
    open_ledger,
    team_at,
)

if TYPE_CHECKING:
    from stationmaster.cli.shapes_watches import AlertsAnswer
    from stationmaster.work.context import Desk

TeamArgument = Annotated[str, typer.Argument(metavar="TEAM", help="The team's id, such as dre.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="As stationmaster alerts list shows it.")]

alerts = typer.Typer(name="alerts", help="What fires, and what was decided about it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    alerts.command(name="list")(list_alerts)
    alerts.command()(decide)
    app.add_typer(alerts)
    app.command()(silence)
    app.command()(beat)


def list_alerts(
    team: TeamArgument, include: IncludeOption = None, home: HomeOption = HOME, as_json: JsonOption = False
) -> None:
    """Show each group of alerts that fires, and each error that holds a train back, as the ledger knows them.

    Example: stationmaster alerts list dre

    Exit codes: 0 shown, 1 the team's files hold errors, 2 no such team.
    """
    with refusals():
        answer = _answer(_desk(team, include, home))
    if as_json:
        show_json(answer)
        return
    for group in answer.groups:
        state = f"{len(group.undecided)} undecided" if group.undecided else "decided"
        silent = f", silenced by {group.silenced_by}" if group.silenced_by else ""
        console().print(
            f"{group.key}  {plain(group.severity)} on {plain(group.cluster)}: {len(group.alerts)} fire, {state}{silent}"
        )
        for title in group.alerts:
            console().print(f"          {plain(title)}", soft_wrap=True)
    for error in answer.errors:
        console().print(f"{error.key}  {plain(error.error)} after {error.departure}", soft_wrap=True)
    if not answer.groups and not answer.errors:
        console().print("Nothing fires.")


def decide(
    team: TeamArgument,
    key: KeyArgument,
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="act, escalate or leave.")],
    by: ByOption,
    why: Annotated[str, typer.Option("--why", help="The reason; whoever comes after you reads it.")] = "",
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Say what is done about a group of alerts: you act, it becomes an incident, or it is left.

    It holds for the alerts that fire now; one that comes later is asked about again.

    Example: stationmaster alerts decide dre 3f9a1c20 leave --why "the node is being replaced" --by bojan

    Exit codes: 0 it is kept, 1 the team's files hold errors, 2 nothing of the key fires, or no such team or person.
    """
    from stationmaster.core.alert_groups import DECISIONS
    from stationmaster.watches import matters

    known = {each: each for each in DECISIONS}
    if decision not in known:
        refuse(f"{decision!r} is no decision. Write one of {', '.join(DECISIONS)}.")
    with refusals():
        desk = _desk(team, include, home, by=by)
        matters.decide(desk, key, known[decision], why=why, by=by)
    console().print(f"It is kept: {decision}.", soft_wrap=True)
    if decision == "escalate":
        console().print(f"{team}.watch starts the incident while it is open; at night start {team}.incident by hand.")


def silence(
    team: TeamArgument,
    key: KeyArgument,
    issue: Annotated[str, typer.Option("--issue", help="An open issue of the team: its address, or owner/name#12.")],
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Silence a group of alerts, or an error after a deploy, until an issue is closed. Without an issue nothing is.

    Example: stationmaster silence dre 3f9a1c20 --issue dfinity/dre#12 --by bojan

    Exit codes: 0 it is silent, 1 the team's files hold errors, 2 nothing of the key is open, the issue is closed or of
    another team, or no such team or person.
    """
    from stationmaster.watches import matters

    with refusals():
        what = matters.silence(_desk(team, include, home, by=by), key, issue, by=by)
    console().print(f"Silent until {plain(issue)} is closed: {plain(what)}.", soft_wrap=True)


def beat(
    team: TeamArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The heartbeat's name, as the check writes it.")],
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Say that something is alive: its check complains when this has not come for too long.

    Example: stationmaster beat threefold nightly-backup

    Exit codes: 0 it is kept, 1 the team's files hold errors, 2 no such team, or no such name.
    """
    from pydantic import TypeAdapter, ValidationError

    from stationmaster.checks.heartbeats import beat as keep
    from stationmaster.config.fields import Slug

    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError:
        refuse(f"{name!r} is no name of a heartbeat: it is written in lower case, as in the check.")
    with refusals():
        desk = _desk(team, include, home)
        keep(desk.ledger, desk.files.id, name, desk.now(), "cli")
    console().print(f"{name} is alive.")


def _desk(team: str, include: Path | None, home: Path, *, by: str | None = None) -> Desk:
    from stationmaster.work.context import Desk

    found = team_at(include_at(include), team)
    if by is not None and by not in found.people:
        refuse(f"{by!r} is not in the people of {found.id}: this is done in somebody's name.")
    return Desk(team=found, ledger=open_ledger(home))


def _answer(desk: Desk) -> AlertsAnswer:
    from stationmaster.cli.shapes_watches import AlertGroupShown, AlertsAnswer, ErrorShown
    from stationmaster.config.watch_kinds import AlertsWatch
    from stationmaster.watches import alerts as watched
    from stationmaster.watches import matters, silences

    silent = silences.standing(desk.ledger, desk.team.id)
    groups = [
        AlertGroupShown(
            key=group.key,
            watch=watch.id,
            cluster=group.cluster,
            severity=group.severity,
            alerts=tuple(event.title for event in group.alerts),
            undecided=tuple(event.title for event in new),
            silenced_by=silent[group.key].issue if group.key in silent else None,
        )
        for watch in desk.files.watches.values()
        if isinstance(watch, AlertsWatch)
        for group, new in watched.fires(desk, watch)
    ]
    errors = [
        ErrorShown(key=fact.subject, error=fact.value["error"], departure=fact.value["departure"], since=fact.at)
        for fact in matters.open_errors(desk)
    ]
    return AlertsAnswer(team=desk.team.id, groups=tuple(groups), errors=tuple(errors))
