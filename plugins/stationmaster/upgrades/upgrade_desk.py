"""What a step of an upgrade works with, and which upgrade an instant belongs to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster import clock
from stationmaster.core.calendar import stop_times
from stationmaster.core.instants import Instant, IsoWeek
from stationmaster.core.value import Value
from stationmaster.work.context import Desk
from stationmaster.work.open_upgrades import area_of

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.config.team import TeamConfig
    from stationmaster.config.upgrading import UpgradedRepository, Upgrades
    from stationmaster.core.calendar import StopTimetable
    from stationmaster.hooks.chat import Chat
    from stationmaster.hooks.forge import Forge
    from stationmaster.ledger import Ledger


class NotUpgraded(LookupError):
    """The team's file does not name the repository under upgrades, or not any more."""


class NotAnUpgrade(ValueError):
    """A text that is no upgrade's id."""


class Upgrade(Value):
    """The upgrade of one repository in one week, such as ``dre.dependencies/dfinity/dre/2026-W34``.

    It begins at ``start``, and is over at ``end``, when the next one begins: what is open then is the next one's.
    """

    id: str
    repository: str
    week: IsoWeek
    start: Instant
    end: Instant


class UpgradeDesk(Desk):
    """One repository of one team's upgrades, with its connections opened when they are first needed.

    :raises NotUpgraded: the team's file does not name the repository.
    """

    def __init__(
        self,
        *,
        team: TeamConfig,
        repository: str,
        ledger: Ledger | None = None,
        forge: Forge | None = None,
        chat: Chat | None = None,
        now: Callable[[], datetime] = clock.now,
        as_written: bool = False,
    ) -> None:
        super().__init__(team=team, ledger=ledger, forge=forge, chat=chat, now=now, as_written=as_written)
        rules = team.upgrades
        entry = rules.entry(repository) if rules is not None else None
        if rules is None or entry is None:
            raise NotUpgraded(f"{team.id} does not upgrade {repository}: its file does not name it under upgrades")
        self.rules: Upgrades = rules
        self.entry: UpgradedRepository = entry

    @property
    def repository(self) -> str:
        """``owner/name``, as the team's file writes it."""
        return self.entry.repository

    @property
    def zone(self) -> str:
        """The zone of the timetable, and of the weeks."""
        return self.timetable.zone

    @property
    def timetable(self) -> StopTimetable:
        """When the upgrades start."""
        return self.rules.timetable(self.files.zone)

    @property
    def key(self) -> str:
        """``<team>.dependencies``, as the DAG is called, and as upgrades begin."""
        return area_of(self.files.id)

    @property
    def channel(self) -> str:
        """The id of the channel that hears of the upgrades."""
        return self.team.channels[self.rules.channel].id

    @property
    def on_call(self) -> tuple[Person, ...]:
        """Whoever settles an upgrade now, be they several.

        :raises NobodyOnCall: nobody holds the role; that is an error and never means anyone.
        """
        return tuple(self.team.people[name] for name in self.team.on_call(self.rules.role, self.now()).people)

    def upgrade_at(self, at: datetime) -> Upgrade:
        """Return the upgrade of the week in which ``at`` (aware) falls, on the clocks of the timetable's zone (F28)."""
        return self._of_week(IsoWeek.of(at, self.zone))

    def upgrade(self, name: str) -> Upgrade:
        """Return the upgrade of an id.

        :raises NotAnUpgrade: the text is no id of this repository's upgrades.
        """
        stem, _, week = name.rpartition("/")
        try:
            found = self._of_week(IsoWeek.parse(week))
        except ValueError:
            raise NotAnUpgrade(f"{name!r} is no upgrade. Write it as {self.key}/{self.repository}/2026-W34.") from None
        if found.id != name:
            raise NotAnUpgrade(f"{name!r} is no upgrade of {self.repository} by {self.key}: {stem} is another.")
        return found

    def _of_week(self, week: IsoWeek) -> Upgrade:
        start, end = (stop_times(self.timetable, each).earliest for each in (week, week.plus(1)))
        return Upgrade(
            id=f"{self.key}/{self.repository}/{week}", repository=self.repository, week=week, start=start, end=end
        )
