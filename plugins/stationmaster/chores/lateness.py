"""A chore that is not done in time: said again, and told up the ladder of its rotation (T-16, C-33)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.chores import runs, wording
from stationmaster.config.chores import channel_key
from stationmaster.core.chores import Lateness, lateness
from stationmaster.core.rotations.escalating import Matter, pages
from stationmaster.oncall_log import log
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.chores.wording import Told
    from stationmaster.core.rotations.escalating import Page
    from stationmaster.work.context import Desk


def how_late(desk: Desk, run: Told) -> Lateness:
    """Return how late a run is now."""
    return lateness(run.opened.due_at, desk.now(), run.chore.late.remind)


def tell(desk: Desk, run: Told) -> None:
    """Say what is due to be said of a late run, each once; after an outage only the newest reminder.

    :raises EffectRefused, EffectUnknown, EffectBusy: Slack does not take it; it is told later.
    """
    found = how_late(desk, run)
    if not found.late:
        return
    log.write(
        desk,
        f"{run.chore.title}: late, it was due {run.due}.",
        at=run.opened.due_at,
        about=run.about,
        once=f"{run.about}/late",
    )
    people = runs.present(desk, run.chore.role)
    if people:  # else it is said when somebody is there
        say(
            desk,
            f"{run.about}/late/{found.reminders}",
            channel_of(desk, run),
            wording.late(desk, run, people),
            thread=thread_of(desk, run),
        )
    for place, page in enumerate(ladder(desk, run)):
        if page.at <= desk.now():
            _page(desk, run, page, place)


def ladder(desk: Desk, run: Told) -> tuple[Page, ...]:
    """Return who is told beyond the person on call, and when: the ladder of the rotation, begun when the file says."""
    escalate = run.chore.late.escalate
    if escalate is None:
        return ()
    rotation = desk.team.rotation_of(run.chore.role)
    policy = desk.files.roster[rotation.id].policy(rotation.zone)
    return pages(policy, Matter(opened_at=run.opened.due_at + escalate.after))


def channel_of(desk: Desk, run: Told) -> str:
    """Return the id of the channel that hears of a chore."""
    return desk.team.channels[str(channel_key(run.chore, desk.files.chores_head))].id


def thread_of(desk: Desk, run: Told) -> str | None:
    """Return where the newest question about a run stands in its channel, None before it was told."""
    for place in range(runs.carried_over(desk, run.about), -1, -1):
        effect = desk.ledger.effect(asked_key(run.about, place))
        if effect is not None and effect.receipt:
            return str(effect.receipt["ts"])
    return None


def asked_key(about: str, place: int) -> str:
    """Return the key of the message that tells the ``place``-th shift of a run."""
    return f"{about}/ask/{place}"


def next_change(desk: Desk, run: Told) -> datetime | None:
    """Return when something is said of a run by itself."""
    due = [page.at for page in ladder(desk, run) if page.at > desk.now()]
    changes = how_late(desk, run).changes_at
    return min([*due, *([changes] if changes is not None else [])], default=None)


def _page(desk: Desk, run: Told, page: Page, place: int) -> None:
    people = runs.present(desk, page.role)
    if not people:
        return  # the ladder is climbed as far as there is somebody; the reminder goes on meanwhile
    text = wording.escalated(run, page.role, people)
    say(desk, f"{run.about}/late/to-{page.role}-{place}", channel_of(desk, run), text, thread=thread_of(desk, run))
    log.write(
        desk,
        f"{run.chore.title}: late, told to {wording.names(people)} ({page.role}).",
        at=page.at,
        about=run.about,
        once=f"{run.about}/late/to-{page.role}-{place}",
    )
