"""A look of the trigger with the real team, ledger and stand-ins."""

from __future__ import annotations

import pytest

from stationmaster.triggers.station_trigger import StationTrigger
from tests.operators.conftest import boards, ledger, ledger_folder, make_week, promote, runs, week
from tests.operators.runs import again

__all__ = ["boards", "ledger", "ledger_folder", "make_week", "promote", "runs", "week"]


def trigger(run, watch="quorum", **arguments):
    week = run.week
    return StationTrigger(
        team=week.team.model_dump(mode="json"),
        train="weekly",
        departure=week.departure,
        subject=f"{week.departure}/promote/a_task",
        watch=watch,
        arguments=arguments,
        interval=30.0,
    )


def waits_already(run):
    """Write down that the task waits, as the task itself does before it hands over to a trigger."""
    from stationmaster.core.blockers import blocker

    week = run.week
    found = blocker("GITHUB_UNREACHABLE", why="502")
    week.ledger.set_blockers(f"{week.departure}/promote/a_task", (found,), week.clock())


def test_a_look_that_ends_after_the_task_went_on_writes_nothing(promote):
    trigger(promote).look()
    assert promote.why("a_task") == ()
    assert promote.week.ledger.blockers() == {}


def test_every_look_keeps_its_blockers_in_the_ledger(promote):
    waits = trigger(promote)
    waits_already(promote)
    assert waits.look()[0] is False
    assert promote.blockers("a_task") == ["QUORUM_MISSING"]
    since = promote.why("a_task")[0].since
    promote.week.clock.move(hours=1)
    waits.look()
    assert promote.why("a_task")[0].since == since
    promote.week.quorum()
    settled, standing = again(waits).look()
    assert (settled, standing.opens, promote.blockers("a_task")) == (True, True, ["QUORUM_MISSING"])


def test_the_reason_of_a_pause_stays_until_the_step_was_taken(promote):
    from stationmaster.core.blockers import blocker
    from stationmaster.departures import pausing

    subject = f"{promote.week.departure}/promote/a_task"
    found = blocker("GITHUB_UNREACHABLE", why="502")
    arguments = pausing.pause(promote.week.station(), "promote", subject, found)
    waits = trigger(promote, pausing.AGAIN, **arguments)
    waits_already(promote)
    assert waits.look()[0] is False
    promote.week.clock.move(seconds=30)
    assert waits.look()[0] is True
    assert promote.blockers("a_task") == ["GITHUB_UNREACHABLE"]


def test_a_pause_grows_with_the_obstacle_up_to_five_minutes(promote):
    from datetime import datetime

    from stationmaster.core.blockers import blocker
    from stationmaster.departures import pausing

    week, subject = promote.week, f"{promote.week.departure}/promote/a_task"
    found = blocker("GITHUB_UNREACHABLE", why="502")

    def length(of=found):
        until = pausing.pause(week.station(), "promote", subject, of)["until"]
        return (datetime.fromisoformat(until) - week.clock()).total_seconds()

    assert length() == 30
    week.ledger.set_blockers(subject, (found,), week.clock())
    week.clock.move(minutes=10)
    assert length() == 150
    week.clock.move(hours=3)
    assert length() == 300
    assert length(blocker("EFFECT_BUSY", effect="x")) == 30
    limited = found.model_copy(update={"clears_at": week.clock().replace(hour=20, minute=0)})
    assert length(limited) == (limited.clears_at - week.clock()).total_seconds()


def test_f69_a_watch_of_another_release_is_refused(promote):
    from stationmaster.departures.watches import UnknownWatch

    with pytest.raises(UnknownWatch, match="quorum"):
        trigger(promote, "seance").look()
