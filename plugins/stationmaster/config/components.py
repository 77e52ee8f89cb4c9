"""What rides on a train, and how each environment gets it (C-13, C-20 … C-24, C-37)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Flag, Line, Positive, PositiveDuration, RepositoryName, Slug, Text
from stationmaster.config.releasing import ReleaseEntry
from stationmaster.core.checks import CheckRules
from stationmaster.core.manifest import InvalidRef, valid_ref


def _ref(value: str) -> str:
    try:
        return valid_ref(value)
    except InvalidRef as error:
        raise refusal(
            "not_a_ref", f"{value!r} is not a branch or tag", "Write its name as git shows it, such as main."
        ) from error


def _markdown(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/") or not value.endswith(".md"):
        raise refusal(
            "not_a_page", f"{value!r} is not a page under include/", "Write a path such as runbooks/test-cases.md."
        )
    return value


Ref = Annotated[Text, AfterValidator(_ref)]
Page = Annotated[Text, AfterValidator(_markdown)]
"""The path of a Markdown file, relative to ``include/``."""


class Verify(ConfigModel):
    """How the train knows that a commit runs: what the environment reports, several times in a row."""

    by: Literal["deployment", "url", "checklist"] = "deployment"
    times: Positive = Field(default=3, description="How many times in a row it must be seen")
    every: PositiveDuration = timedelta(seconds=30)
    within: PositiveDuration = Field(default=timedelta(hours=1), description="After this the deploy has failed")


class Deploy(ConfigModel):
    """How one environment of a component is deployed: one cell of the team's deployment matrix (C-24)."""

    mode: Literal["workflow", "on_merge", "auto", "manual", "proposal", "none"]
    workflow: Text | None = Field(default=None, description="File name under .github/workflows, for mode workflow")
    ref: Ref | None = Field(
        default=None, description="Branch or tag whose workflow file runs; by default a tag that the train makes"
    )
    inputs: dict[Text, str] = Field(
        default_factory=dict, description="More inputs of the workflow; sha, environment and key are always sent"
    )
    branch: Ref | None = Field(default=None, description="Branch that the train moves, for mode on_merge")
    runbook: Slug | None = Field(default=None, description="Page under include/runbooks that a person follows")
    checklist: Page | None = Field(default=None, description="Test list after this deploy, in place of the component's")
    url: Annotated[str, Field(pattern=r"^https?://")] | None = Field(
        default=None, description="Page whose text holds the sha, for verify by url"
    )
    by: Text | None = Field(default=None, description="Who or what deploys, in words")
    record: Flag = Field(
        default=False,
        description="Write a GitHub Deployment once it has arrived, where no pipeline does; needs verify by url or "
        "checklist",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {"workflow": "workflow", "on_merge": "branch", "manual": "runbook"}.get(self.mode)
        if needed is not None and getattr(self, needed) is None:
            raise refusal("deploy_incomplete", f"mode {self.mode} needs {needed}", f"Write {needed}, or another mode.")
        return self


class Checks(ConfigModel):
    """Which checks make a commit green."""

    require: tuple[Text, ...] = Field(default=(), description="Must have passed; empty: every check must")
    allow: tuple[Text, ...] = Field(default=(), description="May fail")
    ignore: tuple[Text, ...] = Field(default=(), description="Not looked at")
    none: Literal["refuse", "accept"] = Field(default="refuse", description="A commit without any check")

    @property
    def rules(self) -> CheckRules:
        """The core's rules: names may be shell patterns, such as ``build*``."""
        return CheckRules(require=self.require, allow=self.allow, ignore=self.ignore, none=self.none)


class Component(ConfigModel):
    """One product aboard, from one repository."""

    id: Slug
    title: Line | None = None
    repository: RepositoryName
    branch: Ref = "main"
    optional: Flag = Field(default=False, description="Rides only if it has something new (C-37)")
    environments: dict[Slug, Deploy]
    checks: Checks = Field(default_factory=Checks)
    checklist: Page | None = Field(default=None, description="Test list after a deploy at a stop (C-20)")
    verify: Verify = Field(default_factory=Verify)
    release: ReleaseEntry | None = Field(default=None, description="By default neither a tag nor notes are made (T-20)")
    token_scopes: tuple[Text, ...] = Field(
        default=(), description="Scopes that a classic GitHub token must have, beyond what the train needs (C-23)"
    )

    def deploy(self, environment: str) -> Deploy:
        """Return how ``environment`` is deployed; an environment that the file leaves out is not deployed at all."""
        return self.environments.get(environment) or Deploy(mode="none")

    def checklist_of(self, environment: str) -> str | None:
        """Return the test list that follows a deploy to ``environment``, relative to ``include/``."""
        deploy = self.deploy(environment)
        return None if deploy.mode == "none" else deploy.checklist or self.checklist
