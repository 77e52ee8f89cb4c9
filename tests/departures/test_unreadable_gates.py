"""What a gate cannot read is its own reason, beside all others, and never a yes (F32, F56, F58, F59)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.gates import Verdict
from stationmaster.core.transitions import Act
from stationmaster.departures import gate_table
from stationmaster.departures.gate_table import GATES, How
from stationmaster.hooks.chat_errors import ChatUnreachable
from stationmaster.hooks.errors import ForgeForbidden, ForgeRateLimited, ForgeUnreachable
from stationmaster.work import halting
from stationmaster.work.obstacles import StepImpossible
from tests.departures.week import Week

AWAY = ForgeUnreachable("GET /compare/ answered 502")
FORBIDDEN = ForgeForbidden("the token lacks actions: read")


@pytest.fixture
def gated(week):
    week.gate()
    return week


@pytest.fixture
def ready(week):
    week.ready()
    return week


def codes(standing):
    return [found.code for found in standing.blockers]


def counted(week: Week, how: How = How.LOOK, act: Act = Act.PROMOTE):
    return gate_table.standing(week.station(), week.departure, act, how=how, leg=week.leg("promote", "explorer"))


def broken(monkeypatch, errors):
    """Rows that cannot be read, by their names."""

    def raising(error):
        def check(station, asked):
            raise error

        return check

    rows = [gate._replace(check=raising(errors[gate.name])) if gate.name in errors else gate for gate in GATES]
    monkeypatch.setattr(gate_table, "GATES", tuple(rows))


def halt(week: Week) -> None:
    halting.halt(week.ledger, "cellxgene.weekly", why="the vault leaks", now=week.clock(), by="ben")


@pytest.mark.parametrize("how", [How.LOOK, How.ACT])
def test_f59_a_github_that_is_away_hides_neither_a_halt_nor_a_veto(ready, how):
    halt(ready)
    ready.vote("goran", "veto", reason="the migration is broken")
    ready.fault("bad_gateway_before", "/compare/", times=1000)
    standing = counted(ready, how)
    assert codes(standing) == ["HALTED", "VETOED", "GITHUB_UNREACHABLE"]
    assert standing.verdict is Verdict.DENY


def test_f59_a_github_that_is_away_is_the_only_reason_and_waits(ready):
    ready.fault("bad_gateway_before", "/compare/", times=1000)
    for how in (How.LOOK, How.ACT):
        assert (codes(counted(ready, how)), counted(ready, how).verdict) == (["GITHUB_UNREACHABLE"], Verdict.WAIT)
    standing = ready.advance("promote", "explorer")
    assert codes(standing) == ["GITHUB_UNREACHABLE"]
    assert ready.dispatches() == []
    assert ready.ledger.locks() == ()


@pytest.mark.parametrize("name", [gate.name for gate in gate_table.rows_of("cellxgene.weekly/2021-W42", Act.PROMOTE)])
def test_f59_no_row_that_cannot_be_read_opens_or_hides_another(ready, monkeypatch, name):
    broken(monkeypatch, {name: AWAY})
    standing = counted(ready)
    assert (codes(standing), standing.verdict) == (["GITHUB_UNREACHABLE"], Verdict.WAIT)
    assert standing.blockers[0].who == ("farah",)
    monkeypatch.undo()
    every = {gate.name: ForgeUnreachable(f"{gate.name} answered 502") for gate in GATES}
    broken(monkeypatch, every | {name: ChatUnreachable("no answer")})
    told = counted(ready).blockers
    assert len(told) == len(gate_table.rows_of(ready.departure, Act.PROMOTE))
    assert [found.subject for found in told if found.code == "SLACK_UNREACHABLE"] == [name]


def test_f58_what_only_a_person_can_mend_fails_at_once_where_nothing_else_is_in_the_way(ready, monkeypatch):
    broken(monkeypatch, {"fits": FORBIDDEN})
    with pytest.raises(ForgeForbidden, match="lacks actions: read"):
        counted(ready)
    monkeypatch.undo()
    broken(monkeypatch, {"fits": FORBIDDEN, "rejected_commits": AWAY})
    with pytest.raises(StepImpossible, match=r"GITHUB_UNREACHABLE.*502.*CONNECTION_MISSING.*actions: read"):
        counted(ready)


def test_f58_what_only_a_person_can_mend_stands_beside_what_else_is_in_the_way(ready, monkeypatch):
    broken(monkeypatch, {"fits": FORBIDDEN})
    halt(ready)
    assert codes(counted(ready)) == ["HALTED", "CONNECTION_MISSING"]


def test_whoever_asks_the_ledger_alone_is_told_and_not_failed(ready, monkeypatch):
    broken(monkeypatch, {"halt": FORBIDDEN})
    assert codes(counted(ready, How.LEDGER)) == ["CONNECTION_MISSING"]
    frozen = gate_table.frozen(ready.station(), ready.departure, Act.PROMOTE)
    assert (codes(frozen), frozen.opens) == (["CONNECTION_MISSING"], False)


def test_a_fault_of_ours_is_no_obstacle(ready, monkeypatch):
    halt(ready)
    broken(monkeypatch, {"fits": ZeroDivisionError("ours")})
    with pytest.raises(ZeroDivisionError):
        counted(ready)


def test_what_several_rows_met_alike_is_said_once(ready, monkeypatch):
    broken(monkeypatch, {"fits": AWAY, "rejected_commits": AWAY, "board": ForgeUnreachable("another page")})
    assert codes(counted(ready)) == ["GITHUB_UNREACHABLE", "GITHUB_UNREACHABLE"]
    assert len({found.subject for found in counted(ready).blockers}) == 2, "the ledger keeps both"


def test_the_vote_is_told_beside_a_github_that_is_away(gated, monkeypatch):
    broken(monkeypatch, {"rejected_commits": AWAY})
    assert codes(gated.look("quorum")) == ["GITHUB_UNREACHABLE", "QUORUM_MISSING"]
    monkeypatch.undo()
    broken(monkeypatch, {"rejected_commits": FORBIDDEN})
    assert codes(gated.look("quorum")) == ["CONNECTION_MISSING", "QUORUM_MISSING"]


def test_f56_a_look_that_github_asks_to_rest_rests_and_still_tells_what_else_is_in_the_way(ready, monkeypatch):
    until = ready.clock() + timedelta(minutes=30)
    asked = []

    def limited(station, question):
        asked.append(question.how)
        raise ForgeRateLimited("a limit", retry_at=until)

    rows = [gate._replace(check=limited) if gate.name == "fits" else gate for gate in GATES]
    monkeypatch.setattr(gate_table, "GATES", tuple(rows))
    halt(ready)
    for _ in range(5):
        standing = ready.look("gates", stop="promote", component="explorer")
        assert sorted(codes(standing)) == ["GITHUB_UNREACHABLE", "HALTED"]
        ready.clock.move(minutes=5)
    assert len(asked) == 1
    assert "GITHUB_UNREACHABLE" in codes(ready.advance("promote", "explorer"))
    assert len(asked) == 1
    ready.clock.move(minutes=6)
    ready.look("gates", stop="promote", component="explorer")
    assert len(asked) == 2
