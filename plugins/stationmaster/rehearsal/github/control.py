"""The control plane of the stand-in GitHub, under /_control: what is not GitHub's API. Loopback only, without a token.

GET    /_control/world                     repositories, their main and what their environments run
GET    /_control/journal?since=&writes=1   the requests after number `since`
GET, POST, DELETE /_control/faults         the script of failures (a Fault as JSON)
POST   /_control/push                      {repo, title, branch?, author?, author_email?, linked?, committer?}
POST   /_control/force-push                {repo, branch?, drop?}
POST   /_control/deploy                    {repo, environment, sha, by?}
POST   /_control/checks                    {repo, sha, state}
POST   /_control/runs                      {repo, workflow, conclusion?, duration_seconds?, stubborn?}
POST   /_control/conflict                  {repo, branch}
POST   /_control/rename                    {repo, name}
POST   /_control/archive                   {repo, archived?}
POST   /_control/revoke, /_control/grant   {token, login?}
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from stationmaster.rehearsal.github.faults import Fault
from stationmaster.rehearsal.github.repository import UnknownCommit
from stationmaster.rehearsal.github.specs import CheckState
from stationmaster.rehearsal.github.world import GithubWorld, UnknownRepository

Answer = tuple[int, Any]
Action = Callable[[GithubWorld, dict[str, Any]], Any]


def control(world: GithubWorld, method: str, name: str, query: dict[str, str], body: Any) -> Answer:
    """Answer a request to the control plane: status and JSON."""
    action = _ACTIONS.get((method, name))
    if action is None:
        return 404, {"error": f"there is no {method} /_control/{name}"}
    arguments: dict[str, Any] = {**query, **(body if isinstance(body, dict) else {})}
    try:
        with world.lock:
            return 200, action(world, arguments)
    except KeyError as error:
        return 422, {"error": f"{method} /_control/{name} needs {error}"}
    except (UnknownRepository, UnknownCommit, ValidationError, ValueError) as error:
        return 422, {"error": str(error)}


def _world(world: GithubWorld, _: dict[str, Any]) -> Any:
    now = world.settle()
    return {
        "now": now.isoformat(),
        "repositories": {
            repository.record.name: {
                "main": repository.record.refs[repository.main],
                "environments": {
                    name: world.deployed(repository.record.name, name) for name in _environments(repository.record)
                },
            }
            for repository in world.repositories()
        },
    }


def _environments(record: Any) -> list[str]:
    return sorted({deployment.environment for deployment in record.deployments.values()})


def _journal(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    since = int(arguments.get("since", 0))
    entries = world.journal.entries(since=since)
    if arguments.get("writes") in ("1", "true"):
        entries = world.journal.writes(applied=None, since=since)
    return [entry.model_dump(mode="json") for entry in entries]


def _faults(world: GithubWorld, _: dict[str, Any]) -> Any:
    return [fault.model_dump() for fault in world.faults.waiting()]


def _add_fault(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    world.script(Fault.model_validate(arguments))
    return _faults(world, arguments)


def _clear_faults(world: GithubWorld, _: dict[str, Any]) -> Any:
    world.faults.clear()
    return []


def _push(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    commit = world.push(
        arguments["repo"],
        title=arguments["title"],
        branch=arguments.get("branch"),
        author=arguments.get("author", "dev-01"),
        author_email=arguments.get("author_email", ""),
        linked=bool(arguments.get("linked", True)),
        committer=arguments.get("committer"),
    )
    return {"sha": commit.sha}


def _force_push(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    commit = world.force_push(arguments["repo"], branch=arguments.get("branch"), drop=int(arguments.get("drop", 1)))
    return {"sha": commit.sha}


def _deploy(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    record = world.deploy(
        arguments["repo"], arguments["environment"], arguments["sha"], by=arguments.get("by", "dev-01")
    )
    return {"id": record.id, "sha": record.sha}


def _checks(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    state: CheckState = TypeAdapter(CheckState).validate_python(arguments["state"])
    world.script_checks(arguments["repo"], arguments["sha"], state)
    return {"sha": arguments["sha"], "state": state}


def _runs(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    seconds = arguments.get("duration_seconds")
    world.script_runs(
        arguments["repo"],
        arguments["workflow"],
        conclusion=arguments.get("conclusion"),
        duration=None if seconds is None else timedelta(seconds=float(seconds)),
        stubborn=arguments.get("stubborn"),
    )
    return {}


def _conflict(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    world.script_conflict(arguments["repo"], arguments["branch"])
    return {}


def _rename(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    world.rename(arguments["repo"], arguments["name"])
    return {}


def _archive(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    world.archive(arguments["repo"], archived=bool(arguments.get("archived", True)))
    return {}


def _revoke(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    world.revoke(arguments["token"])
    return {}


def _grant(world: GithubWorld, arguments: dict[str, Any]) -> Any:
    world.grant(arguments["token"], arguments.get("login", "stationmaster[bot]"))
    return {}


_ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "world"): _world,
    ("GET", "journal"): _journal,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "push"): _push,
    ("POST", "force-push"): _force_push,
    ("POST", "deploy"): _deploy,
    ("POST", "checks"): _checks,
    ("POST", "runs"): _runs,
    ("POST", "conflict"): _conflict,
    ("POST", "rename"): _rename,
    ("POST", "archive"): _archive,
    ("POST", "revoke"): _revoke,
    ("POST", "grant"): _grant,
}
