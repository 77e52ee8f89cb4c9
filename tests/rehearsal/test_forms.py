"""The forms that a rehearsal fills in: of which train, when, in whose name, with what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from stationmaster.config.loader import load
from stationmaster.rehearsal.forms import forms
from stationmaster.rehearsal.placing import Board
from stationmaster.rehearsal.programme import programme
from stationmaster.rehearsal.starters import starter
from tests.departures.week import EXPLORER, INCLUDE
from tests.rehearsal.github_fixtures import HEAD, stage

START = date(2021, 10, 25)
TEAMS = load(INCLUDE).teams


def made(*wanted: str, url: str = "", teams=("cellxgene",)):
    chosen = {name: TEAMS[name] for name in teams}
    return list(forms(chosen, Board(chosen, programme(chosen, START, 2)).places(wanted), lambda: url))


def test_each_form_is_filled_in_once_after_the_stop_that_it_belongs_to():
    items = programme({"cellxgene": TEAMS["cellxgene"]}, START, 2)
    cut = next(item.at for item in items if item.what == "cut")
    promote = next(item.at for item in items if item.what == "promote")
    found = {form.item.dag_id: form.item.at for form in made("hotfix", "security-hotfix", "rollback")}
    assert found == {
        "cellxgene.weekly.hotfix": cut + timedelta(days=1, hours=3),
        "cellxgene.weekly.security_hotfix": cut + timedelta(days=2, hours=3),
        "cellxgene.weekly.rollback": promote + timedelta(hours=5),
    }


def test_a_train_that_is_not_deployed_by_workflows_is_passed_over():
    assert made("hotfix", teams=("dre",)) == []
    assert [form.item.team for form in made("hotfix", teams=("dre", "cellxgene"))] == ["cellxgene"]


def test_the_newest_commit_of_that_hour_is_brought():
    with stage() as scene:
        (form,) = made("hotfix", url=scene.url)
        conf = form.conf()
    assert conf["commits"] == [HEAD]
    assert (conf["component"], conf["dry_run"]) == ("explorer", False)
    assert scene.world.repository(EXPLORER).record.name == EXPLORER


@pytest.mark.parametrize("name", ["hotfix", "security_hotfix", "rollback"])
def test_a_form_is_filled_in_by_somebody_of_the_team(name):
    user = starter(TEAMS, f"cellxgene.weekly.{name}")
    assert user in {person.airflow for person in TEAMS["cellxgene"].people.values()}
    assert starter(TEAMS, "cellxgene.weekly.cut") is None


def test_t01_a_form_of_threefold_is_filled_in_by_one_who_may():
    team = TEAMS["threefold"]
    allowed = {team.people[name].airflow for name in team.groups[team.trains["weekly"].rules.actors]}
    assert starter(TEAMS, "threefold.weekly.hotfix") in allowed
