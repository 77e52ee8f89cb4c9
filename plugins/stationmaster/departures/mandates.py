"""Why production goes back: a person's choice, or a failure. Each is one attempt; the newest one holds (F44, F47)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core import escaping
from stationmaster.core.transitions import Act
from stationmaster.departures import acts
from stationmaster.departures.last_word import COMPENSATED

if TYPE_CHECKING:
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station
    from stationmaster.ledger.pen import Pen
    from stationmaster.ledger.records import Fact

CHOSEN = "rollback_chosen"
"""The fact that says where a person wants production to go back to."""


class Mandate(NamedTuple):
    """One attempt at a way back.

    :param number: counts those of the departure from 1; it stands in the keys of what is sent.
    :param ways: the commits that a person chose, by component; of the others what ran before holds.
    :param named: the departure that a person named; empty: the one before is meant.
    :param to: what they go back to, in words; empty for a failure.
    :param run: the run of the form that asked, as ``<DAG>/<run id>``; empty where none did.
    :param beside: what components run that are not aboard the departure, and go back with it.
    :param restores: whether the departure itself stays, and only what was deployed over it goes.
    """

    number: int
    act: Act
    by: str
    why: str
    ways: Mapping[str, str]
    named: str
    run: str
    seq: int
    to: str = ""
    beside: Mapping[str, str] = MappingProxyType({})
    restores: bool = False

    @property
    def told(self) -> str:
        """Why, on one line; the words of a person stand in quotation marks (S5)."""
        return escaping.said(self.why) if self.act is Act.TAKE_BACK else escaping.one_line(self.why)


class Replaced(RuntimeError):
    """A way back whose place another choice has taken."""


def mandates(station: Station, departure: str) -> tuple[Mandate, ...]:
    """Return the attempts at taking a departure back, the newest last."""
    facts = [fact for kind in (CHOSEN, COMPENSATED) for fact in station.ledger.facts(departure, kind=kind)]
    return tuple(_mandate(number, fact) for number, fact in enumerate(sorted(facts, key=lambda f: f.seq), start=1))


def present(station: Station, departure: str) -> Mandate | None:
    """Return the attempt that holds, None where nothing was ever to go back."""
    found = mandates(station, departure)
    return found[-1] if found else None


def require_present(station: Station, mandate: Mandate, departure: str) -> None:
    """Return if an attempt still holds.

    :raises Replaced: another one has taken its place.
    """
    newest = present(station, departure)
    if newest is not None and newest.number != mandate.number:
        raise Replaced(
            f"The rollback of {departure} that {mandate.by} began was replaced: {newest.by} has chosen anew "
            f"({newest.told})."
        )


class WayBackGuard(acts.DepartureGuard):
    """The guard of what is done on a way back: its attempt still holds, the state allows it, the lock is ours.

    :param check: asked, too, when it is counted.
    :param write: what is written in the transaction by which it begins.
    """

    def __init__(
        self,
        station: Station,
        departure: str,
        mandate: Mandate,
        *,
        leg: Leg | None = None,
        fence: int | None = None,
        write: Callable[[Pen], None] | None = None,
    ) -> None:
        super().__init__(station, departure, mandate.act, by=mandate.by, why=mandate.why, leg=leg, fence=fence)
        self.mandate, self.write = mandate, write

    def ask(self) -> None:
        """Ask the state, and whether the attempt still holds."""
        super().ask()
        require_present(self.station, self.mandate, self.subject)

    def require(self, pen: Pen) -> None:
        """Compare, and write what belongs to it."""
        super().require(pen)
        if self.write is not None:
            self.write(pen)


def _mandate(number: int, fact: Fact) -> Mandate:
    if fact.kind == COMPENSATED:
        return Mandate(number, Act.COMPENSATE, "stationmaster", str(fact.value["why"]), {}, "", "", fact.seq)
    value = fact.value
    named = str(value["target"]) if value.get("named") else ""
    why = str(value["reason"])
    run, to = str(value.get("run", "")), str(value["target"])
    beside, restores = value.get("beside", {}), named == fact.departure
    return Mandate(number, Act.TAKE_BACK, fact.by, why, value["ways"], named, run, fact.seq, to, beside, restores)
