"""Times in which nothing, or not everything, may change: freezes, in four modes (T-02, T-03, F32 … F34)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing, standing
from stationmaster.core.instants import Instant, ZoneName, first_instant, local_text, to_local, utc
from stationmaster.core.rotations.windows import Span, WeekWindow, Window, merged, spans
from stationmaster.core.value import Value

Action = Literal["cut", "promote", "hotfix", "rollback", "merge"]
"""What somebody wants to do: the two stops of a train, what goes past it, and a merge of an upgrade."""
_DAY = timedelta(days=1)
_LOOK = timedelta(weeks=2)
_FAR = timedelta(days=800)


class FreezeMode(StrEnum):
    """What a freeze keeps from happening. A rollback is exempt from every mode (F34)."""

    NO_CUT = "no_cut"
    """No new train; what is aboard goes on."""
    HOLD_PROMOTION = "hold_promotion"
    """Nothing new in production but a hotfix; trains are cut, and wait."""
    HOTFIX_ONLY = "hotfix_only"
    """No train at all; a hotfix may go."""
    ALL_STOP = "all_stop"
    """Nothing but a rollback."""

    @property
    def forbids(self) -> frozenset[Action]:
        """What may not happen."""
        return _FORBIDS[self]


_FORBIDS: dict[FreezeMode, frozenset[Action]] = {
    FreezeMode.NO_CUT: frozenset({"cut"}),
    FreezeMode.HOLD_PROMOTION: frozenset({"promote"}),
    FreezeMode.HOTFIX_ONLY: frozenset({"cut", "promote", "merge"}),
    FreezeMode.ALL_STOP: frozenset({"cut", "promote", "hotfix", "merge"}),
}


class Freeze(Value):
    """A freeze: a span, each week's windows, or days off; one of them.

    :param start, end: half-open ``[start, end)``; both or neither.
    :param days: whole days of the zone, such as holidays.
    """

    name: str
    mode: FreezeMode
    why: str = ""
    start: Instant | None = None
    end: Instant | None = None
    windows: tuple[Window | WeekWindow, ...] = ()
    days: tuple[date, ...] = ()
    zone: ZoneName

    def between(self, start: datetime, end: datetime) -> tuple[Span, ...]:
        """Return when it holds within ``[start, end)``, clipped and merged."""
        first, last = utc(start), utc(end)
        found = list(spans(self.windows, first, last))
        if self.start is not None and self.end is not None:
            found.append(Span(max(self.start, first), min(self.end, last)))
        begin, close = to_local(first, self.zone).date() - _DAY, to_local(last, self.zone).date() + _DAY
        for day in self.days:
            if begin <= day <= close:
                opens, closes = (
                    first_instant(datetime.combine(each, datetime.min.time()), self.zone) for each in (day, day + _DAY)
                )
                found.append(Span(max(opens, first), min(closes, last)))
        return merged(span for span in found if span.start < span.end)

    def holds(self, at: datetime) -> bool:
        """Return whether it holds at an instant; the instant of its end is outside."""
        instant = utc(at)
        return bool(self.between(instant, instant + timedelta(microseconds=1)))

    def ends(self, at: datetime) -> datetime | None:
        """Return when a freeze that holds at an instant ends; None: not for years."""
        instant = utc(at)
        reach = _LOOK
        while reach < _FAR:
            found = self.between(instant, instant + reach)
            if found and found[0].start == instant and found[0].end < instant + reach:
                return found[0].end
            reach *= 4
        return None


def active(freezes: Iterable[Freeze], action: Action, at: datetime) -> tuple[Freeze, ...]:
    """Return which freezes forbid an action at an instant, in the order of the files."""
    return tuple(freeze for freeze in freezes if action in freeze.mode.forbids and freeze.holds(at))


def reopens(freezes: Iterable[Freeze], action: Action, at: datetime) -> datetime | None:
    """Return the first instant from ``at`` on at which nothing forbids an action; None: not for years.

    One freeze may begin before another ends: then the last of them counts (F33).
    """
    found = tuple(freezes)
    instant = utc(at)
    for _ in range(10_000):
        held = active(found, action, instant)
        if not held:
            return instant
        ends = [freeze.ends(instant) for freeze in held]
        if any(end is None for end in ends):
            return None
        instant = max(end for end in ends if end is not None)
        if instant - utc(at) > _FAR:
            return None
    return None


def freeze_gate(freezes: Iterable[Freeze], action: Action, now: datetime, *, zone: str) -> Standing:
    """WAIT with each freeze that forbids an action now, and until when; PASS where none does."""
    found = tuple(freezes)
    held = active(found, action, now)
    clears = reopens(found, action, now) if held else None
    return standing("freeze", [_blocker(freeze, action, clears, now, zone) for freeze in held])


def _blocker(freeze: Freeze, action: Action, clears: datetime | None, now: datetime, zone: str) -> Blocker:
    ends = freeze.ends(now)
    return blocker(
        "FROZEN",
        clears_at=clears,
        subject=freeze.name,
        freeze=freeze.name,
        mode=freeze.mode.value,
        action=action,
        ends=local_text(ends, zone) if ends is not None else "an end that is years away",
        why=freeze.why.strip().rstrip("."),
    )
