"""The forms by which people change who is on call: an override, and a swap that the taker answers (R24 … R32)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.operators import actors, run_marks, wishes
from stationmaster.operators.base import Result
from stationmaster.operators.handoff_step import HANDOFF_KEY, HandoffOperator, Pausing
from stationmaster.operators.question import Question

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.rotations.windows import Span
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
    from stationmaster.oncall.records import OverrideRecord, SwapRecord

Made = TypeVar("Made", "OverrideRecord", "SwapRecord")

SWAP_KEY = "swap"
"""The XCom key under which the first task of a swap's run names it."""
ASK_TASK = "ask_for_the_swap"


class ChangeOperator(HandoffOperator):
    """Base of the tasks of a form: they go on across handoffs, and act for the person who filled the form in."""

    def handoff(self, desk: ShiftDesk, ti: Any, dag_run: Any) -> Handoff:
        """Return the handoff in whose shift the form was filled in."""
        named = self.bound_handoff(desk, ti, dag_run, part=self.task_id)
        return desk.handoff(named) if named is not None else desk.handoff_at(desk.now())

    def is_over(self, desk: ShiftDesk, about: Handoff) -> str:
        """Never by a handoff."""
        return ""

    def subject(self, handoff: Handoff) -> str:
        """Return where this task's blockers stand in the ledger."""
        return f"{handoff.id}/{self.dag_id.rpartition('.')[2]}/{self.task_id}"

    def asker(self, desk: ShiftDesk, context: Context) -> Person:
        """Return who filled the form in; nobody but people of the team may."""
        return actors.starter(desk, context)

    def own(
        self, desk: ShiftDesk, handoff: Handoff, context: Context, found: Iterable[Made], by: Person
    ) -> Made | None:
        """Return what this run has made already, None before; a run that was made again has made nothing.

        An older release bound no run to its form: of what it made, who asked tells.

        :raises AirflowFailException: the run was deleted and made again under its id.
        """
        self.bind(desk, context, handoff.id, by=by.id, part=self.task_id)
        run = str(context["dag_run"].run_id)
        made = next((one for one in found if one.asked_in == run), None)
        if made is not None and made.asked_by != by.id:
            why = (
                f"{made.id} is not this run's: {made.asked_by} asked for it, in a run of this id that was deleted, and "
                "made again since. Start a new run instead."
            )
            raise AirflowFailException(run_marks.refusal(context, why))
        return made

    def whole_span(self, form: Any) -> Span:
        """Return the span that the form is about.

        :raises AirflowFailException: its fields are empty, or no dates.
        """
        found = self.span(form, "start", "end")
        if found is None:
            raise AirflowFailException("start and end are empty: say when it begins and ends")
        return found

    @staticmethod
    def span(form: Any, start: str, end: str) -> Span | None:
        """Return the span of two fields of the form, None where both are empty."""
        from stationmaster.core.instants import OutOfTime, moment_of, utc
        from stationmaster.core.rotations.windows import Span

        if not form.get(start) and not form.get(end):
            return None
        try:
            return Span(*(utc(moment_of(str(form[name]))) for name in (start, end)))
        except OutOfTime as error:
            raise AirflowFailException(f"{start} and {end}: {error}") from error
        except ValueError as error:
            raise AirflowFailException(f"{start} and {end} are not both a date with a time and an offset") from error


class MakeOverrideOperator(ChangeOperator):
    """Puts an override in force (R24 … R28). XCom: ``{"override": id, "by": person}``."""

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Make it once: a retry finds the one that it made."""
        from stationmaster.core.rotations.changes import OverrideType
        from stationmaster.oncall.errors import ChangeRefused
        from stationmaster.oncall.overriding import make
        from stationmaster.oncall.records import overrides_of

        form, by, run = context["params"], self.asker(desk, context), str(context["dag_run"].run_id)
        span = self.whole_span(form)
        made = self.own(desk, handoff, context, overrides_of(desk.ledger, desk.key), by)
        if made is not None:
            return {"override": made.id, "by": by.id}
        with wishes.deciding(desk, context, f"{self.dag_id}/{run}", about=desk.key, event=event):
            try:
                record = make(
                    desk.ledger,
                    desk.team,
                    kind=OverrideType(form["type"]),
                    role=form["role"],
                    comes=tuple(form["comes"] or ()),
                    goes=form["goes"] or None,
                    start=span.start,
                    end=span.end,
                    now=desk.now(),
                    by=by.id,
                    reason=str(form["reason"] or ""),
                    asked_in=run,
                )
            except ChangeRefused as refused:
                raise AirflowFailException(str(refused)) from refused
        return {"override": record.id, "by": by.id}


class AskSwapOperator(ChangeOperator):
    """Asks for a swap and tells the taker (R30). XCom ``swap``: its id; ``return_value``: ``{"swap", "taker"}``."""

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Ask once: a retry finds the one that it asked for."""
        from stationmaster.handoffs.wording import swap_asked
        from stationmaster.oncall.errors import ChangeRefused
        from stationmaster.oncall.records import swaps_of
        from stationmaster.oncall.swapping import ask
        from stationmaster.work.messages import say

        form, by, run = context["params"], self.asker(desk, context), str(context["dag_run"].run_id)
        span = self.whole_span(form)
        record = self.own(desk, handoff, context, swaps_of(desk.ledger, desk.key), by)
        if record is None:
            with wishes.deciding(desk, context, f"{self.dag_id}/{run}", about=desk.key, event=event):
                try:
                    record = ask(
                        desk.ledger,
                        desk.team,
                        role=form["role"],
                        giver=form["giver"],
                        taker=form["taker"],
                        span=span,
                        back=self.span(form, "back_start", "back_end"),
                        now=desk.now(),
                        by=by.id,
                        reason=str(form["reason"] or ""),
                        asked_in=run,
                    )
                except ChangeRefused as refused:
                    raise AirflowFailException(str(refused)) from refused
        context["ti"].xcom_push(key=SWAP_KEY, value=record.id)
        if desk.entry.notices is not None:
            channel = desk.team.channels[desk.entry.notices.channel].id
            say(desk, f"{desk.key}/swap/{record.id}/asked", channel, swap_asked(desk, record))
        return {"swap": record.id, "taker": record.taker}


class AnswerSwapOperator(ChangeOperator):
    """Asks the taker, and nobody else, to accept a swap; until its time begins (R30).

    XCom: ``{"swap", "status"}``. An answer by the command line counts, too.
    """

    ACCEPT = "Accept"
    DECLINE = "Decline"

    def named(self, ti: Any, dag_run: Any) -> str:
        """Return the name in the grid."""
        desk = self.at_hand(self.desk)
        taker = self._record(desk, ti, dag_run).taker
        return desk.team.people[taker].name if taker in desk.team.people else taker

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Ask, or take the answer."""
        from stationmaster.handoffs.wording import swap_answered
        from stationmaster.oncall.records import SwapStatus
        from stationmaster.oncall.swapping import status_of
        from stationmaster.work.messages import say

        self.bind(desk, context, handoff.id, part=self.task_id)
        context["ti"].xcom_push(key=HANDOFF_KEY, value=handoff.id)
        if event is not None and "error" in event:
            raise AirflowFailException(f"the answer cannot be read: {event['error']}")
        if event is not None and event.get("chosen_options"):
            self._answered(desk, context, event)
        record = self._record(desk, context["ti"], context["dag_run"])
        status = status_of(desk.team, record, desk.now())
        if status is SwapStatus.REQUESTED:
            return self._ask(desk, record.id, desk.team.people[record.taker], context)
        if desk.entry.notices is not None:
            channel = desk.team.channels[desk.entry.notices.channel].id
            say(desk, f"{desk.key}/swap/{record.id}/{status}", channel, swap_answered(desk, record, status))
        return {"swap": record.id, "status": str(status)}

    def _record(self, desk: ShiftDesk, ti: Any, dag_run: Any) -> SwapRecord:
        """Return the swap that this run has asked for, as the ledger knows it.

        :raises AirflowFailException: it has asked for none, or was deleted and made again since.
        """
        from stationmaster.oncall.records import swaps_of

        self.bound_handoff(desk, ti, dag_run, part=ASK_TASK)
        run = str(dag_run.run_id)
        found = next((one for one in swaps_of(desk.ledger, desk.key) if one.asked_in == run), None)
        if found is None:
            raise AirflowFailException(f"this run has asked for no swap yet: clear {ASK_TASK} first")
        return found

    def _answered(self, desk: ShiftDesk, context: Context, event: Result) -> None:
        from stationmaster.oncall.errors import ChangeRefused
        from stationmaster.oncall.swapping import answer

        record = self._record(desk, context["ti"], context["dag_run"])
        takers = [desk.team.people[record.taker]] if record.taker in desk.team.people else []
        person = actors.responder(desk, event, takers)
        accept = event["chosen_options"][0] == self.ACCEPT
        try:
            answer(desk.ledger, desk.team, record.id, accept=accept, now=desk.now(), by=person.id)
        except ChangeRefused as refused:
            self.log.warning("%s", refused)  # answered by command, expired or stale: its status says which

    def _ask(self, desk: ShiftDesk, name: str, taker: Person, context: Context) -> Pausing:
        from stationmaster.handoffs import waiting
        from stationmaster.handoffs.wording import swap_question
        from stationmaster.oncall.swapping import find

        if not desk.identities.can_answer((taker,)):
            raise AirflowSkipException(
                f"{taker.name} cannot be asked in Airflow. {desk.identities.unable((taker,))} "
                "Until then use stationmaster swap accept."
            )
        subject, body = swap_question(desk, find(desk.ledger, desk.team, name))
        self.ask(desk, context, Question(subject, body, (self.ACCEPT, self.DECLINE), {}), (taker,))
        return Pausing(waiting.SWAP, {"swap": name})
