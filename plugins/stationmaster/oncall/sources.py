"""Who is on call by somebody else's calendar, and where that differs from the files (R43)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from stationmaster.config.sourcing import FILE_ENDING, SourceKind
from stationmaster.core.instants import first_instant, utc

if TYPE_CHECKING:
    from pathlib import Path

    from stationmaster.config.team import TeamConfig
    from stationmaster.hooks.pager_models import PagerSchedules, Period

MOST_EVENTS = 20_000
"""In the span that is asked about; a calendar with more is not a rotation."""


class SourceUnreadable(ValueError):
    """A calendar that cannot be understood, or names people whom the team does not have."""


class NoSuchSource(LookupError):
    """Nobody else keeps the role."""


class Sourced(NamedTuple):
    """A shift as a source tells it: half-open ``[start, end)``, of one person."""

    person: str
    start: datetime
    end: datetime


class OncallSource(Protocol):
    """Whoever knows who is on call: the files, a calendar, a vendor."""

    def shifts(self, start: datetime, end: datetime) -> tuple[Sourced, ...]:
        """Return the shifts that touch ``[start, end)``, in order.

        :raises SourceUnreadable: they cannot be told; never fewer than there are.
        """


class FileSource:
    """The team's own files, with the ledger's changes."""

    def __init__(self, team: TeamConfig, role: str) -> None:
        self._rotation, self._role = team.rotation_of(role), role

    def shifts(self, start: datetime, end: datetime) -> tuple[Sourced, ...]:
        """Return what the files say."""
        timeline = self._rotation.schedule(self._role).timeline(start, end)
        return tuple(Sourced(person, turnout.start, turnout.end) for turnout in timeline for person in turnout.people)


class CalendarSource:
    """An iCalendar file (RFC 5545), with whatever recurrences it has; only the span that is asked about is worked out.

    A person is found by the mail address of an attendee, by ``X-STATIONMASTER-PERSON``, or by the beginning of the
    summary: their id or their name. All-day events begin and end at midnight in the team's zone.

    :param lenient: leave out events that name nobody of the team; a calendar of absences has those of others, too.
    """

    def __init__(self, text: bytes, team: TeamConfig, *, lenient: bool = False) -> None:
        import recurring_ical_events
        from icalendar import Calendar

        self._team, self._lenient = team, lenient
        try:
            calendar = Calendar.from_ical(text)
            self._query = recurring_ical_events.of(calendar, skip_bad_series=False)
        except Exception as error:  # the libraries raise many kinds for what is no calendar
            raise SourceUnreadable(
                f"this is no calendar: {_first_line(error)}. Export it anew as iCalendar."
            ) from error
        if calendar.name != "VCALENDAR":
            raise SourceUnreadable(f"this is a {calendar.name}, not a calendar. Export the whole calendar.")

    def shifts(self, start: datetime, end: datetime) -> tuple[Sourced, ...]:
        """Return the shifts of the calendar, in order."""
        found: list[Sourced] = []
        try:
            for event in self._query.between(utc(start), utc(end)):
                if len(found) >= MOST_EVENTS:
                    raise SourceUnreadable(f"the calendar has more than {MOST_EVENTS} events in that time")
                begins, ends = self._instant(event["DTSTART"].dt), self._instant(_end_of(event))
                found += [Sourced(person, begins, ends) for person in self._people(event) if begins < ends]
        except SourceUnreadable:
            raise
        except Exception as error:  # a recurrence that makes no sense is found only when it is worked out
            raise SourceUnreadable(f"an event of the calendar makes no sense: {_first_line(error)}") from error
        return tuple(sorted(found, key=lambda shift: (shift.start, shift.end, shift.person)))

    def _instant(self, moment: datetime | date) -> datetime:
        if isinstance(moment, datetime):
            return first_instant(moment, self._team.zone) if moment.tzinfo is None else moment.astimezone(UTC)
        return first_instant(datetime.combine(moment, time.min), self._team.zone)

    def _people(self, event: Any) -> list[str]:
        named = [str(each) for each in _several(event.get("X-STATIONMASTER-PERSON"))]
        mails = {person.email.lower(): name for name, person in self._team.people.items() if person.email}
        addresses = [str(each).lower().removeprefix("mailto:") for each in _several(event.get("ATTENDEE"))]
        named += [mails[address] for address in addresses if address in mails]
        if not named:
            summary = str(event.get("SUMMARY", "")).strip()
            words = {name: name for name in self._team.people}
            words |= {person.name: name for name, person in self._team.people.items()}
            named = [words[word] for word in sorted(words, key=len, reverse=True) if _begins(summary, word)][:1]
        unknown = [name for name in named if name not in self._team.people]
        if self._lenient:
            named = [name for name in named if name not in unknown]
        elif unknown or not named:
            title = str(event.get("SUMMARY", "an event without a title"))
            raise SourceUnreadable(
                f"{title!r} on {event['DTSTART'].dt} names nobody of {self._team.id}. Invite the person by the address "
                "in the team's file, or begin the title with their name."
            )
        return list(dict.fromkeys(named))


class VendorSource:
    """A schedule of PagerDuty or Jira Operations.

    A person is found by the vendor's id in the team's file, or by the mail address that the vendor shows.
    """

    def __init__(self, service: PagerSchedules, kind: SourceKind, schedule: str, team: TeamConfig) -> None:
        self._service, self._kind, self._schedule, self._team = service, kind, schedule, team
        self._found: dict[str, str] = {}

    def shifts(self, start: datetime, end: datetime) -> tuple[Sourced, ...]:
        """Return the shifts of the schedule, in order.

        :raises PagerError: the vendor does not tell.
        """
        periods = self._service.periods(self._schedule, utc(start), utc(end))
        if len(periods) > MOST_EVENTS:
            raise SourceUnreadable(f"the schedule has more than {MOST_EVENTS} periods in that time")
        return tuple(Sourced(self._person(each), each.start, each.end) for each in periods if each.start < each.end)

    def _person(self, period: Period) -> str:
        known = self._found.get(period.user)
        if known is None:
            known = self._found[period.user] = self._looked_up(period)
        return known

    def _looked_up(self, period: Period) -> str:
        field = self._kind.value
        for name, person in self._team.people.items():
            if getattr(person, field) == period.user:
                return name
        mail = self._service.mail_of(period.user)
        for name, person in self._team.people.items():
            if mail and person.email and person.email.lower() == mail.lower():
                return name
        shown = period.name if mail or period.name != period.user else "somebody of whom only the id is told"
        raise SourceUnreadable(
            f"{shown} ({period.user}) is on call there and is nobody of {self._team.id}. Write {field}: {period.user} "
            "to the person in the team's file."
        )


def source_of(team: TeamConfig, rotation: str, role: str, include: Path) -> OncallSource:
    """Return the source that a rotation's file names for a role.

    :raises SourceUnreadable, CalendarFeedError, PagerError: it cannot be had.
    :raises NoSuchSource: the file names none.
    """
    entry = team.roster[rotation].source
    if entry is None or role not in entry.schedules:
        raise NoSuchSource(f"nobody else keeps {role} of {team.id}: name a calendar with --calendar")
    schedule = entry.schedules[role]
    if entry.kind is SourceKind.ICAL:
        return CalendarSource(calendar_bytes(schedule, include), team)
    return VendorSource(service_of(team, entry.kind), entry.kind, schedule, team)


def service_of(team: TeamConfig, kind: SourceKind) -> PagerSchedules:
    """Return the team's vendor."""
    from stationmaster.hooks.jira_operations import JiraOperations
    from stationmaster.hooks.pagerduty_schedules import PagerDuty

    if kind is SourceKind.PAGERDUTY:
        return PagerDuty(str(team.connections.pagerduty))
    return JiraOperations(str(team.connections.jira))


def calendar_bytes(where: str, include: Path) -> bytes:
    """Return a calendar: a file under ``include/``, or what the address of a connection gives.

    :raises CalendarFeedError: it cannot be had.
    """
    from stationmaster.hooks.calendar_feed import address_of, read_feed

    return read_feed(str(include / where) if where.endswith(FILE_ENDING) else address_of(where))


class Drift(NamedTuple):
    """A span in which the files and a source name different people."""

    start: datetime
    end: datetime
    files: tuple[str, ...]
    source: tuple[str, ...]


def drift(ours: OncallSource, theirs: OncallSource, start: datetime, end: datetime) -> Iterator[Drift]:
    """Yield where two sources differ in ``[start, end)``, in order; neighbours that are equal are one."""
    first, last = utc(start), utc(end)
    mine, other = ours.shifts(first, last), theirs.shifts(first, last)
    inside = {at for shift in (*mine, *other) for at in (shift.start, shift.end) if first < at < last}
    pending: Drift | None = None
    for begins, ends in pairwise(sorted({first, last, *inside})):
        here, there = (
            tuple(sorted({shift.person for shift in several if shift.start <= begins < shift.end}))
            for several in (mine, other)
        )
        if pending is not None and (pending.files, pending.source, pending.end) == (here, there, begins):
            pending = pending._replace(end=ends)
            continue
        if pending is not None:
            yield pending
        pending = Drift(begins, ends, here, there) if here != there else None
    if pending is not None:
        yield pending


def _end_of(event: Any) -> datetime | date:
    if "DTEND" in event:
        found: datetime | date = event["DTEND"].dt
        return found
    ends: datetime | date = event["DTSTART"].dt + event["DURATION"].dt if "DURATION" in event else event.end
    return ends


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _begins(summary: str, word: str) -> bool:
    rest = summary[len(word) :]
    return summary.lower().startswith(word.lower()) and not rest[:1].isalnum()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
