"""Where the watches of a team say what belongs to no channel of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.config.watches import Watch


class NowhereToTell(LookupError):
    """A team that watches something has no channel."""


def home_of(team: TeamConfig) -> tuple[str, str]:
    """Return the role and the channel, by its key, of the team's first watch that has one of its own.

    :raises NowhereToTell: the team has no channel at all.
    """
    watches = list(team.watches.values())
    for watch in watches:
        channel = _channel_of(watch)
        if channel is not None:
            return watch.role, channel
    if not team.channels or not watches:
        raise NowhereToTell(f"{team.id} has no channel: write one in its file")
    return watches[0].role, next(iter(team.channels))


def _channel_of(watch: Watch) -> str | None:
    channels = getattr(watch, "channels", ())
    return getattr(watch, "channel", None) or (channels[0] if channels else None)
