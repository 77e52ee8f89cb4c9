"""Instants, wall times, zones and ISO weeks. The only place where a local time becomes an instant.

An instant is an aware UTC datetime. A wall time is a naive datetime that is read in a named zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, model_serializer, model_validator

from stationmaster.core.value import Value

DateT = TypeVar("DateT", bound=date)
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""The years that a person who writes a date or a time can mean."""
_SECOND = timedelta(seconds=1)
# Files of the zone database that name the machine's own zone or count leap seconds: not a zone a team can mean.
_NOT_ZONES = ("localtime", "posixrules", "posix/", "right/")


class UnknownZone(ValueError):
    """The zone database has no zone of that name."""

    def __init__(self, zone: str) -> None:
        """Keep the name."""
        super().__init__(zone)
        self.zone = zone

    def __str__(self) -> str:
        """Name the value and the way out."""
        return f"{self.zone!r} is not a time zone. Use a name of the IANA database, such as 'America/Los_Angeles'."


class NaiveInstant(ValueError):
    """A datetime without an offset was given where an instant is needed."""

    def __init__(self, value: datetime) -> None:
        """Keep the datetime."""
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Name the value and the way out."""
        return f"{self.value.isoformat()} has no offset: an instant needs one, such as '+00:00'."


class AwareWallTime(ValueError):
    """A datetime with an offset was given where a wall time is needed."""

    def __init__(self, value: datetime) -> None:
        """Keep the datetime."""
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Name the value and the way out."""
        return f"{self.value.isoformat()} has an offset: a wall time is written without one, its zone stands beside it."


class UncertainTime(ValueError):
    """A wall time that the zone's clocks skip, or show twice: it names no instant, or two (issue 3)."""

    def __init__(self, wall: datetime, zone: str) -> None:
        """Keep the wall time and the zone."""
        super().__init__(wall, zone)
        self.wall, self.zone = wall, zone

    def __str__(self) -> str:
        """Say which of the two it is, and what to write instead."""
        first, last = first_instant(self.wall, self.zone), last_instant(self.wall, self.zone)
        wall = f"{self.wall:%Y-%m-%d %H:%M}"
        after = to_local(first, self.zone).isoformat()
        if first == last:
            return f"{wall} does not exist in {self.zone}: the clocks go straight on to {after}. Write that."
        second = to_local(last, self.zone).isoformat()
        return f"{wall} comes twice in {self.zone}. Write {after} or {second}."


class OutOfTime(ValueError):
    """A date or time that no calendar of ours reaches: nothing can be reckoned with it."""

    def __init__(self, value: date | str) -> None:
        """Keep what was written."""
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Name the value and the way out."""
        told = self.value.isoformat() if isinstance(self.value, date) else self.value
        return f"{told} is too far away. Write a year from {FIRST_YEAR} to {LAST_YEAR}."


class InvalidIsoWeek(ValueError):
    """The text, or the pair of year and week, names no ISO week."""

    def __init__(self, value: str) -> None:
        """Keep the text."""
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Name the value and the way out."""
        return f"{self.value!r} is not an ISO week. Write it as in '2026-W34'; only long years have a week 53."


@lru_cache(maxsize=256)
def zone_of(zone: str) -> ZoneInfo:
    """Return the zone of that name.

    :raises UnknownZone: the database has none, or the name means this machine's own zone.
    """
    if zone.startswith(_NOT_ZONES):
        raise UnknownZone(zone)
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(zone) from error


def utc(instant: datetime) -> datetime:
    """Return the same instant in UTC, as a plain datetime: the arithmetic of pendulum's, which Airflow gives, differs.

    :raises NaiveInstant: it has no offset.
    :raises OutOfTime: in UTC it would be before the first year, or after the last one.
    """
    if type(instant) is datetime and instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise NaiveInstant(instant)
    try:
        at = instant.astimezone(UTC)
    except OverflowError as error:
        raise OutOfTime(instant) from error
    return datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tzinfo=UTC)


def moment_of(text: str) -> datetime:
    """Return the datetime that a person wrote, with its offset or without one.

    :raises OutOfTime: nobody can mean that year.
    :raises ValueError: it is none.
    """
    return _in_time(datetime.fromisoformat(text), text)


def day_of(text: str) -> date:
    """Return the date that a person wrote.

    :raises OutOfTime: nobody can mean that year.
    :raises ValueError: it is none.
    """
    return _in_time(date.fromisoformat(text), text)


def to_local(instant: datetime, zone: str) -> datetime:
    """Return the instant as an aware datetime of the zone.

    :raises NaiveInstant: it has no offset.
    """
    return utc(instant).astimezone(zone_of(zone))


def first_instant(wall: datetime, zone: str) -> datetime:
    """Return the first instant at which the zone's clocks show ``wall`` or, in a skipped hour, a later time.

    In a repeated hour that is the first occurrence; in a gap the first instant after it: 02:30 becomes 03:00 (F35).

    :param wall: a naive datetime.
    :raises AwareWallTime: ``wall`` has an offset.
    """
    before, after = _readings(wall, zone)
    return before if before <= after else _end_of_gap(wall, zone, after, before)


def last_instant(wall: datetime, zone: str) -> datetime:
    """Return the last instant at which the zone's clocks show ``wall``: what the end of a window needs.

    It differs from :func:`first_instant` in a repeated hour only, where it is the last occurrence (F35).

    :param wall: a naive datetime.
    :raises AwareWallTime: ``wall`` has an offset.
    """
    before, after = _readings(wall, zone)
    return after if before <= after else _end_of_gap(wall, zone, after, before)


def exact_instant(moment: datetime, zone: str) -> datetime:
    """Return the one instant that a person meant: of a wall time in the zone, or of a datetime with an offset.

    :raises UncertainTime: the wall time does not exist, or comes twice; an offset says which.
    """
    if moment.tzinfo is not None:
        return utc(moment)
    first = first_instant(moment, zone)
    if first != last_instant(moment, zone) or to_local(first, zone).replace(tzinfo=None) != moment:
        raise UncertainTime(moment, zone)
    return first


def local_text(instant: datetime, zone: str = "UTC") -> str:
    """Return the instant for people: ``Wed 3 Nov 2021 09:00 PDT``."""
    local = to_local(instant, zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M %Z}"


def _in_time(value: DateT, text: str) -> DateT:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise OutOfTime(text)
    return value


def _readings(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return ``wall`` read with the offset before and with the one after a transition; in a gap they stand crossed."""
    if wall.tzinfo is not None:
        raise AwareWallTime(wall)
    clocks = zone_of(zone)
    earlier = wall.replace(fold=0) if wall.fold else wall
    # The type allows None, which a zone of the database never answers.
    before = clocks.utcoffset(earlier) or timedelta(0)
    after = clocks.utcoffset(wall.replace(fold=1)) or timedelta(0)
    plain = datetime.combine(earlier, earlier.time(), UTC)  # several times as quick as replace()
    try:
        first = plain - before
        return first, first if before == after else plain - after
    except OverflowError as error:
        raise OutOfTime(wall) from error


def _end_of_gap(wall: datetime, zone: str, low: datetime, high: datetime) -> datetime:
    """Return the first instant in ``(low, high]`` whose local time is not before ``wall``, to the second."""
    clocks = zone_of(zone)
    low = low.replace(microsecond=0)
    while high - low > _SECOND:
        middle = low + ((high - low) // 2 // _SECOND) * _SECOND
        if middle.astimezone(clocks).replace(tzinfo=None) >= wall:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def _not_a_number(value: Any) -> Any:
    # pydantic reads a number as seconds since 1970, or since midnight: YAML's unquoted 9:00 would become 00:09.
    if isinstance(value, int | float):
        # pydantic gathers a ValueError into its own error, and lets a TypeError through.
        raise ValueError(f"{value!r} is a number, not a time: write it in quotes, such as '09:00'")  # noqa: TRY004
    return value


def _naive(value: datetime) -> datetime:
    if value.tzinfo is not None:
        raise AwareWallTime(value)
    return value


def _known(zone: str) -> str:
    return zone_of(zone).key


NotANumber = BeforeValidator(_not_a_number)
Instant = Annotated[datetime, NotANumber, AfterValidator(utc)]
"""A field that holds an instant: aware, turned to UTC."""
WallTime = Annotated[datetime, NotANumber, AfterValidator(_naive)]
"""A field that holds a wall time: a naive datetime."""
ZoneName = Annotated[str, AfterValidator(_known)]
"""A field that holds the name of a zone of the IANA database."""


class Weekday(StrEnum):
    """A day of the week, written in full and in lower case."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def index(self) -> int:  # type: ignore[override]  # a weekday is no text to search in
        """The place in the ISO week: Monday 0, Sunday 6."""
        return _WEEKDAYS[self]


_WEEKDAYS = {day: place for place, day in enumerate(Weekday)}


class IsoWeek(Value):
    """An ISO week: year and week, which near New Year are not the calendar's year (F28). Written ``2026-W34``."""

    year: int = Field(ge=1, le=9998)
    week: int = Field(ge=1, le=53)

    @classmethod
    def parse(cls, text: str) -> IsoWeek:
        """Return the week that a text such as ``2026-W34`` names.

        :raises InvalidIsoWeek: it names none.
        """
        year, mark, week = text[:4], text[4:6], text[6:]
        if mark != "-W" or len(week) != 2 or not (year + week).isascii() or not (year + week).isdigit():
            raise InvalidIsoWeek(text)
        try:
            return cls(year=int(year), week=int(week))
        except ValueError as error:
            raise InvalidIsoWeek(text) from error

    @classmethod
    def of(cls, instant: datetime, zone: str) -> IsoWeek:
        """Return the week in which the instant falls on the zone's clocks (F28)."""
        return cls.of_date(to_local(instant, zone).date())

    @classmethod
    def of_date(cls, day: date) -> IsoWeek:
        """Return the week of a date."""
        year, week, _ = day.isocalendar()
        return cls(year=year, week=week)

    def monday(self) -> date:
        """Return the date of the week's Monday."""
        return date.fromisocalendar(self.year, self.week, 1)

    def day(self, weekday: Weekday) -> date:
        """Return the date of one of the week's days."""
        return self.monday() + timedelta(days=weekday.index)

    def plus(self, weeks: int) -> IsoWeek:
        """Return the week that many weeks later; a negative number goes back."""
        return IsoWeek.of_date(self.monday() + timedelta(weeks=weeks))

    def __str__(self) -> str:
        """Return ``2026-W34``."""
        return f"{self.year:04d}-W{self.week:02d}"

    def __lt__(self, other: IsoWeek) -> bool:
        """Order by time."""
        return (self.year, self.week) < (other.year, other.week)

    def __le__(self, other: IsoWeek) -> bool:
        """Order by time."""
        return (self.year, self.week) <= (other.year, other.week)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        week = cls.parse(value)
        return {"year": week.year, "week": week.week}

    @model_validator(mode="after")
    def _exists(self) -> IsoWeek:
        try:
            date.fromisocalendar(self.year, self.week, 1)
        except ValueError as error:
            raise InvalidIsoWeek(f"{self.year:04d}-W{self.week:02d}") from error
        return self

    @model_serializer
    def _to_text(self) -> str:
        return str(self)
