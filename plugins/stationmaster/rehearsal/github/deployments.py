"""Deployments, their statuses, environments (F55)."""

from typing import Any

from stationmaster.rehearsal.github import graph as github_graph
from stationmaster.rehearsal.github import pipeline as github_pipeline
from stationmaster.rehearsal.github import shapes as github_shapes
from stationmaster.rehearsal.github.call import (
    Call,
    Endpoint,
    Problem,
    Reply,
    custom,
    invalid,
    moment,
    node,
    number_of,
    paginate,
)
from stationmaster.rehearsal.github.checks import RANK, state_of
from stationmaster.rehearsal.github.repository import Repository
from stationmaster.rehearsal.github.state import DeploymentRecord, StatusRecord

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
LONGEST_DESCRIPTION = 140


def list_deployments(call: Call) -> Reply:
    """Answer deployments, the newest first, by sha, ref, task and environment."""
    found = [
        one
        for one in call.repository.record.deployments.values()
        if one.created_at <= call.now
        and all(
            call.query.get(name) in (None, "", getattr(one, name)) for name in ("sha", "ref", "task", "environment")
        )
    ]
    found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
    return paginate(call, found, lambda one: shape(call, one))


def get_deployment(call: Call) -> Reply:
    """Answer one deployment."""
    return Reply(200, shape(call, _deployment(call)))


def create_deployment(call: Call) -> Reply:
    """Deploy a ref; by default the default branch is merged into it first and every context has to be green."""
    ref = call.text("ref", resource="Deployment")
    repository = call.repository
    sha = repository.resolve(ref)
    if sha is None:
        raise Problem(422, f"No ref found for: {ref}")
    description = str(call.body.get("description") or "")
    if len(description) > LONGEST_DESCRIPTION:
        raise invalid("Deployment", "description")
    if call.body.get("auto_merge", True) is not False and (merged := _auto_merge(call, ref, sha)) is not None:
        return merged
    _refuse_open_contexts(call, sha)
    environment = str(call.body.get("environment") or "production")
    production = call.body.get("production_environment")
    record = github_pipeline.deploy(
        repository,
        sha=sha,
        ref=ref,
        environment=environment,
        at=call.now,
        creator=call.actor,
        task=str(call.body.get("task") or "deploy"),
        payload=call.body.get("payload") or {},
        description=description,
        production=production if isinstance(production, bool) else environment == "production",
        transient=call.body.get("transient_environment") is True,
    )
    return Reply(201, shape(call, record))


def delete_deployment(call: Call) -> Reply:
    """Delete a deployment that is not active."""
    record = _deployment(call)
    told = github_pipeline.statuses(record, call.now)
    if told and told[0].state in ("success", "in_progress", "queued", "pending"):
        raise Problem(422, "We cannot delete an active deployment unless it is the only deployment")
    del call.repository.record.deployments[record.id]
    return Reply(204)


def list_statuses(call: Call) -> Reply:
    """Answer the statuses of a deployment, the newest first."""
    record = _deployment(call)
    told = github_pipeline.statuses(record, call.now)
    return paginate(call, told, lambda status: shape_status(call, record, status))


def create_status(call: Call) -> Reply:
    """Append a status to a deployment."""
    record, state = _deployment(call), call.text("state", resource="DeploymentStatus")
    if state not in STATES:
        raise invalid("DeploymentStatus", "state")
    description = str(call.body.get("description") or "")
    if len(description) > LONGEST_DESCRIPTION:
        raise custom("DeploymentStatus", f"description is too long (maximum is {LONGEST_DESCRIPTION} characters)")
    status = github_pipeline.tell(
        call.repository,
        record,
        state,
        call.now,
        creator=call.actor,
        description=description,
        log_url=str(call.body.get("log_url") or call.body.get("target_url") or ""),
        environment_url=str(call.body.get("environment_url") or ""),
        auto_inactive=call.body.get("auto_inactive", True) is not False,
    )
    return Reply(201, shape_status(call, record, status))


def list_environments(call: Call) -> Reply:
    """Answer the environments that are furnished or were deployed to."""
    record = call.repository.record
    names = {spec.name for spec in call.repository.spec.environments}
    names |= {one.environment for one in record.deployments.values()}
    return paginate(call, sorted(names), lambda name: _environment(call, name), field_name="environments")


def shape(call: Call, record: DeploymentRecord) -> dict[str, Any]:
    """Return a deployment."""
    at, told = f"{call.at}/deployments/{record.id}", github_pipeline.statuses(record, call.now)
    return {
        "url": at,
        "id": record.id,
        "node_id": node("Deployment", record.id),
        "sha": record.sha,
        "ref": record.ref,
        "task": record.task,
        "payload": record.payload,
        "original_environment": record.environment,
        "environment": record.environment,
        "description": record.description or None,
        "creator": github_shapes.user(call, record.creator),
        "created_at": moment(record.created_at),
        "updated_at": moment(told[0].at if told else record.created_at),
        "statuses_url": f"{at}/statuses",
        "repository_url": call.at,
        "transient_environment": record.transient,
        "production_environment": record.production,
    }


def shape_status(call: Call, record: DeploymentRecord, status: StatusRecord) -> dict[str, Any]:
    """Return a status of a deployment; addresses that nobody gave are left out."""
    at = f"{call.at}/deployments/{record.id}"
    given = {
        "log_url": status.log_url,
        "target_url": status.log_url,
        "environment_url": status.environment_url,
    }
    return {
        "url": f"{at}/statuses/{status.id}",
        "id": status.id,
        "node_id": node("DeploymentStatus", status.id),
        "state": status.state,
        "creator": github_shapes.user(call, status.creator),
        "description": status.description,
        "environment": record.environment,
        "created_at": moment(status.at),
        "updated_at": moment(status.at),
        "deployment_url": at,
        "repository_url": call.at,
        **{name: address for name, address in given.items() if address},
    }


def _auto_merge(call: Call, ref: str, sha: str) -> Reply | None:
    repository, record = call.repository, call.repository.record
    head = f"heads/{ref}"
    if head not in record.refs or head == repository.main:
        return None
    main = record.refs[repository.main]
    if github_graph.contains(record.commits, sha, main):
        return None
    if ref in record.conflicts:
        raise Problem(409, f"Conflict merging {record.default_branch} into {ref}.")
    message = f"Merge {record.default_branch} into {ref}"
    commit = repository.add_commit(parents=(sha, main), message=message, author=call.actor, at=call.now)
    repository.move(head, commit.sha, call.now)
    return Reply(202, {"message": f"Auto-merged {record.default_branch} into {ref} on deployment."})


def _refuse_open_contexts(call: Call, sha: str) -> None:
    asked = call.body.get("required_contexts")
    if asked == []:
        return
    states = _contexts(call, sha)
    open_ones = [name for name in (asked if isinstance(asked, list) else states) if states.get(name) != "success"]
    if open_ones:
        raise Problem(
            409,
            f"Conflict: Commit status checks failed for {call.body['ref']}.",
            {
                "resource": "Deployment",
                "field": "required_contexts",
                "code": "invalid",
                "contexts": [{"context": name, "state": states.get(name, "missing")} for name in open_ones],
            },
        )


def _contexts(call: Call, sha: str) -> dict[str, str]:
    repository: Repository = call.repository
    record, spec = repository.record, repository.spec.checks
    states = {one.context: one.state for one in record.contexts if one.sha == sha and one.state in RANK}
    told = state_of(spec, record.check_states, record.commits[sha], call.now)
    if told != "absent":
        states |= dict.fromkeys(spec.names, "success" if told == "green" else "pending")
    if told == "red":
        states[spec.names[-1]] = "failure"
    return states


def _deployment(call: Call) -> DeploymentRecord:
    record = call.repository.record.deployments.get(call.number("id"))
    if record is None:
        raise Problem(404, "Not Found")
    return record


def _environment(call: Call, name: str) -> dict[str, Any]:
    number, created = number_of(f"environment:{name}"), moment(call.repository.record.created_at)
    return {
        "id": number,
        "node_id": node("Environment", number),
        "name": name,
        "url": f"{call.at}/environments/{name}",
        "html_url": f"{call.page}/deployments/activity_log?environments_filter={name}",
        "created_at": created,
        "updated_at": created,
        "protection_rules": [],
        "deployment_branch_policy": None,
    }


_AT: Any = "/repos/{owner}/{name}/deployments"
ENDPOINTS = (
    Endpoint("GET", f"{_AT}", list_deployments),
    Endpoint("POST", f"{_AT}", create_deployment),
    Endpoint("GET", f"{_AT}/{{id}}", get_deployment),
    Endpoint("DELETE", f"{_AT}/{{id}}", delete_deployment),
    Endpoint("GET", f"{_AT}/{{id}}/statuses", list_statuses),
    Endpoint("POST", f"{_AT}/{{id}}/statuses", create_status),
    Endpoint("GET", "/repos/{owner}/{name}/environments", list_environments),
)
