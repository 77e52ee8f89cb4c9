"""The JSON objects of Slack's Web API, made from the state of the world."""

from typing import Any
from zoneinfo import ZoneInfo

from stationmaster.rehearsal.slack.models import SlackChannel, SlackMessage, SlackUser, SlackUsergroup
from stationmaster.rehearsal.slack.world import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID, SlackWorld

ICON = "https://slack.invalid/bot.png"
DOMAIN = "https://stand-in.slack.invalid"


def message_object(
    world: SlackWorld, message: SlackMessage, *, metadata: bool = False, complete_reactions: bool = False
) -> dict[str, Any]:
    """Return a message as history, replies and reactions.get show it."""
    shape: dict[str, Any] = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": TEAM_ID,
    }
    if message.subtype or message.broadcast:
        shape["subtype"] = message.subtype or "thread_broadcast"
    if message.from_bot and message.user == BOT_USER_ID:
        shape |= {"bot_id": BOT_ID, "bot_profile": _bot_profile(world)}
    elif message.from_bot:
        shape["bot_id"] = f"B{message.user[1:]:0<8}"
    for name in ("username", "blocks", "attachments"):
        value = getattr(message, name)
        if value:
            shape[name] = value
    if message.edited_ts:
        shape["edited"] = {"user": message.edited_by, "ts": message.edited_ts}
    if metadata and message.metadata:
        shape["metadata"] = message.metadata
    if message.reactions:
        shape["reactions"] = reaction_objects(message, shown=None if complete_reactions else world.reactions_shown)
    if message.pinned:
        shape["pinned_to"] = [message.channel]
    return shape | _thread_part(world, message)


def reaction_objects(message: SlackMessage, *, shown: int | None) -> list[dict[str, Any]]:
    """Return reactions with at most `shown` users each; `count` always tells how many there are (F11)."""
    return [
        {"name": name, "users": users[:shown], "count": len(users)}
        for name, users in message.reactions.items()
        if users
    ]


def user_object(world: SlackWorld, user: SlackUser) -> dict[str, Any]:
    """Return a user as users.info and users.list show it."""
    offset = world.clock().astimezone(ZoneInfo(user.tz)).utcoffset()
    name = user.real_name or user.name
    profile: dict[str, Any] = {
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": name,
        "real_name_normalized": name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "status_text": "",
        "status_emoji": "",
        "avatar_hash": f"g{user.id.lower()}",
        "fields": None,
        "team": TEAM_ID,
    }
    if user.email and "users:read.email" in world.scopes:
        profile["email"] = user.email
    shape: dict[str, Any] = {
        "id": user.id,
        "team_id": user.team or TEAM_ID,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile,
        "is_bot": user.bot,
        "is_app_user": False,
        "updated": world.founded,
    }
    if user.deleted:
        return shape
    return shape | {
        "color": "9f69e7",
        "real_name": name,
        "tz": user.tz,
        "tz_label": user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_admin": user.admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.guest or user.ultra_guest,
        "is_ultra_restricted": user.ultra_guest,
        **({"is_stranger": True} if user.team else {}),
    }


def channel_object(world: SlackWorld, channel: SlackChannel, *, count_members: bool = False) -> dict[str, Any]:
    """Return a conversation as conversations.info and conversations.list show it."""
    if channel.direct_with:
        return {
            "id": channel.id,
            "created": channel.created,
            "is_im": True,
            "is_org_shared": False,
            "user": channel.direct_with,
            "is_archived": channel.archived,
            "is_user_deleted": world.user(channel.direct_with).deleted,
            "priority": 0,
        }
    shape: dict[str, Any] = {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "created": channel.created,
        "creator": BOT_USER_ID,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_general": False,
        "is_shared": False,
        "is_org_shared": False,
        "is_ext_shared": False,
        "is_member": BOT_USER_ID in (channel.members or []),
        "unlinked": 0,
        "topic": {"value": channel.topic, "creator": channel.topic_by, "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }
    if count_members:
        shape["num_members"] = len(channel.members or [])
    return shape


def usergroup_object(group: SlackUsergroup, *, users: bool = False) -> dict[str, Any]:
    """Return a user group as usergroups.list shows it; a disabled one carries the date of its end."""
    shape: dict[str, Any] = {
        "id": group.id,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name or group.handle,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": group.created,
        "date_update": group.updated,
        "date_delete": 0 if group.enabled else group.updated,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": BOT_USER_ID,
        "updated_by": group.updated_by or BOT_USER_ID,
        "deleted_by": None if group.enabled else group.updated_by or BOT_USER_ID,
        "prefs": {"channels": [], "groups": []},
        "user_count": len(group.users),
    }
    if users:
        shape["users"] = list(group.users)
    return shape


def permalink(channel: str, ts: str, thread_ts: str | None) -> str:
    """Return the address of a message, as chat.getPermalink does."""
    link = f"{DOMAIN}/archives/{channel}/p{ts.replace('.', '')}"
    return f"{link}?thread_ts={thread_ts}&cid={channel}" if thread_ts and thread_ts != ts else link


def _thread_part(world: SlackWorld, message: SlackMessage) -> dict[str, Any]:
    if message.thread_ts and message.thread_ts != message.ts:
        parents = [one for one in world.messages[message.channel] if one.ts == message.thread_ts]
        return {"thread_ts": message.thread_ts} | ({"parent_user_id": parents[0].user} if parents else {})
    replies = world.replies(message.channel, message.ts)
    if not replies:
        return {}
    people = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(people),
        "reply_users": people[:5],
        "latest_reply": replies[-1].ts,
        "subscribed": False,
    }


def _bot_profile(world: SlackWorld) -> dict[str, Any]:
    return {
        "id": BOT_ID,
        "deleted": False,
        "name": world.bot_name,
        "updated": world.founded,
        "app_id": APP_ID,
        "icons": {"image_36": ICON, "image_48": ICON, "image_72": ICON},
        "team_id": TEAM_ID,
    }
