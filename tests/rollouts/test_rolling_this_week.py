"""What is rolled out is the departure of this week, and no target goes back without a word (O1, O2)."""

from __future__ import annotations

import pytest

from stationmaster.core.rollouts.progress import Progress
from stationmaster.hooks.governance_errors import GovernanceError
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.governance.world import Fault, Upgrade
from stationmaster.rollouts import ordering, planning, records, speaking, stepping
from stationmaster.rollouts.planning import NotPromoted
from stationmaster.rollouts.records import RolloutRefused
from tests.rollouts.making import DEPARTURE, NEW, OLD, OTHER, TARGETS, Rolling

BEFORE = "dre.weekly/2026-W46"


def run_everywhere(world: Rolling, version: str) -> None:
    for target in TARGETS:
        world.governance.upgrade(Upgrade(target=target, version=version))


def test_o1_the_departure_of_this_week_is_the_last_one_whose_promotion_was_due(rolling: Rolling) -> None:
    assert planning.elected_departure(rolling.station()) == DEPARTURE


@pytest.mark.parametrize("weeks", [1, 5])
def test_o1_what_was_promoted_weeks_ago_is_not_rolled_out_unless_its_week_is_named(rolling: Rolling, weeks) -> None:
    rolling.clock.move(weeks=weeks)
    with pytest.raises(NotPromoted, match=r"it was never cut\. Promote it first; or name the week"):
        planning.elected_departure(rolling.station())
    assert planning.elected_departure(rolling.station(), "2026-W47") == DEPARTURE


def test_o1_what_was_taken_back_is_not_rolled_out_by_its_name_either(rolling: Rolling) -> None:
    rolling.ledger.set_state(DEPARTURE, DepartureState.ROLLED_BACK, rolling.clock(), "test", "broken")
    with pytest.raises(RolloutRefused, match="is ROLLED_BACK"):
        planning.elected_departure(rolling.station(), "2026-W47")


@pytest.mark.parametrize("state", [DepartureState.MISSED, DepartureState.SKIPPED, DepartureState.ROLLED_BACK])
def test_o1_one_that_did_not_come_to_production_is_not_replaced_by_the_one_before(rolling: Rolling, state) -> None:
    rolling.promoted(BEFORE, OLD)
    rolling.ledger.set_state(DEPARTURE, state, rolling.clock(), "test", "for a reason")
    with pytest.raises(NotPromoted, match=rf"it is {state} \(“?for a reason”?\)"):
        planning.elected_departure(rolling.station())


def test_o1_on_the_day_of_the_promotion_it_is_todays(rolling: Rolling) -> None:
    rolling.clock.move(days=4, hours=1)  # Friday morning, before the window
    assert planning.due_departure(rolling.station()) == DEPARTURE
    rolling.clock.move(hours=2)
    assert planning.due_departure(rolling.station()) == "dre.weekly/2026-W48"


def test_o2_a_target_that_runs_something_newer_is_not_taken_back(rolling: Rolling) -> None:
    """Every target runs the newer week; a rollout of the older one is named."""
    rolling.promoted(BEFORE, OTHER)
    run_everywhere(rolling, NEW)
    station = rolling.station()
    found = planning.check(station, week="2026-W46", text=None, start=None)
    older = ordering.taken_back(station, found.plan, frozenset())
    assert {each.subject for each in older} == {"io67a", "shefu", "uzr34", "pjljw", "qdvhd", "bkfrj"}
    assert {each.code for each in older} == {"WOULD_DOWNGRADE"}
    (left,) = ordering.taken_back(station, found.plan, frozenset({"io67a", "shefu", "uzr34", "pjljw", "qdvhd"}))
    assert left.subject == "bkfrj"


def test_o2_it_is_asked_again_immediately_before_the_proposal(rolling: Rolling) -> None:
    """Between the plan and its turn somebody has brought the target further."""
    rolling.promoted(BEFORE, OTHER)
    station = rolling.station()
    found = planning.check(station, week="2026-W46", text=None, start=None)
    assert ordering.taken_back(station, found.plan, frozenset()) == ()
    record = planning.open_rollout(station, found, by="anouk")
    rolling.governance.upgrade(Upgrade(target="io67a", version=NEW))
    rolling.clock.move(hours=3)
    standing = stepping.act(rolling.station(), BEFORE, 1, 1, "proposed")
    assert rolling.codes(standing) == ["WOULD_DOWNGRADE"]
    assert rolling.governance.proposals == []
    speaking.say(rolling.station(), record, "downgrade", why="it loses blocks", by="anouk", target="io67a")
    assert stepping.act(rolling.station(), BEFORE, 1, 1, "proposed").opens
    assert [(each.target, each.version) for each in rolling.governance.proposals] == [("io67a", OTHER)]


def test_o2_a_target_that_is_accepted_is_accepted_before_its_proposal(rolling: Rolling) -> None:
    record = rolling.open()
    rolling.roll(1)
    assert rolling.progress()["io67a"] is Progress.DONE
    with pytest.raises(RolloutRefused, match="accepted before its proposal"):
        speaking.say(rolling.station(), record, "downgrade", why="x", by="anouk", target="io67a")
    with pytest.raises(RolloutRefused, match="is not a target"):
        speaking.say(rolling.station(), record, "downgrade", why="x", by="anouk", target="nobody")


@pytest.mark.parametrize(
    ("running", "wanted", "back"),
    [(NEW, NEW, False), (OTHER, NEW, False), (NEW, OTHER, True), ("c" * 40, NEW, True)],
    ids=["the same", "older", "newer", "unknown to everybody"],
)
def test_o2_what_is_newer_is_told_by_history_and_nobody_knowing_is_no_yes(
    rolling: Rolling, running, wanted, back
) -> None:
    assert ordering.Versions(rolling.station()).goes_back(running, wanted) is back


def test_o2_a_later_election_is_newer_whatever_the_history_says(rolling: Rolling) -> None:
    """Branches of two weeks diverge: which one was elected later tells."""
    first, second = "d" * 40, "e" * 40
    for version in (first, second):
        rolling.station().proposals.create("elect", target="", version=version, title="Elect", key=version)
        rolling.clock.move(hours=1)
    versions = ordering.Versions(rolling.station())
    assert versions.goes_back(second, first)
    assert not versions.goes_back(first, second)


def test_o2_what_cannot_be_read_is_no_yes(rolling: Rolling) -> None:
    station = rolling.station()
    found = planning.check(station, week=None, text=None, start=None)
    rolling.governance.script(Fault(kind="no_json", times=100))
    with pytest.raises(GovernanceError):
        ordering.taken_back(station, found.plan, frozenset())


def test_s4_a_rollout_is_its_own_runs_alone(rolling: Rolling) -> None:
    station = rolling.station()
    found = planning.check(station, week=None, text=None, start=None)
    planning.open_rollout(station, found, by="anouk", run="dre.weekly.rollout/a-run")
    assert planning.opened_by_run(station, "other.weekly.rollout/a-run") is None
    assert planning.opened_by_run(station, "a-run") is None
    assert planning.opened_by_run(station, "dre.weekly.rollout/a-run").departure == DEPARTURE
    with pytest.raises(RolloutRefused, match="is open"):
        planning.open_rollout(station, found, by="anouk", run="dre.weekly.rollout/another-run")
    assert records.newest(rolling.ledger, DEPARTURE).number == 1
