"""The task that moves a departure's issues on, on the board of its train (C-36)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowSkipException

from stationmaster.operators.base import Result, StationOperator, Waiting

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.departures.station import Station


class MoveIssuesOperator(StationOperator):
    """Moves what the stop has brought on to the next column, or closes it; each issue once.

    XCom: ``{"issues": [{"repository", "number", "how"}]}``; nothing to move: skipped.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Move them."""
        from stationmaster.departures import board_moves

        moved = board_moves.move(station, departure, self.stop)
        if not moved:
            raise AirflowSkipException(f"{departure}: no issue moves after this {self.stop}")
        for each in moved:
            self.log.info("%s#%s is %s", each.repository, each.number, each.how)
        return {"issues": [each.model_dump(mode="json") for each in moved]}
