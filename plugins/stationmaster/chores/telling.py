"""Who is asked to do a chore hears of it once, with its steps; whoever takes over hears from whom (D-26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.chores import lateness, wording
from stationmaster.oncall_log import log
from stationmaster.work import questions
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.chores.wording import Told
    from stationmaster.work.context import Desk


def tell(desk: Desk, run: Told, place: int) -> None:
    """Tell whoever is asked at a place of the row, once.

    :raises EffectRefused, EffectUnknown, EffectBusy: Slack does not take it; it is told later.
    """
    fact, people = questions.asked_at(desk, run.about, place), questions.people_asked(desk, run.about, place)
    if fact is None or not people:
        return
    before = wording.names(questions.people_asked(desk, run.about, place - 1)) if place else ""
    if place:
        log.write(
            desk,
            f"{run.chore.title}: carried over from {before} to {wording.names(people)}.",
            at=fact.at,
            about=run.about,
            once=f"{run.about}/carried/{place}",
        )
    text = wording.asked(desk, run, people, before=before)
    say(desk, lateness.asked_key(run.about, place), lateness.channel_of(desk, run), text)
