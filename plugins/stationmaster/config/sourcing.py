"""Where somebody else keeps a rotation, too: a calendar, PagerDuty or Jira Operations (R43, D-07)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Flag, PositiveDuration, Slug, Text

FILE_ENDING = ".ics"
BACK = timedelta(weeks=2)
"""How far back a source is read, to see when the shift under way began."""
LONGEST = timedelta(weeks=9)
"""PagerDuty renders about three months at once: these, what is read back, and the week that an answer is rounded to."""


class SourceKind(StrEnum):
    """Who keeps the schedule."""

    ICAL = "ical"
    PAGERDUTY = "pagerduty"
    JIRA = "jira"


class SourceEntry(ConfigModel):
    """The same rotation as somebody else keeps it: compared with the files each day, or decisive instead of them."""

    kind: SourceKind
    schedules: dict[Slug, Text] = Field(
        min_length=1,
        description="By role: the vendor's id of the schedule; of ical a file under include/ that ends in .ics, or the "
        "Airflow connection whose password is the calendar's secret address",
    )
    decides: Flag = Field(
        default=False,
        description="The person whom the source names is on call; members and handoff then only give the rhythm. By "
        "default the source is compared with the files once a day, and the team hears where they differ",
    )
    ahead: PositiveDuration = Field(default=timedelta(weeks=8), description="How far ahead it is read, 63d at most")

    @model_validator(mode="after")
    def _not_too_far(self) -> Self:
        if self.ahead > LONGEST:
            raise refusal(
                "source_too_far", f"no source is read {self.ahead.days} days ahead", "Write 63d or less.", field="ahead"
            )
        return self

    @property
    def what(self) -> str:
        """What people call it."""
        return {SourceKind.ICAL: "the calendar", SourceKind.PAGERDUTY: "PagerDuty", SourceKind.JIRA: "Jira Operations"}[
            self.kind
        ]
