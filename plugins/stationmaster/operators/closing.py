"""The last task of every run: says what became of it, and fails if it did not go well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.operators.base import DEPARTURE_KEY, OPENING_TASK, Result, StationOperator, Waiting

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.departures.station import Station

_BAD = frozenset({"failed", "upstream_failed"})


class CloseStopOperator(StationOperator):
    """Settles the departure's state and announces the end, whatever it is, once (C-17, C-18).

    XCom: ``{"departure", "state", "person", "name"}``. A bad end fails the task, and so the run.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Close the stop."""
        from stationmaster.departures import closing

        ti = context["ti"]
        if ti.xcom_pull(task_ids=OPENING_TASK, key=DEPARTURE_KEY) is None:
            states = self._states(context)
            if states.get(OPENING_TASK) == "skipped":
                raise AirflowSkipException(f"this run had nothing to do for {departure}")
            raise AirflowFailException(f"{departure} could not be opened: see the log of {OPENING_TASK}")
        failed = sorted(task for task, state in self._states(context).items() if state in _BAD)
        why = self._why(station, departure) if failed else ""
        state = closing.close(station, departure, self.stop, failed=bool(failed), why=why)
        if state not in closing.GOOD_ENDS:
            raise AirflowFailException(f"{departure} {self.stop}: {state}. {why}")
        return {"departure": departure, "state": str(state), **self.tagged(station.conductor)}

    def _states(self, context: Context) -> dict[str, str]:
        run = context["dag_run"]
        found = context["ti"].get_task_states(dag_id=self.dag_id, run_ids=[run.run_id])
        states = found.get(run.run_id, {})
        return {task: str(state) for task, state in states.items() if task != self.task_id}

    def _why(self, station: Station, departure: str) -> str:
        blockers = station.ledger.blockers(f"{departure}/{self.stop}")
        sentences = [found.sentence for several in blockers.values() for found in several]
        return " ".join(dict.fromkeys(sentences)) or "See the log of the failed task."
