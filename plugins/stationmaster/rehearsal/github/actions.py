"""Workflows: dispatched in each of GitHub's ways, and their runs read, cancelled, run again (F51-F54)."""

import re
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from stationmaster.rehearsal.github import runner as github_runner
from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply, missing, paginate
from stationmaster.rehearsal.github.run_shapes import shape_job, shape_run, shape_workflow, workflow_number
from stationmaster.rehearsal.github.specs import WorkflowSpec
from stationmaster.rehearsal.github.state import RunRecord

MOST_INPUTS = 25
DISPATCH_FIELDS = {"ref", "inputs", "return_run_details"}


def list_workflows(call: Call) -> Reply:
    """Answer the workflows of the repository."""
    found = call.repository.spec.workflows
    return paginate(call, found, lambda spec: shape_workflow(call, spec), field_name="workflows")


def get_workflow(call: Call) -> Reply:
    """Answer one workflow, by its file or its number."""
    return Reply(200, shape_workflow(call, _workflow(call)))


def dispatch(call: Call) -> Reply:
    """Start a run; what comes back depends on the API version and on the world's dispatch mode."""
    spec = _workflow(call)
    if call.world.dispatch_mode == "refuses_parameter" and "return_run_details" in call.body:
        raise Problem(400, 'Invalid request.\n\n"return_run_details" is not a permitted key.')
    unknown = set(call.body) - DISPATCH_FIELDS
    if unknown:
        raise Problem(422, f'Invalid request.\n\n"{min(unknown)}" is not a permitted key.')
    branch, inputs = _checked_ref(call), _checked_inputs(call, spec)
    run = _start(call, spec, branch, inputs)
    if call.fault is not None and call.fault.kind == "duplicate_run":
        _start(call, spec, branch, inputs)
    asked = call.is_new_version or call.body.get("return_run_details") is True
    if call.world.dispatch_mode != "details" or not asked:
        return Reply(204)
    at, page = f"{call.at}/actions/runs/{run.id}", f"{call.page}/actions/runs/{run.id}"
    return Reply(200, {"workflow_run_id": run.id, "run_url": at, "html_url": page})


def list_runs(call: Call) -> Reply:
    """Answer the runs that can be seen yet, the newest first, of one workflow or of all."""
    file = _workflow(call).file if "workflow" in call.params else None
    created = call.query.get("created")
    found = [
        run
        for run in call.repository.record.runs.values()
        if run.visible_at <= call.now
        and file in (None, run.workflow)
        and call.query.get("event", "workflow_dispatch") == "workflow_dispatch"
        and call.query.get("branch") in (None, run.head_branch)
        and call.query.get("head_sha") in (None, run.head_sha)
        and call.query.get("actor") in (None, run.actor)
        and call.query.get("status") in (None, run.status, run.conclusion)
        and (created is None or _within(created, run.created_at))
    ]
    found.sort(key=lambda run: (run.created_at, run.id), reverse=True)
    return paginate(call, found, lambda run: shape_run(call, run), field_name="workflow_runs")


def get_run(call: Call) -> Reply:
    """Answer one run."""
    return Reply(200, shape_run(call, _run(call)))


def list_jobs(call: Call) -> Reply:
    """Answer the one job of a run."""
    return paginate(call, [_run(call)], lambda run: shape_job(call, run), field_name="jobs")


def cancel(call: Call) -> Reply:
    """Stop a run, unless it is done; a stubborn one takes no notice."""
    run = _unfinished(call)
    if not run.stubborn:
        github_runner.finish(call.repository, run, "cancelled", call.now)
    return Reply(202, {})


def force_cancel(call: Call) -> Reply:
    """Stop a run whatever it does."""
    github_runner.finish(call.repository, _unfinished(call), "cancelled", call.now)
    return Reply(202, {})


def rerun(call: Call) -> Reply:
    """Run again under the same id, one attempt higher (F53)."""
    run = _run(call)
    if run.status != github_runner.DONE:
        raise Problem(403, "This workflow is already running")
    run.attempt += 1
    run.started_at = None
    github_runner.enqueue(call.repository, run, call.now)
    return Reply(201, {})


def pending_deployments(call: Call) -> Reply:
    """Answer the deployments that wait for a reviewer: none, since no environment here is protected."""
    _run(call)
    return Reply(200, [])


def _checked_ref(call: Call) -> str:
    asked = call.body.get("ref")
    if not isinstance(asked, str):
        raise missing("Workflow", "ref")
    plain = re.sub(r"^refs/(heads|tags)/", "", asked)
    refs = call.repository.record.refs
    if f"heads/{plain}" not in refs and f"tags/{plain}" not in refs:
        raise Problem(422, f"No ref found for: {asked}")
    return plain


def _checked_inputs(call: Call, spec: WorkflowSpec) -> dict[str, str]:
    inputs = call.body.get("inputs") or {}
    if not isinstance(inputs, dict):
        raise Problem(422, "Invalid request.\n\nFor 'properties/inputs', a string is not an object.")
    if not spec.dispatchable:
        raise Problem(422, "Workflow does not have 'workflow_dispatch' trigger")
    if len(inputs) > MOST_INPUTS:
        raise Problem(422, f"you may only define up to {MOST_INPUTS} `inputs` for a `workflow_dispatch` event")
    unexpected = [] if spec.inputs is None else sorted(set(inputs) - set(spec.inputs))
    if unexpected:
        raise Problem(422, f"Unexpected inputs provided: {unexpected}".replace("'", '"'))
    for name in spec.required:
        if not inputs.get(name):
            raise Problem(422, f"Required input '{name}' not provided")
    return {name: str(value) for name, value in inputs.items()}


def _start(call: Call, spec: WorkflowSpec, branch: str, inputs: dict[str, str]) -> RunRecord:
    repository = call.repository
    known: dict[str, str] = defaultdict(str, {**inputs, "workflow": spec.name, "ref": branch})
    late = timedelta()
    if call.fault is not None and call.fault.kind == "late_run":
        late = timedelta(seconds=call.fault.seconds)
    run = RunRecord(
        id=call.world.next_id(),
        workflow=spec.file,
        number=1 + sum(other.workflow == spec.file for other in repository.record.runs.values()),
        title=" ".join(spec.run_name.format_map(known).split()) or spec.name,
        inputs=inputs,
        actor=call.actor,
        head_branch=branch,
        head_sha=repository.resolve(branch) or "",
        created_at=call.now,
        visible_at=call.now + spec.appears_after + late,
        queue=spec.queue,
        duration=spec.duration,
        wanted=spec.conclusion,
        environment=(spec.environment or "").format_map(known) or None,
        group=(spec.concurrency or "").format_map(known) or None,
    )
    github_runner.enqueue(repository, run, call.now)
    return run


def _workflow(call: Call) -> WorkflowSpec:
    asked = call.params["workflow"]
    for spec in call.repository.spec.workflows:
        if asked in (spec.file, str(workflow_number(call, spec))):
            return spec
    raise Problem(404, "Not Found")


def _run(call: Call) -> RunRecord:
    run = call.repository.record.runs.get(call.number("run"))
    if run is None or run.visible_at > call.now:
        raise Problem(404, "Not Found")
    return run


def _unfinished(call: Call) -> RunRecord:
    run = _run(call)
    if run.status == github_runner.DONE:
        raise Problem(409, "Cannot cancel a workflow run that is completed.")
    return run


def _within(created: str, at: datetime) -> bool:
    """Whether an instant is in GitHub's range: >=T, >T, <=T, <T, A..B."""
    at = at.replace(microsecond=0)
    if ".." in created:
        first, _, last = created.partition("..")
        return _instant(first) <= at <= _instant(last)
    mark = re.match(r"[<>]=?", created)
    bound = _instant(created[mark.end() :] if mark else created)
    relation = mark[0] if mark else "="
    return {">=": at >= bound, ">": at > bound, "<=": at <= bound, "<": at < bound}.get(
        relation, at.date() == bound.date()
    )


def _instant(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(422, f"Validation Failed: {text!r} is not a date") from None
    return parsed if parsed.tzinfo else datetime.fromisoformat(f"{text}T00:00:00Z" if "T" not in text else f"{text}Z")


_AT: Any = "/repos/{owner}/{name}/actions"
ENDPOINTS = (
    Endpoint("GET", f"{_AT}/workflows", list_workflows),
    Endpoint("GET", f"{_AT}/workflows/{{workflow}}", get_workflow),
    Endpoint("POST", f"{_AT}/workflows/{{workflow}}/dispatches", dispatch),
    Endpoint("GET", f"{_AT}/workflows/{{workflow}}/runs", list_runs),
    Endpoint("GET", f"{_AT}/runs", list_runs),
    Endpoint("GET", f"{_AT}/runs/{{run}}", get_run),
    Endpoint("GET", f"{_AT}/runs/{{run}}/jobs", list_jobs),
    Endpoint("POST", f"{_AT}/runs/{{run}}/cancel", cancel),
    Endpoint("POST", f"{_AT}/runs/{{run}}/force-cancel", force_cancel),
    Endpoint("POST", f"{_AT}/runs/{{run}}/rerun", rerun),
    Endpoint("GET", f"{_AT}/runs/{{run}}/pending_deployments", pending_deployments),
)
