"""What must hold in a freeze: nothing is deployed but by an exception that others approved, used once (F32 … F34)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stationmaster.config.freezing import FreezeEntry
from stationmaster.config.hours import Hours, WeekMoment
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.rehearsal.evidence import Dispatch, Evidence

_Trains = Mapping[str, tuple[TeamConfig, TrainConfig]]
_FORBIDS = {
    "no_cut": {"cut"},
    "hold_promotion": {"promote"},
    "hotfix_only": {"cut", "promote"},
    "all_stop": {"cut", "promote", "hotfix"},
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_USED = "freeze-exception-used"


def deployed_in_a_freeze(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each deploy that a freeze forbade and no exception let through, and each exception that was used twice.

    What had begun before the freeze may be finished in it; a rollback is exempt.
    """
    begun: set[tuple[str, str]] = set()
    for found in sorted(evidence.dispatches, key=lambda one: one.at):
        team, train = trains[found.departure.split("/", 1)[0]]
        if found.stop == "rollback" or (found.departure, found.stop) in begun:
            continue
        held = [entry for entry in team.freezes if _concerns(entry, train, found) and _holds(entry, team, found.at)]
        open_to_it = [entry for entry in held if not _excepted(evidence, team, entry, found)]
        if not open_to_it:
            begun.add((found.departure, found.stop))
        for entry in open_to_it:
            local = f"{found.at.astimezone(ZoneInfo(train.zone)):%A %H:%M}"
            yield f"{found.departure}: {found.repository} went to {found.environment} on {local}, in {entry.name}"
    for departure, facts in evidence.facts.items():
        for name, times in Counter(fact.subject for fact in facts if fact.kind == _USED).items():
            if times > 1:
                yield f"{departure}: the exception {name} was used {times} times"


def _concerns(entry: FreezeEntry, train: TrainConfig, found: Dispatch) -> bool:
    kind = kind_of(found.departure)
    action = "hotfix" if kind.is_hotfix else "cut" if kind is DepartureKind.FEATURE_BUILD else found.stop
    return action in _FORBIDS[entry.mode.value] and (not entry.trains or train.id in entry.trains)


def _holds(entry: FreezeEntry, team: TeamConfig, at: datetime) -> bool:
    """Return whether a freeze holds at an instant, by the clock on the wall of its zone."""
    zone = ZoneInfo(entry.zone or team.zone)
    local = at.astimezone(zone)
    if entry.start is not None and entry.end is not None:
        start, end = (moment if moment.tzinfo else moment.replace(tzinfo=zone) for moment in (entry.start, entry.end))
        return start <= at < end
    if entry.holidays is not None:
        return local.date() in set(entry.holidays.from_year(local.year))
    return any(_within(hours, at.astimezone(ZoneInfo(hours.zone)) if hours.zone else local) for hours in entry.weekly)


def _within(hours: Hours, local: datetime) -> bool:
    if isinstance(hours.opens, WeekMoment) and isinstance(hours.closes, WeekMoment):
        opens, closes = _minute(hours.opens), _minute(hours.closes)
        now = local.weekday() * 1440 + local.hour * 60 + local.minute
        return opens <= now < closes if opens < closes else now >= opens or now < closes
    if isinstance(hours.opens, time) and isinstance(hours.closes, time):
        days = {_DAYS.index(day) for day in hours.days or _DAYS}
        clock, past = local.time(), hours.closes <= hours.opens
        today, yesterday = local.weekday() in days, (local - timedelta(days=1)).weekday() in days
        if not past:
            return today and hours.opens <= clock < hours.closes
        return (today and clock >= hours.opens) or (yesterday and clock < hours.closes)
    return False


def _minute(moment: WeekMoment) -> int:
    return _DAYS.index(moment.day) * 1440 + moment.at.hour * 60 + moment.at.minute


def _excepted(evidence: Evidence, team: TeamConfig, entry: FreezeEntry, found: Dispatch) -> bool:
    """Return whether enough others had approved an exception for exactly this, and it was used in its time."""
    rule, facts = team.freeze_exceptions, evidence.facts.get(found.departure, ())
    if rule is None:
        return False
    newest = {fact.subject: fact.value for fact in facts if fact.kind == "freeze-exception" and fact.at <= found.at}
    used = {fact.subject: fact.at for fact in reversed(facts) if fact.kind == _USED}
    for name, value in newest.items():
        if (value["freeze"], value["stop"]) != (entry.name, found.stop) or name not in used:
            continue
        others = _others(value, set(team.groups[rule.approvers]), found.at)
        in_time = used[name] <= found.at and used[name] < datetime.fromisoformat(str(value["expires_at"]))
        if in_time and len(others) >= rule.needed:
            return True
    return False


def _others(value: Mapping[str, Any], able: set[str], at: datetime) -> set[str]:
    given = {str(one["person"]) for one in value["approvals"] if datetime.fromisoformat(str(one["at"])) <= at}
    return (given & able) - {str(value["asked_by"])}
