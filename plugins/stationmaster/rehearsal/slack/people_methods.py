"""users.* and usergroups.*: who is who, and who is on call."""

from collections.abc import Sequence
from typing import Any

from stationmaster.rehearsal.slack.call import Call
from stationmaster.rehearsal.slack.models import SlackUser, SlackUsergroup
from stationmaster.rehearsal.slack.shapes import user_object, usergroup_object
from stationmaster.rehearsal.slack.world import BOT_USER_ID, SlackRefusal


def user_info(call: Call) -> dict[str, Any]:
    """users.info."""
    user = call.world.users.get(call.text("user"))
    if user is None:
        raise SlackRefusal("user_not_found")
    return {"user": user_object(call.world, user)}


def users_list(call: Call) -> dict[str, Any]:
    """users.list, with deleted accounts and bots, in pages."""
    users: Sequence[SlackUser] = list(call.world.users.values())
    chunk, after = call.page(users, default=200, most=1000, kind="user")
    return {
        "members": [user_object(call.world, user) for user in chunk],
        "cache_ts": int(call.world.clock().timestamp()),
        "response_metadata": after,
    }


def lookup_by_email(call: Call) -> dict[str, Any]:
    """users.lookupByEmail: accounts that were deactivated are not found."""
    wanted = call.text("email").lower()
    for user in call.world.users.values():
        if user.email and user.email.lower() == wanted and not user.deleted:
            return {"user": user_object(call.world, user)}
    raise SlackRefusal("users_not_found")


def usergroups_list(call: Call) -> dict[str, Any]:
    """usergroups.list."""
    groups = [one for one in call.world.usergroups.values() if one.enabled or call.flag("include_disabled")]
    return {"usergroups": [usergroup_object(group, users=call.flag("include_users")) for group in groups]}


def usergroup_users(call: Call) -> dict[str, Any]:
    """usergroups.users.list."""
    group = _group(call)
    if not group.enabled and not call.flag("include_disabled"):
        raise SlackRefusal("no_such_subteam")
    return {"users": list(group.users)}


def update_usergroup_users(call: Call) -> dict[str, Any]:
    """usergroups.users.update: replaces the whole list; it can neither be emptied nor hold guests or bots (F63)."""
    group = _group(call)
    given = call.args.get("users")
    users = list(given) if isinstance(given, list) else [one.strip() for one in call.text("users").split(",")]
    users = [user for user in dict.fromkeys(users) if user]
    if not users:
        raise SlackRefusal("no_users_provided")
    people = [call.world.users.get(user) for user in users]
    if any(one is None or one.bot or one.guest or one.deleted for one in people):
        raise SlackRefusal("invalid_users")
    group.users = users
    return {"usergroup": _touched(call, group)}


def enable_usergroup(call: Call) -> dict[str, Any]:
    """usergroups.enable."""
    group = _group(call)
    if group.enabled:
        raise SlackRefusal("already_enabled")
    group.enabled = True
    return {"usergroup": _touched(call, group)}


def disable_usergroup(call: Call) -> dict[str, Any]:
    """usergroups.disable."""
    group = _group(call)
    if not group.enabled:
        raise SlackRefusal("already_disabled")
    group.enabled = False
    return {"usergroup": _touched(call, group)}


def _group(call: Call) -> SlackUsergroup:
    group = call.world.usergroups.get(call.text("usergroup"))
    if group is None:
        raise SlackRefusal("no_such_subteam")
    return group


def _touched(call: Call, group: SlackUsergroup) -> dict[str, Any]:
    group.updated, group.updated_by = int(call.world.clock().timestamp()), BOT_USER_ID
    return usergroup_object(group, users=True)
