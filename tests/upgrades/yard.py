"""A Monday of dre's upgrades: the real hooks, stand-ins for GitHub and Slack, one clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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
from stationmaster.rehearsal.github.specs import RepositorySpec, UpgradeSpec, WorkflowSpec
from stationmaster.rehearsal.github.state import PullRecord
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN as GITHUB_TOKEN
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.mail.standin import Mailbox
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.slack.models import SlackFault
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN as SLACK_TOKEN
from stationmaster.rehearsal.slack.world import SlackWorld
from stationmaster.rehearsal.standins import slack_world
from stationmaster.upgrades import finding, starting
from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk
from tests.departures.week import HandClock, Switchboard

INCLUDE = Path(__file__).resolve().parents[2] / "include"
REPO, WORKFLOW = "dfinity/dre", "update-dependencies.yaml"
MONDAY = datetime(2024, 3, 11, 1, 30, tzinfo=UTC)
"""02:30 in Zurich: Enzo's week ends at 09:00 there, and the next one's begins."""
HANDOFF = datetime(2024, 3, 11, 8, 0, tzinfo=UTC)
PATCH = (("rs/Cargo.toml", '@@ -1 +1 @@\n-serde = "1.0.201"\n+serde = "1.0.203"\n'),)
MAJOR = (("rs/Cargo.toml", '@@ -1 +1 @@\n-serde = "1.0.201"\n+serde = "2.0.0"\n'),)


@dataclass
class Yard:
    """The world of one repository's upgrades."""

    team: TeamConfig
    clock: HandClock
    ledger: Ledger
    github: GithubWorld
    slack: SlackWorld
    github_url: str
    slack_url: str

    def desk(self) -> UpgradeDesk:
        """A desk with fresh connections, as every task makes one."""
        client = WebClient(token=SLACK_TOKEN, base_url=f"{self.slack_url}/api/", timeout=2)
        github = Github(base_url=f"{self.github_url}/api/v3", auth=Auth.Token(GITHUB_TOKEN))
        return UpgradeDesk(
            team=self.team,
            repository=REPO,
            ledger=self.ledger,
            forge=Forge.from_client(
                github, pace=timedelta(0), patience=timedelta(seconds=5), now=self.clock, sleep=lambda seconds: None
            ),
            chat=Chat.from_client(client, retries=RepeatableCallRetries(sleep=lambda seconds: None)),
            now=self.clock,
        )

    @property
    def upgrade(self) -> Upgrade:
        return self.desk().upgrade_at(self.clock())

    def edit(self, **changes: Any) -> None:
        """Change the repository's entry as an edit of the file would."""
        entry = self.team.upgrades.repositories[0].model_copy(update=changes)
        rules = self.team.upgrades.model_copy(update={"repositories": (entry,)})
        self.team = self.team.model_copy(update={"upgrades": rules})

    def script(self, **changes: Any) -> None:
        self.github.script_upgrade(REPO, WORKFLOW, **changes)

    def fault(self, kind: str, path: str, *, times: int = 1, method: str = "*") -> None:
        self.github.script(Fault.model_validate({"kind": kind, "path": path, "times": times, "method": method}))

    def slack_fault(self, kind: str, *, times: int = 1) -> None:
        self.slack.faults.append(
            SlackFault.model_validate({"kind": kind, "method": "chat.postMessage", "times": times})
        )

    def found(self) -> PullRecord:
        """Start the workflow, let it end, and find its pull request."""
        upgrade = self.upgrade
        starting.start(self.desk(), upgrade)
        self.clock.move(minutes=8)
        search = finding.search(self.desk(), upgrade)
        assert search.pull is not None, search
        finding.remember(self.desk(), upgrade, search.pull)
        return self.pulls[search.pull.number]

    def checked(self) -> PullRecord:
        """And let its checks end."""
        pull = self.found()
        self.clock.move(minutes=15)
        return pull

    @property
    def pulls(self) -> dict[int, PullRecord]:
        self.github.settle()
        return self.github.repository(REPO).record.pulls

    def dispatches(self) -> int:
        return len(self.github.writes(path="/dispatches"))

    def merges(self) -> int:
        return len(self.github.writes(path="/merge"))

    def texts(self) -> list[str]:
        return [message.text for message in self.slack.messages[self.team.channels["eng-dre"].id]]


def new_yard(boards: tuple[Switchboard, Switchboard], ledger: Ledger, at: datetime = MONDAY) -> Yard:
    """Put new stand-ins behind the addresses."""
    include = load(INCLUDE, teams=["dre"])
    clock = HandClock(at)
    workflow = WorkflowSpec(
        file=WORKFLOW, name="Update dependencies", run_name="{workflow} {key}", upgrade=UpgradeSpec(files=PATCH)
    )
    github = GithubWorld(clock=clock, repositories=[RepositorySpec(name=REPO, history=None, workflows=(workflow,))])
    slack = slack_world(include)
    slack.clock = clock
    boards[0].app = github_standin.create_app(github)
    boards[1].app = slack_standin.create_app(slack, mailbox=Mailbox(clock=clock))
    return Yard(include.team("dre"), clock, ledger, github, slack, boards[0].base, boards[1].base)
