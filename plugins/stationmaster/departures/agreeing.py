"""What needs the word of several people: one asks, others approve, and Airflow proves who each of them is (I4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

from stationmaster.core.instants import Instant, local_text
from stationmaster.core.value import Value

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger

AIRFLOW = "airflow"
"""The proof of an approval that was given as a required action in Airflow."""


class ExceptionRefused(ValueError):
    """A request that may not be made, or an approval that does not count."""


class Approval(Value):
    """One approval. ``proof`` says how it was proved who gave it; without one it counts for nothing."""

    person: str
    at: Instant
    proof: str = ""


class Request(Value):
    """What is asked for. ``version`` counts its changes.

    :param departure: what it is about: a departure, or a train.
    :param asked_by: in whose name it was asked for.
    :param brought_by: the person who filled in the form by which the approvers are asked; empty while none was.
    """

    kind: ClassVar[str]

    id: str
    departure: str
    why: str
    link: str
    asked_by: str
    asked_at: Instant
    expires_at: Instant
    approvals: tuple[Approval, ...] = ()
    brought_by: str = ""
    version: int = 1


RequestT = TypeVar("RequestT", bound=Request)


def requests(ledger: Ledger, about: str, of: type[RequestT]) -> tuple[RequestT, ...]:
    """Return the requests of a kind as they are now, in the order in which they were made."""
    newest = {fact.subject: fact.value for fact in ledger.facts(about, kind=of.kind)}
    return tuple(of.model_validate(value) for value in newest.values())


def request(ledger: Ledger, about: str, name: str, of: type[RequestT]) -> RequestT | None:
    """Return one request as it is now, None where there is none of that id."""
    fact = ledger.fact(about, of.kind, name)
    return of.model_validate(fact.value) if fact is not None else None


def able(team: TeamConfig, group: Collection[str], asked: Request) -> tuple[str, ...]:
    """Return who of a group may approve a request: active people, and neither who asked for it nor who brought it."""
    people = (team.people[name] for name in group if name in team.people)
    askers = (asked.asked_by, asked.brought_by)
    return tuple(each.id for each in people if each.active and not each.bot and each.id not in askers)


def counted(asked: Request, able: Collection[str]) -> tuple[str, ...]:
    """Return whose approvals count: proved, of somebody who may approve, and each person once."""
    found = (given.person for given in asked.approvals if given.proof == AIRFLOW and given.person in able)
    return tuple(dict.fromkeys(found))


def approve(
    ledger: Ledger, asked: RequestT, able: Collection[str], *, by: str, proof: str, now: datetime, zone: str
) -> RequestT:
    """Add an approval.

    :param able: the ids of those who may approve it.
    :param proof: how it is proved that ``by`` approves: :data:`AIRFLOW`.
    :raises ExceptionRefused: it would not count.
    """
    if proof != AIRFLOW:
        raise ExceptionRefused(f"Nothing proves that {by} approves {asked.id}: it is approved in Airflow.")
    if by in (asked.asked_by, asked.brought_by):
        raise ExceptionRefused(f"{by} asked for {asked.id}: somebody else must approve it.")
    if by not in able:
        raise ExceptionRefused(f"{by} may not approve {asked.id}; {', '.join(able) or 'nobody'} may.")
    if by in counted(asked, able):
        raise ExceptionRefused(f"{by} has approved {asked.id} already: one person counts once.")
    if now >= asked.expires_at:
        raise ExceptionRefused(f"{asked.id} expired {local_text(asked.expires_at, zone)}. Ask for another one.")
    given = (*asked.approvals, Approval(person=by, at=now, proof=proof))
    changed = asked.model_copy(update={"approvals": given, "version": asked.version + 1})
    if not write(ledger, changed, now, by):
        raise ExceptionRefused(f"{asked.id} was changed by somebody else just now. Look at it again.")
    return changed


def write(ledger: Ledger, asked: Request, now: datetime, by: str) -> bool:
    """Write a version of a request; return whether it stands: another one of the same number may have come first."""
    value = asked.model_dump(mode="json")
    key = f"{asked.kind}/{asked.id}/{asked.version}"
    kept = ledger.record_once(asked.departure, asked.kind, asked.id, value, now, by, key=key)
    return kept.value == value and kept.by == by
