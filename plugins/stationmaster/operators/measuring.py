"""The task that says once a week how a team's trains did."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from stationmaster import clock
from stationmaster.operators.base import Result
from stationmaster.operators.team_step import Pausing, TeamOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.work.context import Desk

TELL_TASK = "tell_the_measures"


class TellMeasuresOperator(TeamOperator):
    """Says it; a Slack that is silent is waited for.

    XCom ``about``: ``<team>.measures/<week>``; ``return_value``: ``{"about", "channel", "ts"}``.
    """

    area = "measures"
    first_task = TELL_TASK

    @property
    def reads(self) -> dict[str, Any]:
        """The team with its trains."""
        return {"entries": self.entries}

    def about(self, desk: Desk, context: Context) -> str:
        """Return the week's message: of the week in which it is due, however late the task runs."""
        from stationmaster.departures import weekly_message

        try:
            return weekly_message.about(desk, self._due(context))
        except weekly_message.NotMeasured as gone:
            raise AirflowSkipException(str(gone)) from gone

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Say it, or find that it was said."""
        from stationmaster.departures import weekly_message

        try:
            return {"about": about, **weekly_message.tell(desk, about, self._due(context))}
        except weekly_message.NotMeasured as gone:
            raise AirflowSkipException(str(gone)) from gone

    def _due(self, context: Context) -> datetime:
        run = context["dag_run"]
        if run.run_type == "scheduled" and run.logical_date is not None:
            return run.logical_date
        return clock.now()
