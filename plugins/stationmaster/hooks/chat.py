"""Slack, as the trains need it: post once, edit, read votes. Built on the provider's hook and its connection.

The Airflow connection is of type `slack`: the password is the bot token, the extra may hold `base_url`, `timeout`
(seconds) and `proxy`. Nothing is connected before the first call.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from http.client import HTTPException
from itertools import islice
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from stationmaster.hooks import chat_outcomes, chat_reading
from stationmaster.hooks.chat_blocks import POSTED_CHARACTERS, UPDATED_CHARACTERS, clip, fit
from stationmaster.hooks.chat_budget import BudgetSpent
from stationmaster.hooks.chat_connection import checked, connected
from stationmaster.hooks.chat_errors import (
    ChatConnectionMissing,
    ChatMessageGone,
    ChatOutcomeUnknown,
    ChatUnreadable,
    ChatUserUnknown,
)
from stationmaster.hooks.chat_memory import ChatMemory, memory_of
from stationmaster.hooks.chat_models import (
    ChatChannel,
    ChatIdentity,
    ChatUser,
    Heard,
    Message,
    Reply,
    Thread,
    stamp_of,
)
from stationmaster.hooks.chat_retries import RepeatableCallRetries

EVENT_TYPE = "stationmaster"
LOOK_BACK = timedelta(minutes=5)
"""How far before the intent a lost message is looked for: Slack's clock is not the ledger's, and may be behind it."""

AS_WRITTEN = {"parse": "none", "link_names": False}
"""Slack makes links and mentions of what is marked as such, and of nothing else: no bare address, domain or name (S5).

The markup itself still holds: ``*bold*``, ``<https://…|a link>``, ``<@U…>``. Blocks say the same by ``verbatim``.
"""

_PAGE = 200
TOPIC_CHARACTERS = 250


class Chat:
    """The workspace behind an Airflow connection. Every method raises one of the errors of `chat_errors`.

    Reads and harmless repeats are retried as RepeatableCallRetries says; a post never is. While a rehearsal's clock is
    in force, only a stand-in on loopback is spoken to.
    """

    def __init__(self, conn_id: str = "slack_api_default", *, retries: RepeatableCallRetries | None = None) -> None:
        self._conn_id = conn_id
        self._retries = retries or RepeatableCallRetries()
        self._client: WebClient | None = None
        self._identity: ChatIdentity | None = None
        self._memory = memory_of(conn_id)

    @classmethod
    def from_client(cls, client: WebClient, *, retries: RepeatableCallRetries | None = None) -> "Chat":
        """Use a client that exists; its retry handlers are replaced, because the SDK's own repeat posts (F04)."""
        chat = cls(retries=retries)
        client.retry_handlers = [chat._retries]
        chat._client = checked(client, "the given client")
        chat._memory = ChatMemory()
        return chat

    def identity(self) -> ChatIdentity:
        """Return who the token is, asked once."""
        if self._identity is None:
            response = self._respond("auth.test", {}, about="who am I")
            self._identity = chat_reading.identity(response.data, response.headers)
        return self._identity

    def post(
        self,
        channel: str,
        text: str,
        *,
        key: str,
        blocks: Iterable[Mapping[str, Any]] | None = None,
        thread_ts: str | None = None,
        broadcast: bool = False,
    ) -> Message:
        """Post a message that carries `key`, so that `find` knows it again. Never repeated here (F04).

        :param channel: the channel's id.
        :param text: Slack's markup; shown in notifications where there are blocks. Cut to what Slack takes (F64).
        :param broadcast: a reply is shown in the channel, too.
        :raises ChatOutcomeUnknown: the answer was lost; look with `find` before posting again.
        """
        sent = {
            "channel": channel,
            "text": clip(text, POSTED_CHARACTERS),
            "blocks": None if blocks is None else fit(blocks),
            "thread_ts": thread_ts,
            "reply_broadcast": broadcast or None,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            "unfurl_links": False,
            "unfurl_media": False,
            **AS_WRITTEN,
        }
        data = self._call("chat.postMessage", sent, about=f"channel {channel}")
        try:
            return Message(channel=data["channel"], ts=data["ts"])
        except (KeyError, ValueError):
            message = (
                f"Slack took chat.postMessage (channel {channel}) and did not say where it is. Look before repeating."
            )
            raise ChatOutcomeUnknown(message, method="chat.postMessage") from None

    def find(self, channel: str, key: str, oldest: datetime, *, thread_ts: str | None = None) -> Message | None:
        """Look a post up by its key; of two, the older one. Only messages of this very bot count.

        :param oldest: when the post was intended (aware); a minute before is looked at, too.
        :param thread_ts: the thread into which it was posted: the history of a channel does not hold replies.
        """
        about = f"channel {channel}, key {key}"
        me = self.identity()
        args = {"channel": channel, "oldest": stamp_of(oldest - LOOK_BACK), "include_all_metadata": True}
        method = "conversations.replies" if thread_ts else "conversations.history"
        found = [
            str(message["ts"])
            for message in self._pages(method, {**args, "ts": thread_ts}, about=about)
            if chat_reading.carries(message, EVENT_TYPE, key, user=me.user)
        ]
        return Message(channel=channel, ts=min(found)) if found else None

    def update(self, channel: str, ts: str, text: str, blocks: Iterable[Mapping[str, Any]] | None = None) -> Message:
        """Replace a message of ours; its key stays. Text is cut to 4,000 characters (F64).

        :param blocks: None keeps the blocks that are there, an empty list removes them.
        :raises ChatMessageGone: it was deleted (F11).
        """
        sent = {
            "channel": channel,
            "ts": ts,
            "text": clip(text, UPDATED_CHARACTERS),
            "blocks": None if blocks is None else fit(blocks),
            **AS_WRITTEN,
        }
        self._call("chat.update", sent, about=f"message {channel}/{ts}")
        return Message(channel=channel, ts=ts)

    def permalink(self, channel: str, ts: str) -> str:
        """Return the address of a message."""
        about = f"message {channel}/{ts}"
        data = self._call("chat.getPermalink", {"channel": channel, "message_ts": ts}, about=about)
        return chat_reading.text(data, "permalink", method="chat.getPermalink")

    def reactions(self, channel: str, ts: str) -> dict[str, frozenset[str]]:
        """Return who reacted with what: canonical emoji names (`core.emoji`) to user ids, always complete.

        :raises ChatUnreadable: Slack named fewer users than it counts (F11).
        :raises ChatMessageGone: the message was deleted (F11).
        """
        asked = {"channel": channel, "timestamp": ts, "full": True}
        data = self._call("reactions.get", asked, about=f"message {channel}/{ts}")
        return chat_reading.reactions(data, about=f"message {channel}/{ts}")

    def replies(self, channel: str, ts: str, oldest: datetime | None = None) -> list[Reply]:
        """Return the replies below a message, oldest first, without the message itself.

        :param oldest: an aware instant; earlier replies are left out, also those that were edited since.
        :raises ChatMessageGone: the message was deleted (F11).
        """
        args: dict[str, Any] = {"channel": channel, "ts": ts, "inclusive": True}
        args["oldest"] = None if oldest is None else stamp_of(oldest)
        messages = self._pages("conversations.replies", args, about=f"thread {channel}/{ts}")
        return chat_reading.replies(messages, ts, about=f"thread {channel}/{ts}")

    def thread(self, channel: str, ts: str, *, now: datetime, anew: bool) -> Thread:
        """Return a thread in full, oldest first; also one whose first message was deleted and left its replies.

        :param now: by which the calls of a minute are counted.
        :param anew: read all of it. Otherwise, of a thread of many pages, what is new since the last look.
        :raises ChatUnreadable: it was not read to its end yet; the next look reads on.
        :raises ChatMessageGone: there is no such thread any more.
        """
        kept = self._memory.thread(channel, ts)
        about = f"thread {channel}/{ts}"

        def spend() -> None:
            try:
                self._memory.budget.spend(now)
            except BudgetSpent as spent:
                raise ChatUnreadable(
                    f"{len(kept.replies)} replies of {about} were read so far, and there are more: it is read on "
                    f"from {spent.free_at:%H:%M:%S} UTC.",
                    method="conversations.replies",
                ) from None

        with kept.lock:
            kept.resume(now, page=self._memory.page, anew=anew)
            asked, size = {"channel": channel, "ts": ts, "oldest": kept.upto}, self._memory.page
            try:
                for page in self._whole_pages("conversations.replies", asked, size, about=about, spend=spend):
                    headless, found = chat_reading.thread(page, ts)
                    kept.headless = kept.headless or headless
                    kept.take(found)
            except ChatMessageGone:
                kept.begin(None)
                raise
            kept.whole = True
            return Thread(replies=tuple(kept.replies[each] for each in sorted(kept.replies)), headless=kept.headless)

    def account(self, user: str, *, now: datetime, anew: bool) -> ChatUser | None:
        """Return what Slack says of an account, as it was told within the last minutes; None: there is no such one.

        :param anew: ask now.
        """
        known = None if anew else self._memory.account(user, now)
        if known is not None:
            return known[0]
        try:
            found: ChatUser | None = self.user(user)
        except ChatUserUnknown:
            found = None
        if found is not None and found.team and not found.stranger:
            found = found.model_copy(update={"stranger": self.identity().team not in (found.team, *found.teams)})
        self._memory.keep_account(user, found, now)
        return found

    def spoken(self, channel: str, oldest: datetime) -> list[Reply]:
        """Return what was written into a channel since an aware instant, oldest first, without replies in threads."""
        args = {"channel": channel, "oldest": stamp_of(oldest)}
        return chat_reading.spoken(self._pages("conversations.history", args, about=f"channel {channel}"))

    def heard(
        self, channel: str, oldest: datetime, *, spend: Callable[[], None], most: int = 5
    ) -> tuple[list[Heard], bool]:
        """Return what was written into a channel since an aware instant, with what became of it, oldest first.

        The second value says whether that is all of it: of more than ``most`` pages the oldest are left out.

        :param spend: called before each page of 200 messages; it raises where no more may be asked now.
        """
        args = {"channel": channel, "oldest": stamp_of(oldest), "inclusive": True}
        pages = self._pages("conversations.history", args, about=f"channel {channel}", spend=spend)
        found = list(islice(pages, most * _PAGE))
        return chat_reading.heard(found), len(found) < most * _PAGE

    def user(self, user: str) -> ChatUser:
        """Return an account. Raises ChatUserUnknown."""
        data = self._call("users.info", {"user": user}, about=f"user {user}")
        return chat_reading.user(data, method="users.info")

    def channel(self, channel: str) -> ChatChannel:
        """Return a channel: whether it is archived, whether the bot is in it (F61)."""
        data = self._call("conversations.info", {"channel": channel}, about=f"channel {channel}")
        return chat_reading.channel(data)

    def set_topic(self, channel: str, topic: str) -> None:
        """Write a channel's topic; cut to what Slack takes. The same topic again leaves a message all the same."""
        self._call(
            "conversations.setTopic",
            {"channel": channel, "topic": clip(topic, TOPIC_CHARACTERS)},
            about=f"channel {channel}",
        )

    def direct(self, user: str) -> str:
        """Return the id of the direct conversation with a person, opened if need be."""
        data = self._call("conversations.open", {"users": user}, about=f"user {user}")
        return chat_reading.text(data.get("channel"), "id", method="conversations.open")

    def group_members(self, group: str) -> tuple[str, ...]:
        """Return the accounts in a user group, sorted; of a disabled group too."""
        args = {"usergroup": group, "include_disabled": True}
        data = self._call("usergroups.users.list", args, about=f"user group {group}")
        members = data.get("users")
        if not isinstance(members, list):
            raise ChatUnreadable(f"Slack sent no members of the user group {group}.", method="usergroups.users.list")
        return tuple(sorted(str(member) for member in members))

    def set_group_members(self, group: str, members: tuple[str, ...]) -> None:
        """Make these accounts the members of a user group, and no others; a group is never emptied (F63)."""
        if not members:
            raise ValueError("a user group is never emptied")
        sent = {"usergroup": group, "users": ",".join(members)}
        self._call("usergroups.users.update", sent, about=f"user group {group}")

    def _pages(
        self, method: str, args: Mapping[str, Any], *, about: str, spend: Callable[[], None] = lambda: None
    ) -> Iterator[dict[str, Any]]:
        for page in self._whole_pages(method, args, _PAGE, about=about, spend=spend):
            yield from page

    def _whole_pages(
        self, method: str, args: Mapping[str, Any], size: int, *, about: str, spend: Callable[[], None]
    ) -> Iterator[list[dict[str, Any]]]:
        cursor, seen = "", set[str]()
        while True:
            spend()
            data = self._call(method, {**args, "limit": size, "cursor": cursor or None}, about=about)
            messages = data.get("messages")
            if not isinstance(messages, list):
                raise ChatUnreadable(f"Slack sent no list of messages for {method} ({about}).", method=method)
            yield messages
            cursor = str((data.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                if data.get("has_more"):
                    raise ChatUnreadable(
                        f"Slack has more for {method} ({about}) and does not say where.", method=method
                    )
                return
            if cursor in seen:
                raise ChatUnreadable(f"Slack sends the same page of {method} ({about}) again.", method=method)
            seen.add(cursor)

    def _call(self, method: str, args: Mapping[str, Any], *, about: str) -> dict[str, Any]:
        data = self._respond(method, args, about=about).data
        return data if isinstance(data, dict) else {}

    def _respond(self, method: str, args: Mapping[str, Any], *, about: str) -> Any:
        given = {name: value for name, value in args.items() if value is not None}
        client, write = self._web(), method in chat_outcomes.WRITES
        try:
            return client.api_call(method, json=given if write else None, params=None if write else given)
        except SlackApiError as error:
            # Not chained: the error's response keeps the headers of the request, the token among them (F74).
            raise chat_outcomes.refused(method, error, about=about) from None
        except SlackClientError as error:
            raise ChatConnectionMissing(f"Slack cannot be called: {error}", method=method) from None
        except (OSError, HTTPException) as error:
            raise chat_outcomes.broken(method, error, about=about) from error

    def _web(self) -> WebClient:
        if self._client is None:
            self._client = connected(self._conn_id, self._retries)
        return self._client
