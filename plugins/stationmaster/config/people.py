"""The people of a team and where they are reached."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Count, Flag, GitHubLogin, Line, SlackChannel, SlackUser, Slug, Text, ZoneName
from stationmaster.core import escaping


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def keyed(value: Any) -> Any:
    """Write each key of a mapping into its entry as ``id``; what is no mapping is left for pydantic to refuse."""
    if not isinstance(value, dict):
        return value
    return {
        key: {"id": key, **entry} if isinstance(entry, dict) and "id" not in entry else entry
        for key, entry in value.items()
    }


def key_is_the_id(schema: dict[str, JsonValue]) -> None:
    """Take ``id`` out of an entry's JSON Schema: in a file the key says it."""
    required, properties = schema.get("required"), schema.get("properties")
    if isinstance(required, list) and "id" in required:
        required.remove("id")
    if isinstance(properties, dict):
        properties.pop("id", None)


class Away(ConfigModel):
    """Days on which a person is not at work: whole days in their zone, the last one included (R34)."""

    first: date
    last: date
    reason: Text | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise refusal("span_backwards", f"it ends on {self.last}, before it starts", "Write first, then last.")
        return self


class Person(ConfigModel, json_schema_extra=key_is_the_id):
    """One human being (or robot), whichever accounts they use (C-04).

    A person who left stays in the file with ``active: false``, so that old ballots keep their name.
    """

    id: Slug
    name: Line = Field(description="As the grid and Slack show it")
    slack: Annotated[
        tuple[SlackUser, ...],
        BeforeValidator(_one_or_many, json_schema_input_type=SlackUser | tuple[SlackUser, ...]),
    ] = Field(default=(), description="Slack member id, or several: all are the same voter")
    github: GitHubLogin | None = None
    airflow: Text | None = Field(default=None, description="User name in Airflow: it proves who started a run")
    airflow_id: Text | None = Field(
        default=None,
        description="User id in Airflow, where it is not the user name (FAB: a number; airflow users list shows it): "
        "required actions are assigned to it",
    )
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    pagerduty: Text | None = Field(default=None, description="Their id in PagerDuty, if their mail differs there")
    jira: Text | None = Field(default=None, description="Their Atlassian account id: Jira Operations tells ids only")
    zone: ZoneName | None = Field(default=None, description="Where the person works, if not in the team's zone")
    since: date | None = Field(default=None, description="First day on the team: tells a newcomer (C-25)")
    experience: Count = Field(default=0, description="Shifts held before this file began")
    away: tuple[Away, ...] = Field(default=(), description="Shifts on these days are reported as uncovered (R34)")
    active: Flag = True
    bot: Flag = Field(default=False, description="A robot's ballot never counts")

    @model_validator(mode="after")
    def _id_with_name(self) -> Self:
        if self.airflow_id is not None and self.airflow is None:
            raise refusal(
                "airflow_name_missing",
                f"airflow_id is {self.airflow_id!r}, and the user name is missing, by which runs name their starter",
                "Write the user name under airflow; airflow users list shows both.",
                field="airflow_id",
            )
        return self

    @property
    def mention(self) -> str:
        """The person in a Slack message: a mention of their first account, else their name, escaped (F65)."""
        return f"<@{self.slack[0]}>" if self.slack else escaping.slack(self.name)


def mentions(people: Iterable[Person]) -> str:
    """Return people as a Slack message names them: ``<@U1>, <@U2> and <@U3>``; empty for none."""
    return in_a_row(person.mention for person in people)


def in_a_row(words: Iterable[str]) -> str:
    """Return words as one says them: ``a, b and c``."""
    *before, last = list(words) or [""]
    return f"{', '.join(before)} and {last}" if before else last


class Channel(ConfigModel):
    """A Slack channel by its id; the name is for people who read the file."""

    id: SlackChannel
    name: Line


class Connections(ConfigModel):
    """The Airflow connections that a team's DAGs use."""

    github: Text = "github_default"
    slack: Text = "slack_api_default"
    mail: Text | None = Field(default=None, description="Of type smtp; without it nobody gets mail (C-06)")
    pagerduty: Text | None = Field(default=None, description="Of type pagerduty, for rotations that it keeps, too")
    jira: Text | None = Field(default=None, description="Of type http, for rotations that Jira Operations keeps, too")
    proposals: Text | None = Field(default=None, description="Of type http: the proposals that rollouts make (D-11)")
    alerts: Text | None = Field(default=None, description="Of type http: the Alertmanager that rollouts ask")


People = Annotated[dict[Slug, Person], BeforeValidator(keyed)]
"""People by id; the key is the id."""
