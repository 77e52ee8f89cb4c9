"""Deadlines and updates by priority (T-11, T-18, T-19, N-16)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from stationmaster.core.instants import Weekday
from stationmaster.core.issue_duties import Bug, Priority, WorkDay, due_at, duties, priority_of

# Threefold works from Sunday to Friday; Cairo is two hours ahead of UTC in February.
WORK = WorkDay(
    days=tuple(day for day in Weekday if day is not Weekday.SATURDAY),
    opens=time(9),
    closes=time(17),
    zone="Africa/Cairo",
)
CRITICAL = Priority(label="priority_critical", due_days=0, updates=2)
MAJOR = Priority(label="priority_major", due_days=2, updates=1)
MINOR = Priority(label="priority_minor")
THREEFOLD = (CRITICAL, MAJOR, MINOR)
NUBANK = tuple(Priority(label=name) for name in ("P4", "P3", "P2", "P1"))
MONDAY = datetime(2026, 2, 2, tzinfo=UTC)


def test_n16_the_scale_says_which_is_highest_not_the_number() -> None:
    assert priority_of(["P1", "p4", "bug"], NUBANK) is NUBANK[0]
    assert priority_of(["bug"], NUBANK) is None
    assert priority_of(["priority_minor", "priority_critical"], THREEFOLD) is CRITICAL


@pytest.mark.parametrize(
    ("since", "priority", "due"),
    [
        ("2026-02-02T08:00", CRITICAL, "2026-02-02T15:00"),  # Monday: the same day
        ("2026-02-02T16:00", CRITICAL, "2026-02-03T15:00"),  # after hours: the next working day
        ("2026-02-06T10:00", MAJOR, "2026-02-09T15:00"),  # Friday, then Sunday, then Monday
        ("2026-02-07T10:00", CRITICAL, "2026-02-08T15:00"),  # Saturday: on Sunday
        ("2026-02-02T08:00", MINOR, None),
    ],
)
def test_t18_deadlines_are_counted_in_the_teams_working_days(since: str, priority: Priority, due: str | None) -> None:
    found = due_at(datetime.fromisoformat(f"{since}+00:00"), priority, WORK)
    assert found == (datetime.fromisoformat(f"{due}+00:00") if due else None)


def _lacks(hour: float, *updates: float, priority: Priority = CRITICAL, since: timedelta = timedelta(days=-1)) -> set:
    at = tuple(MONDAY + timedelta(hours=each) for each in updates)
    bug = Bug(key="o/r#1", priority=priority.label, since=MONDAY + since, updates=at)
    return {duty.what for duty in duties(bug, priority, WORK, MONDAY + timedelta(hours=hour))}


def test_t19_a_critical_issue_wants_two_updates_a_day() -> None:
    fresh = timedelta(hours=6)  # opened this morning before the day began: no deadline in the way
    assert _lacks(8, since=fresh) == set()  # the first half begins at 07:00 UTC and ends at 11:00
    assert _lacks(10, since=fresh) == {"update"}
    assert _lacks(10, 8.5, since=fresh) == set()
    assert _lacks(14, 8.5, since=fresh) == {"update", "due"}
    assert _lacks(14, 8.5, 12, since=fresh) == {"due"}


def test_t19_out_of_hours_and_on_days_off_nobody_is_reminded() -> None:
    assert _lacks(16, since=timedelta(hours=6)) == {"late"}
    assert _lacks(-30, priority=MAJOR, since=timedelta(days=-2)) == set()  # Saturday 18:00 UTC


def test_t19_the_same_lack_is_told_once() -> None:
    bug = Bug(key="o/r#1", priority=CRITICAL.label, since=MONDAY - timedelta(days=5))
    one, other = (duties(bug, CRITICAL, WORK, MONDAY + timedelta(hours=hour)) for hour in (10, 10.5))
    assert [duty.slot for duty in one] == [duty.slot for duty in other]
    later = duties(bug, CRITICAL, WORK, MONDAY + timedelta(hours=14))
    assert one[0].slot == later[0].slot
    assert one[1].slot != later[1].slot
