"""Chores and watches are read one by one: a broken one hides neither the others nor the team (issue 5)."""

from __future__ import annotations

import pytest

from stationmaster.config.loader import load

CHORES = "chores/cellxgene.yaml"
GOOD = """\
team: cellxgene
chores:
  good:
    title: Look at the backups
    role: {role}
    runbook: on-call
    {more}
    due: 1d
"""
MORE = "channel: ops\n    owner: engineers\n    schedule: {kind: on_request}"
LEFT = "    channel: ops\n    owner: engineers\n    schedule: {kind: on_request}\n    due: 1d\n"


@pytest.fixture
def role(files):
    return load(files.root, ["cellxgene"]).team("cellxgene").roles[0]


@pytest.fixture
def written(files, role):
    def write(rest: str = "", *, name: str = CHORES, head: str = GOOD) -> None:
        files.write(name, head.format(role=role, more=MORE) + rest)

    return write


@pytest.mark.parametrize(
    ("rest", "code", "line"),
    [
        ("  bad:\n    title: Bad\n    role: nobody\n    runbook: on-call\n" + LEFT, "unknown_role", 13),
        ("  bad:\n    title: Bad\n    role: {role}\n    runbook: on-cal\n" + LEFT, "unknown_runbook", 14),
        ("  bad:\n    title: Bad\n    runbook: on-call\n" + LEFT, "missing_field", 12),
        ("  bad:\n    title: Bad\n    role: {role}\n    runbook: on-call\n    rol: x\n" + LEFT, "unknown_field", 15),
        ("  bad: 7\n", "not_a_mapping", 11),
        ("  Bad One:\n    title: Bad\n", "not_an_id", 11),
    ],
)
def test_a_broken_entry_hides_neither_the_others_nor_the_team(files, role, written, rest, code, line):
    written(rest.replace("{role}", role))
    found = files.load(["cellxgene"])
    assert list(found.team("cellxgene").chores) == ["good"]
    assert found.team("cellxgene").trains
    (problem,) = found.problems
    assert (problem.code, problem.line, problem.file) == (code, line, "include/chores/cellxgene.yaml")
    assert problem.severity == "error"
    assert problem.entry


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("chores: [\n", None),
        ("team: other\nchores: {}\n", "file_name"),
        ("team: cellxgene\n", "no_entries"),
        ("team: cellxgene\nchores: 7\n", "no_entries"),
        ("team: cellxgene\nchors: {}\n", "unknown_field"),
    ],
)
def test_a_broken_file_of_entries_hides_not_the_team(files, text, code):
    files.write(CHORES, text)
    found = files.load(["cellxgene"])
    assert found.team("cellxgene").chores == {}
    (problem,) = found.problems
    assert code in (None, problem.code)
    assert not problem.keeps_out


def test_what_a_second_file_says_of_all_chores_otherwise_is_not_passed_over(files, written):
    written(head=GOOD.replace("chores:", "channel: ops\nchores:", 1))
    second = GOOD.replace("good:", "other:")
    written(name="chores/cellxgene.more.yaml", head=second.replace("chores:", "channel: ops\nchores:", 1))
    assert files.load(["cellxgene"]).problems == ()
    written(name="chores/cellxgene.more.yaml", head=second.replace("chores:", "channel: eng\nchores:", 1))
    found = files.load(["cellxgene"])
    (problem,) = found.problems
    assert (problem.code, problem.severity, problem.line) == ("head_differs", "warning", 2)
    assert found.team("cellxgene").chores_head.channel == "ops"
    assert sorted(found.team("cellxgene").chores) == ["good", "other"]


def test_a_team_may_have_several_files_and_a_name_once(files, written):
    written()
    written(name="chores/cellxgene.more.yaml")
    written(name="chores/cellxgene.rest.yaml", head=GOOD.replace("good", "other"))
    found = files.load(["cellxgene"])
    assert sorted(found.team("cellxgene").chores) == ["good", "other"]
    assert [problem.code for problem in found.problems] == ["duplicate_id"]


def test_only_what_is_asked_for_is_read(files, written):
    written("  bad: {due: 7, due: 8}\n")
    found = load(files.root, ["cellxgene"], entries={"chores": ["good"]})
    assert (list(found.team("cellxgene").chores), found.problems) == (["good"], ())
    assert load(files.root, ["cellxgene"], entries={"chores": ()}).team("cellxgene").chores == {}
