"""ThreeFold's files: its rules are used, and right, in the team's own week and zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from stationmaster.config.checklist import read_checklist
from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import stop_times
from stationmaster.core.freezes import Action, active, reopens
from stationmaster.core.instants import IsoWeek

SHIPPED = Path(__file__).resolve().parents[2] / "include"
LOADED = load(SHIPPED, teams=["threefold"])
CAIRO = ZoneInfo("Africa/Cairo")
QUARTER = timedelta(minutes=15)
YEAR = [datetime(2026, 1, 1, tzinfo=UTC) + QUARTER * number for number in range(366 * 96)]
CHANGES: tuple[Action, ...] = ("cut", "promote", "hotfix", "merge")


@pytest.fixture
def team() -> TeamConfig:
    return LOADED.team("threefold")


@pytest.fixture
def train(team: TeamConfig) -> TrainConfig:
    return team.train("weekly")


def test_the_files_hold_no_mistake() -> None:
    assert LOADED.problems == ()


@pytest.mark.parametrize("action", CHANGES)
def test_t02_t03_nothing_changes_from_thursday_to_saturday_and_everything_may_from_sunday_on(
    team: TeamConfig, action: Action
) -> None:
    """Every quarter of an hour of 2026 by the clocks of Cairo, which change on a Friday."""
    freezes = team.freezes_of("weekly")
    spans = [span for freeze in freezes for span in freeze.between(YEAR[0], YEAR[-1] + QUARTER)]
    assert all(action in freeze.mode.forbids for freeze in freezes)
    frozen = {at for at in YEAR if any(span.start <= at < span.end for span in spans)}
    assert frozen == {at for at in YEAR if at.astimezone(CAIRO).isoweekday() in (4, 5, 6)}


def test_t02_a_freeze_that_holds_ends_as_the_work_week_begins(team: TeamConfig) -> None:
    for week in range(52):
        friday = datetime(2026, 1, 2, 12, tzinfo=CAIRO) + timedelta(weeks=week)
        ends = reopens(team.freezes_of("weekly"), "promote", friday)
        assert ends is not None
        local = ends.astimezone(CAIRO)
        assert (local.isoweekday(), local.hour, local.minute) == (7, 0, 0)


def test_f34_a_rollback_goes_on_a_friday(team: TeamConfig) -> None:
    friday = datetime(2026, 1, 2, 12, tzinfo=CAIRO)
    assert active(team.freezes_of("weekly"), "promote", friday)
    assert not active(team.freezes_of("weekly"), "rollback", friday)


def test_t02_t06_every_stop_of_a_year_lies_outside_the_freeze_and_in_business_hours(
    team: TeamConfig, train: TrainConfig
) -> None:
    week = IsoWeek.parse("2026-W01")
    for _ in range(53):
        for stop, times in (
            ("cut", stop_times(train.stop("cut"), week)),
            ("promote", stop_times(train.stop("promote"), train.promote_week(week))),
        ):
            for at in (times.earliest, times.target, times.latest_start):
                assert not active(team.freezes_of("weekly"), stop, at)
                operator, conductor = team.on_call("operator", at), team.on_call("conductor", at)
                assert operator.person == conductor.person
        week = week.plus(1)


def test_the_release_of_sunday_goes_on_the_wednesday_after(train: TrainConfig) -> None:
    week = IsoWeek.parse("2026-W53")
    cut = stop_times(train.stop("cut"), week).earliest.astimezone(CAIRO)
    promote = stop_times(train.stop("promote"), train.promote_week(week)).earliest.astimezone(CAIRO)
    assert (f"{cut:%a %d %b}", f"{promote:%a %d %b}") == ("Sun 03 Jan", "Wed 06 Jan")


def test_there_is_a_conductor_at_every_instant_who_belongs_to_operations(team: TeamConfig) -> None:
    assert {team.on_call("conductor", at).person for at in YEAR[::13]} == set(team.groups["operations"])


def test_t01_the_group_of_the_rule_is_the_operations_team(team: TeamConfig, train: TrainConfig) -> None:
    assert (train.rules.actors, train.gates.quorum.voters) == ("operations", "operations")
    assert "owen" not in team.groups["operations"], "the ladder ends with somebody who may not push"


def test_t04_t11_each_departure_is_an_issue_with_a_priority(train: TrainConfig) -> None:
    rule = train.rules.issue
    assert rule is not None
    assert (rule.mode, rule.repository) == ("written", "threefoldtech/tf_operations")
    assert "priority_minor" in rule.labels
    assert rule.labels_on_failure == ("priority_major",)


def test_t11_the_handoff_lists_open_work_by_priority(team: TeamConfig) -> None:
    package = team.roster["operations"].package
    assert package is not None
    assert package.priorities == ("priority_critical", "priority_major", "priority_minor")


def test_t08_only_what_was_tested_on_testnet_comes_to_mainnet(train: TrainConfig) -> None:
    """Staged there for two days, a list with its evidence, two approvals of others than the authors, no blocker."""
    assert (train.staging, train.production) == ("testnet", "mainnet")
    assert train.environments.index("testnet") < train.environments.index("mainnet")
    gates = train.gates
    assert (gates.soak.days, gates.quorum.needed, gates.quorum.authors_may_vote) == (2, 2, False)
    assert gates.blocking_labels is not None
    assert gates.blocking_labels.quiet_for == timedelta(days=14)
    page = train.component("tfchain").checklist_of("testnet")
    assert page is not None
    items = read_checklist(SHIPPED, page)
    assert any(item.id == "evidence" for item in items)


def test_t20_git_tags_begin_with_v_and_candidates_end_with_rc(train: TrainConfig) -> None:
    for component in train.components:
        assert component.release is not None
        assert (component.release.tag, component.release.candidate) == ("v{version}", "-rc")
