"""README, LICENSE and red workflows, read from GitHub (T-16, D-23)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.checks import run
from stationmaster.config.checks_by_machine import FilesCheck, WorkflowsCheck
from stationmaster.rehearsal.github.specs import RepositorySpec, WorkflowSpec
from stationmaster.rehearsal.github.state import RunRecord
from tests.work.office import Office

REPO = "threefoldtech/tfchain"


def _files(office: Office, *names: str) -> None:
    repository = office.github.repository(REPO)
    repository.spec = repository.spec.model_copy(update={"files": names})


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (("README.md", "LICENSE"), None),
        (("readme.rst", "License.txt"), None),
        (("README.md",), "LICENSE"),
        (("README/", "LICENSE"), "README"),
        ((), "README"),
    ],
)
def test_t16_readme_and_license_stand_in_every_repository(office: Office, names, missing) -> None:
    _files(office, *names)
    found = run(office.desk(), FilesCheck(kind="files"), "a chore")
    assert found.ok is (missing is None)
    if missing:
        assert f"{REPO} has no {missing}" in found.sentence


def _runs(office: Office, *conclusions: str, file: str = "ci.yml", branch: str = "main") -> None:
    """Let runs of a workflow have ended, the last one newest."""
    repository = office.github.repository(REPO)
    known = {spec.file for spec in repository.spec.workflows}
    specs = (*repository.spec.workflows, *(() if file in known else (WorkflowSpec(file=file, name=file),)))
    repository.spec = RepositorySpec.model_validate({**dict(repository.spec), "workflows": specs})
    head = repository.record.refs["heads/main"]
    for number, conclusion in enumerate(conclusions):
        at = datetime(2024, 3, 11, number, tzinfo=UTC)
        run_id = office.github.next_id()
        repository.record.runs[run_id] = RunRecord(
            id=run_id, workflow=file, number=number, title=file, inputs={}, actor="somebody", head_branch=branch,
            head_sha=head, created_at=at, visible_at=at, queue=timedelta(0), duration=timedelta(0), wanted=conclusion,
            environment=None, group=None, status="completed", conclusion=conclusion, updated_at=at,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("conclusions", "ok"),
    [
        (("failure", "success"), True),
        (("success", "failure"), False),
        (("success", "timed_out"), False),
        (("failure", "cancelled"), False),
        (("success", "cancelled"), True),
    ],
)
def test_d23_the_newest_run_that_says_anything_counts(office: Office, conclusions, ok) -> None:
    _runs(office, *conclusions)
    found = run(office.desk(), WorkflowsCheck(kind="workflows", repositories=(REPO,)), "a chore")
    assert found.ok is ok


def test_d23_a_red_workflow_is_named_and_one_that_may_be_red_is_not(office: Office) -> None:
    _runs(office, "failure", file="nightly.yml")
    _runs(office, "failure", file="pr.yml", branch="feature")
    found = run(office.desk(), WorkflowsCheck(kind="workflows", repositories=(REPO,)), "a chore")
    assert found.sentence == f"nightly.yml of {REPO} is red"
    assert found.evidence.startswith("http")
    ignoring = WorkflowsCheck(kind="workflows", repositories=(REPO,), ignore=("nightly.yml",))
    _runs(office, "success", file="ci.yml")
    assert run(office.desk(), ignoring, "a chore").ok is True


def test_d23_where_nothing_has_run_nothing_is_known(office: Office) -> None:
    assert run(office.desk(), WorkflowsCheck(kind="workflows"), "a chore").ok is None
    office.edit(repositories=())
    assert run(office.desk(), FilesCheck(kind="files"), "a chore").ok is None


def test_f56_a_github_that_cannot_be_read_is_never_good(office: Office) -> None:
    office.fault("forbidden", f"/repos/{REPO}", times=9)
    for check in (FilesCheck(kind="files"), WorkflowsCheck(kind="workflows")):
        assert run(office.desk(), check, "a chore").ok is None
