"""A week of the cellxgene train on real history: the real hooks, the stand-ins on loopback, one clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

from github import Auth, Github
from slack_sdk import WebClient
from starlette.types import ASGIApp, Receive, Scope, Send

from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.core.changelog import Change
from stationmaster.core.gates import Standing, Verdict
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.departures import (
    changes,
    closing,
    cutting,
    deploying,
    failing,
    last_word,
    opening,
    starting,
    verifying,
    voting,
)
from stationmaster.departures.legs import Leg
from stationmaster.departures.obstacles import obstacle
from stationmaster.departures.station import Station
from stationmaster.departures.watches import look
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.chat_retries import RepeatableCallRetries
from stationmaster.hooks.forge import Forge
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import DepartureState, Fact
from stationmaster.rehearsal.github import repository as github_repository
from stationmaster.rehearsal.github import standin as github_standin
from stationmaster.rehearsal.github.faults import Fault
from stationmaster.rehearsal.github.history import History
from stationmaster.rehearsal.github.history import load as load_history
from stationmaster.rehearsal.github.specs import EnvironmentSpec, RepositorySpec, WorkflowSpec
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN as GITHUB_TOKEN
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.slack.models import SlackChannel, SlackFault, SlackUser
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN as SLACK_TOKEN
from stationmaster.rehearsal.slack.world import SlackWorld
from stationmaster.work.obstacles import StepImpossible, waiting

INCLUDE = Path(__file__).parents[2] / "include"
PORTAL, EXPLORER = "chanzuckerberg/single-cell-data-portal", "chanzuckerberg/single-cell-explorer"
COMPONENTS = {"portal": PORTAL, "explorer": EXPLORER}
OPS = "C0244PQK934"
# A Thursday, 09:00 in California; ben is primary, farah secondary, jules tertiary.
THURSDAY = datetime(2021, 10, 21, 16, 0, tzinfo=UTC)
WEDNESDAY = datetime(2021, 10, 27, 16, 0, tzinfo=UTC)
LAST_THURSDAY = datetime(2021, 10, 14, 17, 0, tzinfo=UTC)
SUMMER = datetime(2021, 6, 1, tzinfo=UTC)
RUN = timedelta(seconds=60)
THE_ONE_BEFORE = datetime(2021, 10, 7, 17, 0, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that a test moves."""

    instant: datetime = THURSDAY

    def __call__(self) -> datetime:
        return self.instant

    def move(self, **by: float) -> None:
        self.instant += timedelta(**by)

    def to(self, instant: datetime) -> None:
        assert instant >= self.instant, "this clock only goes forward"
        self.instant = instant


def github_world(clock: HandClock, **options: Any) -> GithubWorld:
    """The two repositories: the portal's staging follows main, the explorer's is deployed by a workflow."""
    old, older = LAST_THURSDAY, THE_ONE_BEFORE
    if clock() > THURSDAY + timedelta(days=7):
        old, older = clock() - timedelta(days=7), clock() - timedelta(days=14)
    with patch.object(github_repository, "load", recent_history):
        return _github_world(clock, old, older, **options)


@cache
def recent_history(name: str, *, shift: timedelta = timedelta()) -> History:
    """The real history from the summer before on: thousands of older commits would cost each test its time."""
    whole = load_history(name, shift=shift)
    return History(commits=tuple(commit for commit in whole.commits if commit.landed_at >= SUMMER), tags=whole.tags)


def _github_world(clock: HandClock, old: datetime, older: datetime, **options: Any) -> GithubWorld:
    return GithubWorld(
        clock=clock,
        repositories=[
            RepositorySpec(
                name=PORTAL,
                environments=(
                    EnvironmentSpec(name="staging", follows="main"),
                    EnvironmentSpec(name="prod", as_of=older, production=True),
                ),
                workflows=(WorkflowSpec(file="deploy-happy-stack.yml", environment="{environment}", duration=RUN),),
            ),
            RepositorySpec(
                name=EXPLORER,
                environments=(
                    EnvironmentSpec(name="staging", as_of=old),
                    EnvironmentSpec(name="prod", as_of=older, production=True),
                ),
                workflows=(WorkflowSpec(file="deploy.yml", environment="{environment}", duration=RUN),),
            ),
        ],
        **options,
    )


def slack_world(clock: HandClock, team: TeamConfig, **options: Any) -> SlackWorld:
    users = [
        SlackUser(id=account, name=account.lower(), real_name=person.name)
        for person in team.people.values()
        for account in person.slack
    ]
    users += [SlackUser(id="U0STRANGER", name="stranger"), SlackUser(id="U0ROBOT001", name="robot", bot=True)]
    channels = [
        SlackChannel(id=channel, name=name, members=[user.id for user in users])
        for channel, name in ((OPS, "single-cell-ops"), ("C05SECURITY", "single-cell-security"))
    ]
    return SlackWorld(clock=clock, users=users, channels=channels, **options)


class Switchboard:
    """One server for many tests: a start and a stop cost a quarter of a second each."""

    def __init__(self) -> None:
        self.base = ""
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@contextmanager
def switchboard() -> Iterator[Switchboard]:
    board = Switchboard()
    with serve(board) as board.base:
        yield board


@dataclass
class Week:
    """The train's world and its hand: each method does what one task does."""

    clock: HandClock
    github: GithubWorld
    slack: SlackWorld
    team: TeamConfig
    ledger: Ledger
    github_url: str
    slack_url: str
    departure: str = "cellxgene.weekly/2021-W42"
    slept: list[float] = field(default_factory=list)

    def station(self, **overrides: Any) -> Station:
        """A station as every task makes one; connections are shared, for to open them is half of a test's time."""
        fields = {"ledger": self.ledger, "forge": self.shared_forge, "chat": self.shared_chat, "now": self.clock}
        fields |= overrides
        return Station(team=self.team, train="weekly", **fields)

    @cached_property
    def shared_forge(self) -> Forge:
        return self.forge()

    @cached_property
    def shared_chat(self) -> Chat:
        return self.chat()

    def forge(self) -> Forge:
        client = Github(auth=Auth.Token(GITHUB_TOKEN), base_url=f"{self.github_url}/api/v3")
        return Forge.from_client(
            client, pace=timedelta(0), patience=timedelta(seconds=5), now=self.clock, sleep=self.slept.append
        )

    def chat(self) -> Chat:
        client = WebClient(token=SLACK_TOKEN, base_url=f"{self.slack_url}/api/", timeout=1)
        return Chat.from_client(client, retries=RepeatableCallRetries(sleep=self.slept.append))

    # The cut.

    def open_cut(self) -> str:
        station = self.station()
        self.departure = opening.departure_to_cut(
            station, opening.departure_id(station, at=self.clock(), stop="cut"), by="timetable"
        ).id
        return self.departure

    def cut(self, **choice: Any) -> Manifest:
        station = self.station()
        selection = cutting.select(station, **choice)
        assert selection.standing.opens, selection.blockers
        manifest = cutting.pin(station, self.departure, selection, by="timetable")
        changes.collect(station, self.departure, manifest)
        return manifest

    def leg(self, stop: str, component: str) -> Leg:
        found = deploying.leg_of(self.station(), self.departure, stop, component)
        assert found is not None
        return found

    def advance(self, stop: str, component: str, station: Station | None = None) -> Standing:
        at = station or self.station()
        leg = self.leg(stop, component)
        standing = deploying.advance(at, leg)
        if deploying.has_begun(at, leg):
            starting.announce(at, self.departure, stop)
        return standing

    def advance_guarded(self, stop: str, component: str) -> Standing:
        """Advance as the task does: an error becomes its blocker."""
        station = self.station()
        try:
            return self.advance(stop, component, station)
        except Exception as error:
            found = obstacle(station, error)
            if found is None:
                raise
            return waiting("error", found)

    def deploy(self, stop: str, component: str) -> Standing:
        """Advance until the workflow has ended, as the task and its trigger do in turn."""
        for _ in range(80):
            standing = self.advance(stop, component)
            if standing.opens:
                return standing
            if standing.verdict is Verdict.DENY and standing.gate == "run":
                deploying.note_failed_run(self.station(), self.leg(stop, component), standing)
                raise StepImpossible(*standing.blockers)
            assert standing.gate in ("run", "deploy"), standing
            self.clock.move(seconds=45)
        raise AssertionError(standing)

    def verify(self, stop: str, component: str) -> Standing:
        station, leg = self.station(), self.leg(stop, component)
        for _ in range(200):
            standing = verifying.observe(station, leg)
            if standing.opens:
                since = verifying.first_seen(station, leg)
                deploying.record_deployed(station, leg, at=since, how="reported by the environment")
                return standing
            if standing.verdict is Verdict.DENY:
                return standing
            self.clock.move(seconds=30)
        raise AssertionError(standing)

    def answer_failure(
        self, stop: str, component: str, choice: str = "deploy_again", *, by: str = "farah", reason: str = "it is fixed"
    ) -> Fact:
        """Say what follows the failure that is the last word."""
        station, leg = self.station(), self.leg(stop, component)
        failure = failing.open_failure(station, leg)
        assert failure is not None
        at, chosen = self.clock(), failing.Choice(choice)
        return failing.answer(station, leg, failure, chosen, reason=reason, by=by, at=at)

    def checklist(self, environment: str, *, answer: str = "passed", component: str = "explorer") -> None:
        sha = self.ledger.manifest_of(self.departure).sha_of(component)
        value = {"sha": sha, "passed": answer == "passed", "items": [{"title": "Loads", "answer": answer}], "note": ""}
        self.ledger.record(self.departure, "checklist", f"{component}/{environment}", value, self.clock(), "ben")

    def close(self, stop: str, *, failed: bool = False, why: str = "") -> DepartureState:
        return closing.close(self.station(), self.departure, stop, failed=failed, why=why)

    def stage(self) -> Manifest:
        """Thursday, from the opening to the end of the cut, without the question."""
        self.open_cut()
        self.clock.move(minutes=20)
        manifest = self.cut()
        for component in ("portal", "explorer"):
            self.deploy("cut", component)
            self.verify("cut", component)
        self.checklist("staging")
        assert self.close("cut") is DepartureState.STAGED
        return manifest

    # The promotion.

    def open_promote(self) -> None:
        station = self.station()
        found = opening.departure_to_promote(station, opening.departure_id(station, at=self.clock(), stop="promote"))
        assert found.id == self.departure
        voting.open_round(station, self.departure)

    def staged(self, *, at: datetime | None = None) -> Manifest:
        """Thursday's end without its steps: what the cut would have left in the ledger and on staging."""
        self.departure = opening.departure_to_cut(
            self.station(), opening.departure_id(self.station(), at=self.clock(), stop="cut"), by="timetable"
        ).id
        at = at or self.clock() + timedelta(hours=1)
        manifest = self.manifest_of_heads()
        self.ledger.pin(self.departure, manifest, at, "timetable")
        self.arrive(manifest, at)
        self.ledger.set_state(self.departure, DepartureState.STAGED, at, "stationmaster", "cut is over")
        return manifest

    def manifest_of_heads(self) -> Manifest:
        heads = {name: self.github.repository(repo).record.refs["heads/main"] for name, repo in COMPONENTS.items()}
        return Manifest.of(
            Passenger(component=name, repository=COMPONENTS[name], sha=sha) for name, sha in heads.items()
        )

    def arrive(self, manifest: Manifest, at: datetime) -> None:
        """Let the manifest be seen on staging, tested, and its changes be known."""
        for passenger in manifest.passengers:
            subject, value = f"{passenger.component}/staging", {"sha": passenger.sha, "how": "seen"}
            key = f"deployed/{subject}/{passenger.sha}"
            self.ledger.record_once(self.departure, "deployed", subject, value, at, "stationmaster", key=key)
        change = Change(number=7, title="Draw faster", author="dev-12", sha="", repository=EXPLORER)
        value = {"changes": [change.model_dump(mode="json")], "authors": ["dev-12"]}
        self.ledger.record_once(self.departure, "changes", manifest.hash, value, at, "stationmaster")
        self.checklist("staging")

    def gate(self) -> Manifest:
        """Everything up to Wednesday's open gate."""
        manifest = self.staged()
        self.clock.to(WEDNESDAY)
        self.open_promote()
        return manifest

    def vote(self, person: str, choice: str = "approve", *, reason: str = "", manifest: str | None = None) -> None:
        """Cast in Airflow."""
        of = manifest or self.ledger.manifest_of(self.departure).hash
        self.clock.move(seconds=1)
        voting.cast(
            self.station(),
            self.departure,
            person=person,
            account=person,
            choice=choice,
            reason=reason,
            manifest=of,
            cast_at=self.clock(),
        )

    def question(self, number: int = 1) -> str:
        from stationmaster.departures import (
            telling,
        )

        message = telling.told(self.station(), self.departure, f"promote/round-{number}")
        assert message is not None
        return message.ts

    def thread(self) -> str:
        from stationmaster.departures import (
            telling,
        )

        message = telling.told(self.station(), self.departure, "headline")
        assert message is not None
        return message.ts

    def slack_of(self, person: str) -> str:
        return self.team.people[person].slack[0]

    def react(self, person: str, emoji: str = "white_check_mark", number: int = 1) -> None:
        self.slack.react_as(self.slack_of(person), OPS, self.question(number), emoji)

    def unreact(self, person: str, emoji: str = "white_check_mark", number: int = 1) -> None:
        self.slack.unreact_as(self.slack_of(person), OPS, self.question(number), emoji)

    def reply(self, person: str, text: str) -> str:
        self.clock.move(seconds=1)
        return self.slack.post_as(self.slack_of(person), OPS, text, thread_ts=self.thread()).ts

    def quorum(self) -> None:
        for person in ("amara", "emil", "chiara"):
            self.vote(person)

    def confirm(self, person: str | None = None, choice: str = "go") -> None:
        manifest = self.ledger.manifest_of(self.departure)
        value = {"person": person or self.station().conductor.id, "choice": choice}
        by = value["person"]
        self.ledger.record(self.departure, "confirmed", manifest.hash, value, self.clock(), by)

    def ready(self) -> Manifest:
        """Everything up to the moment before the deploy."""
        manifest = self.gate()
        self.quorum()
        self.confirm()
        return manifest

    def repin(self) -> Manifest:
        """A hotfix came to staging: another manifest, staged as long ago as the first."""
        self.github.push(EXPLORER, title="Mend the crash", author="dev-30")
        manifest = self.manifest_of_heads()
        self.ledger.pin(self.departure, manifest, self.clock(), "ben")
        self.arrive(manifest, self.clock() - timedelta(days=6))
        return manifest

    def promote(self) -> None:
        for component in ("portal", "explorer"):
            self.deploy("promote", component)
            assert self.verify("promote", component).opens
            self.checklist("prod")

    def promote_without_scripts(self) -> None:
        for component in ("portal", "explorer"):
            assert self.deploy("promote", component).opens
            assert self.verify("promote", component).opens
        self.checklist("prod")

    def break_down(self, component: str = "explorer") -> None:
        """A task of a component fails for good on the way to production: its worker was killed at each try, say."""
        last_word.note(self.station(), self.leg("promote", component), task="a task", why="its worker was killed")

    # What the world received.

    def dispatches(self, repo: str = "") -> list[dict[str, Any]]:
        return [entry.body for entry in self.github.writes(path="/dispatches") if repo in entry.path]

    def texts(self) -> list[str]:
        return [
            message.text for message in self.slack.messages[OPS] if message.from_bot or message.user == "U0STATION1"
        ]

    def said(self, words: str) -> int:
        return sum(words in text for text in self.texts())

    def fault(self, kind: str, path: str, **details: Any) -> None:
        self.github.script(Fault(kind=kind, path=path, **details))

    def slack_fault(self, kind: str, method: str = "*", **details: Any) -> None:
        self.slack.faults.append(SlackFault.model_validate({"kind": kind, "method": method, **details}))

    def slack_down(self, *, down: bool = True) -> None:
        self.slack.faults.clear()
        if down:
            self.slack_fault("server_error_before", times=100_000)

    def look(self, watch: str, task: str | None = None, **arguments: Any) -> Standing:
        """Take a look and keep its blockers, as the trigger does."""
        station = self.station()
        found = look(station, watch, self.departure, arguments)
        stop = arguments.get("stop", "cut" if watch in ("hold", "selection", "opening") else "promote")
        self.ledger.set_blockers(f"{self.departure}/{stop}/{task or watch}", found.blockers, self.clock())
        return found


Maker = Callable[..., Week]


@cache
def shipped_team() -> TeamConfig:
    loaded = load(INCLUDE, teams=["cellxgene"])
    assert not loaded.errors, loaded.errors
    return loaded.team("cellxgene")


def new_week(
    boards: tuple[Switchboard, Switchboard], ledger: Ledger, *, clock: HandClock | None = None, **options: Any
) -> Week:
    """Put a new world behind the two addresses."""
    clock = clock or HandClock()
    team = shipped_team()
    github, slack = github_world(clock, **options), slack_world(clock, team)
    boards[0].app, boards[1].app = github_standin.create_app(github), slack_standin.create_app(slack)
    return Week(
        clock=clock,
        github=github,
        slack=slack,
        team=team,
        ledger=ledger,
        github_url=boards[0].base,
        slack_url=boards[1].base,
    )
