from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.departures import deploying
from stationmaster.ledger import Ledger
from stationmaster.ledger.engine import engine_at
from stationmaster.ledger.records import DepartureState
from stationmaster.operators.base import StationOperator
from tests.departures.conftest import boards, make_week, memory, week
from tests.departures.week import EXPLORER, PORTAL, WEDNESDAY, Week
from tests.operators.runs import Run

__all__ = ["boards", "make_week", "week"]

Runs = Callable[..., Run]


@pytest.fixture(scope="session")
def ledger_folder() -> Iterator[Path]:
    """One place for all tests, so that its engine keeps the statements that it compiled; in memory if possible."""
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        yield Path(folder)


@pytest.fixture
def ledger(sqlite_template: Path, ledger_folder: Path) -> Iterator[Ledger]:
    for path in ledger_folder.glob("ledger.db*"):
        path.unlink()
    shutil.copyfile(sqlite_template, ledger_folder / "ledger.db")
    url = f"sqlite:///{ledger_folder / 'ledger.db'}"
    found = Ledger.at(url)
    yield found
    assert not found.verify()
    engine_at(url).dispose()


@pytest.fixture
def runs(week: Week, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Make runs over one week; every process of theirs sees the same stand-ins, ledger and clock."""
    asked: list[dict[str, Any]] = []

    def station(*, team: Any, train: str) -> Any:
        assert train == "weekly"
        return week.station()

    monkeypatch.setattr(StationOperator, "team_config", property(lambda _: week.team))
    monkeypatch.setattr("stationmaster.departures.station.Station", station)
    monkeypatch.setattr("stationmaster.clock.now", week.clock)
    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: asked.append(request))
    return lambda stop, **options: Run(week=week, stop=stop, asked=asked, **options)


def pin(week: Week) -> Manifest:
    """The newest commits, without asking GitHub for their checks."""
    heads = {"portal": PORTAL, "explorer": EXPLORER}
    passengers = [
        Passenger(component=name, repository=repo, sha=week.github.repository(repo).record.refs["heads/main"])
        for name, repo in heads.items()
    ]
    manifest = Manifest.of(passengers)
    week.ledger.pin(week.departure, manifest, week.clock(), "test")
    week.ledger.set_state(week.departure, DepartureState.CUTTING, week.clock(), "test")
    changes = {"changes": [], "authors": []}
    week.ledger.record_once(week.departure, "changes", manifest.hash, changes, week.clock(), "test")
    return manifest


def staged(week: Week) -> None:
    """Thursday in short: what the cut leaves in the ledger, without its deploys."""
    week.open_cut()
    week.clock.move(minutes=20)
    pin(week)
    for component in ("portal", "explorer"):
        leg = week.leg("cut", component)
        deploying.record_deployed(week.station(), leg, at=week.clock(), how="test")
    week.checklist("staging")
    week.ledger.set_state(week.departure, DepartureState.STAGED, week.clock(), "test")


@pytest.fixture
def cut(runs: Runs) -> Run:
    """Thursday's run, opened."""
    run = runs("cut")
    assert run.start("open_departure").kind == "done"
    return run


@pytest.fixture
def pinned(cut: Run) -> Run:
    cut.week.clock.move(minutes=20)
    pin(cut.week)
    return cut


@pytest.fixture
def promote(week: Week, runs: Runs) -> Run:
    """Wednesday's run with the round open; nobody has voted."""
    staged(week)
    week.clock.to(WEDNESDAY)
    run = runs("promote")
    assert run.start("open_departure").kind == "done"
    assert run.start("ask_for_votes").kind == "done"
    return run


@pytest.fixture
def ready(promote: Run) -> Run:
    """Everything up to the moment before the deploy."""
    promote.week.quorum()
    promote.week.confirm()
    return promote
