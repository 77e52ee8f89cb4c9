"""The state of a stand-in Slack workspace, and what its people do.

    SlackWorld(
        clock=stationmaster.clock.now,     # () -> aware UTC datetime; message stamps come from it
        users=[SlackUser(id="U01", name="ana", real_name="Ana", email="ana@example.org", tz="America/Los_Angeles")],
        channels=[SlackChannel(id="C0244PQK934", name="single-cell-ops")],   # every person and the bot are members
        usergroups=[SlackUsergroup(id="S01", handle="oncall")],
        token="xoxb-stand-in",             # what the connection's password must be
    )
    app = stationmaster.rehearsal.slack.standin.create_app(world)            # base_url is <address>/api/

People act through the methods below or over HTTP under `/_control`; bots act through `/api/<method>` only.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from stationmaster import clock as one_clock
from stationmaster.rehearsal.slack.catalogue import ALL_SCOPES
from stationmaster.rehearsal.slack.models import (
    SlackChannel,
    SlackEntry,
    SlackFault,
    SlackMessage,
    SlackUser,
    SlackUsergroup,
)

BOT_USER_ID = "U0STATION1"
BOT_ID = "B0STATION1"
APP_ID = "A0STATION1"
TEAM_ID = "T0STATION1"
STAND_IN_TOKEN = "xoxb-stand-in"  # noqa: S105 -- it opens nothing but this stand-in
TOMBSTONE_TEXT = "This message was deleted."

_MICROS = 1_000_000


class SlackRefusal(RuntimeError):
    """The answer `{"ok": false, "error": code}`; `extra` is what Slack adds to it."""

    def __init__(self, code: str, **extra: object) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


class SlackWorld:
    """A workspace held in memory, safe to share between threads; every public method takes the lock itself.

    :param clock: returns the present instant, aware UTC.
    :param reactions_shown: how many users `reactions.get` names per emoji unless the complete list is asked for (F11).
    :param enforce_limits: answer 429 above Slack's published tiers, counted on `clock`.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = one_clock.now,
        users: Iterable[SlackUser] = (),
        channels: Iterable[SlackChannel] = (),
        usergroups: Iterable[SlackUsergroup] = (),
        token: str = STAND_IN_TOKEN,
        scopes: Iterable[str] = ALL_SCOPES,
        team: str = "Stand-in",
        bot_name: str = "stationmaster",
        reactions_shown: int = 5,
        enforce_limits: bool = False,
    ) -> None:
        self.clock = clock
        self.token = token
        self.token_revoked = False
        self.scopes = frozenset(scopes)
        self.team = team
        self.bot_name = bot_name
        self.reactions_shown = reactions_shown
        self.enforce_limits = enforce_limits
        self.lock = threading.RLock()
        self.users: dict[str, SlackUser] = {user.id: user.model_copy() for user in users}
        self.users[BOT_USER_ID] = SlackUser(id=BOT_USER_ID, name=bot_name, real_name=bot_name.title(), bot=True)
        self.channels: dict[str, SlackChannel] = {}
        self.usergroups: dict[str, SlackUsergroup] = {group.id: group.model_copy(deep=True) for group in usergroups}
        self.messages: dict[str, list[SlackMessage]] = {}
        self.journal: list[SlackEntry] = []
        self.faults: list[SlackFault] = []
        self.founded = int(clock().timestamp())
        self.last_stamp = 0
        self.skew = timedelta()
        """How far Slack's clock is ahead of everybody else's; negative: behind."""
        for channel in channels:
            self.add_channel(channel)

    def add_channel(self, channel: SlackChannel) -> SlackChannel:
        """Add a conversation; people who are not guests join unless it names its members."""
        with self.lock:
            copy = channel.model_copy(deep=True)
            if copy.members is None:
                copy.members = [user.id for user in self.users.values() if not user.guest and not user.bot]
            if copy.bot_joined and BOT_USER_ID not in copy.members:
                copy.members = [*copy.members, BOT_USER_ID]
            copy.created = copy.created or self.founded
            self.channels[copy.id] = copy
            self.messages.setdefault(copy.id, [])
            return copy

    def stamp(self) -> str:
        """Return the next message stamp: the clock's instant in microseconds, later than every earlier stamp."""
        with self.lock:
            instant = (self.clock() + self.skew).timestamp()
            self.last_stamp = max(round(instant * _MICROS), self.last_stamp + 1)
            return f"{self.last_stamp // _MICROS:010d}.{self.last_stamp % _MICROS:06d}"

    def user(self, who: str) -> SlackUser:
        """Find a person by id or by handle (with or without `@`). Raises SlackRefusal user_not_found."""
        with self.lock:
            handle = who.removeprefix("@")
            for user in self.users.values():
                if handle in (user.id, user.name):
                    return user
        raise SlackRefusal("user_not_found")

    def channel(self, which: str) -> SlackChannel:
        """Find a conversation by id or by name (with or without `#`). Raises SlackRefusal channel_not_found."""
        with self.lock:
            name = which.removeprefix("#")
            for channel in self.channels.values():
                if name in (channel.id, channel.name):
                    return channel
        raise SlackRefusal("channel_not_found")

    def message(self, channel: str, ts: str) -> SlackMessage:
        """Find a message that was not deleted. Raises SlackRefusal message_not_found."""
        with self.lock:
            for message in self.messages[self.channel(channel).id]:
                if message.ts == ts and not message.tombstone:
                    return message
        raise SlackRefusal("message_not_found")

    def replies(self, channel: str, ts: str) -> list[SlackMessage]:
        """Return the replies of the thread under `ts`, oldest first."""
        with self.lock:
            return [one for one in self.messages[self.channel(channel).id] if one.thread_ts == ts and one.ts != ts]

    def add_message(self, message: SlackMessage) -> SlackMessage:
        """Append a message whose stamp came from `stamp()`."""
        with self.lock:
            self.messages[message.channel].append(message)
            return message

    def post_as(
        self, user: str, channel: str, text: str, *, thread_ts: str | None = None, broadcast: bool = False
    ) -> SlackMessage:
        """Let a person write `text` (Slack's markup, not escaped here). Raises SlackRefusal."""
        with self.lock:
            author, where = self._present(user, channel)
            if thread_ts is not None:
                parent = self.message(where.id, thread_ts)
                thread_ts = parent.thread_ts or parent.ts
            return self.add_message(
                SlackMessage(
                    ts=self.stamp(),
                    channel=where.id,
                    user=author.id,
                    text=text,
                    from_bot=author.bot,
                    thread_ts=thread_ts,
                    broadcast=broadcast,
                )
            )

    def react_as(self, user: str, channel: str, ts: str, name: str) -> None:
        """Let a person add the reaction `name`. Raises SlackRefusal already_reacted and others."""
        with self.lock:
            author, where = self._present(user, channel)
            users = self.message(where.id, ts).reactions.setdefault(name, [])
            if author.id in users:
                raise SlackRefusal("already_reacted")
            users.append(author.id)

    def unreact_as(self, user: str, channel: str, ts: str, name: str) -> None:
        """Let a person take the reaction `name` back. Raises SlackRefusal no_reaction and others."""
        with self.lock:
            author, where = self._present(user, channel)
            reactions = self.message(where.id, ts).reactions
            if author.id not in reactions.get(name, []):
                raise SlackRefusal("no_reaction")
            reactions[name].remove(author.id)
            if not reactions[name]:
                del reactions[name]

    def edit_as(self, user: str, channel: str, ts: str, text: str) -> SlackMessage:
        """Let the author of a message replace its text. Raises SlackRefusal cant_update_message and others."""
        with self.lock:
            author, where = self._present(user, channel)
            message = self.message(where.id, ts)
            if message.user != author.id:
                raise SlackRefusal("cant_update_message")
            message.text, message.edited_by, message.edited_ts = text, author.id, self.stamp()
            return message

    def delete_as(self, user: str, channel: str, ts: str) -> None:
        """Let a person delete a message: their own, or anybody's as an admin. Raises SlackRefusal."""
        with self.lock:
            author, where = self._present(user, channel)
            if self.message(where.id, ts).user != author.id and not author.admin:
                raise SlackRefusal("cant_delete_message")
            self.delete(where.id, ts)

    def delete(self, channel: str, ts: str) -> None:
        """Remove a message, whoever wrote it, as retention does; one with replies leaves a tombstone, as in Slack."""
        with self.lock:
            message = self.message(channel, ts)
            if not self.replies(channel, ts):
                self.messages[message.channel].remove(message)
                return
            message.tombstone, message.subtype, message.text = True, "tombstone", TOMBSTONE_TEXT
            message.user, message.from_bot = "USLACKBOT", False
            message.blocks = message.attachments = message.metadata = None
            message.reactions = {}

    def _present(self, user: str, channel: str) -> tuple[SlackUser, SlackChannel]:
        author, where = self.user(user), self.channel(channel)
        if author.deleted:
            raise SlackRefusal("account_inactive")
        if where.archived:
            raise SlackRefusal("is_archived")
        if author.id not in (where.members or []):
            raise SlackRefusal("not_in_channel")
        return author, where

    def take_fault(self, method: str, channel: str | None) -> SlackFault | None:
        """Return the first fault that waits for this call, and count it down."""
        with self.lock:
            for index, fault in enumerate(self.faults):
                if fault.method in ("*", method) and fault.channel in (None, channel):
                    if fault.times > 1:
                        self.faults[index] = fault.model_copy(update={"times": fault.times - 1})
                    else:
                        del self.faults[index]
                    return fault
        return None

    def note(self, entry: SlackEntry) -> None:
        """Append to the journal; `seq` and `at` are filled in here."""
        with self.lock:
            at = self.clock().astimezone(UTC).isoformat()
            self.journal.append(entry.model_copy(update={"seq": len(self.journal) + 1, "at": at}))
