"""Rollouts that could never begin: names that nobody has, connections that lack, a plan that is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake, did_you_mean
from stationmaster.config.plan_text import read_plan
from stationmaster.config.rolling_out import Rollout
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.instants import to_local
from stationmaster.core.rollouts.checking import checked
from stationmaster.core.rollouts.plan import PlanInvalid

_ANY_VERSION = "0" * 40
_LONG_AGO = timedelta(weeks=60)


def rollout_mistakes(team: TeamConfig, train: TrainConfig, now: datetime) -> Iterator[Mistake]:
    """Return what is wrong with a train's rollout, if it has one.

    :param now: an aware instant; the days of the default plan are counted from its week.
    """
    rollout, source = train.rollout, f"train:{train.id}"
    yield from _elections(team, train)
    if rollout is None:
        return
    for kind, loc, name, known in _names(team, train, rollout):
        if name not in known:
            remedy = did_you_mean(name, known)
            yield Mistake(f"unknown_{kind}", loc, f"there is no {kind} {name!r}", remedy, name, source=source)
    for name in ("proposals", "alerts"):
        if getattr(team.connections, name) is None:
            message, remedy = f"the team has no connection {name}", f"Write connections: {{{name}: …}} in its file."
            yield Mistake("rollout_without_connection", ("rollout",), message, remedy, at_key=True, source=source)
    for mistake in _in_plan(train, rollout, now):
        yield Mistake("plan_invalid", ("rollout", "plan"), mistake[0], mistake[1], "the plan", source=source)


def _elections(team: TeamConfig, train: TrainConfig) -> Iterator[Mistake]:
    """A component that is elected needs the proposal system; and an election cannot be taken back."""
    source = f"train:{train.id}"
    for index, component in enumerate(train.components):
        for name, deploy in component.environments.items():
            if deploy.mode != "proposal":
                continue
            loc: Loc = ("components", index, "environments", name)
            if team.connections.proposals is None:
                message, remedy = (
                    "the team has no connection proposals",
                    "Write connections: {proposals: …} in its file.",
                )
                yield Mistake("election_without_connection", loc, message, remedy, name, source=source)
            if name == train.production and train.on_partial_failure == "compensate":
                message = "an election cannot be taken back, so nothing can be compensated"
                remedy = "Write on_partial_failure: stop; a person decides."
                yield Mistake("election_rolled_back", ("on_partial_failure",), message, remedy, source=source)


def _names(team: TeamConfig, train: TrainConfig, rollout: Rollout) -> Iterator[tuple[str, Loc, str, Iterable[str]]]:
    yield "component", ("rollout", "component"), rollout.component, [each.id for each in train.components]
    yield "channel", ("rollout", "vote", "channel"), rollout.vote.channel, list(team.channels)
    yield "role", ("rollout", "vote", "role"), rollout.vote.role, list(team.roles)
    for index, separate in enumerate(rollout.separate):
        for place, target in enumerate(separate.targets):
            yield "target", ("rollout", "separate", index, "targets", place), target, list(rollout.targets)


def _in_plan(train: TrainConfig, rollout: Rollout, now: datetime) -> Iterator[tuple[str, str]]:
    try:
        checked(
            read_plan(rollout.plan),
            targets=rollout.targets,
            version=_ANY_VERSION,
            zone=train.zone,
            start=to_local(now, train.zone).date(),
            now=now - _LONG_AGO,
            separations=rollout.separations,
        )
    except PlanInvalid as invalid:
        for mistake in invalid.mistakes:
            yield f"line {mistake.line} of the plan: {mistake.message}", mistake.remedy
