"""How a conversation with GitHub can end badly: one class for each outcome.

`outcome_unknown` is the question that matters to the ledger's recipe. False: the write is known not to have happened
and may be tried again. True (ForgeOutcomeUnknown only): it may have happened; look the effect up, never repeat it
blindly. `transient` says whether waiting alone can help.
"""

from datetime import datetime
from typing import ClassVar

from stationmaster.core.escaping import one_line


class ForgeError(Exception):
    """Any failure of GitHub or of the way to it; the message says what was tried and what helps, never a token (F74).

    `request` is "GET /repos/o/n/commits", `status` the HTTP status or None, `codes` GitHub's own errors[].code.
    """

    outcome_unknown: ClassVar[bool] = False
    transient: ClassVar[bool] = False

    def __init__(
        self, message: str, *, request: str = "", status: int | None = None, codes: tuple[str, ...] = ()
    ) -> None:
        self.message = one_line(message)
        super().__init__(self.message)
        self.request = request
        self.status = status
        self.codes = codes


class ForgeConnectionMissing(ForgeError):
    """The Airflow connection does not exist, or holds neither a token nor an app's key."""


class ForgeUnreachable(ForgeError):
    """No connection, or the server kept failing a read (5xx) until patience ran out. A write was never sent."""

    transient = True


class ForgeUnauthorised(ForgeError):
    """401, twice: once with the token at hand and once with a fresh one (F57)."""


class ForgeForbidden(ForgeError):
    """403 that is not a rate limit: a missing permission, a protected branch, a ruleset, an archived repository."""


class ForgeSsoMissing(ForgeForbidden):
    """403: the organisation wants single sign-on, and the token is not authorised for it (C-23)."""


class ForgeNotFound(ForgeError):
    """404 or 410. GitHub hides what a token may not see, so the message names the likely missing permission (F58)."""


class ForgeMoved(ForgeError):
    """The repository has another name now; reads follow, writes are refused until the configuration says so (F68)."""


class ForgeConflict(ForgeError):
    """405 or 409: merge conflict, head moved, already finished; a ref that stands elsewhere; failing contexts (F55)."""


class ForgeRejected(ForgeError):
    """400 or 422: GitHub understood and refused; `codes` holds already_exists, missing_field, invalid, custom ..."""


class ForgeRateLimited(ForgeError):
    """A primary or secondary limit (403 or 429). Nothing was written. `retry_at` is an aware UTC instant (F56)."""

    transient = True

    def __init__(
        self,
        message: str,
        *,
        retry_at: datetime,
        request: str = "",
        status: int | None = None,
        codes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, request=request, status=status, codes=codes)
        self.retry_at = retry_at


class ForgeOutcomeUnknown(ForgeError):
    """A write whose answer was lost (5xx, time-out, dropped connection, unreadable 2xx): it may have happened (F03)."""

    outcome_unknown = True


class ForgeUnreadable(ForgeError):
    """An answer came, but it is not what the API documents: not JSON, a field missing, a list cut short (F59)."""
