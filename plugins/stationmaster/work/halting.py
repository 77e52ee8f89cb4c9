"""The kill switch of a train: a person stops it at once, with a reason, until somebody lets it go on.

It holds the next cut, promotion and component; a workflow that runs is left to finish, and a rollback is never held.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing
from stationmaster.core.instants import Instant
from stationmaster.core.value import Value
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.ledger import Ledger
    from stationmaster.work.context import Desk

KIND = "halt"


class HaltRefused(ValueError):
    """A train that is stopped, or goes, already; or no reason is given."""


class Halt(Value):
    """Who stopped a train, why, and since when."""

    by: str
    why: str
    since: Instant


def current(ledger: Ledger, train: str) -> Halt | None:
    """Return why a train is stopped, None while it goes.

    :param train: ``<team>.<train>``.
    """
    fact = ledger.fact(train, KIND)
    if fact is None or not fact.value["halted"]:
        return None
    return Halt(by=fact.by, why=str(fact.value["why"]), since=fact.at)


def halt(ledger: Ledger, train: str, *, why: str, now: datetime, by: str) -> Halt:
    """Stop a train.

    :raises HaltRefused: it is stopped already, or no reason is given.
    """
    standing = current(ledger, train)
    if standing is not None:
        raise HaltRefused(f"{train} is stopped already, by {standing.by}: {escaping.said(standing.why)}.")
    _write(ledger, train, halted=True, why=why, now=now, by=by)
    return Halt(by=by, why=why.strip(), since=now)


def resume(ledger: Ledger, train: str, *, why: str, now: datetime, by: str) -> None:
    """Let a train go on; every gate is asked again.

    :raises HaltRefused: it is not stopped, or no reason is given.
    """
    if current(ledger, train) is None:
        raise HaltRefused(f"{train} is not stopped.")
    _write(ledger, train, halted=False, why=why, now=now, by=by)


def standing(desk: Desk, train: str) -> Standing:
    """Return whether somebody has stopped a train.

    :param train: ``<team>.<train>``.
    """
    found = current(desk.ledger, train)
    if found is None:
        return passed("halt")
    name = desk.team.people[found.by].name if found.by in desk.team.people else found.by
    why = found.why.rstrip(".")
    return waiting("halt", blocker("HALTED", since=found.since, who=(found.by,), by=name, why=why))


def _write(ledger: Ledger, train: str, *, halted: bool, why: str, now: datetime, by: str) -> None:
    if not why.strip():
        raise HaltRefused("Why? It stands in every explanation, and in the audit.")
    ledger.record(train, KIND, "train", {"halted": halted, "why": why.strip()}, now, by)
