"""Why a train waits, in every state of its week."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from stationmaster.departures import cutting, deploying, holding
from stationmaster.departures.explaining import explain
from stationmaster.ledger.records import DepartureState
from tests.departures.week import EXPLORER, THURSDAY, WEDNESDAY


def reasons(week):
    answer = explain(week.station())
    return [why for found in answer.departures for why in found.blockers]


def codes(week):
    found = reasons(week)
    for why in found:
        assert why.how
        assert why.sentence
        assert why.since is not None or why.clears_at is not None or why.who
        assert why.who or why.clears_at or why.how.startswith("Nothing to do"), why
    return [why.code for why in found]


def test_before_the_week_only_the_next_openings_are_told(week):
    answer = explain(week.station())
    assert answer.departures == ()
    assert [(stop.stop, stop.on_call.id) for stop in answer.next] == [("cut", "farah"), ("promote", "farah")]


def test_each_wait_of_the_cut_has_a_reason_and_somebody_who_can_clear_it(week):
    week.open_cut()
    holding.ask(week.station(), week.departure)
    week.look("hold")
    assert codes(week) == ["HOLD_ASKED"]
    assert [helper.name for helper in reasons(week)[0].who] == ["Ben Lindqvist"]
    week.clock.move(minutes=31)
    assert week.look("hold").opens
    for commit in week.github.repository(EXPLORER).record.commits:
        week.github.script_checks(EXPLORER, commit, "unreadable")
    week.look("selection", board={}, exclude=[])
    assert codes(week) == ["CHECKS_UNREADABLE"]
    week.github.repository(EXPLORER).record.check_states.clear()
    assert week.look("selection", board={}, exclude=[]).opens
    assert codes(week) == []
    week.cut()
    week.advance("cut", "explorer")
    week.look("run", stop="cut", component="explorer")
    assert codes(week) == ["RUN_IN_PROGRESS"]
    week.clock.move(minutes=3)
    assert week.look("run", stop="cut", component="explorer").opens
    week.look("verify", stop="cut", component="explorer")
    assert codes(week) == ["VERIFYING"]


def test_between_the_two_stops_the_gates_themselves_are_the_reasons(week):
    """No task waits from Thursday to Wednesday; still nobody has to guess."""
    week.staged()
    week.clock.move(days=2)
    assert codes(week) == ["BEFORE_EARLIEST", "SOAKING", "QUORUM_MISSING", "CONFIRMATION_MISSING"]
    assert [why.task for why in reasons(week)] == ["promote"] * 4
    soaking = reasons(week)[1]
    assert soaking.clears_at == WEDNESDAY.replace(hour=7)


def test_each_wait_of_the_promotion_has_a_reason_and_somebody_who_can_clear_it(week):
    week.gate()
    week.look("ballot", voter="amara", manifest=week.ledger.manifest_of(week.departure).hash)
    assert codes(week) == ["BALLOT_OPEN"]
    week.vote("amara", "veto", reason="no")
    week.look("quorum")
    assert "VETOED" in codes(week)
    week.clock.move(seconds=2)
    week.reply("amara", "withdraw")
    week.look("quorum")
    assert codes(week) == ["BALLOT_OPEN", "QUORUM_MISSING"]
    week.clock.move(minutes=6)
    week.quorum()
    week.look("quorum")
    week.ledger.set_blockers(f"{week.departure}/promote/ballot", (), week.clock())
    assert codes(week) == ["CONFIRMATION_MISSING"]
    week.look("gates", stop="promote", component="portal")
    assert codes(week) == ["CONFIRMATION_MISSING"]
    week.confirm()
    week.look("gates", stop="promote", component="portal")
    week.advance("promote", "portal")
    week.look("run", stop="promote", component="portal")
    assert codes(week) == ["RUN_IN_PROGRESS"]


def test_a_failed_departure_says_what_failed_until_the_next_one(week):
    week.ready()
    week.github.script_runs("chanzuckerberg/single-cell-data-portal", "deploy-happy-stack.yml", conclusion="failure")
    week.advance("promote", "portal")
    week.clock.move(minutes=5)
    leg, station = week.leg("promote", "portal"), week.station()
    deploying.note_failed_run(station, leg, deploying.run_standing(station, leg))
    week.look("run", stop="promote", component="portal")
    week.close("promote", failed=True, why="the run failed")
    answer = explain(week.station())
    assert [found.state for found in answer.departures] == ["FAILED"]
    assert codes(week) == ["RUN_FAILED"]


@pytest.mark.parametrize("state", [DepartureState.DONE, DepartureState.MISSED, DepartureState.SKIPPED])
def test_a_departure_that_is_over_is_not_explained(week, state):
    week.staged()
    week.ledger.set_state(week.departure, state, week.clock(), "ben", "over")
    assert explain(week.station()).departures == ()


def test_the_json_shape_is_a_contract(week):
    """Scripts rely on it."""
    week.gate()
    week.quorum()
    week.look("gates", stop="promote", component="portal")
    answer = json.loads(explain(week.station()).model_dump_json())
    manifest = week.ledger.manifest_of(week.departure)
    assert answer == {
        "train": "cellxgene.weekly",
        "at": "2021-10-27T16:00:03Z",
        "departures": [
            {
                "departure": "cellxgene.weekly/2021-W42",
                "state": "GATED",
                "why": "round 1 is open",
                "manifest": manifest.repositories,
                "blockers": [
                    {
                        "task": "promote/gates",
                        "code": "CONFIRMATION_MISSING",
                        "sentence": f"primary has not confirmed the promotion of manifest {manifest.short}.",
                        "how": "Answer the confirmation task of this run. Its form must name this manifest.",
                        "who": [
                            {"id": "farah", "name": "Farah Haddad"},
                            {"id": "chiara", "name": "Chiara Rossi"},
                            {"id": "jules", "name": "Jules Whitaker"},
                        ],
                        "since": "2021-10-27T16:00:03Z",
                        "clears_at": None,
                    }
                ],
            }
        ],
        "next": [
            {
                "stop": "cut",
                "opens_at": "2021-10-28T16:00:00Z",
                "on_call": {"id": "farah", "name": "Farah Haddad"},
            },
            {
                "stop": "promote",
                "opens_at": "2021-11-03T16:00:00Z",
                "on_call": {"id": "chiara", "name": "Chiara Rossi"},
            },
        ],
    }


def test_a_reason_keeps_its_beginning(week):
    week.gate()
    week.look("quorum")
    first = reasons(week)[0].since
    week.clock.move(minutes=20)
    week.vote("amara")
    week.look("quorum")
    assert reasons(week)[0].since == first
    assert first <= THURSDAY + timedelta(days=6)


def test_a_cut_that_selects_nothing_names_the_conductor(week):
    week.open_cut()
    for commit in week.github.repository(EXPLORER).record.commits:
        week.github.script_checks(EXPLORER, commit, "unreadable")
    selection = cutting.select(week.station())
    assert {block.who for block in selection.blockers} == {("ben",)}
