"""What is watched for the person on call in working hours: ``include/watches/<team>.yaml`` (C-26, N-08)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from stationmaster.config.base import ConfigModel
from stationmaster.config.fields import Slug, Text
from stationmaster.config.people import key_is_the_id, keyed


class Watch(ConfigModel, json_schema_extra=key_is_the_id):
    """One thing that is watched, and whose it is."""

    id: Slug
    title: Text
    role: Slug = Field(description="Who is told: a role of one of the team's rotations")


class WatchesHead(ConfigModel):
    """What a file of watches says beside its watches."""

    team: Slug


class WatchesFile(WatchesHead):
    """``include/watches/<team>.yaml``."""

    watches: Annotated[dict[Slug, Watch], BeforeValidator(keyed)] = Field(default_factory=dict)
