"""What a paging service says of a schedule, whichever service it is, and how it can fail to."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from stationmaster.core.escaping import one_line
from stationmaster.core.instants import utc


class Period(NamedTuple):
    """A span of a vendor's schedule, overrides taken in: one user, by the vendor's own id, in ``[start, end)``."""

    user: str
    name: str
    start: datetime
    end: datetime


class PagerSchedules(Protocol):
    """A service that knows who is on call."""

    def periods(self, schedule: str, start: datetime, end: datetime) -> tuple[Period, ...]:
        """Return who is on call by a schedule in ``[start, end)``, in order.

        :raises PagerError: it cannot be told.
        """

    def mail_of(self, user: str) -> str | None:
        """Return a user's mail address, None where the service does not show it."""


class PagerError(Exception):
    """A paging service did not tell what it was asked; the message is one line and holds no token (F74)."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class PagerConnectionMissing(PagerError):
    """The Airflow connection does not exist, lacks something, or leads away from the stand-in during a rehearsal."""


class PagerUnreachable(PagerError):
    """No answer, or one that says: later."""


class PagerRefused(PagerError):
    """The service says no: 401, 403, 404, or another 4xx."""


class PagerUnreadable(PagerError):
    """An answer came, and it is not what the service documents."""


def refused(service: str, status: int, what: str) -> PagerError:
    """Return the error that an HTTP status means; one below 400 came with something else than was asked for."""
    if status < 400:
        return PagerUnreadable(f"{service} answers something else than its {what}")
    if status == 401:
        return PagerRefused(f"{service} does not know the token (401). Write a valid one into the connection.")
    if status == 403:
        return PagerRefused(f"{service} does not let the token read {what} (403). Give it the right to read schedules.")
    if status == 404:
        return PagerRefused(f"{service} has no {what} (404). Look the id up in the schedule's address.")
    if status == 429 or status >= 500:
        return PagerUnreachable(f"{service} answers {status} to {what}")
    return PagerRefused(f"{service} answers {status} to {what}")


def instant(service: str, value: object) -> datetime:
    """Return an instant of an answer in UTC.

    :raises PagerUnreadable: it is none, or says no offset.
    """
    try:
        return utc(datetime.fromisoformat(str(value)))
    except ValueError as error:
        raise PagerUnreadable(f"{service} answers {str(value)[:60]!r} where an instant should be") from error
