"""A question to one engineer: a required action in Airflow, assigned to them, named in the grid, told in Slack."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.operators.base import Result, StationOperator, Waiting

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.station import Station

NOTE = "note"


class Question(NamedTuple):
    """What is asked. ``fields`` are form fields: name -> JSON Schema with ``value`` as the default."""

    subject: str
    body: str
    options: tuple[str, ...]
    fields: dict[str, dict[str, Any]]


class Answer(NamedTuple):
    """What was answered, by which person of the team, and when (aware)."""

    choice: str
    fields: dict[str, Any]
    by: Person
    at: datetime


class AskOperator(StationOperator):
    """Base of the tasks that ask one engineer.

    The person is resolved when the task runs. Only they, and those who may stand in for them, can answer; nobody found
    is an error and never means anyone (C-35). An answer is kept in the ledger, so that a retry asks nothing again.
    """

    @property
    def asked(self) -> str:
        """The name in the grid: Airflow renders ``map_index_template`` from it."""
        return self.person(self.station()).name

    def person(self, station: Station) -> Person:
        """Return the engineer who is asked now."""
        raise NotImplementedError

    def deputies(self, station: Station) -> tuple[Person, ...]:
        """Return who else may answer."""
        return ()

    def question(self, station: Station, departure: str) -> Question:
        """Return what is asked."""
        raise NotImplementedError

    def blocker(self, station: Station, departure: str) -> Blocker:
        """Return why the train waits while nobody has answered."""
        raise NotImplementedError

    def known(self, station: Station, departure: str) -> Result | None:
        """Return the result of an answer that the ledger has already, None if there is none."""
        raise NotImplementedError

    def answered(self, station: Station, departure: str, answer: Answer) -> Result:
        """Keep the answer and return the task's result."""
        raise NotImplementedError

    def waiting(self, station: Station, departure: str) -> Waiting:
        """Return how to wait for the answer."""
        from stationmaster.departures.obstacles import waiting

        found = self.blocker(station, departure)
        arguments = {"gate": self.task_id, "stop": self.stop, "blocker": found.model_dump(mode="json")}
        return Waiting(waiting(self.task_id, found), "answer", arguments)

    def closed(self, station: Station, departure: str) -> Result:
        """Return the result when the waiting ended without an answer."""
        raise AirflowSkipException("the answer is no longer needed")

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Ask, or take the answer, or see that none is needed."""
        known = self.known(station, departure)
        if known is not None:
            return known
        if event is None:
            return self._ask(station, departure, context)
        if "error" in event:
            raise AirflowFailException(f"the answer cannot be read: {event['error']}")
        if "chosen_options" in event:
            return self.answered(station, departure, self._read(station, event))
        again = self.waiting(station, departure)
        return self.closed(station, departure) if again.standing.opens else again

    def _ask(self, station: Station, departure: str, context: Context) -> Result | Waiting:
        from airflow.sdk.execution_time.hitl import HITLUser, upsert_hitl_detail

        from stationmaster.departures import telling, wording

        waits = self.waiting(station, departure)
        if waits.standing.opens:
            return self.closed(station, departure)
        person = self.person(station)
        assigned = [
            HITLUser(id=found.airflow, name=found.name)
            for found in {asked.id: asked for asked in (person, *self.deputies(station))}.values()
            if found.airflow
        ]
        if not assigned:
            # An empty list would mean anyone.
            raise AirflowSkipException(f"{person.name} has no Airflow account; they can answer in Slack")
        question = self.question(station, departure)
        upsert_hitl_detail(
            ti_id=context["ti"].id,
            options=list(question.options),
            subject=question.subject,
            body=question.body,
            defaults=None,
            multiple=False,
            params=question.fields,
            assigned_users=assigned,
        )
        if self.told:
            what = f"{self.stop}/ask/{self.task_id}"
            telling.tell(station, departure, what, wording.asked(station, person, question.subject))
        return waits

    @property
    def told(self) -> bool:
        """Whether the question is told in Slack too."""
        return True

    def _read(self, station: Station, event: Result) -> Answer:
        responder = event.get("responded_by_user")
        if not responder:
            raise AirflowFailException("the answer names nobody: an answer by a timeout is no answer")
        person = station.team.person_by_airflow(str(responder["id"]))
        allowed = {self.person(station).id, *(deputy.id for deputy in self.deputies(station))}
        if person is None or person.id not in allowed:
            raise AirflowFailException(
                f"{responder['id']} answered, but may not: only {', '.join(sorted(allowed))} may"
            )
        # The one clock counts, not Airflow's: in a rehearsal the two differ.
        return Answer(str(event["chosen_options"][0]), dict(event.get("params_input") or {}), person, station.now())


def text_field(title: str, description: str, *, value: str | None = "") -> dict[str, Any]:
    """Return a form field for a text."""
    return {"value": value, "description": description, "schema": {"type": ["string", "null"], "title": title}}


def tick_field(title: str, description: str) -> dict[str, Any]:
    """Return a form field that can be ticked."""
    return {"value": False, "description": description, "schema": {"type": "boolean", "title": title}}
