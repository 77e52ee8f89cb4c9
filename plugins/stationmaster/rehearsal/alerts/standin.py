"""The stand-in Alertmanager on loopback: what fires, as ``GET /api/v2/alerts`` shows it; tests light and quench."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from stationmaster import clock as real_clock
from stationmaster.rehearsal.controlled import Order, order


class Fire(Order):
    """POST /_control/alerts/fire: an alert begins; its labels tell it from others. /_control/alerts/end ends it."""

    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)


class Silence(Order):
    """POST /_control/alerts/silence: the next ``times`` answers are 503."""

    times: int = 1


class AlertWorld:
    """The alerts that fire."""

    def __init__(self, *, clock: Callable[[], datetime] = real_clock.now) -> None:
        self._clock = clock
        self._firing: dict[tuple[tuple[str, str], ...], tuple[datetime, dict[str, str]]] = {}
        self._silent = 0
        self._lock = threading.Lock()

    def fire(self, alert: Fire) -> None:
        """Let an alert fire."""
        with self._lock:
            self._firing.setdefault(tuple(sorted(alert.labels.items())), (self._clock(), alert.annotations))

    def end(self, alert: Fire) -> None:
        """Let an alert end."""
        with self._lock:
            self._firing.pop(tuple(sorted(alert.labels.items())), None)

    def silence(self, order: Silence) -> None:
        """Answer nothing for a while."""
        with self._lock:
            self._silent = order.times

    def answer(self) -> list[dict[str, Any]] | None:
        """Return what is answered, None: nothing."""
        with self._lock:
            if self._silent:
                self._silent -= 1
                return None
            return [
                {
                    "labels": dict(labels),
                    "annotations": notes,
                    "startsAt": since.isoformat(),
                    "status": {"state": "active"},
                }
                for labels, (since, notes) in self._firing.items()
            ]


def create_app(world: AlertWorld) -> Starlette:
    """Return the service and its control."""

    def alerts(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
        found = world.answer()
        return JSONResponse({"error": "later"}, status_code=503) if found is None else JSONResponse(found)

    return Starlette(
        routes=[
            Route("/api/v2/alerts", alerts),
            Mount(
                "/_control/alerts",
                routes=[
                    order("/fire", Fire, world.fire),
                    order("/end", Fire, world.end),
                    order("/silence", Silence, world.silence),
                ],
            ),
        ]
    )
