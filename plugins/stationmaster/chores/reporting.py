"""How the chores of a team stand: what is open, whose, how late, and what comes next."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.chores import lateness, logging_issues, runs, wording
from stationmaster.config.chore_timing import schedule_of, zone_of_chore
from stationmaster.core.chore_schedules import NeverDue
from stationmaster.core.chores import area_of
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.work import questions

if TYPE_CHECKING:
    from stationmaster.chores.wording import Told
    from stationmaster.config.chores import Chore
    from stationmaster.config.people import Person
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk


class OpenRun(NamedTuple):
    """One run that has not ended. ``people`` is who is asked; ``issue`` its address, None where it has none."""

    run: Told
    late: bool
    people: tuple[Person, ...]
    carried_over: int
    issue: str | None
    why: str


class ChoreState(NamedTuple):
    """One chore. ``next_at`` is None for one on request; ``last`` is how its newest ended run ended."""

    chore: Chore
    zone: str
    words: str
    next_at: datetime | None
    last: Fact | None
    missed_in_a_row: int
    open: tuple[OpenRun, ...]


def states(desk: Desk, *, recorded: bool = True) -> tuple[ChoreState, ...]:
    """Return how each chore of the team stands, in the order of its file.

    :param recorded: whether the ledger is asked; without it nothing is known to be open.
    """
    return tuple(_state(desk, chore, recorded) for chore in desk.files.chores.values())


def open_run(desk: Desk, about: str) -> OpenRun:
    """Return how one run stands.

    :raises ChoreGone: its chore is not in the team's file, or it was never opened.
    """
    run, count = wording.told(desk, about), runs.carried_over(desk, about)
    people = questions.people_asked(desk, about, count) or runs.present(desk, run.chore.role)
    issue = logging_issues.known(desk, about)
    return OpenRun(
        run=run,
        late=lateness.how_late(desk, run).late,
        people=people,
        carried_over=count,
        issue=str(issue["url"]) if issue is not None else None,
        why=runs.blocked(desk, about),
    )


def _state(desk: Desk, chore: Chore, recorded: bool) -> ChoreState:
    schedule = schedule_of(desk.files, chore)
    try:
        next_at = None if schedule is None else schedule.next_after(desk.now())
    except (NeverDue, NobodyOnCall):
        next_at = None
    ended = desk.ledger.facts(area_of(desk.files.id, chore.id), runs.ENDED) if recorded else ()
    return ChoreState(
        chore=chore,
        zone=zone_of_chore(desk.files, chore),
        words="on request" if schedule is None else schedule.words,
        next_at=next_at,
        last=ended[-1] if ended else None,
        missed_in_a_row=_streak(ended),
        open=tuple(open_run(desk, about) for about in runs.still_open(desk, chore.id)) if recorded else (),
    )


def _streak(ended: tuple[Fact, ...]) -> int:
    count = 0
    for fact in reversed(ended):
        if fact.value["outcome"] != "missed":
            break
        count += 1
    return count
