"""A small stand-in GitHub for tests, on a clock that stands still until it is moved."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import github
import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from stationmaster.hooks.forge import Forge
from stationmaster.rehearsal.github.specs import EnvironmentSpec, RepositorySpec, WorkflowSpec
from stationmaster.rehearsal.github.standin import create_app
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN, GithubWorld
from stationmaster.rehearsal.serving import serve

EXPLORER = "chanzuckerberg/single-cell-explorer"
PORTAL = "chanzuckerberg/single-cell-data-portal"
THURSDAY = datetime(2021, 10, 28, 18, 0, tzinfo=UTC)
HEAD = "a0beac87792903837b0f9db9ee9c85c177493f11"
"""The newest commit of the explorer on that Thursday."""


class HandClock:
    """A clock that a test moves; sleeping moves it too, and is remembered."""

    def __init__(self, instant: datetime = THURSDAY) -> None:
        self.instant = instant
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.instant

    def move(self, **by: float) -> None:
        self.instant += timedelta(**by)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds=seconds)


def explorer(**changes: Any) -> RepositorySpec:
    fields: dict[str, Any] = {
        "name": EXPLORER,
        "environments": (
            EnvironmentSpec(name="staging", follows="staging", after=timedelta(minutes=10)),
            EnvironmentSpec(name="prod", as_of=datetime(2021, 10, 20, 18, 0, tzinfo=UTC), production=True),
        ),
        "workflows": (WorkflowSpec(environment="{environment}", concurrency="deploy-{environment}"),),
    }
    return RepositorySpec(**{**fields, **changes})


@dataclass
class Stage:
    """A served world with a forge and a plain client on it."""

    world: GithubWorld
    clock: HandClock
    url: str
    http: httpx.Client

    @property
    def api(self) -> str:
        return f"{self.url}/api/v3"

    def client(self, token: str = STAND_IN_TOKEN, **options: Any) -> github.Github:
        return github.Github(
            auth=github.Auth.Token(token),
            base_url=self.api,
            seconds_between_requests=None,
            seconds_between_writes=None,
            **{"retry": None, **options},
        )

    def forge(self, *, token: str = STAND_IN_TOKEN, timeout: int = 5, **options: Any) -> Forge:
        fields = {"now": self.clock, "sleep": self.clock.sleep, "pace": timedelta(), **options}
        return Forge.from_client(self.client(token, timeout=timeout), **fields)

    def request(self, method: str, path: str, *, token: str | None = STAND_IN_TOKEN, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        return self.http.request(method, f"{self.api}{path}", headers=headers, **options)


class Exchange:
    """One server for the whole session, which serves the world of the test that runs."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self._open = ExitStack()
        self.url = self._open.enter_context(serve(self))
        self.http = self._open.enter_context(httpx.Client(verify=False))
        atexit.register(self._open.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is None:
            raise RuntimeError("no test has put a world on the stage")
        await self.app(scope, receive, send)


@cache
def exchange() -> Exchange:
    return Exchange()


@contextmanager
def stage(*repositories: RepositorySpec, clock: HandClock | None = None, **options: Any) -> Iterator[Stage]:
    hand = clock or HandClock()
    world = GithubWorld(repositories=repositories or (explorer(),), clock=hand, **options)
    shared = exchange()
    before, shared.app = shared.app, create_app(world)
    try:
        yield Stage(world=world, clock=hand, url=shared.url, http=shared.http)
    finally:
        shared.app = before
