"""A Monday at the desk: the real hooks, stand-ins for Slack and mail on loopback, one clock moved by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slack_sdk import WebClient

from stationmaster.config.team import TeamConfig
from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.chat_retries import RepeatableCallRetries
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.mail.standin import Mailbox, MailFault
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.slack.models import SlackChannel, SlackFault, SlackUser
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN, SlackWorld
from tests.departures.week import HandClock, Switchboard, shipped_team

OPS, HELP = "C0244PQK934", "C94RQ5SBV"
MONDAY = datetime(2021, 10, 25, 16, 0, tzinfo=UTC)
"""09:00 in California: Farah becomes primary, Chiara secondary; Jules is tertiary always."""
HANDOFF = "cellxgene.oncall/2021-10-25T16:00Z"
ITEMS = ("sentry", "datadog", "datadog-hosted-cellxgene-prod")


@dataclass
class Monday:
    """The world of one handoff."""

    clock: HandClock
    slack: SlackWorld
    slack_url: str
    mailbox: Mailbox
    team: TeamConfig
    ledger: Ledger

    def desk(self, **overrides: Any) -> ShiftDesk:
        """A desk with fresh connections, as every task makes one."""
        client = WebClient(token=STAND_IN_TOKEN, base_url=f"{self.slack_url}/api/", timeout=1)
        chat = Chat.from_client(client, retries=RepeatableCallRetries(sleep=lambda seconds: None))
        fields = {"ledger": self.ledger, "chat": chat, "now": self.clock, **overrides}
        return ShiftDesk(team=self.team, rotation="oncall", **fields)

    @property
    def handoff(self) -> Handoff:
        return self.desk().handoff(HANDOFF)

    def edit(self, **changes: Any) -> None:
        """Change the rotation as an edit of its file would."""
        entry = self.team.roster["oncall"].model_copy(update=changes)
        self.team = self.team.model_copy(update={"roster": {"oncall": entry}})

    def texts(self, channel: str = OPS) -> list[str]:
        return [message.text for message in self.slack.messages[channel]]

    def slack_fault(self, kind: str, *, times: int = 1, method: str = "chat.postMessage") -> None:
        self.slack.faults.append(SlackFault.model_validate({"kind": kind, "method": method, "times": times}))

    def mail_fault(self, kind: str, *, times: int = 1) -> None:
        self.mailbox.script(MailFault.model_validate({"kind": kind, "times": times}))

    def blockers(self) -> dict[str, list[str]]:
        """The codes by task, as every channel explains them."""
        prefix = f"{HANDOFF}/handoff/"
        return {
            subject.removeprefix(prefix): [found.code for found in several]
            for subject, several in self.ledger.blockers(HANDOFF).items()
        }


def new_monday(board: Switchboard, ledger: Ledger, mailbox: Mailbox, clock: HandClock) -> Monday:
    """Put a new workspace behind the address."""
    team = shipped_team()
    users = [
        SlackUser(id=account, name=account.lower(), real_name=person.name)
        for person in team.people.values()
        for account in person.slack
    ]
    channels = [SlackChannel(id=channel.id, name=channel.name) for channel in team.channels.values()]
    slack = SlackWorld(clock=clock, users=users, channels=channels)
    board.app = slack_standin.create_app(slack, mailbox=mailbox)
    return Monday(clock=clock, slack=slack, slack_url=board.base, mailbox=mailbox, team=team, ledger=ledger)


def smtp_connection(port: int, **changes: Any) -> str:
    """The Airflow connection of the stand-in mail server, as JSON for the environment."""
    extra = {"from_email": "stationmaster@station.example", "disable_ssl": True, "disable_tls": True, "timeout": 5}
    return json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": {**extra, **changes}})
