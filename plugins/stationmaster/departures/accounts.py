"""What Slack says of the accounts that voted: only active, full members who are no robots vote (F09)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker

if TYPE_CHECKING:
    from stationmaster.core.quorum import IgnoredReason, Tally
    from stationmaster.departures.station import Station
    from stationmaster.hooks.chat_models import ChatUser

ACCOUNT = "account"
"""The fact that Slack says something else of an account than before: subject the account, value ``{"state"}``."""
ROBOT = "bot"
_STATES: Mapping[str, str] = {
    "deactivated": "is deactivated",
    "guest": "is a guest's",
    "stranger": "belongs to another workspace",
    ROBOT: "is a robot's",
}


def ask(station: Station, departure: str, accounts: Iterable[str], *, anew: bool) -> None:
    """Ask Slack what accounts are, and keep what is news.

    :param anew: ask now; otherwise what was told within the last minutes is good enough.
    :raises ChatError: Slack does not say.
    """
    for account in sorted(set(accounts)):
        state = _state(station.chat.account(account, now=station.now(), anew=anew))
        last = station.ledger.fact(departure, ACCOUNT, account)
        if (last.value["state"] if last is not None else "") != state:
            station.ledger.record(departure, ACCOUNT, account, {"state": state}, station.now(), "stationmaster")


def states(station: Station, departure: str) -> dict[str, str]:
    """Return the accounts that do not vote, and why."""
    found = {fact.subject: str(fact.value["state"]) for fact in station.ledger.facts(departure, ACCOUNT)}
    return {account: state for account, state in found.items() if state}


def unheard(found: Mapping[str, str]) -> dict[str, IgnoredReason]:
    """Return the accounts that approve and lift nothing, with the reason that the tally gives."""
    reasons: dict[str, IgnoredReason] = {
        "deactivated": "deactivated",
        "guest": "guest",
        "stranger": "stranger",
        ROBOT: "bot",
    }
    return {account: reasons[state] for account, state in found.items() if state in reasons}


def blockers(counted: Tally) -> tuple[Blocker, ...]:
    """Return a blocker for each approval that an account's state takes away, where its author has no other one."""
    given = {ballot.voter for ballot in counted.approvals}
    return tuple(
        blocker(
            "ACCOUNT_CANNOT_VOTE",
            who=(each.ballot.voter,) if each.ballot.voter else (),
            subject=each.ballot.account,
            voter=each.ballot.voter or each.ballot.account,
            account=each.ballot.account,
            state=_STATES[each.reason],
        )
        for each in counted.ignored
        if each.reason in _STATES and not each.ballot.bot and each.ballot.voter not in given
    )


def _state(account: ChatUser | None) -> str:
    if account is None or account.deleted:
        return "deactivated"
    if account.bot:
        return ROBOT
    if account.stranger:
        return "stranger"
    return "guest" if account.guest else ""
