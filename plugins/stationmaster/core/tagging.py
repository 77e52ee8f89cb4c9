"""The tag of a release, from a pattern: the same for the same departure, whenever it is asked for (T-20, F19)."""

from __future__ import annotations

from datetime import date, timedelta
from string import Formatter

from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import InvalidRef, valid_ref

PLACEHOLDERS = ("version", "year", "week", "date", "short", "component")
"""What a pattern may name: ``2026.34.0``, ``2026``, ``34``, ``2026-08-19``, ``1a2b3c4d``, ``explorer``."""


class BadTagPattern(ValueError):
    """A pattern that names what there is not, is no tag, or gives two departures the same tag."""

    def __init__(self, pattern: str, why: str) -> None:
        """Keep the pattern and the reason."""
        super().__init__(pattern, why)
        self.pattern, self.why = pattern, why

    def __str__(self) -> str:
        """Name the pattern and what is wrong."""
        return f"the pattern {self.pattern!r} {self.why}"


def tag_of(pattern: str, *, component: str, week: IsoWeek, day: date, sha: str, suffix: str = "") -> str:
    """Return the tag of one component in one departure.

    :param day: on which the release came to its environment, in the zone of the train.
    :param suffix: of a release candidate, such as ``-rc``.
    :raises BadTagPattern: the pattern names what there is not, or what comes out is no tag.
    """
    values = {
        "version": f"{week.year}.{week.week}.0",
        "year": f"{week.year}",
        "week": f"{week.week:02d}",
        "date": f"{day:%Y-%m-%d}",
        "short": sha[:8],
        "component": component,
    }
    try:
        fields = [(name, form, change) for _, name, form, change in Formatter().parse(pattern) if name is not None]
    except ValueError as error:
        raise BadTagPattern(pattern, "has a brace that is not closed") from error
    strange = sorted(name for name, form, change in fields if name not in values or form or change)
    if strange:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise BadTagPattern(pattern, f"names {{{strange[0]}}}; there are {known}")
    tag = pattern.format_map(values) + suffix
    try:
        return valid_ref(tag)
    except InvalidRef as error:
        raise BadTagPattern(pattern, f"gives {tag!r}, which is no tag") from error


def proven(pattern: str, suffix: str = "") -> str:
    """Return the pattern if each departure of three years gets a tag of its own, of whatever commits it carries.

    :raises BadTagPattern: it does not.
    """
    first, seen = IsoWeek(year=2026, week=1), set()
    for number in range(160):
        week = first.plus(number)
        day = week.monday() + timedelta(days=2)
        sha = f"{number:08x}" if "{short}" in pattern else "0" * 8
        seen.add(tag_of(pattern, component="app", week=week, day=day, sha=sha, suffix=suffix))
    if len(seen) < 160:
        raise BadTagPattern(pattern, "gives two departures the same tag, and a tag is never moved")
    return pattern
