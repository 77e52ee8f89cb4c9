"""The shipped dfinity train says what the team's page says (D-09 … D-12, D-30)."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stationmaster.config.loader import load
from stationmaster.config.plan_text import read_plan
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import Timing, next_departure, stop_times, timing
from stationmaster.core.instants import IsoWeek, Weekday, to_local
from stationmaster.core.rollouts.checking import checked
from tests.config.conftest import Files

INCLUDE = Path(__file__).resolve().parents[2] / "include"
SHA = "a" * 40


@pytest.fixture(scope="module")
def train() -> TrainConfig:
    return load(INCLUDE, teams=["dre"]).team("dre").train("weekly")


def test_d12_the_release_is_cut_every_thursday(train: TrainConfig) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(60):
        following = next_departure(train.stop("cut"), at)
        local = to_local(following, train.zone)
        assert (local.weekday(), local.hour) == (Weekday.THURSDAY.index, 9)
        assert following - at <= timedelta(days=7, hours=11)
        at = following


def test_d30_the_version_is_elected_on_friday_and_not_earlier(train: TrainConfig) -> None:
    times = stop_times(train.stop("promote"), IsoWeek.parse("2026-W48"))
    thursday_night = datetime(2026, 11, 26, 22, 59, tzinfo=UTC)
    assert timing(times, thursday_night) is Timing.EARLY
    assert timing(times, datetime(2026, 11, 27, 7, 59, tzinfo=UTC)) is Timing.EARLY
    assert timing(times, datetime(2026, 11, 27, 8, tzinfo=UTC)) is Timing.ON_TIME
    assert (train.gates.soak.days, train.gates.quorum.needed, train.gates.quorum.voters) == (1, 2, "engineers")
    assert train.component("replica").deploy(train.production).mode == "proposal"


def test_d09_the_shipped_plan_reaches_every_target_once_with_the_canary_first(train: TrainConfig) -> None:
    assert train.rollout is not None
    monday = datetime(2026, 11, 23, 5, tzinfo=UTC)
    plan = checked(
        read_plan(train.rollout.plan),
        targets=train.rollout.targets,
        version=SHA,
        zone=train.zone,
        start=monday.date(),
        now=monday,
        separations=train.rollout.separations,
    )
    targets = [way.target for batch in plan.batches for way in batch.ways]
    assert sorted(targets) == sorted(train.rollout.targets)
    assert len(targets) == 36
    assert [way.target for way in plan.batches[0].ways] == ["io67a"]
    assert train.rollout.alerts.quiet == timedelta(minutes=15)


@pytest.mark.parametrize(
    "file, old, new, code",
    [
        (
            "trains/dre.weekly.yaml",
            "on_partial_failure: stop",
            "on_partial_failure: compensate",
            "election_rolled_back",
        ),
        ("teams/dre.yaml", "  proposals: governance_proposals", "  # proposals: none", "election_without_connection"),
    ],
)
def test_an_election_that_could_not_work_is_refused(tmp_path: Path, file: str, old: str, new: str, code: str) -> None:
    shutil.copytree(INCLUDE, tmp_path / "all")
    files = Files(tmp_path / "all")
    assert files.problems() == []
    files.edit(file, old, new)
    assert code in [problem.code for problem in files.problems()]
