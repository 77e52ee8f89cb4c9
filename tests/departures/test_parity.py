"""What runs where, and where the environments differ (T-12)."""

from __future__ import annotations

import pytest

from stationmaster.departures.parity import parity
from tests.departures.ruled import changed
from tests.departures.week import EXPLORER, PORTAL


@pytest.fixture
def even(week):
    """Both environments of both components run the head of the branch."""
    for repo in (PORTAL, EXPLORER):
        for environment in ("staging", "prod"):
            week.github.deploy(repo, environment, week.github.repository(repo).record.refs["heads/main"])
    return two_environments(week)


def two_environments(week):
    train = week.team.trains["weekly"]
    components = tuple(
        each.model_copy(update={"environments": {name: each.deploy(name) for name in ("staging", "prod")}})
        for each in train.components
    )
    changed(week, components=components, environments=("staging", "prod"))
    return week


def cell(report, component, environment):
    row = next(row for row in report.rows if row.component == component)
    return next(each for each in row.cells if each.environment == environment)


def test_t12_environments_that_run_the_same_are_even(even):
    report = parity(even.station())
    assert (report.even, report.environments) == (True, ("staging", "prod"))
    assert [(row.component, row.differs) for row in report.rows] == [("portal", False), ("explorer", False)]
    found = cell(report, "explorer", "prod")
    assert (found.state, found.behind, found.ahead) == ("running", 0, 0)
    assert found.sha == even.github.repository(EXPLORER).record.refs["heads/main"]
    assert found.since is not None


def test_t12_what_is_behind_is_counted_in_commits_of_the_branch(even):
    before = even.github.repository(EXPLORER).record.refs["heads/main"]
    for number in range(3):
        sha = even.github.push(EXPLORER, title=f"Newer {number}").sha
    even.github.deploy(EXPLORER, "staging", sha)
    report = parity(even.station())
    assert (report.even, [row.differs for row in report.rows]) == (False, [False, True])
    assert (cell(report, "explorer", "staging").behind, cell(report, "explorer", "prod").behind) == (0, 3)
    assert cell(report, "explorer", "prod").sha == before


def test_t12_what_was_never_deployed_differs_from_what_runs(week):
    report = parity(two_environments(week).station())
    assert not report.even
    train = week.team.trains["weekly"]
    changed(week, environments=("qa", *train.environments))
    assert cell(parity(week.station()), "portal", "qa").state == "not_deployed"


def test_f59_t12_what_cannot_be_read_says_why_and_is_not_even(even):
    even.fault("forbidden", f"{EXPLORER}/deployments", times=100)
    report = parity(even.station())
    assert not report.even
    assert cell(report, "portal", "prod").state == "running"
    found = cell(report, "explorer", "prod")
    assert (found.state, found.sha, bool(found.why)) == ("unreadable", None, True)
    assert not next(row for row in report.rows if row.component == "explorer").differs


def test_f59_t12_a_distance_that_cannot_be_read_hides_not_what_runs(even):
    even.fault("hidden", f"{PORTAL}/compare", times=100)
    found = cell(parity(even.station()), "portal", "prod")
    assert (found.state, found.behind, bool(found.sha), bool(found.why)) == ("unreadable", None, True, True)
