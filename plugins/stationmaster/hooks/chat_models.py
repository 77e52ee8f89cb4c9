"""What the chat hook returns: messages, replies, people, and the stamps that Slack knows messages by."""

from datetime import UTC, datetime, timedelta

from stationmaster.core.value import Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Message(Value):
    """Where a message is: the channel's id and the message's stamp ("1634839200.000100")."""

    channel: str
    ts: str


class Reply(Value):
    """One message of a thread, as its author left it.

    `user` is "" where an integration wrote it without an account; `at` and `edited` are aware UTC instants.
    """

    user: str
    bot: bool
    text: str
    ts: str
    at: datetime
    edited: datetime | None = None


class Thread(Value):
    """The replies of a thread, oldest first. `headless`: the message that they hang on was deleted."""

    replies: tuple[Reply, ...]
    headless: bool = False


class Heard(Reply):
    """One message of a channel, with what the history itself tells of its thread and its reactions.

    `repliers` may be cut short: `reply_users` counts them all. `marks` are the canonical names of its emoji.
    """

    reply_users: int = 0
    repliers: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()


class ChatUser(Value):
    """An account. `guest` is restricted, `deleted` deactivated, `tz` an IANA zone or "".

    `team` is its home workspace and `teams` are others of one company; a `stranger` belongs to none of ours.
    """

    id: str
    name: str
    bot: bool
    deleted: bool
    guest: bool
    tz: str
    team: str = ""
    teams: tuple[str, ...] = ()
    stranger: bool = False


class ChatChannel(Value):
    """A conversation; `joined` says whether the bot is in it, `topic` stands in its header."""

    id: str
    name: str
    private: bool
    archived: bool
    joined: bool
    topic: str = ""


class ChatIdentity(Value):
    """Who the token is; `scopes` is empty where Slack does not say."""

    user: str
    bot: str
    team: str
    scopes: tuple[str, ...]


def stamp_of(instant: datetime) -> str:
    """Return Slack's stamp of an aware instant, exact to the microsecond. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"a stamp is made from an aware instant, not from {instant!r}")
    seconds, micros = divmod((instant - _EPOCH) // _MICROSECOND, 1_000_000)
    return f"{seconds:010d}.{micros:06d}"


def instant_of(stamp: str) -> datetime:
    """Return the aware UTC instant of a stamp, exact to the microsecond. Raises ValueError for anything else."""
    seconds, _, micros = stamp.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(f"{micros:0<6}"[:6]))
