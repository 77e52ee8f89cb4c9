"""The hours of which the invariants know: counted by the minute, and beside the core."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.config.loader import load
from stationmaster.rehearsal.hours_duty import is_covered, next_covered, rotation_of
from tests.rehearsal.good_week import INCLUDE

TEAMS = load(INCLUDE).teams
FRIDAY = datetime(2024, 3, 15, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("team", "role", "at", "covered"),
    [
        ("dre", "ops", "2024-03-16T03:00+01:00", True),
        ("dre", "alerts", "2024-03-15T08:59+01:00", False),
        ("dre", "alerts", "2024-03-15T09:00+01:00", True),
        ("dre", "alerts", "2024-03-15T18:00+01:00", False),
        ("dre", "alerts", "2024-03-16T10:00+01:00", False),
        ("hausmeister", "hausmeister", "2024-03-11T10:59-03:00", False),
        ("hausmeister", "hausmeister", "2024-03-13T03:00-03:00", True),
        ("hausmeister", "hausmeister", "2024-03-15T17:00-03:00", False),
        ("hausmeister", "weekend", "2024-03-15T17:00-03:00", True),
        ("hausmeister", "weekend", "2024-03-18T10:59-03:00", True),
        ("operate-first", "engineer", "2024-07-04T10:00-04:00", False),
        ("operate-first", "engineer", "2024-07-05T10:00-04:00", True),
    ],
)
def test_who_is_on_duty_when(team, role, at, covered):
    assert is_covered(TEAMS[team], (role,), datetime.fromisoformat(at)) is covered


def test_d04_the_next_instant_is_the_morning_of_the_next_working_day():
    assert next_covered(TEAMS["dre"], ("alerts",), FRIDAY) == datetime(2024, 3, 18, 8, 0, tzinfo=UTC)
    assert next_covered(TEAMS["dre"], ("ops",), FRIDAY) == FRIDAY


def test_t07_of_two_roles_the_one_that_comes_first_counts():
    threefold = TEAMS["threefold"]
    both = next_covered(threefold, ("operator", "critical"), FRIDAY)
    assert next_covered(threefold, ("operator",), FRIDAY) - both == timedelta(days=1, hours=1)


def test_nobody_for_days_is_an_error():
    entry = rotation_of(TEAMS["dre"], "alerts")
    rule = entry.roles["alerts"]
    never = rule.model_copy(update={"hours": (rule.hours[0].model_copy(update={"days": ()}),)})
    team = TEAMS["dre"].model_copy(
        update={"roster": {entry.id: entry.model_copy(update={"roles": {**entry.roles, "alerts": never}})}}
    )
    with pytest.raises(LookupError, match="nobody of alerts"):
        next_covered(team, ("alerts",), FRIDAY)
