"""The chat hook with the real SDK against the stand-in Slack (issue 2, part 5)."""

import ast
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeGuard

import pytest
import yaml

from stationmaster import clock as one_clock
from stationmaster.hooks import chat as chat_module
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.chat_blocks import fit
from stationmaster.hooks.chat_errors import (
    ChatConnectionMissing,
    ChatError,
    ChatMessageGone,
    ChatNotInChannel,
    ChatOutcomeUnknown,
    ChatRateLimited,
    ChatRejected,
    ChatUnauthorised,
    ChatUnreachable,
    ChatUnreadable,
    ChatUserUnknown,
)
from stationmaster.hooks.chat_memory import ChatMemory
from stationmaster.hooks.chat_models import instant_of, stamp_of
from stationmaster.hooks.chat_retries import RepeatableCallRetries
from stationmaster.rehearsal.slack.catalogue import METHODS
from stationmaster.rehearsal.slack.models import SlackMessage, SlackUsergroup
from stationmaster.rehearsal.slack.world import BOT_USER_ID
from tests.rehearsal.slack_fixtures import (
    ANA,
    BEN,
    CHO,
    ENG,
    GONE,
    GUEST,
    OLD,
    OPS,
    PRIVATE,
    ROBOT,
    Switchboard,
    Workspace,
    switchboard,
)

TOKEN = "xoxb-123456789012-very-secret-AbCdEf"
KEY = "cellxgene.weekly/2026-W34/announce"


@pytest.fixture(scope="module")
def board() -> Iterator[Switchboard]:
    with switchboard() as board:
        yield board


@pytest.fixture
def slack(board: Switchboard) -> Workspace:
    return board.workspace(token=TOKEN)


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def chat(slack: Workspace, naps: list[float]) -> Chat:
    return Chat.from_client(slack.client(token=TOKEN, timeout=1), retries=RepeatableCallRetries(sleep=naps.append))


def at(slack: Workspace) -> datetime:
    return slack.clock.instant


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def test_a_post_is_found_again_by_its_key(slack: Workspace, chat: Chat) -> None:
    posted = chat.post(OPS, "in progress", key=KEY)
    chat.post(OPS, "something else", key="other")
    assert chat.find(OPS, KEY, at(slack)) == posted
    assert chat.find(OPS, "cellxgene.weekly/2026-W35/announce", at(slack)) is None


def test_a_post_is_found_through_many_pages(slack: Workspace, chat: Chat) -> None:
    posted = chat.post(OPS, "first", key=KEY)
    for n in range(450):
        slack.world.post_as("ana", OPS, f"chatter {n}")
    assert chat.find(OPS, KEY, at(slack)) == posted
    assert slack.calls("conversations.history") == 3


def test_a_reply_is_looked_for_in_its_thread(slack: Workspace, chat: Chat) -> None:
    """F04: the history of a channel does not hold the replies of its threads."""
    parent = chat.post(OPS, "parent", key="parent")
    reply = chat.post(OPS, "details", key=KEY, thread_ts=parent.ts)
    assert chat.find(OPS, KEY, at(slack)) is None
    assert chat.find(OPS, KEY, at(slack), thread_ts=parent.ts) == reply


def test_posts_older_than_the_intent_do_not_count(slack: Workspace, chat: Chat) -> None:
    chat.post(OPS, "of last week", key=KEY)
    slack.clock.move(days=7)
    assert chat.find(OPS, KEY, at(slack)) is None


def test_the_older_of_two_posts_is_adopted(slack: Workspace, chat: Chat) -> None:
    first = chat.post(OPS, "one", key=KEY)
    chat.post(OPS, "two", key=KEY)
    assert chat.find(OPS, KEY, at(slack)) == first


def test_metadata_of_another_app_proves_nothing(slack: Workspace, chat: Chat) -> None:
    forged = SlackMessage(
        ts=slack.world.stamp(),
        channel=OPS,
        user=ROBOT,
        from_bot=True,
        text="forged",
        metadata={"event_type": "stationmaster", "event_payload": {"key": KEY}},
    )
    slack.world.add_message(forged)
    assert chat.find(OPS, KEY, at(slack)) is None


@pytest.mark.parametrize("kind", ["server_error_after", "drop_after", "truncate_after", "hang_after"])
def test_f04_a_lost_answer_is_unknown_and_the_message_is_there_once(
    slack: Workspace, chat: Chat, naps: list[float], kind: str
) -> None:
    slack.fault(kind, "chat.postMessage", seconds=1.2)
    with pytest.raises(ChatOutcomeUnknown) as caught:
        chat.post(OPS, "delivered", key=KEY)
    assert caught.value.outcome_unknown
    assert naps == []
    assert slack.texts() == ["delivered"]
    found = chat.find(OPS, KEY, at(slack))
    assert found is not None
    assert found.ts == slack.world.messages[OPS][0].ts


@pytest.mark.parametrize("kind", ["server_error_before", "drop_before"])
def test_f04_a_post_that_may_not_have_arrived_is_unknown_too_and_not_repeated(
    slack: Workspace, chat: Chat, kind: str
) -> None:
    slack.fault(kind, "chat.postMessage")
    with pytest.raises(ChatOutcomeUnknown):
        chat.post(OPS, "lost", key=KEY)
    assert slack.calls("chat.postMessage") == 1
    assert chat.find(OPS, KEY, at(slack)) is None


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "service_unavailable", "request_timeout"])
def test_f04_slacks_own_failures_leave_the_outcome_of_a_post_unknown(slack: Workspace, chat: Chat, code: str) -> None:
    slack.fault("error", "chat.postMessage", error=code)
    with pytest.raises(ChatOutcomeUnknown):
        chat.post(OPS, "perhaps", key=KEY)


def test_a_post_that_surely_never_left_is_not_called_unknown(chat: Chat) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chat._web().base_url = f"http://127.0.0.1:{port}/api/"
    with pytest.raises(ChatUnreachable) as caught:
        chat.post(OPS, "x", key=KEY)
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("kind", ["server_error_before", "drop_before", "truncate_after", "rate_limited"])
def test_reads_are_repeated(slack: Workspace, chat: Chat, naps: list[float], kind: str) -> None:
    ts = chat.post(OPS, "vote", key=KEY).ts
    slack.world.react_as("ana", OPS, ts, "+1")
    slack.fault(kind, "reactions.get", times=2, retry_after=3)
    assert chat.reactions(OPS, ts) == {"+1": frozenset({ANA})}
    assert slack.calls("reactions.get") == 3
    assert len(naps) == 2
    assert (naps == [3.0, 3.0]) == (kind == "rate_limited")


def test_reads_give_up_after_three_attempts(slack: Workspace, chat: Chat, naps: list[float]) -> None:
    slack.fault("server_error_before", "reactions.get", times=9)
    with pytest.raises(ChatUnreachable):
        chat.reactions(OPS, "1.000001")
    assert slack.calls("reactions.get") == 3
    assert naps == sorted(naps)


def test_edits_are_repeated_because_twice_is_as_good_as_once(slack: Workspace, chat: Chat) -> None:
    ts = chat.post(OPS, "open", key=KEY).ts
    slack.fault("drop_after", "chat.update")
    chat.update(OPS, ts, "closed")
    assert slack.texts() == ["closed"]
    assert chat.find(OPS, KEY, at(slack)) is not None


def test_f60_a_long_rate_limit_is_raised_and_not_slept_on(slack: Workspace, chat: Chat, naps: list[float]) -> None:
    slack.fault("rate_limited", "reactions.get", retry_after=120)
    with pytest.raises(ChatRateLimited) as caught:
        chat.reactions(OPS, "1.000001")
    assert caught.value.retry_after == timedelta(minutes=2)
    assert naps == []


def test_f60_a_post_beyond_the_limit_is_known_not_to_have_happened(slack: Workspace, chat: Chat) -> None:
    slack.fault("rate_limited", "chat.postMessage", retry_after=1)
    with pytest.raises(ChatRateLimited) as caught:
        chat.post(OPS, "x", key=KEY)
    assert not caught.value.outcome_unknown
    assert slack.texts() == []


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("token_revoked", ChatUnauthorised),
        ("invalid_auth", ChatUnauthorised),
        ("account_inactive", ChatUnauthorised),
        ("not_in_channel", ChatNotInChannel),
        ("is_archived", ChatNotInChannel),
        ("channel_not_found", ChatNotInChannel),
        ("message_not_found", ChatMessageGone),
        ("thread_not_found", ChatMessageGone),
        ("user_not_found", ChatUserUnknown),
        ("ratelimited", ChatRateLimited),
        ("bad_timestamp", ChatRejected),
        ("never_heard_of_it", ChatRejected),
    ],
)
def test_f61_every_refusal_has_its_class_and_names_code_and_call(
    slack: Workspace, chat: Chat, code: str, outcome: type[ChatError]
) -> None:
    slack.fault("error", "reactions.get", error=code, times=3)
    with pytest.raises(ChatError) as caught:
        chat.reactions(OPS, "1.000001")
    assert type(caught.value) is outcome
    assert "reactions.get" in str(caught.value)
    assert caught.value.method == "reactions.get"


def test_f61_a_missing_scope_says_which(slack: Workspace, chat: Chat) -> None:
    slack.world.scopes = frozenset({"chat:write"})
    with pytest.raises(ChatUnauthorised, match="reactions:read") as caught:
        chat.reactions(OPS, "1.000001")
    assert (caught.value.needed, caught.value.provided) == (("reactions:read",), ("chat:write",))


def test_f61_where_the_bot_is_not(slack: Workspace, chat: Chat) -> None:
    with pytest.raises(ChatNotInChannel, match="/invite"):
        chat.post(ENG, "x", key=KEY)
    with pytest.raises(ChatNotInChannel, match="Unarchive"):
        chat.post(OLD, "x", key=KEY)
    assert (chat.channel(ENG).joined, chat.channel(OLD).archived, chat.channel(PRIVATE).private) == (False, True, True)


def test_f11_partial_reaction_lists_are_read_in_full(slack: Workspace, chat: Chat) -> None:
    slack.world.reactions_shown = 1
    ts = chat.post(OPS, "vote", key=KEY).ts
    for user in (ANA, BEN, CHO):
        slack.world.react_as(user, OPS, ts, "white_check_mark")
    assert chat.reactions(OPS, ts) == {"white_check_mark": frozenset({ANA, BEN, CHO})}


def test_f11_a_list_that_stays_partial_is_unreadable_and_no_votes(slack: Workspace, chat: Chat) -> None:
    ts = chat.post(OPS, "vote", key=KEY).ts
    for user in (ANA, BEN, CHO):
        slack.world.react_as(user, OPS, ts, "white_check_mark")
    slack.fault("partial_reactions", "reactions.get", shown=2)
    with pytest.raises(ChatUnreadable, match=r"counts 3 reactions .* names 2 people"):
        chat.reactions(OPS, ts)


def test_f09_skin_tones_and_aliases_are_one_emoji(slack: Workspace, chat: Chat) -> None:
    ts = chat.post(OPS, "vote", key=KEY).ts
    slack.world.react_as(ANA, OPS, ts, "+1::skin-tone-3")
    slack.world.react_as(BEN, OPS, ts, "thumbsup")
    slack.world.react_as(CHO, OPS, ts, "thumbsup::skin-tone-6")
    slack.world.react_as(ANA, OPS, ts, "+1")
    slack.world.react_as(ANA, OPS, ts, "heavy_check_mark")
    expected = {"+1": frozenset({ANA, BEN, CHO}), "white_check_mark": frozenset({ANA})}
    assert chat.reactions(OPS, ts) == expected


def test_f10_a_reaction_taken_back_is_gone(slack: Workspace, chat: Chat) -> None:
    ts = chat.post(OPS, "vote", key=KEY).ts
    slack.world.react_as(ANA, OPS, ts, "+1")
    slack.world.unreact_as(ANA, OPS, ts, "+1")
    assert chat.reactions(OPS, ts) == {}


def test_f11_a_deleted_message_is_gone_for_every_reader(slack: Workspace, chat: Chat) -> None:
    ts = chat.post(OPS, "vote", key=KEY).ts
    lone = chat.post(OPS, "lone", key="lone").ts
    slack.world.post_as("ana", OPS, "LGTM", thread_ts=ts)
    for gone in (ts, lone):
        slack.world.delete(OPS, gone)
        for call in (
            lambda gone=gone: chat.reactions(OPS, gone),
            lambda gone=gone: chat.replies(OPS, gone),
            lambda gone=gone: chat.update(OPS, gone, "x"),
            lambda gone=gone: chat.permalink(OPS, gone),
        ):
            with pytest.raises(ChatMessageGone):
                call()


def test_replies_are_read_with_author_bot_edit_and_instant(slack: Workspace, chat: Chat) -> None:
    ts = chat.post(OPS, "vote", key=KEY).ts
    chat.post(OPS, "details", key="details", thread_ts=ts)
    slack.clock.move(minutes=5)
    said = slack.world.post_as("ana", OPS, "LGTM", thread_ts=ts)
    removed = slack.world.post_as("cho", OPS, "oops", thread_ts=ts)
    slack.world.post_as("ben", OPS, "veto because of #12", thread_ts=ts)
    slack.clock.move(minutes=5)
    slack.world.edit_as("ana", OPS, said.ts, "withdraw")
    slack.world.delete(OPS, removed.ts)
    own, ana, ben = chat.replies(OPS, ts)
    assert (own.user, own.bot) == (BOT_USER_ID, True)
    assert (ana.user, ana.bot, ana.text) == (ANA, False, "withdraw")
    assert (ana.at, ana.edited) == (datetime(2026, 8, 20, 17, 5, tzinfo=UTC), datetime(2026, 8, 20, 17, 10, tzinfo=UTC))
    assert (ben.text, ben.edited) == ("veto because of #12", None)
    assert [one.user for one in chat.replies(OPS, ts, oldest=ana.at)] == [ANA, BEN]


def test_replies_are_read_through_many_pages(slack: Workspace, chat: Chat) -> None:
    ts = chat.post(OPS, "vote", key=KEY).ts
    for n in range(401):
        slack.world.post_as("ana", OPS, str(n), thread_ts=ts)
    assert [reply.text for reply in chat.replies(OPS, ts)] == [str(n) for n in range(401)]
    assert slack.calls("conversations.replies") == 3


def test_f09_accounts_say_what_they_are(chat: Chat) -> None:
    assert (chat.user(ANA).tz, chat.user(ANA).name) == ("America/Los_Angeles", "Ana Ortiz")
    assert (chat.user(ROBOT).bot, chat.user(GUEST).guest, chat.user(GONE).deleted) == (True, True, True)
    with pytest.raises(ChatUserUnknown):
        chat.user("U0NOBODY00")


def test_a_direct_message_reaches_one_person_and_is_found_again(slack: Workspace, chat: Chat) -> None:
    direct = chat.direct(ANA)
    posted = chat.post(direct, "you are paged", key="page")
    assert slack.texts(direct) == ["you are paged"]
    assert slack.texts(OPS) == []
    assert chat.find(direct, "page", at(slack)) == posted


def test_f64_a_long_changelog_is_split_and_cut_to_what_slack_takes(slack: Workspace, chat: Chat) -> None:
    changes = "\n".join(f"• fix: number {n} of a release with rather many changes aboard" for n in range(3000))
    ts = chat.post(OPS, changes, key=KEY, blocks=[section(changes)]).ts
    sent = slack.world.message(OPS, ts)
    assert sent.blocks is not None
    assert len(sent.blocks) == 50
    assert "more parts" in str(sent.blocks[-1])
    chat.update(OPS, ts, changes, blocks=[])
    assert len(slack.texts()[0]) <= 4000
    assert slack.texts()[0].endswith("(shortened)")


def test_stamps_and_instants_convert_exactly() -> None:
    instant = datetime(2021, 11, 7, 8, 59, 59, 999_999, tzinfo=UTC)
    assert stamp_of(instant) == "1636275599.999999"
    assert instant_of(stamp_of(instant)) == instant
    with pytest.raises(ValueError, match="aware"):
        stamp_of(datetime(2021, 11, 7))


def test_a_rehearsal_speaks_to_a_stand_in_only(slack: Workspace, tmp_path: Path, monkeypatch: Any) -> None:
    face = tmp_path / "clock.json"
    one_clock.set_virtual(face, slack.clock.instant)
    monkeypatch.setenv(one_clock.CLOCK_FILE_VARIABLE, str(face))
    with pytest.raises(ChatConnectionMissing, match=r"stand-in only.*slack\.com"):
        Chat.from_client(slack.client(base_url="https://slack.com/api/"))
    Chat.from_client(slack.client())


def test_a_proxy_in_the_environment_is_not_asked_for_a_stand_in(slack: Workspace, monkeypatch: Any) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Chat.from_client(slack.client(token=TOKEN)).post(OPS, "not through the proxy", key=KEY)
    assert slack.texts() == ["not through the proxy"]


def failures(slack: Workspace, chat: Chat) -> Iterator[Callable[[], object]]:
    for kind in ("rate_limited", "server_error_after", "drop_after", "truncate_after", "error"):
        slack.world.faults.clear()
        slack.fault(kind, times=9, retry_after=1, error="invalid_auth")
        yield lambda: chat.post(OPS, "x", key=KEY)
        slack.world.faults.clear()
        slack.fault(kind, times=9, retry_after=600, error=f"odd_{TOKEN}")
        yield lambda: chat.reactions(OPS, "1.000001")


def test_f74_no_token_in_logs_or_exceptions(slack: Workspace, chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    chat._web().logger.setLevel(logging.DEBUG)
    seen = 0
    for call in failures(slack, chat):
        with pytest.raises(ChatError) as caught:
            call()
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(vars(caught.value))
        assert TOKEN not in shown
        seen += 1
    slack.world.faults.clear()
    chat.identity()
    assert seen == 10
    assert "reactions.get" in caplog.text
    assert TOKEN not in caplog.text.replace(f"odd_{TOKEN}", "")


def test_the_topic_is_written_cut_to_what_slack_takes_and_read_again(slack: Workspace, chat: Chat) -> None:
    chat.set_topic(OPS, "x" * 400)
    assert chat.channel(OPS).topic.startswith("xxx")
    assert len(chat.channel(OPS).topic) <= 250


GROUP = "S0ONCALL01"
ROOT = Path(__file__).parents[2]
SCOPES = tuple(yaml.safe_load((ROOT / "docs/slack-app-manifest.yaml").read_text())["oauth_config"]["scopes"]["bot"])


def use_everything(slack: Workspace, chat: Chat) -> None:
    for channel in (OPS, PRIVATE):
        ts = chat.post(channel, "vote", key=KEY).ts
        chat.reactions(channel, ts)
        chat.replies(channel, ts)
        chat.find(channel, KEY, at(slack))
        chat.channel(channel)
        chat.update(channel, ts, "x")
        chat.permalink(channel, ts)
        chat.set_topic(channel, "all is well")
    chat.user(ANA)
    chat.post(chat.direct(ANA), "you are paged", key=KEY)
    chat.find(chat.direct(ANA), KEY, at(slack))
    slack.world.usergroups[GROUP] = SlackUsergroup(id=GROUP, handle="oncall")
    chat.group_members(GROUP)
    chat.set_group_members(GROUP, (ANA,))


def test_the_manifests_scopes_are_enough(slack: Workspace, chat: Chat) -> None:
    slack.world.scopes = frozenset(SCOPES)
    use_everything(slack, chat)
    assert set(chat.identity().scopes) == set(SCOPES)


@pytest.mark.parametrize("scope", SCOPES)
def test_each_of_the_manifests_scopes_is_needed(slack: Workspace, chat: Chat, scope: str) -> None:
    slack.world.scopes = frozenset(SCOPES) - {scope}
    with pytest.raises(ChatUnauthorised) as caught:
        use_everything(slack, chat)
    assert scope in caught.value.needed  # of the topic Slack takes either of two


def methods_of_the_hook() -> dict[str, frozenset[str]]:
    """Return the methods of Slack's Web API that each public method of the hook reaches, by its source."""
    body = next(one for one in ast.parse(Path(chat_module.__file__).read_text()).body if isinstance(one, ast.ClassDef))
    functions = {one.name: list(ast.walk(one)) for one in body.body if isinstance(one, ast.FunctionDef)}

    def reached(name: str) -> frozenset[str]:
        named = {each.value for each in functions[name] if isinstance(each, ast.Constant) and each.value in METHODS}
        own = [each.attr for each in functions[name] if is_attribute_of(each, "self") and each.attr in functions]
        return frozenset(named).union(*map(reached, own))

    return {name: reached(name) for name in functions if not name.startswith("_") and name != "from_client"}


def is_attribute_of(node: ast.AST, owner: str) -> TypeGuard[ast.Attribute]:
    if not isinstance(node, ast.Attribute):
        return False
    return getattr(node.value, "attr", getattr(node.value, "id", "")) == owner


def methods_with_a_caller() -> set[str]:
    """Return what the package calls of the hook, as `….chat.NAME`, outside the hook itself and the stand-ins."""
    package = ROOT / "plugins" / "stationmaster"
    files = [one for one in package.rglob("*.py") if one.relative_to(package).parts[0] not in ("hooks", "rehearsal")]
    nodes = (node for one in files for node in ast.walk(ast.parse(one.read_text())))
    return {node.attr for node in nodes if is_attribute_of(node, "chat")}


def test_every_method_of_the_hook_has_a_caller() -> None:
    assert set(methods_of_the_hook()) <= methods_with_a_caller() | {"identity"}
    assert "identity" in methods_with_a_caller()


def test_the_manifest_asks_for_what_callers_need_and_for_no_more() -> None:
    """A method that takes a channel is called with public and private ones; looking a message up, with direct ones."""
    needed: set[str] = set()
    for name, reached in methods_of_the_hook().items():
        kinds = ("public", "private", "direct") if name == "find" else ("public", "private")
        if name in methods_with_a_caller():
            needed |= {METHODS[one].scopes(kind)[0] for one in reached for kind in kinds if METHODS[one].scope}
    assert set(SCOPES) == needed


def test_s5_slack_links_what_is_marked_as_a_link_and_nothing_else(slack: Workspace, chat: Chat) -> None:
    """S5: the stand-in makes links of bare addresses and hosts, as Slack does, unless it is told not to."""
    text = "see https://evil.example/x and evil.example, <https://github.com/a/b|ours>"
    posted = chat.post(OPS, text, key=KEY)
    assert slack.world.message(OPS, posted.ts).text == text
    chat.update(OPS, posted.ts, f"{text} again")
    assert slack.world.message(OPS, posted.ts).text == f"{text} again"
    blocks = fit([section(text * 100), *[section("x")] * 60])
    assert all(block["text"]["verbatim"] for block in blocks[:-1])
    assert blocks[-1]["elements"][0]["verbatim"]
    without = slack.client(token=TOKEN).chat_postMessage(channel=OPS, text=text)
    shown = slack.world.message(OPS, without["ts"]).text
    assert "<https://evil.example/x>" in shown
    assert "<http://evil.example|evil.example>," in shown


def test_v10_a_thread_is_read_whole_while_it_is_one_page_and_read_on_when_it_is_longer(
    slack: Workspace, chat: Chat
) -> None:
    chat._memory = ChatMemory(page=3, pages_a_minute=3)
    ts = chat.post(OPS, "vote", key=KEY).ts
    now = at(slack)
    first = slack.world.post_as("ana", OPS, "LGTM", thread_ts=ts)
    assert [one.text for one in chat.thread(OPS, ts, now=now, anew=False).replies] == ["LGTM"]
    slack.world.edit_as("ana", OPS, first.ts, "veto")
    assert [one.text for one in chat.thread(OPS, ts, now=now, anew=False).replies] == ["veto"]
    for n in range(20):
        slack.world.post_as("ben", OPS, str(n), thread_ts=ts)
    now += timedelta(minutes=5)
    with pytest.raises(ChatUnreadable, match=r"9 replies of thread .* were read so far"):
        chat.thread(OPS, ts, now=now, anew=True)
    now += timedelta(minutes=2)
    with pytest.raises(ChatUnreadable, match="18 replies"):
        chat.thread(OPS, ts, now=now, anew=True)
    now += timedelta(minutes=2)
    assert len(chat.thread(OPS, ts, now=now, anew=True).replies) == 21
    asked = slack.calls("conversations.replies")
    slack.world.post_as("ben", OPS, "new", thread_ts=ts)
    now += timedelta(minutes=2)
    assert chat.thread(OPS, ts, now=now, anew=False).replies[-1].text == "new"
    assert slack.calls("conversations.replies") == asked + 1


def test_f11_a_thread_without_its_first_message_is_read_and_one_that_is_gone_is_not(
    slack: Workspace, chat: Chat
) -> None:
    ts = chat.post(OPS, "vote", key=KEY).ts
    reply = slack.world.post_as("ana", OPS, "LGTM", thread_ts=ts)
    slack.world.delete(OPS, ts)
    found = chat.thread(OPS, ts, now=at(slack), anew=True)
    assert (found.headless, [one.text for one in found.replies]) == (True, ["LGTM"])
    slack.world.delete(OPS, reply.ts)
    alone = chat.post(OPS, "vote", key=KEY).ts
    slack.world.delete(OPS, alone)
    with pytest.raises(ChatMessageGone):
        chat.thread(OPS, alone, now=at(slack), anew=True)


def test_v09_what_an_account_is_holds_for_minutes_and_is_asked_anew_by_whoever_acts(
    slack: Workspace, chat: Chat
) -> None:
    now = at(slack)
    assert not chat.account(ANA, now=now, anew=False).deleted
    slack.world.user("ana").deleted = True
    assert not chat.account(ANA, now=now + timedelta(minutes=4), anew=False).deleted
    assert chat.account(ANA, now=now + timedelta(minutes=6), anew=False).deleted
    slack.world.user("ana").deleted = False
    assert not chat.account(ANA, now=now + timedelta(minutes=6), anew=True).deleted
    assert chat.account("U0NOBODY01", now=now, anew=False) is None


def test_v09_an_account_of_another_workspace_is_a_stranger(slack: Workspace, chat: Chat) -> None:
    now = at(slack)
    assert not chat.account(ANA, now=now, anew=True).stranger
    assert chat.account(GUEST, now=now, anew=True).guest
    slack.world.user("ben").team = "T0ELSEWHERE"
    assert chat.account(BEN, now=now, anew=True).stranger
