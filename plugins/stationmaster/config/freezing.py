"""Freezes as a team writes them, and who may except something from one (T-02, T-03, F32 … F34)."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Positive, PositiveDuration, Slug, Text, ZoneName
from stationmaster.config.holiday_lists import Holidays
from stationmaster.config.hours import Hours, Moment
from stationmaster.core.freezes import Freeze, FreezeMode
from stationmaster.core.instants import exact_instant

_FIRST_YEAR = 2020
_DOZENS = (0, 12)
"""Holidays are worked out a dozen years at a time."""


class FreezeEntry(ConfigModel):
    """A time in which nothing, or not everything, may change. A rollback is exempt from every mode."""

    name: Slug
    mode: FreezeMode = Field(
        description="no_cut: no new train; hold_promotion: nothing new in production but a hotfix; hotfix_only: no "
        "train at all; all_stop: nothing but a rollback"
    )
    why: Text
    start: Moment | None = Field(default=None, description="With end: from then")
    end: Moment | None = Field(default=None, description="until then")
    weekly: tuple[Hours, ...] = Field(default=(), description="Instead: each week")
    holidays: Holidays | None = Field(default=None, description="Instead: whole days off")
    trains: tuple[Slug, ...] = Field(default=(), description="By default all trains of the team")
    zone: ZoneName | None = Field(default=None, description="Defaults to the team's zone")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        dated = self.start is not None or self.end is not None
        if sum((dated, bool(self.weekly), self.holidays is not None)) != 1:
            raise refusal(
                "freeze_unclear",
                "a freeze is dated, weekly, or on holidays: one of the three",
                "Write start and end, or weekly, or holidays.",
            )
        if dated and (self.start is None or self.end is None):
            raise refusal("freeze_unclear", "a freeze has a start and an end", "Write both.")
        return self

    def freeze(self, team_zone: str) -> Freeze:
        """Return the core's freeze.

        :raises UncertainTime: a local time does not exist, or comes twice.
        """
        zone = self.zone or team_zone
        days = (
            {day for years in _DOZENS for day in self.holidays.from_year(_FIRST_YEAR + years)} if self.holidays else ()
        )
        return Freeze(
            name=self.name,
            mode=self.mode,
            why=self.why,
            start=exact_instant(self.start, zone) if self.start is not None else None,
            end=exact_instant(self.end, zone) if self.end is not None else None,
            windows=tuple(hours.window(zone) for hours in self.weekly),
            days=tuple(sorted(days)),
            zone=zone,
        )


class FreezeExceptions(ConfigModel):
    """Who may except one departure from a freeze; without it nobody may (F32)."""

    approvers: Slug = Field(description="The group whose members may approve; the person who asks may not")
    needed: Positive = Field(default=2, description="How many different people must approve")
    expires: PositiveDuration = Field(default=timedelta(days=1), description="An exception is good for so long at most")
