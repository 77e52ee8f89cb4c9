"""A desk of any of the shipped rotations: the real hooks, stand-ins for GitHub and Slack, one clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from github import Auth, Github
from slack_sdk import WebClient

from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.chat_retries import RepeatableCallRetries
from stationmaster.hooks.forge import Forge
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.github import standin as github_standin
from stationmaster.rehearsal.github.specs import IssueSpec, RepositorySpec
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN as GITHUB_TOKEN
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN as SLACK_TOKEN
from stationmaster.rehearsal.slack.world import SlackWorld
from stationmaster.rehearsal.standins import slack_world
from tests.departures.week import HandClock, Switchboard

INCLUDE = Path(__file__).resolve().parents[2] / "include"


@dataclass
class Post:
    """One rotation of one team at work."""

    team: TeamConfig
    rotation: str
    clock: HandClock
    ledger: Ledger
    github: GithubWorld
    slack: SlackWorld
    github_url: str
    slack_url: str

    def desk(self) -> ShiftDesk:
        """A desk with fresh connections, as every task makes one."""
        client = WebClient(token=SLACK_TOKEN, base_url=f"{self.slack_url}/api/", timeout=2)
        github = Github(base_url=f"{self.github_url}/api/v3", auth=Auth.Token(GITHUB_TOKEN))
        return ShiftDesk(
            team=self.team,
            rotation=self.rotation,
            ledger=self.ledger,
            forge=Forge.from_client(
                github, pace=timedelta(0), patience=timedelta(seconds=5), now=self.clock, sleep=lambda seconds: None
            ),
            chat=Chat.from_client(client, retries=RepeatableCallRetries(sleep=lambda seconds: None)),
            now=self.clock,
        )

    @property
    def handoff(self) -> Handoff:
        return self.desk().handoff_at(self.clock())

    def edit(self, **changes: Any) -> None:
        """Change the rotation as an edit of its file would."""
        entry = self.team.roster[self.rotation].model_copy(update=changes)
        self.team = self.team.model_copy(update={"roster": {**self.team.roster, self.rotation: entry}})

    def edit_person(self, name: str, **changes: Any) -> None:
        """Change a person as an edit of the team's file would."""
        person = self.team.people[name].model_copy(update=changes)
        self.team = self.team.model_copy(update={"people": {**self.team.people, name: person}})

    def texts(self, channel: str) -> list[str]:
        return [message.text for message in self.slack.messages[self.team.channels[channel].id]]

    def issues(self) -> dict[int, Any]:
        package = self.team.roster[self.rotation].package
        assert package is not None
        return self.github.repository(package.repository).record.issues


def new_post(
    boards: tuple[Switchboard, Switchboard],
    ledger: Ledger,
    team: str,
    rotation: str,
    at: datetime,
    issues: tuple[IssueSpec, ...] = (),
) -> Post:
    """Put new stand-ins behind the addresses, furnished for one team."""
    include = load(INCLUDE, teams=[team])
    config, clock = include.team(team), HandClock(at)
    package = config.roster[rotation].package
    specs = [RepositorySpec(name=package.repository, issues=issues)] if package is not None else []
    github = GithubWorld(clock=clock, repositories=specs)
    slack = slack_world(include)
    slack.clock = clock
    boards[0].app = github_standin.create_app(github)
    boards[1].app = slack_standin.create_app(slack)
    return Post(config, rotation, clock, ledger, github, slack, boards[0].base, boards[1].base)
