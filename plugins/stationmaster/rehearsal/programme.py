"""What a rehearsal plays: every stop of every train, every handoff, every upgrade in a span of weeks.

Where somebody else keeps a rotation, too, it is compared once a week, on Tuesday; a real week does so each day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import next_departure
from stationmaster.core.instants import Weekday, first_instant
from stationmaster.core.upgrades import AREA

STOPS: tuple[Literal["cut", "promote"], ...] = ("cut", "promote")
HANDOFF = "handoff"
SOURCE = "source"
DEPENDENCIES = AREA
_COMPARED = "tuesday", time(7, 30)
_BEFORE = timedelta(microseconds=1)


class Item(NamedTuple):
    """One start of one DAG; ``zone`` is that of its train or rotation."""

    at: datetime
    dag_id: str
    team: str
    zone: str

    @property
    def key(self) -> str:
        """The train or the rotation: ``<team>.<train>``, ``<team>.<rotation>``."""
        return self.dag_id.rpartition(".")[0]

    @property
    def what(self) -> str:
        """``cut``, ``promote``, ``handoff``, ``source`` or ``dependencies``."""
        return self.dag_id.rpartition(".")[2]


def programme(teams: Mapping[str, TeamConfig], start: date, weeks: int) -> list[Item]:
    """Return every start in the order of the calendar.

    A promotion whose cut lies before the span is left out; the handoffs go on until the last promotion.

    :param start: a local date in the zone of each train and rotation.
    """
    stops = [item for team in teams.values() for train in team.trains.values() for item in _stops(train, start, weeks)]
    last = max((item.at for item in stops), default=None)
    handoffs = [item for team in teams.values() for item in _handoffs(team, start, weeks, last)]
    sources = [item for team in teams.values() for item in _sources(team, start, weeks)]
    upgrades = [item for team in teams.values() for item in _upgrades(team, start, weeks)]
    return sorted([*stops, *handoffs, *sources, *upgrades])


def _stops(train: TrainConfig, start: date, weeks: int) -> Iterator[Item]:
    begin = _midnight(start, train.zone) - _BEFORE
    for stop in STOPS:
        # What is promoted in this span was cut in it.
        later = timedelta(weeks=train.stops.promote.weeks_later)
        at = begin if stop == "cut" else next_departure(train.stop("cut"), begin) + later
        for _ in range(weeks):
            at = next_departure(train.stop(stop), at)
            yield Item(at, f"{train.key}.{stop}", train.team, train.zone)


def _handoffs(team: TeamConfig, start: date, weeks: int, last: datetime | None) -> Iterator[Item]:
    for entry in team.roster.values():
        if not entry.hands_over:
            continue
        rotation = team.rotations[entry.id]
        end = _midnight(start + timedelta(weeks=weeks), rotation.zone)
        at = rotation.next_handoff(_midnight(start, rotation.zone) - _BEFORE)
        while at < end or (last is not None and at <= last):
            yield Item(at, f"{team.id}.{entry.id}.{HANDOFF}", team.id, rotation.zone)
            at = rotation.next_handoff(at)


def _sources(team: TeamConfig, start: date, weeks: int) -> Iterator[Item]:
    day, at = _COMPARED
    for entry in team.roster.values():
        if entry.source is not None:
            zone = entry.zone or team.zone
            first = start + timedelta(days=(Weekday(day).index - start.weekday()) % 7)
            for week in range(weeks):
                moment = first_instant(datetime.combine(first + timedelta(weeks=week), at), zone)
                yield Item(moment, f"{team.id}.{entry.id}.{SOURCE}", team.id, zone)


def _upgrades(team: TeamConfig, start: date, weeks: int) -> Iterator[Item]:
    if team.upgrades is None:
        return
    timetable = team.upgrades.timetable(team.zone)
    at = _midnight(start, timetable.zone) - _BEFORE
    for _ in range(weeks):
        at = next_departure(timetable, at)
        yield Item(at, f"{team.id}.{DEPENDENCIES}", team.id, timetable.zone)


def _midnight(day: date, zone: str) -> datetime:
    return first_instant(datetime.combine(day, datetime.min.time()), zone)
