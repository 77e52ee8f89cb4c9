"""Open issues by the team's own scale: whoever is on call hears of one that is late, or that nobody writes about.

A priority counts from when the watch first saw it; on the watch's first day, from when the issue was opened
(T-11, T-18, T-19, N-16).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.blockers import Blocker, blocker, fill
from stationmaster.core.instants import local_text, to_local
from stationmaster.core.issue_duties import Bug, Duty, Priority, due_at, duties, priority_of
from stationmaster.hooks.chat_models import instant_of
from stationmaster.oncall_log import log
from stationmaster.watches import wording
from stationmaster.watches.guarding import guarded
from stationmaster.work import questions
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.config.watch_kinds import IssuesWatch
    from stationmaster.hooks.forge_models import Issue
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

SEEN, BEGUN = "seen", "begun"
_A_DAY = timedelta(days=1)
_CODES = {"due": "ISSUE_DUE", "late": "ISSUE_LATE", "update": "ISSUE_SILENT"}
_LOGGED = {"due": "is due soon", "late": "is late", "update": "had no update"}


class Watched(NamedTuple):
    """An open issue that bears one of the watch's priorities."""

    repository: str
    issue: Issue
    priority: Priority

    @property
    def key(self) -> str:
        """``owner/name#12``."""
        return f"{self.repository}#{self.issue.number}"


def place_of(desk: Desk, watch: IssuesWatch) -> str:
    """Return where the ledger keeps what the watch has seen."""
    return f"{desk.team.id}.watch/{watch.id}/issues"


def look(desk: Desk, watch: IssuesWatch) -> tuple[Blocker, ...]:
    """Look through the issues of each repository, and return what is late or silent."""
    from stationmaster.hooks.errors import ForgeError

    seen = {(fact.subject, fact.value["priority"]): fact for fact in desk.ledger.facts(place_of(desk, watch), SEEN)}
    began = _began(desk, watch)
    found: list[Blocker | None] = []
    for repository in watch.repositories or desk.team.repositories:
        try:
            issues = desk.forge.open_issues(repository, watch.labels)
        except ForgeError as error:
            why = str(error).strip().rstrip(".")
            found.append(blocker("WATCH_BLIND", subject=repository, watch=watch.title, what=repository, why=why))
            continue
        for issue in issues:
            priority = priority_of(issue.labels, watch.scale)
            if priority is not None and (priority.due_days is not None or priority.updates):
                one = Watched(repository, issue, priority)
                since = _since(desk, watch, one, seen, began)
                found.append(guarded(desk, one.key, partial(_judged, desk, watch, one, since)))
    return tuple(each for each in found if each is not None)


def _began(desk: Desk, watch: IssuesWatch) -> datetime:
    """Return when the watch looked for the first time."""
    return desk.ledger.record_once(place_of(desk, watch), BEGUN, "", {}, desk.now(), "stationmaster").at


def _since(
    desk: Desk, watch: IssuesWatch, one: Watched, seen: dict[tuple[str, str], Fact], began: datetime
) -> datetime:
    known = seen.get((one.key, one.priority.label))
    if known is None:
        first_day = to_local(desk.now(), desk.team.zone).date() == to_local(began, desk.team.zone).date()
        fresh = desk.now() - one.issue.created_at < _A_DAY
        since = one.issue.created_at if first_day or fresh else desk.now()
        name = f"{one.key}/{one.priority.label}"
        value = {"priority": one.priority.label, "since": since.isoformat()}
        known = desk.ledger.record_once(
            place_of(desk, watch), SEEN, one.key, value, desk.now(), "stationmaster", key=name
        )
    return datetime.fromisoformat(known.value["since"])


def _judged(desk: Desk, watch: IssuesWatch, one: Watched, since: datetime) -> Blocker | None:
    work, now = watch.hours.work(desk.team.zone), desk.now()
    bug = Bug(key=one.key, priority=one.priority.label, since=since)
    lacks = duties(bug, one.priority, work, now)
    if any(duty.what == "update" for duty in lacks):
        # Only then its comments matter, and are read.
        bug = bug.model_copy(update={"updates": _updates(desk, one)})
        lacks = duties(bug, one.priority, work, now)
    if not lacks:
        return None
    told = _people(desk, watch, one)
    due = due_at(since, one.priority, work)
    for duty in lacks:
        _tell(desk, watch, one, duty, due, told)
    worst = lacks[0]
    values: dict[str, str | int | datetime] = {
        "issue": one.key,
        "priority": one.priority.label,
        "title": one.issue.title,
    }
    who = tuple(person.id for person in told)
    if worst.what != "update" and due is not None:
        values["due"] = local_text(due, desk.team.zone)
    return fill(_CODES[worst.what], values, since=worst.since, who=who, subject=one.key)


def _updates(desk: Desk, one: Watched) -> tuple[datetime, ...]:
    """Return when a human being wrote about an issue in the last day."""
    comments = desk.forge.issue_comments(one.repository, one.issue.number, desk.now() - _A_DAY)
    return tuple(comment.at for comment in comments if comment.at is not None and not comment.bot)


def _people(desk: Desk, watch: IssuesWatch, one: Watched) -> tuple[Person, ...]:
    """Return who is told of an issue: its assignees of the team, and whoever is on call."""
    owners = [person for login in one.issue.assignees if (person := desk.team.person_by_github(login)) is not None]
    by_id = {person.id: person for person in (*owners, *questions.on_call(desk, watch.role))}
    return tuple(by_id.values())


def _tell(
    desk: Desk, watch: IssuesWatch, one: Watched, duty: Duty, due: datetime | None, told: tuple[Person, ...]
) -> None:
    """Tell the people of an issue what it lacks: once for each lack, whoever is on call then."""
    when = local_text(due, desk.team.zone) if due is not None else ""
    text = wording.issue_duty(told, one, duty, when, top=one.priority.label == watch.priorities[0].label)
    key = f"{desk.team.id}.watch/issue/{one.key}/{duty.slot}"
    receipt = say(desk, key, desk.team.channels[watch.channel].id, text)
    log.write(
        desk,
        f"{one.key} ({one.priority.label}) {_LOGGED[duty.what]}: {one.issue.title}",
        at=instant_of(str(receipt["ts"])),
        links=[one.issue.url],
        about="issue",
        once=key,
    )
