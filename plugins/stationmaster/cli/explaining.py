"""``stationmaster explain``: why a train waits, for whom, until when, and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from stationmaster.cli.answering import console, plain, refusals, refuse, show_json
from stationmaster.cli.reasons import show_reasons
from stationmaster.cli.whereabouts import HOME, HomeOption, IncludeOption, JsonOption, include_at, open_ledger, team_at

if TYPE_CHECKING:
    from rich.console import Console

    from stationmaster.config.team import TeamConfig
    from stationmaster.departures.explaining import DepartureExplained, Explanation, NextStop
    from stationmaster.departures.station import Station
    from stationmaster.ledger import Ledger
    from stationmaster.work.reasons import Reason

_STOPS = ("cut", "promote", "rollback", "hotfix", "security_hotfix", "feature_build", "handoff", "changes")


class Question(NamedTuple):
    """What is asked about: a train or a rotation, and perhaps one departure, one handoff or one stop of it."""

    team: str
    train: str
    departure: str | None = None
    handoff: str | None = None
    stop: str | None = None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    about: Annotated[
        str,
        typer.Argument(
            metavar="TRAIN|ROTATION",
            help="A train (cellxgene.weekly), a departure (cellxgene.weekly/2026-W34), a rotation (cellxgene.oncall), "
            "a DAG (cellxgene.weekly.cut), or the upgrades of a team (dre.dependencies).",
        ),
    ],
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Tell why each departure of a train, or the handoff of a rotation, waits now: for whom, until when, the way out.

    The ledger is the one that STATIONMASTER_LEDGER_URL names, else that of the station that runs in --home, with its
    clock, else that of the Airflow connection stationmaster_ledger.

    Example: stationmaster explain cellxgene.weekly

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such train, departure or rotation, or no ledger.
    """
    from stationmaster.cli.explaining_upgrades import explain_upgrades
    from stationmaster.core.upgrades import AREA
    from stationmaster.departures.station import Station

    with refusals():
        question = parse(about)
        team = team_at(include_at(include), question.team)
        if is_about_rotation(team, question):
            explain_rotation(team, question, open_ledger(home), as_json=as_json)
            return
        if question.train == AREA:
            explain_upgrades(team, open_ledger(home), as_json=as_json)
            return
        team.train(question.train)
        station = Station(team=team, train=question.train, ledger=open_ledger(home))
        answer = explained(station, question)
    if as_json:
        show_json(answer)
    else:
        _show(console(), answer, station.train.zone)


def parse(about: str) -> Question:
    """Return what a train key, a departure's id or a DAG id asks about; refuse anything else.

    :raises InvalidDepartureId: what follows the slash is no week of a departure.
    """
    from stationmaster.core.departure_ids import DepartureId

    key, slash, week = about.partition("/")
    parts = key.split(".")
    if len(parts) == 2 and all(parts) and "T" in week:
        return Question(parts[0], parts[1], handoff=about)
    if len(parts) == 2 and all(parts):
        return Question(parts[0], parts[1], departure=str(DepartureId.parse(about)) if slash else None)
    if len(parts) != 3 or not all(parts) or parts[2] not in _STOPS or slash:
        refuse(
            f"{about!r} names no train. Write a train as cellxgene.weekly, a departure as cellxgene.weekly/2026-W34, "
            "a rotation as cellxgene.oncall, or a DAG as cellxgene.weekly.promote."
        )
    return Question(parts[0], parts[1], stop=parts[2])


def is_about_rotation(team: TeamConfig, question: Question) -> bool:
    """Return whether a rotation is meant: by its handoff, or by its name where no train has the same."""
    named = question.train in team.roster and question.train not in team.trains
    return (
        question.handoff is not None
        or question.stop in ("handoff", "changes")
        or (named and question.departure is None)
    )


def explained(station: Station, question: Question) -> Explanation:
    """Return the explanation, narrowed to the departure or the stop that was asked about."""
    from stationmaster.departures.explaining import explain as explain_train

    whole = explain_train(station)
    if question.departure is not None:
        under_way = tuple(found for found in whole.departures if found.departure == question.departure)
        return whole.model_copy(update={"departures": under_way or (_ended(station, question.departure),)})
    if question.stop is None:
        return whole
    departures = tuple(
        found.model_copy(update={"blockers": tuple(why for why in found.blockers if _is_of(why, question.stop))})
        for found in whole.departures
    )
    openings = tuple(stop for stop in whole.next if stop.stop == question.stop)
    return whole.model_copy(update={"departures": departures, "next": openings})


def _is_of(reason: Reason, stop: str) -> bool:
    return reason.task == stop or reason.task.startswith(f"{stop}/")


def _ended(station: Station, departure: str) -> DepartureExplained:
    """Return a departure that is over; one that failed still says what was in its way."""
    from stationmaster.departures.explaining import DepartureExplained
    from stationmaster.work.reasons import reason

    found = station.ledger.departure(departure)
    if found is None:
        newest = ", ".join(known.id for known in station.ledger.departures(station.train.key, limit=3)) or "none"
        refuse(f"there is no departure {departure} in the ledger; the newest are: {newest}.")
    manifest = station.ledger.manifest_of(departure)
    return DepartureExplained(
        departure=departure,
        state=str(found.state),
        why=found.why,
        manifest=dict(manifest.repositories) if manifest else {},
        blockers=tuple(
            reason(station.team, subject.removeprefix(f"{departure}/"), why)
            for subject, blockers in station.ledger.blockers(departure).items()
            for why in blockers
        ),
    )


def _show(out: Console, answer: Explanation, zone: str) -> None:
    from stationmaster.core.instants import local_text

    out.print(f"{answer.train}, {local_text(answer.at, zone)}", style="bold")
    if not answer.departures:
        out.print("No departure is under way.")
    for departure in answer.departures:
        _show_departure(out, departure, answer.at, zone)
    out.print()
    for stop in answer.next:
        out.print(f"Next {stop.stop}: {local_text(stop.opens_at, zone)}, {_conducted(stop)}", soft_wrap=True)


def _conducted(stop: NextStop) -> str:
    return f"conducted by {stop.on_call.name}" if stop.on_call else "and nobody is on call then"


def _show_departure(out: Console, departure: DepartureExplained, at: datetime, zone: str) -> None:
    why = f": {plain(departure.why)}" if departure.why else ""
    out.print()
    out.print(f"{departure.departure} is {departure.state}{why}", style="bold", soft_wrap=True)
    for repository, sha in departure.manifest.items():
        out.print(f"  aboard  {repository} {sha[:12]}")
    show_reasons(out, departure.blockers, at, zone)


def explain_rotation(team: TeamConfig, question: Question, ledger: Ledger, *, as_json: bool) -> None:
    """Tell what a handoff of a rotation waits for, by default the newest one, and when the next one is.

    :raises UnknownRotation, NotAHandoff: there is none of that name.
    """
    from stationmaster.core.instants import local_text
    from stationmaster.handoffs.explaining import explain as explain_handoff
    from stationmaster.handoffs.shift_desk import ShiftDesk

    desk = ShiftDesk(team=team, rotation=question.train, ledger=ledger)
    answer = explain_handoff(desk, desk.handoff(question.handoff) if question.handoff else None)
    if as_json:
        show_json(answer)
        return
    out, zone = console(), desk.rotation.zone
    out.print(f"{answer.rotation}, {local_text(answer.at, zone)}", style="bold")
    out.print()
    out.print(f"{answer.handoff.handoff}, until {local_text(answer.handoff.end, zone)}", style="bold", soft_wrap=True)
    for holder in answer.handoff.holders:
        out.print(f"  {holder.role:<10}{holder.person.name}")
    show_reasons(out, answer.handoff.blockers, answer.at, zone)
    out.print()
    following = ", ".join(f"{holder.person.name} ({holder.role})" for holder in answer.next.holders)
    out.print(f"Next handoff: {local_text(answer.next.at, zone)}, to {following}", soft_wrap=True)
