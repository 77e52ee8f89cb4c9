"""The DAG files as Airflow parses them: stable, light, one team at a time, only what is asked."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions.param import process_params

from stationmaster.assemble.include import ConfigurationMistakes, Subject, dags_of, raise_problems
from stationmaster.config import loader

ROOT = Path(__file__).parents[2]
PROBE = """
import json, runpy, sys
from pathlib import Path
import airflow.sdk
before = set(sys.modules)
files = {path: runpy.run_path(path) for path in sys.argv[1:]}
added = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
from airflow.models.serialized_dag import SerializedDagModel
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
def told(timetable, name):
    # Airflow's own timetables have neither before they are serialized.
    if not type(timetable).__module__.startswith("stationmaster."):
        return None
    value = getattr(timetable, name)
    return value() if callable(value) else value
found = {}
for path, name, value in [(path, *item) for path, names in files.items() for item in names.items()]:
    if isinstance(value, DAG) and name == value.dag_id:
        assert value.fileloc == path and name not in found, (name, path)
        data = DagSerialization.to_dict(value)
        back = DagSerialization.from_dict(json.loads(json.dumps(data)))
        shapes = [
            {
                "tasks": {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks},
                "timetable": told(dag.timetable, "serialize"),
                "zone": told(dag.timetable, "summary"),
                "tags": sorted(dag.tags),
                "form": sorted(dag.params),
                "doc": dag.doc_md,
            }
            for dag in (value, back)
        ]
        found[value.dag_id] = {
            "hash": SerializedDagModel.hash(data),
            "shapes": shapes,
            "text": json.dumps(data, sort_keys=True, default=str),
        }
print("ANSWER" + json.dumps({"dags": found, "added": added}))
"""


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


def parse(root: Path, airflow_home: Path, *, cwd: Path, seed: str = "0") -> dict[str, Any]:
    """Parse the DAG files in a process of its own; no DAG may be of two of them."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "STATIONMASTER"))},
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__CORE__DAGS_FOLDER": "/nowhere",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *(str(root / "dags" / f"{subject}.py") for subject in Subject)],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.rpartition("ANSWER")[2])


def copied(to: Path) -> Path:
    for folder in ("dags", "include"):
        shutil.copytree(ROOT / folder, to / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return to


@pytest.fixture(scope="module")
def parsed(airflow_home: Path) -> dict[str, Any]:
    return parse(ROOT, airflow_home, cwd=ROOT)


def test_fact27_a_parse_elsewhere_makes_no_new_version(parsed, airflow_home, tmp_path):
    """Another directory, another seed of the hashes, and a bundle that was unpacked to another place."""
    other = parse(copied(tmp_path / "bundle" / "versions" / "abc"), airflow_home, cwd=tmp_path, seed="4711")
    hashes = {name: dag["hash"] for name, dag in parsed["dags"].items()}
    assert {name: dag["hash"] for name, dag in other["dags"].items()} == hashes
    assert {"cellxgene.weekly.cut", "cellxgene.weekly.promote"} <= set(hashes)


def test_the_dags_survive_airflows_own_serializer(parsed):
    for name, dag in parsed["dags"].items():
        before, after = dag["shapes"]
        assert before == after, name
        assert before["tasks"]


def test_fact26_a_form_stands_in_its_dag_and_in_no_task_of_it(parsed):
    """Airflow would copy the form into each task: most of what many trains cost to parse."""
    forms = 0
    for name, dag in parsed["dags"].items():
        written = json.loads(dag["text"])["dag"]
        forms += bool(written.get("params"))
        assert [task["__var"]["task_id"] for task in written["tasks"] if task["__var"].get("params")] == [], name
    assert forms


@pytest.mark.parametrize("given, expected", [({}, True), ({"dry_run": False}, False)])
def test_a_task_reads_the_form_of_its_run_all_the_same(given, expected):
    """As Airflow puts it together: what the form says by itself, and what the run was started with."""
    (dag,) = dags_of(ROOT / "include", only="cellxgene.weekly.rollback")
    found = process_params(dag, dag.get_task("go_back"), given, suppress_exception=False)
    assert set(found) == {"dry_run", "to", "reason", "accept_irreversible"}
    assert found["dry_run"] is expected


def test_f74_a_serialized_dag_holds_no_token_and_no_path_of_the_machine(parsed):
    for dag in parsed["dags"].values():
        text = json.loads(dag["text"])
        text["dag"].pop("fileloc")
        rest = json.dumps(text)
        assert "token" not in rest.lower()
        assert str(ROOT) not in rest


def test_fact26_a_parse_imports_nothing_heavy(parsed):
    heavy = {"slack_sdk", "github", "sqlalchemy", "alembic", "fastapi", "httpx", "uvicorn", "psycopg"}
    assert heavy.isdisjoint(parsed["added"])


def test_fact26_a_task_parses_only_its_own_dag(monkeypatch):
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "cellxgene.weekly.promote")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_TASK_ID", "roll_back")
    built = []
    init = DAG.__init__

    def counted(self, *args, **options):
        init(self, *args, **options)
        built.append(self.dag_id)

    monkeypatch.setattr(DAG, "__init__", counted)
    names = runpy.run_path(str(ROOT / "dags" / "trains.py"))
    assert {value.dag_id for value in names.values() if isinstance(value, DAG)} == {"cellxgene.weekly.promote"}
    assert built == ["cellxgene.weekly.promote"]


@pytest.mark.parametrize("only", ["somebody.elses.dag", "cellxgene", "cellxgene.weekly", "cellxgene.weekly.cut.more"])
def test_another_files_dag_is_none_of_ours(only):
    assert list(dags_of(ROOT / "include", only=only)) == []


def second_team(include: Path) -> None:
    """A second team, the copy of the first."""
    for path in list(include.glob("*/cellxgene*")):
        text = path.read_text().replace("cellxgene", "second")
        path.with_name(path.name.replace("cellxgene", "second")).write_text(text)


def test_a_broken_team_keeps_the_other_teams_dags(tmp_path):
    include = copied(tmp_path) / "include"
    second_team(include)
    every = {dag.dag_id for dag in dags_of(include)}
    theirs = {name for name in every if name.startswith("second.")}
    ours = every - theirs
    assert {name.replace("second.", "cellxgene.") for name in theirs} <= ours
    team = include / "teams" / "second.yaml"
    whole = team.read_text()
    team.write_text(whole.replace("id: second\n", "id: [second\n", 1))
    assert {dag.dag_id for dag in dags_of(include)} == ours
    team.write_text(whole)
    train = include / "trains" / "second.weekly.yaml"
    train.write_text(train.read_text().replace("day: thursday", "day: thurs"))
    assert {dag.dag_id for dag in dags_of(include, Subject.TRAINS)} == ours - of_chores(ours)
    assert list(dags_of(include, only="second.weekly.cut")) == []
    # Its tasks read no train, either.
    assert {dag.dag_id for dag in dags_of(include, Subject.CHORES)} == of_chores(every)


def of_chores(names: set[str]) -> set[str]:
    return {name for name in names if name.endswith(".watch") or ".chores." in name}


def test_each_dag_is_of_one_file_that_reads_only_what_it_is_about(parsed, monkeypatch):
    """A gate that opens has its file parsed: what the file is not about would be parsed for nothing."""
    read, document = [], loader.read_document

    def noted(path, *args, **options):
        read.append(path.parent.name)
        return document(path, *args, **options)

    monkeypatch.setattr(loader, "read_document", noted)
    files = {}
    for subject, others in ((Subject.TRAINS, {"chores", "watches"}), (Subject.CHORES, {"trains"})):
        read.clear()
        names = runpy.run_path(str(ROOT / "dags" / f"{subject}.py"))
        files[subject] = {value.dag_id for value in names.values() if isinstance(value, DAG)}
        assert set(read).isdisjoint(others)
        assert "teams" in read
    assert files[Subject.CHORES] == of_chores(set(parsed["dags"]))
    assert files[Subject.TRAINS] == set(parsed["dags"]) - files[Subject.CHORES]


@pytest.mark.parametrize(
    "file, old, new",
    [
        ("trains/cellxgene.weekly.yaml", "day: thursday", "day: thurs"),
        ("teams/cellxgene.yaml", "id: cellxgene\n", "id: [cellxgene\n"),
    ],
)
def test_a_mistake_is_an_import_error_with_file_and_line(tmp_path, file, old, new):
    include = copied(tmp_path) / "include"
    raise_problems(include)
    path = include / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigurationMistakes) as caught:
        raise_problems(include)
    line = text[: text.index(old)].count("\n") + 1
    assert f"include/{file}:" in str(caught.value)
    assert any(f"include/{file}:{number}:" in str(caught.value) for number in (line, line + 1, line + 2))


def test_fact19_the_dag_files_hold_the_words_that_airflow_looks_for():
    for path in (ROOT / "dags").glob("*.py"):
        text = path.read_text().lower()
        assert "airflow" in text, path
        assert "dag" in text, path
