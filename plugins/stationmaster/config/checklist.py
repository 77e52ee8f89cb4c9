"""Test lists: the ``- [ ]`` items of a Markdown page (C-20)."""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile
from pathlib import Path

from stationmaster.config.base import ConfigModel
from stationmaster.config.runbooks import body, page_text

_ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*+]|\d+[.)])\s+\[[ xX]\]\s+(?P<text>\S.*?)\s*$")
_HEADING = re.compile(r"^#{1,6}\s+(?P<title>.*?)\s*#*\s*$")
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s")
_NAMED = re.compile(r"\s*\{#(?P<id>[a-z0-9][a-z0-9-]*)\}\s*$")
_LONGEST_SLUG = 60


class ChecklistItem(ConfigModel):
    """One thing to try: a stable id, the text as written, the heading it stands under."""

    id: str
    text: str
    section: str = ""


def parse_checklist(markdown: str) -> tuple[ChecklistItem, ...]:
    """Return the items of a page in their order; boxes inside fenced code are text, not items.

    The id comes from ``{#id}`` at the end of the item, else from its words; the second item of the same words gets
    ``-2``. Other words than an item's own never change its id.
    """
    items: list[tuple[str, str]] = []
    section, fence, following = "", "", False
    for line in body(markdown).splitlines():
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~"):
            fence, following = ("" if fence == mark else fence or mark), False
        elif fence:
            continue
        elif heading := _HEADING.match(line):
            section, following = heading["title"], False
        elif item := _ITEM.match(line):
            items.append((item["text"], section))
            following = True
        elif following and line.startswith("  ") and line.strip() and not _LIST.match(line):
            text, under = items[-1]
            items[-1] = (f"{text} {line.strip()}", under)
        else:
            following = False
    return _numbered(items)


def introduction(markdown: str) -> str:
    """Return what a page says before its first section or item: what holds for all of it, such as what not to do."""
    lines = body(markdown).lstrip().splitlines()
    if lines and _HEADING.match(lines[0]):
        lines = lines[1:]
    said = takewhile(lambda line: not (_ITEM.match(line) or _HEADING.match(line)), lines)
    return "\n".join(line.rstrip() for line in said).strip()


def read_checklist(include: Path, page: str) -> tuple[ChecklistItem, ...]:
    """Return the items of a page under ``include``; raises as :func:`stationmaster.config.runbooks.page_text` does."""
    return parse_checklist(page_text(include, page))


def slug(text: str) -> str:
    """Return ``text`` as an id: ASCII, lower case, words joined by dashes, at most 60 characters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) > _LONGEST_SLUG:
        words = words[:_LONGEST_SLUG].rsplit("-", 1)[0]
    return words or "item"


def _numbered(items: list[tuple[str, str]]) -> tuple[ChecklistItem, ...]:
    taken = {"note"}  # a field of every form that a list stands in
    result = []
    for text, section in items:
        named = _NAMED.search(text)
        shown = _NAMED.sub("", text)
        wanted = named["id"] if named else slug(shown)
        unique, number = wanted, 1
        while unique in taken:
            number += 1
            unique = f"{wanted}-{number}"
        taken.add(unique)
        result.append(ChecklistItem(id=unique, text=shown, section=section))
    return tuple(result)
