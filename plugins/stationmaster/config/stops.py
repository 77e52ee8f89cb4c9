"""The two stops of a weekly train: when each may begin, and what it asks (C-09 … C-12, C-19)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Count, Day, Emoji, Flag, Positive, PositiveDuration, Slug, Text, WallTime
from stationmaster.core.calendar import StopTimetable


class Stop(ConfigModel):
    """A point of the timetable: earliest and latest start in local time, and the target between them."""

    day: Day
    earliest: WallTime = Field(description="Before it the stop waits")
    target: WallTime = Field(description="After it the stop is late: told, not forbidden (C-12)")
    latest_start: WallTime = Field(description="After it the departure has missed its window")
    latest_day: Day | None = Field(default=None, description="The day of latest_start, if later in the same week")
    on_holiday: Literal["go", "skip", "previous_workday", "next_workday"] = Field(
        default="go",
        description="On a holiday of the train: go all the same, skip the week, or move to another working day of the "
        "same week; where there is none before the other stop the week is skipped (F36)",
    )

    @model_validator(mode="after")
    def _times_in_order(self) -> Self:
        if self.target < self.earliest:
            raise refusal(
                "target_before_earliest",
                f"the target {self.target:%H:%M} is before the earliest start {self.earliest:%H:%M}",
                "Write a target at or after earliest.",
                field="target",
            )
        last_day = self.day if self.latest_day is None else self.latest_day
        if last_day.index < self.day.index:
            raise refusal(
                "window_empty",
                f"the window opens on {self.day.value} and closes on {last_day.value}, earlier in the same week",
                f"Write {self.day.value} or a later day of the week.",
                field="latest_day",
            )
        if last_day is self.day and self.latest_start < self.target:
            raise self._closes_too_early()
        return self

    def _closes_too_early(self) -> Exception:
        code, than = "latest_start_before_target", f"the target {self.target:%H:%M}"
        if self.latest_start < self.earliest:
            code, than = "window_empty", f"the earliest start {self.earliest:%H:%M}: the window is empty"
        return refusal(
            code,
            f"the latest start {self.latest_start:%H:%M} is before {than}",
            "Write a latest_start at or after the target.",
            field="latest_start",
        )

    def timetable(self, zone: str, moved: Mapping[date, date | None] | None = None) -> StopTimetable:
        """Return the core timetable of this stop in ``zone``.

        :param moved: where it falls on days that are holidays.
        """
        return StopTimetable(
            day=self.day,
            earliest=self.earliest,
            target=self.target,
            latest_start=self.latest_start,
            latest_day=self.latest_day,
            zone=zone,
            moved=dict(moved or {}),
        )


class HoldQuestion(ConfigModel):
    """ "Is there a pull request to wait for?", asked before the cut (C-19).

    Silence means that nobody asked to wait: it lets the cut go on, it approves nothing.
    """

    wait: PositiveDuration = Field(default=timedelta(minutes=30), description="How long answers are awaited")
    emoji: Emoji = Field(default="raised_hand", description="The person who reacts with it asks the train to wait")


class CutStop(Stop):
    """main → staging."""

    environment: Slug = Field(default="staging", description="The environment that the stop deploys to")
    hold_question: HoldQuestion | None = Field(default_factory=HoldQuestion, description="null asks nothing")
    look_back: Positive = Field(default=50, description="How many commits back to look for one whose checks are green")
    most_commits: Positive | None = Field(
        default=None,
        description="So many commits of a component board at most: an older green one, if need be; the rest rides next "
        "time",
    )
    nothing_to_ship: Literal["skip", "depart"] = Field(
        default="skip", description="Nothing new on main: skip ends the departure as SKIPPED_EMPTY"
    )


class PromoteStop(Stop):
    """staging → prod."""

    environment: Slug = Field(default="prod", description="The production environment")
    weeks_later: Count = Field(
        default=0,
        description="Weeks between the cut and the promotion, beyond the first such weekday after the cut (T-20)",
    )
    question: Text | None = Field(default=None, description="Asked with the notice that testing is due (C-14)")


class Stops(ConfigModel):
    """Both stops."""

    cut: CutStop
    promote: PromoteStop


class Forms(ConfigModel):
    """What a person may set by hand when they start a DAG."""

    board_commit: Flag = Field(default=True, description="Board an older commit")
    exclude_component: Flag = Field(default=True, description="Leave a component behind")
    skip_departure: Flag = Field(default=True, description="Skip this week, with a reason")
