"""The gates of a train's rules, by tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.blockers import LONGEST_VALUE
from stationmaster.core.gates import Standing, Verdict
from stationmaster.core.issue_links import IssueLink, IssueSeen, NotAnIssueLink, issue_link
from stationmaster.core.rule_gates import BlockingIssue, actor_gate, blocking_gate, issue_gate

OPERATIONS = ("amir", "bea")
REPO = "threefoldtech/tf_operations"
LINK = IssueLink(repository=REPO, number=12)
NOW = datetime(2026, 11, 18, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def codes(standing: Standing) -> list[str]:
    return [found.code for found in standing.blockers]


@pytest.mark.parametrize(
    ("actors", "verdict"),
    [
        (["amir"], Verdict.PASS),
        (["owen", "bea"], Verdict.PASS),
        (["owen"], Verdict.DENY),
        ([], Verdict.DENY),
        (["timetable"], Verdict.DENY),
        (["AMIR"], Verdict.DENY),
    ],
)
def test_t01_only_the_group_changes_production(actors: list[str], verdict: Verdict) -> None:
    standing = actor_gate(actors, OPERATIONS, group="operations", environment="mainnet")
    assert standing.verdict is verdict
    if verdict is Verdict.DENY:
        assert standing.blockers[0].code == "ACTOR_NOT_ALLOWED"
        assert standing.blockers[0].who == OPERATIONS
        assert (actors[0] if actors else "nobody of the team") in standing.blockers[0].sentence


@given(st.lists(st.sampled_from(["owen", "timetable", "", "eve"])))
def test_t01_nobody_outside_the_group_ever_passes(actors: list[str]) -> None:
    assert not actor_gate(actors, OPERATIONS, group="operations", environment="mainnet").opens
    assert not actor_gate(actors, (), group="operations", environment="mainnet").opens


@pytest.mark.parametrize(
    ("link", "seen", "needed", "verdict", "found"),
    [
        (LINK, IssueSeen(state="open"), True, Verdict.PASS, []),
        (LINK, IssueSeen(state="open"), False, Verdict.PASS, []),
        (None, None, False, Verdict.PASS, []),
        (None, None, True, Verdict.DENY, ["ISSUE_MISSING"]),
        (LINK, None, True, Verdict.WAIT, ["ISSUE_UNREADABLE"]),
        (LINK, None, False, Verdict.WAIT, ["ISSUE_UNREADABLE"]),
        (LINK, IssueSeen(state="closed"), True, Verdict.DENY, ["ISSUE_CLOSED"]),
        (LINK, IssueSeen(state="closed"), False, Verdict.DENY, ["ISSUE_CLOSED"]),
        (LINK, IssueSeen(state="open", pull_request=True), True, Verdict.DENY, ["ISSUE_MISSING"]),
    ],
)
def test_t04_a_change_is_logged_as_an_open_issue(
    link: IssueLink | None, seen: IssueSeen | None, needed: bool, verdict: Verdict, found: list[str]
) -> None:
    standing = issue_gate(link, seen, needed=needed, repository=REPO, who=("amir",))
    assert (standing.verdict, codes(standing)) == (verdict, found)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" #12 ", 12),
        ("threefoldtech/tf_operations#12", 12),
        ("ThreeFoldTech/TF_Operations#12", 12),
        ("https://github.com/threefoldtech/tf_operations/issues/12", 12),
        ("https://github.com/threefoldtech/tf_operations/issues/12#issuecomment-9", 12),
        ("http://127.0.0.1:8080/threefoldtech/tf_operations/issues/7/", 7),
    ],
)
def test_t04_a_link_may_be_written_in_several_ways(text: str, number: int) -> None:
    assert (issue_link(text, REPO).repository, issue_link(text, REPO).number) == (REPO, number)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "names no issue"),
        ("#0", "names no issue"),
        ("twelve", "names no issue"),
        ("#12; rm -rf", "names no issue"),
        ("../../12", "names no issue"),
        ("１２", "names no issue"),
        ("a/b/c#12", "names no issue"),
        ("threefoldtech/other#12", "of another repository"),
        ("https://github.com/somebody/else/issues/12", "of another repository"),
        ("https://github.com/threefoldtech/tf_operations/pull/12", "is a pull request"),
        ("javascript:alert(1)", "names no issue"),
    ],
)
def test_f66_t04_anything_else_is_refused_with_the_way_out(text: str, why: str) -> None:
    with pytest.raises(NotAnIssueLink) as refused:
        issue_link(text, REPO)
    assert why in str(refused.value)
    assert f"{REPO}#12" in str(refused.value)


def issue(number: int, *, closed: timedelta | None = None, title: str = "It burns") -> BlockingIssue:
    at = None if closed is None else NOW - closed
    return BlockingIssue(name=f"{REPO}#{number}", title=title, closed_at=at)


@pytest.mark.parametrize(
    ("found", "quiet_for", "expected"),
    [
        ([], None, []),
        ([], 14 * DAY, []),
        ([issue(1)], None, ["RELEASE_BLOCKED"]),
        ([issue(1, closed=DAY)], None, []),
        ([issue(1, closed=13 * DAY)], 14 * DAY, ["RELEASE_BLOCKED_LATELY"]),
        ([issue(1, closed=14 * DAY)], 14 * DAY, []),
        ([issue(1), issue(2, closed=DAY)], 14 * DAY, ["RELEASE_BLOCKED", "RELEASE_BLOCKED_LATELY"]),
    ],
)
def test_t20_no_blockers_for_two_weeks(
    found: list[BlockingIssue], quiet_for: timedelta | None, expected: list[str]
) -> None:
    assert codes(blocking_gate(found, {}, NOW, quiet_for=quiet_for, zone="UTC")) == expected


def test_t20_the_quiet_time_counts_from_the_last_one_and_ends_by_itself() -> None:
    standing = blocking_gate(
        [issue(1, closed=9 * DAY), issue(2, closed=3 * DAY)], {}, NOW, quiet_for=14 * DAY, zone="UTC"
    )
    (found,) = standing.blockers
    assert (found.clears_at, found.since) == (NOW + 11 * DAY, NOW - 3 * DAY)
    assert "#2" in found.sentence


def test_t20_five_are_named_and_the_rest_is_counted() -> None:
    standing = blocking_gate([issue(number) for number in range(1, 9)], {}, NOW, quiet_for=None, zone="UTC")
    (found,) = standing.blockers
    assert found.sentence.startswith("8 open issue(s)")
    assert [f"#{number} " in found.sentence for number in range(1, 9)] == [True] * 5 + [False] * 3
    assert "and 3 more" in found.sentence
    long = blocking_gate([issue(n, title="x" * 200) for n in range(1, 9)], {}, NOW, quiet_for=None, zone="UTC")
    assert len(long.blockers[0].sentence) < LONGEST_VALUE + 60


def test_f59_t20_a_repository_that_cannot_be_read_keeps_the_gate_shut_beside_what_is_known() -> None:
    standing = blocking_gate([issue(1)], {"a/b": "no answer"}, NOW, quiet_for=None, zone="UTC")
    assert codes(standing) == ["RELEASE_BLOCKED", "BLOCKING_UNREADABLE"]
    assert not blocking_gate([], {"a/b": "no answer"}, NOW, quiet_for=None, zone="UTC").opens
