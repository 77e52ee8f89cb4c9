"""Whom the tasks of a row ask: one place for each shift, for a task instance asks the same people for ever (fact 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.work.messages import whisper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stationmaster.config.people import Person
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

ASKED = "asked"
"""The kind of the fact that a place asks these people: subject ``<place>``, value ``{"people"}``."""


def on_call(desk: Desk, role: str) -> tuple[Person, ...]:
    """Return whoever holds ``role`` now, be they several.

    :raises NobodyOnCall: nobody holds it; that is an error and never means anyone.
    """
    return tuple(desk.team.people[name] for name in desk.team.on_call(role, desk.now()).people)


def asked_at(desk: Desk, about: str, place: int) -> Fact | None:
    """Return whom the ``place``-th task of the row asks, None before it has asked."""
    return desk.ledger.fact(about, ASKED, str(place))


def ask(desk: Desk, about: str, place: int, people: Sequence[Person]) -> Fact:
    """Keep whom the task asks; the first ones stay."""
    value = {"people": [person.id for person in people]}
    return desk.ledger.record_once(about, ASKED, str(place), value, desk.now(), "stationmaster")


def people_asked(desk: Desk, about: str, place: int) -> tuple[Person, ...]:
    """Return the people whom the place asks, without those who have left the team."""
    fact = asked_at(desk, about, place)
    names = fact.value["people"] if fact is not None else ()
    return tuple(desk.team.people[name] for name in names if name in desk.team.people)


def handed_over(desk: Desk, about: str, place: int, role: str) -> bool:
    """Return whether whoever was asked has gone off call."""
    fact = asked_at(desk, about, place)
    return fact is not None and {person.id for person in on_call(desk, role)}.isdisjoint(fact.value["people"])


def not_taken(desk: Desk, about: str, task: str, person: Person, why: str, *, once: str) -> None:
    """Tell a person alone why their answer was not taken, once for each answer.

    The form cannot say it when it asks again: Airflow shows a question as it was first put (fact 4).

    :param about: what the run is about, such as a departure.
    :param task: that has asked.
    :param why: as the task fails with it; what somebody wrote into the form may be in it, and is escaped here.
    :param once: tells one answer of theirs from the next.
    """
    reason = why.removesuffix("It is asked again.").strip()
    text = (
        f"Your answer to `{escaping.slack(task)}` of {escaping.slack(about)} was not taken. {escaping.slack(reason)} "
        f"It is asked again; the form looks as before."
    )
    whisper(desk, f"{about}/not-taken/{task}/{person.id}/{once}", person, text)
