"""A stretch of the on-call log as Markdown: by day, in the team's zone, each entry with its links (C-30, O-10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.instants import to_local

if TYPE_CHECKING:
    from stationmaster.oncall_log.log import Entry
    from stationmaster.work.context import Desk

_MOST_LINKS = 5


def page(desk: Desk, entries: Sequence[Entry], title: str) -> str:
    """Return the log with its title. Whatever came from outside is escaped (F65)."""
    return "\n".join([f"# {escaping.markdown(title)}", "", *lines(desk, entries)])


def lines(desk: Desk, entries: Sequence[Entry], *, level: int = 2) -> list[str]:
    """Return the entries as lists below a heading for each day.

    :param level: of the headings.
    """
    found: list[str] = []
    day = None
    for each in entries:
        local = to_local(each.at, desk.files.zone)
        if local.date() != day:
            day = local.date()
            found += [*([""] if found else []), f"{'#' * level} {local:%A} {day.isoformat()}", ""]
        found.append(_line(desk, each, f"{local:%H:%M}"))
    return found or ["Nothing was written down."]


def _line(desk: Desk, each: Entry, when: str) -> str:
    person = desk.team.people.get(each.by)
    who = "" if each.by == "stationmaster" else f" **{escaping.markdown(person.name if person else each.by)}**:"
    text = escaping.markdown(each.text)
    links = [link for link in each.links if link.startswith(("https://", "http://"))][:_MOST_LINKS]
    linked = "".join(f" {escaping.markdown_link(link, str(place))}" for place, link in enumerate(links, start=1))
    return f"- {when}{who} {text}{linked}"
