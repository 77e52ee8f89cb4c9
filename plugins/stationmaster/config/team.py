"""A team: its people, groups, channels, rotations and trains, and the questions that operators ask of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from stationmaster.config.accounts import Account, accounts_of, folded
from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.chores import Chore, ChoresHead
from stationmaster.config.circles import Circle
from stationmaster.config.fields import Line, RepositoryName, Slug, Text, ZoneName
from stationmaster.config.freezing import FreezeEntry, FreezeExceptions
from stationmaster.config.gates import QuorumGate
from stationmaster.config.incidents import IncidentRules
from stationmaster.config.oncall_log import LogRules
from stationmaster.config.people import Channel, Connections, People, Person, in_a_row
from stationmaster.config.roster import Notices, PromiseEntry, RotationEntry
from stationmaster.config.train import TrainConfig
from stationmaster.config.upgrading import Upgrades
from stationmaster.config.watches import Watch, WatchesHead
from stationmaster.config.weekly_measures import WeeklyMeasures
from stationmaster.core import escaping
from stationmaster.core.ballots import Elector
from stationmaster.core.freezes import Freeze
from stationmaster.core.instants import first_instant
from stationmaster.core.rotations.changes import Changes
from stationmaster.core.rotations.escalating import EscalationStep
from stationmaster.core.rotations.plan import Revision
from stationmaster.core.rotations.reports import Absence
from stationmaster.core.rotations.rotation import Rotation, Shift


class NoSuchRole(LookupError):
    """A role that no rotation of the team has."""


class UnknownTrain(LookupError):
    """A train that the team does not run."""


class TeamFile(ConfigModel):
    """``include/teams/<team>.yaml``."""

    id: Slug
    title: Line
    zone: ZoneName = Field(description="The team's time zone; rotations and trains inherit it")
    people: People
    groups: dict[Slug, tuple[Slug, ...]] = Field(default_factory=dict, description="People by group: voters and roles")
    channels: dict[Slug, Channel] = Field(default_factory=dict)
    repositories: tuple[RepositoryName, ...] = Field(default=(), description="What the team's trains may touch")
    connections: Connections = Field(default_factory=Connections)
    freezes: tuple[FreezeEntry, ...] = Field(default=(), description="When not everything may change (T-02)")
    freeze_exceptions: FreezeExceptions | None = Field(
        default=None, description="Who may except a departure; without it nobody may"
    )
    circles: dict[Slug, Circle] = Field(default_factory=dict, description="To whom urgent matters go as issues (T-05)")
    upgrades: Upgrades | None = Field(default=None, description="Weekly dependency upgrades (D-24, D-25)")
    measures: WeeklyMeasures | None = Field(
        default=None, description="A message each week: how the team's trains did; without it nobody is told"
    )
    incidents: IncidentRules | None = Field(default=None, description="What is done when something breaks (C-30)")
    log: LogRules | None = Field(default=None, description="Where the on-call log is published (O-10)")
    away: Text | None = Field(
        default=None,
        description="A calendar of absences: a file under include/ that ends in .ics, or the Airflow connection whose "
        "password is its secret address (R34)",
    )

    @model_validator(mode="after")
    def _keys_are_ids(self) -> Self:
        for key, person in self.people.items():
            if key != person.id:
                raise refusal(
                    "duplicate_id",
                    f"the person {key!r} says that the id is {person.id!r}",
                    "Leave the id out: the key is the id.",
                    field=f"people.{key}.id",
                )
        return self


class TeamConfig(TeamFile):
    """A team with everything that belongs to it.

    :param locked: the revisions of each rotation, from the lock file; none of one that was never locked.
    :param changes: overrides, accepted swaps and sources' answers of each rotation, from the ledger.
    :param known_absences: those of the calendar of absences, from the ledger.
    """

    roster: dict[Slug, RotationEntry] = Field(default_factory=dict)
    promises: tuple[PromiseEntry, ...] = ()
    trains: dict[Slug, TrainConfig] = Field(default_factory=dict)
    chores: dict[Slug, Chore] = Field(default_factory=dict)
    chores_head: ChoresHead | None = None
    watches: dict[Slug, Watch] = Field(default_factory=dict)
    watches_head: WatchesHead | None = None
    locked: dict[Slug, tuple[Revision, ...]] = Field(default_factory=dict)
    changes: dict[Slug, Changes] = Field(default_factory=dict)
    known_absences: tuple[Absence, ...] = ()

    @cached_property
    def rotations(self) -> dict[str, Rotation]:
        """The core rotations by id."""
        return {
            name: entry.rotation(self.zone, self.people, self.locked.get(name, ()), self.changes.get(name))
            for name, entry in self.roster.items()
        }

    @cached_property
    def absences(self) -> tuple[Absence, ...]:
        """When people of the team are away, in instants."""
        written = tuple(
            Absence(
                person=name,
                start=first_instant(datetime.combine(away.first, time.min), person.zone or self.zone),
                end=first_instant(datetime.combine(away.last + timedelta(days=1), time.min), person.zone or self.zone),
                reason=away.reason or "",
            )
            for name, person in self.people.items()
            for away in person.away
        )
        return written + self.known_absences

    def with_changes(self, changes: Mapping[str, Changes]) -> TeamConfig:
        """Return the team with other changes of its rotations, by rotation id."""
        return self.model_copy(update={"changes": dict(changes)})

    def freezes_of(self, train: str) -> tuple[Freeze, ...]:
        """Return the freezes that touch a train, in the order of the file."""
        return tuple(
            freeze
            for entry, freeze in zip(self.freezes, self._freezes, strict=True)
            if not entry.trains or train in entry.trains
        )

    def freezes_of_repository(self, repository: str) -> tuple[Freeze, ...]:
        """Return the freezes that touch a merge into a repository: the team's, and those of trains that carry it."""
        carried = {
            name
            for name, train in self.trains.items()
            if any(component.repository.lower() == repository.lower() for component in train.components)
        }
        return tuple(
            freeze
            for entry, freeze in zip(self.freezes, self._freezes, strict=True)
            if not entry.trains or carried.intersection(entry.trains)
        )

    @cached_property
    def _freezes(self) -> tuple[Freeze, ...]:
        return tuple(entry.freeze(self.zone) for entry in self.freezes)

    @property
    def escalation(self) -> dict[str, tuple[EscalationStep, ...]]:
        """The escalation of each rotation, by rotation id (C-33)."""
        return {name: entry.steps for name, entry in self.roster.items()}

    @property
    def notices(self) -> tuple[Notices, ...]:
        """How the person who comes on call is told, of each rotation that tells them (C-06)."""
        return tuple(entry.notices for entry in self.roster.values() if entry.notices is not None)

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role of every rotation, sorted."""
        return tuple(sorted(role for entry in self.roster.values() for role in entry.roles))

    def train(self, name: str) -> TrainConfig:
        """Return a train by its id or by its key.

        :raises UnknownTrain: the team runs no such train.
        """
        train = self.trains.get(name.removeprefix(f"{self.id}."))
        if train is None:
            raise UnknownTrain(f"{self.id} has no train {name!r}; it has {', '.join(sorted(self.trains)) or 'none'}")
        return train

    def rotation_of(self, role: str) -> Rotation:
        """Return the one rotation that has ``role``.

        :raises NoSuchRole: no rotation of the team has it.
        """
        for name, entry in self.roster.items():
            if role in entry.roles:
                return self.rotations[name]
        raise NoSuchRole(f"{self.id} has no role {role!r}; it has {', '.join(self.roles) or 'none'}")

    def on_call(self, role: str, at: datetime) -> Shift:
        """Return the shift of the person who holds ``role`` at the instant ``at`` (aware).

        :raises NoSuchRole: no rotation of the team has the role.
        :raises stationmaster.core.rotations.rotation.NobodyOnCall: nobody holds it then.
        """
        return self.rotation_of(role).on_call(role, at)

    def on_call_person(self, role: str, at: datetime) -> Person:
        """Return the person who holds ``role`` at ``at``; raises as :meth:`on_call` does."""
        return self.people[self.on_call(role, at).person]

    def next_shift(self, role: str, at: datetime) -> Shift | None:
        """Return the next shift of ``role`` that begins after ``at``; None: there is none for years."""
        return self.rotation_of(role).next_shift(role, at)

    def shifts(self, role: str, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """Return the shifts of ``role`` that touch ``[start, end)``."""
        return self.rotation_of(role).shifts(role, start, end)

    def person_by(self, account: Account, name: str) -> Person | None:
        """Return the person who owns an account by the team's file, None for an account that nobody owns.

        GitHub logins are compared without case, as GitHub does. Whom an Airflow account belongs to is a question for
        :mod:`stationmaster.work.identity`: it depends on how Airflow calls its users, too.
        """
        wanted = folded(account, name)
        for person in self.people.values():
            if wanted in (folded(account, owned) for owned in accounts_of(person)[account]):
                return person
        return None

    def person_by_slack(self, user: str) -> Person | None:
        """Return the owner of a Slack member id."""
        return self.person_by("slack", user)

    def person_by_github(self, login: str) -> Person | None:
        """Return the owner of a GitHub login."""
        return self.person_by("github", login)

    def mentions(self, people: Iterable[str]) -> str:
        """Return people as a Slack message names them, by their ids; those who are none of the team by the bare id."""
        known = self.people
        return in_a_row(known[each].mention if each in known else escaping.slack(each) for each in people)

    def electorate(
        self,
        train: TrainConfig,
        *,
        authors: Collection[str] = (),
        doubted: Collection[str] = (),
        gate: QuorumGate | None = None,
    ) -> tuple[Elector, ...]:
        """Return who may vote on ``train``, sorted by person; robots are left out.

        :param authors: person ids of those who wrote a commit aboard.
        :param doubted: person ids of those of whom only a text says so.
        :param gate: by default the train's own.
        """
        eligible = {name for group in (gate or train.gates.quorum).groups for name in self.groups[group]}
        return tuple(
            Elector(
                person=name,
                roles=frozenset(group for group, members in self.groups.items() if name in members),
                active=self.people[name].active,
                author=name in authors,
                doubted=name in doubted,
            )
            for name in sorted(eligible)
            if not self.people[name].bot
        )

    def channel_of(self, train: TrainConfig) -> Channel:
        """Return the channel that hears of ``train``."""
        return self.channels[train.channel]
