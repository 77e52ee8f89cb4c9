"""What a DAG's page promises is what its train or rotation can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from stationmaster.assemble.describing import exception_doc, handoff_doc, hotfix_doc, promote_doc, rollback_doc
from stationmaster.config.gates import QuorumGate
from stationmaster.config.loader import load
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind

INCLUDE = Path(__file__).parents[2] / "include"
TEAMS = load(INCLUDE).teams
BY_HAND = "goes back by hand"


def train(team: str, **changes: object) -> TrainConfig:
    return TEAMS[team].trains["weekly"].model_copy(update=changes)


def head(page: str) -> str:
    """The page without its runbook, on one line."""
    return " ".join(page.split("\n---\n")[0].split())


def promoted(found: TrainConfig) -> str:
    return head(promote_doc(INCLUDE, found))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"mode": "quorum", "needed": 3, "voters": "engineers"}, "and for the quorum (3 of the group `engineers`);"),
        ({"mode": "any_of", "needed": 2, "roles": ("a", "b")}, "and for the quorum (2 of the groups `a` and `b`);"),
        ({"mode": "all_roles", "roles": ("a", "b")}, "and for the quorum (somebody of each of `a` and `b`);"),
        (
            {"mode": "all_roles", "needed": 3, "roles": ("a", "b")},
            "and for the quorum (somebody of each of `a` and `b`, 3 people at least);",
        ),
        ({"mode": "none"}, "soak of 6 days; then"),
    ],
)
def test_the_promotion_says_whose_votes_it_waits_for(rule, said):
    found = train("cellxgene")
    gates = found.gates.model_copy(update={"quorum": QuorumGate.model_validate(rule)})
    assert said in promoted(found.model_copy(update={"gates": gates}))


@pytest.mark.parametrize(
    ("team", "policy", "said", "after"),
    [
        ("cellxgene", "compensate", "takes it back if a deploy fails", "If `roll_back` is green, prod is back"),
        ("cellxgene", "stop", "leaves what follows to a person", "taken back by itself: answer *Roll back*"),
        ("cellxgene", "continue", "goes on with the other components", "taken back by itself: answer *Roll back*"),
        ("dre", "stop", "leaves what follows to a person", "taken back by itself: the rollback form names the target"),
        ("dre", "compensate", "leaves what follows to a person", f"`replica` {BY_HAND}"),
    ],
)
def test_what_fails_goes_back_only_where_the_file_and_the_components_let_it(team, policy, said, after):
    page = promoted(train(team, on_partial_failure=policy))
    assert said in page
    assert after in page
    assert ("roll back, leave it" in page) == (team == "cellxgene")


def test_what_no_workflow_brings_goes_back_by_hand():
    assert BY_HAND in rollback_doc(INCLUDE, train("dre"))
    assert BY_HAND not in rollback_doc(INCLUDE, train("cellxgene"))


def test_a_hotfix_goes_back_by_itself_whatever_the_file_says():
    said = "A failed deploy is taken back by itself, whatever the train's file says of its promotions."
    stops = train("cellxgene", on_partial_failure="stop")
    assert said in head(hotfix_doc(INCLUDE, stops, DepartureKind.HOTFIX))
    assert said not in head(hotfix_doc(INCLUDE, train("dre"), DepartureKind.HOTFIX))


@pytest.mark.parametrize("team", ["cellxgene", "threefold"])
def test_only_where_a_freeze_can_be_excepted_the_exception_speaks_of_it(team):
    page = exception_doc(TEAMS[team], train(team))
    assert ("freeze" in page) == (TEAMS[team].freeze_exceptions is not None)


@pytest.mark.parametrize(
    ("team", "rotation", "said"),
    [
        ("cellxgene", "oncall", "The person who comes on call, and nobody in their place."),
        ("dre", "oncall", "may be said by the others who take turns, too."),
        ("hausmeister", "weekdays", "by the person who holds `backstop`, too. The person who leaves is asked how"),
    ],
)
def test_the_handoff_says_who_may_answer_for_the_person_who_comes(team, rotation, said):
    assert said in head(handoff_doc(INCLUDE, TEAMS[team], TEAMS[team].roster[rotation]))
