"""What a machine looks at in place of a person: commands, addresses, heartbeats, certificates, files, CI, capacity.

Each of them has a time limit, and each can fail to tell: then a person is asked (T-13, T-16, D-17, D-23).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Flag, PositiveDuration, RepositoryName, Slug, Text
from stationmaster.core.manifest import InvalidRef, valid_ref

LONGEST = timedelta(minutes=10)
_MOST_WORDS = 64


def _bounded(value: timedelta) -> timedelta:
    if value > LONGEST:
        raise refusal(
            "check_too_long", f"a check that may take {value} holds up everything behind it", "Write at most 10m."
        )
    return value


Patience = Annotated[PositiveDuration, AfterValidator(_bounded)]


def _address(value: str) -> str:
    parts = urlsplit(value)
    loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise refusal(
            "not_an_address",
            f"{value!r} is no address that a check asks",
            "Write a whole one that begins with https://.",
        )
    if parts.username or parts.password:
        raise refusal(
            "secret_in_address", "the address holds a login", "Put it into an Airflow connection and name that here."
        )
    return value


def _branch(value: str) -> str:
    try:
        return valid_ref(value)
    except InvalidRef as error:
        raise refusal("not_a_branch", f"{value!r} is not a branch", "Write the branch's name, such as main.") from error


Address = Annotated[Text, AfterValidator(_address)]
Branch = Annotated[Text, AfterValidator(_branch)]


class Answer(ConfigModel):
    """What the answer of a command or an address must be. With nothing here, that it comes at all is enough."""

    reads: Literal["nothing", "number", "instant"] = Field(
        default="nothing", description="How the answer is read: not at all, as a number, or as an instant (ISO 8601)"
    )
    field: Text | None = Field(
        default=None, description="Where it stands in a JSON answer, such as data.backup.age; by default all of it"
    )
    contains: Text | None = Field(default=None, description="A text that must stand in the answer")
    at_least: float | None = Field(default=None, description="The least that the number may be")
    at_most: float | None = Field(default=None, description="The most that the number may be")
    max_age: PositiveDuration | None = Field(
        default=None, description="How long ago the instant may be: a backup's age"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        bounds = self.at_least is not None or self.at_most is not None
        if bounds and self.reads != "number":
            raise refusal(
                "answer_unclear", "at_least and at_most bound a number", "Write reads: number.", field="reads"
            )
        if (self.max_age is not None) != (self.reads == "instant"):
            raise refusal(
                "answer_unclear",
                "an instant is judged by its age, and nothing else is",
                "Write reads: instant together with max_age.",
                field="max_age",
            )
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise refusal("answer_unclear", "no number lies within these bounds", "Swap at_least and at_most.")
        return self


class _Check(ConfigModel):
    timeout: Patience = Field(default=timedelta(seconds=30), description="When it is given up, and a person is asked")


class CommandCheck(_Check):
    """A program on the worker. It runs without a shell and sees neither the worker's environment nor its secrets."""

    kind: Literal["command"]
    argv: tuple[Text, ...] = Field(
        min_length=1, max_length=_MOST_WORDS, description="The program by its whole path, and its arguments, one by one"
    )
    answer: Answer = Field(default_factory=Answer, description="What it must print; leaving with 0 is always needed")

    @model_validator(mode="after")
    def _whole_path(self) -> Self:
        if not self.argv[0].startswith("/"):
            raise refusal(
                "not_a_program",
                f"{self.argv[0]!r} is found by no whole path",
                "Write it as /usr/local/bin/backup-age: what a search path finds may be another program.",
                field="argv",
            )
        return self


class HttpCheck(_Check):
    """An address that answers. Redirects are followed on the same host only; at most 1 MiB is read."""

    kind: Literal["http"]
    url: Address
    connection: Text | None = Field(default=None, description="An Airflow connection whose password is sent as a token")
    status: Annotated[int, Field(ge=100, le=599)] = 200
    answer: Answer = Field(default_factory=Answer)


class HeartbeatCheck(_Check):
    """Something that reports regularly, by the station's webhook or stationmaster beat. Silence is the alarm (D-17)."""

    kind: Literal["heartbeat"]
    name: Slug = Field(description="Which one: it reports under this name")
    every: PositiveDuration = Field(description="After so long a silence it is missing")
    connection: Text | None = Field(
        default=None, description="An Airflow connection whose password signs its webhook; without it none is taken"
    )


class CertificateCheck(_Check):
    """The certificate that a server shows, and how long it is still good."""

    kind: Literal["certificate"]
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")]
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    left: PositiveDuration = Field(default=timedelta(days=21), description="So long it must still be good")
    trusted: Flag = Field(default=True, description="false: of an authority of your own, only its dates are looked at")


class FilesCheck(_Check):
    """Files that each repository of the team must have at its root (T-16)."""

    kind: Literal["files"]
    repositories: tuple[RepositoryName, ...] = Field(default=(), description="By default all of the team's")
    files: tuple[Text, ...] = Field(default=("README*", "LICENSE*"), min_length=1, description="Shell patterns")


class WorkflowsCheck(_Check):
    """The newest finished run of each workflow on a branch: none may be red (D-23)."""

    kind: Literal["workflows"]
    repositories: tuple[RepositoryName, ...] = Field(default=(), description="By default all of the team's")
    branch: Branch = "main"
    ignore: tuple[Text, ...] = Field(default=(), description="File names of workflows that may be red")


class CapacityCheck(_Check):
    """A number that is measured at each check, and the day on which its trend may reach a limit (T-16)."""

    kind: Literal["capacity"]
    name: Slug = Field(description="Under which its measurements are kept")
    measure: Annotated[CommandCheck | HttpCheck, Field(discriminator="kind")]
    unit: Text = "%"
    limit: float = Field(description="What it must not reach")
    within: PositiveDuration = Field(
        default=timedelta(days=30), description="A person is asked if it may, in this time"
    )
    keeps: PositiveDuration = Field(default=timedelta(days=90), description="Older measurements do not count")
    least: Annotated[int, Field(ge=4, le=1000)] = Field(default=4, description="How many measurements a trend needs")

    @model_validator(mode="after")
    def _measures(self) -> Self:
        if self.measure.answer.reads != "number":
            raise refusal(
                "answer_unclear", "a capacity is a number", "Write reads: number.", field="measure.answer.reads"
            )
        return self


def _kind(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


def _known_kind(value: Any) -> Any:
    if isinstance(value, dict) and value.get("kind") not in KINDS:
        raise refusal(
            "unknown_check",
            f"{value.get('kind')!r} is no kind of check",
            f"Write kind: and one of {', '.join(KINDS)}.",
            field="kind",
        )
    return value


KINDS = ("command", "http", "heartbeat", "certificate", "files", "workflows", "capacity")

CheckConfig = Annotated[
    Annotated[CommandCheck, Tag("command")]
    | Annotated[HttpCheck, Tag("http")]
    | Annotated[HeartbeatCheck, Tag("heartbeat")]
    | Annotated[CertificateCheck, Tag("certificate")]
    | Annotated[FilesCheck, Tag("files")]
    | Annotated[WorkflowsCheck, Tag("workflows")]
    | Annotated[CapacityCheck, Tag("capacity")],
    Discriminator(_kind),
    BeforeValidator(_known_kind),
]
"""A check, by its kind."""
