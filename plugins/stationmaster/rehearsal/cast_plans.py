"""What the people of a rehearsal have in mind: each plan has its instant, and is tried again when it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from stationmaster.rehearsal.conducting import Scene

PATIENCE = timedelta(minutes=2)
"""After this a person tries again what could not be done: Slack was down, the question was not there yet."""
AT_FIRST, RARELY = 5, timedelta(minutes=10)
"""So many tries follow each other so soon; the later ones come rarely, for a clock that stops at each takes long."""
TRIES = 16
"""After these, two hours of a rehearsal, it is given up."""


class Plan(NamedTuple):
    """What somebody is going to do, and when; ``do`` returns whether that is settled: done, or no longer of use."""

    at: datetime
    do: Callable[[Scene], bool]
    tries: int = 0


class Plans:
    """Plans in the order of their instants."""

    def __init__(self) -> None:
        self._plans: list[Plan] = []
        self._made: list[str] = []

    @property
    def next_instant(self) -> datetime | None:
        """When the next plan is due."""
        return min((plan.at for plan in self._plans), default=None)

    def once(self, name: str, make: Callable[[], Iterable[Plan]]) -> None:
        """Add plans under a name, the first time that it is given."""
        if name not in self._made:
            self._plans += make()
            self._made.append(name)

    def count(self, ending: str) -> int:
        """Return for how many names with this ending plans were made."""
        return sum(name.endswith(ending) for name in self._made)

    def carry_out(self, scene: Scene) -> bool:
        """Carry out what is due; return whether anything was done."""
        due = sorted((plan for plan in self._plans if plan.at <= scene.now), key=lambda plan: plan.at)
        self._plans = [plan for plan in self._plans if plan.at > scene.now]
        done = False
        for plan in due:
            if plan.do(scene):
                done = True
            elif plan.tries < TRIES:
                waits = PATIENCE if plan.tries < AT_FIRST else RARELY
                self._plans.append(Plan(scene.now + waits, plan.do, plan.tries + 1))
        return done
