"""The stand-in Slack, spoken to by the real SDK (issue 2, part 6)."""

import json
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from stationmaster.rehearsal.slack.world import BOT_USER_ID, STAND_IN_TOKEN
from tests.rehearsal.slack_fixtures import (
    ANA,
    BEN,
    CHO,
    ENG,
    GONE,
    GUEST,
    OLD,
    ONCALL,
    OPS,
    PRIVATE,
    ROBOT,
    Switchboard,
    Workspace,
    switchboard,
)


@pytest.fixture(scope="module")
def board() -> Iterator[Switchboard]:
    with switchboard() as board:
        yield board


@pytest.fixture
def slack(board: Switchboard) -> Workspace:
    return board.workspace()


def refused(call: Any, **args: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**args)
    assert caught.value.response.status_code == 200
    return str(caught.value.response["error"])


def raw(
    slack: Workspace, method: str, body: bytes | None, content_type: str, token: str | None = STAND_IN_TOKEN
) -> Any:
    headers = {"Content-Type": content_type} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(f"{slack.base}/api/{method}", data=body, headers=headers)
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read())


def test_auth_test_names_the_bot_and_its_scopes(slack: Workspace) -> None:
    answer = slack.client().auth_test()
    assert answer["user_id"] == BOT_USER_ID
    assert "reactions:read" in answer.headers["x-oauth-scopes"].split(",")


def test_json_and_form_bodies_do_the_same(slack: Workspace) -> None:
    form = raw(slack, "chat.postMessage", f"channel={OPS}&text=a%26b".encode(), "application/x-www-form-urlencoded")
    sent = json.dumps({"channel": OPS, "text": "a&b"}).encode()
    as_json = raw(slack, "chat.postMessage", sent, "application/json; charset=utf-8")
    assert form["ok"]
    assert as_json["ok"]
    assert slack.texts() == ["a&b", "a&b"]


def test_structured_arguments_are_read_from_forms_too(slack: Workspace) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}]
    slack.client().api_call("chat.postMessage", params={"channel": OPS, "text": "t", "blocks": json.dumps(blocks)})
    assert slack.world.messages[OPS][0].blocks == blocks


def test_a_method_without_json_support_ignores_a_json_body(slack: Workspace) -> None:
    body = json.dumps({"user": ANA}).encode()
    assert raw(slack, "users.info", body, "application/json; charset=utf-8")["error"] == "invalid_arguments"
    assert raw(slack, "users.info", f"user={ANA}".encode(), "application/x-www-form-urlencoded")["ok"]


@pytest.mark.parametrize(
    ("method", "body", "token", "error"),
    [
        ("no.such", b"", STAND_IN_TOKEN, "unknown_method"),
        ("auth.test", b"", None, "not_authed"),
        ("auth.test", b"", "xoxb-other", "invalid_auth"),
        ("chat.postMessage", b"[1]", STAND_IN_TOKEN, "invalid_json"),
        ("chat.postMessage", b"{", STAND_IN_TOKEN, "invalid_json"),
        ("chat.postMessage", b"{}", STAND_IN_TOKEN, "invalid_arguments"),
    ],
)
def test_calls_that_are_wrong_in_themselves(
    slack: Workspace, method: str, body: bytes, token: str | None, error: str
) -> None:
    assert raw(slack, method, body, "application/json; charset=utf-8", token)["error"] == error


def test_f61_a_revoked_token_is_refused(slack: Workspace) -> None:
    slack.world.token_revoked = True
    assert refused(slack.client().auth_test) == "token_revoked"


def test_f61_a_missing_scope_is_named(slack: Workspace) -> None:
    slack.world.scopes = frozenset({"chat:write"})
    with pytest.raises(SlackApiError) as caught:
        slack.client().reactions_get(channel=OPS, timestamp="1.0", full=True)
    assert caught.value.response["needed"] == "reactions:read"
    assert caught.value.response["provided"] == "chat:write"


def test_scopes_follow_the_kind_of_conversation(slack: Workspace) -> None:
    slack.world.scopes = frozenset({"channels:history"})
    assert slack.client().conversations_history(channel=OPS)["ok"]
    assert refused(slack.client().conversations_history, channel=PRIVATE) == "missing_scope"


def test_stamps_are_unique_and_monotone_while_the_clock_stands_or_goes_back(slack: Workspace) -> None:
    client = slack.client()
    stamps = [client.chat_postMessage(channel=OPS, text=str(n))["ts"] for n in range(3)]
    slack.clock.move(hours=-1)
    stamps.append(client.chat_postMessage(channel=OPS, text="later")["ts"])
    assert stamps == sorted(set(stamps))
    assert stamps[0] == f"{int(slack.clock.instant.timestamp()) + 3600}.000000"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        (ENG, "not_in_channel"),
        (OLD, "is_archived"),
        ("C0NOWHERE01", "channel_not_found"),
        ("#nope", "channel_not_found"),
    ],
)
def test_f61_posting_where_the_bot_cannot(slack: Workspace, channel: str, error: str) -> None:
    assert refused(slack.client().chat_postMessage, channel=channel, text="x") == error


def test_a_private_channel_without_the_bot_does_not_exist_for_it(slack: Workspace) -> None:
    slack.world.channel(PRIVATE).members = [ANA]
    assert refused(slack.client().chat_postMessage, channel=PRIVATE, text="x") == "channel_not_found"
    listed = slack.client().conversations_list(types="public_channel,private_channel")["channels"]
    assert {one["id"] for one in listed} == {OPS, ENG, OLD}


def test_joining_a_public_channel_lets_the_bot_post(slack: Workspace) -> None:
    assert slack.client().conversations_join(channel=ENG)["channel"]["is_member"] is True
    assert slack.client().chat_postMessage(channel="#single-cell-eng", text="hello")["channel"] == ENG
    assert slack.client().conversations_join(channel=ENG)["warning"] == "already_in_channel"
    assert refused(slack.client().conversations_join, channel=PRIVATE) == "method_not_supported_for_channel_type"


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}, "less than 3001"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": ""}}, "more than 0"),
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "less than 151"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "valid text object"),
        ({"type": "section"}, "missing required field"),
        ({"type": "section", "fields": []}, "missing required field"),
        ({"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}, "less than 2001"),
        ({"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}, "between 1 and 10"),
        ({"type": "context", "elements": []}, "between 1 and 10"),
        ({"type": "marquee"}, "unsupported type"),
    ],
)
def test_f64_blocks_beyond_slacks_limits_are_invalid(slack: Workspace, block: dict[str, Any], said: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        slack.client().chat_postMessage(channel=OPS, text="t", blocks=[block])
    assert caught.value.response["error"] == "invalid_blocks"
    assert said in caught.value.response["response_metadata"]["messages"][0]
    assert slack.texts() == []


def test_f64_fifty_blocks_are_taken_and_fifty_one_refused(slack: Workspace) -> None:
    block = {"type": "divider"}
    assert slack.client().chat_postMessage(channel=OPS, text="t", blocks=[block] * 50)["ok"]
    assert refused(slack.client().chat_postMessage, channel=OPS, text="t", blocks=[block] * 51) == "invalid_blocks"


def test_f64_texts_are_truncated_on_post_and_refused_on_update(slack: Workspace) -> None:
    ts = slack.client().chat_postMessage(channel=OPS, text="x" * 40_001)["ts"]
    assert len(slack.texts()[0]) == 40_000
    assert refused(slack.client().chat_update, channel=OPS, ts=ts, text="x" * 4_001) == "msg_too_long"
    assert refused(slack.client().api_call, api_method="chat.postMessage", json={"channel": OPS}) == "no_text"


METADATA = {"event_type": "stationmaster", "event_payload": {"key": "cellxgene.weekly/2026-W34/announce"}}


def test_metadata_is_shown_only_when_asked_for_and_survives_an_update(slack: Workspace) -> None:
    client = slack.client()
    ts = client.chat_postMessage(channel=OPS, text="t", metadata=METADATA)["ts"]
    assert "metadata" not in client.conversations_history(channel=OPS)["messages"][0]
    client.chat_update(channel=OPS, ts=ts, text="t2")
    kept = client.conversations_history(channel=OPS, include_all_metadata=True)["messages"][0]
    assert kept["metadata"] == METADATA
    assert kept["edited"]["user"] == BOT_USER_ID
    client.chat_update(channel=OPS, ts=ts, text="t3", metadata={})
    assert "metadata" not in client.conversations_history(channel=OPS, include_all_metadata=True)["messages"][0]


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"event_type": "x"}, "invalid_metadata_schema"),
        ({"event_type": "x", "event_payload": {"k": "v" * 17_000}}, "metadata_too_large"),
    ],
)
def test_metadata_that_slack_would_refuse(slack: Workspace, metadata: dict[str, Any], error: str) -> None:
    assert refused(slack.client().chat_postMessage, channel=OPS, text="t", metadata=metadata) == error


def test_an_update_keeps_what_is_left_out_and_is_for_own_messages_only(slack: Workspace) -> None:
    client = slack.client()
    ts = client.chat_postMessage(channel=OPS, text="t", blocks=[{"type": "divider"}])["ts"]
    client.chat_update(channel=OPS, ts=ts, text="t2")
    assert slack.world.message(OPS, ts).blocks == [{"type": "divider"}]
    client.chat_update(channel=OPS, ts=ts, text="t2", blocks=[])
    assert slack.world.message(OPS, ts).blocks == []
    other = slack.world.post_as("ana", OPS, "mine").ts
    assert refused(client.chat_update, channel=OPS, ts=other, text="x") == "cant_update_message"
    assert refused(client.chat_delete, channel=OPS, ts=other) == "cant_delete_message"
    assert refused(client.chat_update, channel=OPS, ts="1.000001", text="x") == "message_not_found"


def test_history_is_newest_first_in_pages_without_replies(slack: Workspace) -> None:
    client = slack.client()
    stamps = [client.chat_postMessage(channel=OPS, text=str(n))["ts"] for n in range(5)]
    slack.world.post_as("ana", OPS, "in the thread", thread_ts=stamps[0])
    slack.world.post_as("ana", OPS, "to all", thread_ts=stamps[0], broadcast=True)
    pages = [dict(page.data) for page in client.conversations_history(channel=OPS, limit=4)]
    texts = [[message["text"] for message in page["messages"]] for page in pages]
    assert texts == [["to all", "4", "3", "2"], ["1", "0"]]
    assert [page["has_more"] for page in pages] == [True, False]
    assert pages[0]["messages"][0]["subtype"] == "thread_broadcast"
    assert refused(client.conversations_history, channel=OPS, cursor="bogus") == "invalid_cursor"
    assert refused(client.conversations_history, channel=OPS, oldest="bogus") == "invalid_ts_oldest"


def test_history_bounds_are_exclusive_unless_inclusive(slack: Workspace) -> None:
    client = slack.client()
    first, second, third = (client.chat_postMessage(channel=OPS, text=str(n))["ts"] for n in range(3))

    def found(**bounds: Any) -> list[str]:
        return [one["ts"] for one in client.conversations_history(channel=OPS, **bounds)["messages"]]

    assert found(oldest=first, latest=third) == [second]
    assert found(oldest=first, latest=third, inclusive=True) == [third, second, first]
    assert found(oldest=first) == [third, second]


def test_replies_give_the_parent_first_and_pages_do_not_lose_any(slack: Workspace) -> None:
    client = slack.client()
    ts = client.chat_postMessage(channel=OPS, text="parent")["ts"]
    for n in range(5):
        slack.world.post_as("ben", OPS, f"r{n}", thread_ts=ts)
    pages = [dict(page.data) for page in client.conversations_replies(channel=OPS, ts=ts, limit=2)]
    texts = [message["text"] for page in pages for message in page["messages"] if message["ts"] != ts]
    assert texts == ["r0", "r1", "r2", "r3", "r4"]
    parent = pages[0]["messages"][0]
    assert (parent["text"], parent["reply_count"], parent["reply_users"]) == ("parent", 5, [BEN])
    assert refused(client.conversations_replies, channel=OPS, ts="1.000001") == "thread_not_found"


def test_f11_a_deleted_parent_leaves_a_tombstone_and_a_lone_message_nothing(slack: Workspace) -> None:
    client = slack.client()
    ts = client.chat_postMessage(channel=OPS, text="parent", metadata=METADATA)["ts"]
    lone = client.chat_postMessage(channel=OPS, text="lone")["ts"]
    slack.world.post_as("ben", OPS, "LGTM", thread_ts=ts)
    slack.world.delete(OPS, ts)
    slack.world.delete(OPS, lone)
    assert refused(client.reactions_get, channel=OPS, timestamp=ts) == "message_not_found"
    assert refused(client.chat_update, channel=OPS, ts=ts, text="x") == "message_not_found"
    history = client.conversations_history(channel=OPS, include_all_metadata=True)["messages"]
    assert [one.get("subtype") for one in history] == ["tombstone"]
    assert [one["text"] for one in client.conversations_replies(channel=OPS, ts=ts)["messages"]][1:] == ["LGTM"]


def test_f11_reactions_are_cut_short_unless_full(slack: Workspace) -> None:
    slack.world.reactions_shown = 1
    ts = slack.client().chat_postMessage(channel=OPS, text="vote")["ts"]
    for user in (ANA, BEN, CHO):
        slack.world.react_as(user, OPS, ts, "+1")
    short = slack.client().reactions_get(channel=OPS, timestamp=ts)["message"]["reactions"]
    full = slack.client().reactions_get(channel=OPS, timestamp=ts, full=True)["message"]["reactions"]
    assert short == [{"name": "+1", "users": [ANA], "count": 3}]
    assert full == [{"name": "+1", "users": [ANA, BEN, CHO], "count": 3}]
    slack.fault("partial_reactions", "reactions.get", shown=2)
    spoilt = slack.client().reactions_get(channel=OPS, timestamp=ts, full=True)["message"]["reactions"]
    assert (len(spoilt[0]["users"]), spoilt[0]["count"]) == (2, 3)


def test_reactions_by_the_bot_and_by_people(slack: Workspace) -> None:
    client = slack.client()
    ts = client.chat_postMessage(channel=OPS, text="vote")["ts"]
    client.reactions_add(channel=OPS, timestamp=ts, name="white_check_mark")
    assert refused(client.reactions_add, channel=OPS, timestamp=ts, name="white_check_mark") == "already_reacted"
    assert refused(client.reactions_add, channel=OPS, timestamp=ts, name="Not An Emoji") == "invalid_name"
    slack.world.react_as("ana", OPS, ts, "white_check_mark")
    client.reactions_remove(channel=OPS, timestamp=ts, name="white_check_mark")
    assert slack.world.message(OPS, ts).reactions == {"white_check_mark": [ANA]}
    slack.world.unreact_as("ana", OPS, ts, "white_check_mark")
    assert slack.world.message(OPS, ts).reactions == {}
    assert refused(client.reactions_remove, channel=OPS, timestamp=ts, name="white_check_mark") == "no_reaction"


def test_people_and_their_accounts(slack: Workspace) -> None:
    client = slack.client()
    assert client.users_info(user=ANA)["user"]["tz_offset"] == -7 * 3600
    assert client.users_info(user=GUEST)["user"]["is_restricted"] is True
    assert client.users_info(user=GONE)["user"]["deleted"] is True
    assert refused(client.users_info, user="U0NOBODY01") == "user_not_found"
    assert client.users_lookupByEmail(email="Ben@example.org")["user"]["id"] == BEN
    assert refused(client.users_lookupByEmail, email="gone@example.org") == "users_not_found"
    ids = [user["id"] for page in client.users_list(limit=3) for user in page["members"]]
    assert len(ids) == len(set(ids)) == 7


def test_a_direct_message_opens_once(slack: Workspace) -> None:
    opened = slack.client().conversations_open(users=[ANA])["channel"]["id"]
    again = slack.client().conversations_open(users=ANA)
    assert again["channel"]["id"] == opened
    assert again["already_open"] is True
    assert slack.client().chat_postMessage(channel=opened, text="psst")["channel"] == opened
    assert refused(slack.client().conversations_open, users=GONE) == "user_disabled"


def test_conversation_facts(slack: Workspace) -> None:
    client = slack.client()
    assert client.conversations_info(channel=OPS, include_num_members=True)["channel"]["num_members"] == 5
    assert client.conversations_info(channel=OLD)["channel"]["is_archived"] is True
    assert BOT_USER_ID in client.conversations_members(channel=OPS)["members"]
    client.conversations_setTopic(channel=OPS, topic="on the rails")
    assert client.conversations_info(channel=OPS)["channel"]["topic"]["value"] == "on the rails"
    assert client.conversations_history(channel=OPS)["messages"][0]["subtype"] == "channel_topic"


def test_pins_and_permalinks_and_ephemeral_messages(slack: Workspace) -> None:
    client = slack.client()
    ts = client.chat_postMessage(channel=OPS, text="t")["ts"]
    assert client.chat_getPermalink(channel=OPS, message_ts=ts)["permalink"].endswith(f"/p{ts.replace('.', '')}")
    assert client.pins_add(channel=OPS, timestamp=ts)["ok"]
    assert refused(client.pins_add, channel=OPS, timestamp=ts) == "already_pinned"
    assert client.chat_postEphemeral(channel=OPS, user=ANA, text="only you")["message_ts"] > ts
    assert refused(client.chat_postEphemeral, channel=OPS, user=GUEST, text="x") == "user_not_in_channel"
    assert slack.texts() == ["t"]


@pytest.mark.parametrize("users", [[GUEST], [ROBOT], [GONE], [ANA, "U0NOBODY01"]])
def test_f63_a_usergroup_refuses_guests_bots_and_strangers(slack: Workspace, users: list[str]) -> None:
    assert refused(slack.client().usergroups_users_update, usergroup=ONCALL, users=users) == "invalid_users"
    assert slack.world.usergroups[ONCALL].users == [ANA]


def test_f63_a_usergroup_is_replaced_as_a_whole_and_never_emptied(slack: Workspace) -> None:
    client = slack.client()
    assert client.usergroups_users_update(usergroup=ONCALL, users=[BEN, CHO])["usergroup"]["users"] == [BEN, CHO]
    assert refused(client.usergroups_users_update, usergroup=ONCALL, users=[]) == "no_users_provided"
    assert client.usergroups_disable(usergroup=ONCALL)["usergroup"]["date_delete"] > 0
    assert client.usergroups_list()["usergroups"] == []
    assert client.usergroups_list(include_disabled=True, include_users=True)["usergroups"][0]["users"] == [BEN, CHO]
    assert refused(client.usergroups_users_list, usergroup=ONCALL) == "no_such_subteam"
    client.usergroups_enable(usergroup=ONCALL)
    assert client.usergroups_users_list(usergroup=ONCALL)["users"] == [BEN, CHO]


def test_f60_the_tiers_are_enforced_on_the_worlds_clock(board: Switchboard) -> None:
    slack = board.workspace(enforce_limits=True)
    client = slack.client()
    for _ in range(50):
        client.conversations_history(channel=OPS)
    with pytest.raises(SlackApiError) as caught:
        client.conversations_history(channel=OPS)
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "60"
    slack.clock.move(seconds=60)
    assert client.conversations_history(channel=OPS)["ok"]


@pytest.mark.parametrize("kind", ["server_error_after", "drop_after", "truncate_after"])
def test_f04_an_answer_lost_after_the_write_leaves_the_message_behind(slack: Workspace, kind: str) -> None:
    slack.fault(kind, "chat.postMessage")
    with pytest.raises((SlackApiError, OSError, HTTPException)):
        slack.client().chat_postMessage(channel=OPS, text="once")
    assert slack.texts() == ["once"]


@pytest.mark.parametrize("kind", ["server_error_before", "drop_before", "rate_limited", "error"])
def test_a_fault_before_the_write_leaves_nothing_behind(slack: Workspace, kind: str) -> None:
    slack.fault(kind, "chat.postMessage")
    with pytest.raises((SlackApiError, OSError)):
        slack.client().chat_postMessage(channel=OPS, text="never")
    assert slack.texts() == []


def test_f04_the_sdks_own_retries_post_twice(slack: Workspace) -> None:
    """Why Chat replaces the SDK's retry handlers."""
    slack.fault("drop_after", "chat.postMessage")
    slack.client(retry_handlers=None).chat_postMessage(channel=OPS, text="twice")
    assert slack.texts() == ["twice", "twice"]


def test_a_fault_counts_down_and_keeps_to_its_method_and_channel(slack: Workspace) -> None:
    slack.fault("error", "chat.postMessage", error="fatal_error", times=2, channel=PRIVATE)
    client = slack.client()
    assert client.chat_postMessage(channel=OPS, text="fine")["ok"]
    assert client.conversations_history(channel=PRIVATE)["ok"]
    assert [refused(client.chat_postMessage, channel=PRIVATE, text="x") for _ in range(2)] == ["fatal_error"] * 2
    assert client.chat_postMessage(channel=PRIVATE, text="fine again")["ok"]


def test_f74_the_journal_keeps_writes_and_no_token(slack: Workspace) -> None:
    raw(slack, "chat.postMessage", f"channel={OPS}&text=t&token={STAND_IN_TOKEN}".encode(),
        "application/x-www-form-urlencoded", token=None)  # fmt: skip
    refused(slack.client().chat_postMessage, channel=OLD, text="x")
    first, second = slack.world.journal
    assert (first.method, first.applied, first.error) == ("chat.postMessage", True, None)
    assert (second.applied, second.error) == (False, "is_archived")
    assert STAND_IN_TOKEN not in "".join(entry.model_dump_json() for entry in slack.world.journal)
