"""A question to whoever is on call: a required action, in a row of tasks, one for each shift that it may outlive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.operators import actors
from stationmaster.operators.base import Result, StepFailedForNow
from stationmaster.operators.question import Question, moment
from stationmaster.operators.team_step import Pausing, TeamOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.work.context import Desk

QUESTION = "question"
"""The look of every area that waits for an answer: until it is given elsewhere, or whoever was asked goes off call.

Its arguments are ``{"place", "last", "role"}``, and ``armed`` once the question stands in Airflow.
"""


class TeamAskOperator(TeamOperator):
    """Base of the tasks that ask whoever holds a role.

    A task instance asks the same people for ever (fact 4), so the next shift is asked by the next task of the row. The
    last one of the row stays with whom it asked. Only they, and whoever is on call when they answer, may answer.

    :param role: of one of the team's rotations.
    :param place: 0 for the first task of the row.
    :param last: whether no other task of the row comes after it.
    """

    hands_over: ClassVar[bool] = True
    """Whether the next task of the row takes over with the shift."""

    def __init__(self, *, role: str, place: int = 0, last: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role
        self.place = place
        self.last = last

    @property
    def named(self) -> str:
        """The name in the grid: Airflow renders ``map_index_template`` with it."""
        from stationmaster.core.rotations.rotation import NobodyOnCall

        try:
            return " and ".join(person.name for person in self.people(self.at_hand(self.desk)))
        except NobodyOnCall:
            return "nobody"

    def people(self, desk: Desk) -> tuple[Person, ...]:
        """Return who is asked now.

        :raises NobodyOnCall: nobody holds the role; that is an error and never means anyone.
        """
        from stationmaster.work import questions

        return questions.on_call(desk, self.role)

    def question(self, desk: Desk, about: str) -> Question:
        """Return what is asked."""
        raise NotImplementedError

    def answered(
        self, desk: Desk, about: str, person: Person, choice: str, form: dict[str, Any], *, once: str
    ) -> Result | None:
        """Keep the answer and return the task's result; None where it settles nothing and is asked again.

        :param once: tells one answer of a person from the next: the same may be taken twice (F02).
        :raises StepFailedForNow: why the answer will not do; it is asked again.
        """
        raise NotImplementedError

    def settled(self, desk: Desk, about: str) -> Result | None:
        """Return the result of what is settled already, here or elsewhere; None while it is open."""
        raise NotImplementedError

    def tell(self, desk: Desk, about: str, people: tuple[Person, ...]) -> None:
        """Tell whoever is asked, once; a place of the row has words of its own."""

    def handed_over(self, desk: Desk, about: str) -> Result:
        """Return the result of a task whose people went off call."""
        return {"outcome": "handed_over"}

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Take the answer, or ask, or wait."""
        from stationmaster.work import questions

        known = self.settled(desk, about)
        if known is not None:
            if self.place and questions.asked_at(desk, about, self.place) is None:
                raise AirflowSkipException("it is settled: nobody else is asked")
            return known
        if event is not None and "error" in event:
            raise AirflowFailException(f"the answer cannot be read: {event['error']}")
        if event is not None and event.get("chosen_options"):
            found = self._taken_or_why(desk, about, event)
            if found is not None:
                return found
            # No task instance is asked twice in one try (fact 3).
            raise StepFailedForNow("That is written down. It is asked again.")
        if self.hands_over and not self.last and questions.handed_over(desk, about, self.place, self.role):
            return self.handed_over(desk, about)
        asked = (event or {}).get("asked") or {}
        arguments = {"place": self.place, "last": self.last, "role": self.role}
        if asked.get("armed"):
            return Pausing(QUESTION, {**arguments, "armed": True})
        return self._ask(desk, about, arguments, context)

    def _taken_or_why(self, desk: Desk, about: str, event: Result) -> Result | None:
        """Take the answer; why it is not taken hears whoever gave it."""
        from stationmaster.work import questions

        person, form, once = self._responder(desk, about, event), dict(event.get("params_input") or {}), moment(event)
        try:
            return self.answered(desk, about, person, str(event["chosen_options"][0]), form, once=once)
        except StepFailedForNow as refused:
            questions.not_taken(desk, about, str(self.task_id), person, str(refused), once=once)
            raise

    def _responder(self, desk: Desk, about: str, event: Result) -> Person:
        from stationmaster.work import questions

        return actors.responder(desk, event, (*questions.people_asked(desk, about, self.place), *self._holders(desk)))

    def _holders(self, desk: Desk) -> tuple[Person, ...]:
        """Return who is on call now, be they asked or not; out of hours nobody is."""
        from stationmaster.core.rotations.rotation import NobodyOnCall

        try:
            return self.people(desk)
        except NobodyOnCall:
            return ()

    def _ask(self, desk: Desk, about: str, arguments: Result, context: Context) -> Pausing:
        from stationmaster.core.blockers import blocker
        from stationmaster.work import questions
        from stationmaster.work.obstacles import StepImpossible

        present = self.people(desk)
        people = desk.identities.can_answer(present)
        if not people:
            # An empty list would mean anyone (fact 5).
            names = ", ".join(person.name for person in present)
            raise StepImpossible(blocker("NOBODY_TO_ASK", who=tuple(person.id for person in present), people=names))
        question = self.question(desk, about)
        questions.ask(desk, about, self.place, people)
        self.ask(desk, context, question, people)
        self._tell(desk, about, tuple(people))
        return Pausing(QUESTION, {**arguments, "armed": True})

    def _tell(self, desk: Desk, about: str, people: tuple[Person, ...]) -> None:
        """Tell them; what stands in Airflow does not wait for Slack (F61): the look tells them later."""
        from stationmaster.work.obstacles import hindrance

        try:
            self.tell(desk, about, people)
        except Exception as error:
            if hindrance(desk, error, ()) is None:
                raise
            self.log.warning("Slack is not told yet: %s", error)
