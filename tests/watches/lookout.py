"""A team's watches with stand-ins behind them: the real hooks, and one clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stationmaster.config.team import TeamConfig
from stationmaster.config.watches import KINDS, Watch
from stationmaster.core.blockers import Blocker
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.slack.models import SlackMessage, SlackUser
from stationmaster.watches.looking import look
from stationmaster.work.context import Desk
from tests.departures.week import Switchboard
from tests.work.office import Office, new_office

WEDNESDAY = datetime(2021, 10, 20, 17, 0, tzinfo=UTC)
"""10:00 in California; ben is primary there, farah secondary."""
STRANGER = "U99CURATOR"


@dataclass
class Lookout(Office):
    """The office of a team that watches."""

    def desk_of(self, team: TeamConfig) -> Desk:
        """A desk as a task or a trigger makes it, of the team as its own files say."""
        made = self.desk()
        return Desk(team=team, ledger=made.ledger, forge=made.forge, chat=made.chat, now=self.clock)

    def watch(self, kind: str, name: str = "it", **fields: Any) -> Watch:
        """Give the team a watch of a kind, and return it."""
        fields = {"id": name, "title": f"The {kind}", "kind": kind, "role": self.team.roles[0], **fields}
        found = KINDS[kind].model_validate(fields)
        self.edit(watches={**self.team.watches, name: found})
        return found

    def look(self, watch: Watch) -> dict[str, Blocker]:
        """Take one look; blockers by what they are about, or by their code."""
        found = look(self.desk(), watch)
        return {each.subject or each.code: each for each in found}

    def says(self, text: str, *, who: str = STRANGER, channel: str = "ops", thread: str | None = None) -> SlackMessage:
        """Let somebody write into a channel of the team."""
        return self.slack.post_as(who, self.team.channels[channel].id, text, thread_ts=thread)

    def joins(self, who: str) -> None:
        """Let somebody into the workspace and into each of its channels."""
        self.slack.users[who] = SlackUser(id=who, name=who.lower())
        for channel in self.slack.channels.values():
            channel.members = [*(channel.members or []), who]

    def marks(self, message: SlackMessage, name: str, *, who: str = STRANGER) -> None:
        """Let somebody put an emoji on a message."""
        self.slack.react_as(who, message.channel, message.ts, name)

    def thread(self, message: SlackMessage) -> list[str]:
        """What stands in a message's thread."""
        return [each.text for each in self.slack.replies(message.channel, message.ts)]


def new_lookout(
    boards: tuple[Switchboard, Switchboard], ledger: Ledger, team: str, *, at: datetime = WEDNESDAY
) -> Lookout:
    """Put new stand-ins behind the addresses; a stranger to the team is in the workspace."""
    office = new_office(boards, ledger, team, at=at)
    lookout = Lookout(**vars(office))
    lookout.joins(STRANGER)
    return lookout
