"""The on-call log: each thing once, on the day of the team's zone on which it happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stationmaster.oncall_log import log

LATE = datetime(2024, 3, 12, 6, 30, tzinfo=UTC)
"""23:30 of Monday in Los Angeles."""


def test_o10_an_entry_stands_under_the_teams_own_day(office):
    log.write(office.desk(), "The proxy was restarted", at=LATE, by="amara", source="cli")
    (fact,) = office.ledger.facts("cellxgene.log/2024-03-11")
    assert fact.by == "amara"


def test_c30_what_happened_is_written_once_however_often_it_is_tried(office):
    for _ in range(3):
        log.write(office.desk(), "Alert review done", at=LATE, once="chores/alert-review/2024-03-11")
        office.clock.move(hours=20)
    found = log.entries(office.desk(), LATE - timedelta(days=1), LATE + timedelta(days=3))
    assert [entry.text for entry in found] == ["Alert review done"]


def test_c30_a_remark_may_be_made_twice(office):
    for _ in range(2):
        log.write(office.desk(), "Still slow", at=LATE, by="amara", source="slack")
    assert len(log.entries(office.desk(), LATE, LATE + timedelta(seconds=1))) == 2


def test_c30_a_shift_has_what_happened_in_it_oldest_first_whenever_it_was_written(office):
    start, end = LATE, LATE + timedelta(days=7)
    for hours, text in ((30, "later"), (1, "sooner"), (24 * 7, "the next shift's"), (-1, "the last shift's")):
        log.write(office.desk(), text, at=LATE + timedelta(hours=hours))
    assert [entry.text for entry in log.entries(office.desk(), start, end)] == ["sooner", "later"]


def test_c30_an_entry_is_cut_at_its_longest(office):
    log.write(office.desk(), "x" * 10_000, at=LATE)
    (entry,) = log.entries(office.desk(), LATE, LATE + timedelta(seconds=1))
    assert len(entry.text) == log.LONGEST
