"""``stationmaster schemas`` and ``docs``: what is generated is what is committed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from stationmaster.cli.page_of_blockers import blockers_page, cell
from stationmaster.cli.page_of_configuration import configuration_page
from stationmaster.config.schemas import MODELS
from stationmaster.core.blockers import CATALOGUE
from tests.cli.conftest import ROOT


def test_the_committed_pages_are_what_the_code_says(tmp_path):
    """In a process of its own: the DAGs need Airflow, whose home must be no one's."""
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path / "airflow")}
    command = [sys.executable, "-m", "stationmaster.cli", "docs", "--check", "--include", str(ROOT / "include")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_committed_schemas_are_what_the_models_say(run):
    result = run("schemas", "--include", str(ROOT / "include"))
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_stale_schema_is_found_and_written(run, include):
    (include / "schemas" / "train.json").write_text("{}")
    found = run("schemas")
    assert found.exit_code == 1
    assert "train.json is stale" in found.stderr
    assert run("schemas", "--write").stdout == "wrote train.json\n"
    assert run("schemas").exit_code == 0


@pytest.fixture
def two_pages(monkeypatch):
    monkeypatch.setattr("stationmaster.cli.generating.pages", lambda include: {"A.md": "a\n", "B.md": "b\n"})


def test_stale_pages_are_found_then_written_then_found_no_more(run, include, tmp_path, two_pages):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "A.md").write_text("a\n")
    found = run("docs", "--check")
    assert (found.exit_code, found.stderr) == (1, "B.md is stale: run stationmaster docs\n")
    assert not (tmp_path / "docs" / "B.md").exists()
    assert run("docs").stdout == "wrote B.md\n"
    assert run("docs", "--check").exit_code == 0


def test_the_page_of_blockers_has_every_code_with_its_way_out():
    rows = [line for line in blockers_page().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(CATALOGUE)
    assert all(cell(kind.how) in blockers_page() for kind in CATALOGUE.values())


def test_the_page_of_configuration_has_every_field_of_every_file():
    page = configuration_page()
    for model in MODELS.values():
        for name in model.model_json_schema()["properties"]:
            assert f"| `{name}` |" in page


def test_a_bar_does_not_break_a_table():
    assert cell("a | b\nc") == "a \\| b c"
