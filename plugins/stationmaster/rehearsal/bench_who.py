"""Who is on call: the engine beside `recurring-ical-events` and `dateutil`, on the same rotation, in one run.

The rotation is weekly, of eight people, anchored 2016-01-04 09:00 in America/Chicago. Each library knows it as it likes
best: one recurring event a person, parsed once; one cached rule of handoffs. All must name the same people.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from stationmaster.core.rotations.changes import Changes, Override, OverrideType
from stationmaster.core.rotations.members import Members
from stationmaster.core.rotations.plan import Plan, Revision
from stationmaster.core.rotations.roles import RoleRule
from stationmaster.core.rotations.rotation import Rotation
from stationmaster.core.rotations.turns import Cadence, Kind

ZONE = "America/Chicago"
ANCHOR = datetime.fromisoformat("2016-01-04T09:00")
PEOPLE = tuple(f"person-{place}" for place in range(8))
AGES = (2016, 2025, 2035)
OVERRIDES = (0, 100, 10_000)
TEAMS = 200
COLD_ROUNDS = 3
ROUNDS = 9

Who = Callable[[datetime], str]


class Disagreement(AssertionError):
    """Two libraries name different people for one instant."""


class Row(NamedTuple):
    """One measurement: seconds of one call of ours and of theirs, and how many times faster we must be."""

    what: str
    ours: float
    theirs: float
    times: float

    @property
    def kept(self) -> bool:
        """Whether the bound is kept."""
        return self.ours * self.times <= self.theirs


def rotation(kind: Kind = Kind.WEEKLY, overrides: int = 0) -> Rotation:
    """Return the rotation, with as many overrides strewn over its twenty years."""
    chance = random.Random(overrides)
    since = datetime(2016, 1, 4, tzinfo=UTC)
    several = []
    for place in range(overrides):
        start = since + timedelta(hours=chance.randrange(20 * 365 * 24))
        several.append(
            Override(
                id=str(place),
                role="primary",
                type=OverrideType.REPLACE,
                people=("substitute",),
                remove="nobody",
                start=start,
                end=start + timedelta(hours=8),
            )
        )
    revision = Revision(
        cadence=Cadence(kind=kind, zone=ZONE, anchor=ANCHOR),
        members=Members(slots=tuple((name,) for name in PEOPLE)),
        roles={"primary": RoleRule(turn=0)},
    )
    return Rotation(
        id="bench", zone=ZONE, plan=Plan(id="bench", revisions=(revision,)), changes=Changes(overrides=tuple(several))
    )


def instants(year: int, count: int) -> list[datetime]:
    """Return random instants of a year, the same each time."""
    chance = random.Random(year)
    start = datetime(year, 1, 5, tzinfo=UTC)
    return [start + timedelta(seconds=chance.randrange(355 * 86_400)) for _ in range(count)]


def by_calendar() -> Who:
    """Return the question put to `recurring-ical-events`: one recurring event a person, parsed once."""
    query = _calendar(7)

    def who(at: datetime) -> str:
        (found,) = (event for event in query.at(at) if event.start <= at < event.end)
        return str(found["SUMMARY"])

    return who


def by_rule() -> Who:
    """Return the question put to `dateutil`: the newest handoff of a cached rule, and its number."""
    from zoneinfo import ZoneInfo

    from dateutil.rrule import WEEKLY, rrule

    zone = ZoneInfo(ZONE)
    rule = rrule(WEEKLY, dtstart=ANCHOR, cache=True)

    def who(at: datetime) -> str:
        wall = at.astimezone(zone).replace(tzinfo=None)
        handoff = rule.before(wall, inc=True)
        return PEOPLE[int((handoff - ANCHOR).days) // 7 % len(PEOPLE)]

    return who


def by_engine(of: Rotation) -> Who:
    """Return the question put to ours."""
    schedule = of.schedule("primary")
    return lambda at: schedule.people_at(at)[0]


def measure(*, quick: bool) -> list[Row]:
    """Return every measurement, taken in turn.

    :raises Disagreement: two name different people.
    """
    count = 200 if quick else 1_000
    return [*_ages(count), *_overrides(count), _timeline(3 if quick else 7)]


def cold_teams(folder: Path, counts: Sequence[int] = (TEAMS // 4, TEAMS)) -> tuple[Row, ...]:
    """Return the cost of a team, loaded from cold YAML and answered, among few and among many: it is the same."""
    from stationmaster.config.loader import load

    includes = {count: _many_teams(folder / str(count), count) for count in counts}
    spent: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(COLD_ROUNDS):
        for count, include in includes.items():
            begun = time.process_time()
            for team in load(include).teams.values():
                team.on_call("primary", datetime(2026, 3, 9, 16, tzinfo=UTC))
            spent[count].append((time.process_time() - begun) / count)
    few, many = (median(spent[count]) for count in counts)
    return (Row(f"a team of {counts[1]} from cold YAML, beside one of {counts[0]}", many, few, 1 / 1.5),)


def _ages(count: int) -> list[Row]:
    rows: list[Row] = []
    ours, calendar, rule = by_engine(rotation()), by_calendar(), by_rule()
    for year in AGES:
        moments = instants(year, count)
        few = moments[: max(20, count // 20)]
        _agree(moments, ours, rule)
        _agree(few, ours, calendar)
        mine, cached = _interleaved((ours, moments), (rule, moments))
        _, parsed = _interleaved((ours, moments), (calendar, few))
        rows.append(Row(f"who, instants of {year}, beside recurring-ical-events", mine, parsed, 20))
        rows.append(Row(f"who, instants of {year}, beside dateutil (cached)", mine, cached, 1))
    late, early = _interleaved((ours, instants(AGES[-1], count)), (ours, instants(AGES[0], count)))
    rows.append(Row(f"who in {AGES[-1]} beside who in {AGES[0]}", late, early, 1 / 1.5))
    return rows


def _overrides(count: int) -> list[Row]:
    moments = instants(2025, count)
    plain = by_engine(rotation())
    rows = []
    for number in OVERRIDES[1:]:
        changed = by_engine(rotation(overrides=number))
        changed(moments[0])
        mine, theirs = _interleaved((changed, moments), (plain, moments))
        rows.append(Row(f"who with {number} overrides beside none", mine, theirs, 1 / 1.5))
    return rows


def _timeline(rounds: int) -> Row:
    """A year of a daily rotation, in full."""
    start, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    daily, query = rotation(Kind.DAILY), _calendar(1)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        # Anew each time: a schedule remembers the turns that it was asked for.
        found = rotation(Kind.DAILY).schedule("primary").timeline(start, end)
        ours.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        events = sorted(query.between(start, end), key=lambda event: event.start)
        theirs.append(time.perf_counter() - begun)
        middle = [turnout.start + (turnout.end - turnout.start) / 2 for turnout in found]
        names = [next(str(event["SUMMARY"]) for event in events if event.start <= at < event.end) for at in middle[:40]]
        if names != [daily.people_at("primary", at)[0] for at in middle[:40]]:
            raise Disagreement("a year's timeline differs")
    return Row("a year's timeline of a daily rotation, beside recurring-ical-events", median(ours), median(theirs), 5)


def _calendar(days: int) -> Any:
    from zoneinfo import ZoneInfo

    import recurring_ical_events
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//bench//EN")
    calendar.add("version", "2.0")
    zone = ZoneInfo(ZONE)
    for place, name in enumerate(PEOPLE):
        start = ANCHOR + timedelta(days=days * place)
        event = Event()
        event.add("uid", name)
        event.add("summary", name)
        event.add("dtstart", start.replace(tzinfo=zone))
        event.add("dtend", (start + timedelta(days=days)).replace(tzinfo=zone))
        if days == 7:
            event.add("rrule", {"freq": "weekly", "interval": len(PEOPLE)})
        else:
            event.add("rrule", {"freq": "daily", "interval": len(PEOPLE)})
        calendar.add_component(event)
    return recurring_ical_events.of(Calendar.from_ical(calendar.to_ical()))


def _agree(moments: Sequence[datetime], one: Who, other: Who) -> None:
    for at in moments:
        if one(at) != other(at):
            raise Disagreement(f"{at.isoformat()}: {one(at)} and {other(at)}")


def _interleaved(one: tuple[Who, Sequence[datetime]], other: tuple[Who, Sequence[datetime]]) -> tuple[float, float]:
    """Return the seconds of one call of each: the medians of several rounds, in turn."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for seconds, (who, moments) in zip(found, (one, other), strict=True):
            begun = time.perf_counter()
            for at in moments:
                who(at)
            seconds.append((time.perf_counter() - begun) / len(moments))
    return median(found[0]), median(found[1])


def _many_teams(folder: Path, count: int) -> Path:
    include = folder / "include"
    for name in ("teams", "rotations"):
        (include / name).mkdir(parents=True)
    for number in range(count):
        team = f"team{number}"
        people = "\n".join(
            f"  p{place}: {{name: Person {place}, slack: U{number:04}{place}XY, airflow: p{place}}}"
            for place in range(8)
        )
        (include / "teams" / f"{team}.yaml").write_text(
            f"id: {team}\ntitle: {team}\nzone: {ZONE}\npeople:\n{people}\n", encoding="utf-8"
        )
        members = ", ".join(f"p{place}" for place in range(8))
        (include / "rotations" / f"{team}.yaml").write_text(
            f"team: {team}\nrotations:\n  oncall:\n    title: On call\n    handoff: {{day: monday, at: '09:00'}}\n"
            f"    since: 2016-01-04\n    members: [{members}]\n    roles:\n      primary: {{turn: 0}}\n",
            encoding="utf-8",
        )
    return include
