"""``stationmaster halt``: the kill switch holds the dependency upgrades of a team, too (D-24)."""

from __future__ import annotations

import shutil

import pytest

from stationmaster.departures import halting
from tests.cli.conftest import ROOT


@pytest.fixture
def dre(include):
    shutil.rmtree(include)
    for folder in ("teams", "rotations", "trains", "runbooks", "schemas"):
        (include / folder).mkdir(parents=True)
    for name in ("teams/dre.yaml", "rotations/dre.yaml"):
        shutil.copy(ROOT / "include" / name, include / name)
    for page in (ROOT / "include" / "runbooks").glob("d*.md"):
        shutil.copy(page, include / "runbooks")
    return include


def test_d24_the_upgrades_are_stopped_and_let_go_in_somebodys_name(run, dre, ledger):
    stopped = run("halt", "dre.dependencies", "--why", "the registry is down", "--by", "anouk")
    assert stopped.exit_code == 0, stopped.stderr
    found = halting.current(ledger, "dre.dependencies")
    assert (found.by, found.why) == ("anouk", "the registry is down")
    assert run("halt", "dre.dependencies", "--why", "again", "--by", "anouk").exit_code == 2
    assert run("resume", "dre.dependencies", "--why", "it is back", "--by", "bojan").exit_code == 0
    assert halting.current(ledger, "dre.dependencies") is None


@pytest.mark.parametrize("by", ["mallory", ""])
def test_d24_nobody_stops_them_namelessly(run, dre, ledger, by):
    assert run("halt", "dre.dependencies", "--why", "no reason", "--by", by).exit_code == 2
    assert halting.current(ledger, "dre.dependencies") is None


def test_d24_a_team_without_upgrades_has_none_to_stop(run, ledger):
    refused = run("halt", "cellxgene.dependencies", "--why", "no reason", "--by", "emil")
    assert refused.exit_code == 2
    assert "no upgrades" in refused.stderr


def test_a_train_is_stopped_as_before(run, ledger):
    assert run("halt", "cellxgene.weekly", "--why", "production burns", "--by", "emil").exit_code == 0
    assert halting.current(ledger, "cellxgene.weekly").by == "emil"
