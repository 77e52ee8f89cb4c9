"""When a chore is due, how late it is, and what it is called (T-16, O-07, F35)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.chore_schedules import CronSchedule, HandoffSchedule, NeverDue, ShiftDaySchedule
from stationmaster.core.chores import NotAChore, about_of, area_of, due_at, lateness, row, when_of
from stationmaster.core.instants import to_local
from tests.chores.teams import rotation_of

ZURICH = "Europe/Zurich"
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOURS = st.integers(0, 24 * 30).map(lambda hours: timedelta(hours=hours))


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-03-28T09:00+01:00", "2026-03-29T09:00+02:00"),
        ("2026-10-24T09:00+02:00", "2026-10-25T09:00+01:00"),
        ("2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00"),
    ],
)
def test_f35_a_day_later_is_the_same_time_of_day_whatever_the_clocks_do(opened, due):
    assert due_at(datetime.fromisoformat(opened), timedelta(days=1), ZURICH) == datetime.fromisoformat(due)


def test_f35_hours_are_elapsed_time():
    opened = datetime.fromisoformat("2026-03-29T01:00+01:00")
    assert due_at(opened, timedelta(hours=2), ZURICH) == datetime.fromisoformat("2026-03-29T04:00+02:00")


def test_a_chore_is_late_from_the_instant_that_it_is_due_and_said_so_again():
    due, remind = MONDAY, timedelta(hours=4)
    before = lateness(due, due - timedelta(seconds=1), remind)
    assert (before.late, before.changes_at) == (False, due)
    at_once = lateness(due, due, remind)
    assert (at_once.late, at_once.reminders, at_once.changes_at) == (True, 1, due + remind)
    assert lateness(due, due + timedelta(hours=9), remind).reminders == 3
    assert lateness(due, due + timedelta(days=9), None) == (timedelta(days=9), 1, None)


@given(HOURS, HOURS, st.integers(1, 100).map(lambda hours: timedelta(hours=hours)))
def test_law_reminders_only_grow_and_the_next_one_lies_ahead(first, second, remind):
    due = MONDAY + timedelta(days=10)
    early, later = sorted((MONDAY + first, MONDAY + second))
    before, after = lateness(due, early, remind), lateness(due, later, remind)
    assert before.reminders <= after.reminders
    assert after.changes_at > later
    assert after.late is (later >= due)


def test_the_id_of_a_run_is_read_back_and_names_the_day_on_the_clocks_of_its_zone():
    when = when_of(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), ZURICH)
    text = f"{area_of('dre', 'alert-review')}/{when}"
    assert text == "dre.chores/alert-review/2026-11-23T0030"
    assert str(about_of(text)) == text


def test_f38_two_requests_of_one_minute_are_two_and_one_request_stays_one():
    one, other = (when_of(MONDAY, ZURICH, run=run) for run in ("manual__1", "manual__2"))
    assert one != other
    assert one == when_of(MONDAY, ZURICH, run="manual__1")


@pytest.mark.parametrize(
    "text", ["", "dre.chores/x", "dre.x/2026", "dre.chores/x/../y", "dre.chores/x/a/b", "dre.chores.x/2026"]
)
def test_what_is_no_run_is_refused(text):
    with pytest.raises(NotAChore, match="Write it as"):
        about_of(text)


def test_the_names_of_the_row_are_stable_however_long_it_is():
    assert row(1) == ("do_it",)
    assert row(3) == ("do_it", "ask_the_next_shift", "ask_the_shift_after")
    assert row(5) == (*row(3), "ask_shift_4", "ask_shift_5")


def test_o07_a_daily_chore_comes_on_each_day_with_somebody_on_call_and_on_no_other():
    """Operate First: working days, without American holidays; Thursday is Thanksgiving."""
    schedule = ShiftDaySchedule(
        rotation=rotation_of("operate-first", "oncall"), role="engineer", at=time(9, 30), zone="America/New_York"
    )
    at, days = datetime(2026, 11, 24, 20, tzinfo=UTC), []
    for _ in range(4):
        at = schedule.next_after(at)
        assert schedule.latest_at(at) == at
        assert schedule.latest_at(at + timedelta(hours=1)) == at
        days.append(f"{to_local(at, schedule.zone):%a %d %H:%M}")
    assert days == ["Wed 25 09:30", "Fri 27 09:30", "Mon 30 09:30", "Tue 01 09:30"]


def test_a_time_at_which_nobody_is_ever_on_call_is_an_error_and_no_endless_search():
    schedule = ShiftDaySchedule(
        rotation=rotation_of("operate-first", "oncall"), role="engineer", at=time(3), zone="America/New_York"
    )
    for search in (schedule.next_after, schedule.latest_at):
        with pytest.raises(NeverDue, match="nobody holds engineer"):
            search(MONDAY)


def test_n11_each_handoff_is_that_of_the_rotation_and_may_come_a_little_later():
    schedule = HandoffSchedule(rotation=rotation_of("hausmeister", "weekdays"), after=timedelta(minutes=30))
    at = schedule.next_after(MONDAY)
    assert f"{to_local(at, schedule.zone):%a %H:%M}" == "Mon 11:30"
    assert schedule.latest_at(at) == at
    assert schedule.latest_at(at - timedelta(seconds=1)) < at - timedelta(days=6)


def test_t16_a_cron_schedule_is_on_the_wall_clock_of_its_zone():
    schedule = CronSchedule(cron="0 9 * * sun", zone="Africa/Cairo")
    at = schedule.next_after(MONDAY)
    assert f"{to_local(at, schedule.zone):%a %H:%M}" == "Sun 09:00"
    assert schedule.latest_at(at) == at
