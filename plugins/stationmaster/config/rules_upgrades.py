"""Names that the upgrades of a team use, and settings by which they could never work (D-24)."""

from __future__ import annotations

from collections.abc import Iterator

from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake, did_you_mean
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
    yield from _taken(team)


def _taken(team: TeamConfig) -> Iterator[Mistake]:
    """The ledger keeps the upgrades under a name that no train and no rotation may have beside them."""
    places: list[tuple[str, Loc]] = [(f"train:{name}", ("id",)) for name in team.trains if name == AREA]
    places += [("rotations", ("rotations", name)) for name in team.roster if name == AREA]
    for source, loc in places:
        yield Mistake(
            "reserved_name",
            loc,
            f"{AREA!r} is the name of the team's dependency upgrades",
            "Give it another id, or take upgrades out of the team's file.",
            AREA,
            at_key=source == "rotations",
            source=source,
        )
