"""A train's rollout over days: what it reaches, when, and what must hold between two batches (D-09 … D-11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Count, PositiveDuration, Slug, Text
from stationmaster.core.rollouts.plan import DEFAULT_SEPARATION, Separation
from stationmaster.core.rollouts.progress import Tolerance

_TARGET_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_LONGEST_TARGET = 100


def _target(value: str) -> str:
    if not set(value) <= _TARGET_SIGNS or not value[0].isalnum() or len(value) > _LONGEST_TARGET:
        raise refusal(
            "not_a_target",
            f"{value!r} is not the name of a target",
            "Use lower-case letters, digits, -, _ and ., beginning with a letter or a digit.",
        )
    return value


Target = Annotated[Text, AfterValidator(_target)]
"""The name of what gets a version, such as a subnet or a cluster."""


class Separate(ConfigModel):
    """Targets that never get a version at nearly the same time."""

    targets: tuple[Target, ...] = Field(min_length=2)
    by: PositiveDuration = Field(default=DEFAULT_SEPARATION, description="How long after one the next may begin")

    @property
    def rule(self) -> Separation:
        """The core's rule."""
        return Separation(targets=frozenset(self.targets), by=self.by)


class Tolerated(ConfigModel):
    """How many targets of a batch may fail without stopping the rollout: a number, or a share of the batch."""

    number: Count = 0
    share: Annotated[float, Field(ge=0, lt=1)] | None = Field(default=None, description="Such as 0.2; then not number")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.share is not None and self.number:
            raise refusal(
                "tolerance_twice", "both a number and a share are tolerated", "Keep one of the two.", field="share"
            )
        return self

    @property
    def rule(self) -> Tolerance:
        """The core's rule."""
        return Tolerance(number=self.number, share=self.share)


class VoteRequest(ConfigModel):
    """Who is asked to vote on the proposals, and where."""

    channel: Slug = Field(description="The team's channel in which each batch's proposals are shown (D-11)")
    role: Slug = Field(description="The person who holds this role is mentioned")


class Alerts(ConfigModel):
    """When a target is healthy."""

    label: Text = Field(default="target", description="The label of an alert that names the target")
    quiet: PositiveDuration = Field(
        default=timedelta(minutes=15), description="How long no alert of the target may fire before its batch is over"
    )


class Rollout(ConfigModel):
    """What a departure does after its promotion, batch by batch, over days."""

    component: Slug = Field(description="The component whose commit the targets get")
    targets: dict[Target, Text] = Field(min_length=1, description="Every target there is, with its title")
    plan: Text = Field(description="The plan that the form begins with: days, times, targets; see docs/rollouts.md")
    vote: VoteRequest
    separate: tuple[Separate, ...] = ()
    alerts: Alerts = Field(default_factory=Alerts)
    tolerance: Tolerated = Field(default_factory=Tolerated)
    stall: PositiveDuration = Field(
        default=timedelta(hours=1), description="How often a batch that gets no further is told again"
    )
    poll: PositiveDuration = Field(default=timedelta(minutes=1), description="How often a waiting batch looks again")

    @property
    def separations(self) -> tuple[Separation, ...]:
        """The core's rules."""
        return tuple(separate.rule for separate in self.separate)
