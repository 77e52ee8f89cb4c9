"""What changed production shortly before an incident, and the way back from it (C-18, C-32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from stationmaster import settings
from stationmaster.core import escaping
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import local_text
from stationmaster.incidents import records
from stationmaster.ledger.records import DepartureState
from stationmaster.work import secrecy

if TYPE_CHECKING:
    from stationmaster.core.incidents import Story
    from stationmaster.work.context import Desk

_CHANGED = (
    DepartureState.PROMOTING,
    DepartureState.ROLLING_BACK,
    DepartureState.DONE,
    DepartureState.PARTIAL,
    DepartureState.FAILED,
)
_TOLD = (DepartureKind.TRAIN, DepartureKind.HOTFIX, DepartureKind.SECURITY_HOTFIX)
ROLLBACK = "rollback"
"""The last part of the id of the DAG by which a train goes back."""


class Suspect(NamedTuple):
    """A departure that changed production before the incident, and the DAG that takes its train back.

    ``departure`` is its id, or what a secret one is called instead.
    """

    departure: str
    state: str
    at: datetime
    dag: str

    @property
    def form(self) -> str:
        """Return the address of the rollback's form in Airflow."""
        return f"{settings.base_url()}/dags/{quote(self.dag, safe='')}"


def suspects(desk: Desk, story: Story) -> Iterator[Suspect]:
    """Yield what a train of the team brought to production within the time that the file names, the newest first."""
    earliest = story.opened_at - records.rules_of(desk).after_deploy
    found = [
        Suspect(secrecy.named(desk, each.id), each.state.value, each.changed_at, f"{each.train}.{ROLLBACK}")
        for each in desk.ledger.departures(None, _CHANGED, kinds=_TOLD)
        if each.train.partition(".")[0] == desk.files.id and earliest <= each.changed_at
    ]
    yield from sorted(found, key=lambda each: each.at, reverse=True)


def offer(desk: Desk, story: Story) -> list[str]:
    """Return the lines of Markdown by which whoever handles it is offered the way back; nothing: nothing changed."""
    return [_line(desk, each) for each in suspects(desk, story)]


def _line(desk: Desk, each: Suspect) -> str:
    when = escaping.markdown(local_text(each.at, desk.files.zone))
    return (
        f"- **{escaping.markdown(each.departure)}** is {escaping.markdown(each.state)} since {when}. Take it back: "
        f"[{escaping.markdown(each.dag)}]({each.form}), with *Dry run* first. No gate and no window stands in the way "
        "of a rollback."
    )
