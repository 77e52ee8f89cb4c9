"""Chores: when one is due, how late it is, what it is called, and whose turn it is in a row. Pure."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from stationmaster.core.instants import first_instant, to_local, utc

AREA = "chores"
_ABOUT = re.compile(r"(?P<team>[a-z][a-z0-9_-]*)\.chores/(?P<chore>[a-z][a-z0-9_-]*)/(?P<when>[0-9A-Za-z-]+)")
_WHEN = "%Y-%m-%dT%H%M"


class NotAChore(ValueError):
    """A text that names no run of a chore."""


class About(NamedTuple):
    """The parts of a chore's id, such as ``threefold.chores/backups/2026-11-23T0900``."""

    team: str
    chore: str
    when: str

    def __str__(self) -> str:
        """Return the id."""
        return f"{area_of(self.team, self.chore)}/{self.when}"


class Lateness(NamedTuple):
    """How late a chore is: ``by`` is zero until it is due; ``reminders`` counts those that are due by now.

    ``changes_at`` is when the next one is due, None if there is none.
    """

    by: timedelta
    reminders: int
    changes_at: datetime | None

    @property
    def late(self) -> bool:
        """Whether it is late."""
        return self.reminders > 0 or self.by > timedelta(0)


def area_of(team: str, chore: str) -> str:
    """Return what the ids of a chore's runs begin with, and what the ledger keeps of all of them under."""
    return f"{team}.{AREA}/{chore}"


def dag_of(team: str, chore: str) -> str:
    """Return what the DAG of a chore is called."""
    return f"{team}.{AREA}.{chore}"


def about_of(text: str) -> About:
    """Return the parts of an id.

    :raises NotAChore: it is none.
    """
    found = _ABOUT.fullmatch(text)
    if found is None:
        raise NotAChore(f"{text!r} is no run of a chore. Write it as team.chores/chore/2026-11-23T0900.")
    return About(found["team"], found["chore"], found["when"])


def when_of(at: datetime, zone: str, *, run: str = "") -> str:
    """Return the last part of an id: the wall time, and of a run by hand a few letters that tell it from others.

    :param at: an instant (aware).
    :param run: the id of a run that a person started; empty for one by schedule.
    """
    wall = f"{to_local(at, zone):{_WHEN}}"
    return f"{wall}-{hashlib.sha256(run.encode()).hexdigest()[:6]}" if run else wall


def due_at(opened: datetime, within: timedelta, zone: str) -> datetime:
    """Return when a chore is due that was opened at ``opened`` (aware).

    Whole days are days of the calendar, so that 09:00 stays 09:00 when the clocks change; the rest is elapsed time.
    """
    wall = to_local(opened, zone).replace(tzinfo=None) + timedelta(days=within.days)
    rest = within - timedelta(days=within.days)
    begins = first_instant(wall, zone) if within.days else utc(opened)
    return utc((begins + rest).astimezone(UTC))


def lateness(due: datetime, now: datetime, remind: timedelta | None) -> Lateness:
    """Return how late a chore is.

    :param remind: how often it is said again once it is due; None: once, when it is due.
    """
    by = max(utc(now) - utc(due), timedelta(0))
    if utc(now) < utc(due):
        return Lateness(timedelta(0), 0, utc(due))
    if remind is None:
        return Lateness(by, 1, None)
    said = by // remind
    return Lateness(by, 1 + said, utc(due) + (said + 1) * remind)


def row(hands: int) -> tuple[str, ...]:
    """Return the ids of the tasks that ask, one for each shift that a chore may live through: a contract."""
    names = ["do_it", "ask_the_next_shift", "ask_the_shift_after"]
    names += [f"ask_shift_{place}" for place in range(len(names) + 1, hands + 1)]
    return tuple(names[:hands])
