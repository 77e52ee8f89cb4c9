"""A task reads its team's files once, whatever Airflow does around its step."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stationmaster.assemble.include import dags_of
from stationmaster.config import loader
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.departures.station import Station
from stationmaster.operators.base import StationOperator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def made(monkeypatch):
    """The stations that the tasks make."""
    found, station = [], StationOperator.station
    monkeypatch.setattr(StationOperator, "station", lambda self: found.append(station(self)) or found[-1])
    return found


def test_a_task_is_named_before_and_after_its_step_with_the_station_of_the_step(promote, made):
    operator = promote.operator("ballot", voter="amara")
    assert operator.asked == "Amara Osei"
    assert promote._call(operator, "execute").kind == "deferred"
    assert operator.asked == "Amara Osei"
    assert len(made) == 1


def test_f57_every_step_has_a_station_of_its_own(promote, made):
    operator = promote.operator("ballot", voter="amara")
    for steps in (1, 2, 3):
        promote._call(operator, "execute")
        assert len(made) == steps
    assert len({id(each) for each in made}) == 3


@pytest.fixture
def bundle(tmp_path):
    shutil.copytree(ROOT / "include", tmp_path / "include")
    (tmp_path / "dags").mkdir()
    return tmp_path


@pytest.fixture
def read(monkeypatch):
    """The files that are read, in order."""
    found, document = [], loader.read_document

    def noted(path, *args, **options):
        found.append(f"{path.parent.name}/{path.name}")
        return document(path, *args, **options)

    monkeypatch.setattr(loader, "read_document", noted)
    return found


def task_of(bundle: Path, dag_id: str, task_id: str):
    """A task as the process finds it that Airflow forks for it: the DAG file is parsed for its DAG alone."""
    (dag,) = dags_of(bundle / "include", dag_file=bundle / "dags" / "trains.py", only=dag_id)
    return dag.get_task(task_id)


@pytest.mark.parametrize(
    ("dag_id", "task_id"),
    [
        ("cellxgene.weekly.promote", "ask_for_votes"),
        ("dre.chores.alert-review", "open_the_chore"),
        ("operate-first.watch", "open_the_watch"),
    ],
)
def test_a_step_finds_what_its_dag_was_made_from(bundle, read, dag_id, task_id):
    task = task_of(bundle, dag_id, task_id)
    parsed = len(read)
    assert task.team_config.id == dag_id.partition(".")[0]
    # A watch's first task wants less than its DAG, and reads that.
    assert (len(read) == parsed) is (not dag_id.endswith(".watch"))
    before = len(read)
    assert task.team_config.id == dag_id.partition(".")[0]
    assert len(read) > before, "a later reading is of the files as they are then"


def test_a_change_is_seen_by_the_second_reading_of_one_process(bundle):
    task = task_of(bundle, "cellxgene.weekly.promote", "ask_for_votes")
    assert task.team_config.title != "Another"
    path = bundle / "include" / "teams" / "cellxgene.yaml"
    title = next(line for line in path.read_text().splitlines() if line.startswith("title:"))
    path.write_text(path.read_text().replace(title, "title: Another"))
    assert task.team_config.title == "Another"


def test_what_was_parsed_of_one_bundle_is_nothing_of_another(bundle, read, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(bundle, other, dirs_exist_ok=True)
    task = task_of(bundle, "cellxgene.weekly.promote", "ask_for_votes")
    task.dag.fileloc = str(other / "dags" / "trains.py")
    before = len(read)
    assert task.team_config.id == "cellxgene"
    assert len(read) > before


@pytest.mark.parametrize("dag_id", ["cellxgene.weekly.promote", "dre.chores.alert-review"])
def test_a_task_reads_no_watch_unless_it_watches(bundle, read, dag_id):
    task_of(bundle, dag_id, {"c": "ask_for_votes", "d": "open_the_chore"}[dag_id[0]])
    assert not [name for name in read if name.startswith("watches/")]
    assert [name for name in read if name.startswith("chores/")] == (["chores/dre.yaml"] if "chores" in dag_id else [])


def test_a_voter_who_has_left_the_team_is_named_all_the_same(promote):
    people = {name: person for name, person in promote.week.team.people.items() if name != "amara"}
    promote.week.team = promote.week.team.model_copy(update={"people": people})
    assert promote.operator("ballot", voter="amara").asked == "amara"


def test_a_name_takes_no_place_of_the_steps_own_error(promote, monkeypatch):
    def nobody(station, role):
        raise NobodyOnCall("oncall", role, station.now())

    monkeypatch.setattr(Station, "on_call", nobody)
    operator = promote.operator("confirm_the_promotion", role="primary")
    assert promote._call(operator, "execute").kind == "failed"
    assert operator.asked == "nobody"
