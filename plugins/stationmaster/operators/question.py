"""What one person is asked in Airflow: the question, the fields of its form, and the one way to put it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow.sdk import Context

    from stationmaster.config.people import Person


class Question(NamedTuple):
    """What is asked. ``fields`` are form fields: name -> JSON Schema with ``value`` as the default."""

    subject: str
    body: str
    options: tuple[str, ...]
    fields: dict[str, dict[str, Any]]


def ask_in_airflow(context: Context, question: Question, people: Iterable[Person]) -> None:
    """Put a required action into Airflow that only these people may answer; those without an account are left out.

    :raises ValueError: none of them has an account. Airflow takes an empty list for everybody (fact 5).
    """
    from airflow.sdk.execution_time.hitl import HITLUser, upsert_hitl_detail

    able = [HITLUser(id=person.airflow, name=person.name) for person in people if person.airflow]
    if not able:
        raise ValueError(f"nobody who is asked {question.subject!r} has an Airflow account")
    upsert_hitl_detail(
        ti_id=context["ti"].id,
        options=list(question.options),
        subject=question.subject,
        body=question.body,
        defaults=None,
        multiple=False,
        params=question.fields,
        assigned_users=able,
    )


def text_field(title: str, description: str, *, value: str | None = "") -> dict[str, Any]:
    """Return a form field for a text."""
    return {"value": value, "description": description, "schema": {"type": ["string", "null"], "title": title}}


def choice_field(title: str, choices: Sequence[str], *, value: str) -> dict[str, Any]:
    """Return a form field with a choice."""
    return {"value": value, "description": "", "schema": {"type": "string", "title": title, "enum": list(choices)}}


def number_field(title: str, *, most: int) -> dict[str, Any]:
    """Return a form field for a whole number from 0 on."""
    return {"value": 0, "description": "", "schema": {"type": "integer", "title": title, "minimum": 0, "maximum": most}}


def tick_field(title: str, description: str) -> dict[str, Any]:
    """Return a form field that can be ticked."""
    return {"value": False, "description": description, "schema": {"type": "boolean", "title": title}}
