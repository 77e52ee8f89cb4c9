"""The form by which an urgent matter goes to the owner of its circle (T-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from stationmaster.operators import actors
from stationmaster.operators.base import Result
from stationmaster.operators.files import FilesOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class EscalateOperator(FilesOperator):
    """Writes the issue, assigned to the circle's owner, once for each run; a retry or a clear writes no second one.

    XCom: ``{"repository", "number", "url", "owner"}``.
    """

    def execute(self, context: Context) -> Result:
        """Write it in the name of whoever filled the form in."""
        from stationmaster.incidents.circles import Matter, escalate
        from stationmaster.work.context import Desk
        from stationmaster.work.obstacles import hindrance

        desk = Desk(team=self.team_config)
        run, form = context["dag_run"], context["params"]
        by = actors.starter(desk, context)
        matter = Matter(form["circle"], form["urgency"], str(form["what"]).strip(), str(form["details"] or "").strip())
        if matter.circle not in desk.team.circles:
            raise AirflowFailException(f"the team has no circle {matter.circle!r} any more")
        try:
            return escalate(desk, f"{self.team}.escalate/{run.run_id}", matter, by)
        except Exception as error:
            found = hindrance(desk, error, (by.id,))
            if found is None:
                raise
            raise AirflowException(f"{found.sentence} {found.how}") from error
