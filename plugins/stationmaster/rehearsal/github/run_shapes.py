"""Workflows, runs and jobs as GitHub writes them."""

from typing import Any

from stationmaster.rehearsal.github import shapes as github_shapes
from stationmaster.rehearsal.github.call import Call, moment, node, number_of
from stationmaster.rehearsal.github.specs import WorkflowSpec
from stationmaster.rehearsal.github.state import RunRecord


def workflow_number(call: Call, spec: WorkflowSpec) -> int:
    """Return the number by which a workflow is known beside its file."""
    return number_of(f"{call.repository.record.id}:{spec.file}")


def shape_workflow(call: Call, spec: WorkflowSpec) -> dict[str, Any]:
    """Return a workflow."""
    number = workflow_number(call, spec)
    created = moment(call.repository.record.created_at)
    return {
        "id": number,
        "node_id": node("Workflow", number),
        "name": spec.name,
        "path": f".github/workflows/{spec.file}",
        "state": "active",
        "created_at": created,
        "updated_at": created,
        "url": f"{call.at}/actions/workflows/{number}",
        "html_url": f"{call.page}/blob/main/.github/workflows/{spec.file}",
        "badge_url": f"{call.page}/workflows/{spec.name.replace(' ', '%20')}/badge.svg",
    }


def shape_run(call: Call, run: RunRecord) -> dict[str, Any]:
    """Return a workflow run."""
    at = f"{call.at}/actions/runs/{run.id}"
    spec = next(spec for spec in call.repository.spec.workflows if spec.file == run.workflow)
    number, suite = workflow_number(call, spec), number_of(f"suite:{run.id}")
    commit = call.repository.commit(run.head_sha)
    written = {"name": commit.author, "email": f"{commit.author}@users.noreply.example"}
    return {
        "id": run.id,
        "name": spec.name,
        "node_id": node("WorkflowRun", run.id),
        "check_suite_id": suite,
        "check_suite_node_id": node("CheckSuite", suite),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": f".github/workflows/{run.workflow}",
        "run_number": run.number,
        "run_attempt": run.attempt,
        "event": "workflow_dispatch",
        "display_title": run.title,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": number,
        "url": at,
        "html_url": f"{call.page}/actions/runs/{run.id}",
        "pull_requests": [],
        "created_at": moment(run.created_at),
        "updated_at": moment(run.updated_at or run.created_at),
        "run_started_at": moment(run.started_at or run.queued_at),
        "actor": github_shapes.user(call, run.actor),
        "triggering_actor": github_shapes.user(call, run.actor),
        **{f"{name}_url": f"{at}/{name}" for name in ("jobs", "logs", "artifacts", "cancel", "rerun")},
        "check_suite_url": f"{call.at}/check-suites/{suite}",
        "previous_attempt_url": f"{at}/attempts/{run.attempt - 1}" if run.attempt > 1 else None,
        "workflow_url": f"{call.at}/actions/workflows/{number}",
        "head_commit": {
            "id": commit.sha,
            "tree_id": commit.sha,
            "message": commit.message,
            "timestamp": moment(commit.committed_at),
            "author": written,
            "committer": written,
        },
        "repository": github_shapes.repository(call),
        "head_repository": github_shapes.repository(call),
    }


def shape_job(call: Call, run: RunRecord) -> dict[str, Any]:
    """Return the one job of a run."""
    number = run.id * 10 + run.attempt
    return {
        "id": number,
        "run_id": run.id,
        "run_url": f"{call.at}/actions/runs/{run.id}",
        "run_attempt": run.attempt,
        "node_id": node("CheckRun", number),
        "head_sha": run.head_sha,
        "url": f"{call.at}/actions/jobs/{number}",
        "html_url": f"{call.page}/actions/runs/{run.id}/job/{number}",
        "status": run.status,
        "conclusion": run.conclusion,
        "created_at": moment(run.created_at),
        "started_at": moment(run.started_at or run.created_at),
        "completed_at": moment(run.updated_at) if run.conclusion else None,
        "name": "deploy" if run.environment else "run",
        "check_run_url": f"{call.at}/check-runs/{number}",
        "labels": ["ubuntu-latest"],
        "runner_id": None,
        "runner_name": None,
        "runner_group_id": None,
        "runner_group_name": None,
        "workflow_name": run.title,
        "head_branch": run.head_branch,
        "steps": [],
    }
