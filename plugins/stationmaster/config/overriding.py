"""Changes of a schedule that a team writes into its file: overrides and temporary schedules (R24 … R29)."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Slug, Text
from stationmaster.config.hours import Moment
from stationmaster.core.instants import exact_instant
from stationmaster.core.rotations.changes import Override, OverrideType, Stint, Temporary


def one_or_many(value: Any) -> Any:
    """Let a single name stand for a list of one."""
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[Slug, ...], BeforeValidator(one_or_many, json_schema_input_type=Slug | tuple[Slug, ...])]


class OverrideEntry(ConfigModel):
    """Somebody else for a while: `set`, then `replace` and `remove`, then `add`."""

    type: OverrideType = Field(
        description="set: these people and nobody else; replace: one by another; add: one more; remove: one less"
    )
    role: Slug
    comes: Names = Field(default=(), description="Who comes on call: for set, replace and add")
    goes: Slug | None = Field(default=None, description="Who goes, if on call then: for replace and remove")
    start: Moment
    end: Moment
    priority: int = Field(default=0, strict=True, description="Of two that contradict each other the higher counts")
    reason: Text | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs_comes = self.type is not OverrideType.REMOVE
        needs_goes = self.type in (OverrideType.REPLACE, OverrideType.REMOVE)
        for field, needed, given in (("comes", needs_comes, self.comes), ("goes", needs_goes, self.goes)):
            if needed and not given:
                raise refusal("override_unclear", f"{self.type} needs {field}", f"Write who {field}.")
            if given and not needed:
                raise refusal("override_unclear", f"{self.type} takes no {field}", f"Take {field} out.", field=field)
        if self.goes in self.comes:
            raise refusal("override_unclear", f"{self.goes!r} comes and goes", "Name two people.", field="goes")
        return self

    def override(self, zone: str, key: str) -> Override:
        """Return the core's override; an id sorts equals by their place in the file.

        :raises UncertainTime: a local time does not exist, or comes twice.
        """
        return Override(
            id=key,
            role=self.role,
            type=self.type,
            people=self.comes,
            remove=self.goes,
            start=exact_instant(self.start, zone),
            end=exact_instant(self.end, zone),
            priority=self.priority,
        )


class StintEntry(ConfigModel):
    """Who is on call in a part of a temporary schedule."""

    people: Names = Field(min_length=1)
    start: Moment
    end: Moment


class TemporaryEntry(ConfigModel):
    """A schedule that replaces everything for a while, its gaps included: a week of holidays, a move (R29)."""

    role: Slug
    start: Moment
    end: Moment
    shifts: tuple[StintEntry, ...] = ()
    reason: Text | None = None

    def temporary(self, zone: str, key: str) -> Temporary:
        """Return the core's temporary schedule; raises as :meth:`OverrideEntry.override` does."""
        return Temporary(
            id=key,
            role=self.role,
            start=exact_instant(self.start, zone),
            end=exact_instant(self.end, zone),
            stints=tuple(
                Stint(people=each.people, start=exact_instant(each.start, zone), end=exact_instant(each.end, zone))
                for each in self.shifts
            ),
        )
