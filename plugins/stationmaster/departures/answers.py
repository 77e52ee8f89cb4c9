"""What people have said is to follow a failure: the facts alone; what they are about stands in ``failing`` (R7, T1)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact

ANSWER = "failure_answer"
"""The fact of a person's answer: subject ``<component>/<environment>``, value ``{"choice", "failure", "reason"}``.

``failure`` is the number (seq) of the fact that it answers.
"""


class Choice(StrEnum):
    """What may follow a failure."""

    DEPLOY_AGAIN = "deploy_again"
    """Another attempt: its own key, and every gate counted again."""
    VERIFY_AGAIN = "verify_again"
    """What was looked at is looked at again: a new window for a verification, the whole list for a test list."""
    ROLL_BACK = "roll_back"
    GO_ON = "go_on"
    """Of a test list: with what failed in it, for the reason that is kept."""
    LEAVE = "leave"


NEEDS_REASON = frozenset({Choice.DEPLOY_AGAIN, Choice.ROLL_BACK, Choice.GO_ON})
"""The choices that change something, or let it stand as it is: the answer says why."""


def answers(station: Station, departure: str, subject: str) -> tuple[Fact, ...]:
    """Return the answers about a component on an environment, the oldest first."""
    return station.ledger.facts(departure, ANSWER, subject)


def again_since(station: Station, departure: str, subject: str, *choices: Choice) -> int:
    """Return the seq of the last answer of these choices, 0 if there is none: what is older no longer counts."""
    found = answers(station, departure, subject)
    return max((fact.seq for fact in found if fact.value["choice"] in choices), default=0)
