"""Names that the weekly measures of a team use."""

from __future__ import annotations

from collections.abc import Iterator

from stationmaster.config.mistakes import Mistake, did_you_mean
from stationmaster.config.rules_reserved import reserved
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
    yield from reserved(team, AREA, "the team's weekly measures", or_else="take measures out of the team's file")
