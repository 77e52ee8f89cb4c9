"""What a dependency upgrade changes, and whether that is patch-level: what cannot be read never is (D-24, D-25).

A pull request says twice what it does: in words (title and body) and in its diff. The diff decides, and each changed
line of it must be understood; the words may only make things worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from stationmaster.core.upgrade_diffs import ChangedFile, read_file
from stationmaster.core.upgrade_versions import Bump
from stationmaster.core.upgrade_words import read_words
from stationmaster.core.value import Value

Policy = Literal["never", "patch"]
"""Whether an upgrade may be merged without a person: never, or when it is patch-level and green."""
AREA = "dependencies"
"""The name under a team of its DAG, and of what the ledger keeps of it: ``<team>.dependencies``."""
MOST_SHOWN = 20
"""Bumps in a summary; the rest is counted."""
MOST_FILES = 300
"""Files of a pull request that are read; with more of them it is nothing that a rule should merge."""


class Assessment(Value):
    """What a pull request changes: every bump that was found, and what could not be read, in words."""

    bumps: tuple[Bump, ...] = ()
    unread: tuple[str, ...] = ()
    from_diff: int = 0
    """How many of the bumps the diff shows; the words alone prove nothing."""

    @property
    def objections(self) -> tuple[str, ...]:
        """Why it is not patch-level, a sentence each; nothing where it is."""
        found = [f"{bump.words} is {_KINDS[bump.kind]}." for bump in self.bumps if bump.kind != "patch"]
        found += self.unread
        if not found and not self.from_diff:
            found.append("The diff shows no version that is raised.")
        return tuple(found)


_KINDS = {
    "minor": "a minor upgrade, not a patch",
    "major": "a major upgrade, not a patch",
    "same": "no upgrade at all",
    "back": "a step back",
    "unreadable": "no pair of versions that a rule can compare",
}


def assess(title: str, body: str, files: Sequence[ChangedFile]) -> Assessment:
    """Return what a pull request changes. Whatever is not understood is among ``unread``.

    :param files: all of them; of a file without a patch nothing is known.
    """
    said, muttered = read_words(f"{title}\n{body}")
    shown: list[Bump] = []
    unread: list[str] = list(muttered)
    if not files:
        unread.append("The pull request shows no changed file.")
    if len(files) > MOST_FILES:
        unread.append(f"The pull request changes {len(files)} files; more than {MOST_FILES} are not read.")
    for file in files[:MOST_FILES]:
        bumps, rest = read_file(file)
        shown += bumps
        unread += rest
    return Assessment(bumps=_each_once([*shown, *said]), unread=tuple(dict.fromkeys(unread)), from_diff=len(shown))


def summary(assessment: Assessment) -> tuple[str, ...]:
    """Return the bumps as lines for people, the largest first; plain text that may quote what came from outside."""
    order = ("unreadable", "back", "major", "minor", "patch", "same")
    bumps = sorted(assessment.bumps, key=lambda bump: (order.index(bump.kind), bump.name.lower(), bump.after))
    lines = [f"{bump.words} ({bump.kind})" for bump in bumps[:MOST_SHOWN]]
    if len(bumps) > MOST_SHOWN:
        lines.append(f"and {len(bumps) - MOST_SHOWN} more")
    return tuple(lines)


class Condition(Value):
    """How a pull request stands, as far as the policy looks at it.

    :param checks: ``green`` only where every deciding check passed.
    :param tampered: whose commits are aboard beside the workflow's own; empty where there are none.
    :param conflict: whether GitHub has refused to merge this head, or knows that it would.
    :param approved_by: the person on call who said that this very head is to be merged.
    """

    checks: Literal["green", "red", "pending", "absent", "unreadable"]
    failing: tuple[str, ...] = ()
    draft: bool = False
    conflict: bool = False
    tampered: tuple[str, ...] = ()
    approved_by: str | None = None


def objections(policy: Policy, assessment: Assessment, condition: Condition) -> tuple[str, ...]:
    """Return why an upgrade is not merged without a question, a sentence each; nothing: it may be merged.

    A person's word on this head stands in for the policy, for patch-level and for whose commits are aboard; never for
    green checks, and never against a conflict.
    """
    found: list[str] = []
    if condition.checks != "green":
        names = f": {', '.join(condition.failing)}" if condition.failing else ""
        found.append(f"{_CHECKS[condition.checks]}{names}.")
    if condition.conflict:
        found.append("GitHub cannot merge it: it conflicts with its base, or a rule of the repository is in the way.")
    if condition.draft:
        found.append("It is a draft.")
    if condition.approved_by is not None:
        return tuple(found)
    if condition.tampered:
        found.append(f"There are commits aboard that are not the workflow's own, by {', '.join(condition.tampered)}.")
    if policy == "never":
        found.append("The team's policy is that a person merges every upgrade.")
    found += _few(assessment.objections)
    return tuple(found)


_CHECKS = {
    "red": "Checks failed",
    "pending": "Checks have not ended in time",
    "absent": "There are no checks",
    "unreadable": "The checks cannot be read",
}
_MOST_OBJECTIONS = 8


def _few(sentences: tuple[str, ...]) -> Iterable[str]:
    yield from sentences[:_MOST_OBJECTIONS]
    if len(sentences) > _MOST_OBJECTIONS:
        yield f"And {len(sentences) - _MOST_OBJECTIONS} more such reasons."


def _each_once(bumps: Iterable[Bump]) -> tuple[Bump, ...]:
    return tuple(dict.fromkeys(bumps))
