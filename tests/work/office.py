"""A team's desk with stand-ins behind it: the real hooks, GitHub and Slack on loopback, one clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from github import Auth, Github
from slack_sdk import WebClient

from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.chat_retries import RepeatableCallRetries
from stationmaster.hooks.forge import Forge
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.github import standin as github_standin
from stationmaster.rehearsal.github.faults import Fault
from stationmaster.rehearsal.github.specs import RepositorySpec
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN as GITHUB_TOKEN
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.mail.standin import Mailbox
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.slack.models import SlackFault
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN as SLACK_TOKEN
from stationmaster.rehearsal.slack.world import SlackWorld
from stationmaster.rehearsal.standins import slack_world
from stationmaster.work.context import Desk
from tests.departures.week import HandClock, Switchboard

INCLUDE = Path(__file__).resolve().parents[2] / "include"
TUESDAY = datetime(2024, 3, 12, 15, 0, tzinfo=UTC)
"""16:00 in Zurich, 08:00 in Los Angeles: the clocks of the two differ by eight hours in this week, not nine."""


@dataclass
class Office:
    """The world of one team's duty."""

    team: TeamConfig
    clock: HandClock
    ledger: Ledger
    github: GithubWorld
    slack: SlackWorld
    github_url: str
    slack_url: str

    def desk(self) -> Desk:
        """A desk with fresh connections, as every task makes one."""
        client = WebClient(token=SLACK_TOKEN, base_url=f"{self.slack_url}/api/", timeout=2)
        github = Github(base_url=f"{self.github_url}/api/v3", auth=Auth.Token(GITHUB_TOKEN))
        forge = Forge.from_client(
            github, pace=timedelta(0), patience=timedelta(seconds=5), now=self.clock, sleep=lambda seconds: None
        )
        chat = Chat.from_client(client, retries=RepeatableCallRetries(sleep=lambda seconds: None))
        return Desk(team=self.team, ledger=self.ledger, forge=forge, chat=chat, now=self.clock)

    def edit(self, **changes: object) -> None:
        """Change the team as an edit of its file would."""
        self.team = self.team.model_copy(update=changes)

    def fault(self, kind: str, path: str, *, times: int = 1, method: str = "*") -> None:
        self.github.script(Fault.model_validate({"kind": kind, "path": path, "times": times, "method": method}))

    def slack_fault(self, kind: str, *, times: int = 1, method: str = "chat.postMessage") -> None:
        self.slack.faults.append(SlackFault.model_validate({"kind": kind, "method": method, "times": times}))

    def texts(self, channel: str) -> list[str]:
        """What stands in a channel of the team, by the name that its file gives it."""
        return [message.text for message in self.slack.messages[self.team.channels[channel].id]]


def new_office(boards: tuple[Switchboard, Switchboard], ledger: Ledger, team: str, *, at: datetime = TUESDAY) -> Office:
    """Put new stand-ins behind the addresses; GitHub has the team's repositories, empty."""
    include = load(INCLUDE, teams=[team])
    config, clock = include.team(team), HandClock(at)
    named = dict.fromkeys([*config.repositories, *(circle.repository for circle in config.circles.values())])
    github = GithubWorld(clock=clock, repositories=[RepositorySpec(name=name, history=None) for name in named])
    slack = slack_world(include)
    slack.clock = clock
    boards[0].app = github_standin.create_app(github)
    boards[1].app = slack_standin.create_app(slack, mailbox=Mailbox(clock=clock))
    return Office(config, clock, ledger, github, slack, boards[0].base, boards[1].base)
