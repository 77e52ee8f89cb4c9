"""Rotations as a team writes them, and the core rotations that they mean (C-01 … C-05, C-33)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.components import Page
from stationmaster.config.fields import (
    Count,
    Day,
    Duration,
    Flag,
    Line,
    PositiveDuration,
    RepositoryName,
    SlackGroup,
    Slug,
    Text,
    WallTime,
    ZoneName,
)
from stationmaster.config.holiday_lists import Holidays
from stationmaster.config.hours import Hours
from stationmaster.config.overriding import OverrideEntry, TemporaryEntry
from stationmaster.config.people import Person, key_is_the_id, keyed
from stationmaster.config.sourcing import SourceEntry
from stationmaster.core.instants import Weekday
from stationmaster.core.rotations.changes import Changes
from stationmaster.core.rotations.escalating import EscalationPolicy, EscalationStep
from stationmaster.core.rotations.members import Members
from stationmaster.core.rotations.plan import Plan, Revision
from stationmaster.core.rotations.roles import RoleRule
from stationmaster.core.rotations.rotation import Rotation
from stationmaster.core.rotations.turns import Cadence, Kind


class Handoff(ConfigModel):
    """When a shift ends and the next begins, in local time (C-02)."""

    day: Day | None = Field(default=None, description="Of weekly rotations, and only of those")
    at: WallTime


class RoleEntry(ConfigModel):
    """Who holds a role: whose turn it is, always one person, who holds another role, or who backs it (C-03, N-04)."""

    turn: Count | None = Field(
        default=None, description="0: the member whose turn it is; 1: the one after; and so on round the list"
    )
    person: Slug | None = Field(default=None, description="Always this person, such as the manager")
    like: Slug | None = Field(default=None, description="The person who holds this other role: the two always agree")
    backs: Slug | None = Field(
        default=None,
        description="The next in line after the person who holds this other role, who holds none and is fit",
    )
    more_experience: Flag = Field(default=False, description="With backs: more than everybody whom they back")
    experience: Count = Field(default=0, description="With backs: at least this much")
    also: tuple[Slug, ...] = Field(default=(), description="With backs: who may, too, without taking turns")
    hours: tuple[Hours, ...] = Field(
        default=(), description="When the role counts; by default always. Closing time is no handoff"
    )

    @model_validator(mode="after")
    def _one_of_four(self) -> Self:
        given = [self.turn, self.person, self.like, self.backs]
        if sum(each is not None for each in given) != 1:
            raise refusal(
                "role_unclear",
                "a role needs exactly one of turn, person, like and backs",
                "Write one of the four.",
            )
        if self.backs is None and (self.more_experience or self.experience or self.also):
            raise refusal("role_unclear", "only a role that backs another asks for experience", "Add backs.")
        return self

    @property
    def rule(self) -> RoleRule:
        """The core's rule for this role."""
        return RoleRule(**self.model_dump(exclude={"hours"}))


class StepEntry(ConfigModel):
    """One step of the escalation: who is told next, and how long after the step before (C-33)."""

    role: Slug
    after: PositiveDuration
    hours: tuple[Hours, ...] = Field(default=(), description="At other times the step is left out (R57)")


class Notices(ConfigModel):
    """How the person who comes on call is told at the start of their shift (C-06)."""

    channel: Slug = Field(description="The team's channel that hears who is on call now")
    mail: Flag = Field(default=False, description="A mail to the person, too, through the team's mail connection")
    runbook: Slug | None = Field(default=None, description="Page under include/runbooks that the notice links to")
    before: tuple[Duration, ...] = Field(
        default=(), description="The incoming are told so long before, too, such as [7d, 1d] (R47)"
    )
    daily: WallTime | None = Field(
        default=None, description="Each day at this time the channel hears who is on call, and who comes next (R49)"
    )


class AccessCheck(ConfigModel):
    """What the person who comes on call must be able to open, asked at the start of their shift (C-07)."""

    page: Page = Field(description="List of what to try, with - [ ] items, such as runbooks/access.md")
    channel: Slug = Field(description="The team's channel that is asked for what is missing")
    every: PositiveDuration = Field(
        default=timedelta(days=90), description="Who answered that nothing is missing is not asked again for so long"
    )


class Handle(ConfigModel):
    """A Slack user group whose only member is the person on call, such as @dr-dre (D-05, D-06)."""

    group: SlackGroup
    name: Slug = Field(description="Without @, as people write it")
    role: Slug


class Package(ConfigModel):
    """The open work that crosses a handoff, written as an issue and told in Slack (D-26, N-11, N-12, O-13)."""

    repository: RepositoryName = Field(description="Where the issue is written, and whose issues are open work")
    labels: tuple[Text, ...] = Field(default=("handoff",), min_length=1, description="Of the issue that is written")
    takes: Literal["everything", "issues"] = Field(
        default="everything", description="Everything that is open: trains, tasks, issues; or only the issues"
    )
    issues: tuple[Text, ...] = Field(default=(), description="Labels of an open issue that is work of the team")
    priorities: tuple[Text, ...] = Field(
        default=(), description="Labels, the most urgent first: an issue with none of them stays where it is"
    )
    questions: tuple[Slug, ...] = Field(
        default=(), description="Channels of the team: what others asked there and nobody answered is open work"
    )
    outgoing: Slug | None = Field(default=None, description="The role that hands over, if it is another rotation's")
    checkboxes: Flag = Field(
        default=False, description="A list of the members, the box of who is on call ticked (O-14)"
    )


class Acknowledge(ConfigModel):
    """The person who comes on call says that they have taken over (D-27)."""

    within: PositiveDuration = Field(description="Without an answer the next of the escalation is told")
    remind: PositiveDuration = Field(description="How often they are asked again until then")


class Pairing(ConfigModel):
    """A newcomer is taken along by the person who holds another role (C-25)."""

    newcomer: Slug = Field(description="The role whose holder may be new")
    leads: Slug = Field(description="The role whose holder takes them along, and says so")
    new_for: PositiveDuration = Field(default=timedelta(days=90), description="How long after `since` a person is new")

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.newcomer == self.leads:
            raise refusal("pairing_alone", "nobody pairs with themselves", "Name two roles.", field="leads")
        return self


class LoadCap(ConfigModel):
    """How many shifts a person may have in a while, of all roles that go by turns (O-05)."""

    shifts: int = Field(ge=1, strict=True, description="More than so many")
    within: PositiveDuration = Field(description="that begin within so long, such as a sprint's 14d, are too many")


def _slot(value: Any) -> Any:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


MemberEntry = Annotated[tuple[Slug, ...], BeforeValidator(_slot, json_schema_input_type=Slug | tuple[Slug, ...] | None)]
"""A person; a list of people who share the turn; or null for a turn that nobody has."""

_KINDS = {kind: kind.value.replace("_", " ") for kind in Kind}


class RotationEntry(ConfigModel, json_schema_extra=key_is_the_id):
    """A rotation with its roles."""

    id: Slug
    title: Line
    zone: ZoneName | None = Field(default=None, description="Defaults to the team's zone")
    kind: Kind = Field(default=Kind.WEEKLY, description="The unit of a shift")
    length: int = Field(default=1, ge=1, le=10_000, strict=True, description="How many units a shift lasts")
    handoff: Handoff
    since: date = Field(description="The day of the first handoff: the first member's turn begins here")
    clock: Literal["wall", "elapsed"] | None = Field(
        default=None,
        description="Of hourly rotations: along the wall clock, or by elapsed hours. By default the wall clock where "
        "whole shifts fill a day",
    )
    working_days: tuple[Day, ...] = Field(
        default=tuple(Weekday)[:5], min_length=1, description="Of working_day rotations: which days are worked"
    )
    holidays: Holidays = Field(default_factory=Holidays, description="Of working_day rotations: days that take no turn")
    off_days: Literal["gap", "hold"] = Field(
        default="gap", description="Of working_day rotations: nobody, or the person who came before keeps on"
    )
    members: tuple[MemberEntry, ...] = Field(description="People in the order of their turns")
    first: int = Field(default=0, strict=True, description="The place in the list of the person who begins, from 0")
    shuffle: Text | None = Field(
        default=None, description="Any text: each time round the list has another order, the same for ever (O-15)"
    )
    roles: dict[Slug, RoleEntry]
    overrides: tuple[OverrideEntry, ...] = ()
    temporary: tuple[TemporaryEntry, ...] = ()
    escalation: tuple[StepEntry, ...] = Field(default=(), description="After the first role; delays count per step")
    out_of_hours: Literal["defer", "page", "nobody"] = Field(
        default="defer", description="What is not critical and comes when nobody is on call: later, anyway, or never"
    )
    notices: Notices | None = Field(default=None, description="Without it nobody is told at a handoff (C-06)")
    access: AccessCheck | None = Field(default=None, description="Without it nobody is asked for access (C-07)")
    handle: Handle | None = Field(default=None, description="Without it no Slack handle follows the rotation (D-06)")
    package: Package | None = Field(default=None, description="Without it no open work is handed over (D-26)")
    acknowledge: Acknowledge | None = Field(default=None, description="Without it nobody has to say so (D-27)")
    pairing: Pairing | None = Field(default=None, description="Without it nobody takes newcomers along (C-25)")
    feedback: Flag = Field(
        default=False, description="The person who goes off call is asked how the shift was (R48, R52)"
    )
    load: LoadCap | None = Field(default=None, description="Without it nobody has too many shifts (O-05)")
    source: SourceEntry | None = Field(default=None, description="Who else keeps this rotation, too (D-07)")

    @model_validator(mode="after")
    def _since_is_a_handoff_day(self) -> Self:
        if self.kind is not Kind.WEEKLY:
            if self.handoff.day is not None:
                raise refusal(
                    "not_a_handoff_day",
                    f"a {_KINDS[self.kind]} rotation hands over on no particular weekday",
                    "Take day out: since says when it begins.",
                    field="handoff.day",
                )
            return self
        if self.handoff.day is None:
            raise refusal(
                "not_a_handoff_day",
                "a weekly rotation hands over on a weekday",
                f"Add day: {tuple(Weekday)[self.since.weekday()].value}.",
                field="handoff",
            )
        if self.since.weekday() != self.handoff.day.index:
            day = self.handoff.day.value.capitalize()
            raise refusal(
                "not_a_handoff_day",
                f"{self.since} is a {self.since:%A}, but the handoff is on {day}",
                f"Write the date of a {day}.",
                field="since",
            )
        return self

    @model_validator(mode="after")
    def _fields_of_the_kind(self) -> Self:
        for field, kind in (("clock", Kind.HOURLY), ("working_days", Kind.WORKING_DAY), ("off_days", Kind.WORKING_DAY)):
            if self.kind is not kind and getattr(self, field) != type(self).model_fields[field].default:
                raise refusal(
                    "not_of_this_kind",
                    f"a {_KINDS[self.kind]} rotation has no {field}",
                    f"Take it out, or write kind: {kind.value}.",
                    field=field,
                )
        return self

    def revision(self, team_zone: str, experience: Mapping[str, int]) -> Revision:
        """Return what the file says now as a revision of the plan.

        :param experience: of everybody in the team; kept only where a role asks for it.
        """
        asks = any(entry.more_experience or entry.experience for entry in self.roles.values())
        works = self.kind is Kind.WORKING_DAY
        return Revision(
            cadence=Cadence(
                kind=self.kind,
                length=self.length,
                zone=self.zone or team_zone,
                anchor=datetime.combine(self.since, self.handoff.at),
                clock=self.clock,
                working_days=self.working_days,
                holidays=self.holidays.from_year(self.since.year) if works else (),
                off_days=self.off_days,
            ),
            members=Members(slots=self.members, first=self.first, shuffle=self.shuffle),
            roles={name: entry.rule for name, entry in self.roles.items()},
            experience={name: experience.get(name, 0) for name in self.people} if asks else {},
        )

    def rotation(
        self,
        team_zone: str,
        people: Mapping[str, Person] | None = None,
        revisions: tuple[Revision, ...] = (),
        changes: Changes | None = None,
    ) -> Rotation:
        """Return the core rotation.

        :param team_zone: serves where the file names no zone.
        :param people: of the team, for their experience.
        :param revisions: of the lock file; none where the rotation was never locked.
        :param changes: those of the ledger, beside those of the file.
        :raises UncertainTime: a local time of a change does not exist, or comes twice.
        """
        zone = self.zone or team_zone
        experience = {name: person.experience for name, person in (people or {}).items()}
        written = self.written_changes(zone)
        return Rotation(
            id=self.id,
            zone=zone,
            plan=Plan(id=self.id, revisions=revisions or (self.revision(team_zone, experience),)),
            hours={
                name: tuple(hours.window(zone) for hours in entry.hours)
                for name, entry in self.roles.items()
                if entry.hours
            },
            changes=written if changes is None else written.joined(changes),
        )

    def written_changes(self, zone: str) -> Changes:
        """Return the overrides and temporary schedules of the file."""
        return Changes(
            overrides=tuple(each.override(zone, f"file-{place:04}") for place, each in enumerate(self.overrides)),
            temporary=tuple(each.temporary(zone, f"file-{place:04}") for place, each in enumerate(self.temporary)),
        )

    def policy(self, zone: str) -> EscalationPolicy:
        """Return the ladder behind the first role: the person who holds it is told at once, by the notice itself."""
        first = next(iter(self.roles.values()))
        return EscalationPolicy(
            steps=tuple(
                EscalationStep(
                    role=step.role, after=step.after, windows=tuple(hours.window(zone) for hours in step.hours)
                )
                for step in self.escalation
            ),
            coverage=tuple(hours.window(zone) for hours in first.hours),
            out_of_coverage=self.out_of_hours,
        )

    @property
    def hands_over(self) -> bool:
        """Whether anything is to be done at a handoff."""
        return any(
            (self.notices, self.access, self.handle, self.package, self.acknowledge, self.pairing, self.feedback)
        )

    @property
    def decided_roles(self) -> tuple[str, ...]:
        """The roles whose people somebody else's calendar decides (R43)."""
        return tuple(self.source.schedules) if self.source is not None and self.source.decides else ()

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who can be on call by the plan, each once: members, and who holds a role always."""
        also = (name for entry in self.roles.values() for name in entry.also)
        return tuple(dict.fromkeys((*(name for slot in self.members for name in slot), *self.fixed_people, *also)))

    def named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield every person that the entry names, with the place in it."""
        for index, slot in enumerate(self.members):
            for place, name in enumerate(slot):
                yield (("members", index, place) if len(slot) > 1 else ("members", index)), name
        for role, entry in self.roles.items():
            if entry.person is not None:
                yield ("roles", role, "person"), entry.person
            yield from ((("roles", role, "also", place), name) for place, name in enumerate(entry.also))
        yield from self._named_in_changes()

    def _named_in_changes(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        for index, override in enumerate(self.overrides):
            yield from ((("overrides", index, "comes"), name) for name in override.comes)
            if override.goes is not None:
                yield ("overrides", index, "goes"), override.goes
        for index, temporary in enumerate(self.temporary):
            for place, stint in enumerate(temporary.shifts):
                yield from ((("temporary", index, "shifts", place, "people"), name) for name in stint.people)

    @property
    def fixed_people(self) -> tuple[str, ...]:
        """Who holds a role always, such as the manager (C-03)."""
        return tuple(entry.person for entry in self.roles.values() if entry.person is not None)

    @property
    def steps(self) -> tuple[EscalationStep, ...]:
        """The escalation, for :func:`stationmaster.core.rotations.escalating.escalation`."""
        return tuple(EscalationStep(role=step.role, after=step.after) for step in self.escalation)


class PromiseEntry(ConfigModel):
    """What the team promises: that at some hours somebody is there. `stationmaster gaps` holds it against the plan."""

    what: Text = Field(description="In words, such as customer questions")
    roles: tuple[Slug, ...] = Field(min_length=1, description="One of these is enough, of any of the team's rotations")
    hours: tuple[Hours, ...] = Field(default=(), description="By default always")
    known: Text | None = Field(
        default=None, description="Why a gap is left open: it is reported all the same, and is no failure"
    )


Rotations = Annotated[dict[Slug, RotationEntry], BeforeValidator(keyed)]


class RotationsFile(ConfigModel):
    """``include/rotations/<team>.yaml``: who is on call, and when."""

    team: Slug
    rotations: Rotations
    promises: tuple[PromiseEntry, ...] = ()
