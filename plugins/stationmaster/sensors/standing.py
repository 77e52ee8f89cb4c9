"""Sensors that wait for a standing to open: the window, the soak, the quorum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from stationmaster.operators.base import Result, StationOperator, Waiting

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.departures.station import Station


class StandingSensor(StationOperator):
    """Waits until a watch opens; everything is looked at in the triggerer, so that no worker is held.

    Once it waits, it ends in the triggerer, too.

    XCom: ``{"gate", "verdict"}``.

    :param watch: ``opening``, ``soak`` or ``quorum``.
    """

    ends_in_triggerer: ClassVar[bool] = True

    def __init__(self, *, watch: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.watch = watch

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Look, and wait if need be."""
        from stationmaster.departures.watches import gate_result, look

        arguments = {"stop": self.stop}
        standing = look(station, self.watch, departure, arguments)
        if not standing.opens:
            return Waiting(standing, self.watch, arguments)
        return gate_result(self.watch, standing)
