"""The command as a person runs it, with a ledger of its own and a clock that stands still."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from stationmaster import clock, settings
from stationmaster.cli.main import app
from stationmaster.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]
WEDNESDAY = datetime(2021, 11, 3, 16, 12, tzinfo=UTC)
"""Wed 3 Nov 2021 09:12 PDT: the window of the promotion is open."""

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this machine leaks in, and none that a command sets leaks out."""
    import os

    for name in [name for name in os.environ if name.startswith(("AIRFLOW", "STATIONMASTER_"))]:
        monkeypatch.delenv(name)
    face = tmp_path / "clock.json"
    clock.set_virtual(face, WEDNESDAY)
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(face))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def include(tmp_path: Path) -> Path:
    """A copy of one team's shipped files that a test may spoil; commands find it from the working directory."""
    others = shutil.ignore_patterns(*(f"{path.stem}.*" for path in (ROOT / "include/teams").glob("[!c]*.yaml")))
    for folder in ("teams", "rotations", "trains", "runbooks", "schemas", "templates"):
        shutil.copytree(ROOT / "include" / folder, tmp_path / "include" / folder, ignore=others)
    return tmp_path / "include"


@pytest.fixture
def ledger(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A migrated ledger that the environment names."""
    path = tmp_path / "ledger.db"
    shutil.copyfile(sqlite_template, path)
    url = f"sqlite:///{path}"
    monkeypatch.setenv(settings.LEDGER_VARIABLE, url)
    return Ledger.at(url)


@pytest.fixture
def run(include: Path) -> Run:
    """Run the command; standard output and standard error stay apart."""
    runner = CliRunner()

    def call(*arguments: str) -> Result:
        result = runner.invoke(app, list(arguments))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def answer(run: Run) -> Callable[..., Any]:
    """Run the command with ``--json`` and return what it wrote."""

    def call(*arguments: str, code: int = 0) -> Any:
        result = run(*arguments, "--json")
        assert result.exit_code == code, result.stderr
        return json.loads(result.stdout)

    return call
