"""The stand-in Slack's control plane and its page for people (issue 2, parts 6 and 8)."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from stationmaster.rehearsal.slack.markup import to_html
from stationmaster.rehearsal.slack.world import BOT_USER_ID, STAND_IN_TOKEN
from tests.rehearsal.slack_fixtures import ANA, BEN, ENG, OPS, Switchboard, Workspace, switchboard


@pytest.fixture(scope="module")
def board() -> Iterator[Switchboard]:
    with switchboard() as board:
        yield board


@pytest.fixture
def slack(board: Switchboard) -> Workspace:
    return board.workspace()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        return None


BROWSER = urllib.request.build_opener(NoRedirect)


def ask(
    slack: Workspace, path: str, body: bytes | None = None, *, method: str | None = None, **headers: str
) -> tuple[int, str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(slack.base + path, data=body, headers=named, method=method)
    try:
        with BROWSER.open(request) as response:
            return response.status, response.read().decode(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def control(slack: Workspace, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    status, text, _ = ask(slack, f"/_control/{path}", json.dumps(body).encode())
    return status, json.loads(text)


def test_a_script_makes_people_speak_react_and_change_their_mind(slack: Workspace) -> None:
    ts = slack.client().chat_postMessage(channel=OPS, text="vote")["ts"]
    assert control(slack, "react", user="ana", channel="single-cell-ops", ts=ts, name="+1")[0] == 200
    assert control(slack, "react", user=ANA, channel=OPS, ts=ts, name="+1") == (409, {"error": "already_reacted"})
    said = control(slack, "post", user="@ben", channel="#single-cell-ops", text="LGTM", thread_ts=ts)[1]
    assert control(slack, "edit", user="ben", channel=OPS, ts=said["ts"], text="withdraw")[0] == 200
    message = slack.client().conversations_replies(channel=OPS, ts=ts)["messages"]
    assert (message[0]["reactions"][0]["users"], message[1]["text"], message[1]["user"]) == ([ANA], "withdraw", BEN)
    assert control(slack, "unreact", user="ana", channel=OPS, ts=ts, name="+1")[0] == 200
    assert control(slack, "delete", channel=OPS, ts=said["ts"])[0] == 200
    assert slack.texts() == ["vote"]


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("post", {"user": "nobody", "channel": OPS, "text": "x"}, 409, "user_not_found"),
        ("post", {"user": "gone", "channel": OPS, "text": "x"}, 409, "account_inactive"),
        ("post", {"user": "guest", "channel": OPS, "text": "x"}, 409, "not_in_channel"),
        ("edit", {"user": "ana", "channel": OPS, "ts": "1.0", "text": "x"}, 409, "message_not_found"),
        ("post", {"user": "ana", "channel": OPS}, 422, "invalid_body"),
        ("post", {"user": "ana", "channel": OPS, "text": "x", "colour": "red"}, 422, "invalid_body"),
        ("faults", {"kind": "earthquake"}, 422, "invalid_body"),
    ],
)
def test_scripts_that_ask_the_impossible_are_told(
    slack: Workspace, path: str, body: dict[str, Any], status: int, error: str
) -> None:
    answered, answer = control(slack, path, **body)
    assert (answered, answer["error"]) == (status, error)


def test_the_world_changes_on_demand(slack: Workspace) -> None:
    control(slack, "channel", channel=OPS, archived=True)
    control(slack, "channel", channel=ENG, bot_joined=True)
    control(slack, "token", revoked=True, scopes=["chat:write"])
    control(slack, "user", user="ben", deleted=True)
    assert slack.world.channel(OPS).archived
    assert BOT_USER_ID in (slack.world.channel(ENG).members or [])
    assert slack.world.token_revoked
    assert slack.world.scopes == {"chat:write"}
    assert slack.world.user("ben").deleted
    control(slack, "channel", channel=ENG, bot_joined=False)
    assert BOT_USER_ID not in (slack.world.channel(ENG).members or [])


def test_faults_are_added_listed_and_cleared(slack: Workspace) -> None:
    control(slack, "faults", kind="rate_limited", method="chat.postMessage", retry_after=7)
    assert json.loads(ask(slack, "/_control/faults")[1])["faults"][0]["retry_after"] == 7
    assert ask(slack, "/_control/faults", method="DELETE")[0] == 200
    assert slack.world.faults == []


def test_journal_and_state_tell_what_happened(slack: Workspace) -> None:
    slack.client().chat_postMessage(channel=OPS, text="t", metadata={"event_type": "x", "event_payload": {"key": "k"}})
    journal = json.loads(ask(slack, "/_control/journal")[1])["journal"]
    assert [(entry["seq"], entry["method"], entry["applied"]) for entry in journal] == [(1, "chat.postMessage", True)]
    assert journal[0]["at"] == slack.clock.instant.isoformat()
    state = ask(slack, "/_control/state")[1]
    assert json.loads(state)["messages"][OPS][0]["metadata"]["event_payload"] == {"key": "k"}
    assert STAND_IN_TOKEN not in state


def form(slack: Workspace, path: str, fields: dict[str, str], **headers: str) -> tuple[int, str, Any]:
    return ask(slack, path, urllib.parse.urlencode(fields).encode(), **headers)


def test_a_newcomer_votes_on_the_page_by_reaction_and_by_reply(slack: Workspace) -> None:
    ts = slack.client().chat_postMessage(channel=OPS, text="Ready for *prod*? <@U0ANA00001>")["ts"]
    status, page, headers = ask(slack, f"/?channel={OPS}&as={BEN}")
    assert status == 200
    assert "Ready for <strong>prod</strong>?" in page
    assert '<span class="mention">@Ana Ortiz</span>' in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)
    react = {"channel": OPS, "user": BEN, "ts": ts, "name": "white_check_mark"}
    assert form(slack, "/react", react, Origin=slack.base)[0] == 303
    assert (
        form(slack, "/say", {"channel": OPS, "user": BEN, "thread_ts": ts, "text": "LGTM"}, Origin=slack.base)[0] == 303
    )
    assert slack.world.message(OPS, ts).reactions == {"white_check_mark": [BEN]}
    assert [reply.text for reply in slack.world.replies(OPS, ts)] == ["LGTM"]
    assert "✅ 1" in ask(slack, f"/?channel={OPS}&as={BEN}")[1]
    assert form(slack, "/unreact", react, Origin=slack.base)[0] == 303
    assert slack.world.message(OPS, ts).reactions == {}


def test_the_page_says_what_cannot_be_done(slack: Workspace) -> None:
    status, page, _ = form(slack, "/say", {"channel": OPS, "user": BEN, "text": "  "}, Origin=slack.base)
    assert (status, "Write something first." in page) == (409, True)
    missing = {"channel": OPS, "user": BEN, "ts": "1.0", "name": "eyes"}
    assert "That message was deleted." in form(slack, "/react", missing, Origin=slack.base)[1]


@pytest.mark.parametrize("path", ["/react", "/say", "/_control/post"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_other_sites_cannot_vote(slack: Workspace, path: str, headers: dict[str, str]) -> None:
    body = {"channel": OPS, "user": BEN, "text": "LGTM", "ts": "1.0", "name": "+1"}
    status, _, _ = ask(slack, path, json.dumps(body).encode(), **{"Origin": slack.base, **headers})
    assert status == 403
    assert slack.texts() == []


def test_a_form_without_origin_is_no_form_of_ours(slack: Workspace) -> None:
    assert form(slack, "/say", {"channel": OPS, "user": BEN, "text": "LGTM"})[0] == 403


NASTY = "<script>alert(1)</script> <img src=x onerror=alert(1)> \"'&"


def test_f65_nothing_that_is_written_becomes_markup_of_the_page(slack: Workspace) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": NASTY}}
    slack.client().chat_postMessage(channel=OPS, text=NASTY, username=NASTY, blocks=[block])
    slack.client().conversations_setTopic(channel=OPS, topic=NASTY)
    slack.world.post_as("ana", OPS, f'<https://e.org/"onmouseover=x|{NASTY}> <javascript:alert(1)|click>')
    slack.world.react_as("ana", OPS, slack.world.messages[OPS][0].ts, '"><script>')
    assert form(slack, "/say", {"channel": OPS, "user": ANA, "text": NASTY}, Origin=slack.base)[0] == 303
    _, page, _ = ask(slack, f"/?channel={OPS}&as={ANA}")
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "javascript:alert(1)" not in "".join(re.findall(r'href="[^"]*"', page))
    assert 'onmouseover=x"' not in page.replace("&quot;", "'")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a &lt;b&gt; &amp;amp;", "a &lt;b&gt; &amp;amp;"),
        ("*bold* _it_ ~no~ `x*y*`", "<strong>bold</strong> <em>it</em> <s>no</s> <code>x*y*</code>"),
        ("<https://e.org|here>", '<a href="https://e.org" rel="noreferrer noopener" target="_blank">here</a>'),
        (
            "<!channel> <!subteam^S0ONCALL01>",
            '<span class="mention">@channel</span> <span class="mention">@name</span>',
        ),
        (":rocket: :no_such:", "🚀 :no_such:"),
        ("one\ntwo", "one<br>two"),
    ],
)
def test_slacks_markup_is_shown(text: str, html: str) -> None:
    assert to_html(text, name_of=lambda _: "name") == html


def test_a_script_lets_people_delete_their_own_messages_and_admins_anybodys(slack: Workspace) -> None:
    ts = slack.client().chat_postMessage(channel=OPS, text="vote")["ts"]
    said = control(slack, "post", user="ben", channel=OPS, text="veto", thread_ts=ts)[1]["ts"]
    refused = (409, {"error": "cant_delete_message"})
    assert control(slack, "delete", user="ana", channel=OPS, ts=said) == refused
    assert control(slack, "user", user="ana", admin=True)[0] == 200
    assert control(slack, "delete", user="ana", channel=OPS, ts=said)[0] == 200
    assert len(slack.client().conversations_replies(channel=OPS, ts=ts)["messages"]) == 1


def test_a_script_makes_accounts_of_every_kind_and_sets_slacks_clock(slack: Workspace) -> None:
    assert control(slack, "user", user="ben", ultra_guest=True, team="T0ELSEWHERE", bot=True)[0] == 200
    found = slack.client().users_info(user=BEN)["user"]
    assert (found["is_restricted"], found["is_ultra_restricted"], found["is_bot"]) == (True, True, True)
    assert (found["team_id"], found["is_stranger"]) == ("T0ELSEWHERE", True)
    before = float(slack.client().chat_postMessage(channel=OPS, text="now")["ts"])
    assert control(slack, "clock", ahead=120)[0] == 200
    assert float(slack.client().chat_postMessage(channel=OPS, text="later")["ts"]) >= before + 119
