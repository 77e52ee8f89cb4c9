"""Circles: parts of the organisation, each with an owner to whom urgent matters go as issues (T-05)."""

from __future__ import annotations

from pydantic import Field

from stationmaster.config.base import ConfigModel
from stationmaster.config.fields import Line, RepositoryName, Slug, Text


class Circle(ConfigModel):
    """A circle: urgent matters of it become an issue that is assigned to its owner."""

    title: Line
    owner: Slug = Field(description="A person of the team's file, with a GitHub login")
    repository: RepositoryName = Field(description="Where its issues are written")
    labels: tuple[Text, ...] = Field(default=("escalation",), min_length=1)
    channel: Slug | None = Field(default=None, description="The team's channel that hears of it, too")
