"""The first task of every run: which departure it belongs to, who conducts it, who may vote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowSkipException

from stationmaster.operators.base import DEPARTURE_KEY, Result, StationOperator, Waiting

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.departures.station import Station


class OpenDepartureOperator(StationOperator):
    """Opens this week's departure, or adopts it if an earlier start opened it (F38).

    XCom ``departure``: its id; ``return_value``: ``{"departure", "person", "name"}``.
    """

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that the calendar gives this run."""
        from stationmaster.departures import opening

        return opening.departure_id(station, at=self.due(context), stop=self.stop)

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Open or adopt, unless the form says to skip."""
        from stationmaster.departures import opening, telling

        if self.stop == "cut":
            found = opening.departure_to_cut(station, at=self.due(context), by=self.started_by(station, context))
        else:
            found = opening.departure_to_promote(station, at=self.due(context))
        context["ti"].xcom_push(key=DEPARTURE_KEY, value=found.id)
        conductor = station.conductor
        reason = str(context["params"].get("skip_reason") or "").strip()
        if reason:
            opening.skip(station, found, by=self.started_by(station, context), reason=reason)
            raise AirflowSkipException(f"{found.id} is skipped: {reason}")
        telling.refresh_headline(station, found.id)
        self.log.info("%s is conducted by %s", found.id, conductor.name)
        return {"departure": found.id, **self.tagged(conductor)}
