"""What every task of a train has in common: one step of a departure, taken once, waiting without a worker."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from airflow.sdk import TriggerRule
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from stationmaster import clock
from stationmaster.notifiers.failure_notice import FailedAndTold
from stationmaster.operators import run_marks
from stationmaster.operators.patient import PatientOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.core.calendar import StopName
    from stationmaster.core.gates import Standing
    from stationmaster.departures.station import Station
    from stationmaster.triggers.station_trigger import LookingTrigger

DEPARTURE_KEY = "departure"
"""The XCom key under which the first task of a run names the departure."""
OPENING_TASK = "open_departure"
NAMED = "{{ task.asked }}"
"""What a mapped task is called in the grid: the person whom it asks."""


class Waiting(NamedTuple):
    """A step that cannot be taken yet: why, and which look will tell when it can.

    The arguments of that look come back under ``asked`` in the event that wakes the task.
    """

    standing: Standing
    watch: str
    arguments: dict[str, Any]


Result = dict[str, Any]
"""What a step leaves in XCom: plain JSON, a contract of the task (F69)."""


class StepFailedForNow(AirflowException):
    """The step starts anew in another try of the task; the ledger sees to it that nothing happens twice."""


class StationOperator(PatientOperator):
    """Base of the tasks of a train.

    A step is taken again after a retry or a clear, and finds in the ledger what it has done already (F01). While it
    waits, its blockers stand in the ledger under ``<departure>/<stop>/<task>`` and a trigger looks in its place. What
    passes by itself, such as a GitHub out of reach, is waited for; what was refused fails at once, with the way out.

    :param train: id of the train within the team.
    :param stop: the stop that the task belongs to.
    :param kind: what the run opens: the week's train, or a departure beside it.
    """

    def __init__(self, *, train: str, stop: StopName, kind: str = "train", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.train = train
        self.stop = stop
        self.kind = kind

    ends_with_departure: ClassVar[bool] = True
    """Whether there is nothing left to do once a person has skipped the departure, or it goes back."""
    ends_in_triggerer: ClassVar[bool] = False
    """Whether the trigger may end the task when the wait is over and nothing is left for a worker to do."""

    @property
    def label(self) -> str:
        """What tells this task instance from its mapped siblings; empty where it has none."""
        return ""

    @property
    def reads(self) -> dict[str, Any]:
        """The team with this train alone."""
        return {**super().reads, "trains": [self.train]}

    def station(self) -> Station:
        """Return a station with fresh connections."""
        from stationmaster.departures.station import Station

        return Station(team=self.team_config, train=self.train)

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Take the step, or say why it has to wait.

        :param event: None at the start of a try; what woke the task after a wait, with what it had ``asked`` for.
        """
        raise NotImplementedError

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure of this run, as the ledger knows it: XComs and parameters are texts that change (F71).

        Of a run that an older release opened, the ledger knows nothing; then the calendar tells, for a scheduled one.
        """
        from stationmaster.departures import opening

        known = self.bound(station, context)
        if known is not None:
            return known
        if self.kind != "train":
            if context["params"].get("dry_run"):
                raise AirflowSkipException("a dry run: nothing is opened, and nothing done")
            found = station.ledger.opened_for(station.train.key, self.run_key(context))
            if found is None:
                # Whoever filled the form in sees what it was refused for.
                raise FailedAndTold(f"this run has opened nothing yet: clear {OPENING_TASK} first")
            return found.id
        run = context["dag_run"]
        if run.run_type == "scheduled" and run.logical_date is not None:
            due = opening.departure_id(station, at=run.logical_date, stop=self.stop)
            if station.ledger.departure(due) is not None:
                return due
        raise FailedAndTold(f"this run has opened no departure yet: clear {OPENING_TASK} first")

    def run_key(self, context: Context) -> str:
        """Return what names this run for ever: a retry and a clear have the same."""
        return f"{self.dag_id}/{context['dag_run'].run_id}"

    def due(self, context: Context) -> datetime:
        """Return the instant that this run stands for: its due time on the calendar, or now if a person started it."""
        run = context["dag_run"]
        if run.run_type == "scheduled" and run.logical_date is not None:
            return run.logical_date
        return clock.now()

    def started_by(self, station: Station, context: Context) -> str:
        """Return the id of the person who started the run; what no person of the team started has a label.

        See :meth:`stationmaster.work.identity.Identities.starter_or_label`.
        """
        return station.identities.starter_or_label(context["dag_run"])

    def subject(self, departure: str) -> str:
        """Return where this task's blockers stand in the ledger."""
        name = f"{departure}/{self.stop}/{self.task_id}"
        return f"{name}/{self.label}" if self.label else name

    def tagged(self, person: Person) -> Result:
        """Return the person as a task's XCom names them."""
        return {"person": person.id, "name": person.name}

    def tagged_by(self, station: Station, person: str) -> Result:
        """Return whoever stands in the ledger as a task's XCom names them, even if they have left the team since."""
        known = station.team.people.get(person)
        return self.tagged(known) if known is not None else {"person": person, "name": person}

    def _take(self, context: Context, event: Result | None) -> Any:
        station = self.for_step(self.station)
        departure = self.departure(station, context)
        if event is None:
            self._forget_upstream(station, departure)
        try:
            outcome = self._guarded(station, departure, context, event)
        except AirflowSkipException:
            station.ledger.set_blockers(self.subject(departure), (), station.now())
            raise
        if not isinstance(outcome, Waiting):
            station.ledger.set_blockers(self.subject(departure), (), station.now())
            return outcome
        return self._wait(context, station, departure, outcome, event)

    def _guarded(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        from stationmaster.core.transitions import ActRefused
        from stationmaster.departures import taking_up
        from stationmaster.departures.obstacles import DepartureSkipped, obstacle
        from stationmaster.work.obstacles import StepImpossible, passes

        try:
            if self.ends_with_departure:
                self._end_with(station, departure)
                taking_up.take_up(station, departure, self.stop)
            return self.step(station, departure, context, event)
        except DepartureSkipped as skipped:
            raise AirflowSkipException(str(skipped)) from skipped
        except StepImpossible as impossible:
            station.ledger.set_blockers(self.subject(departure), impossible.blockers, station.now())
            raise AirflowFailException(str(impossible)) from impossible
        except ActRefused as refused:
            raise AirflowFailException(run_marks.refusal(context, str(refused))) from refused
        except AirflowException:
            raise
        except Exception as error:
            found = obstacle(station, error)
            if found is None:
                raise
            if passes(error):
                return self._again(station, departure, found)
            station.ledger.set_blockers(self.subject(departure), (found,), station.now())
            # The text of a vendor's error carries no token (F74), its chained cause might.
            raise AirflowFailException(f"{found.code}: {found.sentence} {found.how}") from None

    def _forget_upstream(self, station: Station, departure: str) -> None:
        """Take back what the tasks before this one said they wait for.

        A task that somebody marked as success by hand is not asked again (F32); what it waited for is now said by the
        task that counts the gates again.
        """
        if self.trigger_rule not in (TriggerRule.ALL_SUCCESS, TriggerRule.NONE_FAILED):
            return
        stop = f"{departure}/{self.stop}/"
        upstream = self.get_flat_relative_ids(upstream=True)
        for subject in station.ledger.blockers(stop.rstrip("/")):
            if subject.removeprefix(stop).split("/", 1)[0] in upstream:
                station.ledger.set_blockers(subject, (), station.now())

    def _end_with(self, station: Station, departure: str) -> None:
        from stationmaster.departures.legs import TAKEN_BACK
        from stationmaster.departures.obstacles import DepartureSkipped
        from stationmaster.departures.watches import DROPPED

        found = station.ledger.departure(departure)
        if found is not None and found.state in (*DROPPED, *TAKEN_BACK):
            raise DepartureSkipped(f"{departure} is {found.state}: {found.told}")

    def _again(self, station: Station, departure: str, found: Blocker) -> Waiting:
        from stationmaster.departures import pausing
        from stationmaster.departures.watches import look
        from stationmaster.work import waits

        arguments = pausing.pause(station, self.stop, self.subject(departure), found)
        return Waiting(look(station, waits.AGAIN, departure, arguments), waits.AGAIN, arguments)

    def _wait(self, context: Context, station: Station, departure: str, waiting: Waiting, event: Result | None) -> None:
        from stationmaster import settings
        from stationmaster.core.gates import Verdict
        from stationmaster.departures import missing, wording
        from stationmaster.work import waits

        standing = waiting.standing
        station.ledger.set_blockers(self.subject(departure), standing.blockers, station.now())
        why = wording.standing_text(station, standing)
        self.log.info("Waiting:\n%s", why)
        if standing.verdict is Verdict.MISSED:
            missing.miss(station, departure, standing)
            raise AirflowFailException(f"{departure} has missed its window. {why}")
        interval = settings.poll_interval(station.train.poll)
        trigger = self.trigger(station, departure, waiting, interval.total_seconds())
        hindered = event if waiting.watch == waits.AGAIN else None
        self.wait(context, trigger, waiting.arguments, hindered=hindered)

    def trigger(self, station: Station, departure: str, waiting: Waiting, interval: float) -> LookingTrigger:
        """Return what looks in place of this task while it waits; ``interval`` is in seconds."""
        from stationmaster.triggers.station_trigger import StationTrigger

        return StationTrigger(
            team=station.files.model_dump(mode="json"),
            train=self.train,
            departure=departure,
            subject=self.subject(departure),
            watch=waiting.watch,
            arguments=waiting.arguments,
            interval=interval,
            ends=self.ends_in_triggerer,
        )
