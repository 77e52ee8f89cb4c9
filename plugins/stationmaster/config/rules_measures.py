"""Names that the weekly measures of a team use."""

from __future__ import annotations

from collections.abc import Iterator

from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake, did_you_mean
from stationmaster.config.team import TeamConfig
from stationmaster.config.weekly_measures import AREA


def measures_mistakes(team: TeamConfig) -> Iterator[Mistake]:
    """Yield a mistake for a channel that is not known, and for a name that the ledger needs for the measures."""
    rules = team.measures
    if rules is None:
        return
    if rules.channel not in team.channels:
        what, remedy = f"{rules.channel!r} is not in the team's channels", did_you_mean(rules.channel, team.channels)
        yield Mistake("unknown_channel", ("measures", "channel"), what, remedy, rules.channel, source="team")
    places: list[tuple[str, Loc]] = [(f"train:{name}", ("id",)) for name in team.trains if name == AREA]
    places += [("rotations", ("rotations", name)) for name in team.roster if name == AREA]
    for source, loc in places:
        yield Mistake(
            "reserved_name",
            loc,
            f"{AREA!r} is the name of the team's weekly measures",
            "Give it another id, or take measures out of the team's file.",
            AREA,
            at_key=source == "rotations",
            source=source,
        )
