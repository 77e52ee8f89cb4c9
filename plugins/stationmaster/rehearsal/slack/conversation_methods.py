"""auth.test and conversations.*: what a bot reads, and where it is."""

from typing import Any

from stationmaster.rehearsal.slack.call import Call, decode_cursor, encode_cursor, kind_of
from stationmaster.rehearsal.slack.catalogue import KIND_PREFIXES
from stationmaster.rehearsal.slack.chat_methods import open_direct
from stationmaster.rehearsal.slack.models import SlackChannel, SlackMessage
from stationmaster.rehearsal.slack.shapes import DOMAIN, channel_object, message_object
from stationmaster.rehearsal.slack.world import BOT_ID, BOT_USER_ID, TEAM_ID, SlackRefusal

_TYPES = {"public_channel": "public", "private_channel": "private", "im": "direct", "mpim": "group direct"}


def auth_test(call: Call) -> dict[str, Any]:
    """auth.test; the scopes of the token travel in the header `x-oauth-scopes`."""
    return {
        "url": f"{DOMAIN}/",
        "team": call.world.team,
        "user": call.world.bot_name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def history(call: Call) -> dict[str, Any]:
    """conversations.history: newest first, without the replies of threads unless they were broadcast."""
    channel = call.channel(must_be_member=True)
    messages = [one for one in call.world.messages[channel.id] if one.thread_ts in (None, one.ts) or one.broadcast]
    found = _between(call, list(reversed(messages)))
    chunk, more = _slice(call, found, default=100, newest_first=True)
    return {
        "messages": [_shown(call, message) for message in chunk],
        "pin_count": sum(one.pinned for one in call.world.messages[channel.id]),
        "channel_actions_ts": None,
        "channel_actions_count": 0,
        **more,
    }


def replies(call: Call) -> dict[str, Any]:
    """conversations.replies: the parent, then its replies, oldest first; the stamp of a reply gives that reply only."""
    channel = call.channel(must_be_member=True)
    ts = call.stamp("ts", "thread_not_found")
    parents = [one for one in call.world.messages[channel.id] if one.ts == ts]
    if not parents:
        raise SlackRefusal("thread_not_found")
    found = _between(call, call.world.replies(channel.id, ts))
    chunk, more = _slice(call, found, default=1000, newest_first=False)
    return {"messages": [_shown(call, message) for message in [*parents, *chunk]], **more}


def info(call: Call) -> dict[str, Any]:
    """conversations.info."""
    return {"channel": channel_object(call.world, call.channel(), count_members=call.flag("include_num_members"))}


def conversations_list(call: Call) -> dict[str, Any]:
    """conversations.list: the kinds that were asked for, each with its own scope."""
    asked = [one.strip() for one in call.text("types", "public_channel").split(",")]
    if not set(asked) <= set(_TYPES):
        raise SlackRefusal("invalid_types")
    kinds = {_TYPES[one] for one in asked}
    for kind in sorted(kinds & set(KIND_PREFIXES)):
        call.require_scope(f"{KIND_PREFIXES[kind]}:read")
    found = [one for one in call.world.channels.values() if kind_of(one) in kinds and _visible(one)]
    if call.flag("exclude_archived"):
        found = [one for one in found if not one.archived]
    chunk, after = call.page(found, default=100, most=1000, kind="channel")
    return {
        "channels": [channel_object(call.world, one, count_members=True) for one in chunk],
        "response_metadata": after,
    }


def members(call: Call) -> dict[str, Any]:
    """conversations.members."""
    chunk, after = call.page(call.channel().members or [], default=100, most=1000, kind="member")
    return {"members": chunk, "response_metadata": after}


def join(call: Call) -> dict[str, Any]:
    """conversations.join: public channels only."""
    channel = call.channel()
    if channel.archived:
        raise SlackRefusal("is_archived")
    if kind_of(channel) != "public":
        raise SlackRefusal("method_not_supported_for_channel_type")
    if BOT_USER_ID in (channel.members or []):
        extra = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
        return {"channel": channel_object(call.world, channel), **extra}
    channel.members = [*(channel.members or []), BOT_USER_ID]
    return {"channel": channel_object(call.world, channel)}


def open_conversation(call: Call) -> dict[str, Any]:
    """conversations.open, for one person."""
    if call.text("channel"):
        return {"channel": {"id": call.channel().id}, "no_op": True, "already_open": True}
    given = call.args.get("users")
    users = list(given) if isinstance(given, list) else [one for one in call.text("users").split(",") if one]
    if not users:
        raise SlackRefusal("users_list_not_supplied")
    if len(users) > 1:
        raise SlackRefusal("too_many_users")
    known = {one.direct_with for one in call.world.channels.values()}
    channel = open_direct(call.world, users[0])
    shape = channel_object(call.world, channel) if call.flag("return_im") else {"id": channel.id}
    return {"channel": shape} | ({"no_op": True, "already_open": True} if channel.direct_with in known else {})


def set_topic(call: Call) -> dict[str, Any]:
    """conversations.setTopic: leaves a message in the channel, as Slack does."""
    channel, topic = call.channel(must_be_member=True), call.text("topic")
    if channel.archived:
        raise SlackRefusal("is_archived")
    if len(topic) > 250:
        raise SlackRefusal("too_long")
    channel.topic, channel.topic_by = topic, BOT_USER_ID
    call.world.add_message(
        SlackMessage(
            ts=call.world.stamp(),
            channel=channel.id,
            user=BOT_USER_ID,
            subtype="channel_topic",
            text=f"set the channel topic: {topic}",
        )
    )
    return {"channel": channel_object(call.world, channel)}


def _visible(channel: SlackChannel) -> bool:
    return kind_of(channel) == "public" or BOT_USER_ID in (channel.members or [])


def _shown(call: Call, message: SlackMessage) -> dict[str, Any]:
    return message_object(call.world, message, metadata=call.flag("include_all_metadata"))


def _between(call: Call, messages: list[SlackMessage]) -> list[SlackMessage]:
    inclusive = call.flag("inclusive")
    if call.text("oldest") not in ("", "0"):
        oldest = call.stamp("oldest", "invalid_ts_oldest")
        messages = [one for one in messages if one.ts > oldest or (inclusive and one.ts == oldest)]
    if call.text("latest") not in ("", "now"):
        latest = call.stamp("latest", "invalid_ts_latest")
        messages = [one for one in messages if one.ts < latest or (inclusive and one.ts == latest)]
    return messages


def _slice(
    call: Call, messages: list[SlackMessage], *, default: int, newest_first: bool
) -> tuple[list[SlackMessage], dict[str, Any]]:
    size = call.limit(default=default, most=1000)
    after = decode_cursor(call.text("cursor"), "next_ts")
    if after:
        messages = [one for one in messages if (_micros(one) <= after if newest_first else _micros(one) >= after)]
    chunk, rest = messages[:size], messages[size:]
    if not rest:
        return chunk, {"has_more": False}
    return chunk, {
        "has_more": True,
        "response_metadata": {"next_cursor": encode_cursor("next_ts", _micros(rest[0]))},
    }


def _micros(message: SlackMessage) -> int:
    return int(message.ts.replace(".", ""))
