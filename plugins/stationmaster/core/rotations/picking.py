"""Who should take a shift that nobody has: by how long ago they had one, and by how far away their others are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from stationmaster.core.rotations.windows import Span

When = TypeVar("When", datetime, float)


def pick(members: Sequence[str], busy: Collection[str], last_end: Mapping[str, When]) -> str | None:
    """Return who has waited longest: somebody who never had a shift, else whose last one ended first (R36).

    :param busy: who cannot.
    :param last_end: when the last shift of each ended; who is not in it never had one.
    :returns: None if everybody is busy. Of two equals the one who stands first.
    """
    free = [member for member in members if member not in busy]
    fresh = [member for member in free if member not in last_end]
    if fresh:
        return fresh[0]
    longest: str | None = None
    for member in free:
        if longest is None or last_end[member] < last_end[longest]:
            longest = member
    return longest


class Suggestion(NamedTuple):
    """A person who could take a shift, and how far their nearest shift is from it; None: they have no other (R35)."""

    person: str
    distance: timedelta | None


def suggest(wanted: Span, shifts: Mapping[str, Iterable[Span]], busy: Collection[str] = ()) -> tuple[Suggestion, ...]:
    """Return who could take a span, the best first: the further their nearest shift is, the better (R35).

    :param shifts: of everybody who may be asked, their own shifts around the span.
    :param busy: who is away or on call elsewhere then.
    """
    found: list[Suggestion] = []
    for person, own in shifts.items():
        others = list(own)
        if person in busy or any(span.start < wanted.end and wanted.start < span.end for span in others):
            continue
        distance = min((_distance(wanted, span) for span in others), default=None)
        found.append(Suggestion(person, distance))

    def worse(each: Suggestion) -> tuple[timedelta, str]:
        return timedelta.min if each.distance is None else -each.distance, each.person

    return tuple(sorted(found, key=worse))


def _distance(wanted: Span, other: Span) -> timedelta:
    return wanted.start - other.end if other.end <= wanted.start else other.start - wanted.end


def assign(
    spans: Sequence[Span],
    members: Sequence[str],
    unavailable: Mapping[str, Sequence[Span]],
    last_end: Mapping[str, datetime],
) -> dict[Span, str]:
    """Return who takes each span, in order: whoever has waited longest of those who can (R36).

    A span that nobody can take is left out.
    """
    ends = dict(last_end)
    found: dict[Span, str] = {}
    for span in sorted(spans):
        busy = {
            person
            for person, several in unavailable.items()
            if any(each.start < span.end and span.start < each.end for each in several)
        }
        person = pick(members, busy, ends)
        if person is not None:
            found[span] = person
            ends[person] = span.end
    return found
