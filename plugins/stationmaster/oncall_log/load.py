"""What the last weeks cost each person of a team, and which services only one of them knows (O-05, O-20)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stationmaster.core.incidents import AREA, Kind
from stationmaster.core.load import Doing, Share, Silo, What, shares, silos
from stationmaster.core.value import Value
from stationmaster.oncall_log import log
from stationmaster.oncall_log.open_work import open_work

if TYPE_CHECKING:
    from pathlib import Path

    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

_NUMBERED = "numbered"
"""The fact that lists an incident, under ``<team>.incident``."""
_NOBODY = "stationmaster"


class Load(Value):
    """The load of a stretch of time.

    :param carried_over: how much of the team's own work is open at its end.
    :param missing_runbooks: incidents that no runbook fitted, by id.
    """

    shares: tuple[Share, ...]
    carried_over: int
    missing_runbooks: tuple[str, ...]


def load_of(desk: Desk, start: datetime, end: datetime) -> Load:
    """Return what happened in ``[start, end)`` (aware), by person."""
    zones = {name: person.zone for name, person in desk.team.people.items() if person.zone}
    doings = [*_of_log(desk, start, end), *_of_incidents(desk, start, end)]
    missing = tuple(
        name
        for name, facts in _incidents(desk)
        for fact in facts
        if fact.kind == Kind.EXAMINED and start <= fact.at < end and fact.value.get("runbook") == "none fitted"
    )
    return Load(
        shares=shares(doings, zones, desk.files.zone),
        carried_over=sum(1 for _ in open_work(desk)),
        missing_runbooks=missing,
    )


def silos_of(desk: Desk, start: datetime, end: datetime, runbooks: dict[str, tuple[str, ...]]) -> tuple[Silo, ...]:
    """Return how each service of the team's file is known, by the incidents of ``[start, end)``.

    :param runbooks: the pages that name a service, by service.
    """
    rules = desk.files.incidents
    if rules is None:
        return ()
    handled = [
        (str(opening.value.get("service", "")), fact.by, name)
        for name, facts in _incidents(desk)
        for opening in facts[:1]
        for fact in facts
        if fact.kind in _HANDS and fact.by in desk.team.people and start <= fact.at < end
    ]
    return silos(rules.services, handled, runbooks)


def runbooks_by_service(include: Path) -> dict[str, tuple[str, ...]]:
    """Return which pages under ``include/runbooks`` name which service; a page that cannot be read names none."""
    from stationmaster.config.documents import DocumentBroken
    from stationmaster.config.pages import front_matter

    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((include / "runbooks").glob("*.md")):
        try:
            document, _ = front_matter(path)
        except DocumentBroken:
            continue
        head: Any = document.value
        for service in head.get("services", ()) if isinstance(head, dict) else ():
            found[str(service)] = (*found.get(str(service), ()), path.stem)
    return found


_HANDS = (Kind.ACKNOWLEDGED, Kind.UPDATED, Kind.MITIGATED, Kind.RESOLVED, Kind.EXAMINED)
"""By these somebody has shown that they know a service."""


def _of_log(desk: Desk, start: datetime, end: datetime) -> Iterator[Doing]:
    """Yield what the log tells of people; what a machine did costs nobody."""
    for each in log.entries(desk, start, end):
        what = _what(desk, each.about)
        if what is None or each.by == _NOBODY or each.by not in desk.team.people:
            continue
        key = each.about if "/" in each.about else (each.links[0] if each.links else each.text)
        yield Doing(person=each.by, what=what, key=key, at=each.at)


def _what(desk: Desk, about: str) -> What | None:
    """Return what an entry is about; None: an incident's own facts tell it better."""
    if about.startswith(f"{desk.files.id}.{AREA}/"):
        return None
    if about.startswith(f"{desk.files.id}.chores"):
        return What.CHORE
    return {"question": What.QUESTION, "page": What.PAGE, "alert": What.PAGE}.get(about, What.OTHER)


def _of_incidents(desk: Desk, start: datetime, end: datetime) -> Iterator[Doing]:
    for name, facts in _incidents(desk):
        for fact in facts:
            if not start <= fact.at < end:
                continue
            if fact.kind == Kind.PAGED:
                for person in fact.value["people"]:
                    key = f"{name}/{fact.subject}"
                    yield Doing(person=person, what=What.PAGE, key=key, at=fact.at)
            elif fact.kind in _HANDS and fact.by in desk.team.people:
                yield Doing(person=fact.by, what=What.INCIDENT, key=name, at=fact.at)


def _incidents(desk: Desk) -> Iterator[tuple[str, tuple[Fact, ...]]]:
    for fact in desk.ledger.facts(f"{desk.files.id}.{AREA}", _NUMBERED):
        yield fact.subject, desk.ledger.facts(fact.subject)
