"""Freezes: when they hold, what they forbid, when nothing is frozen any more (T-02, T-03, F32 … F34)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.freezes import Freeze, FreezeMode, active, freeze_gate, reopens
from stationmaster.core.gates import Verdict
from stationmaster.core.instants import Weekday
from stationmaster.core.rotations.windows import WeekWindow

CAIRO, PACIFIC = "Africa/Cairo", "America/Los_Angeles"
START = datetime(2026, 12, 19, 8, tzinfo=UTC)
END = datetime(2027, 1, 4, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)


def dated(mode: str, name: str = "year-end", start: datetime = START, end: datetime = END) -> Freeze:
    return Freeze(name=name, mode=FreezeMode(mode), start=start, end=end, zone=PACIFIC, why="holidays")


AFTER_WEDNESDAY = Freeze(
    name="after-wednesday",
    mode=FreezeMode.ALL_STOP,
    windows=(
        WeekWindow(
            start_day=Weekday.THURSDAY,
            start=datetime.min.time(),
            end_day=Weekday.SUNDAY,
            end=datetime.min.time(),
            zone=CAIRO,
        ),
    ),
    zone=CAIRO,
)


@pytest.mark.parametrize(
    "mode, forbidden",
    [
        ("no_cut", {"cut"}),
        ("hold_promotion", {"promote"}),
        ("hotfix_only", {"cut", "promote", "merge"}),
        ("all_stop", {"cut", "promote", "hotfix", "merge"}),
    ],
)
def test_f34_each_mode_forbids_what_it_says_and_never_a_rollback(mode: str, forbidden: set[str]) -> None:
    actions = ("cut", "promote", "hotfix", "rollback", "merge")
    assert {action for action in actions if active([dated(mode)], action, START)} == forbidden


@pytest.mark.parametrize(
    "at, held", [(START - HOUR, False), (START, True), (END - timedelta(seconds=1), True), (END, False)]
)
def test_a_dated_freeze_holds_from_its_start_to_its_end(at: datetime, held: bool) -> None:
    assert dated("all_stop").holds(at) is held
    assert freeze_gate([dated("all_stop")], "cut", at, zone=PACIFIC).opens is not held


def test_t02_t03_after_wednesday_nothing_changes_in_the_teams_own_week() -> None:
    """Thursday to Saturday in Cairo, where the week begins on Sunday."""
    changes = {
        (datetime(2024, 3, 3, 12, tzinfo=UTC) + timedelta(days=day)).strftime("%a"): bool(
            active([AFTER_WEDNESDAY], "hotfix", datetime(2024, 3, 3, 12, tzinfo=UTC) + timedelta(days=day))
        )
        for day in range(7)
    }
    assert [day for day, frozen in changes.items() if frozen] == ["Thu", "Fri", "Sat"]
    thursday = datetime(2024, 3, 6, 22, tzinfo=UTC)  # midnight in Cairo
    assert not AFTER_WEDNESDAY.holds(thursday - timedelta(seconds=1))
    assert AFTER_WEDNESDAY.holds(thursday)
    assert AFTER_WEDNESDAY.ends(thursday) == datetime(2024, 3, 9, 22, tzinfo=UTC)


def test_a_freeze_on_a_holiday_is_a_local_day() -> None:
    freeze = Freeze(name="holidays", mode=FreezeMode.NO_CUT, days=(date(2026, 11, 26),), zone=PACIFIC)
    begins = datetime(2026, 11, 26, 8, tzinfo=UTC)
    assert not freeze.holds(begins - timedelta(seconds=1))
    assert freeze.holds(begins)
    assert freeze.ends(begins) == begins + timedelta(days=1)


def test_f33_one_freeze_after_another_reopens_when_the_last_one_ends() -> None:
    first = dated("all_stop", "first", START, START + 10 * HOUR)
    second = dated("hold_promotion", "second", START + 9 * HOUR, START + 20 * HOUR)
    third = dated("no_cut", "third", START + 20 * HOUR, START + 30 * HOUR)
    assert reopens([first, second, third], "promote", START) == START + 20 * HOUR
    assert reopens([first, second, third], "cut", START) == START + 10 * HOUR
    assert reopens([], "cut", START) == START


def test_a_freeze_that_never_ends_has_no_end_and_the_gate_says_so() -> None:
    always = Freeze(
        name="for-good",
        mode=FreezeMode.ALL_STOP,
        start=START,
        end=START + timedelta(days=4000),
        zone=PACIFIC,
    )
    assert reopens([always], "cut", START) is None
    (found,) = freeze_gate([always], "cut", START, zone=PACIFIC).blockers
    assert found.clears_at is None
    assert "years away" in found.sentence


def test_the_gate_names_freeze_mode_reason_and_end() -> None:
    found = freeze_gate([dated("hold_promotion")], "promote", START, zone=PACIFIC)
    assert found.verdict is Verdict.WAIT
    (why,) = found.blockers
    assert (why.code, why.clears_at) == ("FROZEN", END)
    assert why.sentence == (
        "The freeze year-end (hold_promotion) lets no promote go until Mon 4 Jan 2027 09:00 PST: “holidays”."
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 200), st.sampled_from(sorted(FreezeMode))), min_size=1, max_size=6
    ),
    st.integers(0, 500),
)
def test_reopening_is_the_first_hour_that_nothing_forbids(spans, hour: int) -> None:
    freezes = [
        dated(mode, f"f{place}", START + begin * HOUR, START + (begin + length) * HOUR)
        for place, (begin, length, mode) in enumerate(spans)
    ]
    now = START + hour * HOUR
    hours = (now + number * HOUR for number in range(1200))
    expected = next(at for at in hours if not active(freezes, "promote", at))
    assert reopens(freezes, "promote", now) == expected
