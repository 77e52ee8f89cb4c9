"""Rotations as a team writes them, and the core rotations that they mean (C-01 … C-05, C-33)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.components import Page
from stationmaster.config.fields import Count, Day, Flag, PositiveDuration, Slug, Text, WallTime, ZoneName
from stationmaster.config.people import key_is_the_id, keyed
from stationmaster.core.rotation import EscalationStep, RoleRule, Rotation


class Handoff(ConfigModel):
    """When a shift ends and the next begins, in local time (C-02)."""

    day: Day
    at: WallTime


class RoleEntry(ConfigModel):
    """Who holds a role: the member whose turn it is, or always the same person (C-03)."""

    turn: Count | None = Field(
        default=None, description="0: the member whose turn it is; 1: the one after; and so on round the list"
    )
    person: Slug | None = Field(default=None, description="Always this person, such as the manager")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.turn is None) == (self.person is None):
            raise refusal("role_unclear", "a role needs either a turn or a person", "Write one of the two, not both.")
        return self

    @property
    def rule(self) -> RoleRule:
        """The core's rule for this role."""
        return RoleRule(turn=self.turn, person=self.person)


class StepEntry(ConfigModel):
    """One step of the escalation: who is told next, and how long after the step before (C-33)."""

    role: Slug
    after: PositiveDuration


class Notices(ConfigModel):
    """How whoever comes on call is told at the start of their shift (C-06)."""

    channel: Slug = Field(description="The team's channel that hears who is on call now")
    mail: Flag = Field(default=False, description="A mail to the person, too, through the team's mail connection")
    runbook: Slug | None = Field(default=None, description="Page under include/runbooks that the notice links to")


class AccessCheck(ConfigModel):
    """What whoever comes on call must be able to open, asked at the start of their shift (C-07)."""

    page: Page = Field(description="List of what to try, with - [ ] items, such as runbooks/access.md")
    channel: Slug = Field(description="The team's channel that is asked for what is missing")
    every: PositiveDuration = Field(
        default=timedelta(days=90), description="Who answered that nothing is missing is not asked again for so long"
    )


class RotationEntry(ConfigModel, json_schema_extra=key_is_the_id):
    """A weekly rotation with its roles."""

    id: Slug
    title: Text
    zone: ZoneName | None = Field(default=None, description="Defaults to the team's zone")
    handoff: Handoff
    since: date = Field(description="The day of the first handoff: the first member's turn begins here")
    weeks: int = Field(default=1, ge=1, le=52, strict=True, description="How many weeks a shift lasts")
    members: tuple[Slug, ...] = Field(description="People in the order of their turns")
    roles: dict[Slug, RoleEntry]
    escalation: tuple[StepEntry, ...] = Field(default=(), description="After the first role; delays count per step")
    notices: Notices | None = Field(default=None, description="Without it nobody is told at a handoff (C-06)")
    access: AccessCheck | None = Field(default=None, description="Without it nobody is asked for access (C-07)")

    @model_validator(mode="after")
    def _since_is_a_handoff_day(self) -> Self:
        if self.since.weekday() != self.handoff.day.index:
            day = self.handoff.day.value.capitalize()
            raise refusal(
                "not_a_handoff_day",
                f"{self.since} is a {self.since:%A}, but the handoff is on {day}",
                f"Write the date of a {day}.",
                field="since",
            )
        return self

    def rotation(self, team_zone: str) -> Rotation:
        """Return the core rotation; ``team_zone`` serves where the file names no zone."""
        return Rotation(
            id=self.id,
            zone=self.zone or team_zone,
            anchor=datetime.combine(self.since, self.handoff.at),
            weeks=self.weeks,
            members=self.members,
            roles={name: entry.rule for name, entry in self.roles.items()},
        )

    @property
    def hands_over(self) -> bool:
        """Whether anything is to be done at a handoff."""
        return self.notices is not None or self.access is not None

    @property
    def fixed_people(self) -> tuple[str, ...]:
        """Who holds a role always, such as the manager (C-03)."""
        return tuple(entry.person for entry in self.roles.values() if entry.person is not None)

    @property
    def steps(self) -> tuple[EscalationStep, ...]:
        """The escalation, for :func:`stationmaster.core.rotation.escalation`."""
        return tuple(EscalationStep(role=step.role, after=step.after) for step in self.escalation)


Rotations = Annotated[dict[Slug, RotationEntry], BeforeValidator(keyed)]


class RotationsFile(ConfigModel):
    """``include/rotations/<team>.yaml``: who is on call, and when."""

    team: Slug
    rotations: Rotations
