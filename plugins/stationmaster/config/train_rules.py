"""The rules of a train beyond its gates: who may change production, and under which issue (T-01, T-04)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import RepositoryName, Slug, Text


def _label(value: str) -> str:
    if "," in value:
        raise refusal("not_a_label", f"{value!r} has a comma", "Write each label as an entry of its own.")
    return value


Label = Annotated[Text, AfterValidator(_label)]
"""The name of a label; GitHub's lists are asked for with commas between, so that none may stand in it."""


class IssueRule(ConfigModel):
    """The issue that a departure is logged as (T-04)."""

    mode: Literal["required", "written", "optional"] = Field(
        description="required: a person gives the link, and without it nothing is promoted; written: the departure "
        "writes an issue of its own unless a link is given; optional: a link that is given must be good"
    )
    repository: RepositoryName = Field(description="Only issues of this repository count")
    labels: tuple[Label, ...] = Field(default=("release",), description="Of the issue that the departure writes (T-11)")
    labels_on_failure: tuple[Label, ...] = Field(
        default=(), description="Added when the departure fails, or is taken back"
    )

    @model_validator(mode="after")
    def _found_again(self) -> Self:
        if self.mode == "written" and not self.labels:
            raise refusal(
                "issue_without_label",
                "an issue that is written is found again by its labels, and there are none",
                "Write at least one label, such as release.",
                field="labels",
            )
        return self


class Rules(ConfigModel):
    """Who may change production, and under which issue."""

    actors: Slug | None = Field(
        default=None,
        description="The group whose members alone may start, confirm, deploy by hand, skip or take back what changes "
        "production (T-01); by default the roles decide",
    )
    issue: IssueRule | None = Field(default=None, description="By default no issue is asked for")
