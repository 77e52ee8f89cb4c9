"""Check runs, check suites and commit statuses: reported ones, and those that every commit gets as time passes."""

from datetime import datetime
from typing import Any

from stationmaster.rehearsal.github import shapes as github_shapes
from stationmaster.rehearsal.github.call import (
    Call,
    Endpoint,
    Problem,
    Reply,
    invalid,
    moment,
    node,
    number_of,
    paginate,
)
from stationmaster.rehearsal.github.specs import CheckSpec, CheckState
from stationmaster.rehearsal.github.state import CheckRunRecord, CommitRecord, ContextRecord

CONTEXT_STATES = ("error", "failure", "pending", "success")
RANK = {"failure": 2, "error": 2, "pending": 1, "success": 0}


def state_of(spec: CheckSpec, scripted: dict[str, CheckState], commit: CommitRecord, now: datetime) -> CheckState:
    """Return what the checks of a commit say at `now`: what was scripted, else by the clock and the share of red."""
    told = scripted.get(commit.sha) or spec.scripted.get(commit.sha)
    if told is not None:
        return told
    if not spec.names:
        return "absent"
    if now < commit.landed_at + spec.after:
        return "pending"
    share = number_of(f"{spec.seed}:{commit.sha}") / 10_000_000
    return "red" if share < spec.red_share else "green"


def list_check_runs(call: Call) -> Reply:
    """Answer the check runs of a commit; `filter=latest` keeps the newest of each name."""
    runs = _runs(call, _commit(call))
    wanted = call.query.get("check_name")
    if call.query.get("filter", "latest") == "latest":
        runs = list({run.name: run for run in runs}.values())
    runs = [run for run in runs if wanted in (None, run.name) and call.query.get("status") in (None, run.status)]
    return paginate(call, runs, lambda run: shape_run(call, run), field_name="check_runs")


def get_check_run(call: Call) -> Reply:
    """Answer one reported check run."""
    run = call.repository.record.check_runs.get(call.number("id"))
    if run is None:
        raise Problem(404, "Not Found")
    return Reply(200, shape_run(call, run))


def create_check_run(call: Call) -> Reply:
    """Report a check run for a commit."""
    name, sha = call.text("name", resource="CheckRun"), call.text("head_sha", resource="CheckRun")
    if sha not in call.repository.record.commits:
        raise Problem(422, f"No commit found for SHA: {sha}")
    conclusion = call.body.get("conclusion")
    status = "completed" if conclusion else str(call.body.get("status") or "queued")
    run = CheckRunRecord(
        id=call.world.next_id(),
        sha=sha,
        name=name,
        status=status,
        conclusion=conclusion,
        started_at=call.now,
        completed_at=call.now if conclusion else None,
    )
    call.repository.record.check_runs[run.id] = run
    return Reply(201, shape_run(call, run))


def list_suites(call: Call) -> Reply:
    """Answer the one check suite of a commit, or none where nothing was reported."""
    commit = _commit(call)
    runs = _runs(call, commit)
    return paginate(call, [runs] if runs else [], lambda one: _suite(call, commit, one), field_name="check_suites")


def list_statuses(call: Call) -> Reply:
    """Answer every status of a commit, the newest first."""
    commit = _commit(call)
    found = [one for one in reversed(call.repository.record.contexts) if one.sha == commit.sha]
    return paginate(call, found, lambda one: {**_context(call, one), "creator": _creator(call, one)})


def combined_status(call: Call) -> Reply:
    """Answer the newest status of each context and what they say together; `pending` when there is none."""
    commit = _commit(call)
    newest = {one.context: one for one in call.repository.record.contexts if one.sha == commit.sha}
    worst = max((RANK[one.state] for one in newest.values()), default=1)
    page = paginate(call, list(newest.values()), lambda one: _context(call, one), field_name="statuses")
    at = f"{call.at}/commits/{commit.sha}"
    state = ("success", "pending", "failure")[worst]
    body = {
        **page.body,
        "state": state,
        "sha": commit.sha,
        "repository": github_shapes.repository(call),
        "commit_url": at,
        "url": f"{at}/status",
    }
    return Reply(200, body, page.headers)


def create_status(call: Call) -> Reply:
    """Report a status for a commit."""
    sha, state = call.params["sha"], call.text("state", resource="Status")
    if sha not in call.repository.record.commits:
        raise Problem(422, f"No commit found for SHA: {sha}")
    if state not in CONTEXT_STATES:
        raise invalid("Status", "state")
    record = ContextRecord(
        id=call.world.next_id(),
        sha=sha,
        state=state,
        context=str(call.body.get("context") or "default"),
        description=call.body.get("description"),
        target_url=call.body.get("target_url"),
        creator=call.actor,
        at=call.now,
    )
    call.repository.record.contexts.append(record)
    return Reply(201, {**_context(call, record), "creator": _creator(call, record)})


def shape_run(call: Call, run: CheckRunRecord) -> dict[str, Any]:
    """Return a check run."""
    at, page = f"{call.at}/check-runs/{run.id}", f"{call.page}/runs/{run.id}"
    return {
        "id": run.id,
        "head_sha": run.sha,
        "node_id": node("CheckRun", run.id),
        "external_id": "",
        "url": at,
        "html_url": page,
        "details_url": page,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": moment(run.started_at),
        "completed_at": moment(run.completed_at),
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{at}/annotations",
        },
        "name": run.name,
        "check_suite": {"id": number_of(f"suite:{run.sha}")},
        "app": github_shapes.actions_app(call),
        "pull_requests": [],
    }


def _commit(call: Call) -> CommitRecord:
    sha = call.repository.resolve(call.params["ref"])
    if sha is None:
        raise Problem(422, f"No commit found for SHA: {call.params['ref']}")
    return call.repository.commit(sha)


def _runs(call: Call, commit: CommitRecord) -> list[CheckRunRecord]:
    spec, record = call.repository.spec.checks, call.repository.record
    state = state_of(spec, record.check_states, commit, call.now)
    if state == "unreadable":
        raise Problem(502, "Server Error")
    reported = [run for run in record.check_runs.values() if run.sha == commit.sha]
    if state == "absent":
        return reported
    return [*(_furnished(spec, commit, name, state) for name in spec.names), *reported]


def _furnished(spec: CheckSpec, commit: CommitRecord, name: str, state: CheckState) -> CheckRunRecord:
    """Return the check run that a commit gets by itself; the last name is the one that fails."""
    failed = state == "red" and name == spec.names[-1]
    running = state == "pending"
    return CheckRunRecord(
        id=10_000_000 + number_of(f"{commit.sha}:{name}"),
        sha=commit.sha,
        name=name,
        status="in_progress" if running else "completed",
        conclusion=None if running else "failure" if failed else "success",
        started_at=commit.landed_at,
        completed_at=None if running else commit.landed_at + spec.after,
    )


def _suite(call: Call, commit: CommitRecord, runs: list[CheckRunRecord]) -> dict[str, Any]:
    number = number_of(f"suite:{commit.sha}")
    done = all(run.status == "completed" for run in runs)
    failed = any(run.conclusion not in ("success", "neutral", "skipped") for run in runs)
    written = {"name": commit.author, "email": f"{commit.author}@users.noreply.example"}
    return {
        "id": number,
        "node_id": node("CheckSuite", number),
        "head_branch": call.repository.record.default_branch,
        "head_sha": commit.sha,
        "status": "completed" if done else "in_progress",
        "conclusion": ("failure" if failed else "success") if done else None,
        "url": f"{call.at}/check-suites/{number}",
        "before": commit.parents[0] if commit.parents else None,
        "after": commit.sha,
        "pull_requests": [],
        "app": github_shapes.actions_app(call),
        "repository": github_shapes.repository(call),
        "created_at": moment(commit.landed_at),
        "updated_at": moment(commit.landed_at),
        "head_commit": {
            "id": commit.sha,
            "tree_id": commit.sha,
            "message": commit.message,
            "timestamp": moment(commit.committed_at),
            "author": written,
            "committer": written,
        },
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{call.at}/check-suites/{number}/check-runs",
    }


def _context(call: Call, record: ContextRecord) -> dict[str, Any]:
    return {
        "url": f"{call.at}/statuses/{record.sha}",
        "avatar_url": github_shapes.user(call, record.creator)["avatar_url"],
        "id": record.id,
        "node_id": node("StatusContext", record.id),
        "state": record.state,
        "description": record.description,
        "target_url": record.target_url,
        "context": record.context,
        "created_at": moment(record.at),
        "updated_at": moment(record.at),
    }


def _creator(call: Call, record: ContextRecord) -> dict[str, Any]:
    return github_shapes.user(call, record.creator)


ENDPOINTS = (
    Endpoint("GET", "/repos/{owner}/{name}/commits/{ref:path}/check-runs", list_check_runs),
    Endpoint("GET", "/repos/{owner}/{name}/commits/{ref:path}/check-suites", list_suites),
    Endpoint("GET", "/repos/{owner}/{name}/commits/{ref:path}/statuses", list_statuses),
    Endpoint("GET", "/repos/{owner}/{name}/commits/{ref:path}/status", combined_status),
    Endpoint("POST", "/repos/{owner}/{name}/check-runs", create_check_run),
    Endpoint("GET", "/repos/{owner}/{name}/check-runs/{id}", get_check_run),
    Endpoint("POST", "/repos/{owner}/{name}/statuses/{sha}", create_status),
)
