"""The alerts that fire now, as Alertmanager tells them (``GET /api/v2/alerts``)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from stationmaster.hooks.governance_errors import GovernanceUnreadable
from stationmaster.hooks.governance_wire import Address, Wire

SERVICE = "alerts"


class FiringAlerts:
    """The Alertmanager behind an Airflow connection.

    :param address: in place of the connection's, for tests.
    """

    def __init__(self, conn_id: str, *, address: Address | None = None) -> None:
        self._wire = Wire(SERVICE, conn_id, address=address)

    def firing(self, label: str, targets: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the names of the alerts that fire for each of some targets, in one request; silenced ones do not.

        :param label: the label that names a target. An alert whose label holds a target's name up to a dash is its
            alert, too: vendors write whole ids.
        :raises GovernanceError: it cannot be told; that never means that nothing fires.
        """
        answer = self._wire.read("/api/v2/alerts", "the alerts", {"active": "true", "silenced": "false"})
        if not isinstance(answer, list):
            raise GovernanceUnreadable(SERVICE, f"{SERVICE} answers no list of alerts")
        found: dict[str, set[str]] = {target: set() for target in targets}
        for labels in map(_labels, answer):
            about = labels.get(label, "")
            target = about if about in found else next((each for each in found if about.startswith(f"{each}-")), None)
            if target is not None:
                found[target].add(labels.get("alertname", "an alert without a name"))
        return {target: tuple(sorted(names)) for target, names in found.items()}


def _labels(alert: Any) -> dict[str, str]:
    labels = alert.get("labels") if isinstance(alert, dict) else None
    if not isinstance(labels, dict):
        raise GovernanceUnreadable(SERVICE, f"{SERVICE} answers an alert without labels")
    return {str(name): str(value) for name, value in labels.items()}
