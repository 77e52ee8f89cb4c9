"""The stand-in GitHub over HTTP, as any client sees it: the door, pages, refs, commits, comparisons."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

import github
import pytest

from stationmaster.rehearsal.github.specs import RepositorySpec
from stationmaster.rehearsal.github.state import CommitRecord
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN
from tests.rehearsal.github_fixtures import EXPLORER, HEAD, THURSDAY, HandClock, Stage, explorer, stage

AT = f"/repos/{EXPLORER}"
MISSING = "f" * 40


@pytest.fixture(scope="module")
def seen() -> Iterator[Stage]:
    """A stage for tests that only read."""
    with stage() as scene:
        yield scene


@pytest.fixture
def scene() -> Iterator[Stage]:
    with stage() as one:
        yield one


@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_a_valid_token_there_is_no_entrance(seen: Stage, token: str | None) -> None:
    answer = seen.request("GET", AT, token=token)
    assert (answer.status_code, answer.json()["status"]) == (401, "401")


def test_headers_tell_scopes_limits_version_and_the_worlds_date(seen: Stage) -> None:
    answer = seen.request("GET", AT, headers={"x-github-api-version": "2026-03-10"})
    assert answer.headers["x-oauth-scopes"] == "admin:repo_hook, repo, workflow"
    assert answer.headers["x-github-api-version-selected"] == "2026-03-10"
    assert int(answer.headers["x-ratelimit-remaining"]) < int(answer.headers["x-ratelimit-limit"])
    assert parsedate_to_datetime(answer.headers["date"]) == THURSDAY


def test_an_unknown_version_is_refused(seen: Stage) -> None:
    answer = seen.request("GET", AT, headers={"x-github-api-version": "1999-01-01"})
    assert (answer.status_code, "1999-01-01" in answer.json()["message"]) == (400, True)


def test_it_answers_with_and_without_the_enterprise_prefix(seen: Stage) -> None:
    headers = {"authorization": f"token {STAND_IN_TOKEN}"}
    plain = seen.http.get(f"{seen.url}{AT}", headers=headers).json()
    assert plain["url"] == f"{seen.url}{AT}"
    assert seen.request("GET", AT).json()["url"] == f"{seen.api}{AT}"


def test_what_has_not_changed_is_not_sent_again(seen: Stage) -> None:
    first = seen.request("GET", AT)
    again = seen.request("GET", AT, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_pages_are_linked_to_the_end(seen: Stage) -> None:
    answer = seen.request("GET", f"{AT}/commits", params={"per_page": 100, "sha": "main"})
    links = answer.links
    assert set(links) == {"next", "last"}
    last = seen.http.get(links["last"]["url"], headers={"authorization": f"Bearer {STAND_IN_TOKEN}"})
    assert set(last.links) == {"first", "prev"}
    assert last.json()[-1]["parents"] == []


def test_commits_are_listed_within_bounds(seen: Stage) -> None:
    since, until = THURSDAY - timedelta(days=7), THURSDAY - timedelta(days=2)
    query = {"since": since.isoformat(), "until": until.isoformat()}
    shas = [one["sha"] for one in seen.request("GET", f"{AT}/commits", params=query).json()]
    repository = seen.world.repository(EXPLORER)
    assert shas
    assert all(since <= repository.commit(sha).committed_at <= until for sha in shas)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("GET", "/git/ref/heads/none", None, 404, "Not Found"),
        ("GET", "/commits/none", None, 422, "No commit found for SHA: none"),
        ("POST", "/git/refs", {"ref": "refs/heads/main", "sha": HEAD}, 422, "Reference already exists"),
        ("POST", "/git/refs", {"ref": "refs/heads/x", "sha": MISSING}, 422, "Object does not exist"),
        ("POST", "/git/refs", {"ref": "x", "sha": HEAD}, 422, "valid ref"),
        ("PATCH", "/git/refs/heads/none", {"sha": HEAD}, 422, "Reference does not exist"),
        ("DELETE", "/git/refs/heads/none", None, 422, "Reference does not exist"),
        ("POST", "/merges", {"base": "none", "head": HEAD}, 404, "Base does not exist"),
        ("GET", "/compare/main...none", None, 404, "Not Found"),
        ("POST", "/pulls", {"title": "x", "head": "none", "base": "main"}, 422, "Validation Failed"),
        ("GET", "/nothing", None, 404, "Not Found"),
    ],
)
def test_refusals_are_worded_as_github_does(
    seen: Stage, method: str, path: str, body: dict[str, str] | None, status: int, message: str
) -> None:
    answer = seen.request(method, f"{AT}{path}", json=body)
    assert answer.status_code == status
    assert message in answer.json()["message"]


def test_a_body_that_is_not_json_is_refused(seen: Stage) -> None:
    assert seen.request("POST", f"{AT}/git/refs", content=b"{").status_code == 400


def test_a_branch_only_goes_forward_unless_forced(scene: Stage) -> None:
    parent = scene.world.repository(EXPLORER).commit(HEAD).parents[0]
    path = f"{AT}/git/refs/heads/main"
    assert scene.request("PATCH", path, json={"sha": parent}).json()["message"] == "Update is not a fast forward"
    assert scene.request("PATCH", path, json={"sha": parent, "force": True}).status_code == 200


def test_a_protected_branch_names_the_rule() -> None:
    with stage(explorer(protected=("main",))) as scene:
        commit = scene.world.push(EXPLORER, branch="x", title="x")
        answer = scene.request("PATCH", f"{AT}/git/refs/heads/main", json={"sha": commit.sha})
    assert (answer.status_code, "GH013" in answer.json()["message"]) == (422, True)


def test_merging_conflicts_when_scripted(scene: Stage) -> None:
    commit = scene.world.push(EXPLORER, branch="x", title="x")
    scene.world.script_conflict(EXPLORER, "main")
    assert scene.request("POST", f"{AT}/merges", json={"base": "main", "head": commit.sha}).status_code == 409


def test_f26_a_comparison_in_one_piece_stops_at_250_commits(seen: Stage) -> None:
    chain = list(_first_parents(seen, 400))
    base = chain[-1]
    whole = seen.request("GET", f"{AT}/compare/{base}...main").json()
    assert (whole["total_commits"], len(whole["commits"]), len(whole["files"])) == (399, 250, 300)
    second = seen.request("GET", f"{AT}/compare/{base}...main", params={"per_page": 100, "page": 2}).json()
    assert (len(second["commits"]), "files" in second) == (100, False)
    back = seen.request("GET", f"{AT}/compare/main...{base}").json()
    assert (back["status"], back["behind_by"], back["total_commits"]) == ("behind", 399, 0)


def test_f68_a_renamed_repository_redirects(scene: Stage) -> None:
    scene.world.rename(EXPLORER, "chanzuckerberg/explorer")
    moved = scene.request("GET", f"{AT}/commits")
    assert moved.status_code == 301
    followed = scene.http.get(moved.headers["location"], headers={"authorization": f"Bearer {STAND_IN_TOKEN}"})
    assert followed.json()[0]["sha"] == HEAD
    assert scene.request("POST", f"{AT}/git/refs", json={"ref": "refs/heads/x", "sha": HEAD}).status_code == 307
    assert scene.world.writes() == []


def test_f68_an_archived_repository_is_read_only(scene: Stage) -> None:
    scene.world.archive(EXPLORER)
    assert scene.request("GET", f"{AT}/commits").status_code == 200
    answer = scene.request("POST", f"{AT}/git/refs", json={"ref": "refs/heads/x", "sha": HEAD})
    assert (answer.status_code, "archived" in answer.json()["message"]) == (403, True)


def test_plain_pygithub_works_its_way_through(scene: Stage) -> None:
    repository = scene.client().get_repo(EXPLORER)
    commits = repository.get_commits(sha="main")
    assert commits[0].sha == HEAD
    assert sum(1 for _ in commits) == len(scene.world.repository(EXPLORER).record.commits)
    ref = repository.create_git_ref("refs/heads/release/2021-W43", HEAD)
    assert ref.object.sha == HEAD
    with pytest.raises(github.GithubException, match="Reference already exists"):
        repository.create_git_ref("refs/heads/release/2021-W43", HEAD)
    assert repository.get_pull(172).merged
    assert repository.compare(commits[3].sha, HEAD).ahead_by == 3
    deployment = repository.create_deployment(HEAD, auto_merge=False, required_contexts=[], environment="qa")
    assert deployment.create_status("success").state == "success"
    assert repository.get_workflow("deploy.yml").create_dispatch("main", {"environment": "prod", "key": "k"})
    assert repository.get_workflow("deploy.yml").get_runs()[0].display_title == "Deploy prod k"
    issue = repository.create_issue("Look", labels=["ops"])
    issue.create_comment("hm")
    assert [comment.body for comment in issue.get_comments()] == ["hm"]


def test_two_repositories_do_not_mix() -> None:
    clock = HandClock()
    with stage(explorer(), RepositorySpec(name="acme/site"), clock=clock) as scene:
        assert scene.request("GET", f"/repos/acme/site/commits/{HEAD}").status_code == 422
        assert scene.request("GET", "/repos/acme/site").json()["id"] == 2


def _first_parents(scene: Stage, count: int) -> Iterator[str]:
    commit: CommitRecord = scene.world.repository(EXPLORER).commit(HEAD)
    for _ in range(count):
        yield commit.sha
        commit = scene.world.repository(EXPLORER).commit(commit.parents[0])
