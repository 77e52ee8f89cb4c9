"""The stand-in's answers hold what Slack's published description requires of them.

The tables repeat the required members and the patterns of the ids; the description itself is older than some of the
members that Slack sends today (metadata, edited), so that more than the required ones is fine.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.rehearsal.slack_fixtures import ANA, BEN, OLD, ONCALL, OPS, Switchboard, Workspace, switchboard

MESSAGE = {"type", "text", "ts"}
PROFILE = {
    "real_name",
    "display_name",
    "avatar_hash",
    "real_name_normalized",
    "display_name_normalized",
    "title",
    "phone",
    "skype",
    "status_text",
    "status_emoji",
    "fields",
}
USER = {"id", "name", "profile", "is_bot", "updated", "is_app_user"}
CONVERSATION = {
    "id",
    "name",
    "created",
    "creator",
    "is_archived",
    "is_channel",
    "is_general",
    "is_mpim",
    "is_group",
    "is_org_shared",
    "is_im",
    "is_shared",
    "is_private",
    "name_normalized",
    "topic",
    "purpose",
}
USERGROUP = {
    "id",
    "team_id",
    "is_usergroup",
    "is_subteam",
    "name",
    "description",
    "handle",
    "is_external",
    "date_create",
    "date_update",
    "date_delete",
    "auto_type",
    "auto_provision",
    "enterprise_subteam_id",
    "created_by",
    "updated_by",
    "deleted_by",
    "prefs",
}
PATTERNS = {
    "ts": r"\d{10}\.\d{6}",
    "thread_ts": r"\d{10}\.\d{6}",
    "latest_reply": r"\d{10}\.\d{6}",
    "message_ts": r"\d{10}\.\d{6}",
    "user_id": r"[UW][A-Z0-9]{2,}",
    "parent_user_id": r"[UW][A-Z0-9]{2,}",
    "bot_id": r"B[A-Z0-9]{8,}",
    "app_id": r"A[A-Z0-9]+",
    "team_id": r"T[A-Z0-9]{2,}",
}

Call = Callable[[WebClient, str], Any]
CALLS: dict[str, tuple[Call, set[str], str, set[str]]] = {
    "auth.test": (lambda c, _: c.auth_test(), {"url", "team", "user", "team_id", "user_id"}, "", set()),
    "chat.postMessage": (
        lambda c, _: c.chat_postMessage(channel=OPS, text="t"),
        {"channel", "ts", "message"},
        "message",
        MESSAGE | {"bot_id", "bot_profile"},
    ),
    "chat.update": (
        lambda c, ts: c.chat_update(channel=OPS, ts=ts, text="u"),
        {"channel", "ts", "text", "message"},
        "message",
        {"text"},
    ),
    "chat.delete": (lambda c, ts: c.chat_delete(channel=OPS, ts=ts), {"channel", "ts"}, "", set()),
    "chat.postEphemeral": (
        lambda c, _: c.chat_postEphemeral(channel=OPS, user=ANA, text="t"),
        {"message_ts"},
        "",
        set(),
    ),
    "chat.getPermalink": (
        lambda c, ts: c.chat_getPermalink(channel=OPS, message_ts=ts),
        {"channel", "permalink"},
        "",
        set(),
    ),
    "conversations.history": (
        lambda c, _: c.conversations_history(channel=OPS),
        {"messages", "has_more", "pin_count", "channel_actions_ts", "channel_actions_count"},
        "messages",
        MESSAGE,
    ),
    "conversations.replies": (
        lambda c, ts: c.conversations_replies(channel=OPS, ts=ts),
        {"messages"},
        "messages",
        {"type", "user", "text", "thread_ts", "ts"},
    ),
    "conversations.info": (lambda c, _: c.conversations_info(channel=OPS), {"channel"}, "channel", CONVERSATION),
    "conversations.list": (lambda c, _: c.conversations_list(), {"channels"}, "channels", CONVERSATION),
    "conversations.members": (
        lambda c, _: c.conversations_members(channel=OPS),
        {"members", "response_metadata"},
        "",
        set(),
    ),
    "conversations.open": (lambda c, _: c.conversations_open(users=ANA), {"channel"}, "channel", {"id"}),
    "conversations.setTopic": (
        lambda c, _: c.conversations_setTopic(channel=OPS, topic="t"),
        {"channel"},
        "channel",
        CONVERSATION,
    ),
    "reactions.get": (
        lambda c, ts: c.reactions_get(channel=OPS, timestamp=ts, full=True),
        {"type", "channel", "message"},
        "message",
        MESSAGE | {"reactions"},
    ),
    "users.info": (lambda c, _: c.users_info(user=ANA), {"user"}, "user", USER),
    "users.list": (lambda c, _: c.users_list(), {"members", "cache_ts"}, "members", USER),
    "users.lookupByEmail": (lambda c, _: c.users_lookupByEmail(email="ana@example.org"), {"user"}, "user", USER),
    "usergroups.list": (lambda c, _: c.usergroups_list(), {"usergroups"}, "usergroups", USERGROUP),
    "usergroups.users.list": (lambda c, _: c.usergroups_users_list(usergroup=ONCALL), {"users"}, "", set()),
    "usergroups.users.update": (
        lambda c, _: c.usergroups_users_update(usergroup=ONCALL, users=[BEN]),
        {"usergroup"},
        "usergroup",
        USERGROUP,
    ),
    "pins.add": (lambda c, ts: c.pins_add(channel=OPS, timestamp=ts), set(), "", set()),
}


@pytest.fixture(scope="module")
def board() -> Iterator[Switchboard]:
    with switchboard() as board:
        yield board


@pytest.fixture
def slack(board: Switchboard) -> Workspace:
    return board.workspace()


@pytest.mark.parametrize("method", CALLS)
def test_answers_hold_what_the_description_requires(slack: Workspace, method: str) -> None:
    call, members, part, required = CALLS[method]
    ts = slack.client().chat_postMessage(channel=OPS, text="t")["ts"]
    slack.world.react_as("ana", OPS, ts, "+1")
    slack.world.post_as("ben", OPS, "LGTM", thread_ts=ts)
    answer = call(slack.client(), ts).data
    assert answer["ok"] is True
    assert members <= set(answer)
    parts = answer[part] if part else []
    for one in parts if isinstance(parts, list) else [parts]:
        assert required <= set(one)
        assert "profile" not in required or set(one["profile"]) >= PROFILE
    assert not list(misshapen(answer))


def misshapen(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from misshapen(one)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in PATTERNS and not re.fullmatch(PATTERNS[name], str(inner)):
                yield f"{name}={inner!r}"
            yield from misshapen(inner)


def test_reactions_have_names_users_and_a_count(slack: Workspace) -> None:
    ts = slack.client().chat_postMessage(channel=OPS, text="t")["ts"]
    slack.world.react_as("ana", OPS, ts, "+1")
    shape = slack.client().reactions_get(channel=OPS, timestamp=ts, full=True)["message"]["reactions"]
    assert shape == [{"name": "+1", "users": [ANA], "count": 1}]


def test_a_thread_tells_its_parent_and_its_replies_apart(slack: Workspace) -> None:
    ts = slack.client().chat_postMessage(channel=OPS, text="t")["ts"]
    slack.world.post_as("ben", OPS, "LGTM", thread_ts=ts)
    parent, reply = slack.client().conversations_replies(channel=OPS, ts=ts)["messages"]
    assert {"reply_count", "reply_users", "latest_reply", "subscribed"} <= set(parent)
    assert "parent_user_id" in reply
    assert "reply_count" not in reply


def test_a_refusal_is_http_200_with_ok_false_and_a_code(slack: Workspace) -> None:
    with pytest.raises(SlackApiError) as caught:
        slack.client().chat_postMessage(channel=OLD, text="x")
    assert caught.value.response.status_code == 200
    assert caught.value.response.data == {"ok": False, "error": "is_archived"}
