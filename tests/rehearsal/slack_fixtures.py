"""A small stand-in workspace for tests, on a clock that stands still until it is moved."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from starlette.types import ASGIApp, Receive, Scope, Send

from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack.models import SlackChannel, SlackFault, SlackUser, SlackUsergroup
from stationmaster.rehearsal.slack.standin import create_app
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN, SlackWorld

OPS, ENG, PRIVATE, OLD = "C0244PQK934", "C023Q1APASK", "C0PRIVATE01", "C0ARCHIVED1"
ANA, BEN, CHO, GUEST, ROBOT, GONE = "U0ANA00001", "U0BEN00001", "U0CHO00001", "U0GUEST001", "U0ROBOT001", "U0GONE0001"
ONCALL = "S0ONCALL01"


@dataclass
class HandClock:
    """A clock that a test moves."""

    instant: datetime = field(default_factory=lambda: datetime(2026, 8, 20, 17, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.instant

    def move(self, **by: float) -> None:
        self.instant += timedelta(**by)


def build_world(clock: HandClock, **options: Any) -> SlackWorld:
    return SlackWorld(
        clock=clock,
        users=[
            SlackUser(id=ANA, name="ana", real_name="Ana Ortiz", email="ana@example.org", tz="America/Los_Angeles"),
            SlackUser(id=BEN, name="ben", real_name="Ben Okafor", email="ben@example.org", tz="America/New_York"),
            SlackUser(id=CHO, name="cho", real_name="Cho Park", tz="Asia/Seoul"),
            SlackUser(id=GUEST, name="guest", guest=True),
            SlackUser(id=ROBOT, name="robot", bot=True),
            SlackUser(id=GONE, name="gone", deleted=True, email="gone@example.org"),
        ],
        channels=[
            SlackChannel(id=OPS, name="single-cell-ops"),
            SlackChannel(id=ENG, name="single-cell-eng", bot_joined=False),
            SlackChannel(id=PRIVATE, name="secret", private=True),
            SlackChannel(id=OLD, name="old", archived=True),
        ],
        usergroups=[SlackUsergroup(id=ONCALL, handle="oncall", users=[ANA])],
        **options,
    )


@dataclass
class Workspace:
    """A served world."""

    world: SlackWorld
    clock: HandClock
    base: str

    def client(self, **options: Any) -> WebClient:
        """A real SDK client; `retry_handlers=None` leaves the SDK's own defaults in place."""
        options = {"token": STAND_IN_TOKEN, "base_url": f"{self.base}/api/", "retry_handlers": [], **options}
        return WebClient(**options)

    def fault(self, kind: str, method: str = "*", **details: Any) -> None:
        self.world.faults.append(SlackFault.model_validate({"kind": kind, "method": method, **details}))

    def texts(self, channel: str = OPS) -> list[str]:
        return [message.text for message in self.world.messages[channel]]

    def calls(self, method: str) -> int:
        return sum(entry.method == method for entry in self.world.journal)


class Switchboard:
    """One server for many tests: a start and a stop cost a quarter of a second each."""

    def __init__(self) -> None:
        self.base = ""
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._app is not None
        await self._app(scope, receive, send)

    def workspace(self, **options: Any) -> Workspace:
        """Put a new world behind the server's address."""
        clock = HandClock()
        world = build_world(clock, **options)
        self._app = create_app(world)
        return Workspace(world=world, clock=clock, base=self.base)


@contextmanager
def switchboard() -> Iterator[Switchboard]:
    board = Switchboard()
    with serve(board) as board.base:
        yield board
