"""Freezes that mean nothing, that nobody can except, or that keep a train out for ever (T-02, F32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from stationmaster.config.mistakes import Mistake
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import StopName, stop_times
from stationmaster.core.freezes import Freeze, active
from stationmaster.core.instants import IsoWeek, UncertainTime, exact_instant

_WEEKS = 53
_STOPS: tuple[StopName, ...] = ("cut", "promote")


def freeze_mistakes(team: TeamConfig) -> list[Mistake]:
    """Return what is wrong with a team's freezes by themselves."""
    return [*_moments(team), *_too_few_approvers(team)]


def frozen_for_ever(team: TeamConfig, train: TrainConfig, now: datetime) -> list[Mistake]:
    """Return the stops whose window is frozen in each week of the year that follows: the train would never go."""
    found = []
    first = IsoWeek.of(now, train.zone)
    freezes = team.freezes_of(train.id)
    for stop in _STOPS if freezes else ():
        windows = [stop_times(train.stop(stop), first.plus(number)) for number in range(_WEEKS)]
        if all(_covered(freezes, stop, window.earliest, window.latest_start) for window in windows):
            name = active(freezes, stop, windows[0].earliest)[0].name
            place = next(index for index, entry in enumerate(team.freezes) if entry.name == name)
            found.append(
                Mistake(
                    "frozen_for_ever",
                    ("freezes", place, "name"),
                    f"the freeze {name!r} covers the whole window of {train.key}.{stop} in every week of a year",
                    "Let the freeze begin later or end earlier, or move the stop.",
                    name,
                    source="team",
                )
            )
    return found


def _covered(freezes: tuple[Freeze, ...], stop: StopName, start: datetime, end: datetime) -> bool:
    if not active(freezes, stop, start):
        return False
    edges = {edge for freeze in freezes for span in freeze.between(start, end) for edge in span}
    return all(active(freezes, stop, at) for at in edges if start <= at < end)


def _moments(team: TeamConfig) -> Iterator[Mistake]:
    for index, entry in enumerate(team.freezes):
        zone = entry.zone or team.zone
        given = [(field, moment) for field in ("start", "end") if (moment := getattr(entry, field)) is not None]
        unclear = list(_unclear(index, zone, given))
        yield from unclear
        if given and not unclear and exact_instant(given[1][1], zone) <= exact_instant(given[0][1], zone):
            what, remedy = "it ends before it starts", "Write an end that is later than start."
            yield Mistake("span_backwards", ("freezes", index, "end"), what, remedy, source="team")


def _unclear(index: int, zone: str, given: list[tuple[str, datetime]]) -> Iterator[Mistake]:
    for field, moment in given:
        try:
            exact_instant(moment, zone)
        except UncertainTime as error:
            what, _, remedy = str(error).partition(". ")
            yield Mistake("moment_unclear", ("freezes", index, field), what, remedy, str(moment), source="team")


def _too_few_approvers(team: TeamConfig) -> Iterator[Mistake]:
    rule = team.freeze_exceptions
    if rule is None or rule.approvers not in team.groups:
        return
    able = [name for name in team.groups[rule.approvers] if team.people[name].active and not team.people[name].bot]
    if len(able) < rule.needed:
        yield Mistake(
            "exception_impossible",
            ("freeze_exceptions", "needed"),
            f"{rule.needed} approvals are needed, but only {len(able)} people in groups.{rule.approvers} can approve",
            "Lower needed, or add people to the group.",
            str(rule.needed),
            source="team",
        )
