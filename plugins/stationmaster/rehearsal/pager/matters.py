"""What fires at PagerDuty and at Jira Operations, as their lists show it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from starlette.datastructures import QueryParams

from stationmaster import clock as real_clock


class PagerMatter(BaseModel):
    """POST /_control/pager/matters: an incident or an alert begins."""

    model_config = ConfigDict(extra="forbid")

    vendor: Literal["pagerduty", "jira"]
    id: str
    title: str
    service: str = "PSERVICE"
    severity: str = "high"
    tags: tuple[str, ...] = ()


class MatterEnds(BaseModel):
    """POST /_control/pager/matters/end: it is over."""

    model_config = ConfigDict(extra="forbid")

    id: str


class Matters:
    """The incidents and alerts that are open, by their ids."""

    def __init__(self, *, clock: Callable[[], datetime] = real_clock.now) -> None:
        self.clock = clock
        self._open: dict[str, tuple[PagerMatter, datetime]] = {}
        self._lock = threading.Lock()

    def begin(self, matter: PagerMatter) -> None:
        """Let it begin; one that is open goes on."""
        with self._lock:
            self._open.setdefault(matter.id, (matter, self.clock()))

    def end(self, order: MatterEnds) -> None:
        """Let it end."""
        with self._lock:
            self._open.pop(order.id, None)

    def incidents(self, query: QueryParams) -> dict[str, Any]:
        """Return a page of PagerDuty's open incidents of some services."""
        services = query.getlist("service_ids[]")
        found = [
            {
                "id": matter.id,
                "type": "incident",
                "title": matter.title,
                "status": "triggered",
                "urgency": matter.severity,
                "created_at": since.isoformat(),
                "html_url": f"https://pagerduty.invalid/incidents/{matter.id}",
                "service": {"id": matter.service, "type": "service_reference", "summary": matter.service},
                "priority": None,
            }
            for matter, since in self._of("pagerduty")
            if not services or matter.service in services
        ]
        offset, limit = int(query.get("offset", "0")), int(query.get("limit", "25"))
        page = found[offset : offset + limit]
        return {"incidents": page, "limit": limit, "offset": offset, "more": len(found) > offset + limit, "total": None}

    def alerts(self, query: QueryParams) -> dict[str, Any]:
        """Return a page of Jira's open alerts."""
        found = [
            {
                "id": matter.id,
                "message": matter.title,
                "status": "open",
                "acknowledged": False,
                "priority": matter.severity,
                "createdAt": since.isoformat(),
                "tags": list(matter.tags),
                "entity": matter.service,
            }
            for matter, since in self._of("jira")
        ]
        offset, size = int(query.get("offset", "0")), int(query.get("size", "20"))
        return {"values": found[offset : offset + size], "count": len(found)}

    def _of(self, vendor: str) -> list[tuple[PagerMatter, datetime]]:
        with self._lock:
            return [each for each in self._open.values() if each[0].vendor == vendor]
