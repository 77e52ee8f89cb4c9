"""The one gate before every effect of a departure: its state, its gates, its lock, and that none of them has moved.

What is asked, and when: before the effect is claimed, whether the state allows the act and every gate of the act opens;
in the transaction by which the effect begins, that nothing a gate reads has come into the ledger since, that the lock
is still ours, and that the state still allows the act, which is then what the table of transitions makes of it. A
freeze of the calendar or the file, and what stands in Slack or on GitHub alone, are asked before the claim only.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from stationmaster.core.transitions import Act, ActRefused, allows
from stationmaster.departures import gate_table
from stationmaster.ledger.errors import UnknownDeparture
from stationmaster.work.effects import CountedGuard, GateClosed

if TYPE_CHECKING:
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station
    from stationmaster.ledger.pen import Pen
    from stationmaster.ledger.records import Departure


def require(station: Station, departure: str, act: Act) -> Departure:
    """Return the departure if its state allows an act.

    :raises UnknownDeparture: it was never opened.
    :raises ActRefused: its state does not allow it.
    """
    found = station.ledger.departure(departure)
    if found is None:
        raise UnknownDeparture(f"there is no departure {departure!r}: nothing can be done to it.")
    if not allows(found.state, act):
        raise ActRefused(departure, found.state, act, f"by {found.changed_by}{f': {found.told}' if found.told else ''}")
    return found


class StateGuard(CountedGuard):
    """The guard of what belongs to an act without being it: the state allows the act, now and when it begins."""

    def __init__(self, station: Station, departure: str, act: Act) -> None:
        super().__init__(station, departure, lambda: self._ask())
        self.station, self.act = station, act

    def _ask(self) -> None:
        require(self.station, self.subject, self.act)


class DepartureGuard(CountedGuard):
    """The guard of an effect of a departure.

    :param act: what is done to the departure; its gates are those of :data:`stationmaster.departures.gate_table.GATES`.
    :param by: who acts, as the audit names them; ``why`` stands beside.
    :param leg: the component that is acted upon, if one is; its lock must be held with ``fence``.
    :param kinds: of the facts that the gates read; by default all but those that no gate reads.
    """

    def __init__(
        self,
        station: Station,
        departure: str,
        act: Act,
        *,
        by: str = "stationmaster",
        why: str = "",
        leg: Leg | None = None,
        fence: int | None = None,
        kinds: Collection[str] | None = None,
    ) -> None:
        super().__init__(station, departure, self.ask, kinds=kinds)
        self.station = station
        self.act = act
        self.by = by
        self.why = why
        self.leg = leg
        self.fence = fence

    def ask(self) -> None:
        """Ask the state and every gate of the act, and more in a guard that is made of this one.

        :raises ActRefused: the state does not allow the act.
        :raises GateClosed: a gate is closed; all reasons stand in it.
        """
        require(self.station, self.subject, self.act)
        found = gate_table.standing(self.station, self.subject, self.act, how=gate_table.How.ACT, leg=self.leg)
        if not found.opens:
            raise GateClosed(found)

    def require(self, pen: Pen) -> None:
        """Compare the version and the lock, and do the act to the state."""
        from stationmaster.ledger.departures import moved
        from stationmaster.ledger.locks import require_fence

        super().require(pen)
        if self.leg is not None and self.fence is not None:
            require_fence(pen, self.leg.lock, self.fence)
        moved(pen, self.subject, self.act, self.station.now(), self.by, self.why)
