"""Versions as Cargo, npm and PEP 440 write them, and what a step from one to another is; in doubt it is unreadable."""

from __future__ import annotations

import re
from typing import Literal

from stationmaster.core.value import Value

Kind = Literal["patch", "minor", "major", "same", "back", "unreadable"]
LONGEST = 60
"""Characters of a name or a version in a sentence; what is longer is cut."""
_PLAIN = re.compile(r"v?(\d{1,9})((?:\.\d{1,9}){0,3})", re.ASCII)


class Bump(Value):
    """One dependency that goes from one version to another, as it was written."""

    name: str
    before: str
    after: str

    @property
    def kind(self) -> Kind:
        """What kind of step it is."""
        return kind_of(self.before, self.after)

    @property
    def words(self) -> str:
        """``serde 1.0.1 → 1.0.2``."""
        return f"{_cut(self.name)} {_cut(self.before)} → {_cut(self.after)}"


def kind_of(before: str, after: str) -> Kind:
    """Return what kind of step leads from one version to another.

    A patch raises the third part or a later one, below equal first two. Below ``0.1`` there are no patches: Cargo and
    npm let every such version break. Pre-releases, post-releases, builds, epochs, ranges and hashes are unreadable: a
    rule cannot tell what they bring.
    """
    old, new = _numbers(before), _numbers(after)
    if old is None or new is None:
        return "unreadable"
    if new == old:
        return "same"
    if new < old:
        return "back"
    if old[0] != new[0]:
        return "major"
    if old[1] != new[1]:
        return "major" if old[0] == 0 else "minor"
    return "major" if old[:2] == (0, 0) else "patch"


def _numbers(text: str) -> tuple[int, int, int, int] | None:
    """Return the parts of a plain version, padded with zeros; None for anything else."""
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    parts = [int(part) for part in (match[1], *match[2].split(".")[1:])]
    first, second, third, fourth = [*parts, 0, 0, 0][:4]
    return first, second, third, fourth


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
