"""A look of the trigger with the real team, ledger and stand-ins."""

from __future__ import annotations

import pytest
from airflow.triggers.base import TaskSkippedEvent, TaskSuccessEvent, TriggerEvent

from stationmaster.ledger.records import DepartureState
from stationmaster.triggers.station_trigger import StationTrigger
from tests.operators.conftest import boards, ledger, ledger_folder, make_week, promote, runs, week
from tests.operators.runs import again

__all__ = ["boards", "ledger", "ledger_folder", "make_week", "promote", "runs", "week"]


def trigger(run, watch="quorum", *, ends=False, **arguments):
    week = run.week
    return StationTrigger(
        team=week.team.model_dump(mode="json"),
        train="weekly",
        departure=week.departure,
        subject=f"{week.departure}/promote/a_task",
        watch=watch,
        arguments=arguments,
        interval=30.0,
        ends=ends,
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


def over(waits):
    """Let the wait be over, as :meth:`run` does, and return what fires."""
    settled, standing = waits.look()
    assert settled
    return waits.event(standing)


def test_a_gate_that_opens_ends_its_task_without_a_worker(promote):
    waits = trigger(promote, ends=True)
    waits_already(promote)
    promote.week.quorum()
    event = over(again(waits))
    assert isinstance(event, TaskSuccessEvent)
    assert event.xcoms == {"return_value": {"gate": "quorum", "verdict": "PASS"}}
    assert promote.why("a_task") == ()


def test_f69_a_trigger_of_an_older_release_wakes_its_task(promote):
    arguments = trigger(promote).serialize()[1]
    del arguments["ends"]
    waits_already(promote)
    promote.week.quorum()
    event = over(StationTrigger(**arguments))
    assert (type(event), event.payload) == (TriggerEvent, {"settled": "PASS"})
    assert promote.blockers("a_task") == ["GITHUB_UNREACHABLE"]


def test_a_missed_window_is_for_the_task_to_tell(promote):
    waits = trigger(promote, "opening", ends=True, stop="promote")
    promote.week.clock.move(days=2)
    assert over(waits).payload == {"settled": "MISSED"}


def test_a_gate_of_a_departure_that_was_skipped_is_skipped(promote):
    week = promote.week
    week.ledger.set_state(week.departure, DepartureState.SKIPPED, week.clock(), "amara", "nothing to ship")
    assert isinstance(over(trigger(promote, ends=True)), TaskSkippedEvent)


def test_a_ballot_that_is_no_longer_needed_is_skipped_without_a_worker(promote):
    week = promote.week
    manifest = week.ledger.manifest_of(week.departure)
    waits = trigger(promote, "ballot", ends=True, voter="amara", manifest=manifest.hash)
    waits_already(promote)
    assert waits.look()[0] is False
    week.ledger.set_state(week.departure, DepartureState.PROMOTING, week.clock(), "amara", "go")
    assert isinstance(over(waits), TaskSkippedEvent)
    assert promote.why("a_task") == ()


def test_f06_a_ballot_whose_manifest_has_changed_is_asked_about_anew(promote):
    waits = trigger(promote, "ballot", ends=True, voter="amara", manifest="0" * 64)
    assert over(waits).payload == {"settled": "PASS"}


def test_the_pulse_of_the_quorum_is_each_vote_and_other_watches_have_none(promote):
    waits = trigger(promote)
    before = waits.pulse()
    promote.week.quorum()
    assert waits.pulse() == before + 3
    assert trigger(promote, "soak", stop="promote").pulse() is None


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
