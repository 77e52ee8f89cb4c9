"""The rules of what leaves beside a train: can it be approved at all, and does it reach an environment?"""

from __future__ import annotations

from collections.abc import Iterator

from stationmaster.config.beside import Hotfix
from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake
from stationmaster.config.rules_gates import able_voters
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig


def beside_mistakes(team: TeamConfig, train: TrainConfig) -> list[Mistake]:
    """Return what keeps hotfixes and feature builds from ever leaving."""
    found: list[Mistake] = []
    for field, rule in (("hotfix", train.hotfix), ("security_hotfix", train.security_hotfix)):
        if rule is not None:
            found += _nobody_to_approve(team, train, field, rule)
    return [*found, *_channel_is_public(train), *_builds_go_nowhere(train)]


def _nobody_to_approve(team: TeamConfig, train: TrainConfig, field: str, rule: Hotfix) -> Iterator[Mistake]:
    """The person who asks does not approve: there must be enough others."""
    source, loc = f"train:{train.id}", (field, "approvals")
    groups = rule.gate(train.gates.quorum).groups
    able = len(able_voters(team, groups))
    if not groups:
        yield Mistake(
            "hotfix_without_voters",
            (field,),
            "the train has no voters, so nobody could approve a hotfix",
            f"Write {field}.voters: a group of the team.",
            source=source,
        )
    elif able <= rule.approvals:
        names = " and ".join(f"groups.{group}" for group in groups)
        yield Mistake(
            "hotfix_above_electorate",
            loc,
            f"{rule.approvals} must approve besides the person who asks, but only {able} people in {names} can: one "
            "who asks and votes in that group would keep it shut",
            f"Lower approvals, add people with an Airflow or Slack account to {names}, or name another group.",
            str(rule.approvals),
            source=source,
        )


def _channel_is_public(train: TrainConfig) -> Iterator[Mistake]:
    rule = train.security_hotfix
    if rule is not None and rule.channel == train.channel:
        yield Mistake(
            "security_channel_shared",
            ("security_hotfix", "channel"),
            f"{rule.channel!r} is the train's own channel: a security hotfix would be told to everybody there",
            "Name a private channel of the team.",
            rule.channel,
            source=f"train:{train.id}",
        )


def _builds_go_nowhere(train: TrainConfig) -> Iterator[Mistake]:
    rule = train.feature_builds
    if rule is None:
        return
    loc: Loc = ("feature_builds", "environment")
    source = f"train:{train.id}"
    if rule.environment in (train.staging, train.production):
        yield Mistake(
            "feature_builds_on_a_stop",
            loc,
            f"{rule.environment!r} is where the train itself stops: a feature build would take its place",
            "Name another environment of the train.",
            rule.environment,
            source=source,
        )
    elif all(component.deploy(rule.environment).mode not in ("workflow", "manual") for component in train.components):
        yield Mistake(
            "feature_builds_go_nowhere",
            loc,
            f"no component has a way onto {rule.environment!r}: mode workflow, or manual",
            f"Write components[…].environments.{rule.environment} with its workflow.",
            rule.environment,
            source=source,
        )
