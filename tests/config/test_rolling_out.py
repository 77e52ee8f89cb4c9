"""The rollout: section of a train: what can never begin is refused when it is loaded (D-09, D-11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.rollouts.progress import Tolerance
from tests.config.conftest import TEAM, TRAIN, Files

ROLLOUT = """
rollout:
  component: explorer
  targets: {io67a-2wj2c: Canary, shefu-t3kr5: Fiduciary, uzr34-akd3s: II}
  plan: |
    Monday:
      9:00: [io67a]
    Tuesday:
      9:00: [shefu]
      11:00: [uzr34]
  vote: {channel: ops, role: primary}
  separate:
    - targets: [shefu-t3kr5, uzr34-akd3s]
      by: 2h
  tolerance: {share: 0.2}
"""


@pytest.fixture
def with_rollout(files: Files) -> Files:
    files.edit(
        TEAM, "  slack: slack_api_default\n", "  slack: slack_api_default\n  proposals: governance\n  alerts: am\n"
    )
    path = files.path(TRAIN)
    path.write_text(path.read_text() + ROLLOUT)
    return files


def test_a_train_has_no_rollout_unless_its_file_says_so(files: Files) -> None:
    assert files.load().team("cellxgene").train("weekly").rollout is None


def test_d09_a_rollout_with_its_defaults(with_rollout: Files) -> None:
    assert with_rollout.problems() == []
    rollout = with_rollout.load().team("cellxgene").train("weekly").rollout
    assert rollout is not None
    assert (rollout.alerts.quiet, rollout.stall) == (timedelta(minutes=15), timedelta(hours=1))
    assert rollout.tolerance.rule == Tolerance(share=0.2)
    assert rollout.separations[0].by == timedelta(hours=2)


@pytest.mark.parametrize(
    "old, new, code, field, sentence",
    [
        ("component: explorer", "component: explrer", "unknown_component", "rollout.component", "Did you mean 'explo"),
        ("channel: ops, role", "channel: opps, role", "unknown_channel", "rollout.vote.channel", "Did you mean 'ops'?"),
        ("role: primary}\n  sep", "role: captain}\n  sep", "unknown_role", "rollout.vote.role", "Use one of primary"),
        (
            "targets: [shefu-t3kr5, uzr",
            "targets: [shefu, uzr",
            "unknown_target",
            "rollout.separate[0].targets[0]",
            "there is no target 'shefu'. Did you mean 'shefu-t3kr5'?",
        ),
        ("[uzr34]", "[uzr35]", "plan_invalid", "rollout.plan", "line 5 of the plan: there is no target 'uzr35'."),
        ("11:00:", "10:59:", "plan_invalid", "rollout.plan", "line 5 of the plan: uzr34-akd3s goes less than 2 hours"),
        (
            "{share: 0.2}",
            "{share: 0.2, number: 2}",
            "tolerance_twice",
            "rollout.tolerance.share",
            "Keep one of the two",
        ),
        ("io67a-2wj2c: Canary", "IO67a: Canary", "not_a_target", "rollout.targets.IO67a", "Use lower-case letters"),
    ],
)
def test_a_rollout_that_could_never_begin(
    with_rollout: Files, old: str, new: str, code: str, field: str, sentence: str
) -> None:
    with_rollout.edit(TRAIN, old, new)
    problem = with_rollout.problems()[0]
    assert (problem.code, problem.field) == (code, field)
    assert sentence in str(problem)


def test_a_rollout_needs_its_two_connections(with_rollout: Files) -> None:
    with_rollout.edit(TEAM, "  proposals: governance\n  alerts: am\n", "")
    assert [(each.code, each.field) for each in with_rollout.problems()] == [
        ("rollout_without_connection", "rollout")
    ] * 2
