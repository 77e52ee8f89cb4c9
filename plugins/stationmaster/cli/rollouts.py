"""``stationmaster rollout``: what a plan means, how a rollout stands, and what people say to it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import FINDING, console, plain, refusals, refuse, show_json
from stationmaster.cli.explaining import parse
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
    from stationmaster.core.rollouts.plan import RolloutPlan
    from stationmaster.departures.station import Station
    from stationmaster.rollouts.records import Word
    from stationmaster.rollouts.reporting import RolloutReport

TrainArgument = Annotated[str, typer.Argument(metavar="TRAIN", help="Such as dre.weekly.")]
TargetArgument = Annotated[str, typer.Argument(metavar="TARGET", help="The whole name of a target of the rollout.")]
WhyOption = Annotated[str, typer.Option("--why", help="The reason. Every explanation shows it.")]
_NO_VERSION = "0" * 40

rollout = typer.Typer(name="rollout", help="Look at a rollout, hold it, let it go on, end it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (preview, status, pause, resume, abort, again, leave, downgrade):
        rollout.command()(command)
    app.add_typer(rollout)


def preview(
    train: TrainArgument,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="A file with the plan; by default the one of the train's file.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="A date: days count from its week. By default today.")
    ] = None,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Say what a plan means, batch by batch, or everything that is wrong with it; nothing is done.

    The version is that of this week's departure; if it is not promoted, or without a ledger, only zeros are shown.

    Example: stationmaster rollout preview dre.weekly --plan plan.yaml --start 2026-11-23

    Exit codes: 0 the plan can be used, 1 it cannot, or the team's files hold errors, 2 no such train, file or date.
    """
    from stationmaster.core.rollouts.plan import PlanInvalid

    with refusals():
        station = _station(train, include, home, ledger=False)
        try:
            found = _read(station, _text(plan), _date(start))
        except PlanInvalid as invalid:
            typer.echo(str(invalid), err=True)
            raise typer.Exit(FINDING) from invalid
    if as_json:
        show_json(found)
        return
    from stationmaster.rollouts.wording import schedule

    for sentence in schedule(found, station.train.rollout):
        console().print(plain(sentence), soft_wrap=True)


def status(
    train: TrainArgument, include: IncludeOption = None, home: HomeOption = HOME, as_json: JsonOption = False
) -> None:
    """Show the newest rollout of a train: plan against fact, batch by batch, and how far each target has come.

    Example: stationmaster rollout status dre.weekly

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such train, or it has no rollout yet.
    """
    from stationmaster.rollouts import records, reporting

    with refusals():
        station = _station(train, include, home)
        found = (records.newest(station.ledger, each.id) for each in station.ledger.departures(station.train.key))
        newest = max((each for each in found if each is not None), key=lambda each: each.opened_at, default=None)
        if newest is None:
            refuse(f"{train} has no rollout yet.")
        answer = reporting.report(station, newest)
    if as_json:
        show_json(answer)
    else:
        _show(answer, station)


def pause(
    train: TrainArgument, why: WhyOption, by: ByOption, include: IncludeOption = None, home: HomeOption = HOME
) -> None:
    """Hold a rollout: no further proposal is made until somebody lets it go on. What is proposed stays proposed.

    Example: stationmaster rollout pause dre.weekly --why "an incident" --by bojan

    Exit codes: 0 it is held, 1 the team's files hold errors, 2 it was held already, or no such rollout or person.
    """
    _say(train, "pause", None, why, by, include, home)


def resume(
    train: TrainArgument, why: WhyOption, by: ByOption, include: IncludeOption = None, home: HomeOption = HOME
) -> None:
    """Let a rollout that was held go on; every gate is asked again.

    Example: stationmaster rollout resume dre.weekly --why "it is over" --by bojan

    Exit codes: 0 it goes on, 1 the team's files hold errors, 2 it was not held, or no such rollout or person.
    """
    _say(train, "resume", None, why, by, include, home)


def abort(
    train: TrainArgument, why: WhyOption, by: ByOption, include: IncludeOption = None, home: HomeOption = HOME
) -> None:
    """End a rollout: its waiting tasks are skipped, and no further proposal is made. What is proposed stays proposed.

    Example: stationmaster rollout abort dre.weekly --why "the version is bad" --by bojan

    Exit codes: 0 it is ended, 1 the team's files hold errors, 2 no such rollout or person.
    """
    _say(train, "abort", None, why, by, include, home)


def again(
    train: TrainArgument,
    target: TargetArgument,
    why: WhyOption,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Try a target anew that has failed or was left out: it gets another proposal.

    Example: stationmaster rollout again dre.weekly io67a --why "voted down by mistake" --by bojan

    Exit codes: 0 it is tried again, 1 the team's files hold errors, 2 it has not failed, or no such target or person.
    """
    _say(train, "again", target, why, by, include, home)


def leave(
    train: TrainArgument,
    target: TargetArgument,
    why: WhyOption,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Go on without a target; its batch does not wait for it any longer.

    Example: stationmaster rollout leave dre.weekly io67a --why "its hardware is broken" --by bojan

    Exit codes: 0 it is left out, 1 the team's files hold errors, 2 it is done already, or no such target or person.
    """
    _say(train, "leave", target, why, by, include, home)


def downgrade(
    train: TrainArgument,
    target: TargetArgument,
    why: WhyOption,
    by: ByOption,
    include: IncludeOption = None,
    home: HomeOption = HOME,
) -> None:
    """Accept that a target which runs something newer is taken back to what the rollout brings.

    Example: stationmaster rollout downgrade dre.weekly io67a --why "W48 loses blocks there" --by bojan

    Exit codes: 0 accepted, 1 the team's files hold errors, 2 its proposal is made already, or no such target or person.
    """
    _say(train, "downgrade", target, why, by, include, home)


def _say(train: str, word: Word, target: str | None, why: str, by: str, include: Path | None, home: Path) -> None:
    from stationmaster.rollouts import speaking

    with refusals():
        station = _station(train, include, home)
        record = speaking.open_record(station)
        speaking.say(station, record, word, why=why, by=by, target=target)
    console().print(plain(f"{word}: {target or record.departure}. It stands in the audit."), soft_wrap=True)


def _station(train: str, include: Path | None, home: Path, *, ledger: bool = True) -> Station:
    from stationmaster.departures.station import Station
    from stationmaster.rollouts.planning import rollout_of

    question = parse(train)
    if question.departure is not None or question.stop is not None or question.handoff is not None:
        refuse(f"{train!r} is more than a train. Write it as dre.weekly.")
    team = team_at(include_at(include), question.team)
    team.train(question.train)
    kept = open_ledger(home) if ledger else named_ledger(home)
    # Without a ledger only the plan is looked at, and nothing of the team as it is in fact.
    station = Station(team=team, train=question.train, ledger=kept, as_written=kept is None)
    rollout_of(station)
    return station


def _read(station: Station, text: str | None, start: date | None) -> RolloutPlan:
    from stationmaster.rollouts import planning
    from stationmaster.rollouts.records import RolloutRefused

    version = _NO_VERSION
    if not station.as_written:
        try:
            version = planning.version_of(station, planning.elected_departure(station))
        except RolloutRefused:
            version = _NO_VERSION
    return planning.read(station, version, text=text, start=start)


def _text(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{path} cannot be read: {error}")


def _date(text: str | None) -> date | None:
    from stationmaster.core.instants import OutOfTime, day_of

    try:
        return day_of(text) if text else None
    except OutOfTime as error:
        refuse(str(error))
    except ValueError:
        refuse(f"{text!r} is not a date. Write it as in 2026-11-23.")


def _show(answer: RolloutReport, station: Station) -> None:
    from rich.table import Table

    from stationmaster.core.instants import local_text

    zone = station.train.zone
    console().print(f"{answer.departure}: rollout {answer.number} of {answer.version[:12]} is {answer.state}")
    table = Table("batch", "planned", "began", "ended", "targets")
    for batch in answer.batches:
        instants = (batch.planned_at, batch.began_at, batch.ended_at)
        times = (local_text(at, zone) if at is not None else "" for at in instants)
        targets = ", ".join(f"{each.target} {each.progress}" for each in batch.targets)
        table.add_row(str(batch.number), *times, plain(targets))
    console().print(table)
