"""The gates of a train's rules: who acts, under which issue, and what keeps a release back (T-01, T-04, T-20).

Each returns all of its own reasons; :func:`stationmaster.core.gates.combine` puts them beside those of the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing, Verdict, standing
from stationmaster.core.instants import Instant, local_text, utc
from stationmaster.core.issue_links import IssueLink, IssueSeen
from stationmaster.core.value import Value

NAMED = 5
"""So many issues that are in the way are named; the rest is counted."""


class BlockingIssue(Value):
    """An issue that keeps a release back, or did until ``closed_at``."""

    name: str
    title: str = ""
    closed_at: Instant | None = None


def actor_gate(actors: Sequence[str], allowed: Collection[str], *, group: str, environment: str) -> Standing:
    """PASS if somebody of the group puts their name to the change; DENY otherwise, for nobody at all, too (T-01).

    :param actors: the ids of whoever gave the final go, or of those who may give it as long as nobody has.
    :param allowed: the ids of those who may change the environment.
    """
    if any(person in allowed for person in actors):
        return standing("actor")
    who = ", ".join(name for name in actors if name) or "nobody of the team"
    found = blocker("ACTOR_NOT_ALLOWED", who=tuple(sorted(allowed)), actor=who, group=group, environment=environment)
    return standing("actor", [found], Verdict.DENY)


def issue_gate(
    link: IssueLink | None,
    seen: IssueSeen | None,
    *,
    needed: bool,
    repository: str,
    who: Sequence[str] = (),
    why: str = "no answer",
) -> Standing:
    """PASS if the change is logged as an open issue that can be read; DENY without one, WAIT while unreadable (T-04).

    :param link: None: nobody has given one.
    :param seen: None where GitHub cannot be asked, for the reason ``why``.
    :param needed: whether one must be given; a given one must be good in either case.
    """
    if link is None:
        missing = [blocker("ISSUE_MISSING", who=tuple(who), repository=repository)] if needed else []
        return standing("issue", missing, Verdict.DENY)
    if seen is None:
        return standing("issue", [blocker("ISSUE_UNREADABLE", who=tuple(who), issue=link.name, why=why)])
    if seen.pull_request:
        return standing("issue", [blocker("ISSUE_MISSING", who=tuple(who), repository=repository)], Verdict.DENY)
    if seen.state != "open":
        return standing("issue", [blocker("ISSUE_CLOSED", who=tuple(who), issue=link.name)], Verdict.DENY)
    return standing("issue")


def blocking_gate(
    found: Iterable[BlockingIssue],
    unread: Mapping[str, str],
    now: datetime,
    *,
    quiet_for: timedelta | None,
    zone: str,
    who: Sequence[str] = (),
) -> Standing:
    """PASS if no blocking issue is open, and none was for long enough; WAIT with the names otherwise (T-20).

    :param unread: which repositories cannot be read, and why: one of them keeps the gate shut.
    :param quiet_for: how long ago the last one must have been closed; None: not at all.
    """
    reasons: list[Blocker] = []
    issues = list(found)
    still = [each for each in issues if each.closed_at is None]
    if still:
        reasons.append(blocker("RELEASE_BLOCKED", who=tuple(who), count=len(still), issues=_names(still)))
    over = [each for each in issues if each.closed_at is not None]
    if quiet_for is not None and over:
        last = max(over, key=lambda each: each.closed_at or utc(now))
        ends = (last.closed_at or utc(now)) + quiet_for
        if ends > utc(now):
            reasons.append(
                blocker(
                    "RELEASE_BLOCKED_LATELY",
                    since=last.closed_at,
                    clears_at=None if still else ends,
                    issue=_name(last),
                    ends=local_text(ends, zone),
                )
            )
    reasons += [
        blocker("BLOCKING_UNREADABLE", who=tuple(who), subject=repository, repository=repository, why=why)
        for repository, why in sorted(unread.items())
    ]
    return standing("blocking", reasons)


def column_gate(
    untested: Sequence[str], unread: Mapping[str, str], *, column: str, who: Sequence[str] = ()
) -> Standing:
    """PASS if no issue stands in the column of what is to be tested; WAIT with their names otherwise (C-36).

    :param untested: such as ``owner/name#12``.
    :param unread: which repositories cannot be read, and why: one of them keeps the gate shut.
    """
    reasons: list[Blocker] = []
    if untested:
        left = len(untested) - NAMED
        named = ", ".join(untested[:NAMED]) + (f" and {left} more" if left > 0 else "")
        reasons.append(blocker("BOARD_UNTESTED", who=tuple(who), column=column, count=len(untested), issues=named))
    reasons += [
        blocker("BOARD_UNREADABLE", who=tuple(who), subject=repository, repository=repository, why=why)
        for repository, why in sorted(unread.items())
    ]
    return standing("board", reasons)


def _names(issues: Sequence[BlockingIssue]) -> str:
    named = "; ".join(_name(each) for each in issues[:NAMED])
    left = len(issues) - NAMED
    return f"{named}; and {left} more" if left > 0 else named


def _name(issue: BlockingIssue) -> str:
    # Five of them fit into the 300 signs of a value.
    title = issue.title if len(issue.title) <= 30 else f"{issue.title[:29]}…"
    return f"{issue.name} {title}".rstrip()
