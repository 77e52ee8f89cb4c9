"""``stationmaster freeze``: an exception is shown with the approvals that count, and with no others (I4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.departures.agreeing import AIRFLOW, Approval
from stationmaster.departures.freezing import FreezeException
from tests.cli import waiting_train
from tests.cli.conftest import WEDNESDAY

RULE = "freeze_exceptions: {approvers: engineers, needed: 2}\n"
GIVEN = (
    Approval(person="ben", at=WEDNESDAY),  # as a command of 0.1 wrote it
    Approval(person="chiara", at=WEDNESDAY, proof=AIRFLOW),
    Approval(person="emil", at=WEDNESDAY, proof=AIRFLOW),  # who asks
    Approval(person="chiara", at=WEDNESDAY, proof=AIRFLOW),
)


@pytest.fixture
def asked(ledger, include):
    waiting_train.wait_for_quorum(ledger)
    file = include / "teams" / "cellxgene.yaml"
    file.write_text(f"{file.read_text()}\n{RULE}")
    record = FreezeException(
        id="fx-1a2b3c4d",
        departure=waiting_train.DEPARTURE,
        stop="promote",
        freeze="year-end",
        why="the login is broken",
        link="https://github.com/org/app/issues/7",
        asked_by="emil",
        asked_at=WEDNESDAY,
        expires_at=WEDNESDAY + timedelta(hours=4),
        approvals=GIVEN,
    )
    value = record.model_dump(mode="json")
    ledger.record(record.departure, record.kind, record.id, value, WEDNESDAY, "emil")
    return record


def test_i4_only_approvals_that_count_are_shown(run, answer, asked):
    (shown,) = answer("freeze", "exceptions", asked.departure)["exceptions"]
    assert shown["approved_by"] == ["chiara"]
    said = run("freeze", "exceptions", asked.departure).stdout
    assert "approved by chiara, 1 of 2" in said
    assert "ben" not in said


def test_a_team_that_allows_no_exceptions_any_longer_counts_no_approval(run, answer, asked, include):
    file = include / "teams" / "cellxgene.yaml"
    file.write_text(file.read_text().replace(RULE, ""))
    found = answer("freeze", "exceptions", asked.departure)
    assert (found["needed"], found["exceptions"][0]["approved_by"]) == (0, [])
