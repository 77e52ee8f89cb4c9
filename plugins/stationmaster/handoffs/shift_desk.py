"""One handoff of one rotation, and what its steps work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from stationmaster import clock
from stationmaster.core.instants import Instant
from stationmaster.core.rotations.rotation import NobodyOnCall, Rotation, Shift
from stationmaster.core.value import Value
from stationmaster.work.context import Desk

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.config.roster import RotationEntry
    from stationmaster.config.team import TeamConfig
    from stationmaster.hooks.chat import Chat
    from stationmaster.hooks.forge import Forge
    from stationmaster.hooks.mail import Mail
    from stationmaster.ledger import Ledger

_STAMP = "%Y-%m-%dT%H:%MZ"


class UnknownRotation(LookupError):
    """A rotation that the team does not have."""


class NotAHandoff(ValueError):
    """A text that is no handoff's id."""


class Handoff(Value):
    """The instant at which the shifts of a rotation begin, ``[start, end)`` for every role.

    ``shifts`` is by role, in the order of the team's file; a fixed role begins a new shift with the others (C-03).
    """

    id: str
    start: Instant
    end: Instant
    shifts: dict[str, Shift]

    def apart(self, role: str) -> Iterator[Handoff]:
        """Yield the same handoff for each of the people who share a role, as if each had it alone."""
        shift = self.shifts[role]
        for name in shift.people:
            alone = shift.model_copy(update={"people": (name,)})
            yield self.model_copy(update={"shifts": {**self.shifts, role: alone}})


class ShiftDesk(Desk):
    """One rotation of one team, with its connections opened when they are first needed.

    :param rotation: the id of one of the team's rotations, such as ``oncall``.
    :param mail: overrides the team's connection.
    :raises UnknownRotation: the team has no such rotation.
    """

    def __init__(
        self,
        *,
        team: TeamConfig,
        rotation: str,
        ledger: Ledger | None = None,
        forge: Forge | None = None,
        chat: Chat | None = None,
        mail: Mail | None = None,
        now: Callable[[], datetime] = clock.now,
        as_written: bool = False,
    ) -> None:
        super().__init__(team=team, ledger=ledger, forge=forge, chat=chat, now=now, as_written=as_written)
        if rotation not in team.roster:
            known = ", ".join(sorted(team.roster)) or "none"
            raise UnknownRotation(f"{team.id} has no rotation {rotation!r}; it has {known}")
        self.entry: RotationEntry = team.roster[rotation]
        self._mail = mail

    @cached_property
    def mail(self) -> Mail | None:
        """The team's mail server, None for a team that sends no mail."""
        if self._mail is not None or self.files.connections.mail is None:
            return self._mail
        from stationmaster.hooks.mail import Mail

        return Mail(self.files.connections.mail)

    @property
    def key(self) -> str:
        """``<team>.<rotation>``, as DAG ids and handoffs begin."""
        return f"{self.team.id}.{self.entry.id}"

    @property
    def first_role(self) -> str:
        """The role that a handoff is about: the first of the file."""
        return next(iter(self.entry.roles))

    @cached_property
    def rotation(self) -> Rotation:
        """The core rotation."""
        return self.team.rotations[self.entry.id]

    def handoff_at(self, at: datetime) -> Handoff:
        """Return the handoff whose shifts are held at ``at`` (aware); the instant of a handoff is its own.

        :raises NobodyOnCall: the rotation never has anybody.
        """
        start, shifts, end = self._begun(at)
        return Handoff(id=f"{self.key}/{start.astimezone(UTC):{_STAMP}}", start=start, end=end, shifts=shifts)

    def _begun(self, at: datetime) -> tuple[datetime, dict[str, Shift], datetime]:
        planned = self.files.rotations[self.entry.id]
        try:
            start = self.rotation.latest_handoff(at)
            shifts = self.rotation.turns_at(start)
        except NobodyOnCall:
            if not self.entry.decided_roles:
                raise
            # The source that decides was never read: the files still tell the rhythm, and nobody has a shift.
            start, shifts = planned.latest_handoff(at), {}
        try:
            return start, shifts, self.rotation.next_handoff(start)
        except NobodyOnCall:
            if not self.entry.decided_roles:
                raise
            # The source names nobody after this one: the rhythm says when that would be.
            return start, shifts, planned.next_handoff(start)

    def handoff(self, name: str) -> Handoff:
        """Return the handoff of an id, with whoever the team's files name for it now.

        :raises NotAHandoff: the text is no id of this rotation's handoffs.
        """
        key, _, stamp = name.partition("/")
        try:
            start = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
        except ValueError:
            raise NotAHandoff(f"{name!r} is no handoff. Write it as {self.key}/2026-03-09T16:00Z.") from None
        if key != self.key:
            raise NotAHandoff(f"{name!r} is no handoff of {self.key}.")
        return self.handoff_at(start)

    def person(self, handoff: Handoff, role: str) -> Person:
        """Return who comes on call in a role."""
        return self.team.people[handoff.shifts[role].person]

    @property
    def managers(self) -> tuple[Person, ...]:
        """Whoever holds a role of the rotation always (C-03)."""
        return tuple(self.team.people[person] for person in self.entry.fixed_people)
