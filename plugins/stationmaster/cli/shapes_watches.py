"""What ``stationmaster alerts list --json`` writes; a contract (docs/cli-json.md)."""

from __future__ import annotations

from stationmaster.cli.shapes import Shape
from stationmaster.core.instants import Instant


class AlertGroupShown(Shape):
    """The alerts of one cluster and severity, by their titles; ``undecided`` are those nobody has decided about."""

    key: str
    watch: str
    cluster: str
    severity: str
    alerts: tuple[str, ...]
    undecided: tuple[str, ...]
    silenced_by: str | None


class ErrorShown(Shape):
    """An error that came more often after a departure, and holds its train back."""

    key: str
    error: str
    departure: str
    since: Instant


class AlertsAnswer(Shape):
    """``alerts list``: the worst group of each watch first."""

    team: str
    groups: tuple[AlertGroupShown, ...]
    errors: tuple[ErrorShown, ...]
