"""Who is told when nobody answers: a pure function of the policy, the opening and the answers (C-33, C-34)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import Field

from stationmaster.core.instants import Instant, utc
from stationmaster.core.rotations.members import Slot
from stationmaster.core.rotations.windows import WeekWindow, Window, is_open, next_open
from stationmaster.core.value import Value

Resolve = Callable[[str, datetime], Slot]
"""Who holds a role at an instant."""


class EscalationStep(Value):
    """Who is told next, and how long after the step before it, in elapsed time.

    :param role: who holds this role at the instant of the step (R58) ...
    :param people: ... or these people; with ``round_robin`` one of them, each time the next (R56).
    :param windows: the step is left out at other times; none means always (R57).
    """

    role: str = ""
    people: Slot = ()
    round_robin: bool = False
    after: timedelta = Field(ge=timedelta(0))
    windows: tuple[Window | WeekWindow, ...] = ()


class EscalationPolicy(Value):
    """The ladder, and what stops, repeats and defers it (R53 … R58).

    :param counts_from: delays count from the page before, or from the opening.
    :param repeats: how many times the ladder starts again from its first step; ``pause`` after its last page.
    :param until: what stops it: somebody's acknowledgement, or only the end of the matter.
    :param coverage: when people are promised to be there; none means always.
    :param out_of_coverage: an opening outside: `defer` it to the next covered instant, `page` anyway, or tell `nobody`.
        A critical matter is paged anyway.
    """

    steps: tuple[EscalationStep, ...]
    counts_from: Literal["page_before", "opening"] = "page_before"
    repeats: int = Field(default=0, ge=0, le=9)
    pause: timedelta = Field(default=timedelta(0), ge=timedelta(0))
    until: Literal["acknowledged", "closed"] = "acknowledged"
    coverage: tuple[Window | WeekWindow, ...] = ()
    out_of_coverage: Literal["defer", "page", "nobody"] = "defer"


class Matter(Value):
    """What was opened, and what has been answered.

    :param occurrence: how many such matters there were before: whose turn it is in a round robin.
    """

    opened_at: Instant
    acknowledged_at: Instant | None = None
    closed_at: Instant | None = None
    critical: bool = False
    occurrence: int = Field(default=0, ge=0)


class Page(NamedTuple):
    """One step's telling at one instant. ``people`` is who is told, where they were asked for."""

    role: str
    at: datetime
    people: Slot = ()


def escalation(
    steps: Sequence[EscalationStep], opened_at: datetime, acknowledged_at: datetime | None = None
) -> tuple[Page, ...]:
    """Return who is told when by plain steps; see :func:`pages`.

    :param acknowledged_at: stops every page that is due at this instant or later. One from before ``opened_at``
        answered an earlier incident and stops nothing.
    """
    matter = Matter(opened_at=opened_at, acknowledged_at=acknowledged_at)
    return pages(EscalationPolicy(steps=tuple(steps)), matter)


def pages(policy: EscalationPolicy, matter: Matter, resolve: Resolve | None = None) -> tuple[Page, ...]:
    """Return every page of a ladder, in order; each person is the one of that instant (R58).

    A page that is due at the instant of the answer is not sent. An answer from before the opening answered something
    else, and stops nothing.
    """
    begins = _begin(policy, matter)
    if begins is None:
        return ()
    stops = _stop(policy, matter)
    found: list[Page] = []
    for step, at, turn in _due(policy, begins):
        if stops is not None and at >= stops:
            break
        if step.windows and not is_open(step.windows, at):
            continue
        found.append(Page(step.role, at, _told(step, at, matter.occurrence + turn, resolve)))
    return tuple(found)


def _begin(policy: EscalationPolicy, matter: Matter) -> datetime | None:
    opened = utc(matter.opened_at)
    if not policy.coverage or matter.critical or policy.out_of_coverage == "page" or is_open(policy.coverage, opened):
        return opened
    return next_open(policy.coverage, opened) if policy.out_of_coverage == "defer" else None


def _stop(policy: EscalationPolicy, matter: Matter) -> datetime | None:
    answers = [matter.closed_at, matter.acknowledged_at if policy.until == "acknowledged" else None]
    return min((utc(at) for at in answers if at is not None and at >= matter.opened_at), default=None)


def _due(policy: EscalationPolicy, begins: datetime) -> Iterator[tuple[EscalationStep, datetime, int]]:
    """Yield each step with its instant, and how many times the ladder has started before."""
    start = at = begins
    for turn in range(policy.repeats + 1):
        for step in policy.steps:
            at = (at if policy.counts_from == "page_before" else start) + step.after
            yield step, at, turn
        start = at = at + policy.pause


def _told(step: EscalationStep, at: datetime, turn: int, resolve: Resolve | None) -> Slot:
    if step.people:
        return (step.people[turn % len(step.people)],) if step.round_robin else step.people
    return resolve(step.role, at) if resolve is not None else ()
