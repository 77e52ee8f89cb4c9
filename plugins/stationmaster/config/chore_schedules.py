"""When a chore is opened, as a team writes it: by a cron line, each handoff, each shift day, or on request."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Duration, Flag, Line, Slug, Text, WallTime, ZoneName
from stationmaster.core.cron import InvalidCron, parse_cron

_LONGEST_FORM = 12


def _cron(value: str) -> str:
    try:
        return parse_cron(value).text
    except InvalidCron as invalid:
        remedy = "Write minute, hour, day, month and weekday in quotes, such as '30 9 * * mon-fri'."
        raise refusal("not_a_cron_line", f"{value!r} is not a cron line: {invalid.why}", remedy) from invalid


CronLine = Annotated[
    Text, AfterValidator(_cron), WithJsonSchema({"type": "string", "minLength": 9, "examples": ["30 9 * * mon-fri"]})
]
"""Five fields: minute, hour, day of the month, month, day of the week."""


class ByCron(ConfigModel):
    """Opened by a cron line, on the wall clock of a zone."""

    kind: Literal["cron"]
    at: CronLine
    zone: ZoneName | None = Field(default=None, description="Defaults to the team's zone")


class EachHandoff(ConfigModel):
    """Opened at each handoff of the rotation that has the chore's role."""

    kind: Literal["each_handoff"]
    after: Duration = Field(default=timedelta(0), description="So long after the handoff")


class EachShiftDay(ConfigModel):
    """Opened on each day on which somebody holds the chore's role at that time (O-07)."""

    kind: Literal["each_shift_day"]
    at: WallTime
    zone: ZoneName | None = Field(default=None, description="Defaults to the zone of the rotation")


class FormField(ConfigModel):
    """What the person who asks for the chore writes down, so that it is clear what is wanted (D-28)."""

    title: Line
    kind: Literal["line", "text", "choice", "link", "number"] = Field(
        default="line", description="A line, a longer text, one of choices, an https address, or a number"
    )
    help: Text | None = Field(default=None, description="What stands beside the field")
    choices: tuple[Text, ...] = Field(default=(), description="With kind: choice")
    needed: Flag = Field(default=True, description="Whether it may stay empty")

    @model_validator(mode="after")
    def _choices_are_of_a_choice(self) -> Self:
        if (self.kind == "choice") != bool(self.choices):
            raise refusal(
                "choices_unclear",
                "choices belong to kind: choice, and to no other kind",
                "Write kind: choice with its choices, or neither.",
                field="choices",
            )
        return self


class OnRequest(ConfigModel):
    """Opened when somebody asks for it, with a form (D-22)."""

    kind: Literal["on_request"]
    form: dict[Slug, FormField] = Field(default_factory=dict, description="The fields of the form, by id")

    @model_validator(mode="after")
    def _short_enough(self) -> Self:
        if len(self.form) > _LONGEST_FORM:
            raise refusal(
                "form_too_long", f"the form has {len(self.form)} fields", f"Keep at most {_LONGEST_FORM}.", field="form"
            )
        return self


Opens = Annotated[ByCron | EachHandoff | EachShiftDay | OnRequest, Field(discriminator="kind")]
"""When a chore is opened, by ``kind``."""
