"""The five teams through the whole of 2026, a quarter of an hour at a time, by brute force (issue 3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from stationmaster.config.checklist import read_checklist
from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.core.rotations.escalating import Matter, pages
from stationmaster.oncall.coverage import conflicts_of, double_bookings, promise_gaps
from stationmaster.rehearsal.invariants_people import holder
from tests.oncall.year import QUARTER, quarters_of

INCLUDE = Path(__file__).resolve().parents[2] / "include"
TEAMS = load(INCLUDE).teams
YEAR = quarters_of(2026)
START, END = YEAR[0], YEAR[-1] + QUARTER
WEEKDAYS = range(5)


def local(team: TeamConfig) -> list[datetime]:
    zone = ZoneInfo(team.zone)
    return [at.astimezone(zone) for at in YEAR]


def held(team: TeamConfig, role: str) -> list[tuple[str, ...]]:
    schedule = team.rotation_of(role).schedule(role)
    return [schedule.people_at(at) for at in YEAR]


def test_the_five_teams_are_those_of_the_documents() -> None:
    assert sorted(TEAMS) == ["cellxgene", "dre", "hausmeister", "operate-first", "threefold"]


def test_r42_who_is_on_call_in_two_teams_at_once_is_found() -> None:
    """One mail address makes two people one; a role that is always the same person's books nobody."""
    weeks = [at for at in YEAR if at < START + timedelta(weeks=12)]
    teams, booked = [], []
    for name in ("cellxgene", "dre"):
        team = TEAMS[name]
        roles = [
            role
            for rotation in team.rotations.values()
            for role, rule in rotation.plan.newest.roles.items()
            if rule.person is None
        ]
        who = next(each for at in weeks for each in team.rotation_of(roles[0]).schedule(roles[0]).people_at(at))
        person = team.people[who].model_copy(update={"email": "both@example.org"})
        teams.append(team.model_copy(update={"people": {**team.people, who: person}}))
        schedules = [team.rotation_of(role).schedule(role) for role in roles]
        booked.append({at for at in weeks if any(who in each.people_at(at) for each in schedules)})
    found = double_bookings(teams, START, weeks[-1] + QUARTER)
    assert {each.code for each in found} == {"two_teams"}
    at_once = {at for at in weeks if any(each.start <= at < each.end for each in found)}
    assert at_once == booked[0] & booked[1] != set()


@pytest.mark.parametrize("name", sorted(TEAMS))
def test_nobody_is_alone_in_two_roles_and_no_role_has_two(name: str) -> None:
    team = TEAMS[name]
    roles = {role: rule for rotation in team.rotations.values() for role, rule in rotation.plan.newest.roles.items()}
    for role in roles:
        assert max(len(people) for people in held(team, role)) == 1
    assert list(conflicts_of(team, None, START, END)) == []
    assert double_bookings(list(TEAMS.values()), START, START + timedelta(weeks=4)) == []


@pytest.mark.parametrize("name", sorted(TEAMS))
def test_the_engine_names_whom_a_walk_over_the_days_names(name: str) -> None:
    team = TEAMS[name]
    for entry in team.roster.values():
        for role in entry.roles:
            turns = team.rotations[entry.id].turns_of(role)
            for at in YEAR[::37]:
                expected = holder(team, entry, role, at)
                assert turns.people_at(at) == (() if expected is None else (expected,)), (role, at)


@pytest.mark.parametrize("name", sorted(TEAMS))
def test_what_is_promised_is_kept_or_known(name: str) -> None:
    """The report of gaps and the walk find the same quarters, and none that the team does not know of."""
    team = TEAMS[name]
    reported = [(known, span) for _, known, span in promise_gaps(team, START, END)]
    assert all(known is not None for known, _ in reported)
    by_report = {at for at in YEAR if any(span.start <= at < span.end for _, span in reported)}
    by_walk: set[datetime] = set()
    for promise in team.promises:
        windows = [hours.window(team.zone) for hours in promise.hours]
        columns = [held(team, role) for role in promise.roles]
        for place, at in enumerate(YEAR):
            promised = not windows or any(run.start <= at < run.end for each in windows for run in each.runs(at, at))
            if promised and not any(column[place] for column in columns):
                by_walk.add(at)
    assert by_report == by_walk


def test_c01_c02_c03_cellxgene_is_covered_at_every_instant_by_three_people() -> None:
    team = TEAMS["cellxgene"]
    rows = list(zip(*(held(team, role) for role in ("primary", "secondary", "tertiary")), strict=True))
    assert all(len({person for people in row for person in people}) == 3 for row in rows)
    assert {row[2] for row in rows} == {("jules",)}
    changes = [at for before, row, at in zip(rows, rows[1:], local(team)[1:], strict=False) if before != row]
    assert {(at.weekday(), at.time()) for at in changes} == {(0, time(9))}
    assert len(changes) == 52


def test_d03_d04_alerts_agree_with_ops_and_keep_working_hours() -> None:
    team = TEAMS["dre"]
    for at, ops, alerts in zip(local(team), held(team, "ops"), held(team, "alerts"), strict=True):
        working = at.weekday() in WEEKDAYS and time(9) <= at.time() < time(18)
        assert len(ops) == 1
        assert alerts == (ops if working else ())


def test_d01_d02_dre_goes_round_its_list_week_by_week() -> None:
    team = TEAMS["dre"]
    people = [shift.person for shift in team.shifts("ops", START, END)]
    order = team.rotations["oncall"].plan.newest.members.everybody
    assert all(order[(order.index(one) + 1) % 5] == other for one, other in pairwise(people))


def test_o02_o03_o19_operate_first_has_somebody_in_working_hours_and_nobody_on_days_off() -> None:
    team = TEAMS["operate-first"]
    off = set(team.roster["oncall"].holidays.from_year(2026))
    assert {date(2026, 7, 3), date(2026, 11, 26), date(2026, 12, 25)} <= off
    for at, people in zip(local(team), held(team, "engineer"), strict=True):
        working = at.weekday() in WEEKDAYS and at.date() not in off and time(9) <= at.time() < time(18)
        assert bool(people) == working, at


def test_o04_o15_o16_everybody_once_a_cycle_in_an_order_of_its_own_and_never_twice_in_a_row() -> None:
    team = TEAMS["operate-first"]
    people = [shift.person for shift in team.shifts("engineer", START, END)]
    cadence = team.rotations["oncall"].plan.newest.cadence
    first = cadence.turn_at(team.shifts("engineer", START, END)[0].start).number
    skip = -first % 6
    cycles = [tuple(people[at : at + 6]) for at in range(skip, len(people) - 5, 6)]
    assert len(cycles) > 40
    assert all(sorted(cycle) == sorted(team.people) for cycle in cycles)
    assert len(set(cycles)) > 30
    assert all(one != other for one, other in pairwise(people))


def test_o17_after_friday_comes_mondays_engineer() -> None:
    team = TEAMS["operate-first"]
    zone = ZoneInfo(team.zone)
    rotation = team.rotations["oncall"]
    friday = datetime(2026, 3, 6, 9, tzinfo=zone).astimezone(UTC)
    assert rotation.next_handoff(friday) == datetime(2026, 3, 9, 9, tzinfo=zone).astimezone(UTC)


def test_t06_t07_threefold_is_there_from_sunday_to_friday_and_for_what_is_critical_at_weekends() -> None:
    team = TEAMS["threefold"]
    columns = (held(team, role) for role in ("operator", "critical", "circle_owner"))
    for at, operator, critical, owner in zip(local(team), *columns, strict=True):
        assert bool(operator) == (at.weekday() != 5 and time(9) <= at.time() < time(17))
        assert bool(critical) == (at.weekday() >= 5 and time(8) <= at.time() < time(20))
        assert not (operator and critical) or operator == critical
        assert owner == ("owen",)


def test_n01_n05_n11_n12_the_pager_is_always_with_one_person() -> None:
    team = TEAMS["hausmeister"]
    columns = (held(team, role) for role in ("hausmeister", "weekend"))
    for at, weekday, weekend in zip(local(team), *columns, strict=True):
        minute = (at.weekday(), at.time())
        assert bool(weekday) == ((0, time(11)) <= minute < (4, time(17)))
        assert bool(weekday) != bool(weekend)


def test_n04_the_backstop_has_more_experience_and_is_somebody_else() -> None:
    team = TEAMS["hausmeister"]
    for role, backstop in (("hausmeister", "backstop"), ("weekend", "weekend_backstop")):
        for backed, backs in zip(held(team, role), held(team, backstop), strict=True):
            assert bool(backed) == bool(backs)
            if backed:
                assert team.people[backs[0]].experience > team.people[backed[0]].experience


def test_n13_the_gap_of_monday_morning_is_reported_each_week() -> None:
    team = TEAMS["hausmeister"]
    found = [span for what, _, span in promise_gaps(team, START, END) if what == "customer questions"]
    zone = ZoneInfo(team.zone)
    assert len(found) == 52
    assert {(span.start.astimezone(zone).strftime("%a %H:%M"), span.end - span.start) for span in found} == {
        ("Mon 09:00", timedelta(hours=2))
    }


def test_n03_in_work_hours_issues_and_questions_are_the_hausmeisters() -> None:
    """But for Monday morning, which is reported (N-13)."""
    team = TEAMS["hausmeister"]
    (promise,) = (each for each in team.promises if each.what == "customer questions")
    assert promise.roles == ("hausmeister",)
    zone = ZoneInfo(team.zone)
    for day, hour in [(0, 11), (1, 9), (2, 12), (3, 16), (4, 16)]:
        at = datetime(2026, 3, 2 + day, hour, tzinfo=zone)
        assert team.on_call("hausmeister", at).person
    package = team.roster["weekdays"].package
    assert package is not None
    assert (package.issues, package.priorities) == (("bug", "data-infra"), ("P4", "P3"))


@pytest.mark.parametrize(
    "team, rotation", [("dre", "oncall"), ("hausmeister", "weekdays"), ("hausmeister", "weekends")]
)
def test_d08_n06_whoever_comes_on_call_checks_that_a_page_reaches_them(team: str, rotation: str) -> None:
    access = TEAMS[team].roster[rotation].access
    assert access is not None
    items = [item.id for item in read_checklist(INCLUDE, access.page)]
    assert "test-alert" in items
    assert items[0] in {"app", "phone"}


def test_n18_everybody_has_a_share() -> None:
    team = TEAMS["hausmeister"]
    shifts = [shift.person for shift in team.shifts("hausmeister", START, END)]
    shares = {person: shifts.count(person) for person in set(shifts)}
    assert len(shares) == 5
    assert max(shares.values()) - min(shares.values()) <= 1


def test_o01_the_file_holds_slack_and_github_of_everybody() -> None:
    team = TEAMS["operate-first"]
    assert all(person.slack and person.github for person in team.people.values())


def test_n07_an_alert_that_is_too_much_goes_to_the_backstop() -> None:
    team = TEAMS["hausmeister"]
    entry = team.roster["weekdays"]
    opened = datetime(2026, 3, 10, 15, tzinfo=UTC)
    (page,) = pages(entry.policy(team.zone), Matter(opened_at=opened), team.rotations["weekdays"].people_at)
    assert page.people == team.rotation_of("backstop").people_at("backstop", page.at)
    assert page.at - opened == timedelta(minutes=15)


def test_n02_the_pager_is_held_in_nights_too() -> None:
    team = TEAMS["hausmeister"]
    everything = zip(local(team), held(team, "hausmeister"), strict=True)
    midweek = [people for at, people in everything if at.weekday() in (1, 2, 3)]
    assert midweek
    assert all(midweek)
