"""Merging check runs and commit statuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stationmaster.core.checks import Check, CheckRules, CheckState, check_run_state, merge_checks, status_state

NOON = datetime(2021, 11, 4, 12, tzinfo=UTC)
CHECKS = st.lists(
    st.builds(
        Check,
        name=st.sampled_from(["build", "test", "lint", "deploy"]),
        state=st.sampled_from(get_args(CheckState)),
        source=st.sampled_from(["actions", "travis"]),
        at=st.one_of(st.none(), st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours))),
    ),
    max_size=8,
)
NAMES = st.lists(st.sampled_from(["build", "test", "l*", "deploy", "other"]), max_size=2)
RULES = st.fixed_dictionaries(
    {"require": NAMES, "allow": NAMES, "ignore": NAMES, "none": st.sampled_from(["refuse", "accept"])}
).map(CheckRules.model_validate)


def check(name: str, state: str, hours: int = 0, source: str = "actions") -> Check:
    return Check.model_validate({"name": name, "state": state, "source": source, "at": NOON + timedelta(hours=hours)})


@pytest.mark.parametrize(
    ("checks", "state"),
    [
        ([check("build", "passed"), check("test", "passed")], "green"),
        ([check("build", "passed"), check("test", "pending")], "pending"),
        ([check("build", "failed"), check("test", "pending")], "red"),
        ([], "absent"),
        # A run again replaces the older one; the other app's check of that name does not.
        ([check("test", "failed"), check("test", "passed", 1)], "green"),
        ([check("test", "passed"), check("test", "pending", 1)], "pending"),
        ([check("test", "failed", source="travis"), check("test", "passed", 1)], "red"),
        # Two reports of one instant: the worse one.
        ([check("test", "passed"), check("test", "failed")], "red"),
    ],
)
def test_f08_the_worst_check_decides(checks: list[Check], state: str) -> None:
    report = merge_checks(checks, CheckRules())
    assert report.state == state
    assert report.usable == (state == "green")


def test_required_checks_must_report_and_pass() -> None:
    rules = CheckRules(require=("build", "e2e*"))
    report = merge_checks([check("build", "passed")], rules)
    assert (report.state, report.missing) == ("pending", ("e2e*",))
    assert merge_checks([], rules).state == "pending"
    assert merge_checks([check("build", "passed"), check("e2e (1)", "passed")], rules).state == "green"
    assert merge_checks([check("build", "passed"), check("e2e (1)", "failed")], rules).state == "red"


def test_allowed_and_ignored_checks_do_not_decide_unless_required() -> None:
    rules = CheckRules(require=("build",), allow=("codecov/*",), ignore=("*",))
    checks = [check("build", "passed"), check("codecov/patch", "failed"), check("deploy", "pending")]
    report = merge_checks(checks, rules)
    assert (report.state, report.passed, report.set_aside) == ("green", ("build",), ("codecov/patch", "deploy"))
    assert merge_checks([check("build", "failed")], rules).state == "red"


@pytest.mark.parametrize(("none", "usable"), [("refuse", False), ("accept", True)])
def test_f59_no_checks_at_all_is_an_explicit_policy(none: str, usable: bool) -> None:
    report = merge_checks([check("deploy", "passed")], CheckRules.model_validate({"ignore": ["deploy"], "none": none}))
    assert (report.state, report.usable) == ("absent", usable)


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("completed", "success", "passed"),
        ("completed", "neutral", "passed"),
        ("completed", "skipped", "passed"),
        ("completed", "failure", "failed"),
        ("completed", "cancelled", "failed"),
        ("completed", "timed_out", "failed"),
        ("completed", "action_required", "failed"),
        ("completed", "stale", "failed"),
        ("completed", "something_new", "failed"),
        ("completed", None, "failed"),
        ("queued", None, "pending"),
        ("in_progress", None, "pending"),
        ("waiting", "success", "pending"),
    ],
)
def test_f59_a_check_run_is_green_only_if_it_says_so(status: str, conclusion: str | None, state: str) -> None:
    assert check_run_state(status, conclusion) == state


@pytest.mark.parametrize(
    ("said", "state"),
    [("success", "passed"), ("pending", "pending"), ("failure", "failed"), ("error", "failed"), ("new", "failed")],
)
def test_f59_a_status_is_green_only_if_it_says_so(said: str, state: str) -> None:
    assert status_state(said) == state


@given(CHECKS, RULES, st.randoms())
def test_the_order_of_the_reports_does_not_matter(checks: list[Check], rules: CheckRules, chance: Any) -> None:
    mixed = list(checks)
    chance.shuffle(mixed)
    assert merge_checks(mixed, rules) == merge_checks(checks, rules)


@given(CHECKS, RULES)
def test_green_means_that_nothing_required_is_missing_or_bad(checks: list[Check], rules: CheckRules) -> None:
    report = merge_checks(checks, rules)
    if report.state == "green":
        assert report.passed
        assert (report.failing, report.pending, report.missing) == ((), (), ())
    worse = merge_checks([*checks, check("zz", "failed", 9)], rules)
    assert worse.state == "red"
    assert not worse.usable


def test_a_rule_without_a_name_is_refused() -> None:
    with pytest.raises(ValidationError, match="names no check"):
        CheckRules(require=("",))
