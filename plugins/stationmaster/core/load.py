"""What a shift cost its people, and which services only one person knows: counted, never judged (O-05, O-20)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time
from enum import StrEnum

from stationmaster.core.instants import Instant, to_local
from stationmaster.core.value import Value


class What(StrEnum):
    """What somebody was busy with."""

    PAGE = "pages"
    INCIDENT = "incidents"
    QUESTION = "questions"
    CHORE = "chores"
    OTHER = "other"


class Doing(Value):
    """One thing that somebody did, or was told.

    :param person: whom it cost.
    :param key: what it was about: the same thing twice is counted once.
    """

    person: str
    what: What
    key: str
    at: Instant


class Share(Value):
    """One person's part: how many of each, and in how many hours outside working time something happened."""

    person: str
    pages: int = 0
    incidents: int = 0
    questions: int = 0
    chores: int = 0
    other: int = 0
    hours_out_of_hours: int = 0
    at_night: int = 0
    """Of those hours, the ones between 22:00 and 07:00 on the person's clocks."""

    @property
    def total(self) -> int:
        """How many things in all."""
        return self.pages + self.incidents + self.questions + self.chores + self.other


class Silo(Value):
    """A service that one person alone has handled, or that no runbook names (O-20)."""

    service: str
    people: tuple[str, ...]
    incidents: int
    runbooks: tuple[str, ...]

    @property
    def is_one(self) -> bool:
        """Whether one person alone knows it, or nobody wrote it down."""
        return (self.incidents > 0 and len(self.people) == 1) or not self.runbooks


_OPENS, _CLOSES = time(9), time(18)
_NIGHT_BEGINS, _NIGHT_ENDS = time(22), time(7)
_SATURDAY = 5


def shares(doings: Iterable[Doing], zones: Mapping[str, str], zone: str) -> tuple[Share, ...]:
    """Return the part of each person, the largest first, then by person.

    :param zones: where a person works, by person; ``zone`` serves for the others.
    """
    counted: dict[str, dict[What, set[str]]] = {}
    outside: dict[str, set[datetime]] = {}
    for each in doings:
        counted.setdefault(each.person, {}).setdefault(each.what, set()).add(each.key)
        local = to_local(each.at, zones.get(each.person) or zone)
        if is_out_of_hours(local):
            outside.setdefault(each.person, set()).add(local.replace(minute=0, second=0, microsecond=0))
    found = []
    for person, kinds in counted.items():
        hours = outside.get(person, set())
        numbers = {what.value: len(keys) for what, keys in kinds.items()}
        nights = sum(is_night(each) for each in hours)
        found.append(Share(person=person, **numbers, hours_out_of_hours=len(hours), at_night=nights))
    return tuple(sorted(found, key=lambda share: (-share.total, share.person)))


def is_out_of_hours(local: datetime) -> bool:
    """Return whether a local time is outside Monday to Friday, 09:00 to 18:00."""
    return local.weekday() >= _SATURDAY or not _OPENS <= local.time() < _CLOSES


def is_night(local: datetime) -> bool:
    """Return whether people sleep then."""
    return local.time() >= _NIGHT_BEGINS or local.time() < _NIGHT_ENDS


def silos(
    services: Iterable[str], handled: Iterable[tuple[str, str, str]], runbooks: Mapping[str, Collection[str]]
) -> tuple[Silo, ...]:
    """Return how each service is known: by whom, and by which runbooks; in the order of ``services``.

    :param handled: service, person and what was handled.
    :param runbooks: the pages that name a service, by service.
    """
    people: dict[str, set[str]] = {}
    things: dict[str, set[str]] = {}
    for service, person, key in handled:
        people.setdefault(service, set()).add(person)
        things.setdefault(service, set()).add(key)
    return tuple(
        Silo(
            service=service,
            people=tuple(sorted(people.get(service, ()))),
            incidents=len(things.get(service, ())),
            runbooks=tuple(sorted(runbooks.get(service, ()))),
        )
        for service in services
    )
