"""What a release leaves behind in its repository: a tag, and a page with its notes (T-20)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Flag, Text
from stationmaster.core.tagging import BadTagPattern, proven


def _pattern(value: str) -> str:
    try:
        return proven(value)
    except BadTagPattern as wrong:
        raise refusal("bad_tag_pattern", str(wrong), "Write one such as v{version} or v{year}.{week}.") from wrong


class ReleaseEntry(ConfigModel):
    """The tag and the GitHub release of a component: made when its promotion is done, and never moved (F19)."""

    tag: Annotated[Text, AfterValidator(_pattern)] = Field(
        default="v{version}",
        description="Pattern of the tag: {version} is 2026.34.0; {year}, {week}, {date}, {short} of the commit, "
        "{component}",
    )
    candidate: Text | None = Field(
        default=None, description="Suffix of a release candidate at the cut, such as -rc; by default none is made"
    )
    notes: Flag = Field(default=True, description="Publish a GitHub release with the notes, too; false: the tag alone")

    @model_validator(mode="after")
    def _candidate_is_a_tag(self) -> Self:
        if self.candidate is None:
            return self
        try:
            proven(self.tag, self.candidate)
        except BadTagPattern as wrong:
            raise refusal(
                "bad_tag_suffix",
                f"with the suffix {self.candidate!r} {wrong}",
                "Write a suffix such as -rc.",
                field="candidate",
            ) from wrong
        return self
