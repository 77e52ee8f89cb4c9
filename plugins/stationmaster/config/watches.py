"""What is watched for the person on call in working hours: ``include/watches/<team>.yaml`` (C-26, N-08)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from stationmaster.config.base import ConfigModel
from stationmaster.config.fields import Slug
from stationmaster.config.people import keyed
from stationmaster.config.watch_kinds import AlertsWatch, IssuesWatch, QuestionsWatch, SpikesWatch, WatchEntry

KINDS: dict[str, type[WatchEntry]] = {
    "questions": QuestionsWatch,
    "issues": IssuesWatch,
    "alerts": AlertsWatch,
    "spikes": SpikesWatch,
}
"""The model of each kind of watch."""

Watch = Annotated[QuestionsWatch | IssuesWatch | AlertsWatch | SpikesWatch, Field(discriminator="kind")]
"""One thing that is watched, by its kind."""


class WatchesHead(ConfigModel):
    """What a file of watches says beside its watches."""

    team: Slug


class WatchesFile(WatchesHead):
    """``include/watches/<team>.yaml``."""

    watches: Annotated[dict[Slug, Watch], BeforeValidator(keyed)] = Field(default_factory=dict)
