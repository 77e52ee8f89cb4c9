"""When a chore by cron line comes: the five fields, the clocks, and another library as an oracle (T-16, F35)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from stationmaster.core.cron import InvalidCron, parse_cron
from stationmaster.core.instants import to_local

ZURICH, LORD_HOWE, NEW_YORK = "Europe/Zurich", "Australia/Lord_Howe", "America/New_York"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def walk(line: str, zone: str, start: datetime, count: int) -> list[str]:
    found, at = [], start
    for _ in range(count):
        at = parse_cron(line).next_after(at, zone)
        found.append(f"{to_local(at, zone):%a %Y-%m-%d %H:%M %z}")
    return found


def test_t16_a_line_on_working_days_passes_over_the_weekend():
    friday = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert walk("30 9 * * mon-fri", ZURICH, friday, 2) == ["Mon 2026-11-23 09:30 +0100", "Tue 2026-11-24 09:30 +0100"]


def test_f35_a_skipped_time_fires_at_the_end_of_the_gap_and_a_repeated_one_once():
    spring = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert walk("30 2 * * *", ZURICH, spring, 2) == ["Sun 2026-03-29 03:00 +0200", "Mon 2026-03-30 02:30 +0200"]
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert walk("30 2 * * *", ZURICH, autumn, 2) == ["Sun 2026-10-25 02:30 +0200", "Mon 2026-10-26 02:30 +0100"]


@pytest.mark.parametrize("zone", [ZURICH, NEW_YORK, LORD_HOWE])
def test_f35_nine_stays_nine_for_two_years(zone):
    assert {line[-11:-6] for line in walk("0 9 * * *", zone, NOON, 730)} == {"09:00"}


def test_where_both_days_are_restricted_either_suffices_as_cron_has_it():
    assert [line[4:14] for line in walk("0 9 1 * mon", "UTC", NOON, 3)] == ["2026-03-02", "2026-03-09", "2026-03-16"]
    first = parse_cron("0 9 1 * mon")
    assert first.is_on(date(2026, 4, 1))
    assert not first.is_on(date(2026, 4, 2))


def test_t16_a_chore_comes_on_the_first_monday_of_a_month_or_of_a_quarter():
    assert [line[:14] for line in walk("0 9 * * mon#1", ZURICH, NOON, 3)] == [
        "Mon 2026-03-02",
        "Mon 2026-04-06",
        "Mon 2026-05-04",
    ]
    quarters = walk("0 9 * jan,apr,jul,oct tue#2", ZURICH, NOON, 2)
    assert [line[:14] for line in quarters] == ["Tue 2026-04-14", "Tue 2026-07-14"]
    assert [line[:14] for line in walk("0 9 * * sun#5,wed", "UTC", NOON, 2)] == ["Wed 2026-03-04", "Wed 2026-03-11"]


def test_the_29th_of_february_comes_after_eight_years_across_a_century():
    at = parse_cron("0 9 29 2 *").next_after(datetime(2096, 3, 1, tzinfo=UTC), "UTC")
    assert at == datetime(2104, 2, 29, 9, tzinfo=UTC)
    assert parse_cron("0 9 29 2 *").latest_at(at - timedelta(minutes=1), "UTC") == datetime(2096, 2, 29, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "*/x * * * *",
        "5-1 * * * *",
        "0 9 30 2 *",
        "0 9 * * mon#6",
        "0 9 * * #1",
        "0 9 * * mon#",
        "0 9 31 apr,jun *",
        "@daily",
        "0 9 * * mox",
        "٣ 9 * * *",
        "0 9 * * mon-",
        "-1 9 * * *",
    ],
)
def test_what_is_no_line_is_refused_with_the_way_out(line):
    with pytest.raises(InvalidCron, match="Write five fields") as refused:
        parse_cron(line)
    assert repr(line) in str(refused.value)


@st.composite
def fields(draw: st.DrawFn) -> str:
    def one(low: int, high: int) -> str:
        kind = draw(st.sampled_from(["*", "step", "value", "range"]))
        if kind == "*":
            return "*"
        if kind == "step":
            return f"*/{draw(st.integers(1, high))}"
        begin = draw(st.integers(low, high - 1))  # the other library reads 5-5 as every day
        return str(begin) if kind == "value" else f"{begin}-{draw(st.integers(begin + 1, high))}"

    return " ".join([one(0, 59), one(0, 23), one(1, 28), one(1, 12), one(0, 6)])


@settings(max_examples=150, deadline=None)
@given(fields(), st.integers(0, 10**8))
def test_law_another_library_finds_the_same_occurrences(line, seconds):
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    if line.split()[2].startswith("*/") or line.split()[4].startswith("*/"):
        return  # whether a step restricts a day is where libraries differ
    other, ours = croniter(line, start), start
    for _ in range(3):
        ours = parse_cron(line).next_after(ours, "UTC")
        assert ours == other.get_next(datetime), line


@settings(max_examples=100, deadline=None)
@given(fields(), st.sampled_from([ZURICH, NEW_YORK, LORD_HOWE]), st.integers(0, 10**8))
def test_law_the_newest_occurrence_is_the_one_before_the_next(line, zone, seconds):
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    cron = parse_cron(line)
    first = cron.next_after(start, zone)
    second = cron.next_after(first, zone)
    for before, after in pairwise([start, first, second]):
        assert before < after
    assert cron.latest_at(first, zone) == first
    assert cron.latest_at(second - timedelta(microseconds=1), zone) == first
