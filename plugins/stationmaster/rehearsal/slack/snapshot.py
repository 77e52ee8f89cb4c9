"""Keeps a stand-in workspace across restarts: what was said, by whom, and the last stamp."""

from pydantic import BaseModel, ConfigDict

from stationmaster.rehearsal.slack.models import SlackChannel, SlackEntry, SlackMessage, SlackUser, SlackUsergroup
from stationmaster.rehearsal.slack.world import SlackWorld


class SlackSnapshot(BaseModel):
    """A workspace at rest, without its token and its faults; `last_stamp` is in microseconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    users: dict[str, SlackUser]
    channels: dict[str, SlackChannel]
    usergroups: dict[str, SlackUsergroup]
    messages: dict[str, list[SlackMessage]]
    journal: list[SlackEntry]
    last_stamp: int


def take(world: SlackWorld) -> str:
    """Return the workspace as JSON."""
    with world.lock:
        return SlackSnapshot(
            users=world.users,
            channels=world.channels,
            usergroups=world.usergroups,
            messages=world.messages,
            journal=world.journal,
            last_stamp=world.last_stamp,
        ).model_dump_json()


def put_back(world: SlackWorld, snapshot: str) -> None:
    """Lay a snapshot over `world`: what it holds wins, people and channels that are new since then stay.

    Raises pydantic.ValidationError where the text is not a snapshot; the world is then as it was.
    """
    kept = SlackSnapshot.model_validate_json(snapshot)
    with world.lock:
        world.users |= kept.users
        world.channels |= kept.channels
        world.usergroups |= kept.usergroups
        world.messages |= kept.messages
        world.journal = kept.journal
        world.last_stamp = max(kept.last_stamp, world.last_stamp)
