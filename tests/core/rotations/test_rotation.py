"""Weekly rotations against their laws, a walk along the clock, and named people on named days."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stationmaster.core.rotations.escalating import EscalationStep, escalation
from stationmaster.core.rotations.plan import UnknownRole
from stationmaster.core.rotations.roles import RoleImpossible, RoleRule
from stationmaster.core.rotations.rotation import NobodyOnCall, Rotation, Shift
from stationmaster.core.rotations.schedule import BackwardsSpan
from tests.core.clock_walk import quarter_hours
from tests.core.rotations import making

PACIFIC = "America/Los_Angeles"
MICROSECOND = timedelta(microseconds=1)
PRIMARY_SECONDARY = {"primary": RoleRule(turn=0), "secondary": RoleRule(turn=1)}
ROLES = PRIMARY_SECONDARY | {"tertiary": RoleRule(person="maya")}


def rotation(members: str = "ada ben cleo dev", **given: object) -> Rotation:
    return making.rotation(members, **({"roles": ROLES} | given))


def order(of: Rotation) -> list[str]:
    return [person for slot in of.plan.newest.members.slots for person in slot]


def pacific(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(PACIFIC)).astimezone(UTC)


def on_call(of: Rotation, at: datetime) -> list[Shift]:
    return [of.on_call(role, at) for role in of.roles if of.people_at(role, at)]


def people(of: Rotation, at: datetime) -> str:
    return " ".join(shift.person for shift in on_call(of, at))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2021-09-27T09:00", "dev ada maya"),  # the turn goes on before the anchor
        ("2021-10-04T08:59:59.999999", "dev ada maya"),
        ("2021-10-04T09:00", "ada ben maya"),  # Monday 09:00 belongs to the incoming
        ("2021-10-06T10:00", "ada ben maya"),
        ("2021-10-11T08:59", "ada ben maya"),
        ("2021-10-11T09:00", "ben cleo maya"),
        ("2021-11-08T08:59", "ada ben maya"),  # the clocks went back the day before
        ("2021-11-08T09:00", "ben cleo maya"),
        ("2022-03-14T08:59", "cleo dev maya"),  # the clocks went forward the day before
        ("2022-03-14T09:00", "dev ada maya"),
    ],
)
def test_c01_c02_c03_shifts_start_on_monday_at_nine_by_the_wall_clock(at: str, expected: str) -> None:
    assert people(rotation(), pacific(at)) == expected


def test_c02_nine_in_the_west_is_noon_in_the_east() -> None:
    for shift in rotation().shifts("primary", pacific("2021-01-01T00:00"), pacific("2023-01-01T00:00")):
        east = shift.start.astimezone(ZoneInfo("America/New_York"))
        assert (east.isoweekday(), east.hour, east.minute) == (1, 12, 0)


def test_c01_the_weeks_of_a_clock_change_are_an_hour_longer_or_shorter() -> None:
    hours = {
        shift.start.date().isoformat(): (shift.end - shift.start) / timedelta(hours=1)
        for shift in rotation().shifts("primary", pacific("2021-10-25T09:00"), pacific("2022-03-21T09:00"))
    }
    assert hours.pop("2021-11-01") == 169
    assert hours.pop("2022-03-07") == 167
    assert set(hours.values()) == {168}


def test_c04_everybody_has_a_turn_in_every_role_of_each_cycle() -> None:
    cycle = rotation()
    for role in ("primary", "secondary"):
        turns = cycle.shifts(role, pacific("2021-10-04T09:00"), pacific("2021-11-01T09:00"))
        assert [shift.person for shift in turns].count("ada") == 1
        assert {shift.person for shift in turns} == set(order(cycle))


def test_c05_the_fixed_person_takes_no_turn_in_the_other_roles() -> None:
    with_manager = rotation("ada maya ben cleo dev")
    for week in range(20):
        at = pacific("2021-10-06T10:00") + timedelta(weeks=week)
        assert people(with_manager, at) == people(rotation(), at)


def test_c05_two_people_and_two_roles_change_places() -> None:
    two = rotation("ada ben")
    assert people(two, pacific("2021-10-06T10:00")) == "ada ben maya"
    assert people(two, pacific("2021-10-13T10:00")) == "ben ada maya"


@pytest.mark.parametrize(
    ("members", "roles", "said"),
    [
        ("ada", ROLES, "primary and secondary: both would fall on ada"),
        ("ada maya", ROLES, "primary and secondary: both would fall on ada"),
        ("maya", ROLES, "primary: every member is fixed"),
        ("ada ben", ROLES | {"backup": RoleRule(turn=2)}, "primary and backup: both would fall on ada"),
        ("ada ben", ROLES | {"chief": RoleRule(person="maya")}, "both would fall on maya"),
    ],
)
def test_c05_no_distinct_person_is_a_planning_error(members: str, roles: dict[str, RoleRule], said: str) -> None:
    impossible = rotation(members, roles=roles)
    with pytest.raises(RoleImpossible, match=said):
        impossible.check()
    with pytest.raises(RoleImpossible, match=said):
        impossible.on_call("tertiary", pacific("2021-10-06T10:00"))


def test_nobody_is_an_error_and_never_somebody() -> None:
    empty = rotation("-", roles={"primary": RoleRule(turn=0)})
    with pytest.raises(NobodyOnCall, match="nobody holds the role primary"):
        empty.on_call("primary", pacific("2021-10-06T10:00"))
    with pytest.raises(UnknownRole, match="Use one of: primary, secondary, tertiary"):
        rotation().on_call("quaternary", pacific("2021-10-06T10:00"))
    with pytest.raises(BackwardsSpan):
        rotation().shifts("primary", pacific("2021-10-06T10:00"), pacific("2021-10-06T09:00"))


@pytest.mark.parametrize(
    "change",
    [
        {"members": ""},
        {"roles": {}},
        {"roles": {"primary": {}}},
        {"roles": {"primary": {"turn": 0, "person": "ada"}}},
        {"roles": {"primary": {"turn": 0, "more_experience": True}}},
        {"roles": {"primary": {"turn": -1}}},
        {"length": 0},
        {"anchor": datetime(2021, 10, 4, 9, tzinfo=UTC)},
        {"anchor": 1633338000},
        {"zone": "PT"},
    ],
)
def test_a_rotation_that_cannot_hold_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rotation(**change)


def handoffs_by_walking(of: Rotation) -> list[datetime]:
    """Return the handoffs from the anchor on, found by looking at a wall clock every quarter of an hour."""
    found: list[datetime] = []
    due = of.plan.newest.cadence.anchor
    for instant, wall in quarter_hours(of.zone):
        if wall >= due:
            found.append(instant)
            due += timedelta(weeks=of.plan.newest.cadence.length)
    return found


@pytest.mark.parametrize("zone", [PACIFIC, "Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    ("wall", "weeks"),
    [("2025-01-06T09:00", 1), ("2025-01-05T02:30", 1), ("2025-01-05T01:30", 1), ("2025-01-05T02:00", 2)],
)
def test_f35_a_walk_of_104_weeks_finds_the_same_handoffs(zone: str, wall: str, weeks: int) -> None:
    of = rotation(zone=zone, anchor=datetime.fromisoformat(wall), length=weeks)
    handoffs = handoffs_by_walking(of)
    found = of.shifts("primary", handoffs[0], handoffs[-1])
    assert [shift.start for shift in found] == handoffs[:-1]
    assert [shift.end for shift in found] == handoffs[1:]
    assert len(found) >= 104 // weeks - 1
    for turn, start in enumerate(handoffs[:-1]):
        # Every quarter of an hour for three hours to both sides: a wrong step would show near a change of the clocks.
        for quarter in range(-12, 13):
            person = of.on_call("primary", start + timedelta(minutes=15) * quarter).person
            assert person == order(of)[(turn if quarter >= 0 else turn - 1) % len(order(of))]


@st.composite
def rotations(draw: st.DrawFn) -> Rotation:
    members = draw(st.integers(2, 8))
    return rotation(
        " ".join(f"p{number}" for number in range(members)),
        zone=draw(st.sampled_from([PACIFIC, "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"])),
        anchor=draw(st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1))),
        length=draw(st.integers(1, 6)),
    )


INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))


@given(rotations(), INSTANTS)
def test_no_gap_no_overlap_and_the_handoff_belongs_to_the_incoming(of: Rotation, at: datetime) -> None:
    now, after = of.on_call("primary", at), of.next_shift("primary", at)
    assert now.start <= at < now.end
    assert after.start == now.end
    assert of.on_call("primary", now.start) == now
    assert of.on_call("primary", now.end - MICROSECOND) == now
    assert of.on_call("primary", now.end) == after
    assert of.on_call("secondary", at).person == after.person
    assert order(of).index(after.person) == (order(of).index(now.person) + 1) % len(order(of))


@given(rotations(), INSTANTS, st.integers(0, 150))
def test_a_schedule_covers_its_span_without_gap_or_overlap(of: Rotation, start: datetime, days: int) -> None:
    end = start + timedelta(days=days)
    found = of.shifts("secondary", start, end)
    assert bool(found) == (days > 0)
    if found:
        assert found[0].start <= start < found[0].end
        assert found[-1].start < end <= found[-1].end
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(of.on_call("secondary", shift.start) == shift for shift in found)


@given(rotations(), INSTANTS)
def test_c05_no_person_holds_two_roles(of: Rotation, at: datetime) -> None:
    found = on_call(of, at)
    assert len({shift.person for shift in found}) == len(of.roles)
    assert len({(shift.start, shift.end) for shift in found}) == 1


def test_a_query_costs_the_same_whatever_the_age_of_the_anchor() -> None:
    def seconds(anchor: datetime) -> float:
        of = rotation(anchor=anchor)
        rounds = []
        for _ in range(7):
            begun = time.perf_counter()
            for day in range(50):
                of.on_call("primary", datetime(2035, 1, 1, tzinfo=UTC) + timedelta(days=day))
            rounds.append(time.perf_counter() - begun)
        return min(rounds)

    assert seconds(datetime(1000, 1, 1, 9)) < 5 * seconds(datetime(2034, 12, 25, 9))


LADDER = (
    EscalationStep(role="primary", after=timedelta(0)),
    EscalationStep(role="secondary", after=timedelta(minutes=10)),
    EscalationStep(role="tertiary", after=timedelta(minutes=30)),
)
OPENED = datetime(2021, 11, 7, 8, 55, tzinfo=UTC)


def pages(acknowledged_after: float | None) -> list[tuple[str, float]]:
    at = None if acknowledged_after is None else OPENED + timedelta(minutes=acknowledged_after)
    return [(page.role, (page.at - OPENED) / timedelta(minutes=1)) for page in escalation(LADDER, OPENED, at)]


def test_c33_ten_minutes_to_the_secondary_and_thirty_more_to_the_tertiary() -> None:
    assert pages(None) == [("primary", 0), ("secondary", 10), ("tertiary", 40)]


@pytest.mark.parametrize(
    ("acknowledged_after", "told"),
    [
        (0, []),
        (9.99, ["primary"]),
        (10, ["primary"]),
        (10.01, ["primary", "secondary"]),
        (39.99, ["primary", "secondary"]),
        (40, ["primary", "secondary"]),
        (41, ["primary", "secondary", "tertiary"]),
        (-5, ["primary", "secondary", "tertiary"]),
    ],
)
def test_c34_an_acknowledgement_stops_the_ladder_and_an_older_one_does_not(
    acknowledged_after: float, told: list[str]
) -> None:
    assert [role for role, _ in pages(acknowledged_after)] == told


@given(st.lists(st.integers(0, 600), max_size=6), st.one_of(st.none(), st.integers(0, 4000)))
def test_c34_acknowledging_only_ever_shortens_the_ladder(delays: list[int], minutes: int | None) -> None:
    steps = [EscalationStep(role=f"r{place}", after=timedelta(minutes=delay)) for place, delay in enumerate(delays)]
    whole = escalation(steps, OPENED)
    acknowledged = None if minutes is None else OPENED + timedelta(minutes=minutes)
    told = escalation(steps, OPENED, acknowledged)
    assert told == whole[: len(told)]
    assert [page.role for page in whole] == [step.role for step in steps]
    if acknowledged is not None:
        assert all(page.at < acknowledged for page in told)
        assert all(page.at >= acknowledged for page in whole[len(told) :])
