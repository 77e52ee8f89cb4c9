"""What is wrong with one chore beside its shape: names that nobody knows, and settings by which it could never be done.

A mistake keeps out that chore alone. Each rule has a stable code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from stationmaster.config.chore_evidence import FileWanted
from stationmaster.config.chore_timing import schedule_of
from stationmaster.config.chores import channel_key
from stationmaster.config.documents import DocumentBroken, Loc
from stationmaster.config.fields import in_words
from stationmaster.config.mistakes import Mistake, did_you_mean
from stationmaster.config.runbook_pages import markup_mistakes, read_runbook
from stationmaster.core.chore_schedules import NeverDue
from stationmaster.core.chores import due_at
from stationmaster.core.rotations.rotation import NobodyOnCall

if TYPE_CHECKING:
    from stationmaster.config.chores import Chore, ChoresHead
    from stationmaster.config.team import TeamConfig

_LOOKED_AT = 4
"""Occurrences that are looked at for whether a chore can be done before the next one."""


def chore_mistakes(include: Path, team: TeamConfig, head: ChoresHead, chore: Chore, now: datetime) -> Iterator[Mistake]:
    """Yield what is wrong with a chore whose role is known.

    :param now: an aware instant; occurrences after it are looked at.
    """
    loc: Loc = ("chores", chore.id)
    owners = {*team.people, *team.groups}
    if chore.owner is not None and chore.owner not in owners:
        yield _unknown("chore_owner", (*loc, "owner"), chore.owner, owners, "neither a person nor a group of the team")
    yield from _names(team, head, chore, loc)
    yield from _times(team, head, chore, loc, now)
    yield from _page(include, chore, loc)


def _names(team: TeamConfig, head: ChoresHead, chore: Chore, loc: Loc) -> Iterator[Mistake]:
    channel = channel_key(chore, head)
    if channel is None:
        remedy = "Write channel for this chore, or above chores for all of them."
        yield Mistake("chore_without_channel", loc, "no channel hears of this chore", remedy)
    elif channel not in team.channels:
        where = (*loc, "channel") if chore.channel is not None else ("channel",)
        yield _unknown("channel", where, channel, team.channels, "not in the team's channels")
    if chore.priority is not None and head.priority(chore.priority) is None:
        scale = [each.name for each in head.priorities]
        yield _unknown("priority", (*loc, "priority"), chore.priority, scale, "not on the team's scale")
    repositories = {name.lower() for name in team.repositories}
    for index, wanted in enumerate(chore.evidence):
        if isinstance(wanted, FileWanted) and wanted.repository.lower() not in repositories:
            where = (*loc, "evidence", index, "repository")
            yield _unknown("repository", where, wanted.repository, team.repositories, "not in the team's repositories")
    if chore.issue and head.issues is not None and head.issues.repository.lower() not in repositories:
        name = head.issues.repository
        yield _unknown(
            "repository", ("issues", "repository"), name, team.repositories, "not in the team's repositories"
        )
    if chore.late.escalate is not None and not team.escalation[team.rotation_of(chore.role).id]:
        yield Mistake(
            "chore_escalates_to_nobody",
            (*loc, "late", "escalate"),
            f"the rotation of {chore.role!r} has no escalation: nobody would be told",
            "Write escalation in the team's rotation file, or take escalate out.",
        )


def _times(team: TeamConfig, head: ChoresHead, chore: Chore, loc: Loc, now: datetime) -> Iterator[Mistake]:
    within = head.due(chore)
    if within is None:
        remedy = "Write due, such as 1d, or a priority that says it."
        yield Mistake("chore_without_due", loc, "nothing says until when this chore is due", remedy)
        return
    schedule = schedule_of(team, chore)
    if schedule is None:
        return
    try:
        comes, at = [], now
        for _ in range(_LOOKED_AT):
            at = schedule.next_after(at)
            comes.append(at)
    except (NeverDue, NobodyOnCall) as never:
        yield Mistake("chore_never_due", (*loc, "schedule"), str(never), "Write a time at which somebody is on call.")
        return
    for one, other in pairwise(comes):
        if due_at(one, within, schedule.zone) > other:
            yield Mistake(
                "chore_due_after_the_next",
                (*loc, "due") if chore.due is not None else (*loc, "priority"),
                f"it is due {in_words(within)} after it was opened, and the next one is opened before that",
                "Write a shorter due, or open it less often.",
            )
            return


def _page(include: Path, chore: Chore, loc: Loc) -> Iterator[Mistake]:
    if chore.runbook is None:
        yield Mistake(
            "chore_without_runbook",
            loc,
            "no page says how this chore is done: it counts as debt, and the person who does it is asked to write one",
            "Write a page under include/runbooks, and name it as runbook.",
            severity="warning",
        )
        return
    path = include / "runbooks" / f"{chore.runbook}.md"
    if not path.is_file():
        return  # said already
    where = (*loc, "runbook")
    try:
        found = read_runbook(include, chore.runbook)
    except (DocumentBroken, ValueError) as broken:
        said = str(broken).splitlines()[0]
        yield Mistake("runbook_broken", where, f"the front matter of {path.name} cannot be read: {said}", "Fix it.")
        return
    for line, mistake in markup_mistakes(path):
        message = f"line {line} of {path.name}: {mistake.message}"
        yield Mistake(mistake.code, where, message, mistake.remedy, chore.runbook)
    if chore.ticks and not found.steps:
        yield Mistake(
            "runbook_without_steps",
            where,
            f"its steps are to be ticked, and {path.name} has none",
            "Write the steps as - [ ] items, or as steps in the front matter.",
            chore.runbook,
        )


def _unknown(what: str, loc: Loc, name: str, known: Iterable[str], where: str) -> Mistake:
    return Mistake(f"unknown_{what}", loc, f"{name!r} is {where}", did_you_mean(name, known), name)
