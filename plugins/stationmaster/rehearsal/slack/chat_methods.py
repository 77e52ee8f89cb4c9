"""chat.*, reactions.* and pins.*: what a bot does with messages."""

import re
from typing import Any

from stationmaster.rehearsal.slack.call import Call
from stationmaster.rehearsal.slack.markup import linked
from stationmaster.rehearsal.slack.models import SlackChannel, SlackMessage
from stationmaster.rehearsal.slack.rate_limits import (
    POSTED_CHARACTERS,
    UPDATED_CHARACTERS,
    checked_blocks,
    checked_metadata,
)
from stationmaster.rehearsal.slack.shapes import message_object, permalink, reaction_objects
from stationmaster.rehearsal.slack.world import BOT_USER_ID, SlackRefusal, SlackWorld

_EMOJI = re.compile(r"^[a-z0-9_+'-]+(::skin-tone-[2-6])*$")
_DISTINCT_REACTIONS = 50


def post_message(call: Call) -> dict[str, Any]:
    """chat.postMessage: always a new message; nothing recognises a repeated call (F04)."""
    if call.text("channel") in call.world.users:
        channel = open_direct(call.world, call.text("channel"))
    else:
        channel = call.channel()
    if channel.archived:
        raise SlackRefusal("is_archived")
    if BOT_USER_ID not in (channel.members or []) and "chat:write.public" not in call.world.scopes:
        raise SlackRefusal("not_in_channel")
    content = _content(call)
    thread = _thread(call, channel)
    message = call.world.add_message(
        SlackMessage(
            ts=call.world.stamp(),
            channel=channel.id,
            user=BOT_USER_ID,
            from_bot=True,
            username=call.text("username") or None,
            thread_ts=thread,
            broadcast=thread is not None and call.flag("reply_broadcast"),
            text=content["text"][:POSTED_CHARACTERS],
            blocks=content["blocks"],
            attachments=content["attachments"],
            metadata=checked_metadata(call.structure("metadata", "invalid_metadata_format")) or None,
        )
    )
    return {"channel": channel.id, "ts": message.ts, "message": message_object(call.world, message)}


def update(call: Call) -> dict[str, Any]:
    """chat.update: what is left out stays, except that a text alone must not exceed 4,000 characters."""
    message = _own_message(call, "cant_update_message")
    content = _content(call)
    if len(content["text"]) > UPDATED_CHARACTERS:
        raise SlackRefusal("msg_too_long")
    if "text" in call.args:
        message.text = content["text"]
    for name in ("blocks", "attachments"):
        if content[name] is not None:
            setattr(message, name, content[name])
    metadata = checked_metadata(call.structure("metadata", "invalid_metadata_format"))
    if metadata is not None:
        message.metadata = metadata or None
    message.edited_by, message.edited_ts = BOT_USER_ID, call.world.stamp()
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": message_object(call.world, message),
    }


def delete(call: Call) -> dict[str, Any]:
    """chat.delete: a bot deletes its own messages."""
    message = _own_message(call, "cant_delete_message")
    call.world.delete(message.channel, message.ts)
    return {"channel": message.channel, "ts": message.ts}


def post_ephemeral(call: Call) -> dict[str, Any]:
    """chat.postEphemeral: shown to one person and kept nowhere."""
    channel = call.channel(must_be_member=True)
    if channel.archived:
        raise SlackRefusal("is_archived")
    if call.world.user(call.text("user")).id not in (channel.members or []):
        raise SlackRefusal("user_not_in_channel")
    _content(call)
    return {"message_ts": call.world.stamp()}


def get_permalink(call: Call) -> dict[str, Any]:
    """chat.getPermalink."""
    channel = call.channel()
    message = call.world.message(channel.id, call.stamp("message_ts", "message_not_found"))
    return {"channel": channel.id, "permalink": permalink(channel.id, message.ts, message.thread_ts)}


def add_reaction(call: Call) -> dict[str, Any]:
    """reactions.add, as the bot."""
    message, name = _reacted_message(call), call.text("name")
    if not _EMOJI.match(name):
        raise SlackRefusal("invalid_name")
    if BOT_USER_ID in message.reactions.get(name, []):
        raise SlackRefusal("already_reacted")
    if name not in message.reactions and len(message.reactions) >= _DISTINCT_REACTIONS:
        raise SlackRefusal("too_many_emoji")
    message.reactions.setdefault(name, []).append(BOT_USER_ID)
    return {}


def remove_reaction(call: Call) -> dict[str, Any]:
    """reactions.remove, as the bot."""
    message, name = _reacted_message(call), call.text("name")
    if BOT_USER_ID not in message.reactions.get(name, []):
        raise SlackRefusal("no_reaction")
    message.reactions[name].remove(BOT_USER_ID)
    if not message.reactions[name]:
        del message.reactions[name]
    return {}


def get_reactions(call: Call) -> dict[str, Any]:
    """reactions.get: `users` is cut short unless `full` is true, `count` never is (F11)."""
    if not (call.text("channel") and call.text("timestamp")):
        raise SlackRefusal("no_item_specified")
    channel = call.channel(must_be_member=True)
    message = call.world.message(channel.id, call.stamp("timestamp", "bad_timestamp"))
    shape = message_object(call.world, message, complete_reactions=True)
    shown = None if call.flag("full") else call.world.reactions_shown
    if call.shown_reactions is not None:
        shown = call.shown_reactions
    if message.reactions:
        shape["reactions"] = reaction_objects(message, shown=shown)
    shape["permalink"] = permalink(channel.id, message.ts, message.thread_ts)
    return {"type": "message", "channel": channel.id, "message": shape}


def pin(call: Call) -> dict[str, Any]:
    """pins.add."""
    channel = call.channel(must_be_member=True)
    if not call.text("timestamp"):
        raise SlackRefusal("no_item_specified")
    message = call.world.message(channel.id, call.stamp("timestamp", "bad_timestamp"))
    if message.pinned:
        raise SlackRefusal("already_pinned")
    message.pinned = True
    return {}


def open_direct(world: SlackWorld, user: str) -> SlackChannel:
    """Return the direct conversation of the bot and `user`, opened on first use."""
    person = world.user(user)
    if person.deleted:
        raise SlackRefusal("user_disabled")
    for channel in world.channels.values():
        if channel.direct_with == person.id:
            return channel
    members = [person.id, BOT_USER_ID]
    name = f"direct-{person.name}"
    return world.add_channel(
        SlackChannel(id=f"D{person.id:0<10}", name=name, private=True, members=members, direct_with=person.id)
    )


def _content(call: Call) -> dict[str, Any]:
    blocks = checked_blocks(call.structure("blocks", "invalid_blocks_format"))
    attachments = call.structure("attachments", "invalid_attachments")
    text = call.text("text")
    if call.text("parse") != "none":
        text = linked(text)
    if not text and not blocks and not attachments:
        raise SlackRefusal("no_text")
    return {"text": text, "blocks": blocks, "attachments": attachments}


def _thread(call: Call, channel: SlackChannel) -> str | None:
    if not call.text("thread_ts"):
        return None
    thread = call.stamp("thread_ts", "invalid_thread_ts")
    for message in call.world.messages[channel.id]:
        if message.ts == thread:
            return message.thread_ts or message.ts
    raise SlackRefusal("thread_not_found")


def _own_message(call: Call, code: str) -> SlackMessage:
    channel = call.channel()
    if channel.archived:
        raise SlackRefusal("is_archived")
    message = call.world.message(channel.id, call.stamp("ts", "message_not_found"))
    if message.user != BOT_USER_ID:
        raise SlackRefusal(code)
    return message


def _reacted_message(call: Call) -> SlackMessage:
    if not (call.text("channel") and call.text("timestamp")):
        raise SlackRefusal("no_item_specified")
    channel = call.channel(must_be_member=True)
    if channel.archived:
        raise SlackRefusal("is_archived")
    return call.world.message(channel.id, call.stamp("timestamp", "bad_timestamp"))
