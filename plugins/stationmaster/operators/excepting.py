"""The tasks of the exception form: it is asked for, approved by several people, and done (I4, F32, F46, F50)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.notifiers.failure_notice import FailedAndTold
from stationmaster.operators import actors, run_marks, wishes
from stationmaster.operators.asking import Answer, AskOperator
from stationmaster.operators.base import Result, StationOperator, StepFailedForNow, Waiting
from stationmaster.operators.question import Question, text_field

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.agreeing import Request
    from stationmaster.departures.station import Station

ASK_TASK = "ask_for_it"
_PART = "exception"
_WATCH = "exception"
_BETWEEN = "/exceptions/"


class ExceptionOperator(StationOperator):
    """Base of the tasks of the form. What the run has asked for stands in the ledger, by the run."""

    ends_with_departure: ClassVar[bool] = False

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that the exception is for; of one that is for the train, this week's."""
        from stationmaster.core.instants import IsoWeek

        asked = self.asked_for(station, context)
        if asked is not None and "/" in asked.departure:
            return asked.departure
        return f"{station.train.key}/{IsoWeek.of(station.now(), station.train.zone)}"

    def subject(self, departure: str) -> str:
        """Return where this task's blockers stand in the ledger."""
        name = f"{departure}/{self.dag_id.rpartition('.')[2]}/{self.task_id}"
        return f"{name}/{self.label}" if self.label else name

    def asked_for(self, station: Station, context: Context) -> Request | None:
        """Return what this run asks for, None before it has asked.

        :raises AirflowFailException: the run was deleted and made again under its id.
        """
        from stationmaster.departures import excepting
        from stationmaster.ledger.errors import RunMadeAgain

        try:
            bound = run_marks.bound(station.ledger, context, self.dag_id, part=_PART)
        except RunMadeAgain as other:
            raise AirflowFailException(run_marks.refusal(context, str(other))) from other
        if bound is None:
            return None
        about, _, name = bound.subject.partition(_BETWEEN)
        return excepting.find(station, about, name)

    def require(self, station: Station, context: Context) -> Request:
        """Return what this run asks for.

        :raises FailedAndTold: it has asked for nothing: the first task has refused the form, or was never done.
        """
        asked = self.asked_for(station, context)
        if asked is None:
            raise FailedAndTold(f"this run has asked for nothing yet: see {ASK_TASK}, and clear it first")
        return asked


class AskForExceptionOperator(ExceptionOperator):
    """Asks for what the form says, in the name of whoever filled it in, and tells the channel.

    XCom ``return_value``: the ids of those who may approve it, for one question each; ``exception``: ``{"exception",
    "about", "what", "by", "needed"}``.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Any:
        """Ask once: a retry finds what it asked for."""
        from stationmaster.core.departure_ids import InvalidDepartureId
        from stationmaster.core.manifest import InvalidSha
        from stationmaster.departures import excepting, telling, wording_excepting
        from stationmaster.departures.agreeing import ExceptionRefused
        from stationmaster.departures.freezing import UnknownException

        person, asked = actors.starter(station, context), self.asked_for(station, context)
        if asked is None:
            with wishes.deciding(station, context, self.run_key(context), about=station.train.key, event=event):
                try:
                    asked = excepting.ask(station, self._wish(context), by=person.id, once=self.run_key(context))
                except (ExceptionRefused, UnknownException, InvalidDepartureId, InvalidSha) as refused:
                    raise FailedAndTold(str(refused)) from refused
        subject = f"{asked.departure}{_BETWEEN}{asked.id}"
        self._bind(station, context, subject, by=person.id)
        may, needed = excepting.approvers(station, asked), excepting.needed_for(station, asked)
        text = wording_excepting.asked_for(station, asked, may, needed)
        about = excepting.told_under(station, asked, self.departure(station, context))
        telling.tell_publicly(station, about, f"exception/{asked.id}/asked", text)
        what = {"exception": asked.id, "about": asked.departure, "what": excepting.sentence(asked)}
        context["ti"].xcom_push(key="exception", value={**what, "by": person.id, "needed": needed})
        return list(may)

    def _bind(self, station: Station, context: Context, subject: str, *, by: str) -> None:
        from stationmaster.ledger.errors import RunMadeAgain

        try:
            run_marks.bind(station.ledger, context, self.dag_id, subject, now=station.now(), by=by, part=_PART)
        except RunMadeAgain as other:
            raise AirflowFailException(run_marks.refusal(context, str(other))) from other

    @staticmethod
    def _wish(context: Context) -> Any:
        from stationmaster.departures.excepting import Wish

        form = context["params"]
        return Wish(**{name: str(form.get(name) or "").strip() for name in Wish._fields})


class ApproveOperator(ExceptionOperator, AskOperator):
    """One approver's question: assigned to that person alone, who has not asked for it.

    It ends as skipped when it is no longer needed, or when Airflow cannot ask them. XCom: ``{"person", "name",
    "choice"}``; choice is approve or refuse.
    """

    elsewhere: ClassVar[bool] = True
    APPROVE = "Approve"
    REFUSE = "Refuse"

    def __init__(self, *, approver: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.approver = approver

    _about: Request | None = None

    @property
    def label(self) -> str:
        """The approver."""
        return self.approver

    @property
    def asked(self) -> str:
        """The approver, even if they have left the team since."""
        return str(self.tagged_by(self.at_hand(self.station), self.approver)["name"])

    @property
    def told(self) -> bool:
        """The channel has been told by the task that asked."""
        return False

    def person(self, station: Station) -> Person:
        """Return the approver."""
        return station.team.people[self.approver]

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Ask, or take the answer, of somebody who may approve it now."""
        from stationmaster.departures import excepting

        self._about = self.require(station, context)
        if self.approver not in excepting.approvers(station, self._about):
            raise AirflowSkipException(f"{self.approver} may not approve it any longer")
        return super().step(station, departure, context, event)

    def question(self, station: Station, departure: str) -> Question:
        """Return what is asked for, by whom, and why."""
        from stationmaster.core import escaping
        from stationmaster.departures import excepting

        asked = self._request(station)
        by = station.team.people[asked.asked_by].name
        needed = excepting.needed_for(station, asked)
        link = f"\n\n{escaping.markdown(asked.link)}" if asked.link else ""
        return Question(
            subject=f"{self.person(station).name}: {excepting.sentence(asked)}?",
            body=f"{by} asks for it: {escaping.markdown(escaping.one_line(asked.why))}{link}\n\n"
            f"{needed} must approve, beside who asks. One refusal ends it.",
            options=(self.APPROVE, self.REFUSE),
            fields={"reason": text_field("Reason", "Why, if you refuse")},
        )

    def blocker(self, station: Station, departure: str) -> Blocker:
        """Return what is still missing."""
        from stationmaster.departures import excepting

        return excepting.standing(station, self._request(station)).blockers[0]

    def waiting(self, station: Station, departure: str) -> Waiting:
        """Wait for the answer, or until it is no longer needed."""
        from stationmaster.departures.watches import look

        asked = self._request(station)
        arguments = {"about": asked.departure, "exception": asked.id, "voter": self.approver}
        return Waiting(look(station, _WATCH, departure, arguments), _WATCH, arguments)

    def known(self, station: Station, departure: str) -> Result | None:
        """Return the approval that was given already."""
        from stationmaster.departures import excepting

        if self.approver not in excepting.approved_by(station, self._request(station)):
            return None
        return {**self.tagged(self.person(station)), "choice": "approve"}

    def answered(self, station: Station, departure: str, answer: Answer) -> Result:
        """Keep the answer: what Airflow proves of who gave it counts, and nothing else does."""
        from stationmaster.departures import agreeing, excepting

        asked = self._request(station)
        try:
            if answer.choice == self.REFUSE:
                why = str(answer.fields.get("reason") or "")
                excepting.refuse(station, asked.departure, asked.id, by=answer.by.id, why=why)
                return {**self.tagged(answer.by), "choice": "refuse"}
            excepting.approve(station, asked.departure, asked.id, by=answer.by.id, proof=agreeing.AIRFLOW)
        except agreeing.ExceptionRefused as refused:
            raise StepFailedForNow(f"{refused} It is asked again.") from refused
        return {**self.tagged(answer.by), "choice": "approve"}

    def _request(self, station: Station) -> Request:
        """Return what is asked for as it is now: others answer meanwhile."""
        from stationmaster.departures import excepting

        if self._about is None:
            raise AirflowFailException("the step has not begun: nothing is known of what is asked for")
        return excepting.find(station, self._about.departure, self._about.id)


class TakeEffectOperator(ExceptionOperator):
    """Waits until enough people agree, counts them again, and does what was asked for, once.

    XCom: ``{"exception", "what", "approved_by"}``.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Wait, or do it."""
        from stationmaster.core.gates import Verdict
        from stationmaster.departures import agreeing, excepting, telling, wording_excepting

        asked = self.require(station, context)
        found = excepting.standing(station, asked)
        if found.verdict is Verdict.WAIT:
            return Waiting(found, _WATCH, {"about": asked.departure, "exception": asked.id})
        about = excepting.told_under(station, asked, departure)
        try:
            excepting.take_effect(station, asked)
        except agreeing.ExceptionRefused as refused:
            text = wording_excepting.over(asked, str(refused))
            telling.tell_publicly(station, about, f"exception/{asked.id}/over", text)
            raise FailedAndTold(str(refused)) from refused
        given = excepting.done_by(station, asked)
        text = wording_excepting.done(station, asked, given)
        telling.tell_publicly(station, about, f"exception/{asked.id}/done", text)
        return {"exception": asked.id, "what": excepting.sentence(asked), "approved_by": list(given)}
