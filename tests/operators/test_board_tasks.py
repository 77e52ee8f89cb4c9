"""The task that moves issues: there only for a train with a board, after the outcome is told (C-36)."""

from __future__ import annotations

from stationmaster.config.board import Board
from tests.departures.ruled import changed, open_issue
from tests.departures.week import EXPLORER
from tests.operators.runs import board_now


def test_c36_a_train_without_a_board_has_no_such_task(cut, promote):
    assert not cut.dag.has_task("move_the_issues")
    assert not promote.dag.has_task("move_the_issues")


def test_c36_the_task_moves_what_the_pin_has_listed_and_is_skipped_where_nothing_moves(runs, week):
    changed(week, board=Board.model_validate({"repositories": [EXPLORER]}))
    number = open_issue(week, "First", "Ready for Staging")
    run = runs("cut")
    run.assemble()
    assert run.dag.get_task("move_the_issues").upstream_task_ids == {"tell_the_outcome"}
    run.start("open_departure")
    week.clock.move(seconds=3600)
    board_now(run)
    outcome = run.start("pin_the_manifest")
    assert outcome.kind == "done", outcome
    assert week.ledger.fact(week.departure, "board_listed", "cut").value == {"issues": [[EXPLORER, number]]}
    assert run.start("move_the_issues").kind == "skipped"
