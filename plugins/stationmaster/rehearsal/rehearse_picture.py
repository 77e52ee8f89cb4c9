"""What is shown while a rehearsal runs: a live picture on a terminal, lines elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from stationmaster.core.instants import local_text

SHOWN_EVENTS = 10
SHOWN_WAITS = 6


class Picture:
    """A bar over all runs, the virtual clock, who waits for what, and the last events.

    :param zone: of the clock that is shown.
    """

    def __init__(self, console: Console, *, runs: int, zone: str) -> None:
        self._console = console
        self._runs = runs
        self._zone = zone
        self._ended = 0
        self._now: datetime | None = None
        self._events: deque[str] = deque(maxlen=SHOWN_EVENTS)
        self._waits: tuple[str, ...] = ()
        self._live = Live(console=console, refresh_per_second=4, transient=True, get_renderable=self.render)

    def __enter__(self) -> Picture:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, sentence: str) -> None:
        """Tell one thing that happened."""
        self._events.append(sentence)
        if not self._console.is_terminal:
            self._console.print(sentence, highlight=False, markup=False, soft_wrap=True)

    def at(self, now: datetime, waits: Iterable[str]) -> None:
        """Show the virtual clock, and why things wait."""
        self._now, self._waits = now, tuple(dict.fromkeys(waits))

    def ended(self) -> None:
        """Move the bar on by one run."""
        self._ended += 1

    def render(self) -> RenderableType:
        """Return the picture of this moment."""
        head = Table.grid(padding=(0, 2))
        clock = local_text(self._now, self._zone) if self._now else "Airflow starts"
        bar = ProgressBar(total=self._runs, completed=self._ended, width=40)
        head.add_row(bar, f"run {min(self._ended + 1, self._runs)} of {self._runs}", f"[bold]{clock}[/bold]")
        events = [f"  {escape(event)}" for event in self._events]
        waits = [f"  [dim]waits: {escape(wait)}[/dim]" for wait in self._waits[:SHOWN_WAITS]]
        left = len(self._waits) - SHOWN_WAITS
        return Group(head, *events, *waits, *([f"  [dim]… and {left} more[/dim]"] if left > 0 else []))
