"""The looks of a day's watch: they read, tell whom it concerns, and go on until the day is over."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.instants import local_text
from stationmaster.core.watch_days import span_on
from stationmaster.watches import escalated, looking, silences
from stationmaster.work.obstacles import passed, waiting
from stationmaster.work.waits import take

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.core.rotations.windows import Span
    from stationmaster.work.context import Desk

WATCH = "watch"
SILENCES = "silences"
ESCALATED = "escalated"


def look(desk: Desk, name: str, about: str, arguments: dict[str, Any]) -> Standing:
    """Take the look of a name; see :func:`stationmaster.work.waits.take`."""
    return take({WATCH: _watch, SILENCES: _silences, ESCALATED: _escalated}, desk, name, about, arguments)


def day_of(about: str) -> date:
    """Return the local date of a watch, from ``<team>.watch/<date>``."""
    return date.fromisoformat(about.rpartition("/")[2])


def span_of(desk: Desk, about: str, name: str) -> Span | None:
    """Return from when to when a watch is open on the day, None on a day off, or where the files have no such watch."""
    watch = desk.files.watches.get(name)
    if watch is None:
        return None
    return span_on((watch.hours.window(desk.team.zone),), day_of(about), desk.team.zone)


def last_span(desk: Desk, about: str) -> Span | None:
    """Return from when to when anything is watched on the day."""
    zone = desk.team.zone
    return span_on([watch.hours.window(zone) for watch in desk.files.watches.values()], day_of(about), zone)


def _watch(desk: Desk, about: str, arguments: dict[str, Any]) -> Standing:
    name = str(arguments["watch"])
    span, now = span_of(desk, about, name), desk.now()
    if span is None or now >= span.end:
        return passed(WATCH)
    watch = desk.files.watches[name]
    still = _still(desk, watch.title, span)
    return waiting(WATCH, *(looking.look(desk, watch) if now >= span.start else ()), still)


def _silences(desk: Desk, about: str, arguments: dict[str, Any]) -> Standing:
    span = last_span(desk, about)
    if span is None or desk.now() >= span.end:
        return passed(SILENCES)
    found = silences.complain(desk, role=str(arguments["role"]), channel=str(arguments["channel"]))
    return waiting(SILENCES, *found, _still(desk, "Whether silences still hold", span))


def _escalated(desk: Desk, about: str, _: dict[str, Any]) -> Standing:
    span = last_span(desk, about)
    if span is None or desk.now() >= span.end or escalated.wanted(desk):
        return passed(ESCALATED)
    return waiting(ESCALATED, _still(desk, "Whether an alert is escalated", span))


def _still(desk: Desk, title: str, span: Span) -> Blocker:
    until = local_text(span.end, desk.team.zone)
    return blocker("WATCHING", since=span.start, clears_at=span.end, watch=title, until=until)
