"""Where the ledger keeps what a watch knows: a book for each month, so that none grows for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from stationmaster.core.instants import to_local

if TYPE_CHECKING:
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

_LEAST = timedelta(days=31)
_A_MONTH = timedelta(days=28)


class Book:
    """The facts of one watch of a team, under ``<team>.watch/<watch>/<year>-<month>``.

    What belongs to one matter stands in the book of the instant at which the matter began.
    """

    def __init__(self, desk: Desk, watch: str) -> None:
        self._desk = desk
        self._stem = f"{desk.team.id}.watch/{watch}"

    def place(self, at: datetime) -> str:
        """Return the name of the book of an instant."""
        return f"{self._stem}/{to_local(at, self._desk.team.zone):%Y-%m}"

    def facts(self, reach: timedelta = _LEAST) -> tuple[Fact, ...]:
        """Return what is known of matters that began within ``reach`` before now, at least a month; newest last."""
        at, now = self._desk.now() - max(reach, _LEAST), self._desk.now()
        places = []
        while at < now:
            places.append(self.place(at))
            at += _A_MONTH
        places.append(self.place(now))
        return tuple(fact for place in dict.fromkeys(places) for fact in self._desk.ledger.facts(place))

    def once(
        self, kind: str, subject: str, value: dict[str, Any], *, at: datetime, by: str = "stationmaster", key: str = ""
    ) -> Fact:
        """Keep a fact once.

        :param at: when the matter began, which is not when the fact came about.
        """
        ledger, now = self._desk.ledger, self._desk.now()
        return ledger.record_once(self.place(at), kind, subject, value, now, by, key=key or f"{kind}/{subject}")
