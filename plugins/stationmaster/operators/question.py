"""What one person is asked in Airflow: the question, its form, the one way to put it there, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from stationmaster import clock
from stationmaster.core.escaping import one_line
from stationmaster.core.instants import utc
from stationmaster.core.naming import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.work.identity import Identities


class Question(NamedTuple):
    """What is asked. ``fields`` are form fields: name -> JSON Schema with ``value`` as the default."""

    subject: str
    body: str
    options: tuple[str, ...]
    fields: dict[str, dict[str, Any]]


def ask_in_airflow(context: Context, question: Question, identities: Identities, people: Iterable[Person]) -> None:
    """Put a required action into Airflow that only these people may answer; those without a known id are left out.

    :raises ValueError: Airflow's id of none of them is known. Airflow takes an empty list for everybody (fact 5).
    """
    from airflow.sdk.execution_time.hitl import HITLUser, upsert_hitl_detail

    people = list(people)
    able = [
        HITLUser(id=str(identities.account(person).id), name=one_line(person.name))
        for person in identities.can_answer(people)
    ]
    if not able:
        raise ValueError(f"nobody can be asked {question.subject!r} in Airflow. {identities.unable(people)}")
    upsert_hitl_detail(
        ti_id=context["ti"].id,
        options=list(question.options),
        subject=one_line(question.subject),
        body=question.body,
        defaults=None,
        multiple=False,
        params=question.fields,
        assigned_users=able,
    )


def moment(event: dict[str, Any]) -> str:
    """Return when Airflow took an answer, as it stands in a key: it tells one answer of a person from the next.

    A try that is killed is followed by one that reads the same answer again (F02): what it did stands under this.
    """
    return f"{event['responded_at'].astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"


def answered_at(event: dict[str, Any], now: datetime) -> datetime:
    """Return the instant of an answer: when Airflow took it, however late a worker reads it.

    Airflow's clock may be ahead of ours: nothing was answered after it was read.

    :param now: when it is read, by the one clock.
    :raises NaiveInstant: Airflow's instant has no offset, and nobody can say when that was.
    """
    return min(utc(clock.shown_at(utc(event["responded_at"]))), utc(now))


COMMIT = "on_commit"
"""The form's field for the commit that is meant: Airflow shows a question as it was first put, whatever came since.

No item of a test list has such a name: theirs are joined by dashes.
"""


def commit_field(told: str, sha: str) -> dict[str, Any]:
    """Return the field; without its fields an answer is about what was shown (F06)."""
    return text_field("Commit", told, value=short(sha))


_KEY = "question"
"""Where a task instance keeps its question, in Airflow's state store of tasks: it survives retries and clears."""


class Kept(NamedTuple):
    """The question of a task instance: what it was first put with, and whether its last answer is still to be taken.

    Airflow shows the first text and asks the first people for as long as the task instance lives (fact 4).
    """

    asked: dict[str, Any]
    open: bool


def recall(context: Context) -> Kept | None:
    """Return the question that this task instance has put in an earlier process; None if it has put none."""
    found = cast("dict[str, Any] | None", context["task_state_store"].get(_KEY))
    return Kept(found["asked"], found["open"]) if found is not None else None


def keep(context: Context, asked: dict[str, Any], *, first: bool = False) -> dict[str, Any]:
    """Keep what the question was put with, and return it: what it was first put with, if it was put before.

    :param first: that it cannot have been put before, which saves asking.
    """
    before = None if first else recall(context)
    shown = asked if before is None else before.asked
    if before is None or not before.open:
        _write(context, Kept(shown, open=True))
    return shown


def close(context: Context, asked: dict[str, Any] | None) -> None:
    """Keep that the answer was taken: the next try asks anew.

    :param asked: what the question was put with; None where that is not known (F69).
    """
    before = recall(context) if asked is None else Kept(asked, open=True)
    if before is not None:
        _write(context, before._replace(open=False))


def forget(context: Context) -> None:
    """Keep nothing of a question that Airflow does not know any more."""
    context["task_state_store"].delete(_KEY)


def _write(context: Context, kept: Kept) -> None:
    context["task_state_store"].set(_KEY, {"asked": kept.asked, "open": kept.open})


def text_field(title: str, description: str, *, value: str | None = "") -> dict[str, Any]:
    """Return a form field for a text."""
    return {"value": value, "description": description, "schema": {"type": ["string", "null"], "title": title}}


def choice_field(title: str, choices: Sequence[str], *, value: str) -> dict[str, Any]:
    """Return a form field with a choice."""
    return {"value": value, "description": "", "schema": {"type": "string", "title": title, "enum": list(choices)}}


def choices_field(title: str, choices: Sequence[str]) -> dict[str, Any]:
    """Return a form field with any number of choices; none at first."""
    schema = {"type": "array", "items": {"type": "string"}, "examples": list(choices), "title": title}
    return {"value": [], "description": "Any number of them", "schema": schema}


def number_field(title: str, *, most: int) -> dict[str, Any]:
    """Return a form field for a whole number from 0 on."""
    return {"value": 0, "description": "", "schema": {"type": "integer", "title": title, "minimum": 0, "maximum": most}}


def tick_field(title: str, description: str) -> dict[str, Any]:
    """Return a form field that can be ticked."""
    return {"value": False, "description": description, "schema": {"type": "boolean", "title": title}}
