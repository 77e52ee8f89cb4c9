"""The look of a watch: it reads, tells whom it concerns, and goes on until its day is over."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from stationmaster.core.blockers import blocker
from stationmaster.core.instants import local_text
from stationmaster.core.watch_days import span_on
from stationmaster.departures.obstacles import passed, waiting
from stationmaster.duty.waiting import take
from stationmaster.watches import looking

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.departures.desk import Desk

WATCH = "watch"


def look(desk: Desk, name: str, about: str, arguments: dict[str, Any]) -> Standing:
    """Take the look of a name; see :func:`stationmaster.duty.waiting.take`."""
    return take({WATCH: _watch}, desk, name, about, arguments)


def day_of(about: str) -> date:
    """Return the local date of a watch, from ``<team>.watch/<date>``."""
    return date.fromisoformat(about.rpartition("/")[2])


def _watch(desk: Desk, about: str, arguments: dict[str, Any]) -> Standing:
    watch = desk.files.watches.get(str(arguments["watch"]))
    if watch is None:
        return passed(WATCH)
    zone = desk.team.zone
    span = span_on((watch.hours.window(zone),), day_of(about), zone)
    now = desk.now()
    if span is None or now >= span.end:
        return passed(WATCH)
    until = local_text(span.end, zone)
    still = blocker("WATCHING", since=span.start, clears_at=span.end, watch=watch.title, until=until)
    if now < span.start:
        return waiting(WATCH, still)
    return waiting(WATCH, *looking.look(desk, watch), still)
