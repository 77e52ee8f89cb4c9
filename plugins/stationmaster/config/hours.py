"""Hours of the week and moments as a team writes them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Day, WallTime, ZoneName, wall_time
from stationmaster.core.instants import Weekday
from stationmaster.core.rotations.windows import WeekWindow, Window


class WeekMoment(ConfigModel):
    """A weekday and a time of day."""

    day: Day
    at: WallTime


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        remedy = 'Write it in quotes, as "2026-03-09 09:00", or with an offset, as "2026-03-09T09:00-07:00".'
        raise refusal("not_a_moment", f"{value!r} is not a date with a time", remedy) from None


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(lambda value: value.isoformat(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["2026-03-09 09:00", "2026-03-09T09:00-07:00"]}),
]
"""A local time in the rotation's zone, or an instant with its offset."""


def _opening(value: Any) -> Any:
    return value if isinstance(value, dict | WeekMoment) else wall_time(value)


Opening = Annotated[time | WeekMoment, BeforeValidator(_opening, json_schema_input_type=WallTime | WeekMoment)]
"""A time of day, or a weekday with one."""


class Hours(ConfigModel):
    """A part of each week, in local time.

    Either times of day on some days: one that closes before it opens goes on after midnight, and one that closes when
    it opens lasts the whole day. Or one stretch a week, from a weekday and time to another.
    """

    days: tuple[Day, ...] | None = Field(default=None, description="With times of day; by default every day")
    opens: Opening = Field(
        description='A time such as "09:00", or {day: monday, at: "11:00"} for a stretch of the week'
    )
    closes: Opening
    zone: ZoneName | None = Field(default=None, description="Defaults to the rotation's zone")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        stretch = isinstance(self.opens, WeekMoment)
        if stretch != isinstance(self.closes, WeekMoment):
            raise refusal(
                "hours_unclear",
                "opens and closes are of two kinds",
                'Write both as a time such as "09:00", or both with a day.',
            )
        if stretch and self.days is not None:
            raise refusal("hours_unclear", "a stretch of the week has its days already", "Take days out.", field="days")
        if stretch and self.opens == self.closes:
            raise refusal("hours_unclear", "the stretch closes when it opens", "Leave the hours out: that is always.")
        if self.days is not None and not self.days:
            raise refusal("hours_unclear", "there are no days", "List at least one, or leave days out.", field="days")
        return self

    def window(self, zone: str) -> Window | WeekWindow:
        """Return the core's window; ``zone`` serves where the file names none."""
        zone = self.zone or zone
        match self.opens, self.closes:
            case time() as opens, time() as closes:
                return Window(days=self.days or tuple(Weekday), start=opens, end=closes, zone=zone)
            case WeekMoment() as opens, WeekMoment() as closes:
                return WeekWindow(start_day=opens.day, start=opens.at, end_day=closes.day, end=closes.at, zone=zone)
        raise TypeError("opens and closes are of two kinds")
