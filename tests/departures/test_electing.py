"""Deploy mode ``proposal``: production is reached by an election, made once and seen by its record (D-11, D-30)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stationmaster.config.train import TrainConfig
from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, Verdict
from stationmaster.departures import deploying, failing, gate_table, verifying
from stationmaster.departures.legs import Leg, record_deployed
from stationmaster.departures.station import Station
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.governance.world import Decide, Fault
from stationmaster.work.obstacles import passed, waiting
from tests.rollouts.conftest import board, rolling  # noqa: F401 - the world of a rollout
from tests.rollouts.making import NEW, OLD, Rolling

LEG = Leg(
    departure="dre.weekly/2026-W47",
    stop="promote",
    component="replica",
    environment="prod",
    repository="dfinity/dre",
    sha=NEW,
)


class Nowhere:
    """A GitHub that is asked nothing: an election is no deployment."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"GitHub was asked: {name}")


@pytest.fixture
def electing(rolling: Rolling, monkeypatch: pytest.MonkeyPatch) -> Rolling:  # noqa: F811
    files = rolling.team.trains["weekly"].model_dump(mode="json")
    files["components"][0]["environments"]["prod"] = {"mode": "proposal"}
    files["on_partial_failure"] = "stop"
    files["poll"] = "1s"
    team = rolling.team.model_copy(update={"trains": {"weekly": TrainConfig.model_validate(files)}})
    rolling.team = team
    rolling.governance._elected.discard(NEW)
    with rolling.ledger.writing() as pen:
        from sqlalchemy import text

        pen.session.execute(text("delete from ledger_facts"))
    rolling.ledger.set_state(LEG.departure, DepartureState.GATED, rolling.clock(), "test")
    monkeypatch.setattr(gate_table, "standing", lambda *_, **__: passed("gates"))
    monkeypatch.setattr(Station, "forge", Nowhere())
    monkeypatch.setattr(deploying, "fits", lambda *_: None)
    return rolling


def advance(world: Rolling) -> Standing:
    return deploying.advance(world.station(), LEG)


def codes(standing: Standing) -> list[str]:
    return [found.code for found in standing.blockers]


def test_d30_the_commit_is_proposed_once_and_waits_for_its_voters(electing: Rolling) -> None:
    for _ in range(3):
        standing = advance(electing)
        assert (standing.gate, standing.verdict, codes(standing)) == ("run", Verdict.WAIT, ["PROPOSALS_OPEN"])
    (made,) = electing.governance.proposals
    assert (made.kind, made.version, made.key) == ("elect", NEW, f"{LEG.key}/1")
    assert codes(deploying.run_standing(electing.station(), LEG)) == ["PROPOSALS_OPEN"]
    electing.clock.move(minutes=20)
    assert deploying.run_standing(electing.station(), LEG).opens
    assert advance(electing).opens


def test_d30_it_is_verified_when_targets_may_run_it(electing: Rolling) -> None:
    advance(electing)
    electing.clock.move(minutes=20)
    assert not verifying.observe(electing.station(), LEG).opens, "won, and not carried out yet"
    electing.clock.move(minutes=3)
    for _ in range(3):
        standing = verifying.observe(electing.station(), LEG)
        electing.clock.move(minutes=1)
    assert standing.opens
    record_deployed(electing.station(), LEG, at=electing.clock(), how="elected")
    assert advance(electing).opens


def test_d30_a_gate_that_closes_keeps_the_proposal_from_being_made(
    electing: Rolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [passed("gates"), waiting("window", blocker("NOTHING_STAGED"))]
    monkeypatch.setattr(gate_table, "standing", lambda *_, **__: answers.pop(0))
    assert advance(electing).gate == "window"
    assert electing.governance.proposals == []


@pytest.mark.parametrize("order", [{"accept": False}, {"executes": False}])
def test_r7_a_lost_election_fails_and_only_a_recorded_answer_makes_another(
    electing: Rolling, order: dict[str, bool]
) -> None:
    advance(electing)
    electing.governance.decide(Decide(proposal=electing.governance.proposals[0].id, **order))
    electing.clock.move(minutes=10)
    standing = advance(electing)
    assert (standing.verdict, codes(standing)) == (Verdict.DENY, ["PROPOSAL_LOST"])
    failure = deploying.note_failed_run(electing.station(), LEG, standing)
    for _ in range(3):  # cleared, and cleared again
        with pytest.raises(failing.Failed, match="PROPOSAL_LOST"):
            advance(electing)
    assert len(electing.governance.proposals) == 1
    at, again = electing.clock(), failing.Choice.DEPLOY_AGAIN
    failing.answer(
        electing.station(), LEG, failure, again, reason="it was a slip", by=electing.station().conductor.id, at=at
    )
    assert codes(advance(electing)) == ["PROPOSALS_OPEN"]
    assert [made.key.rpartition("/")[2] for made in electing.governance.proposals] == ["1", "2"]


def test_an_election_that_somebody_else_proposed_is_ours(electing: Rolling) -> None:
    electing.governance.create("elect", "", OLD, "another version", "")
    theirs = electing.governance.create("elect", "", NEW, "by hand", "")
    assert codes(advance(electing)) == ["PROPOSALS_OPEN"]
    assert len(electing.governance.proposals) == 2
    effect = electing.ledger.effect(f"{LEG.key}/1")
    assert effect is not None
    assert effect.receipt["proposal"] == theirs.id


def test_f03_a_lost_answer_makes_one_election(electing: Rolling) -> None:
    electing.governance.script(Fault(kind="nothing_after"))
    assert codes(advance(electing)) == ["PROPOSALS_OPEN"]
    assert len(electing.governance.proposals) == 1


def test_what_was_elected_last_is_what_production_runs(electing: Rolling) -> None:
    from stationmaster.departures.electing import running_sha

    station = electing.station()
    assert running_sha(station, "replica", "prod") is None
    electing.governance.create("elect", "", NEW, "t", "")
    electing.clock.move(minutes=30)
    assert running_sha(station, "replica", "prod") == NEW
    electing.governance.create("elect", "", OLD, "t", "")
    electing.clock.move(seconds=timedelta(minutes=1).total_seconds())
    assert running_sha(station, "replica", "prod") == NEW, "not decided yet"
