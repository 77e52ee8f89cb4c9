"""Everything that a step of a departure works with: the team's files, the ledger, the forge, the chat, the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster import clock
from stationmaster.work.context import Desk

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.config.team import TeamConfig
    from stationmaster.config.train import TrainConfig
    from stationmaster.hooks.chat import Chat
    from stationmaster.hooks.forge import Forge
    from stationmaster.ledger import Ledger


class Station(Desk):
    """One train of one team, with its connections opened when they are first needed.

    A station is made anew for each step, so that an expired token or an edited connection is read again (F57).

    :param team: the team's configuration.
    :param train: the id of one of its trains, such as ``weekly``.
    :param ledger: overrides the configured ledger; likewise ``forge``, ``chat`` and ``now``.
    """

    def __init__(
        self,
        *,
        team: TeamConfig,
        train: str,
        ledger: Ledger | None = None,
        forge: Forge | None = None,
        chat: Chat | None = None,
        now: Callable[[], datetime] = clock.now,
        as_written: bool = False,
    ) -> None:
        super().__init__(team=team, ledger=ledger, forge=forge, chat=chat, now=now, as_written=as_written)
        self.train: TrainConfig = team.train(train)

    def on_call(self, role: str) -> Person:
        """Return who holds ``role`` at this instant.

        :raises NobodyOnCall: nobody does; that is an error and never means anyone.
        """
        return self.team.on_call_person(role, self.now())

    @property
    def conductor(self) -> Person:
        """The person on call who conducts this train now (C-08)."""
        return self.on_call(self.train.on_call)

    @property
    def backups(self) -> tuple[Person, ...]:
        """Everyone who may stand in for the conductor now, in the order of the escalation (C-35)."""
        rotation = self.team.rotation_of(self.train.on_call)
        return tuple(self.on_call(step.role) for step in self.team.escalation[rotation.id])

    @property
    def channel(self) -> str:
        """The id of the channel that the train talks in."""
        return self.team.channel_of(self.train).id
