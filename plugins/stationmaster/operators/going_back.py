"""The tasks of a rollback that a person starts: what it would do, and doing it (F34, F44 … F48)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.operators import actors
from stationmaster.operators.base import DEPARTURE_KEY, Result, StationOperator, Waiting

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.departures.going_back import RollbackPlan
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
    """Says what a rollback would do, and changes nothing.

    XCom ``departure``: what would be taken back; ``return_value``: ``{"departure", "target", "ways": [{"component",
    "environment", "running", "target"}], "irreversible": [title], "sentences": [...]}``.
    """

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that runs in production."""
        return self._plan(station, context).departure

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Say it in the log and in XCom."""
        found = self._plan(station, context)
        context["ti"].xcom_push(key=DEPARTURE_KEY, value=found.departure)
        for sentence in found.sentences:
            self.log.info("%s", sentence)
        return {**found.model_dump(mode="json"), "sentences": list(found.sentences)}

    @staticmethod
    def _plan(station: Station, context: Context) -> RollbackPlan:
        from stationmaster.core.departure_ids import InvalidDepartureId
        from stationmaster.departures.going_back import RollbackRefused, plan

        try:
            return plan(station, str(context["params"].get("to") or "").strip() or None)
        except (RollbackRefused, InvalidDepartureId) as refused:
            raise AirflowFailException(str(refused)) from refused


class GoBackOperator(ByHandOperator):
    """Takes production back, unless the form asks for a dry run; no freeze and no gate keeps it (F34).

    XCom: ``{"departure", "components": [...], "by"}``.
    """

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that the plan names."""
        named = context["ti"].xcom_pull(task_ids=PLAN_TASK, key=DEPARTURE_KEY)
        if not isinstance(named, str):
            raise AirflowFailException(f"{PLAN_TASK} has not said what would happen. Clear it first.")
        return named

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Write down that it is wanted, and go back as far as it goes now."""
        from stationmaster.departures import going_back, logbook, rolling_back

        form = context["params"]
        if form.get("dry_run", True):
            raise AirflowSkipException("a dry run: start the form again without it, and it is done")
        by = self.asker(station, context)
        if station.ledger.fact(departure, rolling_back.CHOSEN) is None:
            try:
                found = going_back.plan(station, str(form.get("to") or "").strip() or None)
                going_back.choose(
                    station,
                    found,
                    reason=str(form.get("reason") or ""),
                    by=by,
                    accept_irreversible=bool(form.get("accept_irreversible")),
                )
            except going_back.RollbackRefused as refused:
                raise AirflowFailException(str(refused)) from refused
        legs = rolling_back.legs_to_undo(station, departure)
        standing = rolling_back.advance(station, departure)
        if not standing.opens:
            return Waiting(standing, "rollback", {})
        logbook.follow(station, departure)
        return {"departure": departure, "components": [leg.component for leg in legs], "by": by}
