"""A question that nobody answers goes up the ladder: to the secondary, then to the tertiary (C-33)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.calendar import StopName
from stationmaster.core.rotations.escalating import escalation
from stationmaster.departures import telling, wording

if TYPE_CHECKING:
    from stationmaster.departures.station import Station


def escalate(station: Station, departure: str, *, stop: StopName, task: str, sentence: str, about: str = "") -> None:
    """Tell everybody who is due by now that the question of ``task`` is open; each once, whoever is on call then.

    The ladder is climbed from the first look on, for as long as the task says that it waits: an answer ends it (C-34),
    for a look that was under way then, too.

    :param task: the id of the task that asks.
    :param sentence: what it waits for, for the message.
    :param about: tells this question of the task from its others; each climbs the ladder anew.
    """
    rotation = station.team.rotation_of(station.train.on_call)
    steps = station.team.escalation[rotation.id]
    if not steps:
        return
    name = f"{task}/{about}" if about else task
    asked = station.ledger.record_once(departure, "asked", f"{stop}/{name}", {}, station.now(), "stationmaster")
    due = [page for page in escalation(steps, asked.at, None) if page.at <= station.now()]
    if due and station.ledger.blockers(f"{departure}/{stop}/{task}"):
        for page in due:
            text = wording.escalated(station, page.role, sentence, since=asked.at)
            telling.tell(station, departure, f"{stop}/ask/{name}/escalated-to-{page.role}", text)
