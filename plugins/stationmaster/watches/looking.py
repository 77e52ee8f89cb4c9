"""One look by a watch of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.config.watch_kinds import AlertsWatch, IssuesWatch, QuestionsWatch, SpikesWatch
from stationmaster.watches import alerts, issues, questions, spikes

if TYPE_CHECKING:
    from stationmaster.config.watches import Watch
    from stationmaster.core.blockers import Blocker
    from stationmaster.work.context import Desk


def look(desk: Desk, watch: Watch) -> tuple[Blocker, ...]:
    """Look, tell whom it concerns, and return what is open."""
    match watch:
        case QuestionsWatch():
            return questions.look(desk, watch)
        case IssuesWatch():
            return issues.look(desk, watch)
        case AlertsWatch():
            return alerts.look(desk, watch)
        case SpikesWatch():
            return spikes.look(desk, watch)
