"""``stationmaster halt`` and ``explain`` know the dependency upgrades of a team, too (D-24)."""

from __future__ import annotations

import json
import shutil

import pytest

from stationmaster.core.blockers import fill
from stationmaster.work import halting
from tests.cli.conftest import ROOT, WEDNESDAY


@pytest.fixture
def dre(include):
    shutil.rmtree(include)
    for folder in ("teams", "rotations", "trains", "runbooks", "schemas"):
        (include / folder).mkdir(parents=True)
    for name in ("teams/dre.yaml", "rotations/dre.yaml"):
        shutil.copy(ROOT / "include" / name, include / name)
    shutil.copytree(ROOT / "include" / "templates", include / "templates")
    for page in [*(ROOT / "include" / "runbooks").glob("d*.md"), ROOT / "include" / "runbooks" / "incident.md"]:
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


def test_d24_an_open_upgrade_is_explained_with_who_and_how(run, dre, ledger):
    upgrade = "dre.dependencies/dfinity/dre/2021-W44"
    values = {"person": "Anouk Favre", "repository": "dfinity/dre", "why": "a major upgrade", "where": "#12"}
    found = fill("UPGRADE_OPEN", values, who=("anouk",))
    ledger.set_blockers(f"{upgrade}/merge_or_ask", (found,), WEDNESDAY)
    pull = {"number": 12, "url": "https://github.example/12", "title": "Update", "head": "a" * 40}
    ledger.record_once(upgrade, "pull", "dfinity/dre", pull, WEDNESDAY, "stationmaster")
    shown = run("explain", "dre.dependencies")
    assert shown.exit_code == 0, shown.stderr
    for text in (upgrade, "has not ended", "UPGRADE_OPEN", "Anouk Favre", "merge_or_ask", "https://github.example/12"):
        assert text in shown.stdout
    (answer,) = json.loads(run("explain", "dre.dependencies", "--json").stdout)["upgrades"]
    assert (answer["outcome"], answer["blockers"][0]["code"]) == (None, "UPGRADE_OPEN")


def test_d24_a_settled_upgrade_says_how(run, dre, ledger):
    value = {"outcome": "left", "why": "serde 2 breaks us", "number": 12}
    ledger.record_once("dre.dependencies/dfinity/dre/2021-W44", "outcome", "dfinity/dre", value, WEDNESDAY, "anouk")
    assert "ended as left: serde 2 breaks us" in run("explain", "dre.dependencies").stdout


def test_d24_a_team_without_upgrades_has_none_to_explain(run, ledger):
    assert run("explain", "cellxgene.dependencies").exit_code == 2
