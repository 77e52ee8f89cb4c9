"""How the stops of the trains ended, in the on-call log: of security hotfixes it says nothing (C-30, D-15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.oncall_log import log
from stationmaster.work import secrecy

if TYPE_CHECKING:
    from stationmaster.departures.mandates import Mandate
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk


def note(desk: Desk, departure: str, stop: str, why: str = "") -> Fact | None:
    """Write down what a departure came to, once for each state; None for what the log, which many read, must not tell.

    :param stop: the stop that has ended.
    """
    found = desk.ledger.departure(departure)
    if found is None or kind_of(departure) is DepartureKind.SECURITY_HOTFIX:
        return None
    text = f"{departure}: its {stop} ended, and it is {found.state}." + (f" {why}" if why else "")
    once = f"{departure}/{stop}/{found.state}"
    return log.write(desk, text, at=found.changed_at, about=departure, once=once)


def note_rollback(desk: Desk, departure: str, mandate: Mandate) -> Fact | None:
    """Write down that a person takes a departure back: who, to what, and why; once for each choice."""
    if kind_of(departure) is DepartureKind.SECURITY_HOTFIX or not mandate.to:
        return None
    what = (
        "takes back what was deployed over it"
        if mandate.restores
        else f"takes it back to {secrecy.named(desk, mandate.to)}"
    )
    text = f"{departure}: {mandate.by} {what}: {mandate.told}"
    once = f"{departure}/rollback/{mandate.number}"
    return log.write(desk, text, about=departure, source="form", by=mandate.by, once=once)
