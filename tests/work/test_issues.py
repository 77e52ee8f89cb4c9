"""Issues: each write once, whatever becomes of the answer."""

from __future__ import annotations

import pytest

from stationmaster.ledger.errors import EffectUnknown
from stationmaster.work import issues

REPOSITORY = "chanzuckerberg/single-cell-explorer"
KEY = "cellxgene.chores/alert-review/2024-03-12/issue"


def opened(office):
    return issues.open_ticket(office.desk(), KEY, repository=REPOSITORY, title="Alert review", body="Steps")


def open_issues(office):
    return office.desk().forge.open_issues(REPOSITORY)


def test_t04_an_issue_is_opened_once(office):
    assert opened(office) == opened(office)
    assert [issue.title for issue in open_issues(office)] == ["Alert review"]


@pytest.mark.parametrize("kind", ["dropped_after", "dropped_before"])
def test_f01_an_issue_whose_answer_was_lost_is_found_or_opened_again(office, kind):
    office.fault(kind, "/issues", method="POST")
    try:
        opened(office)
    except EffectUnknown:
        office.clock.move(minutes=2)
        opened(office)
    assert len(open_issues(office)) == 1


def test_f01_comment_label_and_close_are_written_once(office):
    number = opened(office)["number"]
    for _ in range(2):
        issues.comment(office.desk(), f"{KEY}/told", REPOSITORY, number, "It is late.")
        issues.label(office.desk(), f"{KEY}/label", REPOSITORY, number, ["late"])
        issues.close(office.desk(), f"{KEY}/closed", REPOSITORY, number)
    assert open_issues(office) == []
    assert len(office.github.writes(path="/comments")) == 1
    assert len(office.github.writes(path="/labels")) == 1
