"""Issues that are late, or that nobody writes about (T-11, T-18, T-19, N-16), against the stand-ins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.rehearsal.github.state import CommentRecord, IssueRecord
from tests.watches.lookout import Lookout

# A Monday, 11:00 in Cairo.
MONDAY = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
REPO = "threefoldtech/tf_operations"


@pytest.fixture
def threefold(lookout_of) -> Lookout:
    return lookout_of("threefold", at=MONDAY)


@pytest.fixture
def watch(threefold: Lookout):
    return threefold.team.watches["issues"]


def _opens(
    lookout: Lookout, *labels: str, ago: timedelta = timedelta(0), assignees: tuple[str, ...] = ()
) -> IssueRecord:
    record = lookout.github.repository(REPO).record
    at = lookout.clock() - ago
    issue = IssueRecord(
        number=lookout.github.next_id(), title="<!channel> down", body="", author="somebody", created_at=at,
        updated_at=at, labels=list(labels), assignees=list(assignees),
    )  # fmt: skip
    record.issues[issue.number] = issue
    return issue


def _writes(lookout: Lookout, issue: IssueRecord, who: str = "tf-amir") -> None:
    number, now = lookout.github.next_id(), lookout.clock()
    comment = CommentRecord(
        id=number, number=issue.number, body="ETA 15:00", author=who, created_at=now, updated_at=now
    )
    lookout.github.repository(REPO).record.comments[number] = comment


def test_t18_a_critical_issue_is_late_at_the_end_of_its_day_and_told_once(threefold: Lookout, watch) -> None:
    _opens(threefold, "priority_critical")
    _opens(threefold, "priority_minor", ago=timedelta(days=400))
    _opens(threefold, "question", ago=timedelta(days=400))
    assert threefold.look(watch) == {}
    threefold.clock.to(MONDAY + timedelta(hours=4))  # 15:00 in Cairo
    for _ in range(2):
        (found,) = threefold.look(watch).values()
        assert found.code == "ISSUE_DUE"
        threefold.clock.move(minutes=1)
    threefold.clock.to(MONDAY + timedelta(hours=22, minutes=1))  # 09:01 on the next day
    assert [each.code for each in threefold.look(watch).values()] == ["ISSUE_LATE"]
    first, second = (text for text in threefold.texts("ops") if ":hourglass:" in text)
    assert "is due" in first
    assert "was due" in second
    assert "escalate now" in first
    assert "<!channel>" not in first


def test_t19_two_updates_a_day_are_asked_for_and_one_counts_for_its_half(threefold: Lookout, watch) -> None:
    issue = _opens(threefold, "priority_critical", ago=timedelta(hours=3))
    threefold.clock.to(MONDAY + timedelta(hours=1))  # noon in Cairo: the first half ends at 13:00
    (found,) = threefold.look(watch).values()
    assert found.code == "ISSUE_SILENT"
    _writes(threefold, issue)
    assert threefold.look(watch) == {}
    threefold.clock.to(MONDAY + timedelta(hours=5))
    assert [each.code for each in threefold.look(watch).values()] == ["ISSUE_DUE"]
    assert [text.split(":")[1] for text in threefold.texts("ops")] == ["speech_balloon", "hourglass", "speech_balloon"]


def test_t19_a_robots_comment_is_no_update(threefold: Lookout, watch) -> None:
    issue = _opens(threefold, "priority_critical", ago=timedelta(hours=3))
    threefold.clock.to(MONDAY + timedelta(hours=1))
    _writes(threefold, issue, who="stale[bot]")
    assert [each.code for each in threefold.look(watch).values()] == ["ISSUE_SILENT"]


def test_t18_a_priority_that_is_raised_later_counts_from_then(threefold: Lookout, watch) -> None:
    old = _opens(threefold, "priority_minor", ago=timedelta(days=90))
    threefold.look(watch)
    threefold.clock.move(days=1)
    old.labels = ["priority_critical"]
    assert threefold.look(watch) == {}
    threefold.clock.move(days=1)
    assert "ISSUE_LATE" in {each.code for each in threefold.look(watch).values()}


def test_n16_hausmeisters_highest_is_p4_and_its_owner_is_told_too(lookout_of) -> None:
    lookout = lookout_of("hausmeister", at=datetime(2024, 3, 12, 15, 0, tzinfo=UTC))
    watch = lookout.team.watches["issues"]
    at = lookout.clock() - timedelta(days=2)
    labels = {1: "P1", 2: "P4"}
    lookout.github.repository("nubank/itaipu").record.issues.update(
        {
            number: IssueRecord(
                number=number, title="x", body="", author="somebody", created_at=at, updated_at=at,
                labels=["bug", "data-infra", label], assignees=["nu-ana"],
            )
            for number, label in labels.items()
        }
    )  # fmt: skip
    (found,) = lookout.look(watch).values()
    assert found.subject == "nubank/itaipu#2"
    assert found.who[0] == "ana"
    assert "escalate now" in lookout.texts("squad")[0]


def test_f56_a_repository_that_cannot_be_read_hides_no_other(threefold: Lookout, watch) -> None:
    _opens(threefold, "priority_critical", ago=timedelta(days=3))
    threefold.fault("forbidden", "/repos/threefoldtech/tfchain", times=9)
    found = {each.code for each in threefold.look(watch).values()}
    assert found == {"WATCH_BLIND", "ISSUE_LATE"}
