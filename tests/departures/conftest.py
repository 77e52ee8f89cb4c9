from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stationmaster.ledger import Ledger
from tests.departures.week import Maker, Switchboard, Week, new_week, switchboard


@pytest.fixture(scope="session")
def boards() -> Iterator[tuple[Switchboard, Switchboard]]:
    with switchboard() as github, switchboard() as slack:
        yield github, slack


def memory() -> Path | None:
    """Where a commit takes a tenth of the time it takes on a disk (these tests make thousands); `None` if nowhere."""
    place = Path("/dev/shm")
    return place if os.access(place, os.W_OK) else None


@pytest.fixture
def ledger(sqlite_template: Path) -> Iterator[Ledger]:
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        path = Path(folder) / "ledger.db"
        shutil.copyfile(sqlite_template, path)
        found = Ledger.at(f"sqlite:///{path}")
        yield found
        assert not found.verify()
        found.close()


@pytest.fixture
def make_week(boards: tuple[Switchboard, Switchboard], ledger: Ledger) -> Maker:
    def make(**options: Any) -> Week:
        return new_week(boards, ledger, **options)

    return make


@pytest.fixture
def week(make_week: Maker) -> Week:
    return make_week()
