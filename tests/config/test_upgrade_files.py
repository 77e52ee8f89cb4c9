"""The upgrades of a team's file: what can never work is refused, with file, line and field (D-24)."""

from __future__ import annotations

import shutil

import pytest

from tests.config.conftest import ROTATIONS, SHIPPED, TEAM

SECTION = """
upgrades:
  day: monday
  at: "01:30"
  role: primary
  channel: single-cell-ops
  runbook: dependencies
  repositories:
    - repository: chanzuckerberg/single-cell-explorer
      workflow: update-dependencies.yaml
      pull: {branch: bot-update-deps}
      merge: patch
"""


@pytest.fixture
def upgraded(files):
    shutil.copy(SHIPPED / "runbooks" / "dependencies.md", files.root / "runbooks")
    channel = next(iter(files.load().team("cellxgene").channels))
    files.path(TEAM).write_text(files.path(TEAM).read_text() + SECTION.replace("single-cell-ops", channel))
    return files


def test_d24_a_team_may_have_upgrades_and_inherits_its_zone(upgraded):
    assert upgraded.problems() == []
    team = upgraded.load().team("cellxgene")
    assert team.upgrades.timetable(team.zone).zone == team.zone
    assert team.upgrades.entry("ChanZuckerberg/single-cell-explorer").method == "squash"
    assert team.upgrades.entry("chanzuckerberg/another") is None


def test_d24_dre_is_upgraded_on_monday_at_half_past_one_utc(shipped):
    rules = shipped.team("dre").upgrades
    timetable = rules.timetable("Europe/Zurich")
    assert (timetable.day.value, f"{timetable.earliest:%H:%M}", timetable.zone) == ("monday", "01:30", "UTC")
    assert rules.repositories[0].workflow == "update-dependencies.yaml"


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ("role: primary\n  channel", "role: primery\n  channel", "unknown_role", "upgrades.role"),
        ("runbook: dependencies", "runbook: dependency", "unknown_runbook", "upgrades.runbook"),
        ("  - repository: chanzuckerberg/single-cell-explorer", "  - repository: chanzuckerberg/another",
         "unknown_repository", "upgrades.repositories[0].repository"),
        ("update-dependencies.yaml", "../update.yaml", "not_a_workflow", "upgrades.repositories[0].workflow"),
        ("{branch: bot-update-deps}", "{author: dre-bot}", "upgrade_unmarked", "upgrades.repositories[0].pull"),
        ("{branch: bot-update-deps}", '{branch: "*"}', "upgrade_branch_too_wide",
         "upgrades.repositories[0].pull.branch"),
        ("      merge: patch", "      merge: patch\n      checks: {none: accept}", "upgrade_unchecked",
         "upgrades.repositories[0].checks.none"),
        ('at: "01:30"\n  role', 'at: "25:30"\n  role', "not_a_time", "upgrades.at"),
    ],
)  # fmt: skip
def test_d24_what_can_never_work_is_refused_where_it_stands(upgraded, old, new, code, field):
    upgraded.edit(TEAM, old, new)
    problem = upgraded.only()
    assert (problem.code, problem.severity, problem.field) == (code, "error", field)
    assert problem.file.endswith(TEAM)
    assert problem.line > 1
    assert problem.remedy
    assert "cellxgene" not in upgraded.load().teams


def test_d24_a_repository_stands_in_the_list_once(upgraded):
    entry = SECTION.partition("repositories:\n")[2].replace("single-cell-explorer", "Single-Cell-Explorer")
    upgraded.path(TEAM).write_text(upgraded.path(TEAM).read_text().rstrip("\n") + "\n" + entry)
    assert upgraded.only().code in ("listed_twice", "unknown_repository")


def test_d24_a_rotation_may_not_have_the_name_of_the_upgrades(upgraded):
    text = upgraded.path(ROTATIONS).read_text()
    upgraded.path(ROTATIONS).write_text(text.replace("\n  oncall:\n", "\n  dependencies:\n"))
    assert "reserved_name" in {problem.code for problem in upgraded.problems()}
