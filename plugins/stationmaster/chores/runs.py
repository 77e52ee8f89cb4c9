"""One run of a chore as the ledger keeps it: opened once, ended once, and when it is over by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from stationmaster.config.chore_timing import schedule_of, zone_of_chore
from stationmaster.core.chores import about_of, area_of, due_at, when_of
from stationmaster.core.instants import Instant
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.core.value import Value
from stationmaster.oncall_log import open_work
from stationmaster.work import questions

if TYPE_CHECKING:
    from stationmaster.config.chores import Chore
    from stationmaster.config.people import Person
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

OPENED = "opened"
"""The kind of the fact that a run was opened: under the run an :class:`Opened` as JSON; under its chore that it was."""
ENDED = "ended"
"""The kind of the fact that a run ended: under the run, and under its chore with the run as subject.

The value is ``{"outcome", "why", "evidence": [{"id", "kind", "text", "url"}], "late_by": seconds, "carried_over"}``.
"""
RUN = "run"
"""The kind of the fact that a run by hand stands for this run of the chore: ``{"about"}``, under the chore."""
CHECKED = "checked"
"""The kind of the fact that a machine looked first: ``{"ok", "sentence", "evidence"}``; ok is null: it cannot tell."""
BLOCKED = "blocked"
"""The kind of the fact that somebody waits for something else: ``{"why"}``; the newest counts (D-28)."""
Outcome = Literal["done", "fine", "not_needed", "missed"]
"""Done by a person; found fine by a machine; left with a reason; never done before the next one began."""
_PUNCTUAL = timedelta(minutes=10)
"""Started so soon after its schedule, a run counts from there: it is due on the full hour."""
MACHINE = "stationmaster"


class ChoreGone(LookupError):
    """The team's file does not name the chore any more, or it holds an error."""


class Step(Value):
    """One step of the chore's page, as it was when the run was opened."""

    id: str
    text: str


class Opened(Value):
    """What was opened.

    :param of: the instant of the schedule that the run stands for; what comes after it makes this one missed.
    :param opened_at: from when it is due; later than ``of`` if Airflow was.
    :param form: what whoever asked for it wrote, by field; raw text.
    :param steps: those of its page; a page that changes changes no run that is open.
    :param by: a person's id, or ``stationmaster``.
    """

    title: str
    of: Instant
    opened_at: Instant
    due_at: Instant
    form: dict[str, str] = Field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    by: str = MACHINE


def chore_of(desk: Desk, about: str) -> Chore:
    """Return the chore that a run is of, as the team's file says now.

    :raises ChoreGone: the file names it no more.
    """
    name = about_of(about).chore
    found = desk.files.chores.get(name)
    if found is None:
        raise ChoreGone(f"{desk.files.id} has no chore {name!r} that can be read: look at stationmaster check")
    return found


def name_of(desk: Desk, chore: Chore, *, run_id: str, scheduled: datetime | None) -> str:
    """Return the id of the run of a chore that a DAG run stands for.

    By schedule it is named after its instant. Started by hand, a chore with a schedule adopts the newest run that has
    not ended (F38); else it is one of its own. Either way the same DAG run always stands for the same.

    :param scheduled: the instant (aware) of a scheduled run, None if a person started it.
    """
    area, zone = area_of(desk.files.id, chore.id), zone_of_chore(desk.files, chore)
    if scheduled is not None:
        return f"{area}/{when_of(scheduled, zone)}"
    own = f"{area}/{when_of(desk.now(), zone, run=run_id)}"
    schedule = schedule_of(desk.files, chore)
    newest = None if schedule is None else f"{area}/{when_of(schedule.latest_at(desk.now()), zone)}"
    about = own if newest is None or ended(desk, newest) is not None else newest
    subject = hashlib.sha256(run_id.encode()).hexdigest()[:16]
    return str(desk.ledger.record_once(area, RUN, subject, {"about": about}, desk.now(), MACHINE).value["about"])


def open_run(
    desk: Desk, about: str, *, scheduled: datetime | None, form: dict[str, str], steps: Sequence[Step], by: str
) -> Opened:
    """Keep that a run was opened; the first word holds.

    :raises ChoreGone: the team's file names the chore no more.
    """
    chore, now = chore_of(desk, about), desk.now()
    head = desk.files.chores_head
    within = head.due(chore) if head is not None else chore.due
    zone, schedule = zone_of_chore(desk.files, chore), schedule_of(desk.files, chore)
    of = scheduled if scheduled is not None else now if schedule is None else schedule.latest_at(now)
    begins = of if scheduled is not None and now - of < _PUNCTUAL else now
    opened = Opened(
        title=chore.title,
        of=of,
        opened_at=begins,
        due_at=due_at(begins, within or timedelta(0), zone),
        form=form,
        steps=tuple(steps),
        by=by,
    )
    value = opened.model_dump(mode="json")
    kept = Opened(**desk.ledger.record_once(about, OPENED, "", value, now, by).value)
    desk.ledger.record_once(area_of(desk.files.id, chore.id), OPENED, about, {}, now, by)
    name_matter(desk, about, chore.title, "")
    return kept


def name_matter(desk: Desk, about: str, title: str, url: str) -> None:
    """Say what the run is called, and where its issue is, for whoever lists the team's open work."""
    known = desk.ledger.fact(about, open_work.TITLE)
    value = {"title": title, "url": url or (str(known.value["url"]) if known is not None else "")}
    if known is None or known.value != value:
        desk.ledger.record(about, open_work.TITLE, "", value, desk.now(), MACHINE)


def opened(desk: Desk, about: str) -> Opened | None:
    """Return what was opened, None before that."""
    fact = desk.ledger.fact(about, OPENED)
    return None if fact is None else Opened(**fact.value)


def ended(desk: Desk, about: str) -> Fact | None:
    """Return how the run ended, None while it is open."""
    return desk.ledger.fact(about, ENDED)


def over(desk: Desk, about: str) -> str:
    """Return why a run is over by itself, empty while it is not: the next one of its schedule has begun."""
    begun, schedule = opened(desk, about), schedule_of(desk.files, chore_of(desk, about))
    if begun is None or schedule is None or desk.now() < schedule.next_after(begun.of):
        return ""
    return "the next one has begun"


def carried_over(desk: Desk, about: str) -> int:
    """Return how many times the run was handed to the next shift."""
    return max(len(desk.ledger.facts(about, questions.ASKED)) - 1, 0)


def present(desk: Desk, role: str) -> tuple[Person, ...]:
    """Return who holds a role now; nobody out of its hours, which is no error here: the chore waits for them."""
    try:
        return questions.on_call(desk, role)
    except NobodyOnCall:
        return ()


def checked(desk: Desk, about: str) -> str:
    """Return what a machine found before a person was asked, and by what; empty where none looked."""
    fact = desk.ledger.fact(about, CHECKED)
    if fact is None:
        return ""
    return ": ".join(str(fact.value[name]) for name in ("sentence", "evidence") if fact.value[name])


def blocked(desk: Desk, about: str) -> str:
    """Return what the run waits for, as the person on call said last; empty where they said nothing."""
    fact = desk.ledger.fact(about, BLOCKED)
    return "" if fact is None else str(fact.value["why"])


def missed_in_a_row(desk: Desk, about: str) -> int:
    """Return how many runs of the chore were missed one after the other, before this one."""
    count = 0
    for fact in reversed(endings(desk, about)):
        if fact.value["outcome"] != "missed" or fact.subject == about:
            break
        count += 1
    return count


def endings(desk: Desk, about: str) -> tuple[Fact, ...]:
    """Return how every run of the same chore ended, the oldest first."""
    found = about_of(about)
    return desk.ledger.facts(area_of(found.team, found.chore), ENDED)


def still_open(desk: Desk, chore: str) -> tuple[str, ...]:
    """Return the runs of a chore that were opened and have not ended, the oldest first."""
    area = area_of(desk.files.id, chore)
    over_with = {fact.subject for fact in desk.ledger.facts(area, ENDED)}
    return tuple(fact.subject for fact in desk.ledger.facts(area, OPENED) if fact.subject not in over_with)


def end(desk: Desk, about: str, outcome: Outcome, *, why: str, evidence: list[dict[str, Any]], by: str) -> Fact:
    """Keep how a run ended; the first ending stays (F01)."""
    begun, now = opened(desk, about), desk.now()
    late = max((now - begun.due_at).total_seconds(), 0.0) if begun is not None else 0.0
    value = {
        "outcome": outcome,
        "why": why,
        "evidence": evidence,
        "late_by": int(late),
        "carried_over": carried_over(desk, about),
    }
    fact = desk.ledger.record_once(about, ENDED, "", value, now, by)
    found = about_of(about)
    area = area_of(found.team, found.chore)
    desk.ledger.record_once(area, ENDED, about, fact.value, fact.at, fact.by)
    return fact
