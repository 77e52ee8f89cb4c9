"""``stationmaster freeze``: what may not change when, and the exceptions from it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import console, refusals, refuse, show_json
from stationmaster.cli.asked_about import departure_asked_about
from stationmaster.cli.oncall_reading import AtOption, TeamArgument, WeeksOption, team_and_now
from stationmaster.cli.whereabouts import HOME, ByOption, HomeOption, IncludeOption, JsonOption, shell_actor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from stationmaster.cli.shapes_trains import ExceptionsAnswer, FreezesAnswer
    from stationmaster.config.team import TeamConfig
    from stationmaster.departures.freezing import FreezeException
    from stationmaster.departures.station import Station

DepartureArgument = Annotated[str, typer.Argument(metavar="DEPARTURE", help="Such as cellxgene.weekly/2026-W34.")]


class Stop(StrEnum):
    """A stop of a train."""

    CUT = "cut"
    PROMOTE = "promote"


freeze = typer.Typer(
    name="freeze",
    help="See what is frozen, and ask for an exception. People approve one in Airflow.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    freeze.command(name="list")(list_freezes)
    freeze.command(name="ask")(ask)
    freeze.command(name="approve")(approve)
    freeze.command(name="exceptions")(exceptions)
    app.add_typer(freeze)


def list_freezes(
    team: TeamArgument,
    weeks: WeeksOption = 12,
    at: AtOption = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """List the freezes of a team in the next weeks: when each holds, and what it lets go.

    Example: stationmaster freeze list threefold --weeks 4

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such team, or a bad instant.
    """
    with refusals():
        found, now = team_and_now(team, include, home, at)
        answer = _listed(found, now, weeks)
    if as_json:
        show_json(answer)
    else:
        _show_freezes(found, answer)


def ask(
    departure: DepartureArgument,
    stop: Annotated[Stop, typer.Option("--stop", help="The stop that should go.")],
    freeze: Annotated[str, typer.Option("--freeze", help="The freeze's name, as freeze list shows it.")],
    why: Annotated[str, typer.Option("--why", help="The reason. Stands in the audit.")],
    link: Annotated[str, typer.Option("--link", help="The issue, with https://.")],
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Write down that somebody wants one stop of one departure to go in spite of a freeze.

    Nothing changes until enough people approve it in Airflow: start the train's exception form with the id.

    Example: stationmaster freeze ask cellxgene.weekly/2026-W52 --stop promote --freeze year-end --why "login is broken"
    --link https://github.com/org/app/issues/7 --by emil

    Exit codes: 0 asked, 1 the team's files hold errors, 2 it is refused: the sentence says why.
    """
    from stationmaster.departures.freezing import ask as ask_for

    with refusals():
        station, name = departure_asked_about(departure, include, home)
        record = ask_for(station, name, stop.value, freeze, why=why, link=link, by=by)
        answer = _shown(station, name, [record])
    _out(station, answer, as_json=as_json)


def approve(
    departure: DepartureArgument,
    name: Annotated[str, typer.Argument(help="The exception's id, as freeze exceptions shows it.")],
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Say where an exception is approved: in Airflow, by each approver. A command approves nothing.

    Example: stationmaster freeze approve cellxgene.weekly/2026-W52 fx-1a2b3c4d --by jules

    Exit codes: 0 never, 1 the team's files hold errors, 2 always otherwise: the sentence says what to do.
    """
    from stationmaster.departures.freezing import exceptions_of

    with refusals():
        station, about = departure_asked_about(departure, include, home)
        if not any(each.id == name for each in exceptions_of(station.ledger, about)):
            refuse(f"{about} has no exception {name!r}.")
        refuse(
            f"{shell_actor()} types this, and nothing proves that {by} approves. Start {station.train.key}.exception "
            f"in Airflow with the departure and the exception {name}: each approver is asked there, as themselves."
        )


def exceptions(
    departure: DepartureArgument,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """List the exceptions of a departure: who asked, whose approvals count, until when, and whether it was used.

    An approval that nothing proves, such as one that a command of an earlier release wrote, is not shown.

    Example: stationmaster freeze exceptions cellxgene.weekly/2026-W52

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such departure or no ledger.
    """
    from stationmaster.departures.freezing import exceptions_of

    with refusals():
        station, name = departure_asked_about(departure, include, home)
        answer = _shown(station, name, exceptions_of(station.ledger, name))
    _out(station, answer, as_json=as_json)


def _listed(team: TeamConfig, now: datetime, weeks: int) -> FreezesAnswer:
    from stationmaster.cli.shapes_trains import FreezesAnswer, FreezeShown

    end = now + timedelta(weeks=weeks)
    rows = [
        FreezeShown(
            name=core.name,
            mode=core.mode.value,
            why=core.why,
            trains=entry.trains or tuple(team.trains),
            start=span.start,
            end=span.end,
            holds=span.start <= now < span.end,
        )
        for entry in team.freezes
        for core in [entry.freeze(team.zone)]
        for span in core.between(now, end)
    ]
    rows.sort(key=lambda row: (row.start, row.end, row.name))
    return FreezesAnswer(team=team.id, zone=team.zone, start=now, end=end, freezes=tuple(rows))


def _shown(station: Station, departure: str, records: Sequence[FreezeException]) -> ExceptionsAnswer:
    from stationmaster.cli.shapes_trains import ExceptionsAnswer, ExceptionShown
    from stationmaster.departures.agreeing import counted
    from stationmaster.departures.freezing import approvers, used_at

    rule = station.team.freeze_exceptions
    return ExceptionsAnswer(
        departure=departure,
        needed=rule.needed if rule is not None else 0,
        exceptions=tuple(
            ExceptionShown(
                id=each.id,
                stop=each.stop,
                freeze=each.freeze,
                why=each.why,
                link=each.link,
                asked_by=each.asked_by,
                approved_by=counted(each, approvers(station.team, each)) if rule is not None else (),
                expires_at=each.expires_at,
                used_at=used_at(station.ledger, each),
            )
            for each in records
        ),
    )


def _out(station: Station, answer: ExceptionsAnswer, *, as_json: bool) -> None:
    from stationmaster.core.instants import local_text

    if as_json:
        show_json(answer)
        return
    out = console()
    for each in answer.exceptions:
        given = ", ".join(each.approved_by) or "nobody"
        until = (
            f"used {local_text(each.used_at, station.train.zone)}"
            if each.used_at is not None
            else (f"good until {local_text(each.expires_at, station.train.zone)}")
        )
        out.print(
            f"{each.id}  {each.stop} in spite of {each.freeze}: {each.why} ({each.link}). Asked by {each.asked_by}; "
            f"approved by {given}, {len(each.approved_by)} of {answer.needed}; {until}.",
            soft_wrap=True,
        )
    if not answer.exceptions:
        out.print("No exceptions.")


def _show_freezes(team: TeamConfig, answer: FreezesAnswer) -> None:
    from rich.table import Table

    from stationmaster.core.instants import local_text

    table = Table("from", "until", "freeze", "mode", "trains", "why", box=None, pad_edge=False)
    for row in answer.freezes:
        span = (local_text(row.start, team.zone), local_text(row.end, team.zone))
        table.add_row(*span, row.name, row.mode, ", ".join(row.trains), row.why)
    console().print(table if answer.freezes else "No freezes.")
