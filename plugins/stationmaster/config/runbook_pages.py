"""A runbook as a whole: whose it is, its steps, and what its Markdown may not hold (F65).

Pages are shown in Airflow and in Slack, so that raw HTML, mass mentions and links that run code are refused. Whatever
stands in code is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from stationmaster.config.checklist import ChecklistItem, parse_checklist, slug
from stationmaster.config.documents import DocumentBroken
from stationmaster.config.mistakes import Mistake
from stationmaster.config.runbooks import FrontMatter, PageMissing, body, read_front_matter

_FENCE = re.compile(r"^\s*(```|~~~)")
_CODE = re.compile(r"`[^`]*`")
_TAG = re.compile(r"<(?=[A-Za-z/!?])[^>]*>?")
_AUTOLINK = re.compile(r"<https://[^<>\s]+>")
_MENTION = re.compile(r"(?<![\w.])@(?:channel|here|everyone)\b|<(?:[@#]|!(?!--))[^>]*>", re.IGNORECASE)
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]*)")
_REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_ALLOWED = ("https:", "mailto:")
REVIEW = timedelta(days=365)
"""How long a page counts as true without anybody following it."""


class Runbook(NamedTuple):
    """A page: its front matter, its steps in their order, and its Markdown without the front matter."""

    head: FrontMatter
    steps: tuple[ChecklistItem, ...]
    text: str

    def is_stale(self, now: datetime, within: timedelta = REVIEW) -> bool:
        """Return whether nobody has followed the page for too long."""
        return now.date() - self.head.reviewed > within


def read_runbook(include: Path, page: str) -> Runbook:
    """Return a page by its id.

    :raises PageMissing: there is none.
    :raises DocumentBroken: its front matter cannot be read.
    :raises ValueError: its front matter lacks a field, or says something wrong.
    """
    path = include / "runbooks" / f"{page}.md"
    try:
        state = path.stat()
    except FileNotFoundError as error:
        raise PageMissing(f"there is no page runbooks/{page}.md") from error
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1024)
def _read(path: Path, changed_at: int, size: int) -> Runbook:  # noqa: ARG001 - they tell one state of the file from another
    head = FrontMatter.model_validate(read_front_matter(path).value)
    markdown = path.read_text(encoding="utf-8")
    return Runbook(head, steps_of(head, markdown), body(markdown))


def steps_of(head: FrontMatter, markdown: str) -> tuple[ChecklistItem, ...]:
    """Return the steps: those of the front matter, else the items of the page's lists."""
    if not head.steps:
        return parse_checklist(markdown)
    return tuple(ChecklistItem(id=f"{place}-{slug(text)}", text=text) for place, text in enumerate(head.steps, 1))


def page_ids(include: Path) -> tuple[str, ...]:
    """Return the ids of all pages, sorted; what has no front matter is no runbook, but a page of another kind."""
    found = []
    for path in sorted((include / "runbooks").glob("*.md")):
        try:
            read_front_matter(path)
        except (DocumentBroken, OSError, UnicodeDecodeError):
            continue
        found.append(path.stem)
    return tuple(found)


def markup_mistakes(path: Path) -> tuple[tuple[int, Mistake], ...]:
    """Return what the Markdown of a page may not hold, with the line (from 1)."""
    state = path.stat()
    return _markup_mistakes(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1024)
def _markup_mistakes(path: Path, changed_at: int, size: int) -> tuple[tuple[int, Mistake], ...]:  # noqa: ARG001
    return tuple(_in_page(path))


def _in_page(path: Path) -> Iterator[tuple[int, Mistake]]:
    fence = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark = _FENCE.match(line)
        if mark:
            fence = "" if fence == mark[1] else fence or mark[1]
            continue
        if not fence:
            plain = _CODE.sub("", line)
            yield from ((number, mistake) for mistake in _in_line(path, plain))


def _in_line(path: Path, line: str) -> Iterator[Mistake]:
    for found in _MENTION.findall(line):
        remedy = "Name the channel or the role in plain words, or put it in backticks."
        yield Mistake("runbook_mention", (), f"{found!r} would call people whenever the page is shown", remedy, found)
    for found in _TAG.findall(_AUTOLINK.sub("", _MENTION.sub("", line))):
        remedy = "Write it in Markdown; put what is meant as text in backticks."
        yield Mistake("runbook_html", (), f"{found!r} is HTML, which a page may not hold", remedy, found)
    for target in (*_LINK.findall(line), *_REFERENCE.findall(line)):
        mistake = _of_link(path, target)
        if mistake is not None:
            yield mistake


def _of_link(path: Path, target: str) -> Mistake | None:
    if _SCHEME.match(target):
        if target.lower().startswith(_ALLOWED):
            return None
        remedy = "Link to an https address, or to another page."
        return Mistake("runbook_link", (), f"{target!r} is no link that a page may hold", remedy, target)
    name = target.partition("#")[0]
    folder = path.parent.parent.resolve()
    there = (path.parent / name).resolve()
    if not target or (name and not (there.is_relative_to(folder) and there.is_file())):
        remedy = "Write the path from this page, such as deploy-failed.md, or an https address."
        return Mistake("runbook_link", (), f"the link to {target!r} leads nowhere in include/", remedy, target)
    return None


class Debt(NamedTuple):
    """Something that is not written yet, or not true any more: what, about which page or chore, and what to do."""

    code: str
    about: str
    sentence: str
    remedy: str


def page_debts(runbook: Runbook, now: datetime, *, followed: bool = True) -> Iterator[Debt]:
    """Yield what one page owes.

    :param followed: whether somebody works through it, as for a chore: then it has steps.
    """
    name = runbook.head.id
    if runbook.is_stale(now):
        yield Debt(
            "runbook_stale",
            name,
            f"nobody has followed runbooks/{name}.md since {_day(runbook.head.reviewed)}",
            "Follow it once, mend what is not true any more, and write today's date as reviewed.",
        )
    if followed and not runbook.steps:
        yield Debt(
            "runbook_without_steps",
            name,
            f"runbooks/{name}.md has no steps that could be ticked",
            "Write its steps as - [ ] items, or as steps in the front matter.",
        )


def _day(day: date) -> str:
    return day.isoformat()
