"""In whose name a rehearsal starts a run (T-01)."""

from __future__ import annotations

import pytest

from stationmaster.config.loader import load
from stationmaster.config.train_rules import Rules
from stationmaster.rehearsal.starters import Starters, starter
from tests.departures.week import INCLUDE, shipped_team


def teams(actors: str | None):
    team = shipped_team()
    train = team.trains["weekly"].model_copy(update={"rules": Rules(actors=actors)})
    return {"cellxgene": team.model_copy(update={"trains": {"weekly": train}})}


@pytest.mark.parametrize(
    ("actors", "dag_id", "user"),
    [
        ("managers", "cellxgene.weekly.promote", "jules"),
        ("managers", "cellxgene.weekly.cut", None),
        (None, "cellxgene.weekly.promote", None),
        ("managers", "cellxgene.oncall.handoff", None),
        ("managers", "stranger.weekly.promote", None),
    ],
)
def test_t01_a_promotion_is_started_by_one_of_the_group(actors, dag_id, user):
    assert starter(teams(actors), dag_id) == user


def test_d09_a_rollout_is_started_by_somebody_of_the_team():
    team = load(INCLUDE, teams=["dre"]).team("dre")
    assert starter({"dre": team}, "dre.weekly.rollout") in {person.airflow for person in team.people.values()}


def test_each_logs_in_once():
    logged_in = []
    starters = Starters(teams("managers"), lambda user: logged_in.append(user) or object())
    assert starters("cellxgene.weekly.promote") is starters("cellxgene.weekly.promote")
    assert starters("cellxgene.weekly.cut") is None
    assert logged_in == ["jules"]
