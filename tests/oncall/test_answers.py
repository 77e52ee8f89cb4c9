"""A source that decides: its answers in place of the plan, kept, and never mixed up with it (R43)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stationmaster.config.loader import load
from stationmaster.config.sourcing import SourceEntry
from stationmaster.core.rotations.changes import Changes, Known, Stint, Temporary
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.core.rotations.windows import Span
from stationmaster.oncall.answers import absences_of, answers_of, keep_absences, known, renew
from stationmaster.oncall.changing import in_fact
from stationmaster.oncall.overriding import make
from stationmaster.oncall.sources import CalendarSource, Sourced, SourceUnreadable
from stationmaster.oncall.swapping import answer, ask

INCLUDE = Path(__file__).resolve().parents[2] / "include"
SHIPPED = load(INCLUDE, teams=["cellxgene"]).team("cellxgene")
ENTRY = SourceEntry(kind="ical", schedules={"primary": "oncall.ics"}, decides=True, ahead="28d")
TEAM = SHIPPED.model_copy(update={"roster": {"oncall": SHIPPED.roster["oncall"].model_copy(update={"source": ENTRY})}})
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
WEEK = timedelta(weeks=1)


class Told:
    """A source that says what a test puts into it: people by week, from a Monday on."""

    def __init__(self, *people: str, since: datetime = datetime(2026, 3, 2, 17, tzinfo=UTC)) -> None:
        self.people, self.since = people, since

    def shifts(self, start: datetime, end: datetime) -> tuple[Sourced, ...]:
        every = (
            Sourced(person, self.since + place * WEEK, self.since + (place + 1) * WEEK)
            for place, person in enumerate(self.people)
        )
        return tuple(each for each in every if each.end > start and each.start < end)


class Clipped(Told):
    """A vendor: it cuts what it tells to the span that is asked about."""

    def shifts(self, start: datetime, end: datetime) -> tuple[Sourced, ...]:
        return tuple(
            each._replace(start=max(each.start, start), end=min(each.end, end)) for each in super().shifts(start, end)
        )


def read(ledger, source, now=NOW):
    return renew(ledger, TEAM, "oncall", {"primary": source}, now)


def test_before_the_first_answer_nobody_is_on_call_and_never_whoever_the_files_name(ledger):
    assert SHIPPED.on_call("primary", NOW).person
    with pytest.raises(NobodyOnCall):
        in_fact(TEAM, ledger).on_call("primary", NOW)
    assert in_fact(TEAM, ledger).on_call("secondary", NOW).person == SHIPPED.on_call("secondary", NOW).person


def test_whoever_the_source_names_is_on_call_from_shift_to_shift(ledger):
    read(ledger, Told("hana", "ivan", "hana", "hana", "ben", "ben"))
    team = in_fact(TEAM, ledger)
    shift = team.on_call("primary", NOW)
    assert (shift.person, shift.start) == ("hana", datetime(2026, 3, 2, 17, tzinfo=UTC))
    assert shift.end == shift.start + WEEK
    assert [each.person for each in team.shifts("primary", NOW, NOW + 4 * WEEK)] == [
        "hana",
        "ivan",
        "hana",
        "hana",
        "ben",
    ]


def test_overrides_and_swaps_change_an_answer(ledger):
    read(ledger, Told("hana", "ivan", "hana", "ben", "ben", "ben"))
    start = datetime(2026, 3, 9, 17, tzinfo=UTC)
    made = make(
        ledger, in_fact(TEAM, ledger), kind="replace", role="primary", comes=("amara",), goes="ivan",
        start=start, end=start + timedelta(days=1), now=NOW, by="jules",
    )  # fmt: skip
    assert made.in_force
    swap = ask(
        ledger, in_fact(TEAM, ledger), role="primary", giver="ivan", taker="goran",
        span=Span(start + timedelta(days=2), start + timedelta(days=3)), now=NOW, by="ivan",
    )  # fmt: skip
    answer(ledger, in_fact(TEAM, ledger), swap.id, accept=True, now=NOW, by="goran")
    team = in_fact(TEAM, ledger)
    days = [
        team.rotation_of("primary").people_at("primary", start + timedelta(days=each, hours=1)) for each in range(4)
    ]
    assert days == [("amara",), ("ivan",), ("goran",), ("ivan",)]


def test_the_past_stays_as_it_was_known(ledger):
    read(ledger, Told("hana", "ivan", "hana", "ben", "ben", "ben"))
    later = NOW + 2 * WEEK
    renewals = read(ledger, Told("amara", "amara", "amara", "goran", "ben", "ben", "ben"), later)
    team = in_fact(TEAM, ledger)
    assert team.on_call("primary", NOW).person == "hana"
    assert team.on_call("primary", NOW + WEEK).person == "ivan"
    assert team.on_call("primary", later).person == "amara"
    (renewal,) = renewals
    assert (renewal.role, renewal.start) == ("primary", later)


def test_the_same_answer_is_kept_once(ledger):
    source = Told("hana", "ivan", "hana", "ben", "ben", "ben")
    assert read(ledger, source)
    assert read(ledger, source, NOW + timedelta(minutes=15)) == ()
    assert len(ledger.facts("cellxgene.oncall", "answer")) == 1


def test_a_longer_look_ahead_moves_nobody(ledger):
    people = ("hana", "ivan", "hana", "ben", "ben", "ben", "ben", "ben")
    read(ledger, Told(*people))
    (renewal,) = read(ledger, Told(*people), NOW + WEEK)
    edges = [renewal.start + timedelta(days=day) for day in range((renewal.end - renewal.start).days)]
    assert [renewal.before.people_at(at) for at in edges] == [renewal.after.people_at(at) for at in edges]


def test_an_answer_that_is_cut_to_what_was_asked_makes_no_handoff_to_oneself(ledger):
    monday = datetime(2026, 3, 9, 16, tzinfo=UTC)  # after the clock change, so that every Monday has the same hour
    source = Clipped(*("hana", "ivan", "hana", "ben") * 4, since=monday)
    for place in range(4 * 7 * 24 // 13):
        now = NOW + WEEK + place * timedelta(hours=13)
        read(ledger, source, now)
        rotation = in_fact(TEAM, ledger).rotation_of("primary")
        weeks = (now - monday) // WEEK
        assert rotation.latest_handoff(now) == monday + weeks * WEEK
        assert rotation.next_handoff(now) == monday + (weeks + 1) * WEEK
        assert in_fact(TEAM, ledger).on_call("primary", now).start == monday + weeks * WEEK


def test_the_beginning_of_a_shift_longer_than_what_is_read_back_stays_as_it_was_first_known(ledger):
    long = Clipped("hana", "ben", since=NOW)
    long.shifts = lambda start, end: (Sourced("hana", max(start, NOW), min(end, NOW + 20 * WEEK)),)  # type: ignore[method-assign]
    for place in range(8):
        read(ledger, long, NOW + place * WEEK)
    assert in_fact(TEAM, ledger).on_call("primary", NOW + 7 * WEEK).start == NOW


def test_a_shift_that_a_newer_answer_moved_leaves_no_handoff_behind(ledger):
    monday = Told().since
    read(ledger, Told("hana", "ivan", "hana", "ben", "ben", "ben"))
    moved = Told("ivan", "hana", "ben", "ben", "ben", since=monday + WEEK + timedelta(days=1))
    first = Sourced("hana", monday, monday + WEEK + timedelta(days=1))
    late = Told()
    late.shifts = lambda start, end: (first, *moved.shifts(start, end))  # type: ignore[method-assign]
    read(ledger, late, NOW + timedelta(hours=1))
    answers = known("primary", answers_of(ledger, "cellxgene.oncall")["primary"])
    assert sorted(answers.handoffs(NOW, monday + 3 * WEEK)) == [first.end, first.end + WEEK]


def test_an_empty_answer_is_no_answer_and_the_last_good_one_stays(ledger):
    read(ledger, Told("hana", "ivan", "hana", "ben", "ben", "ben"))
    with pytest.raises(SourceUnreadable, match="nobody for primary"):
        read(ledger, Told(), NOW + timedelta(hours=1))
    assert in_fact(TEAM, ledger).on_call("primary", NOW).person == "hana"


def test_somebody_who_left_is_refused(ledger):
    left = TEAM.people["hana"].model_copy(update={"active": False})
    team = TEAM.model_copy(update={"people": {**TEAM.people, "hana": left}})
    with pytest.raises(SourceUnreadable, match="no longer active"):
        renew(ledger, team, "oncall", {"primary": Told("hana", "ivan")}, NOW)


def test_beyond_the_last_answer_nobody_is_known():
    answered = Known(
        role="primary",
        answers=(Temporary(start=NOW, end=NOW + WEEK, stints=(Stint(people=("hana",), start=NOW, end=NOW + WEEK),)),),
    )
    team = TEAM.with_changes({"oncall": Changes(known=(answered,))})
    rotation = team.rotation_of("primary")
    assert rotation.people_at("primary", NOW + WEEK - timedelta(seconds=1)) == ("hana",)
    assert rotation.people_at("primary", NOW + WEEK) == ()
    assert "primary" not in rotation.turns_at(NOW + 2 * WEEK)
    assert rotation.shifts("primary", NOW + 2 * WEEK, NOW + 3 * WEEK) == ()


def test_r34_absences_come_from_a_calendar_too(ledger):
    body = "".join(
        f"BEGIN:VEVENT\r\nUID:{place}\r\nSUMMARY:{title}\r\nDTSTART;VALUE=DATE:{first}\r\nDTEND;VALUE=DATE:{last}\r\nEND:VEVENT\r\n"
        for place, (title, first, last) in enumerate(
            [("Hana Sato: holidays", "20260309", "20260314"), ("Company party", "20260310", "20260311")]
        )
    )
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{body}END:VCALENDAR\r\n".encode()
    name = next(person.name for person in TEAM.people.values() if person.id == "hana")
    text = text.replace(b"Hana Sato", name.encode())
    found = CalendarSource(text, TEAM, lenient=True).shifts(NOW, NOW + 4 * WEEK)
    assert [each.person for each in found] == ["hana"]
    assert keep_absences(ledger, TEAM, found, NOW)
    assert not keep_absences(ledger, TEAM, found, NOW + WEEK)
    away = TEAM.model_copy(update={"away": "away.ics"})
    (absence,) = in_fact(away, ledger).absences
    assert (absence.person, absence.start, absence.end) == ("hana", found[0].start, found[0].end)
    assert absences_of(ledger, "dre") == ()
