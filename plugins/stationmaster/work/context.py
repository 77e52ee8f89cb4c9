"""What a step of a team works with, whatever it is a step of: the team's files, the ledger, the chat, the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from stationmaster import clock, settings

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.hooks.alerts import FiringAlerts
    from stationmaster.hooks.chat import Chat
    from stationmaster.hooks.forge import Forge
    from stationmaster.hooks.proposals import Proposals
    from stationmaster.ledger import Ledger
    from stationmaster.work.identity import Identities


class Desk:
    """A team with its connections, each opened when it is first needed.

    A desk is made anew for each step, so that an expired token or an edited connection is read again (F57).

    :param ledger: overrides the configured ledger; likewise ``forge``, ``chat`` and ``now``.
    :param as_written: leave the ledger's overrides and swaps out: only connections are looked at.
    """

    def __init__(
        self,
        *,
        team: TeamConfig,
        ledger: Ledger | None = None,
        forge: Forge | None = None,
        chat: Chat | None = None,
        now: Callable[[], datetime] = clock.now,
        as_written: bool = False,
    ) -> None:
        self.files = team
        self.as_written = as_written
        self.now = now
        self._ledger, self._forge, self._chat = ledger, forge, chat

    @cached_property
    def team(self) -> TeamConfig:
        """The team as it is in fact: its files, with the overrides and swaps of the ledger."""
        from stationmaster.oncall.changing import in_fact

        if self.as_written:
            return self.files
        return in_fact(self.files, self.ledger)

    @cached_property
    def identities(self) -> Identities:
        """Who is who in Airflow."""
        from stationmaster.work.identity import Identities

        return Identities(self.files, ledger=lambda: self.ledger, now=self.now)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger that the process settings name."""
        if self._ledger is not None:
            return self._ledger
        from stationmaster.ledger import Ledger

        return Ledger.at(settings.ledger_url())

    @cached_property
    def forge(self) -> Forge:
        """GitHub, through the team's connection."""
        if self._forge is not None:
            return self._forge
        from stationmaster.hooks.forge import Forge

        return Forge(self.files.connections.github)

    @cached_property
    def chat(self) -> Chat:
        """Slack, through the team's connection."""
        if self._chat is not None:
            return self._chat
        from stationmaster.hooks.chat import Chat

        return Chat(self.files.connections.slack)

    @cached_property
    def proposals(self) -> Proposals:
        """The proposal system, through the team's connection."""
        from stationmaster.hooks.proposals import Proposals

        return Proposals(str(self.files.connections.proposals))

    @cached_property
    def alerts(self) -> FiringAlerts:
        """What fires, through the team's connection."""
        from stationmaster.hooks.alerts import FiringAlerts

        return FiringAlerts(str(self.files.connections.alerts))
