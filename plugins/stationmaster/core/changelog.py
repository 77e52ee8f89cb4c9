"""What is new in a departure, for those who test it: grouped, without doubles, and short enough to be read (C-17).

Titles come from outside: they are kept as they are in the values, and escaped when rendered (F65).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, get_args

from pydantic import Field

from stationmaster.core import escaping
from stationmaster.core.instants import Instant
from stationmaster.core.value import Value

GroupTitle = Literal["Features", "Fixes", "Maintenance", "Other"]

_LONGEST_AUTHOR = 100
_LONGEST_TITLE = 200
_PREFIX = re.compile(r"(?P<kind>[A-Za-z]+)(?:\([^)]*\))?!?:\s")
_LINK = re.compile(r"https?://[\w.:-]+/[\w./~%#?=&+-]*", re.ASCII)
_NO_LOGIN = re.compile(r"[^A-Za-z0-9\[\]-]")
"""What stands in no login, nor in that of a robot such as ``renovate[bot]``."""
_KINDS: dict[str, GroupTitle] = {
    **dict.fromkeys(("feat", "feature", "features", "enhancement"), "Features"),
    **dict.fromkeys(("fix", "fixes", "bug", "bugfix", "hotfix", "revert", "regression"), "Fixes"),
    **dict.fromkeys(("chore", "build", "ci", "docs", "documentation", "test", "tests", "testing"), "Maintenance"),
    **dict.fromkeys(("refactor", "refactoring", "style", "perf", "deps", "dependencies", "maintenance"), "Maintenance"),
}


class Change(Value):
    """A merged pull request, or a commit that none brought.

    ``author`` is the login; ``repository`` tells apart the pull requests of a train with several. ``landed_at`` is when
    it came to the main branch: lead times are counted from there.
    """

    number: int | None = Field(default=None, ge=1)
    title: str
    author: str | None = None
    labels: tuple[str, ...] = ()
    sha: str = Field(default="", pattern=r"^[0-9a-f]{0,40}$")
    url: str | None = None
    repository: str = ""
    landed_at: Instant | None = None


class Group(Value):
    """Changes of one kind, in the order in which they came."""

    title: GroupTitle
    changes: tuple[Change, ...]


class Changelog(Value):
    """All changes of a departure: Features, Fixes, Maintenance, Other; groups without a change are left out."""

    groups: tuple[Group, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change, in the order of the groups."""
        return tuple(change for group in self.groups for change in group.changes)

    @property
    def authors(self) -> tuple[str, ...]:
        """Every author's login, sorted: of all changes, however many are rendered (F26)."""
        return tuple(sorted({change.author for change in self.changes if change.author}))

    def render_markdown(self, limit: int | None = None, *, logins_as_code: bool = False) -> str:
        """Return GitHub's Markdown.

        :param limit: at most so many changes, the rest counted; None for all.
        :param logins_as_code: set the authors as code, so that a page which many read notifies none of them.
        """
        shown = len(self.changes) if limit is None else max(0, limit)
        lines: list[str] = []
        for title, change in self._numbered()[:shown]:
            if f"### {title}" not in lines:
                lines += ["", f"### {title}", ""]
            lines.append(f"- {_markdown_line(change, logins_as_code=logins_as_code)}")
        left = len(self.changes) - shown
        if left > 0:
            lines += ["", f"… and {left} more"]
        return "\n".join(lines).strip() or "No changes."

    def render_slack(self, limit_chars: int = 2900) -> str:
        """Return Slack's mrkdwn, never longer than ``limit_chars`` and never cut inside a line (F64).

        :param limit_chars: characters; Slack refuses a section of more than 3000.
        """
        entries = self._numbered()
        whole = _slack_text(entries, len(entries))
        if len(whole) <= limit_chars:
            return whole
        low, high = 0, len(entries) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if len(_slack_text(entries, middle)) <= limit_chars:
                low = middle
            else:
                high = middle - 1
        return _slack_text(entries, low)[: max(0, limit_chars)]

    def _numbered(self) -> list[tuple[GroupTitle, Change]]:
        return [(group.title, change) for group in self.groups for change in group.changes]


def changelog(changes: Iterable[Change]) -> Changelog:
    """Group the changes, each pull request once, by its title's prefix, else by the first label that says a kind."""
    kept = _each_once(changes)
    titles: tuple[GroupTitle, ...] = get_args(GroupTitle)
    groups = ((title, tuple(change for change in kept if _group_of(change) == title)) for title in titles)
    return Changelog(groups=tuple(Group(title=title, changes=found) for title, found in groups if found))


def _each_once(changes: Iterable[Change]) -> list[Change]:
    found = list(changes)
    # A commit that a pull request brought is told with the pull request.
    brought = {(change.repository, change.sha) for change in found if change.number is not None and change.sha}
    kept: dict[tuple[str, int | str], Change] = {}
    for place, change in enumerate(found):
        if change.number is None and (change.repository, change.sha) in brought:
            continue
        kept.setdefault((change.repository, change.number or change.sha or f"nameless {place}"), change)
    return list(kept.values())


def _group_of(change: Change) -> GroupTitle:
    prefix = _PREFIX.match(change.title.strip())
    if prefix and prefix["kind"].lower() in _KINDS:
        return _KINDS[prefix["kind"].lower()]
    # Labels such as "type: bug" and "kind/feature" say their kind in the last word.
    words = (re.split(r"[\s:/]+", label.strip().lower())[-1] for label in change.labels)
    return next((_KINDS[word] for word in words if word in _KINDS), "Other")


def _title(change: Change) -> str:
    title = escaping.one_line(change.title) or "(no title)"
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"


def _name(change: Change) -> str:
    return f"#{change.number}" if change.number is not None else change.sha[:8]


def _safe_link(change: Change) -> str | None:
    return change.url if change.url and _LINK.fullmatch(change.url) else None


def _markdown_line(change: Change, *, logins_as_code: bool = False) -> str:
    name, link = _name(change), _safe_link(change)
    reference = f" ([{name}]({link}))" if name and link else f" ({name})" if name else ""
    author = f", {escaping.markdown(change.author[:_LONGEST_AUTHOR])}" if change.author else ""
    if change.author and logins_as_code:
        author = f", `{_NO_LOGIN.sub('', change.author)}`"
    return f"{escaping.markdown(_title(change))}{reference}{author}"


def _slack_line(change: Change) -> str:
    name, link = _name(change), _safe_link(change)
    reference = f" ({escaping.slack_link(link, name)})" if name and link else f" ({name})" if name else ""
    author = f", {escaping.slack(change.author[:_LONGEST_AUTHOR])}" if change.author else ""
    return f"• {escaping.slack(_title(change))}{reference}{author}"


def _slack_text(entries: list[tuple[GroupTitle, Change]], shown: int) -> str:
    lines: list[str] = []
    last: str | None = None
    for title, change in entries[:shown]:
        if title != last:
            lines.append(f"*{title}*")
            last = title
        lines.append(_slack_line(change))
    left = len(entries) - shown
    if left:
        lines.append(f"… and {left} more" if shown else f"{left} changes")
    return "\n".join(lines) or "No changes."
