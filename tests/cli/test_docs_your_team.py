"""docs/your-team.md can be followed: its files, copied as they stand, pass every rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from stationmaster.config.loader import load
from tests.cli.conftest import ROOT
from tests.cli.markdown_pages import fences

PAGE = (ROOT / "docs" / "your-team.md").read_text(encoding="utf-8")


@pytest.fixture
def orchid(tmp_path: Path) -> Path:
    """The files of the page, and nothing else."""
    include = tmp_path / "orchid" / "include"
    team, rotations, train = fences(PAGE, "yaml")[:3]
    for folder, name, text in (
        ("teams", "orchid.yaml", team),
        ("rotations", "orchid.yaml", rotations),
        ("trains", "orchid.weekly.yaml", train),
    ):
        (include / folder).mkdir(parents=True)
        (include / folder / name).write_text(text)
    (page,) = fences(PAGE, "markdown")
    (include / "runbooks").mkdir()
    for runbook in ("orchid-cut", "orchid-promote", "orchid-rollback", "orchid-deploy-failed"):
        (include / "runbooks" / f"{runbook}.md").write_text(page.replace("orchid-cut", runbook))
    return include


def test_the_files_of_the_page_pass_every_rule(run, orchid):
    result = run("check", "--include", str(orchid))
    assert (result.exit_code, result.stdout) == (0, "1 team can run; 0 errors, 0 warnings.\n")


def test_the_page_names_every_deploy_mode(orchid):
    train = load(orchid).train("orchid.weekly")
    assert train.component("orchid").deploy("prod").mode == "workflow"
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert rows == ["workflow", "on_merge", "auto", "manual", "proposal", "none"]


def test_the_workflow_of_the_page_takes_exactly_what_the_train_sends():
    """F51: the key stands in the run's name."""
    workflow = yaml.load(fences(PAGE, "yaml")[3], Loader=yaml.BaseLoader)
    assert set(workflow["on"]["workflow_dispatch"]["inputs"]) == {"sha", "environment", "key"}
    assert "${{ inputs.key }}" in workflow["run-name"]
    (job,) = workflow["jobs"].values()
    assert [step for step in job["steps"] if "inputs." in step.get("run", "")] == []
