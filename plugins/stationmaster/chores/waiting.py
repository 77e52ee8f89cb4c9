"""The look of a chore's tasks that wait: until it is done here or elsewhere, the shift changes, or it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.chores import lateness, logging_issues, runs, telling, wording
from stationmaster.core.blockers import Blocker, fill
from stationmaster.work import questions
from stationmaster.work.obstacles import hindrance, passed, waiting
from stationmaster.work.waits import Arguments, Look, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stationmaster.chores.wording import Told
    from stationmaster.config.people import Person
    from stationmaster.core.gates import Standing
    from stationmaster.work.context import Desk

QUESTION = "question"


def look(desk: Desk, name: str, about: str, arguments: Arguments) -> Standing:
    """Take a look in the place of a task.

    :raises UnknownLook: the name is of another release.
    """
    return take(LOOKS, desk, name, about, arguments)


def question(desk: Desk, about: str, arguments: Arguments) -> Standing:
    """Wait for the person, and meanwhile say what is due to be said; Slack holds up nothing (F61)."""
    if runs.ended(desk, about) is not None or runs.over(desk, about):
        return passed(QUESTION)
    place, people = int(arguments["place"]), runs.present(desk, str(arguments["role"]))
    # Out of hours nobody is on call, and whoever was asked keeps it.
    if people and not arguments.get("last") and questions.handed_over(desk, about, place, str(arguments["role"])):
        return passed(QUESTION)
    run, silent = wording.told(desk, about), []
    try:
        telling.tell(desk, run, place)
        if runs.blocked(desk, about):
            logging_issues.mark_blocked(desk, about)
        lateness.tell(desk, run)
    except Exception as error:
        found = hindrance(desk, error, ())
        if found is None:
            raise
        silent.append(found)
    asked = people or questions.people_asked(desk, about, place)
    return waiting(QUESTION, waits_for(desk, run, asked), *silent)


def waits_for(desk: Desk, run: Told, people: Sequence[Person]) -> Blocker:
    """Return why a run is open: blocked, late, or simply not done yet."""
    since, who = run.opened.opened_at, tuple(person.id for person in people)
    values = {"person": wording.names(people), "chore": run.title, "due": run.due}
    why = runs.blocked(desk, run.about)
    if why:
        return fill("CHORE_BLOCKED", {**values, "why": why.rstrip(".")}, since=since, who=who)
    if lateness.how_late(desk, run).late:
        carried = {"count": runs.carried_over(desk, run.about)}
        clears = lateness.next_change(desk, run)
        return fill("CHORE_LATE", {**values, **carried}, since=since, who=who, clears_at=clears)
    return fill("CHORE_OPEN", values, since=since, who=who, clears_at=run.opened.due_at)


LOOKS: dict[str, Look] = {QUESTION: question}
"""Every look by its name. The names stand in triggers that wait, so they are a contract (F69)."""
