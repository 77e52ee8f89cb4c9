"""The tasks that bring one component onto one environment, and see that it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.core.transitions import DepartureState
from stationmaster.operators import run_marks
from stationmaster.operators.asking import Answer, AskOperator
from stationmaster.operators.base import Result, StationOperator, Waiting
from stationmaster.operators.question import COMMIT, Question, commit_field, text_field

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.deploying import Leg
    from stationmaster.departures.station import Station


_BEFORE = frozenset(
    {
        DepartureState.OPEN,
        DepartureState.CUTTING,
        DepartureState.STAGED,
        DepartureState.GATED,
        DepartureState.SKIPPED,
        DepartureState.SKIPPED_EMPTY,
        DepartureState.MISSED,
    }
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


class LegOperator(_ToProduction):
    """Base of the tasks about one component at one stop; a component that is not aboard is skipped."""

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


def _for_good(context: Context, error: Exception) -> bool:
    """Return whether Airflow takes no other try after an error."""
    return isinstance(error, AirflowFailException) or int(context["ti"].try_number) > int(context["ti"].max_tries or 0)


class DeployOperator(LegOperator):
    """Counts every gate again, takes the lock, deploys once, and follows the run to its end (F01, F32).

    XCom: ``{"component", "environment", "repository", "sha", "mode", "person", "name"}``.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Go as far as it goes now."""
        from stationmaster.core.gates import Verdict
        from stationmaster.departures import deploying, starting

        leg = self.leg(station, departure)
        generation = int(context["ti"].max_tries or 0)
        standing = deploying.advance(station, leg, generation=generation)
        if deploying.has_begun(station, leg):
            starting.announce(station, departure, self.stop)
        if standing.gate == "run" and standing.verdict is Verdict.DENY:
            deploying.fail_run(station, leg, standing, generation=generation)
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

    XCom: ``{"component", "environment", "sha", "since"}``; ``since`` is when it was first seen there, ISO in UTC.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Look once; wait for the next look."""
        from stationmaster.core.gates import Verdict
        from stationmaster.departures import deploying, last_word, recording, verifying
        from stationmaster.work.obstacles import StepImpossible

        leg = self.leg(station, departure)
        standing = verifying.observe(station, leg)
        if standing.verdict is Verdict.DENY:
            last_word.note_verification(station, leg, standing.blockers[0])
            raise StepImpossible(*standing.blockers)
        if not standing.opens:
            return Waiting(standing, "verify", self.watched)
        since = verifying.first_seen(station, leg)
        deploying.record_deployed(station, leg, at=since, how="reported by the environment")
        recording.record(station, leg)
        return {
            "component": leg.component,
            "environment": leg.environment,
            "sha": leg.sha,
            "since": since.isoformat(),
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
                    run=note["note"] or "no note",
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
            generation = int(context["ti"].max_tries or 0)
            standing = deploying.advance(station, leg, generation=generation)
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
        from stationmaster.core.departure_ids import kind_of
        from stationmaster.core.transitions import Act
        from stationmaster.departures import acts, last_word, rolling_back
        from stationmaster.departures.mandates import present
        from stationmaster.ledger.records import DepartureState

        found = station.ledger.departure(departure)
        if found is not None and found.state in _BEFORE:
            raise AirflowSkipException("nothing was deployed, so there is nothing to take back")
        if found is not None and found.state is DepartureState.ROLLING_BACK:
            mandate = present(station, departure)
            if mandate is not None and mandate.act is Act.TAKE_BACK:
                raise AirflowSkipException(f"{mandate.by} takes {departure} back by the form: {mandate.why}")
        elif found is None or found.state is not DepartureState.ROLLED_BACK:
            acts.require(station, departure, Act.COMPENSATE)
        legs = rolling_back.legs_to_undo(station, departure)
        if not legs:
            raise AirflowSkipException("nothing was deployed, so there is nothing to take back")
        automatic = station.train.on_partial_failure == "compensate" or kind_of(departure).is_hotfix
        if not automatic and not last_word.asked_for(station, departure):
            raise AirflowSkipException("the train's file leaves the way back to a person")
        try:
            standing = rolling_back.advance(station, departure)
        except (rolling_back.NothingFailed, rolling_back.Replaced) as refused:
            raise AirflowFailException(run_marks.refusal(context, str(refused))) from refused
        if not standing.opens:
            return Waiting(standing, "rollback", {})
        return {"components": [leg.component for leg in legs]}
