"""A team's own work has its names: no train and no rotation may stand under them beside it."""

from __future__ import annotations

import pytest

from stationmaster.config.rules_reserved import of_folders
from tests.config.conftest import TRAIN

CHORES = "team: cellxgene\nchannel: ops\nchores: {}\n"
WATCHES = "team: cellxgene\nchannel: ops\nwatches: {}\n"
FOLDERS = {"chores", "watches"}
FILES = {"chores": ("chores/cellxgene.yaml", CHORES), "watch": ("watches/cellxgene.yaml", WATCHES)}


def named(files, name: str) -> None:
    text = files.path(TRAIN).read_text()
    files.write(f"trains/cellxgene.{name}.yaml", text.replace("id: weekly", f"id: {name}", 1))


@pytest.mark.parametrize("name", ["incident", "measures"])
def test_what_the_teams_file_asks_for_has_its_name(files, name):
    named(files, name)
    problem = files.only()
    assert (problem.code, problem.value, problem.file) == (
        "reserved_name",
        name,
        f"include/trains/cellxgene.{name}.yaml",
    )


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_train_may_have_the_name_only_without_the_files(files, name):
    named(files, name)
    assert files.problems() == []
    path, text = FILES[name]
    files.write(path, text)
    assert [problem.code for problem in files.problems() if problem.keeps_out] == ["reserved_name"]
    assert files.load().teams == {}


@pytest.mark.parametrize(("folder", "name"), [("chores", "chores"), ("watches", "watch")])
def test_a_rotation_may_not_have_it_either(shipped, folder, name):
    team = shipped.team("cellxgene")
    assert list(of_folders(team, FOLDERS)) == []
    called = team.model_copy(update={"roster": {name: team.roster["oncall"]}})
    (mistake,) = of_folders(called, FOLDERS)
    assert (mistake.code, mistake.source, mistake.loc, mistake.value) == (
        "reserved_name",
        "rotations",
        ("rotations", name),
        name,
    )
    assert list(of_folders(called, FOLDERS - {folder})) == []
