"""``stationmaster stats``: how a train does, by the four measures of the field, and how punctual it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from stationmaster.cli.answering import console, refusals, show_json
from stationmaster.cli.asked_about import train_asked_about
from stationmaster.cli.whereabouts import HOME, HomeOption, IncludeOption, JsonOption

if TYPE_CHECKING:
    from datetime import datetime

    from stationmaster.cli.shapes_trains import StatsAnswer
    from stationmaster.core.measures import Measures, Trip
    from stationmaster.departures.station import Station

_HOUR = timedelta(hours=1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(stats)


def stats(
    train: Annotated[str, typer.Argument(metavar="TRAIN", help="Such as cellxgene.weekly.")],
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=520, help="How many weeks back.")] = 26,
    include: IncludeOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show how a train did: promotions a week, lead time, how many broke, time to restore, what was done by hand.

    Counted are the departures whose promotion was due in the weeks before now. Each is listed with its planned and its
    actual time.

    Example: stationmaster stats cellxgene.weekly --weeks 12

    Exit codes: 0 answered, 1 the team's files hold errors, 2 no such train or no ledger.
    """
    from stationmaster.core.measures import measure
    from stationmaster.departures.measuring import trips

    with refusals():
        station = train_asked_about(train, include, home)
        end, span = station.now(), timedelta(weeks=weeks)
        found = tuple(trips(station, end - span, end))
        answer = _answer(station, end - span, end, found, measure(found, span))
    if as_json:
        show_json(answer)
    else:
        _show(answer)


def _answer(
    station: Station, start: datetime, end: datetime, found: tuple[Trip, ...], figures: Measures
) -> StatsAnswer:
    from stationmaster.cli.shapes_trains import StatsAnswer, TripShown

    return StatsAnswer(
        train=station.train.key,
        zone=station.train.zone,
        start=start,
        end=end,
        departures=figures.departures,
        promoted=figures.promoted,
        broken=figures.broken,
        per_week=_rounded(figures.frequency),
        lead_time_hours=_hours(figures.lead_time),
        slowest_lead_time_hours=_hours(figures.slowest),
        failure_rate=_rounded(figures.failure_rate),
        restore_time_hours=_hours(figures.restore_time),
        interventions_per_train=_rounded(figures.interventions),
        cut_hours=_hours(figures.cut_time),
        staging_hours=_hours(figures.staging_time),
        promotion_hours=_hours(figures.promote_time),
        late_stops=figures.late,
        lateness_hours=_hours(figures.lateness),
        trips=tuple(
            TripShown(
                departure=trip.departure,
                state=trip.state,
                cut_target=trip.cut_target,
                staged_at=trip.staged_at,
                promote_target=trip.promote_target,
                promoted_at=trip.promoted_at,
                commits=len(trip.landed_at),
                interventions=trip.interventions,
            )
            for trip in found
        ),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _hours(value: timedelta | None) -> float | None:
    return None if value is None else round(value / _HOUR, 2)


def _show(answer: StatsAnswer) -> None:
    from rich.table import Table

    out = console()
    rate = "unknown" if answer.failure_rate is None else f"{answer.failure_rate:.0%}"
    out.print(f"{answer.train}: {answer.departures} departures, {answer.promoted} promoted, {answer.broken} broke.")
    out.print(f"Promotions a week: {_figure(answer.per_week)}. Change failure rate: {rate}.")
    lead, slow, back, late = (
        _figure(hours, " h")
        for hours in (
            answer.lead_time_hours,
            answer.slowest_lead_time_hours,
            answer.restore_time_hours,
            answer.lateness_hours,
        )
    )
    out.print(
        f"Lead time: {lead} in the median, {slow} for the slowest tenth. Time to restore: {back}.", soft_wrap=True
    )
    by_hand = _figure(answer.interventions_per_train)
    out.print(
        f"Late stops: {answer.late_stops}, by {late} in the median. Interventions for each train: {by_hand}.",
        soft_wrap=True,
    )
    cut, staging, promotion = (
        _figure(hours, " h") for hours in (answer.cut_hours, answer.staging_hours, answer.promotion_hours)
    )
    out.print(f"Stages in the median: cut {cut}, on staging {staging}, promotion {promotion}.", soft_wrap=True)
    table = Table("departure", "state", "staged", "promoted", "commits", "by hand", box=None, pad_edge=False)
    for trip in answer.trips:
        table.add_row(
            trip.departure.rpartition("/")[2],
            trip.state,
            _against(trip.staged_at, trip.cut_target, answer.zone),
            _against(trip.promoted_at, trip.promote_target, answer.zone),
            str(trip.commits),
            str(trip.interventions),
        )
    out.print(table)


def _figure(value: float | None, unit: str = "") -> str:
    return "unknown" if value is None else f"{value:g}{unit}"


def _against(at: datetime | None, target: datetime, zone: str) -> str:
    from stationmaster.core.instants import local_text

    if at is None:
        return "never"
    late = at - target
    how = f", {late / _HOUR:.1f} h after its target" if late > timedelta(0) else ""
    return f"{local_text(at, zone)}{how}"
