"""The teams that ship, for tests of chores."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.core.rotations.rotation import Rotation

INCLUDE = Path(__file__).resolve().parents[2] / "include"


@cache
def team_of(name: str) -> TeamConfig:
    return load(INCLUDE, teams=[name]).team(name)


def rotation_of(team: str, name: str) -> Rotation:
    return team_of(team).rotations[name]
