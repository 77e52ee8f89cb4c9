"""How a conversation with Slack can end badly: one class for each outcome.

`outcome_unknown` is the question that matters to the ledger's recipe. False: the write is known not to have happened
and may be tried again. True (ChatOutcomeUnknown only): it may have happened; look it up with `Chat.find`, never repeat
it blindly (F04). `transient` says whether waiting alone can help.
"""

from datetime import timedelta
from typing import ClassVar

from stationmaster.core.escaping import one_line


class ChatError(Exception):
    """Any failure of Slack or of the way to it; the message says what was tried and what helps, never a token (F74).

    `method` is Slack's, such as "chat.postMessage"; `code` is Slack's error, such as "not_in_channel", or "".
    """

    outcome_unknown: ClassVar[bool] = False
    transient: ClassVar[bool] = False

    def __init__(self, message: str, *, method: str = "", code: str = "") -> None:
        self.message = one_line(message)
        super().__init__(self.message)
        self.method = method
        self.code = code


class ChatConnectionMissing(ChatError):
    """The Airflow connection does not exist, holds no token, or points at the real Slack during a rehearsal."""


class ChatUnreachable(ChatError):
    """No connection, or the server kept failing a read (5xx) until patience ran out. Nothing was written."""

    transient = True


class ChatRateLimited(ChatError):
    """429 (F60). Nothing was written; `retry_after` is how long Slack asks to wait."""

    transient = True

    def __init__(self, message: str, *, retry_after: timedelta, method: str = "", code: str = "ratelimited") -> None:
        super().__init__(message, method=method, code=code)
        self.retry_after = retry_after


class ChatUnauthorised(ChatError):
    """The token is revoked, invalid or lacks a scope (F61); Slack may name the scopes `needed` and `provided`."""

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        code: str = "",
        needed: tuple[str, ...] = (),
        provided: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, method=method, code=code)
        self.needed = needed
        self.provided = provided


class ChatNotInChannel(ChatError):
    """The bot is not in the channel, or the channel is archived, unknown or read-only (F61)."""


class ChatMessageGone(ChatError):
    """The message or thread was deleted (F11): ballots in the ledger stay, and the message may be posted again."""


class ChatUserUnknown(ChatError):
    """No such person, or nobody with that mail address."""


class ChatRejected(ChatError):
    """Slack understood and refused: invalid_blocks, msg_too_long, invalid_name, cant_update_message ..."""


class ChatUnreadable(ChatError):
    """An answer came and cannot be trusted: cut short, not JSON, or fewer users than `count` says (F11).

    A ballot that cannot be read is never a vote, and never its absence.
    """

    transient = True


class ChatOutcomeUnknown(ChatError):
    """The answer to a write was lost: it may have been delivered (F04)."""

    outcome_unknown = True
