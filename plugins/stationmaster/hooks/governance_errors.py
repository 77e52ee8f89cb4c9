"""How a talk with the proposal system or with the alerts can end badly: one class for each outcome.

``outcome_unknown`` is what the ledger's recipe asks: True says that a proposal may have been made, and must be looked
up. ``transient`` says whether waiting alone can help. No message holds a token (F74).
"""

from __future__ import annotations

from typing import ClassVar

from stationmaster.core.escaping import one_line


class GovernanceError(Exception):
    """Any failure of a service that a rollout asks, or of the way to it. ``service`` is ``proposals`` or ``alerts``."""

    outcome_unknown: ClassVar[bool] = False
    transient: ClassVar[bool] = False

    def __init__(self, service: str, message: str) -> None:
        super().__init__(one_line(message))
        self.service = service


class GovernanceConnectionMissing(GovernanceError):
    """The Airflow connection does not exist, lacks something, or leads away from the stand-in during a rehearsal."""


class GovernanceUnreachable(GovernanceError):
    """No connection, or an answer that says: later. Nothing was written."""

    transient = True


class GovernanceRefused(GovernanceError):
    """The service understood and says no: 401, 403, 404, 409, or another 4xx. Nothing was written."""


class GovernanceUnreadable(GovernanceError):
    """An answer came, and it is not what the service documents; it never counts as a yes."""

    transient = True


class GovernanceOutcomeUnknown(GovernanceError):
    """A proposal was sent and the answer was lost: look it up by its key, never send it again blindly (F03)."""

    outcome_unknown = True
    transient = True


def refused(service: str, status: int, what: str) -> GovernanceError:
    """Return the error that an HTTP status of a read, or of a write that surely did not happen, means."""
    if status == 401:
        return GovernanceRefused(service, f"{service} does not know the token (401). Write a valid one.")
    if status == 429 or status >= 500:
        return GovernanceUnreachable(service, f"{service} answers {status} to {what}")
    return GovernanceRefused(service, f"{service} answers {status} to {what}")
