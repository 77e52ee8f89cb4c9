"""What ``stationmaster check --connections`` finds: each team's connections, tried as its DAGs use them (C-23)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stationmaster.cli.shapes import ConnectionFinding
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.blockers import Blocker


def connection_findings(team: TeamConfig) -> Iterator[ConnectionFinding]:
    """Yield what the team's connections lack, for each of its trains and for each rotation that sends mail.

    They are read as Airflow reads them: from its environment, its secrets backend or its database.
    """
    from stationmaster.departures import preflight
    from stationmaster.departures.station import Station

    for name, train in team.trains.items():
        station = Station(team=team, train=name, as_written=True)
        for found in (*preflight.github_findings(station), *preflight.slack_findings(station)):
            yield _finding(team, train.key, found)
    for name, entry in team.roster.items():
        if entry.notices is not None and entry.notices.mail:
            for found in _of_mail(team, name):
                yield _finding(team, f"{team.id}.{name}", found)


def _of_mail(team: TeamConfig, rotation: str) -> Iterator[Blocker]:
    from stationmaster.departures.obstacles import hindrance
    from stationmaster.handoffs.shift_desk import ShiftDesk
    from stationmaster.hooks.mail_errors import MailError

    desk = ShiftDesk(team=team, rotation=rotation, as_written=True)
    try:
        if desk.mail is not None:
            desk.mail.check()
    except MailError as error:
        found = hindrance(desk, error, ())
        if found is not None:
            yield found


def _finding(team: TeamConfig, about: str, found: Blocker) -> ConnectionFinding:
    from stationmaster.cli.shapes import ConnectionFinding

    return ConnectionFinding(team=team.id, about=about, code=found.code, sentence=found.sentence, how=found.how)
