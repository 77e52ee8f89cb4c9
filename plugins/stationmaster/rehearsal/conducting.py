"""Moves a rehearsal through its weeks: people act, and when nobody has anything to do, the clock goes on.

Time is never slept for luck: the clock moves only when Airflow stands still, to the next instant at which anything can
happen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from stationmaster import clock
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.airflow_answers import DagRun, RequiredAction, TaskInstance
from stationmaster.rehearsal.airflow_api import AirflowApi

BUSY = frozenset({"queued", "running", "scheduled", "restarting", "up_for_retry", "up_for_reschedule"})
WAITING = frozenset({"deferred", "awaiting_input"})
LOOK_EVERY = 0.4
"""Real seconds between two looks at Airflow."""
STILL_LOOKS = 4
"""So many equal looks in a row mean that Airflow stands still: the scheduler has looped several times in between."""
LARGE_STEP = timedelta(minutes=15)
STEPS = {
    "CHECKS_PENDING": timedelta(minutes=5),
    "NOT_DEPLOYED": timedelta(minutes=2),
    "RUN_IN_PROGRESS": timedelta(minutes=2),
    "RUN_NOT_FOUND": timedelta(minutes=1),
    "VERIFYING": timedelta(seconds=30),
}
"""How far the clock goes on while a machine works; what waits for people only moves in large steps."""


class TooLong(TimeoutError):
    """A run did not end within the real time that it was given."""


class Scene:
    """What the people of a rehearsal see when they look up: the present, open questions, the runs under way."""

    def __init__(self, *, now: datetime, actions: tuple[RequiredAction, ...], ledger: Ledger) -> None:
        self.now = now
        self.actions = actions
        self.ledger = ledger


class Cast(Protocol):
    """The people of a rehearsal."""

    def act(self, scene: Scene) -> bool:
        """Do what is to be done at this instant; return whether anybody did anything."""

    def next_instant(self, scene: Scene) -> datetime | None:
        """Return when somebody will act next, None if nobody has plans."""


class Conductor:
    """Starts runs and leads them to their ends on the virtual clock.

    :param api: Airflow as its administrator.
    :param clock_file: the virtual clock of every process.
    :param poll_seconds: how often triggers look, in real seconds.
    :param watch: is told of each standstill: the virtual instant, the waiting tasks, the runs.
    """

    def __init__(
        self,
        *,
        api: AirflowApi,
        ledger: Ledger,
        clock_file: Path,
        poll_seconds: float,
        check: Callable[[], None] = lambda: None,
        watch: Callable[[datetime, tuple[TaskInstance, ...]], None] = lambda now, waiting: None,
    ) -> None:
        self.api = api
        self.ledger = ledger
        self._clock_file = clock_file
        self._poll_seconds = poll_seconds
        self._check = check
        self._watch = watch

    @property
    def now(self) -> datetime:
        """The virtual present."""
        return clock.read(self._clock_file)

    def set_clock(self, instant: datetime, *, rate: float = 0.0) -> None:
        """Move the clock, never backwards."""
        clock.set_virtual(self._clock_file, instant, rate=rate)

    def start(self, dag_id: str, **conf: object) -> DagRun:
        """Start a run at this virtual instant, as the schedule would."""
        return self.api.trigger(dag_id, conf=conf or None, run_id=f"rehearsal__{self.now:%Y-%m-%dT%H%M%S}")

    def lead(
        self, runs: Iterable[DagRun], cast: Cast, *, until: Callable[[], bool] = lambda: False, within: float = 600.0
    ) -> tuple[DagRun, ...]:
        """Let people act and time pass until every run has ended, or ``until`` says so at a standstill.

        :param within: real seconds.
        :raises TooLong: the runs go on after that.
        """
        wanted = [(run.dag_id, run.dag_run_id) for run in runs]
        deadline = time.monotonic() + within
        while True:
            waiting, ended = self._stand_still(wanted, deadline)
            self._watch(self.now, waiting)
            if len(ended) == len(wanted) or until():
                return ended
            scene = self._scene()
            if not cast.act(scene):
                self._advance(cast.next_instant(scene))

    def _stand_still(
        self, wanted: list[tuple[str, str]], deadline: float
    ) -> tuple[tuple[TaskInstance, ...], tuple[DagRun, ...]]:
        looks: list[object] = []
        while True:
            self._check()
            ended, waiting, picture = self._look(wanted)
            looks = [*looks[-(STILL_LOOKS - 1) :], picture]
            done = len(ended) == len(wanted)
            if done or (picture is not None and len(looks) == STILL_LOOKS and all(look == picture for look in looks)):
                return waiting, ended
            if time.monotonic() > deadline:
                raise TooLong(
                    f"these runs go on: {', '.join(f'{dag}/{run}' for dag, run in wanted)}: {self._states(wanted)}"
                )
            time.sleep(LOOK_EVERY)

    def _look(
        self, wanted: list[tuple[str, str]]
    ) -> tuple[tuple[DagRun, ...], tuple[TaskInstance, ...], object | None]:
        ended: list[DagRun] = []
        waiting: list[TaskInstance] = []
        picture: list[tuple[str, str | None, int]] = []
        busy = False
        for dag_id, run_id in wanted:
            run = self.api.run(dag_id, run_id)
            if run.ended:
                ended.append(run)
                continue
            tasks = self.api.task_instances(dag_id, run_id)
            picture += [(task.label, task.state, task.try_number) for task in tasks]
            waiting += [task for task in tasks if task.state in WAITING]
            busy = busy or run.state == "queued" or any(task.state in BUSY for task in tasks)
            busy = busy or not any(task.state in WAITING for task in tasks)
        return tuple(ended), tuple(waiting), None if busy else picture

    def _states(self, wanted: list[tuple[str, str]]) -> str:
        found = [task for dag_id, run_id in wanted for task in self.api.task_instances(dag_id, run_id)]
        return ", ".join(f"{task.label}={task.state}" for task in found)

    def _scene(self) -> Scene:
        return Scene(now=self.now, actions=self.api.required_actions(), ledger=self.ledger)

    def _advance(self, planned: datetime | None) -> None:
        """Move the clock to the next instant at which a blocker clears, a person acts, or a machine may be done."""
        now = self.now
        blockers = [found for several in self.ledger.blockers().values() for found in several]
        candidates = [found.clears_at for found in blockers if found.clears_at and found.clears_at > now]
        candidates += [planned] if planned and planned > now else []
        candidates += [now + STEPS.get(found.code, LARGE_STEP) for found in blockers] or [now + LARGE_STEP]
        self.set_clock(min(candidates))
        time.sleep(self._poll_seconds * 1.5)
