"""The tasks of a rollback that a person starts: what it would do, and doing it (F34, F44 … F48)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.core import escaping
from stationmaster.operators import actors, run_marks, wishes
from stationmaster.operators.base import DEPARTURE_KEY, Result, StationOperator, Waiting
from stationmaster.operators.patient import is_answer
from stationmaster.operators.question import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.core.gates import Standing
    from stationmaster.departures.going_back import RollbackPlan
    from stationmaster.departures.mandates import Mandate
    from stationmaster.departures.station import Station

PLAN_TASK = "say_what_will_happen"


class ByHandOperator(StationOperator):
    """Base of the tasks of a form about a train: they act for whoever filled it in, on a departure that they find."""

    ends_with_departure: ClassVar[bool] = False

    def subject(self, departure: str) -> str:
        """Return where this task's blockers stand in the ledger."""
        return f"{departure}/{self.dag_id.rpartition('.')[2]}/{self.task_id}"

    def asker(self, station: Station, context: Context) -> str:
        """Return the id of who filled the form in: people of the team, and only those who may act (T-01)."""
        from stationmaster.departures import ruling

        person = actors.starter(station, context)
        ruling.require_actor(station, person.id)
        return person.id


class PlanRollbackOperator(ByHandOperator):
    """Says what a rollback would do, and changes nothing outside.

    Unless it is a dry run, the run is about that departure from here on, or about nothing if the form was refused:
    whoever clears a task of it later takes nothing else back.
    XCom ``departure``: what would be taken back; ``return_value``: ``{"departure", "target", "ways": [{"component",
    "environment", "running", "target"}], "irreversible": [title], "named", "staying": [...], "sentences": [...]}``.
    """

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that runs in production, or the one that this run is about already."""
        from stationmaster.core.departure_ids import InvalidDepartureId
        from stationmaster.departures.going_back import RollbackRefused

        known = self.bound(station, context)
        if known is not None:
            return known
        dry_run = context["params"].get("dry_run", True)
        if not dry_run:
            wishes.require_new(station, context)
        try:
            found = planned(station, context).departure
        except (RollbackRefused, InvalidDepartureId) as refused:
            if not dry_run:
                self.bind(station, context, station.train.key)
            raise AirflowFailException(str(refused)) from refused
        return found if dry_run else self.bind(station, context, found)

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Say it in the log and in XCom."""
        from stationmaster.core.departure_ids import InvalidDepartureId
        from stationmaster.departures.going_back import RollbackRefused

        try:
            found = planned(station, context)
        except (RollbackRefused, InvalidDepartureId) as refused:
            raise AirflowFailException(str(refused)) from refused
        _require_same(context, departure, found)
        context["ti"].xcom_push(key=DEPARTURE_KEY, value=found.departure)
        for sentence in found.sentences:
            self.log.info("%s", escaping.one_line(sentence))
        return {**found.model_dump(mode="json"), "sentences": list(found.sentences)}


class GoBackOperator(ByHandOperator):
    """Takes production back, unless the form asks for a dry run; no freeze and no gate keeps it (F34).

    A run that still deploys is stopped first. If it does not stop, not by force either, whoever asked is asked in turn,
    and the backups: they may go on without waiting for it. XCom: ``{"departure", "components": [...], "by"}``.
    """

    GO_ANYWAY = "Go anyway"

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that this run is about, as the ledger knows it."""
        if context["params"].get("dry_run", True):
            raise AirflowSkipException("a dry run: start the form again without it, and it is done")
        known = self.bound(station, context)
        if known is None:
            raise AirflowFailException(f"{PLAN_TASK} has not said what would happen. Clear it first.")
        if known == station.train.key:
            raise AirflowFailException(
                run_marks.refusal(context, "this form was refused when it was filled in. Start a new one.")
            )
        return known

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Write down that it is wanted, and go back as far as it goes now."""
        from stationmaster.departures import logbook, rolling_back, train_log
        from stationmaster.departures.mandates import require_present

        mandate = self._chosen(station, departure, context, event)
        if event is not None and "error" in event:
            raise AirflowFailException(f"the answer cannot be read: {event['error']}")
        try:
            require_present(station, mandate, departure)
            if is_answer(event):
                self._go_anyway(station, departure, mandate, event)
            legs = rolling_back.legs_to_undo(station, departure)
            standing = rolling_back.advance(station, departure)
        except (rolling_back.Replaced, rolling_back.NothingFailed) as refused:
            raise AirflowFailException(run_marks.refusal(context, str(refused))) from refused
        if not standing.opens:
            return self._waiting(station, departure, context, mandate, standing)
        logbook.follow(station, departure)
        train_log.note(station, departure, "rollback")
        return {"departure": departure, "components": [leg.component for leg in legs], "by": mandate.by}

    def _chosen(self, station: Station, departure: str, context: Context, event: Result | None) -> Mandate:
        """Return what this run has chosen; it chooses once, soon after it was filled in. A clear only finds it."""
        from stationmaster.departures import going_back

        run = self.run_key(context)
        known = going_back.chosen_by(station, departure, run)
        if known is not None:
            return known
        since = self.bound_since(station, context)
        with wishes.deciding(station, context, run, about=station.train.key, event=event, since=since):
            return self._choose(station, departure, context, run)

    def _choose(self, station: Station, departure: str, context: Context, run: str) -> Mandate:
        from stationmaster.departures import going_back

        form, by = context["params"], self.asker(station, context)
        try:
            found = planned(station, context)
            _require_same(context, departure, found)
            return going_back.choose(
                station,
                found,
                reason=str(form.get("reason") or ""),
                by=by,
                accept_irreversible=bool(form.get("accept_irreversible")),
                run=run,
            )
        except going_back.RollbackRefused as refused:
            raise AirflowFailException(str(refused)) from refused

    def _waiting(
        self, station: Station, departure: str, context: Context, mandate: Mandate, standing: Standing
    ) -> Waiting:
        """Wait; where a run does not stop, ask whether to go on without it."""
        from stationmaster.departures.stopping import WILL_NOT_STOP

        stubborn = [found for found in standing.blockers if found.code == WILL_NOT_STOP]
        waits = Waiting(standing, "rollback", {})
        if not stubborn:
            return waits
        asked = station.identities.can_answer(self._entitled(station, mandate))
        if not asked:
            return waits
        self.ask(station, context, self._question(departure, stubborn), asked)
        return waits._replace(arguments={"people": [person.id for person in asked]})

    def _question(self, departure: str, stubborn: Sequence[Blocker]) -> Question:
        runs = "\n".join(f"- {found.sentence}" for found in stubborn)
        return Question(
            subject=f"{departure}: go back although a deployment does not stop?",
            body=(
                f"{runs}\n\nStop it on GitHub if you can: then it goes on by itself. *{self.GO_ANYWAY}* goes back "
                "without waiting for it: what still runs may deploy afterwards. Your answer is kept with your name."
            ),
            options=(self.GO_ANYWAY,),
            fields={},
        )

    def _entitled(self, station: Station, mandate: Mandate) -> list[Person]:
        from stationmaster.departures import ruling

        asker = station.team.people.get(mandate.by)
        people = {person.id: person for person in ((asker,) if asker else ()) + station.backups}
        return [person for person in people.values() if ruling.may_act(station, person.id)]

    def _go_anyway(self, station: Station, departure: str, mandate: Mandate, event: Result) -> None:
        """Keep the answer of a person who may give it."""
        from stationmaster.departures import stopping

        person = actors.responder(station, event, self._entitled(station, mandate))
        if event["chosen_options"] == [self.GO_ANYWAY]:
            stopping.go_anyway(station, departure, mandate, by=person.id)


def planned(station: Station, context: Context) -> RollbackPlan:
    """Return what the form of a run would do now.

    :raises RollbackRefused, InvalidDepartureId: it would go nowhere, or names no week.
    """
    from stationmaster.departures.going_back import plan

    return plan(station, str(context["params"].get("to") or "").strip() or None)


def _require_same(context: Context, departure: str, found: RollbackPlan) -> None:
    """Refuse to take back what came to production after the form was filled in."""
    if found.departure != departure:
        why = (
            f"this form is about {departure}, and {found.departure} has changed production since. Start a new form to "
            "take that back."
        )
        raise AirflowFailException(run_marks.refusal(context, why))
