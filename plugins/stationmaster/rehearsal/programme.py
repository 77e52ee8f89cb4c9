"""What a rehearsal plays: every stop of every train, its rollouts, every handoff, every upgrade in a span of weeks.

Where somebody else keeps a rotation, too, it is compared once a week, on Tuesday; a real week does so each day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from stationmaster.config.plan_text import read_plan
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import next_departure
from stationmaster.core.instants import Weekday, first_instant
from stationmaster.core.rollouts.checking import checked
from stationmaster.core.rollouts.plan import PlanInvalid, RolloutPlan
from stationmaster.core.upgrades import AREA

STOPS: tuple[Literal["cut", "promote"], ...] = ("cut", "promote")
HANDOFF = "handoff"
SOURCE = "source"
DEPENDENCIES = AREA
ROLLOUT = "rollout"
_COMPARED = "tuesday", time(7, 30)
_BEFORE = timedelta(microseconds=1)
_AHEAD = timedelta(minutes=30)
"""How long before its first batch somebody starts a rollout."""
_A_BATCH = timedelta(hours=1)
"""In which the last batch of a rollout is over; only then the next one begins."""
_WEEKS_AHEAD = 3
_NOBODYS = "0" * 40


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
        """``cut``, ``promote``, ``rollout``, ``handoff``, ``source`` or ``dependencies``."""
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
    rollouts = [
        item for team in teams.values() for train in team.trains.values() for item in _rollouts(train, start, weeks)
    ]
    return sorted([*stops, *rollouts, *handoffs, *sources, *upgrades])


def rollout_form(item: Item) -> dict[str, object]:
    """Return what stands in the form of a rollout: days count from the week of its first batch."""
    return {"dry_run": False, "start": _local_day(item.at + _AHEAD, item.zone).isoformat()}


def lasts(train: TrainConfig, item: Item) -> timedelta:
    """Return how long a rollout goes on by its plan, from its start to its last batch."""
    return _plan(train, _local_day(item.at + _AHEAD, item.zone), item.at).batches[-1].at - item.at


def _stops(train: TrainConfig, start: date, weeks: int) -> Iterator[Item]:
    begin = _midnight(start, train.zone) - _BEFORE
    for stop in STOPS:
        # What is promoted in this span was cut in it.
        later = timedelta(weeks=train.stops.promote.weeks_later)
        at = begin if stop == "cut" else next_departure(train.stop("cut"), begin) + later
        for _ in range(weeks):
            at = next_departure(train.stop(stop), at)
            yield Item(at, f"{train.key}.{stop}", train.team, train.zone)


def _rollouts(train: TrainConfig, start: date, weeks: int) -> Iterator[Item]:
    """Yield a rollout of each promotion, in the first week that has all of its plan before it.

    While one goes on there is no other: what is promoted meanwhile is left out.
    """
    free = _midnight(start, train.zone)
    for stop in _stops(train, start, weeks) if train.rollout is not None else ():
        plan = _next_plan(train, stop.at) if stop.what == "promote" else None
        if plan is not None and plan.batches[0].at - _AHEAD >= free:
            free = plan.batches[-1].at + _A_BATCH
            yield Item(plan.batches[0].at - _AHEAD, f"{train.key}.{ROLLOUT}", train.team, train.zone)


def _next_plan(train: TrainConfig, promoted: datetime) -> RolloutPlan | None:
    day = _local_day(promoted, train.zone) + timedelta(days=1)
    for week in range(_WEEKS_AHEAD):
        try:
            return _plan(train, day + timedelta(weeks=week), _midnight(day, train.zone))
        except PlanInvalid:
            continue
    return None


def _plan(train: TrainConfig, week: date, now: datetime) -> RolloutPlan:
    if train.rollout is None:
        raise LookupError(f"{train.key} has no rollout")
    written, every = read_plan(train.rollout.plan), train.rollout.targets
    return checked(written, targets=every, version=_NOBODYS, zone=train.zone, start=week, now=now)


def _local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


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
