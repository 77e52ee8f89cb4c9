"""The loader: teams apart from each other, files that are no YAML, names of files, speed."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import pytest
import yaml

from stationmaster.config.loader import load
from stationmaster.config.problems import ConfigurationInvalid, UnknownTeam

TEAM = "teams/cellxgene.yaml"
ROTATIONS = "rotations/cellxgene.yaml"
TRAIN = "trains/cellxgene.weekly.yaml"
QUIET = """freezes:
  - {{name: quiet, mode: no_cut, why: x, start: 2030-01-01T00:00:00Z, end: 2030-01-02T00:00:00Z, trains: [{train}]}}

channels:
"""
OTHER_TEAM = """
id: other
title: Another team
zone: Europe/Berlin
people:
  uwe: {name: Uwe, slack: U0UWE00, airflow: uwe}
groups: {all: [uwe]}
channels: {main: {id: C0MAIN00, name: main}}
repositories: [acme/widget]
"""
OTHER_ROTATIONS = """
team: other
rotations:
  oncall:
    title: On call
    handoff: {day: friday, at: 12:00}
    since: 2021-10-01
    members: [uwe]
    roles: {primary: {turn: 0}}
"""
OTHER_TRAIN = """
id: daily
team: other
title: Widget
channel: main
components:
  - id: widget
    repository: acme/widget
    environments:
      staging: {mode: on_merge, branch: staging}
      prod: {mode: manual, runbook: promote}
stops:
  cut: {day: monday, earliest: 10:00, target: 11:00, latest_start: 12:00}
  promote: {day: tuesday, earliest: 10:00, target: 11:00, latest_start: 12:00}
gates:
  soak: {days: 1}
  quorum: {voters: all, needed: 1}
"""


@pytest.fixture
def two_teams(files):
    files.write("teams/other.yaml", OTHER_TEAM)
    files.write("rotations/other.yaml", OTHER_ROTATIONS)
    files.write("trains/other.daily.yaml", OTHER_TRAIN)
    return files


def test_every_team_is_loaded(two_teams):
    include = two_teams.load()
    assert include.problems == ()
    assert sorted(include.teams) == ["cellxgene", "other"]
    assert include.train("other.daily").key == "other.daily"


def test_a_train_and_a_rotation_inherit_the_teams_zone(two_teams):
    team = two_teams.load().team("other")
    assert team.rotation_of("primary").zone == "Europe/Berlin"
    assert team.train("daily").zone == "Europe/Berlin"
    assert team.train("daily").stop("promote").zone == "Europe/Berlin"


def test_only_the_teams_that_are_asked_for_are_read(two_teams):
    two_teams.write(TEAM, "id: [")
    include = two_teams.load(["other"])
    assert include.problems == ()
    assert sorted(include.teams) == ["other"]


BROKEN = {
    "an open bracket": ("id: cellxgene\ntitle: [a, b\nzone: UTC\n", 3, "not_yaml"),
    "an open quote": ('id: cellxgene\ntitle: "a\nzone: UTC\n', 4, "not_yaml"),
    "a tab": ("id: cellxgene\npeople:\n\tamara: {}\n", 3, "not_yaml"),
    "two colons": ("id: cellxgene\ntitle: a: b\n", 2, "not_yaml"),
    "a list": ("- id: cellxgene\n", 1, "not_a_mapping"),
    "nothing": ("", 1, "not_a_mapping"),
    "a comment": ("# later\n", 1, "not_a_mapping"),
    "two documents": ("id: cellxgene\n---\nid: other\n", 2, "not_yaml"),
    "a key twice": ("id: cellxgene\nid: cellxgene\n", 2, "duplicate_key"),
    "an alias of itself": ("id: &a [*a]\n", 1, "endless_alias"),
    "a merge key": ("<<: {id: cellxgene}\n", 1, "merge_key"),
    "a tag": ("id: !!python/object:os.system x\n", 1, "yaml_tag"),
    "a key that is a list": ("? [a]\n: b\n", 1, "not_a_field"),
}


@pytest.mark.parametrize(("text", "line", "code"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("name", [TEAM, ROTATIONS, TRAIN])
def test_a_file_that_is_no_yaml_is_blamed_on_its_own_team(two_teams, name, text, line, code):
    """Issue 2, bad input: that team shows an error naming file and line, every other team stays."""
    whole = two_teams.load().team("other")
    two_teams.write(name, text)
    include = two_teams.load()
    assert include.teams == {"other": whole}
    first = include.problems[0]
    assert (first.team, first.file, first.line, first.code) == ("cellxgene", f"include/{name}", line, code)
    with pytest.raises(ConfigurationInvalid, match=rf"include/{name}:{line}:\d+: "):
        include.team("cellxgene")


def test_the_place_of_an_open_quote_is_told(files):
    files.write(TEAM, 'id: cellxgene\ntitle: "a\nzone: UTC\n')
    assert str(files.only()) == (
        "include/teams/cellxgene.yaml:4:1: this is not YAML: while scanning a quoted scalar that begins on line 2, "
        "found unexpected end of stream. Check the indentation, the quotes and the colons of this line and of the one "
        "above."
    )


def test_bytes_that_are_no_utf8(files):
    files.path(TEAM).write_bytes(b"id: cellxgene\ntitle: \xff\xfe\n")
    problem = files.only()
    assert (problem.code, problem.file) == ("not_utf8", f"include/{TEAM}")


def test_aliases_of_aliases_do_not_fill_the_memory(files):
    levels = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 12))
    files.write(TEAM, f"x0: &x0 [1, 2, 3]\n{levels}")
    started = time.perf_counter()
    assert files.only().code == "endless_alias"
    assert time.perf_counter() - started < 5


def test_a_train_of_a_team_without_a_file(files):
    files.write("trains/ghost.weekly.yaml", files.path(TRAIN).read_text().replace("team: cellxgene", "team: ghost"))
    include = files.load()
    assert sorted(include.teams) == ["cellxgene"]
    assert [str(problem) for problem in include.problems] == [
        "include/teams/ghost.yaml:1:1: the team 'ghost' has no file. Write ghost.yaml in teams/."
    ]


def test_a_file_with_the_wrong_ending_is_not_passed_over(files):
    files.write("trains/cellxgene.monthly.yml", "id: monthly\n")
    assert str(files.only()) == (
        "include/trains/cellxgene.monthly.yml:1:1: only files that end in .yaml are read. "
        "Rename it to cellxgene.monthly.yaml."
    )


def test_a_team_without_rotations_and_trains_is_a_team(files):
    files.path(ROTATIONS).unlink()
    files.path(TRAIN).unlink()
    files.without_incidents()
    team = files.load().team("cellxgene")
    assert (team.rotations, team.trains) == ({}, {})


def test_a_team_that_nobody_wrote(files):
    with pytest.raises(UnknownTeam, match=r"there is no file .*teams/dre\.yaml; the teams are cellxgene"):
        files.load().team("dre")


def test_a_page_without_front_matter(files):
    files.write("runbooks/rollback.md", "# Roll back\n")
    assert str(files.only()) == (
        "include/runbooks/rollback.md:1:1: the page has no front matter. Begin it with --- and the fields id, title, "
        "services, owner and reviewed, then --- again."
    )


def test_a_mistake_in_a_pages_front_matter_is_shown_on_the_line_of_the_page(files):
    line = files.edit("runbooks/rollback.md", "reviewed: 2026-11-16", "reviewed: last week")
    assert str(files.only()) == (
        f"include/runbooks/rollback.md:{line}:11: reviewed: 'last week' is not a date. "
        "Write year, month and day, as in 2021-10-04."
    )


def test_a_page_under_another_name(files):
    files.edit("runbooks/rollback.md", "id: rollback", "id: undo")
    assert str(files.only()) == (
        "include/runbooks/rollback.md:2:5: id: the id 'undo' is not the file's name. "
        "Write id: rollback, or rename the file."
    )


def test_loading_one_team_takes_less_than_thirty_milliseconds(files):
    """It happens whenever Airflow parses dags/ and at the start of each task."""
    if not hasattr(yaml, "CSafeLoader"):
        pytest.fail("PyYAML is installed without libyaml: parsing takes eight times as long")
    files.load()
    seconds = []
    for _ in range(7):
        started = time.process_time()
        files.load(["cellxgene"])
        seconds.append(time.process_time() - started)
    assert statistics.median(seconds) < 0.030


def test_loading_imports_nothing_heavy_and_no_airflow():
    banned = ("airflow", "slack_sdk", "github", "fastapi", "sqlalchemy", "alembic", "httpx", "jsonschema", "difflib")
    program = (
        "import sys; from stationmaster.config.loader import load; import stationmaster.settings; "
        f"print(sorted(set(sys.modules) & set({banned!r})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_trains_that_are_asked_for_are_read(files):
    """A task reads its own train: a mistake in another one's file does not stop it."""
    text = files.path(TRAIN).read_text()
    files.write(
        "trains/cellxgene.other.yaml", text.replace("id: weekly", "id: other").replace("needed: 3", "needed: 99")
    )
    files.edit(
        TEAM,
        "channels:\n",
        QUIET.format(train="other"),
    )
    assert load(files.root, ["cellxgene"]).teams == {}
    found = load(files.root, ["cellxgene"], trains=["weekly"])
    assert found.problems == ()
    assert list(found.team("cellxgene").trains) == ["weekly"]


def test_a_train_that_has_no_file_is_unknown_although_none_is_read(files):
    files.edit(
        TEAM,
        "channels:\n",
        QUIET.format(train="nothing"),
    )
    assert [problem.code for problem in load(files.root, ["cellxgene"], trains=["weekly"]).problems] == [
        "unknown_train"
    ]
