"""Calendars kept elsewhere: read as they are meant, refused when they mean nothing, held against the files (R43)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stationmaster.config.loader import load
from stationmaster.config.sourcing import SourceKind
from stationmaster.hooks import calendar_feed
from stationmaster.hooks.calendar_feed import CalendarFeedError, read_feed
from stationmaster.hooks.pager_models import Period
from stationmaster.oncall.calendars import calendar_text, entries
from stationmaster.oncall.sources import CalendarSource, Drift, FileSource, SourceUnreadable, VendorSource, drift

TEAM = load(Path(__file__).resolve().parents[2] / "include", teams=["cellxgene"]).team("cellxgene")
START = datetime(2026, 3, 2, 17, tzinfo=UTC)
END = START + timedelta(weeks=4) - timedelta(hours=1)


def calendar(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\nUID:{place}\r\n{event}\r\nEND:VEVENT\r\n" for place, event in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{body}END:VCALENDAR\r\n".encode()


def event(title: str, start: str, end: str, *more: str) -> str:
    return "\r\n".join([f"SUMMARY:{title}", f"DTSTART:{start}", f"DTEND:{end}", *more])


def read(*events: str) -> list[tuple[str, str, str]]:
    source = CalendarSource(calendar(*events), TEAM)
    return [(found.person, f"{found.start:%d %H:%M}", f"{found.end:%d %H:%M}") for found in source.shifts(START, END)]


def test_our_own_calendar_agrees_with_the_files() -> None:
    for role in ("primary", "secondary"):
        written = calendar_text(TEAM, entries(TEAM, START, END, role=role), START)
        assert list(drift(FileSource(TEAM, role), CalendarSource(written, TEAM), START, END)) == []


def test_a_difference_is_one_span_with_both_sides() -> None:
    written = calendar_text(TEAM, entries(TEAM, START, END, role="primary"), START).decode()
    first, second = TEAM.shifts("primary", START, END)[:2]
    swapped = written.replace(f"X-STATIONMASTER-PERSON:{first.person}", "X-STATIONMASTER-PERSON:emil", 1)
    found = list(drift(FileSource(TEAM, "primary"), CalendarSource(swapped.encode(), TEAM), START, END))
    assert found == [Drift(START, first.end, (first.person,), ("emil",))]
    assert second.start == first.end


def test_people_are_found_by_mark_by_address_and_by_the_beginning_of_the_title() -> None:
    span = ("20260303T170000Z", "20260304T170000Z")
    assert read(event("on call", *span, "ATTENDEE;CN=Emil:mailto:Emil.Novak@cellxgene.example"))[0][0] == "emil"
    assert read(event("Emil Novak: primary", *span))[0][0] == "emil"
    assert read(event("emil", *span))[0][0] == "emil"
    assert read(event("whatever", *span, "X-STATIONMASTER-PERSON:emil"))[0][0] == "emil"


@pytest.mark.parametrize("title", ["Nobody we know", "emilia", "", "X"])
def test_an_event_that_names_nobody_is_an_error_and_never_a_gap(title: str) -> None:
    with pytest.raises(SourceUnreadable, match="names nobody of cellxgene"):
        read(event(title, "20260303T170000Z", "20260304T170000Z"))


def test_whole_days_are_of_the_teams_zone_and_recurrences_keep_their_wall_time() -> None:
    assert read(
        event("emil", "20260307", "20260309")
        .replace("DTSTART:", "DTSTART;VALUE=DATE:")
        .replace("DTEND:", "DTEND;VALUE=DATE:")
    ) == [("emil", "07 08:00", "09 07:00")]
    weekly = (
        event("emil", "20260302T090000", "20260302T170000", "RRULE:FREQ=WEEKLY;COUNT=3")
        .replace("DTSTART:", "DTSTART;TZID=America/Los_Angeles:")
        .replace("DTEND:", "DTEND;TZID=America/Los_Angeles:")
    )
    assert [start for _, start, _ in read(weekly)] == ["02 17:00", "09 16:00", "16 16:00"]


def test_an_endless_recurrence_is_worked_out_for_the_span_only() -> None:
    assert len(read(event("emil", "20200101T000000Z", "20200101T010000Z", "RRULE:FREQ=DAILY"))) == 28


@pytest.mark.parametrize(
    "text", [b"", b"garbage", b"BEGIN:VCALENDAR", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", b"\xff\xfe\x00", b"<html></html>"]
)
def test_what_is_no_calendar_is_said(text: bytes) -> None:
    with pytest.raises(SourceUnreadable):
        CalendarSource(text, TEAM).shifts(START, END)


def test_a_recurrence_that_makes_no_sense_is_said() -> None:
    with pytest.raises(SourceUnreadable):
        read(event("emil", "20260303T170000Z", "20260304T170000Z", "RRULE:FREQ=SOMETIMES"))


def test_too_many_events_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stationmaster.oncall.sources.MOST_EVENTS", 5)
    with pytest.raises(SourceUnreadable, match="more than 5 events"):
        read(event("emil", "20200101T000000Z", "20200101T010000Z", "RRULE:FREQ=DAILY"))


def test_a_file_that_is_missing_or_huge_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CalendarFeedError, match="cannot be read"):
        read_feed(str(tmp_path / "none.ics"))
    big = tmp_path / "big.ics"
    big.write_bytes(b"x" * 100)
    assert read_feed(str(big)) == b"x" * 100
    monkeypatch.setattr(calendar_feed, "MOST_BYTES", 99)
    with pytest.raises(CalendarFeedError, match="is larger than"):
        read_feed(str(big))


@pytest.mark.parametrize(
    "address", ["http://example.com/a.ics?key=secret", "ftp://example.com/a", "file:///etc/passwd"]
)
def test_only_safe_addresses_are_read_and_no_secret_is_said(address: str) -> None:
    with pytest.raises(CalendarFeedError, match="only https") as caught:
        read_feed(address)
    assert "secret" not in str(caught.value)


def test_f74_the_secret_of_an_address_is_not_in_the_log(monkeypatch):
    import logging

    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    from stationmaster.rehearsal.serving import serve

    library, said = logging.getLogger("httpx"), []
    told = logging.Handler()
    told.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    app = Starlette(routes=[Route("/on-call.ics", lambda request: Response(calendar()))])
    with serve(app) as base:
        address = f"{base}/on-call.ics?token=hunter2"
        monkeypatch.setenv("AIRFLOW_CONN_ONCALL_CALENDAR", json.dumps({"conn_type": "http", "password": address}))
        found = calendar_feed.address_of("oncall_calendar")
        # Airflow arranges the log anew when it is first imported, and disables whatever was there before.
        library.disabled = False
        library.addHandler(told)
        library.setLevel(logging.INFO)
        try:
            assert read_feed(found) == calendar()
        finally:
            library.removeHandler(told)
    assert not [text for text in said if "hunter2" in text]


def test_a_connection_without_an_address_says_how_to_make_one(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_ONCALL_CALENDAR", json.dumps({"conn_type": "http", "host": "calendar.example"}))
    for conn_id in ("oncall_calendar", "no_such_calendar"):
        with pytest.raises(CalendarFeedError, match="whose password is the calendar's secret address"):
            calendar_feed.address_of(conn_id)


class Answering:
    """A vendor that names users."""

    def __init__(self, *periods: Period, mails: dict[str, str] | None = None) -> None:
        self.answer, self.mails = periods, mails or {}

    def periods(self, schedule: str, start: datetime, end: datetime) -> tuple[Period, ...]:
        return self.answer

    def mail_of(self, user: str) -> str | None:
        return self.mails.get(user)


def test_a_vendors_user_is_found_by_id_or_by_mail_and_ids_only_are_an_error() -> None:
    period = Period("P1", "Emil", START, END)
    by_mail = VendorSource(
        Answering(period, mails={"P1": "EMIL.novak@cellxgene.example"}), SourceKind.PAGERDUTY, "S", TEAM
    )
    assert [shift.person for shift in by_mail.shifts(START, END)] == ["emil"]
    emil = TEAM.people["emil"].model_copy(update={"jira": "P1"})
    team = TEAM.model_copy(update={"people": {**TEAM.people, "emil": emil}})
    assert VendorSource(Answering(period), SourceKind.JIRA, "S", team).shifts(START, END)[0].person == "emil"
    only_ids = VendorSource(Answering(period._replace(name="P1")), SourceKind.JIRA, "S", TEAM)
    with pytest.raises(SourceUnreadable, match=r"only the id is told \(P1\).* Write jira: P1"):
        only_ids.shifts(START, END)
