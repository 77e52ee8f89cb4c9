"""The weekly dependency upgrades of a team, as it writes them (D-24, D-25)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.components import Checks, Ref
from stationmaster.config.fields import (
    Day,
    GitHubLogin,
    PositiveDuration,
    RepositoryName,
    Slug,
    Text,
    WallTime,
    ZoneName,
)
from stationmaster.core.calendar import StopTimetable
from stationmaster.core.upgrades import Policy

_WORKFLOW = re.compile(r"[A-Za-z0-9._-]{1,100}\.ya?ml", re.ASCII)
_BRANCH = re.compile(r"[A-Za-z0-9._/*?-]{1,200}", re.ASCII)
_LEAST_LETTERS = 4


def _workflow(value: str) -> str:
    if not _WORKFLOW.fullmatch(value):
        raise refusal(
            "not_a_workflow",
            f"{value!r} is not the name of a workflow file",
            "Write the file's name under .github/workflows, such as update-dependencies.yaml.",
        )
    return value


def _pattern(value: str) -> str:
    if not _BRANCH.fullmatch(value) or len(re.sub(r"[*?/]", "", value)) < _LEAST_LETTERS:
        raise refusal(
            "upgrade_branch_too_wide",
            f"{value!r} would take people's branches for the workflow's",
            "Write the branch that the workflow pushes to, or its beginning with a *, such as bot-update-deps*.",
        )
    return value


WorkflowFile = Annotated[Text, AfterValidator(_workflow)]
BranchPattern = Annotated[Text, AfterValidator(_pattern)]


class PullMark(ConfigModel):
    """How the workflow's own pull request is recognised. All that is written must hold; a fork's never counts."""

    branch: BranchPattern | None = Field(
        default=None, description="Its branch, or a shell pattern such as bot-update-deps*"
    )
    label: Text | None = Field(default=None, description="A label that the workflow puts on it")
    author: GitHubLogin | None = Field(
        default=None, description="The login that opens it, if that is no robot's account; by default any robot"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.branch is None and self.label is None:
            raise refusal(
                "upgrade_unmarked",
                "nothing tells the workflow's pull request from others",
                "Write branch, or label, or both.",
            )
        return self


class UpgradedRepository(ConfigModel):
    """One repository whose dependencies are upgraded by a workflow of its own."""

    repository: RepositoryName
    workflow: WorkflowFile = Field(
        description="File name under .github/workflows; it is started by dispatch, and takes an input key that it "
        "shows in its run-name"
    )
    ref: Ref = Field(default="main", description="The branch whose workflow file runs, and into which is merged")
    pull: PullMark
    checks: Checks = Field(default_factory=Checks, description="Which checks make its pull request green")
    merge: Policy = Field(
        default="never",
        description="patch: merged without a question if every line of its diff raises the last part of a version "
        "only, and it is green; never: a person merges",
    )
    method: Literal["merge", "squash", "rebase"] = Field(default="squash", description="How it is merged")

    @model_validator(mode="after")
    def _is_checked(self) -> Self:
        if self.merge == "patch" and self.checks.none == "accept":
            raise refusal(
                "upgrade_unchecked",
                "merge: patch with checks.none: accept would merge what no check has looked at",
                "Write none: refuse, or merge: never.",
                field="checks.none",
            )
        return self


class Upgrades(ConfigModel):
    """When dependencies are upgraded, whom it concerns, and in which repositories (D-24, D-25)."""

    day: Day
    at: WallTime
    zone: ZoneName | None = Field(default=None, description="Defaults to the team's zone")
    role: Slug = Field(description="The person who holds it settles what is not merged by policy")
    channel: Slug = Field(description="The team's channel that hears of it")
    runbook: Slug = Field(description="Page under include/runbooks for the person who settles it")
    remind: PositiveDuration = Field(default=timedelta(days=1), description="An open question is told again so often")
    checks_within: PositiveDuration = Field(
        default=timedelta(hours=6), description="After this, checks that still run are a person's matter"
    )
    repositories: tuple[UpgradedRepository, ...]

    @model_validator(mode="after")
    def _upgrades_something(self) -> Self:
        if not self.repositories:
            raise refusal("upgrades_empty", "there is nothing to upgrade", "List a repository.", field="repositories")
        return self

    def timetable(self, team_zone: str) -> StopTimetable:
        """Return the core's timetable: one start a week; holidays do not move it."""
        return StopTimetable(
            day=self.day, earliest=self.at, target=self.at, latest_start=self.at, zone=self.zone or team_zone
        )

    def entry(self, repository: str) -> UpgradedRepository | None:
        """Return the entry of a repository, None if it is not upgraded (any more)."""
        return next((each for each in self.repositories if each.repository.lower() == repository.lower()), None)
