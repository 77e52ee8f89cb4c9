"""What was taken back comes again only when a person says that its fix is aboard (F46)."""

from __future__ import annotations

from datetime import timedelta

from stationmaster.core.transitions import Act
from stationmaster.departures import gate_table, returning
from tests.departures.test_going_back import go, promoted, three
from tests.departures.week import EXPLORER, PORTAL, WEDNESDAY

__all__ = ["promoted", "three"]
WEEK = timedelta(weeks=1)


def next_week(week):
    """Cut the week after the one that was taken back, with a commit more in each repository; up to its open gate."""
    rejected = week.ledger.manifest_of(week.departure)
    week.clock.to(WEDNESDAY + 2 * WEEK + timedelta(days=1, hours=1))
    for repo in (PORTAL, EXPLORER):
        week.github.push(repo, title="Perhaps the fix", author="dev-12")
    week.staged()
    week.clock.to(WEDNESDAY + 3 * WEEK + timedelta(hours=1))
    week.open_promote()
    return rejected


def test_f46_a_later_manifest_that_contains_what_was_taken_back_waits_for_a_word(three):
    go(three)
    rejected = next_week(three)
    standing = returning.standing(three.station(), three.departure)
    assert [found.code for found in standing.blockers] == ["REJECTED_ABOARD", "REJECTED_ABOARD"]
    assert {found.subject.split(" ", 1)[0] for found in standing.blockers} == {"portal", "explorer"}
    assert rejected.short in standing.blockers[0].how
    three.quorum()
    three.confirm()
    sent = len(three.dispatches())
    held = three.advance("promote", "portal")
    assert "REJECTED_ABOARD" in [found.code for found in held.blockers]
    assert len(three.dispatches()) == sent
    three.ledger.lift_rejection(rejected.hash, "the fix is in it", three.clock(), "emil")
    assert returning.standing(three.station(), three.departure).opens
    assert gate_table.standing(three.station(), three.departure, Act.PROMOTE).opens


def test_a_manifest_from_before_is_not_held(three):
    go(three)
    earlier = "cellxgene.weekly/2021-W43"
    assert returning.standing(three.station(), earlier).opens


def test_the_cut_is_not_held_the_fix_must_come_to_staging_to_be_tested(three):
    go(three)
    next_week(three)
    assert gate_table.standing(three.station(), three.departure, Act.STAGE).opens
