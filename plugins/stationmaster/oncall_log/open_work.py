"""What is open of a team's chores, incidents and watches: from the ledger alone, whoever asks (D-26)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stationmaster.work.context import Desk

AREAS = ("chores", "incident", "watch")
"""What a team's open work stands under in the ledger: ``<team>.chores/<chore>/…``, ``<team>.incident/…``."""
TITLE = "title"
"""The kind of the fact that says what the matter is called: ``{"title", "url"}``; url may be empty."""


class OpenWork(NamedTuple):
    """One matter that waits: its id, its title and address, and why it waits."""

    id: str
    title: str
    url: str
    why: str


def open_work(desk: Desk, *areas: str) -> Iterator[OpenWork]:
    """Yield what waits, for a person or for a machine, in the order of the ids.

    :param areas: some of :data:`AREAS`; all of them by default.
    """
    for area in areas or AREAS:
        waiting: dict[str, list[str]] = {}
        for subject, blockers in sorted(desk.ledger.blockers(f"{desk.team.id}.{area}").items()):
            # That something is watched is nobody's work.
            why = [f"{found.code}: {found.sentence}" for found in blockers if found.code != "WATCHING"]
            waiting.setdefault(subject.rpartition("/")[0], []).extend(why)
        for name, why in waiting.items():
            if why:
                title = desk.ledger.fact(name, TITLE)
                called = (
                    (str(title.value["title"]), str(title.value.get("url", ""))) if title is not None else (name, "")
                )
                yield OpenWork(name, *called, " ".join(dict.fromkeys(why)))
