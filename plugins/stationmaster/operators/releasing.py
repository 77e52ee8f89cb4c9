"""The task that makes a departure's tags and release notes (T-20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowSkipException

from stationmaster.operators.base import Result, StationOperator, Waiting

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.departures.station import Station


class PublishReleasesOperator(StationOperator):
    """Tags what its stop has brought to the environment, and publishes the notes; each once (F19).

    XCom: ``{"releases": [{"component", "repository", "tag", "sha", "url"}]}``; nothing to release: skipped.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Release what is there."""
        from stationmaster.departures import releasing

        released = releasing.publish(station, departure, self.stop)
        if not released:
            raise AirflowSkipException(f"{departure}: there is nothing to release after this {self.stop}")
        for each in released:
            self.log.info("%s is %s at %s", each.component, each.tag, each.sha[:12])
        return {"releases": [each.model_dump(mode="json") for each in released]}
