"""Who started a run, and who answered a question: a person of the team whom Airflow proves, or a refusal.

Every task that acts in somebody's name asks here (F10, T-01).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from stationmaster.operators.base import Result, StepFailedForNow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.work.context import Desk


def starter(desk: Desk, context: Context) -> Person:
    """Return the person of the team who filled the form in.

    :raises AirflowFailException: nobody of the team did. It says who it was, and what to do.
    """
    from stationmaster.work.identity import NotProved

    run: Any = context["dag_run"]
    try:
        return desk.identities.starter(run)
    except NotProved as unknown:
        raise AirflowFailException(str(unknown)) from unknown


def responder(desk: Desk, event: Result, may: Iterable[Person]) -> Person:
    """Return the person who answered.

    :param event: what woke the task: an answer.
    :param may: who may answer now.
    :raises AirflowFailException: the answer names nobody: the question timed out.
    :raises StepFailedForNow: somebody else answered. It is asked again.
    """
    from stationmaster.work.identity import NotProved

    answered = event.get("responded_by_user")
    if not answered or not event.get("chosen_options"):
        raise AirflowFailException("The answer has no user or no choice: an answer by a timeout is no answer.")
    try:
        person = desk.identities.responder(answered)
    except NotProved as unknown:
        raise StepFailedForNow(f"{unknown} It is asked again.") from unknown
    allowed = {each.id for each in may}
    if person.id not in allowed:
        only = ", ".join(sorted(allowed)) or "nobody"
        raise StepFailedForNow(f"{person.name} answered, but may not: only {only} may. It is asked again.")
    return person
