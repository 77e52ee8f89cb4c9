"""A task that loses nothing it was told: it waits out a ledger that is away, and asks nobody what was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard, TypeVar, cast

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from stationmaster.operators import question as questions
from stationmaster.operators import run_marks
from stationmaster.operators.files import FilesOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.operators.question import Question
    from stationmaster.triggers.ledger_trigger import LedgerTrigger
    from stationmaster.triggers.station_trigger import LookingTrigger
    from stationmaster.work.context import Desk

_ASKS_EVERY = timedelta(seconds=15)
DeskT = TypeVar("DeskT", bound="Desk")


def is_answer(event: dict[str, Any] | None) -> TypeGuard[dict[str, Any]]:
    """Return whether what woke a task is what a person has answered."""
    return event is not None and "chosen_options" in event


class PatientOperator(FilesOperator):
    """Base of the tasks that keep their place in the ledger.

    While the ledger does not answer, the task waits without a worker, however long that takes. What had woken it, such
    as a person's answer, stands in Airflow meanwhile: nobody is asked twice because a database started anew.

    Airflow fails the try of a task that is answered within seconds of its question (fact 3), and keeps the answer. The
    next try takes it from there. Neither is an answer lost that comes before the task has begun to wait for it, nor one
    that meets an obstacle on its way, such as a GitHub that does not answer: the task keeps it until that has passed.
    """

    _made: Any = None
    """The desk or station of this process; None before it is first needed."""
    _stepped: bool = False
    """Whether a step has been taken with it."""
    _first: bool = False
    """Whether this process is the first of the first try: nobody has been asked before."""
    _put: bool = False
    """Whether this process has put the question."""
    _standing: dict[str, Any] | None = None
    """What the question was put with that stands in Airflow and is not answered; None where none is known to stand."""
    _in_hand: bool = False
    """Whether the task waits with an answer in its hands: it is not taken yet."""

    def execute(self, context: Context) -> Any:
        """Take the step for the first time in this try; after a question that is still open, see to its answer."""
        from stationmaster.triggers.question_trigger import QuestionTrigger

        self._first = context["ti"].try_number == 1
        kept = None if self._first else questions.recall(context)
        if kept is None or not kept.open:
            return self._patiently(context, None)
        trigger = QuestionTrigger()  # type: ignore[no-untyped-call]
        return self.defer(trigger=trigger, method_name="taken_up", kwargs={"question": kept.asked})

    def resume(
        self,
        context: Context,
        event: dict[str, Any] | None = None,
        asked: dict[str, Any] | None = None,
        question: dict[str, Any] | None = None,
        kept: dict[str, Any] | None = None,
    ) -> Any:
        """Take the step again after a wait.

        :param asked: the arguments of the look that was waited for; absent in waits of an older release (F69).
        :param question: what the question that stands was put with; absent where none does.
        :param kept: the answer that has met an obstacle, with which the step is taken now; absent where none has.
        """
        if kept is not None:
            return self._woken(context, kept, question)
        return self._woken(context, {**(event or {}), "asked": asked or {}}, question)

    def taken_up(self, context: Context, event: dict[str, Any], question: dict[str, Any]) -> Any:
        """Begin a try with the question of an earlier one: take its answer, or go on with it unanswered.

        :param question: what it was put with.
        """
        from stationmaster.triggers.question_trigger import GONE

        if is_answer(event):
            return self._woken(context, {**event, "asked": question}, question)
        if event.get("question") == GONE:
            questions.forget(context)
        else:
            self._standing = question
        return self._patiently(context, None)

    def after_outage(
        self,
        context: Context,
        event: dict[str, Any] | None = None,
        kept: dict[str, Any] | None = None,
        question: dict[str, Any] | None = None,
    ) -> Any:
        """Go on where the ledger was not there.

        :param event: that it answers; or what a person has answered meanwhile.
        :param kept: what the step was to be taken with; None if the try had just begun.
        :param question: what the question that stands was put with; absent where none does.
        """
        if is_answer(event):
            return self._woken(context, {**event, "asked": (kept or {}).get("asked", {})}, question)
        if kept is None:
            # A question may have been put already, and is put once in each try (fact 3).
            raise AirflowException("The ledger answers again. The step starts anew in another try.")
        return self._woken(context, kept, question)

    def bound(self, desk: Desk, context: Context, *, part: str = "") -> str | None:
        """Return what this run is about, as the ledger knows it; None while the run has opened nothing.

        XComs, parameters and names of runs are texts that any editor of runs can change: they are not asked.

        :param part: which part of the run, for a run that is about several things.
        :raises AirflowFailException: the run was deleted and made again under its id.
        """
        from stationmaster.ledger.errors import RunMadeAgain

        try:
            found = run_marks.bound(desk.ledger, context, self.dag_id, part=part)
        except RunMadeAgain as other:
            raise AirflowFailException(run_marks.refusal(context, str(other))) from other
        return found.subject if found is not None else None

    def bound_since(self, desk: Desk, context: Context, *, part: str = "") -> datetime | None:
        """Return when the first task of this run bound it, None while none has."""
        found = desk.ledger.bound(self.dag_id, context["dag_run"].run_id, part=part)
        return found.at if found is not None else None

    def bind(self, desk: Desk, context: Context, subject: str, *, by: str = "stationmaster", part: str = "") -> str:
        """Bind this run to what it is about, once for ever, and return what it is bound to: the first word.

        Only the task that opens it does so.

        :raises AirflowFailException: the run was deleted and made again under its id.
        """
        from stationmaster.ledger.errors import RunMadeAgain

        try:
            found = run_marks.bind(desk.ledger, context, self.dag_id, subject, now=desk.now(), by=by, part=part)
        except RunMadeAgain as other:
            raise AirflowFailException(run_marks.refusal(context, str(other))) from other
        return found.subject

    def at_hand(self, make: Callable[[], DeskT]) -> DeskT:
        """Return what the task is named in the grid with: the desk that its step is taken with, or was.

        Airflow names a task just before its step and just after it, in the process of the step: the files and the
        ledger are read once for all three.
        """
        if self._made is None:
            self._made = make()
        return cast("DeskT", self._made)

    def for_step(self, make: Callable[[], DeskT]) -> DeskT:
        """Return the desk of a step: a new one for each, unless the task has just been named with it."""
        if self._stepped:
            self._made = None
        self._stepped = True
        return self.at_hand(make)

    def ask(self, desk: Desk, context: Context, question: Question, people: Iterable[Person]) -> None:
        """Put a required action into Airflow that only these people may answer.

        One that stands is left as it is: putting it again would wipe an answer that is on its way.

        :raises ValueError: Airflow's id of none of them is known.
        """
        if self._standing is None:
            questions.ask_in_airflow(context, question, desk.identities, people)
        self._put = True

    def wait(
        self,
        context: Context,
        trigger: LookingTrigger,
        asked: dict[str, Any],
        *,
        hindered: dict[str, Any] | None = None,
    ) -> NoReturn:
        """Give the worker back until the trigger fires, or a person answers; then :meth:`resume`.

        :param asked: the arguments of the trigger's look.
        :param hindered: what the step was being taken with, where an obstacle is what is waited for. An answer is kept.
        """
        if self._put:
            self._standing = questions.keep(context, asked, first=self._first)
        if is_answer(hindered):
            self._in_hand = True
            self._put_off(trigger, "resume", {"asked": asked, "kept": hindered})
        self._put_off(trigger, "resume", {"asked": asked})

    def _take(self, context: Context, event: dict[str, Any] | None) -> Any:
        """Take the step, or wait.

        :param event: None at the start of a try; what woke the task after a wait, with what it had ``asked`` for and,
            if a person had been asked, what the ``question`` was put with.
        """
        raise NotImplementedError

    def _woken(self, context: Context, event: dict[str, Any], question: dict[str, Any] | None) -> Any:
        if question is not None:
            event = {**event, "question": question}
        if not is_answer(event):
            self._standing = question
        return self._patiently(context, event)

    def _patiently(self, context: Context, event: dict[str, Any] | None) -> Any:
        from stationmaster import settings
        from stationmaster.ledger.errors import LedgerUnreachable
        from stationmaster.triggers.ledger_trigger import LedgerTrigger

        try:
            return self._take(context, event)
        except LedgerUnreachable as away:
            self._in_hand = is_answer(event)
            self.log.warning("Waiting: %s. It goes on by itself when the ledger answers.", away)
            trigger = LedgerTrigger(interval=settings.poll_interval(_ASKS_EVERY).total_seconds())
            return self._put_off(trigger, "after_outage", {"kept": event})
        finally:
            if is_answer(event) and not (self._put or self._in_hand):
                # Whatever has become of it: another try asks anew.
                questions.close(context, event.get("question"))

    def _put_off(self, trigger: LookingTrigger | LedgerTrigger, method: str, kwargs: dict[str, Any]) -> NoReturn:
        stands = self._standing is not None
        trigger.question = stands or self._put
        self.defer(
            trigger=trigger, method_name=method, kwargs={**kwargs, "question": self._standing} if stands else kwargs
        )
