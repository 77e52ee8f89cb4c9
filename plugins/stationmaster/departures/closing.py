"""The end of a stop: what became of it, told once, whatever became of it (C-17, C-18)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from stationmaster.core.calendar import StopName
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.core.transitions import Act, ActRefused, allows
from stationmaster.departures import failing, gating, legs, taking_up, telling, wording, wording_beside
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.departures.station import Station

log = logging.getLogger(__name__)

GOOD_ENDS = (
    DepartureState.STAGED,
    DepartureState.GATED,
    DepartureState.DONE,
    DepartureState.SKIPPED,
    DepartureState.SKIPPED_EMPTY,
)


class NotOver(RuntimeError):
    """The stop cannot be closed yet, whatever its tasks say; the departure stays as it is. The text says what to do."""


class Unsettled(NotOver):
    """Something was sent, and nobody has seen yet that it arrived, or that it failed: its lock stays where it is."""


class NotTested(NotOver):
    """Everything has arrived in production, and a test list has no answer that lets the promotion be whole (T1)."""


def close(station: Station, departure: str, stop: StopName, *, failed: bool, why: str) -> DepartureState:
    """Settle the departure's state at the end of a run of ``stop``, tell it once, and return it.

    What the ledger saw arrive decides, not the colour of the tasks: a stop whose tasks were marked as success by hand
    has not deployed anything (F32). A state that does not allow the ending stays as it is: an end is an end. Whatever
    became of it, the stop's own locks are given back.

    :param failed: whether a task of the run failed.
    :param why: what the failed tasks said, for the message to the person on call.
    :raises Unsettled: something was sent and may still arrive, though its task was marked as failed or as success.
    :raises NotTested: a test list of production is open or failed, though its task was marked as success. The departure
        stays as it is: the task is cleared, and its question answered.
    """
    found = station.ledger.departure(departure)
    if found is None:
        raise LookupError(f"{departure} was never opened")
    act = _ending(station, departure, stop, failed=failed)
    if act is None:
        return _away_from_home(station, departure, why)
    if act in (Act.END_CUT, Act.FINISH) and taking_up.take_up(station, departure, stop):
        found = station.ledger.departure(departure) or found
    if act is Act.FINISH and allows(found.state, act):
        _require_tested(station, departure, stop)
    if act in (Act.FAIL_CUT, Act.FAIL, Act.LEAVE_PARTIAL) and allows(found.state, act):
        _require_settled(station, departure, stop)
    unfinished = "" if failed or act in (Act.END_CUT, Act.FINISH) else _unfinished(station, departure, stop)
    try:
        told = why or unfinished
        state = station.ledger.move(departure, act, station.now(), "stationmaster", told or f"{stop} is over").state
        why = told
    except ActRefused as refused:
        log.info("The departure stays as it is: %s", refused)
        state = refused.state
    legs.release_locks(station, departure, stop, why=f"{stop} is over")
    if state in GOOD_ENDS:
        _forget_blockers(station, departure, stop)
    telling.tell_again(station)
    telling.tell(
        station, departure, f"{stop}/{wording.ending_word(state)}", wording.ending(station, departure, stop, state, why)
    )
    telling.refresh_headline(station, departure)
    return state


def _ending(station: Station, departure: str, stop: StopName, *, failed: bool) -> Act | None:
    """Return what the end of a stop does to its departure; None: a hotfix that runs there, and has not come home."""
    done = station.ledger.manifest_of(departure) is not None and not _missing(station, departure, stop)
    if done and failed and kind_of(departure).is_hotfix:
        return None
    if done and not failed:
        return Act.END_CUT if stop == "cut" else Act.FINISH
    if stop == "cut":
        return Act.FAIL_CUT
    return Act.LEAVE_PARTIAL if gating.half_done(station, departure, stop) else Act.FAIL


def _require_settled(station: Station, departure: str, stop: StopName) -> None:
    """Return if everything that was sent has arrived, or has failed; what a person asked for because of it is sent."""
    waiting = [leg for leg in _missing(station, departure, stop) if _on_its_way(station, leg)]
    if waiting:
        sent = ", ".join(f"{leg.component} to {leg.environment}" for leg in waiting)
        raise Unsettled(
            f"{departure} has sent {sent}, and nobody has seen it arrive or fail. Clear the deploying task: it looks, "
            "and sends nothing a second time. Then clear this one."
        )


def _on_its_way(station: Station, leg: legs.Leg) -> bool:
    effect = station.ledger.effect(f"{leg.key}/{failing.attempt(station, leg)}")
    return effect is not None and bool(effect.receipt) and failing.last(station, leg) is None


def _require_tested(station: Station, departure: str, stop: StopName) -> None:
    if kind_of(departure) is not DepartureKind.TRAIN:
        return
    tested = gating.checklist_standing(station, departure, station.train.production)
    if tested.opens:
        return
    legs.release_locks(station, departure, stop, why="it waits for its tests")
    lists = "; ".join(found.sentence for found in tested.blockers)
    raise NotTested(f"{lists} Clear the task of the test list and answer its question; then clear this one.")


def _away_from_home(station: Station, departure: str, why: str) -> DepartureState:
    """A hotfix that runs in production, of which a task of its way home has failed: the next cut still waits for it."""
    telling.tell(station, departure, "home/failed", wording_beside.away_from_home(station, departure, why))
    telling.refresh_headline(station, departure)
    return DepartureState.PROMOTING


def _missing(station: Station, departure: str, stop: StopName) -> list[legs.Leg]:
    return [leg for leg in legs.legs_of(station, departure, stop) if not legs.deployed(station, leg)]


def _unfinished(station: Station, departure: str, stop: StopName) -> str:
    missing = ", ".join(f"{leg.component} on {leg.environment}" for leg in _missing(station, departure, stop))
    return f"the run ended, but nobody saw it arrive: {missing or 'nothing is pinned'}"


def _forget_blockers(station: Station, departure: str, stop: StopName) -> None:
    for subject in station.ledger.blockers(f"{departure}/{stop}"):
        station.ledger.set_blockers(subject, (), station.now())
