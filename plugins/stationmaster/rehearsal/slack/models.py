"""What a stand-in workspace is made of: people, channels, user groups, messages, faults, journal entries."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal[
    "rate_limited",
    "server_error_before",
    "server_error_after",
    "drop_before",
    "drop_after",
    "truncate_after",
    "hang_after",
    "error",
    "partial_reactions",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class SlackUser(_Part):
    """A person or a bot. `id` starts with U or W.

    `guest` is Slack's restricted account, `ultra_guest` the one for a single channel. `team` is another workspace that
    shares a channel with this one. An `admin` may delete what others wrote.
    """

    id: str = Field(pattern=r"^[UW][A-Z0-9]{2,}$")
    name: str
    real_name: str = ""
    email: str | None = None
    tz: str = "UTC"
    bot: bool = False
    guest: bool = False
    ultra_guest: bool = False
    admin: bool = False
    team: str | None = None
    deleted: bool = False


class SlackChannel(_Part):
    """A conversation. `members` None is every person who is not a guest; the bot joins unless `bot_joined` is false."""

    id: str = Field(pattern=r"^[CGD][A-Z0-9]{8,}$")
    name: str
    private: bool = False
    archived: bool = False
    topic: str = ""
    topic_by: str = ""
    members: list[str] | None = None
    bot_joined: bool = True
    direct_with: str | None = None
    created: int = 0


class SlackUsergroup(_Part):
    """A mentionable group such as `@oncall`."""

    id: str = Field(pattern=r"^S[A-Z0-9]{2,}$")
    handle: str
    name: str = ""
    users: list[str] = Field(default_factory=list)
    enabled: bool = True
    created: int = 0
    updated: int = 0
    updated_by: str = ""


class SlackMessage(_Part):
    """A message. `reactions` maps emoji name to user ids in the order in which they reacted."""

    ts: str
    channel: str
    user: str
    text: str
    from_bot: bool = False
    username: str | None = None
    blocks: list[dict[str, Any]] | None = None
    attachments: list[dict[str, Any]] | None = None
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    subtype: str | None = None
    edited_by: str | None = None
    edited_ts: str | None = None
    reactions: dict[str, list[str]] = Field(default_factory=dict)
    pinned: bool = False
    tombstone: bool = False


class SlackFault(_Part):
    """Something that goes wrong on purpose, for the next `times` calls of `method` ("*" is every method).

    before/after say whether the write was applied when the answer is lost; `hang_after` keeps the connection open for
    `seconds`; `error` answers `{"ok": false, "error": error}`; `partial_reactions` cuts the lists of users to `shown`
    even when the complete list was asked for (F11). `channel` narrows a fault to one conversation.
    """

    kind: FaultKind
    method: str = "*"
    times: int = Field(default=1, ge=1)
    channel: str | None = None
    status: int = 502
    retry_after: int = 1
    seconds: float = 5.0
    error: str = "internal_error"
    shown: int = Field(default=1, ge=0)


class SlackEntry(_Part):
    """One line of the journal: a call that was received, what came of it, and whether the world changed."""

    seq: int
    at: str
    method: str
    args: dict[str, Any]
    write: bool
    applied: bool
    error: str | None = None
    fault: str | None = None
