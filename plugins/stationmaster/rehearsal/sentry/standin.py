"""The stand-in Sentry on loopback: how often errors were seen, as its events endpoint shows it; tests let them come."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from stationmaster import clock as real_clock
from stationmaster.rehearsal.controlled import Order, order

STAND_IN_TOKEN = "stand-in-sentry-token"  # noqa: S105 - known to everybody, and opens nothing but a stand-in
_LIST = re.compile(r"(\w+):\[([^\]]*)\]")


class Errors(Order):
    """POST /_control/sentry/errors: an error is seen ``times``, evenly ``over`` the seconds before ``until`` (now)."""

    issue: str
    title: str = "TypeError: undefined is not a function"
    project: str
    environment: str = "prod"
    times: int = 1
    over: float = 0
    until: datetime | None = None


class Silent(Order):
    """POST /_control/sentry/silence: the next ``times`` answers are 503."""

    times: int = 1


class SentryWorld:
    """The errors that were seen."""

    def __init__(self, *, clock: Callable[[], datetime] = real_clock.now) -> None:
        self._clock = clock
        self._seen: list[tuple[datetime, Errors]] = []
        self._silent = 0
        self._lock = threading.Lock()

    def see(self, errors: Errors) -> None:
        """Let an error come."""
        until = errors.until or self._clock()
        step = timedelta(seconds=errors.over) / max(errors.times, 1)
        with self._lock:
            self._seen += [(until - step * (number + 1), errors) for number in range(errors.times)]

    def silence(self, given: Silent) -> None:
        """Answer nothing for a while."""
        with self._lock:
            self._silent = given.times

    def rows(self, request: Request) -> list[dict[str, Any]] | None:
        """Return what the query asks for, None: nothing is answered."""
        with self._lock:
            if self._silent:
                self._silent -= 1
                return None
            seen = list(self._seen)
        query = request.query_params
        start, end = (datetime.fromisoformat(query[name]).replace(tzinfo=UTC) for name in ("start", "end"))
        wanted = {name: set(values.split(",")) for name, values in _LIST.findall(query["query"])}
        counted: Counter[str] = Counter()
        titles: dict[str, str] = {}
        for at, errors in seen:
            if (
                start <= at < end
                and errors.environment == query["environment"]
                and errors.project in wanted.get("project", {errors.project})
                and errors.issue in wanted.get("issue", {errors.issue})
            ):
                counted[errors.issue] += 1
                titles[errors.issue] = errors.title
        most = counted.most_common(int(query["per_page"]))
        return [{"issue": name, "title": titles[name], "count()": count} for name, count in most]


def create_app(world: SentryWorld) -> Starlette:
    """Return the service and its control."""

    def events(request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {STAND_IN_TOKEN}":
            return JSONResponse({"detail": "Invalid token"}, status_code=401)
        rows = world.rows(request)
        return JSONResponse({"detail": "later"}, status_code=503) if rows is None else JSONResponse({"data": rows})

    return Starlette(
        routes=[
            Route("/api/0/organizations/{organization}/events/", events),
            Mount(
                "/_control/sentry",
                routes=[order("/errors", Errors, world.see), order("/silence", Silent, world.silence)],
            ),
        ]
    )
