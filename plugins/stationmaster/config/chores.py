"""The chores of a team, as it writes them: ``include/chores/<team>.yaml`` (D-22, D-23, O-07, T-16, N-09)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.checks_by_machine import CheckConfig
from stationmaster.config.chore_evidence import ListWanted, Wanted
from stationmaster.config.chore_schedules import OnRequest, Opens
from stationmaster.config.fields import Flag, Line, PositiveDuration, RepositoryName, Slug, Text
from stationmaster.config.people import key_is_the_id, keyed

_MOST_HANDS = 12


class Priority(ConfigModel):
    """One step of the team's own scale, such as P4 or Critical (T-11, N-16)."""

    name: Line = Field(description="As the team says it: P4, Critical")
    means: Text = Field(description="What it asks of the person on call, in a sentence")
    label: Text | None = Field(default=None, description="The label that issues of it bear")
    due: PositiveDuration | None = Field(
        default=None, description="A chore of it is due so long after it was opened, unless it says otherwise (T-18)"
    )


class Issues(ConfigModel):
    """Where each run of a chore is logged as an issue (T-04, D-28)."""

    repository: RepositoryName
    labels: tuple[Text, ...] = Field(default=(), description="Every such issue bears them")


class Escalate(ConfigModel):
    """Who is told when a chore stays undone. Without steps of a rotation nobody could be."""

    after: PositiveDuration = Field(description="So long after it was due the ladder of its rotation begins")


class Late(ConfigModel):
    """What happens when a chore is not done in time."""

    remind: PositiveDuration | None = Field(
        default=timedelta(days=1), description="Once it is due it is said again so often; null: said once"
    )
    hands: Annotated[int, Field(ge=1, le=_MOST_HANDS, strict=True)] = Field(
        default=3, description="Through how many shifts it is carried over; the person who is asked last keeps it"
    )
    escalate: Escalate | None = None


class Chore(ConfigModel, json_schema_extra=key_is_the_id):
    """One recurring or requested piece of work: when, whose, by which page, and what shows that it was done."""

    id: Slug
    title: Line
    owner: Slug | None = Field(
        default=None, description="The person or group of the team that keeps the chore and its page true"
    )
    schedule: Opens
    role: Slug = Field(description="The person who holds it when the chore is opened is asked")
    runbook: Slug | None = Field(
        default=None, description="Page under include/runbooks; without one the chore counts as debt (O-09)"
    )
    priority: Text | None = Field(default=None, description="A name of the file's priorities")
    due: PositiveDuration | None = Field(
        default=None, description="So long after it was opened; whole days are days of the calendar"
    )
    check: CheckConfig | None = Field(
        default=None, description="What a machine looks at first; what it finds fine closes the chore, and asks nobody"
    )
    evidence: tuple[Wanted, ...] = Field(default=(), description="What shows that it was done; all of it is needed")
    late: Late = Field(default_factory=Late)
    channel: Slug | None = Field(default=None, description="The team's channel that hears of it; by default the file's")
    issue: Flag = Field(default=True, description="Whether a run is logged as an issue, where the file names issues")
    labels: tuple[Text, ...] = Field(default=(), description="Its issues bear them, too")
    may_leave: Flag = Field(
        default=False, description="Whether it may be closed as not needed this time, with a reason (D-29)"
    )

    @property
    def form(self) -> OnRequest | None:
        """The form of a chore on request, None of one with a schedule."""
        return self.schedule if isinstance(self.schedule, OnRequest) else None

    @property
    def ticks(self) -> bool:
        """Whether the steps of its runbook are ticked one by one."""
        return any(isinstance(each, ListWanted) for each in self.evidence)

    @model_validator(mode="after")
    def _somebody_owns_it(self) -> Self:
        if self.owner is None:
            raise refusal(
                "chore_without_owner",
                "nobody keeps this chore and its page true",
                "Add owner: a person or a group of the team.",
            )
        seen: set[str] = set()
        for index, wanted in enumerate(self.evidence):
            if wanted.id in seen:
                raise refusal(
                    "listed_twice",
                    f"{wanted.id!r} is evidence of this chore already",
                    "Give it another id.",
                    field=f"evidence.{index}.id",
                )
            seen.add(wanted.id)
        return self


class ChoresHead(ConfigModel):
    """What a file of chores says beside its chores: it holds for all of them."""

    team: Slug
    channel: Slug | None = Field(default=None, description="The team's channel that hears of its chores")
    priorities: tuple[Priority, ...] = Field(
        default=(), description="The team's own scale, the highest first, whatever its numbers say (N-16)"
    )
    issues: Issues | None = Field(default=None, description="Where runs are logged as issues; none: nowhere (T-04)")

    def priority(self, name: str | None) -> Priority | None:
        """Return a step of the scale by its name."""
        return next((each for each in self.priorities if each.name == name), None)

    def due(self, chore: Chore) -> timedelta | None:
        """Return how long after its opening a chore is due: its own word, else that of its priority."""
        found = self.priority(chore.priority)
        return chore.due or (found.due if found is not None else None)


class ChoresFile(ChoresHead):
    """``include/chores/<team>.yaml``."""

    chores: Annotated[dict[Slug, Chore], BeforeValidator(keyed)] = Field(default_factory=dict)


def channel_key(chore: Chore, head: ChoresHead | None) -> str | None:
    """Return the key of the channel that hears of a chore: its own, else the file's; None: there is none."""
    return chore.channel or (head.channel if head is not None else None)
