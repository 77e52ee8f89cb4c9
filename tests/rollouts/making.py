"""The dre team with a train that rolls out, its stand-ins on loopback, one clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import yaml
from slack_sdk import WebClient

from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.gates import Standing
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.core.rollouts.progress import Progress
from stationmaster.departures.station import Station
from stationmaster.hooks.alerts import FiringAlerts
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.chat_retries import RepeatableCallRetries
from stationmaster.hooks.errors import ForgeNotFound
from stationmaster.hooks.governance_wire import Address
from stationmaster.hooks.proposals import Proposals
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.alerts.standin import AlertWorld
from stationmaster.rehearsal.governance.standin import STAND_IN_TOKEN
from stationmaster.rehearsal.governance.world import GovernanceWorld
from stationmaster.rehearsal.slack.models import SlackChannel, SlackUser
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN as SLACK_TOKEN
from stationmaster.rehearsal.slack.world import SlackWorld
from stationmaster.rollouts import planning, records, stepping
from stationmaster.rollouts.records import RolloutRecord
from stationmaster.work.obstacles import hindrance, waiting
from tests.departures.week import INCLUDE, HandClock

OLD, NEW, OTHER = "0" * 40, "a" * 40, "b" * 40
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
DEPARTURE = "dre.weekly/2026-W47"
TARGETS = ("io67a", "shefu", "uzr34", "pjljw", "qdvhd", "bkfrj", "tdb26", "pzp6e")
TRAIN = """
id: weekly
team: dre
title: Weekly
channel: eng-release
components:
  - id: replica
    repository: dfinity/dre
    environments: {staging: {mode: auto}, prod: {mode: manual, runbook: promote}}
stops:
  cut: {day: thursday, earliest: "9:00", target: "10:00", latest_start: "16:00", environment: staging}
  promote: {day: friday, earliest: "9:00", target: "10:00", latest_start: "16:00", environment: prod}
gates:
  soak: {days: 1}
  quorum: {needed: 1, voters: engineers}
rollout:
  component: replica
  targets: {io67a: Canary, shefu: S, uzr34: II, pjljw: P, qdvhd: Q, bkfrj: B, tdb26: NNS, pzp6e: Z}
  plan: |
    zone: UTC
    Monday:
      "9:00": [io67a]
      "11:00": [shefu, uzr34]
    Tuesday:
      "7:00": [pjljw, {target: qdvhd, version: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}, bkfrj]
  vote: {channel: eng-release, role: primary}
  separate: [{targets: [uzr34, pzp6e]}]
"""


def dre_team(**rollout: Any) -> TeamConfig:
    """The shipped team with this train in place of its own; fields of the rollout may be changed."""
    team = load(INCLUDE, teams=["dre"]).team("dre")
    train = yaml.safe_load(TRAIN)
    train["zone"] = "Europe/Zurich"
    train["rollout"] |= rollout
    train["on_call"] = train["rollout"]["vote"]["role"] = "ops"
    connections = team.connections.model_copy(update={"proposals": "governance", "alerts": "alerts"})
    return team.model_copy(update={"trains": {"weekly": TrainConfig.model_validate(train)}, "connections": connections})


class Histories:
    """The order of commits, as GitHub's comparison tells it."""

    order = (OLD, OTHER, NEW)

    def relation(self, repository: str, base: str, head: str) -> str:
        if base not in self.order or head not in self.order:
            raise ForgeNotFound(f"{repository} has no such commit")
        first, second = self.order.index(base), self.order.index(head)
        return "identical" if first == second else "ahead" if second > first else "behind"


@dataclass
class Rolling:
    """A departure that is promoted, and the world that its rollout changes."""

    clock: HandClock
    governance: GovernanceWorld
    alerts: AlertWorld
    slack: SlackWorld
    team: TeamConfig
    ledger: Ledger
    base: str
    slept: list[float] = field(default_factory=list)

    def station(self, **changes: Any) -> Station:
        """A station as every task makes one."""
        fields = {"ledger": self.ledger, "chat": self.chat, "forge": Histories(), "now": self.clock} | changes
        station = Station(team=self.team, train="weekly", **fields)
        headers = {"Authorization": f"Bearer {STAND_IN_TOKEN}"}
        station.__dict__["proposals"] = Proposals("", address=Address(f"{self.base}/governance", headers))
        station.__dict__["alerts"] = FiringAlerts("", address=Address(f"{self.base}/alertmanager", {}))
        return station

    @cached_property
    def chat(self) -> Chat:
        client = WebClient(token=SLACK_TOKEN, base_url=f"{self.base}/slack/api/", timeout=2)
        return Chat.from_client(client, retries=RepeatableCallRetries(sleep=self.slept.append))

    def promoted(self, departure: str = DEPARTURE, version: str = NEW) -> str:
        """A departure that production runs."""
        train, _, week = departure.partition("/")
        now = self.clock()
        self.ledger.open_departure(train, IsoWeek.parse(week), now, "timetable")
        passenger = Passenger(component="replica", repository="dfinity/dre", sha=version)
        self.ledger.pin(departure, Manifest(passengers=(passenger,)), now, "timetable")
        value = {"sha": version, "how": "by hand"}
        self.ledger.record(departure, "deployed", "replica/prod", value, now, "stationmaster")
        self.ledger.set_state(departure, DepartureState.DONE, now, "stationmaster", "promoted")
        return departure

    def open(self, text: str | None = None, **choice: Any) -> RolloutRecord:
        """A rollout with the plan of the file, or another."""
        station = self.station()
        found = planning.check(station, week=choice.get("week"), text=text, start=choice.get("start"))
        return planning.open_rollout(station, found, by="anouk")

    def act(self, batch: int, stage: str, number: int = 1) -> Standing:
        """What a worker does; an error becomes its blocker, as the task makes one of it."""
        return self._guarded(stepping.act, batch, stage, number)

    def look(self, batch: int, stage: str, number: int = 1) -> Standing:
        """What the triggerer does."""
        return self._guarded(stepping.look, batch, stage, number)

    def drive(self, batch: int, stage: str, *, most: int = 400, minutes: float = 5) -> Standing:
        """Act, then look every five minutes, and act again when the look opens, as a task and its trigger do."""
        standing = self.act(batch, stage)
        for _ in range(most):
            if standing.opens:
                return standing
            self.clock.move(minutes=minutes)
            if self.look(batch, stage).opens:
                standing = self.act(batch, stage)
        raise AssertionError(standing)

    def roll(self, batch: int) -> None:
        """A whole batch."""
        for stage in stepping.STAGES:
            self.drive(batch, stage, minutes=60 if stage == stepping.START else 5)

    def progress(self, departure: str = DEPARTURE) -> dict[str, Progress]:
        record = records.newest(self.ledger, departure)
        assert record is not None
        return {target: each.progress for target, each in records.reached(self.ledger, record).items()}

    def said(self, channel: str = "eng-release") -> list[str]:
        """What stands in a channel, threads included, oldest first."""
        return [message.text for message in self.slack.messages[self.team.channels[channel].id]]

    def codes(self, standing: Standing) -> list[str]:
        return [found.code for found in standing.blockers]

    def _guarded(self, step: Any, batch: int, stage: str, number: int) -> Standing:
        station = self.station()
        try:
            return step(station, DEPARTURE, number, batch, stage)
        except Exception as error:
            found = hindrance(station, error, ())
            if found is None:
                raise
            return waiting("error", found)


def slack_world(clock: HandClock, team: TeamConfig) -> SlackWorld:
    users = [
        SlackUser(id=account, name=person.id, real_name=person.name)
        for person in team.people.values()
        for account in person.slack
    ]
    channels = [SlackChannel(id=channel.id, name=channel.name) for channel in team.channels.values()]
    return SlackWorld(clock=clock, users=users, channels=channels)


def governance_world(clock: HandClock, targets: tuple[str, ...] = TARGETS, **options: Any) -> GovernanceWorld:
    world = GovernanceWorld(dict.fromkeys(targets, OLD), clock=clock, **options)
    world._elected |= {NEW, OTHER}
    return world


__all__ = ["DEPARTURE", "MONDAY", "NEW", "OLD", "OTHER", "TARGETS", "Rolling", "dre_team", "timedelta"]
