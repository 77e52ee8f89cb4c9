"""Alerts that fire at night in a rehearsal, and whoever decides about them in the morning (D-16, D-18)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import NamedTuple, Protocol

from stationmaster.config.alert_sources import AlertmanagerAlerts
from stationmaster.config.team import TeamConfig
from stationmaster.config.watch_kinds import AlertsWatch
from stationmaster.core.instants import first_instant
from stationmaster.core.watch_days import next_day
from stationmaster.rehearsal.cast_plans import Plan, Plans
from stationmaster.rehearsal.conducting import Scene

AT_NIGHT = time(2, 10)
_THE_DAY = 3
"""The alert fires on the fourth day."""
DECIDES = timedelta(minutes=10)
MENDS = timedelta(hours=1)
ACTS = "hammer_and_wrench"
_TITLE = "ClusterIsUnstable"
_SEVERITY = "page"
_CLUSTER = "rehearsal"
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")


class Lit(NamedTuple):
    """An alert that fired: its team and watch, and what it is called."""

    team: str
    watch: str
    at: datetime
    title: str


class Fires(Protocol):
    """Lets an alert fire, or end."""

    def __call__(self, labels: Mapping[str, str], *, begins: bool) -> None:
        """Tell the stand-in Alertmanager."""


class AlertLighters:
    """Lets one alert fire at night for each team that watches an Alertmanager; who is on call acts on it.

    :param fires: tells the stand-in.
    :param react: puts an emoji on a message: account, channel, ts, name.
    :param start: the first local date of each team.
    """

    def __init__(
        self,
        teams: Mapping[str, TeamConfig],
        plans: Plans,
        *,
        fires: Fires,
        react: Callable[[str, str, str, str], bool],
        start: date,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._plans = plans
        self._fires = fires
        self._react = react
        self._tell = tell
        self.lit: list[Lit] = []
        for team in teams.values():
            watch = watched(team)
            if watch is not None:
                at = first_instant(datetime.combine(start + timedelta(days=_THE_DAY), AT_NIGHT), team.zone)
                self._at(f"{team.id}/alert", at, partial(self._light, team, watch))

    def _at(self, name: str, at: datetime, do: Callable[[Scene], bool]) -> None:
        self._plans.once(name, lambda: [Plan(at, do)])

    def _light(self, team: TeamConfig, watch: AlertsWatch, scene: Scene) -> bool:
        labels = {"alertname": _TITLE, "severity": _SEVERITY, watch.cluster[0]: _CLUSTER}
        self._fires(labels, begins=True)
        self._tell(f"{_TITLE} fires at {team.title}")
        found = Lit(team.id, watch.id, scene.now, _TITLE)
        self.lit.append(found)
        opens = next_day((watch.hours.window(team.zone),), scene.now, team.zone)
        self._at(f"{team.id}/decision", opens + DECIDES, partial(self._decide, team))
        self._at(f"{team.id}/mended", opens + DECIDES + MENDS, partial(self._mend, labels))
        return True

    def _decide(self, team: TeamConfig, scene: Scene) -> bool:
        """Put the mark that says "I act" on the message, as whoever was told; not settled before somebody was."""
        for effect in scene.ledger.effects(f"{team.id}.watch/alerts"):
            told = str(effect.intent.get("text", ""))
            accounts = _MENTION.findall(told)
            if accounts and effect.receipt and _TITLE in told:
                self._tell("Whoever is on call decides about the alert in Slack")
                return self._react(accounts[0], str(effect.receipt["channel"]), str(effect.receipt["ts"]), ACTS)
        return False

    def _mend(self, labels: Mapping[str, str], _: Scene) -> bool:
        self._fires(labels, begins=False)
        self._tell(f"{_TITLE} fires no more")
        return True


def watched(team: TeamConfig) -> AlertsWatch | None:
    """Return the team's watch that asks an Alertmanager, None if there is none."""
    for watch in team.watches.values():
        if isinstance(watch, AlertsWatch) and any(isinstance(each, AlertmanagerAlerts) for each in watch.sources):
            return watch
    return None
