"""What somebody wrote becomes a plan, or a list of everything that is wrong with it, each with its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from stationmaster.core.instants import UncertainTime, UnknownZone, exact_instant, local_text, utc, zone_of
from stationmaster.core.manifest import InvalidSha, valid_sha
from stationmaster.core.rollouts.days import DAY_REMEDY, TIME_REMEDY, day_named, time_named
from stationmaster.core.rollouts.plan import Batch, PlanInvalid, PlanMistake, RolloutPlan, Separation, Way
from stationmaster.core.rollouts.written import WrittenBatch, WrittenPlan, WrittenWay

_ZONE_REMEDY = "Write zone: with a name of the IANA database, such as zone: Europe/Zurich."
_LISTED = 5


def checked(
    written: WrittenPlan,
    *,
    targets: Iterable[str],
    version: str,
    zone: str | None,
    start: date,
    now: datetime,
    separations: Sequence[Separation] = (),
) -> RolloutPlan:
    """Return the plan that a text means.

    :param targets: every target there is; the text may abbreviate them to a beginning that only one of them has.
    :param version: the sha that a target gets unless the text names another one.
    :param zone: in which times are read, unless the text names another one.
    :param start: a day of the week from which days are counted, in that zone.
    :param now: aware; no batch may begin before it.
    :raises PlanInvalid: with all mistakes at once.
    """
    found = _Checker(written, tuple(targets), version, zone, start, utc(now))
    plan = found.plan()
    mistakes = [*written.mistakes, *found.mistakes, *_too_near(found.placed, separations, found.zone)]
    if mistakes or plan is None:
        raise PlanInvalid(mistakes)
    return plan


class _Checker:
    """One pass over a text; what is wrong is gathered, and the rest is still looked at."""

    def __init__(
        self, written: WrittenPlan, targets: tuple[str, ...], version: str, zone: str | None, start: date, now: datetime
    ) -> None:
        self._written, self._targets, self._version, self._start, self._now = written, targets, version, start, now
        self.mistakes: list[PlanMistake] = []
        self.placed: list[tuple[WrittenWay, Way, datetime]] = []
        self._lines: dict[str, int] = {}
        self._last: tuple[datetime, int] | None = None
        self.zone = self._zone(zone)

    def plan(self) -> RolloutPlan | None:
        """Return the plan as far as it can be read, None if nothing of it can be."""
        batches: list[Batch] = []
        for day in self._written.days:
            on = day_named(day.day, self._start)
            if on is None:
                self._wrong(day.line, f"{day.day!r} is no day", DAY_REMEDY)
            elif not day.batches:
                self._wrong(day.line, f"{day.day} has no batch", "Write a time and its targets, or take the day out.")
            for written in day.batches:
                at = self._instant(written, on)
                ways = tuple(self._ways(written, at))
                if at is not None and ways:
                    batches.append(Batch(number=len(batches) + 1, at=at, ways=ways))
        if not self._written.days and not self._written.mistakes:
            self._wrong(1, "the plan is empty", "Write a day, a time and the targets that go then.")
        return RolloutPlan(zone=self.zone, batches=tuple(batches)) if batches and self.zone else None

    def _zone(self, default: str | None) -> str | None:
        named = self._written.zone
        if named is None and default is None:
            self._wrong(1, "the times of the plan have no zone", _ZONE_REMEDY)
            return None
        try:
            return zone_of(str(named if named is not None else default)).key
        except UnknownZone as unknown:
            self._wrong(self._written.zone_line, f"{unknown.zone!r} is not a time zone", _ZONE_REMEDY)
            return None

    def _instant(self, written: WrittenBatch, on: date | None) -> datetime | None:
        of_day = time_named(written.time)
        if of_day is None:
            self._wrong(written.line, f"{written.time!r} is no time of day", TIME_REMEDY)
        if of_day is None or on is None or self.zone is None:
            return None
        try:
            at = exact_instant(datetime.combine(on, of_day), self.zone)
        except UncertainTime as uncertain:
            why = str(uncertain).partition(": ")[0] if "does not exist" in str(uncertain) else f"{uncertain}"
            self._wrong(written.line, why.partition(". ")[0], "Write a time that the clocks show once on that day.")
            return None
        except OverflowError:
            self._wrong(written.line, f"{on} is out of reach", DAY_REMEDY)
            return None
        self._in_order(written, at)
        return at

    def _in_order(self, written: WrittenBatch, at: datetime) -> None:
        zone = str(self.zone)
        if at < self._now:
            past = f"{local_text(at, zone)} is over; it is {local_text(self._now, zone)}"
            self._wrong(written.line, past, "Write a later time, or let the plan start in a later week.")
        if self._last is not None and at <= self._last[0]:
            order = f"{local_text(at, zone)} is not after the batch on line {self._last[1]}"
            self._wrong(written.line, order, "Write the batches in the order of their times.")
        else:
            self._last = (at, written.line)

    def _ways(self, written: WrittenBatch, at: datetime | None) -> Iterator[Way]:
        if not written.ways:
            self._wrong(written.line, f"the batch at {written.time} is empty", "Name its targets, or take it out.")
        for entry in written.ways:
            target, version = self._target(entry), self._sha(entry)
            if target is None or version is None:
                continue
            way = Way(target=target, version=version)
            if at is not None:
                self.placed.append((entry, way, at))
            yield way

    def _target(self, entry: WrittenWay) -> str | None:
        wanted = entry.target
        if wanted in self._targets:
            return self._once(entry, wanted)
        found = [target for target in self._targets if wanted and target.startswith(wanted)]
        if len(found) == 1:
            return self._once(entry, found[0])
        if found:
            several = ", ".join(found[:_LISTED]) + (" …" if len(found) > _LISTED else "")
            self._wrong(entry.line, f"{wanted!r} may be any of {several}", "Write more of its name.")
        else:
            from difflib import get_close_matches

            near = get_close_matches(wanted, self._targets, n=1, cutoff=0.6)
            remedy = f"Did you mean {near[0]!r}?" if near else "Use one of the targets that the train's file lists."
            self._wrong(entry.line, f"there is no target {wanted!r}", remedy)
        return None

    def _once(self, entry: WrittenWay, target: str) -> str | None:
        if target in self._lines:
            self._wrong(entry.line, f"{target} stands on line {self._lines[target]} already", "Keep one of the two.")
            return None
        self._lines[target] = entry.line
        return target

    def _sha(self, entry: WrittenWay) -> str | None:
        try:
            return valid_sha(self._version if entry.version is None else entry.version)
        except InvalidSha:
            written = f"{entry.version!r} is no version"
            self._wrong(entry.line, written, "Write the forty hex digits of a commit, in lower case.")
            return None

    def _wrong(self, line: int, message: str, remedy: str) -> None:
        self.mistakes.append(PlanMistake(line=line, message=message, remedy=remedy))


def _too_near(
    placed: Sequence[tuple[WrittenWay, Way, datetime]], separations: Sequence[Separation], zone: str | None
) -> Iterator[PlanMistake]:
    for rule in separations:
        ours = sorted((each for each in placed if each[1].target in rule.targets), key=lambda each: each[2])
        for place, (entry, way, at) in enumerate(ours):
            for _, other, before in ours[:place]:
                if at - before < rule.by:
                    earliest = local_text(before + rule.by, zone or "UTC")
                    hours = rule.by.total_seconds() / 3600
                    yield PlanMistake(
                        line=entry.line,
                        message=f"{way.target} goes less than {hours:g} hours after {other.target}",
                        remedy=f"Let it go at {earliest} or later.",
                    )
