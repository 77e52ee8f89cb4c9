"""How far ``stationmaster up`` is: one line for each step, with the seconds since the start."""

from __future__ import annotations

import re
import time

from rich.console import Console
from rich.status import Status

_TIMED = re.compile(r"^(?P<step>.+): [\d.]+ s$")
_STEPS = {
    "PostgreSQL": "The database runs",
    "tables": "Airflow's tables are made",
    "Airflow with its tables": "Airflow's scheduler, triggerer, DAG processor and pages run",
}
"""What a step of the start means, for people who do not know its name."""


class Progress:
    """Prints lines; on a terminal something turns meanwhile."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._status = Status("about a minute …", console=console)
        if console.is_terminal:
            self._status.start()

    @property
    def seconds(self) -> float:
        """Real seconds since the start."""
        return time.monotonic() - self._began

    def tell(self, sentence: str) -> None:
        """Tell one thing that happened."""
        self._console.print(f"{self.seconds:4.0f} s  {sentence}", highlight=False, markup=False, soft_wrap=True)

    def tell_step(self, sentence: str) -> None:
        """Tell a step of the station's start in words that a newcomer knows."""
        timed = _TIMED.match(sentence)
        self.tell(_STEPS.get(timed["step"], timed["step"]) if timed else sentence)

    def end(self) -> Console:
        """Let nothing turn any more, and return the console."""
        self._status.stop()
        return self._console
