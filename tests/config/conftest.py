"""A copy of the repository's ``include/`` that a test may spoil."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stationmaster import clock
from stationmaster.config.include import Include
from stationmaster.config.loader import load
from stationmaster.config.problems import Problem

SHIPPED = Path(__file__).resolve().parents[2] / "include"

TEAM = "teams/cellxgene.yaml"
ROTATIONS = "rotations/cellxgene.yaml"
TRAIN = "trains/cellxgene.weekly.yaml"
PAGES = ("cut", "promote", "rollback", "deploy-failed", "explorer-test-cases", "access", "on-call", "hotfix")


class Files:
    """The copied files: change one, then load them all."""

    team, rotations, train = TEAM, ROTATIONS, TRAIN

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        return self.root / name

    def edit(self, name: str, old: str, new: str) -> int:
        """Replace ``old``, which must stand there exactly once, and return the line on which it began."""
        text = self.path(name).read_text()
        if text.count(old) != 1:
            raise ValueError(f"{old!r} stands {text.count(old)} times in {name}")
        self.path(name).write_text(text.replace(old, new))
        return text[: text.index(old)].count("\n") + 1

    def write(self, name: str, text: str) -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)

    def without_incidents(self) -> None:
        """Take the sections out that need roles: a team may have neither."""
        text = self.path(TEAM).read_text()
        self.path(TEAM).write_text(text[: text.index("\nincidents:")] + text[text.index("\nconnections:") :])

    def load(self, teams: Collection[str] | None = None) -> Include:
        return load(self.root, teams)

    def problems(self) -> list[Problem]:
        return list(self.load().problems)

    def only(self) -> Problem:
        """Return the one problem that there is."""
        (problem,) = self.problems()
        return problem


@pytest.fixture(autouse=True)
def _thursday_before_the_clocks_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules look at the year that follows: Thursday 28 October 2021; the clocks change on 7 November."""
    face = tmp_path / "clock.json"
    clock.set_virtual(face, datetime(2021, 10, 28, 16, 0, tzinfo=UTC))
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(face))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    root = tmp_path / "include"
    for folder in ("teams", "rotations", "trains", "runbooks"):
        (root / folder).mkdir(parents=True)
    for name in (TEAM, ROTATIONS, TRAIN):
        shutil.copy(SHIPPED / name, root / name)
    shutil.copytree(SHIPPED / "templates", root / "templates")
    for page in (*PAGES, "incident"):
        shutil.copy(SHIPPED / "runbooks" / f"{page}.md", root / "runbooks")
    return Files(root)


@pytest.fixture
def shipped() -> Include:
    """What the repository itself ships."""
    return load(SHIPPED)
