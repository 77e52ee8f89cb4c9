"""A feature build: a named variant of what was cut, which never comes to production (D-13)."""

from __future__ import annotations

import pytest

from stationmaster.config.beside import FeatureBuilds
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.departures import explaining, going_back, hotfixing, telling
from stationmaster.departures.hotfixing import HotfixRefused, Wish
from stationmaster.ledger.records import DepartureState
from tests.departures.week import EXPLORER
from tests.operators.runs import Run

BUILD = DepartureKind.FEATURE_BUILD


@pytest.fixture
def run(week, monkeypatch):
    monkeypatch.setattr("stationmaster.departures.station.Station", lambda **fields: week.station())
    monkeypatch.setattr("stationmaster.clock.now", week.clock)
    week.staged()
    train = week.team.trains["weekly"]
    portal, explorer = train.components
    lab = explorer.deploy("staging")
    built = explorer.model_copy(update={"environments": {**explorer.environments, "lab": lab}})
    changed = train.model_copy(
        update={
            "environments": (*train.environments, "lab"),
            "components": (portal, built),
            "feature_builds": FeatureBuilds(environment="lab"),
        }
    )
    week.team = week.team.model_copy(update={"trains": {"weekly": changed}})
    found = Run(week=week, stop="feature_build", asked=[], user="hana")
    found.assemble()
    return found


def feature(run: Run) -> str:
    base = run.week.ledger.manifest_of("cellxgene.weekly/2021-W42").sha_of("explorer")
    run.week.station().forge.move_branch(EXPLORER, "feature/p2p", base)
    return run.week.github.push(EXPLORER, branch="feature/p2p", title="Speak p2p").sha


def fill_in(run: Run, sha: str, **form: object) -> None:
    run.params = {
        "dry_run": False,
        "name": "p2p",
        "component": "explorer",
        "commits": [sha],
        "branch": "feature/p2p",
        "of": None,
        **form,
    }


def test_d13_a_variant_of_the_cut_is_built_and_named(run):
    base = run.week.ledger.manifest_of("cellxgene.weekly/2021-W42").sha_of("explorer")
    fill_in(run, feature(run))
    assert run.start("say_what_will_happen").value["base"] == base
    for task in ("open_departure", "put_the_commits_on_top"):
        assert run.start(task).kind == "done", task
    run.week.departure = run.xcoms["open_departure", "departure"]
    assert run.week.departure == "cellxgene.weekly/2021-W42.feature-build-1"
    for task in ("explorer.deploy_to_lab", "explorer.verify_lab"):
        assert run.drive(task).kind == "done", task
    assert run.start("tell_the_outcome").value["state"] == DepartureState.DONE
    sha = run.week.ledger.manifest_of(run.week.departure).sha_of("explorer")
    assert run.week.station().forge.deployed_sha(EXPLORER, "lab").sha == sha
    assert [sent["inputs"]["environment"] for sent in run.week.dispatches()] == ["lab"]
    headline = telling.told(run.week.station(), run.week.departure, telling.HEADLINE)
    assert headline is not None
    assert run.week.said("feature build p2p") >= 1


def test_d13_a_build_is_nothing_that_production_knows_of(run):
    fill_in(run, feature(run))
    for task in ("open_departure", "put_the_commits_on_top"):
        run.start(task)
    station = run.week.station()
    assert going_back.healthy(station) == ()
    assert all(dag.task_id != "roll_back" for dag in run.dag.tasks)
    said = [each.departure for each in explaining.explain(station).departures]
    assert "cellxgene.weekly/2021-W42.feature-build-1" in said


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"of": "2021-W30"}, "has cut nothing of explorer 2021-W30"),
        ({"component": "portal"}, "portal is not deployed to lab"),
        ({"commits": []}, "Which commits"),
    ],
)
def test_d13_a_form_that_cannot_be_carried_out(run, change, says):
    fill_in(run, feature(run), **change)
    failed = run.start("say_what_will_happen")
    assert (failed.kind, says in failed.text) == ("failed", True), failed.text


def test_a_train_without_the_section_has_no_such_form(run):
    train = run.week.team.trains["weekly"].model_copy(update={"feature_builds": None})
    run.week.team = run.week.team.model_copy(update={"trains": {"weekly": train}})
    with pytest.raises(HotfixRefused, match="allows no feature build"):
        hotfixing.plan(run.week.station(), BUILD, Wish(component="explorer", commits=("a" * 40,)))
