"""The kill switch: a person stops the train, everybody sees who and why, and it goes on when somebody says so."""

from __future__ import annotations

import pytest

from stationmaster.core.gates import Verdict
from stationmaster.departures import explaining, rolling_back
from stationmaster.work import halting
from stationmaster.work.halting import HaltRefused
from tests.departures.week import WEDNESDAY

TRAIN = "cellxgene.weekly"


def halt(week, why="production is burning"):
    return halting.halt(week.ledger, TRAIN, why=why, now=week.clock(), by="emil")


def codes(standing):
    return [found.code for found in standing.blockers]


def test_nothing_is_promoted_while_it_is_stopped_and_everything_after(week):
    week.ready()
    halt(week)
    standing = week.advance("promote", "portal")
    assert codes(standing) == ["HALTED"]
    assert (standing.blockers[0].who, standing.blockers[0].since) == (("emil",), week.clock())
    assert "Emil Novak" in standing.blockers[0].sentence
    assert week.dispatches() == []
    week.clock.move(minutes=5)
    halting.resume(week.ledger, TRAIN, why="it was the network", now=week.clock(), by="jules")
    assert week.advance("promote", "portal").gate == "run"


def test_a_cut_waits_before_it_asks_anybody(week):
    week.open_cut()
    halt(week)
    assert codes(week.look("opening", stop="cut")) == ["HALTED"]


def test_what_is_half_done_is_held_too_and_a_rollback_goes(week):
    week.ready()
    week.deploy("promote", "portal")
    week.verify("promote", "portal")
    halt(week)
    assert codes(week.advance("promote", "explorer")) == ["HALTED"]
    week.break_down()
    for _ in range(60):
        if rolling_back.advance(week.station(), week.departure).verdict is Verdict.PASS:
            break
        week.clock.move(seconds=45)
    assert week.ledger.departure(week.departure).state == "ROLLED_BACK"


def test_it_is_explained_between_two_runs(week):
    week.gate()
    halt(week)
    assert week.clock() >= WEDNESDAY
    (found,) = explaining.explain(week.station()).departures
    assert "HALTED" in [why.code for why in found.blockers]


def test_it_is_explained_while_tasks_wait_for_something_else(week):
    week.gate()
    week.look("quorum", task="wait_for_the_quorum")
    halt(week)
    (found,) = explaining.explain(week.station()).departures
    assert [why.code for why in found.blockers] == ["QUORUM_MISSING", "HALTED"]


def test_twice_and_without_a_reason_it_is_refused(week):
    with pytest.raises(HaltRefused, match="is not stopped"):
        halting.resume(week.ledger, TRAIN, why="x", now=week.clock(), by="emil")
    with pytest.raises(HaltRefused, match="Why"):
        halt(week, " ")
    halt(week)
    with pytest.raises(HaltRefused, match="stopped already, by emil: “production is burning”"):
        halt(week)
