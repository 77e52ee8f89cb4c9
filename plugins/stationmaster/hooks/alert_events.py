"""The alerts that fire now, each as an event, from Alertmanager, PagerDuty and Jira Operations (D-16, D-18)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stationmaster.core.alert_groups import Event
from stationmaster.core.alert_payloads import (
    MOST_ALERTS,
    MalformedAlert,
    alertmanager_event,
    jira_alert,
    pagerduty_incident,
)
from stationmaster.hooks.governance_errors import GovernanceUnreadable
from stationmaster.hooks.governance_wire import Address, Wire
from stationmaster.hooks.jira_operations import JiraOperations
from stationmaster.hooks.pager_models import PagerUnreadable
from stationmaster.hooks.pagerduty_schedules import PagerDuty

_PAGE = 100


class AlertmanagerEvents:
    """The Alertmanager behind an Airflow connection of type ``http``.

    :param address: in place of the connection's, for tests.
    """

    def __init__(self, conn_id: str, *, address: Address | None = None) -> None:
        self._wire = Wire("alerts", conn_id, address=address)

    def firing(self, matchers: Sequence[str], cluster: Sequence[str]) -> tuple[Event, ...]:
        """Return what fires and is neither silenced nor inhibited there.

        :raises GovernanceError: it cannot be told; that never means that nothing fires.
        """
        query = {"active": "true", "silenced": "false", "inhibited": "false"}
        found = self._wire.read("/api/v2/alerts", "the alerts", {**query, "filter": list(matchers)})
        if not isinstance(found, list):
            raise GovernanceUnreadable("alerts", "alerts answers no list of alerts")
        try:
            return tuple(alertmanager_event(each, cluster) for each in found)
        except MalformedAlert as error:
            raise GovernanceUnreadable("alerts", f"alerts answers an alert that cannot be read: {error}") from None


class PagerDutyIncidents(PagerDuty):
    """The incidents of the PagerDuty account behind an Airflow connection of type ``pagerduty``."""

    def firing(self, services: Sequence[str]) -> tuple[Event, ...]:
        """Return the incidents of some services that are not resolved.

        :raises PagerError: it cannot be told.
        """
        query = {"statuses[]": ["triggered", "acknowledged"], "service_ids[]": list(services)}
        found = self._asked("the incidents", lambda client: client.list_all("incidents", params=query))
        return _read(found, pagerduty_incident, "PagerDuty")


class JiraAlerts(JiraOperations):
    """The alerts of the Jira site behind an Airflow connection of type ``http``."""

    def firing(self, query: str, cluster: Sequence[str]) -> tuple[Event, ...]:
        """Return the open alerts that a query of Jira's finds.

        :raises PagerError: it cannot be told.
        """
        found: list[Any] = []
        while len(found) <= MOST_ALERTS:
            asked = {"query": query, "size": str(_PAGE), "offset": str(len(found))}
            page = self._get("/v1/alerts", "the alerts", asked).get("values")
            if not isinstance(page, list):
                raise PagerUnreadable("Jira Operations answers no list of alerts")
            found += page
            if len(page) < _PAGE:
                break
        return _read(found, lambda alert: jira_alert(alert, cluster), "Jira Operations")


def _read(found: Any, parse: Callable[[Any], Event], service: str) -> tuple[Event, ...]:
    if not isinstance(found, list):
        raise PagerUnreadable(f"{service} answers no list of alerts")
    try:
        return tuple(parse(each) for each in found)
    except MalformedAlert as error:
        raise PagerUnreadable(f"{service} answers an alert that cannot be read: {error}") from None
