"""Reads what Slack answered into values, and refuses what is incomplete."""

from collections.abc import Iterable, Mapping
from typing import Any

from stationmaster.core.emoji import canonical_emoji
from stationmaster.hooks.chat_errors import ChatMessageGone, ChatUnreadable
from stationmaster.hooks.chat_models import ChatChannel, ChatIdentity, ChatUser, Heard, Reply, instant_of

_SPOKEN = frozenset({None, "bot_message", "file_share", "me_message", "thread_broadcast"})
"""The subtypes of messages that somebody wrote; the rest are notices of Slack's own and remains of deleted ones."""


def text(data: object, name: str, *, method: str) -> str:
    """Return a text that must be there. Raises ChatUnreadable."""
    value = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(value, str) or not value:
        raise ChatUnreadable(f"Slack's answer to {method} has no {name}.", method=method)
    return value


def identity(data: object, headers: Mapping[str, Any]) -> ChatIdentity:
    """Read auth.test. Raises ChatUnreadable."""
    granted = next((str(value) for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
    bot = data.get("bot_id") if isinstance(data, Mapping) else None
    return ChatIdentity(
        user=text(data, "user_id", method="auth.test"),
        bot=bot if isinstance(bot, str) else "",
        team=text(data, "team_id", method="auth.test"),
        scopes=tuple(sorted(scope.strip() for scope in granted.split(",") if scope.strip())),
    )


def carries(message: Mapping[str, Any], event_type: str, key: str, *, user: str) -> bool:
    """Return whether a message is `user`'s and carries the key: metadata of others proves nothing."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return message.get("user") == user and metadata.get("event_type") == event_type and payload.get("key") == key


def reactions(data: Mapping[str, Any], *, about: str) -> dict[str, frozenset[str]]:
    """Read reactions.get. Raises ChatUnreadable where users are missing (F11)."""
    message = data.get("message")
    if not isinstance(message, Mapping):
        raise ChatUnreadable(f"Slack's answer to reactions.get ({about}) has no message.", method="reactions.get")
    folded: dict[str, frozenset[str]] = {}
    for entry in message.get("reactions") or ():
        name, users, count = entry.get("name"), entry.get("users"), entry.get("count")
        if not isinstance(name, str) or not isinstance(users, list) or len(set(users)) != count:
            shown = len(users) if isinstance(users, list) else 0
            raise ChatUnreadable(
                f"Slack counts {count} reactions with :{name}: and names {shown} people ({about}). "
                "Nothing is concluded from a list that is cut short; it is read again.",
                method="reactions.get",
            )
        folded[canonical_emoji(name)] = folded.get(canonical_emoji(name), frozenset()) | frozenset(users)
    return folded


def replies(messages: Iterable[Mapping[str, Any]], parent: str, *, about: str) -> list[Reply]:
    """Read conversations.replies. Raises ChatMessageGone where the parent was deleted (F11)."""
    found: list[Reply] = []
    for message in messages:
        if message.get("ts") == parent:
            if message.get("subtype") == "tombstone":
                raise ChatMessageGone(
                    f"The message was deleted ({about}). Post it again.",
                    method="conversations.replies",
                    code="tombstone",
                )
        elif message.get("subtype") in _SPOKEN:
            found.append(_reply(message))
    return sorted(found, key=lambda reply: reply.ts)


def thread(messages: Iterable[Mapping[str, Any]], parent: str) -> tuple[bool, list[Reply]]:
    """Read a page of conversations.replies: whether the first message was deleted, and the replies."""
    headless, found = False, []
    for message in messages:
        if message.get("ts") == parent:
            headless = message.get("subtype") == "tombstone"
        elif message.get("subtype") in _SPOKEN:
            found.append(_reply(message))
    return headless, found


def spoken(messages: Iterable[Mapping[str, Any]]) -> list[Reply]:
    """Read conversations.history: what somebody wrote into the channel, oldest first."""
    return sorted((_reply(each) for each in messages if each.get("subtype") in _SPOKEN), key=lambda reply: reply.ts)


def heard(messages: Iterable[Mapping[str, Any]]) -> list[Heard]:
    """Read conversations.history with threads and marks, oldest first; a mark that nobody put there is none."""
    return sorted((_heard(each) for each in messages if each.get("subtype") in _SPOKEN), key=lambda message: message.ts)


def _heard(message: Mapping[str, Any]) -> Heard:
    users, count = message.get("reply_users"), message.get("reply_users_count")
    named = frozenset(str(user) for user in users) if isinstance(users, list) else frozenset()
    given = message.get("reactions")
    marks = [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []
    return Heard(
        **dict(_reply(message)),
        reply_users=count if isinstance(count, int) else len(named),
        repliers=named,
        marks=frozenset(canonical_emoji(str(each.get("name"))) for each in marks if each.get("count")),
    )


def user(data: Mapping[str, Any], *, method: str) -> ChatUser:
    """Read users.info or users.lookupByEmail. Raises ChatUnreadable."""
    shape = data.get("user")
    if not isinstance(shape, Mapping):
        raise ChatUnreadable(f"Slack's answer to {method} has no user.", method=method)
    profile = shape.get("profile") or {}
    grid = shape.get("enterprise_user") or {}
    return ChatUser(
        id=text(shape, "id", method=method),
        name=str(shape.get("real_name") or profile.get("real_name") or shape.get("name") or ""),
        bot=bool(shape.get("is_bot")),
        deleted=bool(shape.get("deleted")),
        guest=bool(shape.get("is_restricted") or shape.get("is_ultra_restricted")),
        tz=str(shape.get("tz") or ""),
        team=str(shape.get("team_id") or ""),
        teams=tuple(str(team) for team in grid.get("teams") or ()),
        stranger=bool(shape.get("is_stranger")),
    )


def channel(data: Mapping[str, Any]) -> ChatChannel:
    """Read conversations.info. Raises ChatUnreadable."""
    shape = data.get("channel")
    channel_id = text(shape, "id", method="conversations.info")
    known = shape if isinstance(shape, Mapping) else {}
    topic = known.get("topic")
    return ChatChannel(
        id=channel_id,
        name=str(known.get("name") or ""),
        private=bool(known.get("is_private")),
        archived=bool(known.get("is_archived")),
        joined=bool(known.get("is_member") or known.get("is_im")),
        topic=str(topic.get("value") or "") if isinstance(topic, Mapping) else "",
    )


def _reply(message: Mapping[str, Any]) -> Reply:
    ts = text(message, "ts", method="conversations.replies")
    edited = (message.get("edited") or {}).get("ts")
    return Reply(
        user=str(message.get("user") or ""),
        bot=bool(message.get("bot_id")) or message.get("subtype") == "bot_message",
        text=str(message.get("text") or ""),
        ts=ts,
        at=instant_of(ts),
        edited=instant_of(edited) if edited else None,
    )
