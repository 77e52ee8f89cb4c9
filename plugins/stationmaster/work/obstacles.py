"""What keeps a step from going on, as a blocker: an error of GitHub, Slack or the ledger becomes its code."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing, Verdict
from stationmaster.core.rotations.rotation import NobodyOnCall

if TYPE_CHECKING:
    from stationmaster.hooks.errors import ForgeError
    from stationmaster.ledger.records import Lock
    from stationmaster.work.context import Desk


class StepImpossible(RuntimeError):
    """A step that will not succeed by waiting: a person must act. ``blockers`` say what and who."""

    def __init__(self, *blockers: Blocker) -> None:
        super().__init__(" ".join(f"{found.code}: {found.sentence} {found.how}" for found in blockers))
        self.blockers = blockers


def waiting(gate: str, *blockers: Blocker, verdict: Verdict = Verdict.WAIT) -> Standing:
    """Return a standing of ``gate`` that waits for ``blockers``."""
    return Standing(gate=gate, verdict=verdict, blockers=blockers)


def passed(gate: str) -> Standing:
    """Return a standing of ``gate`` with nothing in the way."""
    return Standing(gate=gate, verdict=Verdict.PASS, blockers=())


def hindrance(desk: Desk, error: Exception, who: tuple[str, ...]) -> Blocker | None:
    """Return the blocker that ``error`` means to ``who``, None for an error that is nobody's but ours."""
    from stationmaster.hooks.errors import ForgeError
    from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown, LockHeld

    cause = error.__cause__
    if isinstance(error, EffectRefused | EffectUnknown) and isinstance(cause, Exception):
        return hindrance(desk, cause, who)
    if isinstance(error, EffectUnknown):
        return blocker("EFFECT_UNSETTLED", why=_why(error))
    if isinstance(error, EffectAmbiguous):
        return blocker("AMBIGUOUS_EFFECT", who=who, effect=error.effect.key)
    if isinstance(error, EffectBusy):
        return blocker("EFFECT_BUSY", clears_at=error.until, effect=error.key)
    if isinstance(error, LockHeld):
        return locked(desk, error.lock, who)
    if isinstance(error, NobodyOnCall):
        return blocker("NOBODY_ON_CALL", role=error.role, rotation=error.rotation)
    if isinstance(error, ForgeError):
        return _in_github(desk, error, who)
    return _in_messages(desk, error, who)


def locked(desk: Desk, lock: Lock, who: tuple[str, ...]) -> Blocker:
    """Return that somebody else is at an environment, as everybody may read it (D-15)."""
    from stationmaster.work import secrecy

    return blocker(
        "ENVIRONMENT_LOCKED",
        since=lock.since,
        who=who,
        environment=lock.name,
        holder=secrecy.named(desk, lock.holder),
        reason=secrecy.reason(desk, lock.holder, lock.reason),
    )


def _in_messages(desk: Desk, error: Exception, who: tuple[str, ...]) -> Blocker | None:
    from stationmaster.hooks.chat_errors import ChatConnectionMissing, ChatError
    from stationmaster.hooks.mail_errors import MailConnectionMissing, MailError

    if isinstance(error, ChatConnectionMissing):
        return blocker("CONNECTION_MISSING", who=who, connection=desk.team.connections.slack, why=_why(error))
    if isinstance(error, ChatError):
        return blocker("SLACK_UNREACHABLE", who=who, why=_why(error))
    if isinstance(error, MailConnectionMissing):
        connection = str(desk.team.connections.mail)
        return blocker("CONNECTION_MISSING", who=who, subject="mail", connection=connection, why=_why(error))
    if isinstance(error, MailError):
        return blocker("MAIL_UNSENT", who=who, why=_why(error))
    return _in_governance(desk, error, who)


def _in_governance(desk: Desk, error: Exception, who: tuple[str, ...]) -> Blocker | None:
    from stationmaster.hooks.governance_errors import (
        GovernanceConnectionMissing,
        GovernanceError,
        GovernanceRefused,
    )

    if not isinstance(error, GovernanceError):
        return None
    if isinstance(error, GovernanceConnectionMissing):
        connections = desk.team.connections
        connection = str(connections.alerts if error.service == "alerts" else connections.proposals)
        return blocker("CONNECTION_MISSING", who=who, subject=error.service, connection=connection, why=_why(error))
    if error.service == "alerts":
        return blocker("ALERTS_UNREACHABLE", who=who, why=_why(error))
    if isinstance(error, GovernanceRefused):
        return blocker("PROPOSALS_REFUSED", who=who, why=_why(error))
    return blocker("PROPOSALS_UNREACHABLE", who=who, why=_why(error))


def _in_github(desk: Desk, error: ForgeError, who: tuple[str, ...]) -> Blocker:
    from stationmaster.hooks.errors import (
        ForgeConflict,
        ForgeConnectionMissing,
        ForgeForbidden,
        ForgeMoved,
        ForgeNotFound,
        ForgeRejected,
        ForgeUnauthorised,
    )

    if isinstance(error, ForgeConnectionMissing | ForgeUnauthorised | ForgeForbidden | ForgeNotFound):
        return blocker("CONNECTION_MISSING", who=who, connection=desk.team.connections.github, why=_why(error))
    if isinstance(error, ForgeConflict | ForgeMoved | ForgeRejected):
        return blocker("GITHUB_REFUSED", who=who, why=_why(error))
    return blocker("GITHUB_UNREACHABLE", who=who, clears_at=_retry_at(error), why=_why(error))


def passes(error: Exception) -> bool:
    """Return whether waiting alone may clear what ``error`` means; what GitHub refused, and who is missing, stays.

    Slack is never in the way for good: nothing of a train hangs on Slack alone (F61).
    """
    from stationmaster.hooks.errors import ForgeError, ForgeUnreadable
    from stationmaster.hooks.governance_errors import GovernanceError
    from stationmaster.ledger.errors import EffectRefused

    cause = error.__cause__
    if isinstance(error, EffectRefused):
        return isinstance(cause, Exception) and passes(cause)
    if isinstance(error, ForgeError):
        return error.transient or error.outcome_unknown or isinstance(error, ForgeUnreadable)
    if isinstance(error, GovernanceError):
        return error.transient
    return not isinstance(error, NobodyOnCall)


def _why(error: Exception) -> str:
    return str(error).strip().rstrip(".")


def _retry_at(error: Exception) -> datetime | None:
    at = getattr(error, "retry_at", None)
    return at if isinstance(at, datetime) else None
