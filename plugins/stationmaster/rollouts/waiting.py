"""The look that the triggerer takes in place of a batch's task: an obstacle is a blocker, never a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stationmaster.departures.obstacles import DepartureSkipped, obstacle
from stationmaster.rollouts import batch_gates, stepping
from stationmaster.work.obstacles import StepImpossible, passed, waiting

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.departures.station import Station


def look(station: Station, departure: str, number: int, batch: int, stage: str) -> tuple[bool, Standing]:
    """Return whether the task need not wait any longer, and how its batch stands.

    A rollout that was aborted is not waited for: the task is woken, and skipped.
    """
    try:
        standing = stepping.look(station, departure, number, batch, stage)
    except DepartureSkipped:
        return True, passed(stage)
    except StepImpossible as impossible:
        return False, waiting(stage, *impossible.blockers)
    except Exception as error:
        found = obstacle(station, error)
        if found is None:
            raise
        return False, waiting(stage, found)
    return standing.opens, standing


def ending(station: Station, departure: str, number: int, batch: int) -> dict[str, Any] | None:
    """Return what a task leaves whose batch has come as far as it waited for; None: the rollout was aborted."""
    try:
        record = batch_gates.record_of(station, departure, number)
    except DepartureSkipped:
        return None
    return stepping.outcome(station, record, batch)
