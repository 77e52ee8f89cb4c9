"""The columns of a board: what a cut and a promotion move, and what keeps a promotion (C-36)."""

from __future__ import annotations

import pytest

from stationmaster.config.board import Board
from stationmaster.core.transitions import Act
from stationmaster.departures import board_moves, columns, gate_table
from stationmaster.hooks.errors import ForgeError
from stationmaster.ledger.errors import EffectRefused, EffectUnknown
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.github.faults import Fault
from tests.departures.ruled import changed, issues, open_issue
from tests.departures.week import EXPLORER, PORTAL

STAGING, QA, PROD = "Ready for Staging", "Ready for QA", "Ready for Prod"


def codes(standing):
    return [found.code for found in standing.blockers]


def board(week, **fields):
    changed(week, board=Board.model_validate({"repositories": [EXPLORER, PORTAL], **fields}))


def labels(week, number, repo=EXPLORER):
    return set(next(issue for issue in issues(week, repo) if issue.number == number).labels)


def state(week, number, repo=EXPLORER):
    return next(issue for issue in issues(week, repo) if issue.number == number).state


def move(week, stop):
    return {(each.repository, each.number): each.how for each in board_moves.move(week.station(), week.departure, stop)}


@pytest.fixture
def boarded(week):
    """Thursday's end: two issues were ready when the manifest was pinned, a third one came later."""
    board(week)
    week.first = open_issue(week, "First", STAGING, "bug")
    week.other = open_issue(week, "Other", STAGING, repo=PORTAL)
    week.staged()
    columns.note(week.station(), week.departure, "cut")
    week.late = open_issue(week, "Late", STAGING)
    return week


def test_c36_the_cut_moves_what_was_ready_when_it_was_pinned_and_nothing_that_came_later(boarded):
    assert move(boarded, "cut") == {(EXPLORER, boarded.first): "moved", (PORTAL, boarded.other): "moved"}
    assert labels(boarded, boarded.first) == {QA, "bug"}
    assert labels(boarded, boarded.other, PORTAL) == {QA}
    assert labels(boarded, boarded.late) == {STAGING}


def test_f01_a_second_time_moves_nothing_even_if_a_person_moved_it_back(boarded):
    first = move(boarded, "cut")
    boarded.forge().unlabel_issue(EXPLORER, boarded.first, QA)
    boarded.forge().label_issue(EXPLORER, boarded.first, (STAGING,))
    assert move(boarded, "cut") == first
    assert labels(boarded, boarded.first) == {STAGING, "bug"}


def test_c36_what_a_person_put_elsewhere_stays_there(boarded):
    boarded.forge().unlabel_issue(EXPLORER, boarded.first, STAGING)
    assert move(boarded, "cut")[EXPLORER, boarded.first] == "left"
    assert labels(boarded, boarded.first) == {"bug"}


def test_f03_a_lost_answer_between_the_two_labels_is_made_good(boarded):
    boarded.github.script(Fault(kind="dropped_after", path="/labels", method="POST"))
    for _ in range(5):
        try:
            moved = move(boarded, "cut")
            break
        except (EffectUnknown, EffectRefused, ForgeError):
            boarded.clock.move(minutes=3)
    assert moved[EXPLORER, boarded.first] == "moved"
    assert labels(boarded, boarded.first) == {QA, "bug"}


def test_c36_a_cut_that_did_not_end_well_moves_nothing(boarded):
    boarded.ledger.set_state(boarded.departure, DepartureState.FAILED, boarded.clock(), "emil", "broken")
    assert move(boarded, "cut") == {}
    assert labels(boarded, boarded.first) == {STAGING, "bug"}


def test_c36_an_untested_issue_keeps_the_promotion_and_the_deploying_task_counts_again(week):
    board(week)
    week.ready()
    assert codes(gate_table.standing(week.station(), week.departure, Act.PROMOTE)) == []
    number = open_issue(week, "Untested", QA)
    standing = week.advance("promote", "portal")
    assert (codes(standing), str(standing.verdict)) == (["BOARD_UNTESTED"], "WAIT")
    assert f"{EXPLORER}#{number}" in standing.blockers[0].sentence
    assert week.dispatches() == []
    week.forge().label_issue(EXPLORER, number, (PROD,))
    week.forge().unlabel_issue(EXPLORER, number, QA)
    assert codes(gate_table.standing(week.station(), week.departure, Act.PROMOTE)) == []


def test_f59_a_board_that_cannot_be_read_keeps_the_promotion(week):
    board(week, repositories=[EXPLORER, "chanzuckerberg/gone"])
    week.ready()
    (found,) = gate_table.standing(week.station(), week.departure, Act.PROMOTE).blockers
    assert (found.code, found.subject) == ("BOARD_UNREADABLE", "chanzuckerberg/gone")


def test_c36_what_production_runs_is_closed_and_a_promotion_that_is_not_whole_closes_nothing(week):
    board(week)
    week.staged()
    tested, untested = open_issue(week, "Tested", PROD), open_issue(week, "Untested", QA)
    assert move(week, "promote") == {}
    week.ledger.set_state(week.departure, DepartureState.DONE, week.clock(), "stationmaster", "promoted")
    assert move(week, "promote") == {(EXPLORER, tested): "closed"}
    assert (state(week, tested), state(week, untested)) == ("closed", "open")
    later = open_issue(week, "Later", PROD)
    assert move(week, "promote") == {(EXPLORER, tested): "closed"}
    assert state(week, later) == "open"


def test_without_a_board_nothing_is_read_and_nothing_in_the_way(week):
    week.staged()
    assert columns.standing(week.station()).opens
    assert columns.note(week.station(), week.departure, "cut") == ()
    assert move(week, "cut") == {}
