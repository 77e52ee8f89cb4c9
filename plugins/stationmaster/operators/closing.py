"""The last task of every run: says what became of it, and fails if it did not go well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.notifiers.failure_notice import FailedAndTold, by_hand
from stationmaster.operators import run_marks
from stationmaster.operators.base import OPENING_TASK, Result, StationOperator, Waiting

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.departures.station import Station

TELLER = "tell_the_outcome"
"""The task that says how a run of a train ended, whatever failed before it."""
_BAD = frozenset({"failed", "upstream_failed"})


class CloseStopOperator(StationOperator):
    """Settles the departure's state and announces the end, whatever it is, once (C-17, C-18).

    XCom: ``{"departure", "state", "person", "name"}``. A bad end fails the task, and so the run.
    """

    ends_with_departure: ClassVar[bool] = False

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that the run has opened; a run that has opened none has nothing to close."""
        known = self.bound(station, context)
        if known is not None:
            return known
        if self.kind != "train":
            return super().departure(station, context)
        opened = self._states(context).get(OPENING_TASK)
        if opened == "skipped":
            raise AirflowSkipException("this run had nothing to do")
        if opened != "success":
            why = f"the departure could not be opened: see the log of {OPENING_TASK}"
            raise (FailedAndTold(why) if by_hand(context) else AirflowFailException(why))
        return super().departure(station, context)

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Close the stop."""
        from stationmaster.departures import closing, logbook, preflight, train_log

        states = self._states(context)
        failed = any(state in _BAD for state in states.values())
        why = self._why(station, departure) if failed else ""
        preflight.forget(station, departure, self.stop)
        try:
            state = closing.close(station, departure, self.stop, failed=failed, why=why)
        except closing.NotOver as early:
            raise AirflowFailException(run_marks.refusal(context, str(early))) from early
        logbook.follow(station, departure)
        train_log.note(station, departure, self.stop, why)
        if state not in closing.GOOD_ENDS:
            raise FailedAndTold(f"{departure} {self.stop}: {state}. {why}".rstrip())
        return {"departure": departure, "state": str(state), **self.tagged(station.conductor)}

    def _states(self, context: Context) -> dict[str, str]:
        """Return the states of what leads here. A ballot that failed, say, changes nothing about what was deployed."""
        run = context["dag_run"]
        found = context["ti"].get_task_states(dag_id=self.dag_id, run_ids=[run.run_id])
        before = self.get_flat_relative_ids(upstream=True)
        # A mapped task instance is reported as <task>_<map index>.
        return {
            name: str(state)
            for name, state in found.get(run.run_id, {}).items()
            if name in before or re.sub(r"_\d+$", "", name) in before
        }

    def _why(self, station: Station, departure: str) -> str:
        blockers = station.ledger.blockers(f"{departure}/{self.stop}")
        sentences = [found.sentence for several in blockers.values() for found in several]
        return " ".join(dict.fromkeys(sentences)) or "See the log of the failed task."
