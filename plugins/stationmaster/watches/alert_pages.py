"""Alerts that no page is about: each is debt until somebody writes what to do (O-09)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.config.runbook_pages import Debt
from stationmaster.config.watch_kinds import AlertsWatch
from stationmaster.core.instants import local_text
from stationmaster.watches.alert_books import AlertBook

if TYPE_CHECKING:
    from stationmaster.work.context import Desk


def debts(desk: Desk) -> Iterator[Debt]:
    """Yield each alert of this month or the last that neither the team nor its system has a page for."""
    for watch in desk.files.watches.values():
        if isinstance(watch, AlertsWatch):
            for title, came in sorted(_without_page(desk, watch).items()):
                times = "once" if len(came) == 1 else f"{len(came)} times"
                yield Debt(
                    "alert_without_page",
                    f"{desk.files.id}.watches.{watch.id}",
                    f"the alert {title!r} came {times}, last on {local_text(max(came), desk.files.zone)}, and no page "
                    "says what to do",
                    f"Write a page under include/runbooks, and name it under pages of the watch {watch.id}.",
                )


def _without_page(desk: Desk, watch: AlertsWatch) -> dict[str, set[datetime]]:
    found: dict[str, set[datetime]] = defaultdict(set)
    if watch.runbook is not None:
        return found
    for event in AlertBook(desk, watch.id).events:
        if event.status == "firing" and not event.runbook and not watch.page(event.title):
            found[event.title].add(event.at)
    return found
