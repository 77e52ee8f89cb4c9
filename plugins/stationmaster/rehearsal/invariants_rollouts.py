"""What must hold of elections and rollouts, held against the proposal system and the plan (D-09 … D-11).

The plan's text is read here by a computation of its own, which knows nothing of the core.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml

from stationmaster.config.rolling_out import Rollout
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.rehearsal.evidence import Evidence, Run
from stationmaster.rehearsal.evidence_proposals import Proposed

_Trains = Mapping[str, tuple[TeamConfig, TrainConfig]]
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AHEAD = timedelta(minutes=30)
"""How long before its first batch a rehearsal starts a rollout: the week of that batch counts."""


class _Due(NamedTuple):
    """When a target may get its version, and in which batch."""

    batch: int
    at: datetime


class _Rollout(NamedTuple):
    run: Run
    due: Mapping[str, _Due]
    made: tuple[Proposed, ...]


def proposed_twice(evidence: Evidence) -> Iterator[str]:
    """Yield what was proposed more than once: the same version for the same target, or to be elected (F01 … F03)."""
    for (kind, target, version), times in Counter(
        (one.kind, one.target, one.version) for one in evidence.proposals
    ).items():
        if times > 1:
            yield f"{kind} {target or version[:12]} to {version[:12]} was proposed {times} times"


def too_early(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each proposal that was made before its time, the batches before it, its election, or too near another."""
    for train in _rolling(trains):
        rollout, every = _of(train), [one for one in evidence.proposals if one.kind == "update" and _ours(one, train)]
        for found in _rollouts(evidence, train):
            for made in found.made:
                yield from _before_its_turn(found, made, rollout)
        inside = {made.id for found in _rollouts(evidence, train) for made in found.made}
        for made in every:
            if made.id not in inside:
                yield f"{made.departure}: {made.target} was proposed while no rollout went on"
            elected = [one for one in evidence.proposals if one.kind == "elect" and one.version == made.version]
            if not any(one.executed_at is not None and one.executed_at <= made.at for one in elected):
                yield f"{made.departure}: {made.target} was to get {made.version[:12]} before it was elected"
        for rule in rollout.separate:
            for one, other in combinations([made for made in every if made.target in rule.targets], 2):
                near = abs(one.at - other.at)
                if one.target != other.target and near < rule.by:
                    yield f"{other.departure}: {one.target} and {other.target} were proposed {near} apart"


def unverified(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each target that a rollout was done with before it ran its version, and was quiet for its time."""
    for train in _rolling(trains):
        rollout = _of(train)
        for found in _rollouts(evidence, train):
            got = {made.target for made in found.made}
            missing = sorted(target for target in found.due if target not in got)
            if found.run.state == "success" and got and missing:
                yield f"{found.run.dag_id} {found.run.run_id}: nothing was proposed for {', '.join(missing)}"
            for made in found.made:
                done = _step(evidence, made, "done")
                running = _step(evidence, made, "running")
                if made.executed_at is None or done is None or running is None:
                    yield f"{made.departure}: {made.target} never ran {made.version[:12]}"
                elif running < made.executed_at or done - running < rollout.alerts.quiet:
                    yield f"{made.departure}: {made.target} was taken for done too early"
        newest: dict[str, Proposed] = {made.target: made for each in _rollouts(evidence, train) for made in each.made}
        for target, made in newest.items():
            runs = evidence.targets.get(target, "nothing")
            if runs != made.version:
                yield f"{made.departure}: {target} runs {runs[:12]}, not {made.version[:12]}"


def unasked(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each proposal for a target on which nobody was asked to vote, or more than once, or elsewhere (D-11)."""
    for team, train in trains.values():
        if train.rollout is None:
            continue
        channel = team.channels[train.rollout.vote.channel].id
        asked = [one for one in evidence.messages if one.by_bot and "/rollout/votes/" in one.key]
        for made in evidence.proposals:
            if made.kind != "update" or not _ours(made, train):
                continue
            places = [one.channel for one in asked if f"• {made.id} for " in one.posted]
            if places != [channel]:
                yield f"{made.departure}: the votes on {made.id} for {made.target} were asked for in {places}"


def _before_its_turn(found: _Rollout, made: Proposed, rollout: Rollout) -> Iterator[str]:
    due = found.due.get(made.target)
    if due is None:
        yield f"{made.departure}: {made.target} is not in the plan"
        return
    if made.at < due.at:
        yield f"{made.departure}: {made.target} was proposed at {made.at:%a %H:%M} UTC, due {due.at:%a %H:%M} UTC"
    for other in found.made:
        before = found.due.get(other.target)
        if before is None or before.batch >= due.batch:
            continue
        over = other.executed_at + rollout.alerts.quiet if other.executed_at is not None else None
        if over is None or made.at < over:
            what = "the canary" if before.batch == 1 else f"batch {before.batch}"
            yield f"{made.departure}: {made.target} was proposed before {other.target} of {what} was over"


def _rollouts(evidence: Evidence, train: TrainConfig) -> list[_Rollout]:
    found = []
    for run in evidence.runs:
        if run.dag_id != f"{train.key}.rollout":
            continue
        made = tuple(
            one
            for one in evidence.proposals
            if one.kind == "update" and _ours(one, train) and run.began <= one.at <= run.ended
        )
        found.append(_Rollout(run, _plan(train, run.began), made))
    return found


def _plan(train: TrainConfig, began: datetime) -> dict[str, _Due]:
    """Return when each target is due, by the text of the train's file and the week in which a rollout began."""
    rollout = _of(train)
    days: dict[str, Any] = {str(day): times for day, times in yaml.safe_load(rollout.plan).items()}
    zone = ZoneInfo(str(days.pop("zone", train.zone)))
    today = (began + _AHEAD).astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    found: dict[str, _Due] = {}
    number = 0
    for day, times in days.items():
        for clock, ways in times.items():
            number += 1
            at = datetime.combine(_day(day, monday), _time(clock), tzinfo=zone).astimezone(UTC)
            for way in ways:
                name = str(way["target"] if isinstance(way, dict) else way)
                whole = (
                    name if name in rollout.targets else next(one for one in rollout.targets if one.startswith(name))
                )
                found[whole] = _Due(number, at)
    return found


def _day(text: str, monday: date) -> date:
    words = text.lower().split()
    if words[0] not in _DAYS:
        return date.fromisoformat(text)
    weeks = 0 if len(words) == 1 else 1 if words[1] == "next" else int(words[2])
    return monday + timedelta(weeks=weeks, days=_DAYS.index(words[0]))


def _time(clock: object) -> time:
    if isinstance(clock, int):  # 9:00 without quotes is 540 in YAML
        return time(*divmod(clock, 60))
    hour, minute = str(clock).split(":")
    return time(int(hour), int(minute))


def _step(evidence: Evidence, made: Proposed, step: str) -> datetime | None:
    for fact in evidence.facts.get(made.departure, ()):
        same = fact.kind == "rollout_step" and fact.subject == made.target
        if same and fact.value["step"] == step and fact.value["version"] == made.version:
            return fact.at
    return None


def _rolling(trains: _Trains) -> Iterator[TrainConfig]:
    yield from (train for _, train in trains.values() if train.rollout is not None)


def _of(train: TrainConfig) -> Rollout:
    if train.rollout is None:
        raise LookupError(f"{train.key} has no rollout")
    return train.rollout


def _ours(made: Proposed, train: TrainConfig) -> bool:
    return made.key.startswith(f"{train.key}/")
