"""The issue that a departure writes of itself: once, told of each ending, closed at the last (T-04, T-11)."""

from __future__ import annotations

import pytest

from stationmaster.departures import gating, logbook, ruling
from stationmaster.ledger.errors import EffectUnknown
from stationmaster.ledger.records import DepartureState
from tests.departures.ruled import comments, issues, open_issue, rule
from tests.departures.week import EXPLORER


@pytest.fixture
def written(week):
    """A departure that is on staging, with its issue."""
    rule(week, issue="written", on_failure=("priority_major",))
    week.staged()
    assert logbook.write(week.station(), week.departure) is not None
    return week


def state(week, to, why=""):
    week.ledger.set_state(week.departure, to, week.clock(), "test", why)
    logbook.follow(week.station(), week.departure)


def test_t04_the_departure_is_logged_as_one_issue(written):
    """T-04, T-11: with its labels, assigned to whoever is on call, and saying what is aboard."""
    logbook.write(written.station(), written.departure)
    (found,) = issues(written)
    assert (found.title, found.labels, found.assignees) == (
        "Data Portal and Explorer, weekly 2021-W42",
        ["release", "priority_minor"],
        ["dev-12"],
    )
    for passenger in written.ledger.manifest_of(written.departure).passengers:
        assert passenger.sha in found.body
    assert "Draw faster" in found.body
    assert gating.ruling.issue_standing(written.station(), written.departure).opens


@pytest.mark.parametrize("kind", ["bad_gateway_after", "dropped_after"])
def test_f03_t04_a_lost_answer_writes_no_second_issue(week, kind):
    rule(week, issue="written")
    week.staged()
    week.fault(kind, "/issues", method="POST")
    for _ in range(3):
        try:
            logbook.write(week.station(), week.departure)
        except EffectUnknown:
            week.clock.move(minutes=1)
    assert len(issues(week)) == 1
    assert ruling.link_of(week.station(), week.departure).number == issues(week)[0].number


def test_t04_nothing_is_written_before_something_is_aboard(week):
    rule(week, issue="written")
    week.open_cut()
    assert logbook.write(week.station(), week.departure) is None
    assert issues(week) == []


def test_t04_a_link_that_a_person_gave_is_used_and_never_closed_by_us(week):
    rule(week, issue="written")
    week.staged()
    number = open_issue(week)
    ruling.give_link(week.station(), week.departure, str(number), by="ben")
    logbook.write(week.station(), week.departure)
    assert len(issues(week)) == 1
    state(week, DepartureState.DONE)
    assert [("is on prod" in text) for text in comments(week, number)] == [True]
    assert issues(week)[0].state == "open"


def test_t04_each_ending_is_told_once_and_the_last_one_closes_it(written):
    number = issues(written)[0].number
    state(written, DepartureState.STAGED)
    state(written, DepartureState.FAILED, "the run of portal <b>failed</b> @everybody")
    state(written, DepartureState.FAILED)
    assert issues(written)[0].state == "open"
    state(written, DepartureState.DONE)
    state(written, DepartureState.DONE)
    told = comments(written, number)
    assert [("on staging" in told[0]), ("failed" in told[1]), ("on prod" in told[2])] == [True] * 3
    assert len(told) == 3
    assert "<b>" not in told[1]
    assert "@everybody" not in told[1]
    assert issues(written)[0].state == "closed"
    assert issues(written)[0].labels == ["release", "priority_minor", "priority_major"]


def test_t04_a_rollback_is_told_under_the_closed_issue(written):
    number = issues(written)[0].number
    state(written, DepartureState.DONE)
    state(written, DepartureState.ROLLED_BACK, "the login is broken")
    assert "taken back from prod" in comments(written, number)[-1]
    assert issues(written)[0].state == "closed"


def test_t04_what_was_left_unsaid_is_said_at_the_next_opening(written):
    written.ledger.set_state(written.departure, DepartureState.MISSED, written.clock(), "timetable", "closed")
    written.fault("bad_gateway_before", "/comments", times=100)
    logbook.catch_up(written.station())
    assert comments(written, issues(written)[0].number) == []
    written.github.faults.clear()
    logbook.catch_up(written.station())
    assert "missed its window" in comments(written, issues(written)[0].number)[0]
    assert issues(written)[0].state == "closed"


def test_t04_a_comment_whose_answer_was_lost_is_not_repeated(written):
    written.fault("bad_gateway_after", "/comments", method="POST")
    written.ledger.set_state(written.departure, DepartureState.DONE, written.clock(), "test", "")
    for _ in range(3):
        try:
            logbook.follow(written.station(), written.departure)
        except EffectUnknown:
            written.clock.move(minutes=1)
    assert len(comments(written, issues(written)[0].number)) == 1


def test_t04_a_closed_issue_keeps_its_departure_from_production(written):
    written.forge().close_issue(EXPLORER, issues(written)[0].number)
    standing = ruling.issue_standing(written.station(), written.departure)
    assert [found.code for found in standing.blockers] == ["ISSUE_CLOSED"]


def test_without_the_rule_nothing_is_written(week):
    week.staged()
    assert logbook.write(week.station(), week.departure) is None
    logbook.follow(week.station(), week.departure)
    logbook.catch_up(week.station())
    assert issues(week) == []


@pytest.mark.parametrize("write", ["open_issue", "comment_issue", "label_issue", "close_issue"])
def test_f02_t04_a_worker_that_dies_after_each_write_repeats_none(written, monkeypatch, write):
    """F02: the write reached GitHub, and nothing was recorded."""

    class Killed(BaseException):
        pass

    forge = written.forge()
    real = getattr(forge, write)

    def deadly(*arguments, **named):
        real(*arguments, **named)
        raise Killed

    def end(station):
        logbook.write(station, written.departure)
        logbook.follow(station, written.departure)

    if write == "open_issue":
        written.departure = "cellxgene.weekly/2021-W43"
        written.clock.move(days=7)
        written.staged()
    state_then = DepartureState.ROLLED_BACK
    written.ledger.set_state(written.departure, state_then, written.clock(), "test", "the login is broken")
    before = len(issues(written))
    monkeypatch.setattr(forge, write, deadly)
    with pytest.raises(Killed):
        end(written.station(forge=forge))
    written.clock.move(minutes=10)
    end(written.station())
    assert len(issues(written)) == before + (write == "open_issue")
    found = issues(written)[-1]
    assert (found.state, len(comments(written, found.number))) == ("closed", 1)
    assert found.labels.count("priority_major") == 1
