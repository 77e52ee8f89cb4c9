"""The JSON Schemas for editors: fresh, and of one mind with the models."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from stationmaster.config.documents import read_document
from stationmaster.config.runbooks import read_front_matter
from stationmaster.config.schemas import MODELS, export, stale

SHIPPED = Path(__file__).resolve().parents[2] / "include"
FILES = [
    *(("team.json", path) for path in sorted((SHIPPED / "teams").glob("*.yaml"))),
    *(("rotations.json", path) for path in sorted((SHIPPED / "rotations").glob("*.yaml"))),
    *(("train.json", path) for path in sorted((SHIPPED / "trains").glob("*.yaml"))),
    *(("chores.json", path) for path in sorted((SHIPPED / "chores").glob("*.yaml"))),
]


def validator(name):
    schema = json.loads((SHIPPED / "schemas" / name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_committed_schemas_are_those_of_the_models():
    assert stale(SHIPPED) == [], "write them again with: python -m stationmaster.config.schemas include"


def test_a_schema_that_is_behind_is_found_and_written_again(tmp_path):
    assert sorted(path.name for path in export(tmp_path)) == sorted(MODELS)
    assert stale(tmp_path) == []
    (tmp_path / "schemas" / "train.json").write_text("{}")
    assert [path.name for path in stale(tmp_path)] == ["train.json"]
    assert [path.name for path in export(tmp_path)] == ["train.json"]
    assert export(tmp_path) == []


@pytest.mark.parametrize(("name", "path"), FILES, ids=[path.name for _, path in FILES])
def test_what_ships_is_valid_by_its_schema(name, path):
    assert [error.message for error in validator(name).iter_errors(read_document(path).value)] == []


def test_each_page_is_valid_by_its_schema():
    pages = sorted((SHIPPED / "runbooks").glob("*.md"))
    assert len(pages) >= 5
    for page in pages:
        assert [error.message for error in validator("runbook.json").iter_errors(read_front_matter(page).value)] == []


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (lambda train: train.update(previus="hold"), True),
        (lambda train: train["stops"]["cut"].update(day="thurs"), True),
        (lambda train: train["stops"]["cut"].update(earliest="25:00"), True),
        (lambda train: train["gates"]["quorum"].update(needed="3"), True),
        (lambda train: train.update(poll="30"), True),
        (lambda train: train.pop("zone"), False),
    ],
)
def test_an_editor_refuses_what_the_loader_refuses(change, refused):
    train = read_document(SHIPPED / "trains" / "cellxgene.weekly.yaml").value
    change(train)
    assert any(validator("train.json").iter_errors(train)) is refused
