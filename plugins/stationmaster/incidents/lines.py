"""What happened to an incident, each as one plain line: for its timeline, its thread and the on-call log (C-30)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stationmaster.core import escaping
from stationmaster.core.incidents import Happening, Kind

if TYPE_CHECKING:
    from stationmaster.work.context import Desk

Said = dict[str, Any]
_LONG = 2000
"""Characters of an update: the timeline is where it is read."""


def named(desk: Desk, by: str) -> str:
    """Return the name of whoever a fact names, plain."""
    person = desk.team.people.get(by)
    return (
        person.name if person is not None else "the station" if by == "stationmaster" else by.removeprefix("airflow:")
    )


def sentence(desk: Desk, each: Happening) -> str:
    """Return a happening as one line of plain text; whoever renders it escapes it (F65).

    What people wrote stands in quotation marks, with its links opened up: an address in the line is one of ours (S5).
    """
    said, who = each.value, named(desk, each.by)
    made = _MADE.get(each.kind)
    if made is not None:
        return escaping.one_line(made(desk, who, said))
    known = {"way": "airflow", "url": "", **said, "who": who, "text": _text({"text": "", **said})}
    return escaping.one_line(_PLAIN[each.kind].format_map(known))


def _opened(_: Desk, who: str, said: Said) -> str:
    return f"Opened by {who}: {escaping.said(str(said['title']), _LONG)} ({said['severity']}, {said['impact']})"


def _paged(desk: Desk, _: str, said: Said) -> str:
    people = ", ".join(named(desk, name) for name in said["people"])
    return f"Paged: {people}" if people else f"Asked for help in #{said.get('channel', 'another channel')}"


def _assigned(desk: Desk, _: str, said: Said) -> str:
    return f"{said['position']}: {named(desk, str(said['person']))}"


def _rated(_: Desk, who: str, said: Said) -> str:
    words = ", ".join(str(said[field]) for field in ("severity", "impact", "company") if said.get(field))
    return f"Rated {words} by {who}" + (f": {_text(said)}" if said.get("text") else "")


def _updated(_: Desk, who: str, said: Said) -> str:
    return f"{who}: {_text(said)}" + (f" Over by: {escaping.said(str(said['eta']))}." if said.get("eta") else "")


def _text(said: Said) -> str:
    return escaping.said(str(said["text"]), _LONG) if said["text"] else ""


_MADE: dict[Kind, Callable[[Desk, str, Said], str]] = {
    Kind.OPENED: _opened,
    Kind.PAGED: _paged,
    Kind.ASSIGNED: _assigned,
    Kind.RATED: _rated,
    Kind.UPDATED: _updated,
}
_PLAIN: dict[Kind, str] = {
    Kind.PASSED_ON: "{who} cannot take it",
    Kind.ACKNOWLEDGED: "Acknowledged by {who} ({way})",
    Kind.MITIGATED: "Mitigated ({who}): {text}",
    Kind.RESOLVED: "Resolved ({who}): {text}",
    Kind.CALLED_OFF: "Called off by {who}: {text}",
    Kind.REOPENED: "Opened again by {who}: {text}",
    Kind.EXAMINED: "Examined by {who}",
    Kind.REPORTED: "Reported: {url}",
    Kind.POSTMORTEM: "Postmortem: {url}",
}
