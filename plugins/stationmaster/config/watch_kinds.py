"""What is watched in working hours: questions, issues, alerts, and errors after a deploy.

Each watch is one entry of ``include/watches/<team>.yaml``; a broken one is left out, and hides nothing else.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stationmaster.config.alert_sources import AlertSource
from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import (
    Count,
    Day,
    Emoji,
    Line,
    Positive,
    PositiveDuration,
    RepositoryName,
    SlackChannel,
    Slug,
    Text,
    WallTime,
)
from stationmaster.config.people import key_is_the_id
from stationmaster.core.instants import Weekday
from stationmaster.core.issue_duties import Priority, WorkDay
from stationmaster.core.questions import Route, speaks_of
from stationmaster.core.rotations.windows import Window

_WEEK = tuple(day for day in Weekday if day not in (Weekday.SATURDAY, Weekday.SUNDAY))


class WatchHours(ConfigModel):
    """When a watch looks: nobody is told anything at another time."""

    days: tuple[Day, ...] = Field(default=_WEEK, min_length=1)
    opens: WallTime = time(9)
    closes: WallTime = time(18)

    @model_validator(mode="after")
    def _in_one_day(self) -> Self:
        if self.opens >= self.closes:
            raise refusal(
                "watch_hours_backwards",
                f"it closes at {self.closes:%H:%M}, and opens at {self.opens:%H:%M}",
                "A watch opens and closes on the same day: write opens before closes.",
            )
        return self

    def window(self, zone: str) -> Window:
        """Return the core's window in the team's zone."""
        return Window(days=self.days, start=self.opens, end=self.closes, zone=zone)

    def work(self, zone: str) -> WorkDay:
        """Return the core's working day in the team's zone."""
        return WorkDay(days=self.days, opens=self.opens, closes=self.closes, zone=zone)


class WatchEntry(ConfigModel, json_schema_extra=key_is_the_id):
    """What every watch says."""

    id: Slug
    title: Line
    role: Slug = Field(description="Who is told: a role of one of the team's rotations")
    hours: WatchHours = Field(
        default_factory=WatchHours, description="In the team's zone; by default 9 to 18, five days"
    )
    runbook: Slug | None = Field(default=None, description="Page under include/runbooks for the person who is told")


class RouteEntry(ConfigModel):
    """A topic, the words by which it is known, and who knows it (D-21)."""

    topic: Text
    words: tuple[Text, ...] = Field(min_length=1, description="One of them in the text is enough; case does not matter")
    owner: Slug = Field(description="A person of the team")


class Repeats(ConfigModel):
    """When the same question has been asked so often that a page should answer it (N-14)."""

    times: Annotated[int, Field(ge=2, le=50, strict=True)] = 3
    within: PositiveDuration = timedelta(days=30)


class Sprint(ConfigModel):
    """How somebody of the team pulls what is urgent and small into the sprint under way: by another emoji (C-27)."""

    emoji: Emoji = "fast_forward"
    labels: tuple[Text, ...] = Field(min_length=1, description="What the team's board takes for the current sprint")


class FileIssue(ConfigModel):
    """How somebody of the team makes an issue of a question: by an emoji on it (C-26, C-27, N-15)."""

    emoji: Emoji = "ticket"
    repository: RepositoryName
    labels: tuple[Text, ...] = ()
    sprint: Sprint | None = Field(
        default=None, description="With its emoji the issue is made, too, and bears the labels of the sprint (C-27)"
    )

    @model_validator(mode="after")
    def _two_emoji(self) -> Self:
        if self.sprint is not None and self.sprint.emoji == self.emoji:
            raise refusal(
                "emoji_twice",
                f":{self.emoji}: makes an issue already",
                "Name another emoji for the sprint.",
                field="sprint.emoji",
            )
        return self


class QuestionsWatch(WatchEntry, json_schema_extra=key_is_the_id):
    """Questions in Slack that nobody of the team answers (D-20, C-26, O-06, N-08)."""

    kind: Literal["questions"]
    channels: tuple[Slug, ...] = Field(default=(), description="Of the team's channels")
    ids: tuple[SlackChannel, ...] = Field(default=(), description="Channels by their ids, beside those")
    within: PositiveDuration = Field(
        default=timedelta(minutes=30), description="So much time of the watch's hours a question may stay unanswered"
    )
    counts: Literal["questions", "everything"] = Field(
        default="questions", description="Which messages: those that ask something, or all"
    )
    asked_by: Literal["everybody", "others"] = Field(
        default="everybody", description="others: what people of the team write is no question"
    )
    done: Emoji = Field(default="white_check_mark", description="On a question, it says that nobody need answer")
    routes: tuple[RouteEntry, ...] = Field(default=(), description="The first that fits is told beside the role")
    repeats: Repeats = Field(default_factory=Repeats)
    file: FileIssue | None = None

    @model_validator(mode="after")
    def _listens_somewhere(self) -> Self:
        if not self.channels and not self.ids:
            raise refusal("watch_empty", "there is no channel to watch", "List one.", field="channels")
        return self

    @property
    def topics(self) -> tuple[Route, ...]:
        """The core's routes, in the order of the file."""
        return tuple(Route(topic=each.topic, words=each.words, owner=each.owner) for each in self.routes)


class PriorityEntry(ConfigModel):
    """One step of the team's own scale, and what it asks of the person who holds the role (T-18, T-19, N-16)."""

    label: Text
    due: Count | None = Field(
        default=None, description="The working day on which it is due: 0 is the day on which it came; absent: none"
    )
    updates: Annotated[int, Field(ge=0, le=8, strict=True)] = Field(default=0, description="How many a working day")

    @property
    def step(self) -> Priority:
        """The core's step."""
        return Priority(label=self.label, due_days=self.due, updates=self.updates)


class IssuesWatch(WatchEntry, json_schema_extra=key_is_the_id):
    """Open issues of some priority: their deadlines, and that somebody writes about them (T-11, N-16)."""

    kind: Literal["issues"]
    channel: Slug = Field(description="The team's channel that hears of it")
    repositories: tuple[RepositoryName, ...] = Field(default=(), description="By default all of the team's")
    labels: tuple[Text, ...] = Field(default=(), description="Only issues that bear all of these")
    priorities: tuple[PriorityEntry, ...] = Field(min_length=1, description="The highest first, whatever it is called")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        labels = [each.label.lower() for each in self.priorities]
        if len(set(labels)) != len(labels):
            raise refusal("listed_twice", "a priority is listed twice", "Keep each once.", field="priorities")
        return self

    @property
    def scale(self) -> tuple[Priority, ...]:
        """The core's scale, the highest first."""
        return tuple(each.step for each in self.priorities)


class AlertPage(ConfigModel):
    """The page about some of the alerts (O-09)."""

    words: tuple[Text, ...] = Field(
        min_length=1, description="One of them in the alert's title is enough; case does not matter"
    )
    runbook: Slug = Field(description="Page under include/runbooks")


class AlertsWatch(WatchEntry, json_schema_extra=key_is_the_id):
    """Alerts, grouped by cluster and severity, each group with a decision: act, escalate or leave (D-16, D-18)."""

    kind: Literal["alerts"]
    channel: Slug = Field(description="The team's channel that hears of it")
    sources: tuple[AlertSource, ...] = Field(min_length=1)
    severities: tuple[Text, ...] = Field(
        default=("critical", "warning", "info"), description="As the sources write them, the worst first"
    )
    decide: PositiveDuration = Field(
        default=timedelta(minutes=15), description="After so long without a decision the person is tagged once more"
    )
    cluster: tuple[Text, ...] = Field(
        default=("cluster", "ic", "subnet", "shard"),
        description="Labels that name the cluster; the first that is there",
    )
    pages: tuple[AlertPage, ...] = Field(
        default=(), description="Pages about certain alerts, the first that fits; about the others it is the runbook"
    )

    def page(self, title: str) -> str:
        """Return the id of the page about just such alerts, empty if there is none: then the runbook is followed."""
        return next((each.runbook for each in self.pages if speaks_of(title, each.words)), "")


class SpikeIssue(ConfigModel):
    """Where an error that came more often after a deploy is logged as an issue."""

    repository: RepositoryName
    labels: tuple[Text, ...] = ()


class SpikesWatch(WatchEntry, json_schema_extra=key_is_the_id):
    """Errors that come more often after a train brought something to production (C-28, C-29)."""

    kind: Literal["spikes"]
    train: Slug = Field(description="One of the team's trains")
    connection: Text = Field(default="sentry_default", description="Of type http: host and token of Sentry")
    organization: Slug
    projects: tuple[Slug, ...] = Field(min_length=1)
    environment: Text = "production"
    window: PositiveDuration = Field(default=timedelta(hours=1), description="So long before a deploy is compared")
    settle: PositiveDuration = Field(default=timedelta(minutes=10), description="When it is first looked at after one")
    until: PositiveDuration = Field(default=timedelta(hours=24), description="How long after a deploy it is looked at")
    factor: Annotated[float, Field(gt=1)] = Field(default=3.0, description="How many times more often is a spike")
    least: Positive = Field(default=20, description="With fewer after the deploy nothing is concluded")
    file: SpikeIssue | None = Field(default=None, description="Each such error is an issue at once (C-28, C-29)")
