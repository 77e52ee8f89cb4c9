"""What the person on call does beside releasing, as a team writes it: ``include/chores/<team>.yaml`` (D-23, T-16)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from stationmaster.config.base import ConfigModel
from stationmaster.config.fields import Slug, Text
from stationmaster.config.people import key_is_the_id, keyed


class Chore(ConfigModel, json_schema_extra=key_is_the_id):
    """One chore: who does it, when, and after which page."""

    id: Slug
    title: Text
    role: Slug = Field(description="Whose chore it is: a role of one of the team's rotations")
    runbook: Slug = Field(description="The page under include/runbooks/ that says how it is done")


class ChoresHead(ConfigModel):
    """What a file of chores says beside its chores."""

    team: Slug


class ChoresFile(ChoresHead):
    """``include/chores/<team>.yaml``."""

    chores: Annotated[dict[Slug, Chore], BeforeValidator(keyed)] = Field(default_factory=dict)
