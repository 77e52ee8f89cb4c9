"""One call of a Slack method: its arguments, whatever form they came in, and what the token may do."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stationmaster.rehearsal.slack.catalogue import MethodFacts
from stationmaster.rehearsal.slack.models import SlackChannel
from stationmaster.rehearsal.slack.world import BOT_USER_ID, SlackRefusal, SlackWorld

STAMP = re.compile(r"^\d{1,10}(\.\d{1,6})?$")

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Call:
    """The arguments of a call and the world it is made in.

    :param complete_reactions: false while a fault hides users even from `full=true` (F11); None says no such fault.
    """

    world: SlackWorld
    facts: MethodFacts
    args: dict[str, Any] = field(default_factory=dict)
    shown_reactions: int | None = None

    def text(self, name: str, default: str = "") -> str:
        """Return an argument as text; objects sent as JSON stay JSON."""
        value = self.args.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value) if isinstance(value, (list, dict)) else str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean, sent as JSON or as one of Slack's words for it."""
        if name not in self.args:
            return default
        return str(self.args[name]).lower() in ("1", "true", "t", "yes", "on")

    def limit(self, *, default: int, most: int) -> int:
        """Return the size of a page. Raises SlackRefusal invalid_limit."""
        try:
            asked = int(self.text("limit") or default)
        except ValueError as error:
            raise SlackRefusal("invalid_limit") from error
        if not 0 <= asked <= most:
            raise SlackRefusal("invalid_limit")
        return asked or default

    def structure(self, name: str, code: str) -> Any:
        """Return an object or a list, sent as itself or as JSON text. Raises SlackRefusal `code`."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError as error:
            raise SlackRefusal(code) from error

    def stamp(self, name: str, code: str) -> str:
        """Return a message stamp, padded so that stamps compare as text. Raises SlackRefusal `code`."""
        value = self.text(name)
        if not STAMP.match(value):
            raise SlackRefusal(code)
        seconds, _, micros = value.partition(".")
        return f"{int(seconds):010d}.{micros:0<6}"

    def channel(self, name: str = "channel", *, must_be_member: bool = False) -> SlackChannel:
        """Return a conversation that the bot can see.

        Raises SlackRefusal channel_not_found, not_in_channel, missing_scope.
        """
        channel = self.world.channel(self.text(name))
        inside = BOT_USER_ID in (channel.members or [])
        if not inside and (channel.private or channel.direct_with):
            raise SlackRefusal("channel_not_found")
        if self.facts.by_kind and self.facts.scope:
            self.require_scope(*self.facts.scopes(kind_of(channel)))
        if must_be_member and not inside:
            raise SlackRefusal("not_in_channel")
        return channel

    def require_scope(self, *any_of: str) -> None:
        """Raise SlackRefusal missing_scope, with what was needed and what the token has."""
        if not self.world.scopes.intersection(any_of):
            raise SlackRefusal(
                "missing_scope", needed=",".join(any_of), provided=",".join(sorted(self.world.scopes)) or "identify"
            )

    def page(self, items: Sequence[Item], *, default: int, most: int, kind: str) -> tuple[list[Item], dict[str, Any]]:
        """Cut one page out of `items`; returns it and the `response_metadata` with the next cursor ("" at the end)."""
        size, start = self.limit(default=default, most=most), decode_cursor(self.text("cursor"), kind)
        chunk = list(items[start : start + size])
        more = start + size < len(items)
        return chunk, {"next_cursor": encode_cursor(kind, start + size) if more else ""}


def kind_of(channel: SlackChannel) -> str:
    """Return "direct", "private" or "public"."""
    return "direct" if channel.direct_with else "private" if channel.private else "public"


def encode_cursor(kind: str, position: int | str) -> str:
    """Make the opaque cursor of a next page."""
    return base64.b64encode(f"{kind}:{position}".encode()).decode()


def decode_cursor(cursor: str, kind: str) -> int:
    """Return the position in a cursor, 0 without one. Raises SlackRefusal invalid_cursor."""
    if not cursor:
        return 0
    try:
        name, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
        if name == kind:
            return int(position)
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise SlackRefusal("invalid_cursor") from error
    raise SlackRefusal("invalid_cursor")
