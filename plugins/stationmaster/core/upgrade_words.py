"""The bumps that a pull request's title and body tell of, in the ways of the usual tools; plain or in tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from stationmaster.core.upgrade_versions import Bump

MOST_LINES = 2000
LONGEST_LINE = 400
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()]{0,400}\)")
_MARKS = re.compile(r"[`*]|<[^<>]{0,200}>|^[-+•\s]+|^\s*\d+\.\s")
_VERSION = r"v?\d[0-9A-Za-z.+!_-]{0,60}"
_FROM_TO = re.compile(
    r"\b(?:bump|bumps|update|updates|upgrade|upgrades)\s+(\S{1,200})\s+(?:requirement\s+)?from\s+(\S{1,80})\s+to\s+(\S{1,80})",
    re.IGNORECASE,
)
_ARROW = re.compile(r"(\S{1,80})\s*(?:→|->|=>|➔)\s*(\S{1,80})")
_IS_VERSION = re.compile(_VERSION)
_NEW = re.compile(r"^(?:adding|adds?|added|removing|removes?|removed)\s+\S{1,200}\s+v?\d", re.IGNORECASE)
_EDGES = ".,;:()[]'\"|"


def read_words(text: str) -> tuple[tuple[Bump, ...], tuple[str, ...]]:
    """Return the bumps that a text tells of, and sentences on what looks like one and cannot be read."""
    bumps: list[Bump] = []
    unread: list[str] = []
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        unread.append(f"The description has {len(lines)} lines; more than {MOST_LINES} are not read.")
    for line in lines[:MOST_LINES]:
        if len(line) > LONGEST_LINE:
            if "→" in line or "->" in line or " from " in line:
                unread.append("A line of the description is too long to be read.")
            continue
        plain = _MARKS.sub("", _LINK.sub(r"\1", line)).strip()
        found = list(_of_line(plain))
        bumps += found
        if not found and (_ARROW.search(plain) or _FROM_TO.search(plain) or _NEW.search(plain)):
            unread.append(f"The description says {plain[:120]!r}, which a rule cannot read.")
    return tuple(bumps), tuple(unread)


def _of_line(line: str) -> Iterator[Bump]:
    told = _FROM_TO.search(line)
    if told is not None:
        yield Bump(name=told[1].strip(_EDGES), before=told[2].strip(_EDGES), after=told[3].strip(_EDGES))
        return
    if line.startswith("|") or line.count("|") >= 2:
        yield from _of_row([cell.strip() for cell in line.strip("|").split("|")])
        return
    for match in _ARROW.finditer(line):
        before, after = match[1].strip(_EDGES), match[2].strip(_EDGES)
        if _IS_VERSION.fullmatch(before) and _IS_VERSION.fullmatch(after):
            yield Bump(name=_name(line[: match.start()]), before=before, after=after)


def _of_row(cells: list[str]) -> Iterator[Bump]:
    """Read a row of a table: a cell with an arrow, or two cells side by side that are versions and nothing else."""
    name = _name(cells[0])
    for cell in cells[1:]:
        match = _ARROW.search(cell)
        if match is not None:
            yield Bump(name=name, before=match[1].strip(_EDGES), after=match[2].strip(_EDGES))
            return
    for before, after in pairwise(cells[1:]):
        if _IS_VERSION.fullmatch(before) and _IS_VERSION.fullmatch(after):
            yield Bump(name=name, before=before, after=after)
            return


def _name(text: str) -> str:
    """Return the last word before the versions, such as ``serde`` of ``Updating serde``."""
    words = [word.strip(_EDGES) for word in text.split()]
    return next((word for word in reversed(words) if word), "something")
