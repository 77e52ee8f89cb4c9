"""The stand-in GitHub against the models that githubkit generates from GitHub's own schema: every answer validates."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from githubkit import GitHub

from stationmaster.rehearsal.github.door import ENDPOINTS, endpoint_of
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN
from tests.rehearsal.github_fixtures import EXPLORER, HEAD, Stage, stage

OWNER, NAME = EXPLORER.split("/")
PREVIOUS = "d88f97de1c1d0f585a3c5f2abc632394ba9c2dc4"
VERSIONS = ("2022-11-28", "2026-03-10")


class Conversation:
    """A githubkit client whose every answer is parsed into the vendor's models."""

    def __init__(self, scene: Stage, client: GitHub, version: str) -> None:
        self.scene, self.version = scene, version
        self._rest = client.rest(version)

    def ask(self, topic: str, operation: str, *args: Any, **fields: Any) -> Any:
        answer = getattr(getattr(self._rest, topic), operation)(OWNER, NAME, *args, **fields)
        return answer.parsed_data if answer.status_code != 204 else None

    def plain(self, topic: str, operation: str, *args: Any) -> Any:
        return getattr(getattr(self._rest, topic), operation)(*args).parsed_data


@contextmanager
def conversation(version: str) -> Iterator[Conversation]:
    with stage() as scene, GitHub(STAND_IN_TOKEN, base_url=scene.api, auto_retry=False, http_cache=False) as client:
        yield Conversation(scene, client, version)


@pytest.fixture(params=VERSIONS)
def talk(request: pytest.FixtureRequest) -> Iterator[Conversation]:
    with conversation(request.param) as one:
        yield one


def test_accounts_and_repository(talk: Conversation) -> None:
    assert talk.ask("repos", "get").default_branch == "main"
    assert talk.plain("users", "get_authenticated").login == "stationmaster[bot]"
    assert talk.plain("users", "get_by_username", "dev-51").type == "User"
    assert talk.plain("rate_limit", "get").resources.core.limit == 5000


def test_the_git_database(talk: Conversation) -> None:
    made = talk.ask("git", "create_ref", ref="refs/heads/release/one", sha=PREVIOUS)
    assert made.object_.sha == PREVIOUS
    assert talk.ask("git", "update_ref", "heads/release/one", sha=HEAD).object_.sha == HEAD
    assert talk.ask("git", "get_ref", "heads/release/one").ref == "refs/heads/release/one"
    assert [ref.ref for ref in talk.ask("git", "list_matching_refs", "heads/rel")] == ["refs/heads/release/one"]
    tag = talk.ask("git", "create_tag", tag="v9", message="nine", object_=HEAD, type="commit")
    assert talk.ask("git", "get_tag", tag.sha).object_.sha == HEAD
    assert talk.ask("git", "create_ref", ref="refs/tags/v9", sha=tag.sha).object_.type == "tag"
    assert talk.ask("git", "get_commit", HEAD).parents[0].sha == PREVIOUS
    told = talk.ask("git", "get_commit", HEAD)
    commit = talk.ask("git", "create_commit", message="Mend", tree=told.tree.sha, parents=[PREVIOUS])
    assert (commit.tree.sha, commit.parents[0].sha) == (told.tree.sha, PREVIOUS)
    assert talk.ask("git", "delete_ref", "heads/release/one") is None
    assert next(one for one in talk.ask("repos", "list_tags") if one.name == "v9").commit.sha == HEAD


def test_branches_commits_and_comparison(talk: Conversation) -> None:
    assert talk.ask("repos", "list_branches")[0].name == "main"
    assert talk.ask("repos", "get_branch", "main").commit.sha == HEAD
    assert [commit.sha for commit in talk.ask("repos", "list_commits", per_page=2)] == [HEAD, PREVIOUS]
    assert talk.ask("repos", "get_commit", HEAD).files[0].status == "added"
    comparison = talk.ask("repos", "compare_commits", f"{PREVIOUS}...{HEAD}")
    assert (comparison.status, comparison.ahead_by) == ("ahead", 1)


def test_merging_a_branch(talk: Conversation) -> None:
    talk.ask("git", "create_ref", ref="refs/heads/old", sha=PREVIOUS)
    assert talk.ask("repos", "merge", base="main", head=PREVIOUS) is None
    change = talk.scene.world.push(EXPLORER, branch="old", title="A fix")
    assert talk.ask("repos", "merge", base="main", head=change.sha).parents[1].sha == change.sha


def test_checks_and_statuses(talk: Conversation) -> None:
    runs = talk.ask("checks", "list_for_ref", HEAD)
    assert [run.name for run in runs.check_runs] == ["build", "unit-tests"]
    reported = talk.ask("checks", "create", name="lint", head_sha=HEAD, status="completed", conclusion="success")
    assert talk.ask("checks", "get", reported.id).name == "lint"
    assert talk.ask("checks", "list_suites_for_ref", HEAD).total_count == 1
    assert talk.ask("repos", "get_combined_status_for_ref", HEAD).state == "pending"
    talk.ask("repos", "create_commit_status", HEAD, state="success", context="ci/deploy")
    assert talk.ask("repos", "get_combined_status_for_ref", HEAD).statuses[0].context == "ci/deploy"
    assert talk.ask("repos", "list_commit_statuses_for_ref", HEAD)[0].state == "success"


def test_pull_requests(talk: Conversation) -> None:
    assert talk.ask("repos", "list_pull_requests_associated_with_commit", HEAD)[0].number == 172
    assert talk.ask("pulls", "get", 172).merged
    assert talk.ask("pulls", "list_commits", 172)[0].sha
    assert talk.ask("pulls", "list_files", 172)[0].filename
    talk.scene.world.push(EXPLORER, branch="fix", title="A fix")
    opened = talk.ask("pulls", "create", title="Fix", head="fix", base="main")
    assert talk.ask("pulls", "list", head=f"{OWNER}:fix")[0].number == opened.number
    assert talk.ask("pulls", "update", opened.number, body="why").body == "why"
    assert talk.ask("pulls", "merge", opened.number, sha=opened.head.sha).merged
    assert talk.ask("pulls", "check_if_merged", opened.number) is None


def test_f24_the_new_version_has_no_merge_commit_sha(talk: Conversation) -> None:
    path = f"/repos/{EXPLORER}/pulls/172"
    body = talk.scene.request("GET", path, headers={"x-github-api-version": talk.version}).json()
    assert ("merge_commit_sha" in body, "assignee" in body) == ((talk.version == VERSIONS[0]),) * 2


def test_actions(talk: Conversation) -> None:
    assert talk.ask("actions", "list_repo_workflows").workflows[0].path == ".github/workflows/deploy.yml"
    assert talk.ask("actions", "get_workflow", "deploy.yml").name == "Deploy"
    inputs = {"environment": "prod", "key": "a/1"}
    fields = {"return_run_details": True} if talk.version == VERSIONS[0] else {}
    started = talk.ask("actions", "create_workflow_dispatch", "deploy.yml", ref="main", inputs=inputs, **fields)
    number = started["workflow_run_id"] if isinstance(started, dict) else started.workflow_run_id
    run = talk.ask("actions", "get_workflow_run", number)
    assert (run.status, run.head_sha, run.display_title) == ("queued", HEAD, "Deploy prod a/1")
    assert talk.ask("actions", "list_workflow_runs", "deploy.yml").total_count == 1
    assert talk.ask("actions", "list_workflow_runs_for_repo").total_count == 1
    talk.scene.clock.move(minutes=10)
    assert talk.ask("actions", "list_jobs_for_workflow_run", run.id).jobs[0].conclusion == "success"
    assert talk.ask("actions", "get_pending_deployments_for_run", run.id) == []
    talk.ask("actions", "re_run_workflow", run.id)
    talk.ask("actions", "cancel_workflow_run", run.id)
    talk.ask("actions", "re_run_workflow", run.id)
    talk.ask("actions", "force_cancel_workflow_run", run.id)
    assert talk.ask("actions", "get_workflow_run", run.id).conclusion == "cancelled"


def test_deployments(talk: Conversation) -> None:
    made = talk.ask(
        "repos",
        "create_deployment",
        ref=HEAD,
        environment="qa",
        auto_merge=False,
        required_contexts=[],
        payload={"key": "a"},
    )
    assert talk.ask("repos", "get_deployment", made.id).payload.model_dump() == {"key": "a"}
    talk.ask("repos", "create_deployment_status", made.id, state="failure", log_url="https://ci.example/1")
    assert talk.ask("repos", "list_deployment_statuses", made.id)[0].state == "failure"
    assert talk.ask("repos", "list_deployments", environment="qa")[0].sha == HEAD
    assert {one.name for one in talk.ask("repos", "get_all_environments").environments} == {"prod", "qa", "staging"}
    assert talk.ask("repos", "delete_deployment", made.id) is None


def test_issues_labels_and_comments(talk: Conversation) -> None:
    issue = talk.ask("issues", "create", title="Look", labels=["bug"], assignees=["dev-01"])
    assert talk.ask("issues", "get", issue.number).title == "Look"
    assert talk.ask("issues", "list_for_repo", labels="bug")[0].number == issue.number
    assert [label.name for label in talk.ask("issues", "add_labels", issue.number, labels=["ops"])] == ["bug", "ops"]
    assert talk.ask("issues", "list_labels_on_issue", issue.number)[1].name == "ops"
    assert talk.ask("issues", "remove_label", issue.number, "bug")[0].name == "ops"
    assert talk.ask("issues", "create_label", name="train", color="00ff00").color == "00ff00"
    assert len(talk.ask("issues", "list_labels_for_repo")) == 3
    comment = talk.ask("issues", "create_comment", issue.number, body="hm")
    assert talk.ask("issues", "update_comment", comment.id, body="ah").body == "ah"
    assert talk.ask("issues", "get_comment", comment.id).body == "ah"
    assert talk.ask("issues", "list_comments", issue.number)[0].body == "ah"
    assert talk.ask("issues", "update", issue.number, state="closed").state == "closed"


def test_contents(talk: Conversation) -> None:
    text = base64.b64encode(b"# A report").decode()
    made = talk.ask("repos", "create_or_update_file_contents", "reports/one.md", message="Report", content=text)
    assert made.content.path == "reports/one.md"
    assert talk.ask("repos", "get_content", "reports/one.md").path == "reports/one.md"
    assert [each.name for each in talk.ask("repos", "get_content", "")] == ["README.md", "LICENSE"]


def test_releases(talk: Conversation) -> None:
    talk.ask("git", "create_ref", ref="refs/tags/v9", sha=HEAD)
    made = talk.ask("repos", "create_release", tag_name="v9", body="notes", draft=False)
    assert talk.ask("repos", "get_release_by_tag", "v9").id == made.id
    assert talk.ask("repos", "get_latest_release").id == made.id
    assert talk.ask("repos", "get_release", made.id).tag_name == "v9"
    assert talk.ask("repos", "list_releases")[0].id == made.id
    assert talk.ask("repos", "update_release", made.id, name="Nine").name == "Nine"
    notes = talk.ask("repos", "generate_release_notes", tag_name="v9", previous_tag_name="v0.16.0")
    assert "What's Changed" in notes.body


def test_no_endpoint_is_left_out_of_the_contract() -> None:
    """Every endpoint of the stand-in succeeds at least once in the conversations above."""
    answered = set()
    for topic in CONVERSATIONS:
        with conversation(VERSIONS[0]) as talk:
            topic(talk)
            entries = talk.scene.world.journal.entries()
            answered |= {(one.method, one.path) for one in entries if one.status < 300}
    seen = {endpoint_of(method, path)[0] for method, path in answered}
    assert {(one.method, one.path) for one in set(ENDPOINTS) - seen} == set()


CONVERSATIONS = (
    test_contents,
    test_accounts_and_repository,
    test_the_git_database,
    test_branches_commits_and_comparison,
    test_merging_a_branch,
    test_checks_and_statuses,
    test_pull_requests,
    test_actions,
    test_deployments,
    test_issues_labels_and_comments,
    test_releases,
)
