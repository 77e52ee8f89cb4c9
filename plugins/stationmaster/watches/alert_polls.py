"""What the systems that are asked say of alerts: what fires, and that something fires no more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.config.alert_sources import AlertmanagerAlerts, JiraAlerts, PagerDutyAlerts, WebhookAlerts
from stationmaster.core.alert_groups import Event, standing_alerts
from stationmaster.core.blockers import Blocker, blocker

_NEXT = timedelta(microseconds=1)

if TYPE_CHECKING:
    from stationmaster.config.alert_sources import AlertSource
    from stationmaster.config.watch_kinds import AlertsWatch
    from stationmaster.watches.alert_books import AlertBook
    from stationmaster.work.context import Desk


def poll(desk: Desk, watch: AlertsWatch, book: AlertBook) -> tuple[Blocker, ...]:
    """Ask every source that can be asked, and keep what it says; return which could not be read."""
    from stationmaster.hooks.governance_errors import GovernanceError
    from stationmaster.hooks.pager_models import PagerError

    blind = []
    for source in watch.sources:
        if isinstance(source, WebhookAlerts):
            continue
        try:
            firing = _firing(desk, watch, source)
        except (GovernanceError, PagerError) as error:
            why = str(error).strip().rstrip(".")
            blind.append(blocker("WATCH_BLIND", subject=source.kind, watch=watch.title, what=source.kind, why=why))
        else:
            book.keep(_words(desk, book, source.kind, firing))
    return tuple(blind)


def _words(desk: Desk, book: AlertBook, kind: str, firing: tuple[Event, ...]) -> list[Event]:
    """Return what is new in an answer: alerts, those that came back, and the end of those that are in it no more."""
    known = {name: event for name, event in standing_alerts(book.events).items() if event.source == kind}
    said: list[Event] = []
    for event in firing:
        last = known.pop(f"{event.source}/{event.alert}", None)
        if last is not None and last.status == "resolved" and last.at >= event.at:
            # It ended, and is there again: the system tells only when it first began.
            said.append(event.model_copy(update={"at": max(desk.now(), last.at + _NEXT)}))
        elif last is None or last.status == "resolved":
            said.append(event)
    said += [
        event.model_copy(update={"status": "resolved", "at": desk.now()})
        for event in known.values()
        if event.status == "firing"
    ]
    return said


def _firing(desk: Desk, watch: AlertsWatch, source: AlertSource) -> tuple[Event, ...]:
    from stationmaster.hooks import alert_events

    connections = desk.files.connections
    match source:
        case PagerDutyAlerts():
            return alert_events.PagerDutyIncidents(str(connections.pagerduty)).firing(source.services)
        case JiraAlerts():
            return alert_events.JiraAlerts(str(connections.jira)).firing(source.query, watch.cluster)
        case AlertmanagerAlerts():
            found = alert_events.AlertmanagerEvents(str(connections.alerts))
            return found.firing(source.matchers, watch.cluster)
    return ()
