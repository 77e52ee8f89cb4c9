"""What ``stationmaster check --connections`` finds: each team's connections, tried as its DAGs use them (C-23)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stationmaster.cli.shapes import ConnectionFinding
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.station import Station


def connection_findings(team: TeamConfig) -> Iterator[ConnectionFinding]:
    """Yield what the team's connections lack, for each of its trains and for each rotation that sends mail.

    They are read as Airflow reads them: from its environment, its secrets backend or its database.
    """
    from stationmaster.departures import preflight
    from stationmaster.departures.station import Station

    yield from _of_people(team)
    for name, train in team.trains.items():
        station = Station(team=team, train=name, as_written=True)
        for found in (
            *preflight.github_findings(station),
            *preflight.slack_findings(station),
            *_of_rollouts(station),
        ):
            yield _finding(team, train.key, found)
    for name, entry in team.roster.items():
        if entry.notices is not None and entry.notices.mail:
            for found in _of_mail(team, name):
                yield _finding(team, f"{team.id}.{name}", found)


def _of_people(team: TeamConfig) -> Iterator[ConnectionFinding]:
    """Yield whose id or name in Airflow is known neither from the team's file nor from an answer of theirs (I2)."""
    from stationmaster import clock, settings
    from stationmaster.core.blockers import blocker
    from stationmaster.ledger import Ledger
    from stationmaster.work.identity import Identities

    def learned() -> Ledger:
        return Ledger.at(settings.ledger_url())

    identities = Identities(team, ledger=learned, now=clock.now)
    for person in team.people.values():
        what = identities.unknown(person) if person.active and not person.bot else ""
        if what:
            found = blocker("AIRFLOW_ACCOUNT_UNKNOWN", what=what)
            yield _finding(team, f"{team.id}.people.{person.id}", found)


def _of_rollouts(station: Station) -> Iterator[Blocker]:
    """Yield why the proposals or the alerts could not be asked: what gives no answer now is a finding, too."""
    train = station.train
    elects = any(each.mode == "proposal" for component in train.components for each in component.environments.values())
    if train.rollout is None and not elects:
        return
    deaf = tuple(_unread(station, station.proposals.last_elected))
    yield from deaf
    if train.rollout is None:
        return
    rollout = train.rollout
    for target in rollout.targets if not deaf else ():
        yield from _unread(station, partial(station.proposals.running, target))
    yield from _unread(station, partial(station.alerts.firing, rollout.alerts.label, tuple(rollout.targets)))


def _unread(station: Station, read: Callable[[], object]) -> Iterator[Blocker]:
    from stationmaster.departures.obstacles import obstacle
    from stationmaster.hooks.governance_errors import GovernanceError

    try:
        read()
    except GovernanceError as error:
        found = obstacle(station, error)
        if found is None:
            raise
        yield found


def _of_mail(team: TeamConfig, rotation: str) -> Iterator[Blocker]:
    from stationmaster.handoffs.shift_desk import ShiftDesk
    from stationmaster.hooks.mail_errors import MailError
    from stationmaster.work.obstacles import hindrance

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
