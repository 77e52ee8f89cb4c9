"""One step, taken once, that waits without a worker: the recipe of every task that belongs to no departure.

Handoffs, upgrades, chores, incidents and watches are made of it. That of a departure is
:class:`stationmaster.operators.base.StationOperator`: it knows of windows and of departures that are over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from stationmaster.operators.base import Result
from stationmaster.operators.patient import PatientOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.core.blockers import Blocker
    from stationmaster.core.gates import Standing
    from stationmaster.triggers.station_trigger import LookingTrigger
    from stationmaster.work.context import Desk

DeskT = TypeVar("DeskT", bound="Desk")
AboutT = TypeVar("AboutT")


class Pausing(NamedTuple):
    """A step that waits: the name of a look, and what it needs."""

    name: str
    arguments: dict[str, Any]


class LookingOperator(PatientOperator, Generic[DeskT, AboutT]):
    """Base of the tasks whose waits are looks of an area.

    A step is taken again after a retry or a clear, and finds in the ledger what it has done already (F01). While it
    waits, its blockers stand in the ledger under its subject and a trigger looks in its place. Nothing that is out of
    order fails it: it waits with the reason, and goes on once that is mended.
    """

    poll: ClassVar[timedelta] = timedelta(seconds=30)
    """How long the trigger rests between two looks."""
    keeps: ClassVar[tuple[str, ...]] = ()
    """What the task knows of its try and takes along through a wait for an obstacle, of the arguments of its look."""

    def desk(self) -> DeskT:
        """Return a desk with fresh connections."""
        raise NotImplementedError

    def matter(self, desk: DeskT, context: Context) -> AboutT:
        """Return what this run is about: the same for each of its tasks, however late one runs (F71)."""
        raise NotImplementedError

    def is_over(self, desk: DeskT, about: AboutT) -> str:
        """Return why there is nothing left to do, empty while there is: then the task is skipped."""
        return ""

    def step(self, desk: DeskT, about: AboutT, context: Context, event: Result | None) -> Result | Pausing:
        """Take the step, or say why it has to wait.

        :param event: None at the start of a try; what woke the task after a wait, with what it had ``asked`` for.
        """
        raise NotImplementedError

    def subject(self, about: AboutT) -> str:
        """Return where this task's blockers stand in the ledger."""
        raise NotImplementedError

    def blamed(self, desk: DeskT) -> tuple[str, ...]:
        """Return the ids of the people who can clear an obstacle."""
        return ()

    def complain(self, desk: DeskT, about: AboutT, found: Blocker) -> None:
        """Tell somebody of an obstacle that waiting will not clear."""

    def look(self, desk: DeskT, about: AboutT, pausing: Pausing) -> Standing:
        """Take the look once, as the trigger will."""
        raise NotImplementedError

    def trigger(self, desk: DeskT, about: AboutT, pausing: Pausing, interval: float) -> LookingTrigger:
        """Return what looks in place of this task while it waits; ``interval`` is in seconds."""
        raise NotImplementedError

    def again(self, desk: DeskT, about: AboutT, blockers: Sequence[Blocker], event: Result | None = None) -> Pausing:
        """Return the wait for an obstacle that may pass; what the task knows of its try is kept."""
        from stationmaster.work import waits

        kept = {name: value for name, value in ((event or {}).get("asked") or {}).items() if name in self.keeps}
        return Pausing(waits.AGAIN, waits.pause(desk, self.subject(about), blockers, kept))

    def taken(self, desk: DeskT, about: AboutT, context: Context, event: Result | None) -> Result | Pausing:
        """Take the step; what is in its way becomes a wait."""
        from stationmaster.work.obstacles import StepImpossible, hindrance, passes

        try:
            return self.step(desk, about, context, event)
        except StepImpossible as impossible:
            desk.ledger.set_blockers(self.subject(about), impossible.blockers, desk.now())
            raise AirflowFailException(str(impossible)) from impossible
        except AirflowException:
            raise
        except Exception as error:
            found = hindrance(desk, error, self.blamed(desk))
            if found is None:
                raise
            if not passes(error):
                self._complain(desk, about, found)
            return self.again(desk, about, [found], event)

    def _take(self, context: Context, event: Result | None) -> Any:
        desk = self.for_step(self.desk)
        about = self.matter(desk, context)
        try:
            over = self.is_over(desk, about)
            if over:
                raise AirflowSkipException(over)
            outcome = self.taken(desk, about, context, event)
        except AirflowSkipException:
            desk.ledger.set_blockers(self.subject(about), (), desk.now())
            raise
        if isinstance(outcome, Pausing):
            return self._wait(context, desk, about, outcome, event)
        desk.ledger.set_blockers(self.subject(about), (), desk.now())
        return outcome

    def _complain(self, desk: DeskT, about: AboutT, found: Blocker) -> None:
        """Tell of it; it is tried again all the same, once it is mended."""
        from stationmaster.work.obstacles import hindrance

        try:
            self.complain(desk, about, found)
        except Exception as error:
            if hindrance(desk, error, ()) is None:
                raise
            self.log.warning("Nobody is told of %s: %s", found.code, error)

    def _wait(self, context: Context, desk: DeskT, about: AboutT, pausing: Pausing, event: Result | None) -> None:
        from stationmaster import settings
        from stationmaster.work import waits

        standing = self.look(desk, about, pausing)
        desk.ledger.set_blockers(self.subject(about), standing.blockers, desk.now())
        for found in standing.blockers:
            self.log.info("Waiting: %s: %s %s", found.code, found.sentence, found.how)
        interval = settings.poll_interval(self.poll).total_seconds()
        hindered = event if pausing.name == waits.AGAIN else None
        self.wait(context, self.trigger(desk, about, pausing, interval), pausing.arguments, hindered=hindered)
