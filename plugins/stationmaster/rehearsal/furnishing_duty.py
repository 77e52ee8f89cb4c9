"""Repositories that only a team's own work names: of its incidents, its log, its chores and its watches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stationmaster.config.include import Include
from stationmaster.config.team import TeamConfig


class Named(NamedTuple):
    """A repository, and the branch that something is committed to."""

    repository: str
    branch: str = "main"


def repositories_of_duty(include: Include) -> Iterator[Named]:
    """Yield each repository that the own work of a team names, once."""
    seen: set[str] = set()
    for team in include.teams.values():
        found = sorted((*_of_incidents(team), *_of_log(team), *_of_chores(team), *_of_watches(team)))
        # Where a file is committed to another branch than main, that one is the repository's own.
        for named in sorted(found, key=lambda one: (one.repository, one.branch == "main")):
            if named.repository not in seen:
                seen.add(named.repository)
                yield named


def _of_incidents(team: TeamConfig) -> Iterator[Named]:
    yield from (Named(circle.repository) for circle in team.circles.values())
    rules = team.incidents
    if rules is None:
        return
    for place in (rules.issue, rules.tickets):
        if place is not None:
            yield Named(place.repository)
    filings = (rules.report, rules.postmortem.filing if rules.postmortem is not None else None)
    for filing in filings:
        if filing is not None:
            yield Named(filing.repository, _branch(filing.branch))


def _branch(said: str | None) -> str:
    return said or "main"


def _of_log(team: TeamConfig) -> Iterator[Named]:
    if team.log is not None and team.log.repository is not None:
        yield Named(team.log.repository, _branch(team.log.branch))


def _of_chores(team: TeamConfig) -> Iterator[Named]:
    if team.chores_head is not None and team.chores_head.issues is not None:
        yield Named(team.chores_head.issues.repository)
    for chore in team.chores.values():
        check = getattr(chore, "check", None)
        yield from (Named(name) for name in getattr(check, "repositories", ()))


def _of_watches(team: TeamConfig) -> Iterator[Named]:
    for watch in team.watches.values():
        yield from (Named(name) for name in getattr(watch, "repositories", ()))
        file = getattr(watch, "file", None)
        if file is not None:
            yield Named(file.repository)
