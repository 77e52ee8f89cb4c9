"""Names that the upgrades of a team use, and settings by which they could never work (D-24)."""

from __future__ import annotations

from collections.abc import Iterator

from stationmaster.config.mistakes import Mistake, did_you_mean
from stationmaster.config.rules_reserved import reserved
from stationmaster.config.team import TeamConfig
from stationmaster.core.upgrades import AREA


def upgrade_mistakes(team: TeamConfig) -> Iterator[Mistake]:
    """Yield a mistake for each name that is not known, and for each repository that is listed twice."""
    rules = team.upgrades
    if rules is None:
        return
    for field, name, known, home in (
        ("role", rules.role, team.roles, "a rotation"),
        ("channel", rules.channel, team.channels, "the team's channels"),
    ):
        if name not in known:
            what = f"{name!r} is not in {home}"
            yield Mistake(f"unknown_{field}", ("upgrades", field), what, did_you_mean(name, known), name, source="team")
    repositories = {name.lower() for name in team.repositories}
    seen: set[str] = set()
    for index, entry in enumerate(rules.repositories):
        name, loc = entry.repository, ("upgrades", "repositories", index, "repository")
        if name.lower() not in repositories:
            remedy = did_you_mean(name, team.repositories)
            what = f"{name!r} is not in the team's repositories"
            yield Mistake("unknown_repository", loc, what, remedy, name, source="team")
        if name.lower() in seen:
            what = f"{name!r} is in this list already"
            yield Mistake("listed_twice", loc, what, "Keep the repository once.", name, source="team")
        seen.add(name.lower())
    yield from reserved(team, AREA, "the team's dependency upgrades", or_else="take upgrades out of the team's file")
