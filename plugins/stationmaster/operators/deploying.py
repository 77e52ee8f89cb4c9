"""The tasks that bring one component onto one environment, and see that it arrived."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.core import escaping
from stationmaster.core.transitions import BEFORE_THE_PROMOTION, DepartureState
from stationmaster.departures.answers import Choice
from stationmaster.operators import run_marks
from stationmaster.operators.asking import Answer, AskOperator
from stationmaster.operators.base import Result, StationOperator, StepFailedForNow, Waiting
from stationmaster.operators.patient import is_answer
from stationmaster.operators.question import COMMIT, Question, commit_field, recall, text_field

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.deploying import Leg
    from stationmaster.departures.failing import Failure
    from stationmaster.departures.station import Station

REASON, FAILURE = "reason", "failure"
"""The form's fields: why, and which failure is meant. Airflow shows a question as it was first put (fact 4)."""

_BEFORE = frozenset(
    {*BEFORE_THE_PROMOTION, DepartureState.SKIPPED, DepartureState.SKIPPED_EMPTY, DepartureState.MISSED}
)
"""The states of a departure of which nothing has come to production."""


class _ToProduction(StationOperator):
    """A task of one component whose failure on the way to production is kept: production may go back for it."""

    component: str

    def _guarded(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Take the step; what fails for good is kept in the ledger, for it may be the cause of a way back."""
        try:
            return super()._guarded(station, departure, context, event)
        except AirflowSkipException:
            raise
        except Exception as error:
            if _for_good(context, error):
                self._note_failure(station, departure, error)
            raise

    def _note_failure(self, station: Station, departure: str, error: Exception) -> None:
        from stationmaster.departures import last_word, legs

        leg = legs.leg_of(station, departure, self.stop, self.component)
        if leg is not None and self.stop == "promote":
            last_word.note(station, leg, task=str(self.task_id), why=str(error))


class LegOperator(_ToProduction, AskOperator):
    """Base of the tasks about one component at one stop; a component that is not aboard is skipped.

    A failure is the last word about its component until a person says what follows: a task that meets one asks, in
    itself, and does nothing before the answer (R7). The answer of a person counts once, for the failure that it names.
    """

    CHOICES: ClassVar[dict[str, Choice]] = {}
    """What the form offers, in its words -> the choice; what the train cannot do is left out."""

    def __init__(self, *, component: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.component = component

    def leg(self, station: Station, departure: str) -> Leg:
        """Return the leg, or skip the task."""
        from stationmaster.departures import deploying

        leg = deploying.leg_of(station, departure, self.stop, self.component)
        if leg is None:
            raise AirflowSkipException(f"{self.component} is not deployed at this stop of {departure}")
        return leg

    @property
    def watched(self) -> dict[str, Any]:
        """What the watches need to find the leg again."""
        return {"stop": self.stop, "component": self.component}

    def work(self, station: Station, departure: str, context: Context) -> Result | Waiting:
        """Do the task's own work as far as it goes now.

        :raises Failed: a failure is the last word about it.
        """
        raise NotImplementedError

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Take an answer, do the work, and ask what follows where it meets a failure."""
        from stationmaster.departures.failing import Failed

        try:
            if event is not None and "error" in event:
                raise AirflowFailException(f"the answer cannot be read: {event['error']}")
            if is_answer(event):
                self._taken_or_why(station, departure, event)
            return self.work(station, departure, context)
        except Failed as failed:
            failure = failed.failure
        return self._what_follows(station, departure, context, event, failure)

    def person(self, station: Station) -> Person:
        """Return the person on call."""
        return station.conductor

    def deputies(self, station: Station, departure: str) -> tuple[Person, ...]:
        """Return the backups."""
        return station.backups

    @property
    def changes_production(self) -> bool:
        """What follows a failure of the promotion changes production, or lets it stay as it is (T-01)."""
        return self.stop == "promote"

    def offered(self, station: Station, leg: Leg) -> dict[str, Choice]:
        """Return what may be answered: the words of the form, and the choice."""
        from stationmaster.departures import failing

        missing = set()
        if not failing.can_deploy_again(station, leg):
            missing.add(Choice.DEPLOY_AGAIN)
        if not failing.can_roll_back(station, leg):
            missing.add(Choice.ROLL_BACK)
        return {words: choice for words, choice in self.CHOICES.items() if choice not in missing}

    def question(self, station: Station, departure: str) -> Question:
        """Return what failed, and what may follow."""
        failure = self._failure(station, departure)
        leg = failure.leg
        return Question(
            subject=f"{departure}: what follows failure {failure.number} of {leg.component} on {leg.environment}?",
            body="\n\n".join(
                [
                    *(f"{found.code}: {found.sentence}" for found in failure.blockers),
                    f"The commit is `{leg.sha}`. *Deploy again* counts every gate again and makes another attempt.",
                    "Nothing is deployed before somebody answers.",
                ]
            ),
            options=tuple(self.offered(station, leg)),
            fields={
                REASON: text_field("Reason", "Why: it stands in the message and in the audit"),
                FAILURE: text_field(
                    "Failure", "The one that you mean, as the channel numbers it", value=str(failure.number)
                ),
            },
        )

    def told_as(self, station: Station, departure: str) -> str:
        """Tell each failure's question."""
        return f"/failure-{self._failure(station, departure).number}"

    def waiting(self, station: Station, departure: str) -> Waiting:
        """Wait for the answer, for what arrives after all, or until nobody is asked any longer."""
        from stationmaster.departures import failing
        from stationmaster.work.obstacles import waiting

        failure = self._failure(station, departure)
        who = tuple(self._entitled(station, departure))
        since = failing.asked_since(station, failure)
        asked = failing.asked(station, failure, tuple(self.offered(station, failure.leg)), who, since=since)
        arguments = {
            **self.watched,
            "gate": self.task_id,
            "failure": failure.number,
            "since": since.isoformat(),
            "blocker": asked.model_dump(mode="json"),
        }
        return Waiting(waiting("failure", asked), "failure", arguments)

    def answered(self, station: Station, departure: str, answer: Answer) -> Result:
        """Keep the answer; the work goes on by what it says."""
        from stationmaster.departures import failing, telling, wording

        leg = self.leg(station, departure)
        named = str(answer.fields.get(FAILURE) or answer.asked.get("failure") or "").strip()
        choice = self.offered(station, leg).get(answer.choice)
        if choice is None:
            raise StepFailedForNow(f"{answer.choice!r} cannot be done here. It is asked again.")
        reason = str(answer.fields.get(REASON) or "")
        failure = failing.open_failure(station, leg)
        if failure is None and _is_kept(station, leg, named, choice, answer.by.id):
            return {}  # a process that died with this answer in its hands
        if failure is None:
            raise StepFailedForNow(f"Nothing of {leg.component} waits for an answer any longer. It is looked at again.")
        if named != str(failure.number):
            raise StepFailedForNow(
                f"The form names failure {named or 'nothing'}, and failure {failure.number} of {leg.component} has "
                f"come since: put {failure.number} in, if you mean that one. It is asked again."
            )
        try:
            kept = failing.answer(station, leg, failure, choice, reason=reason, by=answer.by.id, at=answer.at)
        except failing.AnswerRefused as refused:
            raise StepFailedForNow(f"{refused} It is asked again.") from refused
        text = wording.failure_answered(failure, answer.choice, answer.by, str(kept.value["reason"]))
        telling.tell(station, departure, f"{self.stop}/answer/{kept.seq}", text)
        return {}

    def verified(self, station: Station, leg: Leg) -> Waiting | None:
        """Bring and verify what a person has asked for once more; None once the environment runs it.

        :raises Failed: the attempt, or its verification, has failed.
        """
        from stationmaster.core.gates import Verdict
        from stationmaster.departures import deploying, failing, recording, verifying

        if failing.attempt(station, leg) > 1:
            standing = deploying.advance(station, leg)
            if standing.gate == "run" and standing.verdict is Verdict.DENY:
                raise failing.Failed(deploying.note_failed_run(station, leg, standing))
            if not standing.opens:
                return Waiting(standing, "run" if standing.gate == "run" else "gates", self.watched)
        standing = verifying.observe(station, leg)
        if standing.verdict is Verdict.DENY:
            raise failing.Failed(failing.note_verification(station, leg, standing.blockers[0]))
        if not standing.opens:
            return Waiting(standing, "verify", self.watched)
        deploying.record_deployed(
            station, leg, at=verifying.first_seen(station, leg), how="reported by the environment"
        )
        recording.record(station, leg)
        return None

    def _failure(self, station: Station, departure: str) -> Failure:
        from stationmaster.departures import failing

        found = failing.open_failure(station, self.leg(station, departure))
        if found is None:
            raise StepFailedForNow(f"What failed of {self.component} was answered meanwhile. It is looked at again.")
        return found

    def _what_follows(
        self, station: Station, departure: str, context: Context, event: Result | None, failure: Failure
    ) -> Result | Waiting:
        """Ask what follows a failure; whoever waits for a person holds no lock (R8)."""
        from stationmaster.departures import failing
        from stationmaster.departures.legs import release_lock
        from stationmaster.work.obstacles import StepImpossible

        left = failure.choice is Choice.LEAVE and event is not None
        if left or not failure.is_open:
            raise StepImpossible(*failure.blockers)
        failing.require_open(station, failure.leg)
        release_lock(station, failure.leg)
        asked = event["asked"] if event is not None and not is_answer(event) else {}
        before = asked if asked.get("failure") == failure.number else None
        if before is not None and failing.is_over(station, failure, since=datetime.fromisoformat(before["since"])):
            raise StepImpossible(*failure.blockers)
        if before is None and event is not None and recall(context) is not None:
            # Airflow fails a try whose second question is answered at once (fact 3).
            raise StepFailedForNow(f"{failure.blockers[0].sentence} What follows is asked in another try.")
        waits = self._ask(station, departure, context)
        if before is not None and isinstance(waits, Waiting):
            kept = {name: before[name] for name in ("since", "blocker")}
            return waits._replace(arguments={**waits.arguments, **kept})
        return waits


def _is_kept(station: Station, leg: Leg, named: str, choice: Choice, by: str) -> bool:
    """Return whether this very answer stands in the ledger."""
    from stationmaster.departures import failing

    return any(
        str(failure.number) == named
        and failure.choice is choice
        and failure.answer is not None
        and failure.answer.by == by
        for failure in failing.failures(station, leg)
    )


def _for_good(context: Context, error: Exception) -> bool:
    """Return whether Airflow takes no other try after an error; an answer that was not taken is no failure (T1)."""
    if isinstance(error, StepFailedForNow):
        return False
    return isinstance(error, AirflowFailException) or int(context["ti"].try_number) > int(context["ti"].max_tries or 0)


class DeployOperator(LegOperator):
    """Counts every gate again, takes the lock, deploys once, and follows the run to its end (F01, F32).

    A run that fails, fails the task; looked at again, it asks what follows.
    XCom: ``{"component", "environment", "repository", "sha", "mode", "person", "name"}``.
    """

    CHOICES: ClassVar[dict[str, Choice]] = {
        "Deploy again": Choice.DEPLOY_AGAIN,
        "Roll back": Choice.ROLL_BACK,
        "Leave it": Choice.LEAVE,
    }

    def work(self, station: Station, departure: str, context: Context) -> Result | Waiting:
        """Go as far as it goes now."""
        from stationmaster.core.gates import Verdict
        from stationmaster.departures import deploying, starting
        from stationmaster.work.obstacles import StepImpossible

        leg = self.leg(station, departure)
        standing = deploying.advance(station, leg)
        if deploying.has_begun(station, leg):
            starting.announce(station, departure, self.stop)
        if standing.gate == "run" and standing.verdict is Verdict.DENY:
            deploying.note_failed_run(station, leg, standing)
            raise StepImpossible(*standing.blockers)
        busy = next((found for found in standing.blockers if found.code == "EFFECT_BUSY"), None)
        if busy is not None:
            return self._again(station, departure, busy)
        if not standing.opens:
            return Waiting(standing, "run" if standing.gate == "run" else "gates", self.watched)
        deploy = station.train.component(self.component).deploy(leg.environment)
        self.log.info("%s: %s is on its way to %s", leg.component, leg.sha[:12], leg.environment)
        return {
            "component": leg.component,
            "environment": leg.environment,
            "repository": leg.repository,
            "sha": leg.sha,
            "mode": deploy.mode,
            **self.tagged(station.conductor),
        }


class VerifyOperator(LegOperator):
    """Asks the environment what it runs, several times in a row (F45, F49).

    When its window is over, it asks a person what follows: to deploy again, to look for another window, to go back.
    XCom: ``{"component", "environment", "sha", "since"}``; ``since`` is when it was first seen there, ISO in UTC.
    """

    CHOICES: ClassVar[dict[str, Choice]] = {
        "Deploy again": Choice.DEPLOY_AGAIN,
        "Verify again": Choice.VERIFY_AGAIN,
        "Roll back": Choice.ROLL_BACK,
        "Leave it": Choice.LEAVE,
    }

    def work(self, station: Station, departure: str, context: Context) -> Result | Waiting:
        """Look once; wait for the next look."""
        from stationmaster.departures import verifying

        leg = self.leg(station, departure)
        waits = self.verified(station, leg)
        if waits is not None:
            return waits
        return {
            "component": leg.component,
            "environment": leg.environment,
            "sha": leg.sha,
            "since": verifying.first_seen(station, leg).isoformat(),
        }


class DeployByHandOperator(_ToProduction, AskOperator):
    """Asks the person on call to deploy by the runbook and to say that it is done (mode ``manual``, C-24).

    XCom: ``{"person", "name", "choice"}``.
    """

    DONE = "Done"
    FAILED = "It failed"

    def __init__(self, *, role: str, component: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role
        self.component = component

    def person(self, station: Station) -> Person:
        """Return the person on call."""
        return station.on_call(self.role)

    def deputies(self, station: Station, departure: str) -> tuple[Person, ...]:
        """Return the backups."""
        return station.backups

    @property
    def changes_production(self) -> bool:
        """Whoever follows the runbook of a promotion changes production with their own hands (T-01)."""
        return self.stop == "promote"

    def question(self, station: Station, departure: str) -> Question:
        """Return the runbook to follow."""
        leg = self._leg(station, departure)
        deploy = station.train.component(leg.component).deploy(leg.environment)
        return Question(
            subject=f"{departure}: deploy {leg.component} {leg.sha[:12]} to {leg.environment} by hand",
            body=f"Follow the runbook `{deploy.runbook}`. The commit is `{leg.sha}` of {leg.repository}.",
            options=(self.DONE, self.FAILED),
            fields={
                COMMIT: commit_field("The one that you deployed", leg.sha),
                "note": text_field("Note", "A link to the plan or the log, for the ledger"),
            },
        )

    def commit(self, station: Station, departure: str) -> str:
        """Return the commit that is deployed."""
        return self._leg(station, departure).sha

    def blocker(self, station: Station, departure: str) -> Blocker:
        """Return that the deploy is open."""
        from stationmaster.core.blockers import blocker

        leg = self._leg(station, departure)
        return blocker(
            "MANUAL_DEPLOY_OPEN",
            who=(self.person(station).id,),
            component=leg.component,
            environment=leg.environment,
        )

    def known(self, station: Station, departure: str) -> Result | None:
        """Return the recorded answer."""
        facts = station.ledger.facts(departure, kind="manual", subject=self._leg(station, departure).key)
        if not facts:
            return None
        return {**self.tagged_by(station, facts[-1].by), "choice": self.DONE}

    def answered(self, station: Station, departure: str, answer: Answer) -> Result:
        """Record that it is done; a failure fails the task."""
        from stationmaster.core.blockers import blocker
        from stationmaster.work.obstacles import StepImpossible

        leg = self._leg(station, departure)
        note = {"note": str(answer.fields.get("note") or "")}
        if answer.choice != self.DONE:
            raise StepImpossible(
                blocker(
                    "RUN_FAILED",
                    who=(answer.by.id,),
                    component=leg.component,
                    conclusion=f"failed, as {answer.by.name} says",
                    run=escaping.said(note["note"]) if note["note"] else "no note",
                )
            )
        station.ledger.record(departure, "manual", leg.key, note, answer.at, answer.by.id)
        return {**self.tagged(answer.by), "choice": answer.choice}

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Count the gates first: nobody is asked to deploy what may not go."""
        from stationmaster.departures import deploying, starting

        leg = self._leg(station, departure)
        if event is not None and event["asked"].keys() & {"component", "until"}:
            event = None  # the gates have opened, or an obstacle has gone: nobody was asked yet
        if event is None and self.known(station, departure) is None:
            standing = deploying.advance(station, leg)
            if deploying.has_begun(station, leg):
                starting.announce(station, departure, self.stop)
            if not standing.opens and not any(found.code == "MANUAL_DEPLOY_OPEN" for found in standing.blockers):
                return Waiting(standing, "gates", {"stop": self.stop, "component": self.component})
        return super().step(station, departure, context, event)

    def _leg(self, station: Station, departure: str) -> Leg:
        from stationmaster.departures import deploying

        leg = deploying.leg_of(station, departure, self.stop, self.component)
        if leg is None:
            raise AirflowSkipException(f"{self.component} is not deployed at this stop of {departure}")
        return leg


class RollBackOperator(StationOperator):
    """Takes production back to what it ran before, when a promotion failed half-way (C-18).

    Its cause is a failure in the ledger that nothing has answered; that a task is red is none. Whatever else asks for
    it, such as a task that somebody marked and cleared, is refused. XCom: ``{"components": [...]}``: what went back, or
    nothing to undo: skipped.
    """

    ends_with_departure: ClassVar[bool] = False

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Go back as far as it goes now."""
        from stationmaster.core.transitions import Act
        from stationmaster.departures import acts, failing, last_word, rolling_back
        from stationmaster.departures.mandates import present
        from stationmaster.ledger.records import DepartureState

        found = station.ledger.departure(departure)
        if found is not None and found.state in _BEFORE:
            raise AirflowSkipException("nothing was deployed, so there is nothing to take back")
        if found is not None and found.state is DepartureState.ROLLING_BACK:
            mandate = present(station, departure)
            if mandate is not None and mandate.act is Act.TAKE_BACK:
                raise AirflowSkipException(f"{mandate.by} takes {departure} back by the form: {mandate.told}")
        elif found is None or found.state is not DepartureState.ROLLED_BACK:
            acts.require(station, departure, Act.COMPENSATE)
        legs = rolling_back.legs_to_undo(station, departure)
        if not legs:
            raise AirflowSkipException("nothing was deployed, so there is nothing to take back")
        if not failing.goes_back_by_itself(station, departure) and not last_word.asked_for(station, departure):
            raise AirflowSkipException("the train's file leaves the way back to a person")
        try:
            standing = rolling_back.advance(station, departure)
        except (rolling_back.NothingFailed, rolling_back.Replaced) as refused:
            raise AirflowFailException(run_marks.refusal(context, str(refused))) from refused
        if not standing.opens:
            return Waiting(standing, "rollback", {})
        return {"components": [leg.component for leg in legs]}
