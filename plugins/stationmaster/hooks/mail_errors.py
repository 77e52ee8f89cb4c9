"""How the sending of a mail can end badly: one class for each outcome.

``outcome_unknown`` is what the ledger's recipe asks. True (MailOutcomeUnknown only): it may be on its way; nothing can
be looked up in other people's mailboxes, so a person decides, and it is never sent again blindly.
"""

from typing import ClassVar

from stationmaster.core.escaping import one_line


class MailError(Exception):
    """Any failure of the mail server or of the way to it; the message never holds a password (F74)."""

    outcome_unknown: ClassVar[bool] = False
    transient: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class MailConnectionMissing(MailError):
    """The Airflow connection does not exist, names no sender, or leads away from the stand-in during a rehearsal."""


class MailUnreachable(MailError):
    """The server did not answer, or would not have us before a mail was handed over. Nothing was sent."""

    transient = True


class MailRefused(MailError):
    """The server said no to this mail: its sender, its recipient or its text. Nothing was sent."""


class MailOutcomeUnknown(MailError):
    """The mail was handed over and the answer was lost: it may be on its way."""

    outcome_unknown = True
