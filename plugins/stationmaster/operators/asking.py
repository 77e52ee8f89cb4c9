"""A question to one engineer: a required action in Airflow, assigned to them, named in the grid, told in Slack."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.core.naming import names, short
from stationmaster.operators import actors
from stationmaster.operators.base import Result, StationOperator, StepFailedForNow, Waiting
from stationmaster.operators.question import COMMIT, Question, answered_at, moment

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.station import Station

NOTE = "note"


class Answer(NamedTuple):
    """What was answered, by which person of the team, and when; ``asked`` is what the question was put with.

    ``at`` is when Airflow took it, not when a worker read it: what the person said in between is newer.

    ``moment`` tells the answer from the person's others, also where it is read twice.
    """

    choice: str
    fields: dict[str, Any]
    by: Person
    at: datetime
    asked: Result
    moment: str = ""


class TakenAndAskedOn(StepFailedForNow):
    """An answer that was taken, and that another question follows: in another try, for a try has one question."""


class AskOperator(StationOperator):
    """Base of the tasks that ask one engineer.

    The person is resolved when the task runs. Only they, and those who may stand in for them, can answer; nobody found
    is an error and never means anyone (C-35). An answer is kept in the ledger, so that a retry asks nothing again. Who
    was asked may answer even after their shift has ended; anybody else's answer is thrown away, and whoever is on call
    then is asked in a new try.
    """

    elsewhere: ClassVar[bool] = False
    """Whether the answer may come by another way than Airflow, too."""

    @property
    def asked(self) -> str:
        """The name in the grid: Airflow renders ``map_index_template`` from it.

        Airflow does so after the step, too, and an error here would take the place of the step's own.
        """
        from stationmaster.core.rotations.rotation import NobodyOnCall

        try:
            return self.person(self.at_hand(self.station)).name
        except NobodyOnCall:
            return "nobody"

    def person(self, station: Station) -> Person:
        """Return the engineer who is asked now."""
        raise NotImplementedError

    def deputies(self, station: Station, departure: str) -> tuple[Person, ...]:
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
        from stationmaster.departures.watches import look

        found = self.blocker(station, departure)
        arguments = {"gate": self.task_id, "stop": self.stop, "blocker": found.model_dump(mode="json")}
        sha = self.commit(station, departure)
        if sha:
            arguments[COMMIT] = sha
        return Waiting(look(station, "answer", departure, arguments), "answer", arguments)

    def commit(self, station: Station, departure: str) -> str:
        """Return the commit that is asked about, empty where it is none: then the form has a field that names it."""
        return ""

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
            return self._taken_or_why(station, departure, event)
        if "until" in event.get("asked", {}):
            # It was an obstacle that ended, not a question: nobody has been asked in this try.
            return self._ask(station, departure, context)
        again = self.waiting(station, departure)
        if again.standing.opens:
            return self.closed(station, departure)
        return again._replace(arguments={**again.arguments, "people": event["asked"].get("people", [])})

    def _taken_or_why(self, station: Station, departure: str, event: Result) -> Result:
        """Take the answer; why it is not taken hears whoever gave it."""
        from stationmaster.work import questions

        answer = self._read(station, departure, event)
        try:
            self._require_the_commit(station, departure, answer)
            return self.answered(station, departure, answer)
        except TakenAndAskedOn:
            raise
        except StepFailedForNow as refused:
            questions.not_taken(station, departure, str(self.task_id), answer.by, str(refused), once=moment(event))
            raise

    def _require_the_commit(self, station: Station, departure: str, answer: Answer) -> None:
        """Refuse an answer about another commit than is asked about now (F06)."""
        sha = self.commit(station, departure)
        named = str(answer.fields.get(COMMIT) or answer.asked.get(COMMIT) or sha)
        if sha and not names(named, sha):
            raise StepFailedForNow(
                f"The form names the commit {named!r}, and {short(sha)} has taken its place: see to that one, and put "
                f"it in. It is asked again."
            )

    def _ask(self, station: Station, departure: str, context: Context) -> Result | Waiting:
        from stationmaster.core.gates import Verdict
        from stationmaster.departures import telling, wording

        waits = self.waiting(station, departure)
        if waits.standing.opens:
            return self.closed(station, departure)
        if waits.standing.verdict is Verdict.MISSED:
            return waits
        person = self.person(station)
        asked = station.identities.can_answer(self._entitled(station, departure).values())
        if not asked:
            # An empty list would mean anyone.
            raise self._nobody(station, departure)
        question = self.question(station, departure)
        self.ask(station, context, question, asked)
        if self.told:
            # Named by the person: whoever is asked next, after a handoff, is told, too.
            what = f"{self.stop}/ask/{self.task_id}/{person.id}{self.told_as(station, departure)}"
            telling.tell(station, departure, what, wording.asked(station, person, question.subject))
        return waits._replace(arguments={**waits.arguments, "people": [found.id for found in asked]})

    @property
    def changes_production(self) -> bool:
        """Whether the answer lets production change: then only those may answer whom the train's rules name (T-01)."""
        return False

    def _entitled(self, station: Station, departure: str) -> dict[str, Person]:
        from stationmaster.departures import ruling

        people = (self.person(station), *self.deputies(station, departure))
        able = (found for found in people if not self.changes_production or ruling.may_act(station, found.id))
        return {found.id: found for found in able}

    def _nobody(self, station: Station, departure: str) -> Exception:
        from stationmaster.core.blockers import blocker
        from stationmaster.departures import ruling
        from stationmaster.work.obstacles import StepImpossible

        people = self._entitled(station, departure)
        if not people:
            ruling.require_actor(station, self.person(station).id)
        names = ", ".join(found.name for found in people.values())
        if self.elsewhere:
            why = station.identities.unable(people.values())
            return AirflowSkipException(f"{names} cannot be asked in Airflow, and can answer in Slack. {why}")
        return StepImpossible(blocker("NOBODY_TO_ASK", who=tuple(people), people=names))

    def told_as(self, station: Station, departure: str) -> str:
        """Return what tells this question of the task from its others, for its message; empty for the first."""
        return ""

    @property
    def told(self) -> bool:
        """Whether the question is told in Slack too."""
        return True

    def _read(self, station: Station, departure: str, event: Result) -> Answer:
        # Airflow shows what it was first put with, whatever this try has waited for (fact 4).
        asked = event.get("question") or event["asked"]
        people = station.team.people
        first = [people[name] for name in asked.get("people", ()) if name in people]
        person = actors.responder(station, event, (*first, *self._entitled(station, departure).values()))
        choice, fields = str(event["chosen_options"][0]), dict(event.get("params_input") or {})
        return Answer(choice, fields, person, answered_at(event, station.now()), asked, moment(event))
