"""The bumps that a diff shows, line by line: every changed line is understood, or the file is not (D-25).

A line that goes and the line that comes in its place must be the same but for versions. Hashes beside a version that is
raised are passed over: they follow from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stationmaster.core.upgrade_versions import Bump
from stationmaster.core.value import Value

LONGEST_LINE = 2000
_FILES = re.compile(
    r"Cargo\.(?:toml|lock)|Cargo\.Bazel\.(?:toml\.)?lock|pyproject\.toml|(?:uv|poetry|pdm)\.lock|Pipfile"
    r"|(?:requirements|constraints)[\w.-]{0,60}\.(?:txt|in|lock)|package(?:-lock)?\.json|go\.(?:mod|sum)"
)
"""Files that list dependencies and nothing else that matters; any other file is more than an upgrade."""
_VERSION = re.compile(
    r"(?<![\w.])v?\d{1,9}(?:\.\d{1,9}){1,5}"
    r"(?:\.?(?:post|dev|pre|rc|alpha|beta|a|b)\d[\w.]{0,20}|[-+][A-Za-z][0-9A-Za-z.+-]{0,40}|[A-Za-z][0-9A-Za-z]{0,20})?"
    r"|(?<![\w.])v\d{1,9}(?![\w.])",
    re.ASCII,
)
_HASH = re.compile(
    r"""\s*(?:checksum\s=\s"[0-9a-f]{64}"|"(?:integrity|checksum|sha256)":\s"[\w+/=-]{20,200}",?|"?(?:content-hash|hash)"?\s?[=:]\s?"(?:sha\d+:)?[0-9a-f]{32,128}",?
    |(?:sdist\s=\s)?\{\s?(?:url\s=\s"https://files\.pythonhosted\.org/[^"]{1,300}"|file\s=\s"[^"/]{1,200}"),\shash\s=\s"sha256:[0-9a-f]{64}"[^"]{0,200}(?:upload-time\s=\s"[^"]{0,40}"\s?)?\},?
    |--hash=sha256:[0-9a-f]{64}(?:\s?\\)?)\s*""",
    re.VERBOSE | re.ASCII,
)
_NAME_LINE = re.compile(
    r"""^\s*(?:name\s=\s"([^"]{1,200})"|"(?:node_modules/)?([^"]{1,200})":\s\{|\[[\w.-]*dependencies\.([\w-]{1,200})\])"""
)
_WORD = re.compile(r"[A-Za-z@][\w@/.-]{0,199}")
_NO_NAMES = frozenset({"version", "rev", "tag", "require", "resolved", "https", "v"})


class ChangedFile(Value):
    """One file of a pull request; ``patch`` is its unified diff, None where GitHub shows none: too large, or binary."""

    name: str
    status: str = "modified"
    patch: str | None = None


def read_file(file: ChangedFile) -> tuple[tuple[Bump, ...], tuple[str, ...]]:
    """Return the bumps of one file, and sentences on what could not be read in it."""
    short = file.name.rpartition("/")[2]
    if not _FILES.fullmatch(short):
        return (), (f"{file.name} is changed, too, and is no list of dependencies.",)
    if file.status != "modified":
        return (), (f"{file.name} is {file.status}.",)
    if not file.patch:
        return (), (f"GitHub shows no diff of {file.name}.",)
    bumps: list[Bump] = []
    raised: set[str] = set()
    for removed, added, context in _blocks(file.patch):
        gone, come = _without_hashes(removed), _without_hashes(added)
        if not gone and not come and context not in raised:
            return tuple(bumps), (f"{file.name} has another hash of the same version.",)
        if len(gone) != len(come) or any(len(line) > LONGEST_LINE for line in (*gone, *come)):
            return tuple(bumps), (f"{file.name} has lines that are more than another version.",)
        for before, after in zip(gone, come, strict=True):
            found = _pair(before, after, context or f"something in {short}")
            if not found:
                return tuple(bumps), (f"{file.name} has lines that are more than another version.",)
            bumps += found
            raised.add(context)
    return tuple(bumps), ()


def _pair(before: str, after: str, context: str) -> list[Bump]:
    """Return what differs between two lines that are the same but for versions; nothing where they are not."""
    if _VERSION.sub("\0", before) != _VERSION.sub("\0", after):
        return []
    name = _named(before, context)
    steps = zip(_VERSION.findall(before), _VERSION.findall(after), strict=True)
    return [Bump(name=name, before=old, after=new) for old, new in steps if old != new]


def _named(line: str, context: str) -> str:
    for match in _WORD.finditer(_VERSION.sub(" ", line)):
        if match[0].rstrip("/.-") not in _NO_NAMES:
            return match[0].rstrip("/.-")
    return context


def _without_hashes(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip() and not _HASH.fullmatch(line)]


def _blocks(patch: str) -> Iterator[tuple[list[str], list[str], str]]:
    """Yield each run of removed lines with the added ones that follow it, and the name that stands above them."""
    removed: list[str] = []
    added: list[str] = []
    above = ""
    for line in patch.split("\n"):
        sign, text = line[:1], line[1:]
        if sign == "-" and not added:
            removed.append(text)
            continue
        if sign == "+":
            added.append(text)
            continue
        if removed or added:
            yield removed, added, above
            removed, added = [], []
        if sign == "-":
            removed.append(text)
        elif sign == "@":
            above = ""
        elif (match := _NAME_LINE.match(text)) is not None:
            above = match[1] or match[2] or match[3] or ""
    if removed or added:
        yield removed, added, above
