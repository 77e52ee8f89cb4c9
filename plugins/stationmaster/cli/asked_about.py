"""The train or the departure that a command is about, with its files and its ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stationmaster.cli.answering import refuse
from stationmaster.cli.explaining import parse
from stationmaster.cli.whereabouts import include_at, open_ledger, team_at

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.departures.station import Station


def train_asked_about(about: str, include: Path | None, home: Path, *, by: str | None = None) -> Station:
    """Return the train of a text such as ``cellxgene.weekly``; refuse anything else.

    :param by: who acts: must be one of the team's people.
    """
    question = parse(about)
    if question.departure is not None or question.stop is not None or question.handoff is not None:
        refuse(f"{about!r} is more than a train. Write it as cellxgene.weekly.")
    return _station(question.team, question.train, include, home, by)


def departure_asked_about(
    about: str, include: Path | None, home: Path, *, by: str | None = None
) -> tuple[Station, str]:
    """Return the train and the id of a departure such as ``cellxgene.weekly/2026-W34``; refuse anything else."""
    question = parse(about)
    if question.departure is None:
        refuse(f"{about!r} names no departure. Write one as cellxgene.weekly/2026-W34.")
    return _station(question.team, question.train, include, home, by), question.departure


def require_person(team: TeamConfig, by: str) -> None:
    """Refuse a name in which nothing can be done: of nobody in the team's file, a robot, or somebody who has left."""
    person = team.people.get(by)
    if person is None:
        refuse(f"{by!r} is not in the people of {team.id}: this is done in somebody's name.")
    if person.bot or not person.active:
        why = "a robot" if person.bot else "no longer active"
        refuse(f"{by!r} is {why} in the people of {team.id}: this is done in somebody's name.")


def _station(team_id: str, train: str, include: Path | None, home: Path, by: str | None) -> Station:
    from stationmaster.departures.station import Station

    team = team_at(include_at(include), team_id)
    team.train(train)
    if by is not None:
        require_person(team, by)
    return Station(team=team, train=train, ledger=open_ledger(home))
