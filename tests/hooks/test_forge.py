"""The forge against the stand-in GitHub: what it reads, what it writes, what it adopts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.core.checks import CheckReport, CheckRules, merge_checks
from stationmaster.core.manifest import InvalidSha
from stationmaster.hooks.errors import (
    ForgeConflict,
    ForgeForbidden,
    ForgeMoved,
    ForgeNotFound,
    ForgeRejected,
    ForgeUnreachable,
)
from stationmaster.hooks.forge import Forge
from stationmaster.hooks.forge_models import Run
from stationmaster.rehearsal.github.faults import Fault
from stationmaster.rehearsal.github.history import load
from tests.rehearsal.github_fixtures import EXPLORER, HEAD, THURSDAY, Stage, explorer, stage

VERSIONS = ("2022-11-28", "2026-03-10")


@pytest.fixture
def scene() -> Iterator[Stage]:
    with stage() as one:
        yield one


@pytest.fixture
def forge(scene: Stage) -> Forge:
    return scene.forge()


@pytest.fixture
def parent(scene: Stage) -> str:
    return scene.world.repository(EXPLORER).commit(HEAD).parents[0]


def judged(forge: Forge, **rules: tuple[str, ...]) -> CheckReport:
    return merge_checks(forge.check_results(EXPLORER, HEAD), CheckRules(**rules))


def test_it_reads_the_main_of_that_thursday(forge: Forge) -> None:
    assert forge.head(EXPLORER, "main") == HEAD
    newest, *older = forge.commits(EXPLORER, HEAD, 130)
    assert (newest.sha, newest.title, newest.author, newest.bot) == (
        HEAD,
        "Update requirements (#172)",
        "dev-51",
        False,
    )
    assert newest.parent == older[0].sha == forge.commit(EXPLORER, HEAD).parent
    assert len(older) == 129
    assert newest.committed_at.tzinfo is UTC


def test_f08_checks_are_read_from_both_systems_and_judged(scene: Stage, forge: Forge) -> None:
    assert judged(forge).state == "green"
    assert judged(forge, require=("deploy",)).missing == ("deploy",)
    scene.request("POST", f"/repos/{EXPLORER}/statuses/{HEAD}", json={"state": "failure", "context": "ci/old"})
    assert judged(forge).failing == ("ci/old",)
    assert judged(forge, ignore=("ci/*",)).state == "green"
    scene.world.script_checks(EXPLORER, HEAD, "pending")
    assert judged(forge, ignore=("ci/*",)).pending == ("build", "unit-tests")


def test_f59_absent_is_not_green_and_unreadable_is_not_absent(scene: Stage, forge: Forge) -> None:
    scene.world.script_checks(EXPLORER, HEAD, "absent")
    assert judged(forge).state == "absent"
    scene.world.script_checks(EXPLORER, HEAD, "unreadable")
    with pytest.raises(ForgeUnreachable):
        judged(forge)


def test_f08_the_newest_report_of_a_check_counts(scene: Stage, forge: Forge) -> None:
    for conclusion in ("failure", "success"):
        body = {"name": "lint", "head_sha": HEAD, "status": "completed", "conclusion": conclusion}
        scene.request("POST", f"/repos/{EXPLORER}/check-runs", json=body)
        scene.clock.move(minutes=1)
    assert judged(forge).state == "green"


def test_f59_more_checks_than_a_page_holds_are_all_read(scene: Stage, forge: Forge) -> None:
    for number in range(130):
        body = {"state": "failure" if number == 129 else "success", "context": f"ci/{number}"}
        scene.request("POST", f"/repos/{EXPLORER}/statuses/{HEAD}", json=body)
    assert judged(forge).failing == ("ci/129",)


def test_f26_a_comparison_of_600_commits_is_complete(scene: Stage, forge: Forge) -> None:
    commits = load("single-cell-explorer").commits
    landed = load("single-cell-explorer").landed(THURSDAY)
    base = commits[landed - 601].sha
    comparison = forge.compare(EXPLORER, base, HEAD)
    assert (comparison.status, comparison.ahead_by, comparison.merge_base) == ("ahead", 600, base)
    assert [commit.sha for commit in comparison.commits] == [one.sha for one in commits[landed - 600 : landed]]


def test_f27_a_forced_push_shows_as_diverged(scene: Stage, forge: Forge) -> None:
    scene.world.force_push(EXPLORER)
    assert forge.compare(EXPLORER, HEAD, forge.head(EXPLORER, "main")).status == "diverged"
    assert forge.relation(EXPLORER, "main", HEAD) == "diverged"


@pytest.mark.parametrize("version", VERSIONS)
def test_c17_merged_pull_requests_are_named_in_either_version(scene: Stage, version: str) -> None:
    """F24: the field that 2026-03-10 took away is not missed."""
    forge = scene.forge(api_version=version)
    commits = forge.commits(EXPLORER, HEAD, 5)
    pulls = [pull for commit in commits for pull in forge.pulls_of(EXPLORER, commit.sha)]
    assert [pull.number for pull in pulls] == [172, 112, 170, 159, 169]
    assert all(pull.merged and pull.author for pull in pulls)
    assert pulls[0].title == "Update requirements"


def test_what_an_environment_runs(scene: Stage, forge: Forge) -> None:
    running = forge.deployed_sha(EXPLORER, "prod")
    expected = load("single-cell-explorer").head(datetime(2021, 10, 20, 18, 0, tzinfo=UTC))
    assert running is not None
    assert expected is not None
    assert (running.sha, running.since) == (expected.sha, datetime(2021, 10, 20, 18, 0, tzinfo=UTC))
    assert forge.deployed_sha(EXPLORER, "nowhere") is None
    made = forge.create_deployment(EXPLORER, HEAD, "prod", "k")
    assert forge.deployed_sha(EXPLORER, "prod") == running
    forge.set_deployment_status(EXPLORER, made.id, "failure")
    assert forge.deployed_sha(EXPLORER, "prod") == running
    forge.set_deployment_status(EXPLORER, made.id, "success")
    again = forge.deployed_sha(EXPLORER, "prod")
    assert again is not None
    assert (again.sha, again.since) == (HEAD, THURSDAY)


def test_f20_a_branch_is_created_moved_forward_and_adopted(scene: Stage, forge: Forge, parent: str) -> None:
    outcomes = [forge.move_branch(EXPLORER, "staging", sha).outcome for sha in (parent, HEAD, HEAD)]
    assert outcomes == ["created", "moved", "adopted"]
    assert forge.find_branch(EXPLORER, "staging") == HEAD
    with pytest.raises(ForgeConflict, match="stands at a0beac"):
        forge.move_branch(EXPLORER, "staging", parent)
    assert forge.move_branch(EXPLORER, "staging", parent, force=True).outcome == "moved"
    assert len(scene.world.writes(path="/git/refs")) == 3


def test_a_followed_staging_branch_is_deployed_after_its_move(scene: Stage, forge: Forge) -> None:
    forge.move_branch(EXPLORER, "staging", HEAD)
    assert forge.deployed_sha(EXPLORER, "staging") is None
    scene.clock.move(minutes=10)
    running = forge.deployed_sha(EXPLORER, "staging")
    assert running is not None
    assert (running.sha, running.since) == (HEAD, THURSDAY + timedelta(minutes=10))


def test_f20_a_protected_branch_is_explained() -> None:
    with stage(explorer(protected=("main",))) as scene:
        change = scene.world.push(EXPLORER, branch="x", title="x")
        with pytest.raises(ForgeRejected, match="GH013"):
            scene.forge().move_branch(EXPLORER, "main", change.sha)


@pytest.mark.parametrize("message", [None, "the week's release"])
def test_f19_a_tag_of_the_same_commit_is_adopted_and_never_moved(
    scene: Stage, forge: Forge, parent: str, message: str | None
) -> None:
    assert forge.create_tag(EXPLORER, "w43", HEAD, message=message).outcome == "created"
    assert forge.find_tag(EXPLORER, "w43") == HEAD
    assert forge.create_tag(EXPLORER, "w43", HEAD).outcome == "adopted"
    with pytest.raises(ForgeConflict, match="not moved"):
        forge.create_tag(EXPLORER, "w43", parent)
    assert forge.head(EXPLORER, "tags/w43") == HEAD


def test_f19_a_release_is_made_once_for_a_tag_that_exists(forge: Forge) -> None:
    with pytest.raises(ForgeNotFound, match="no tag w43"):
        forge.create_release(EXPLORER, "w43", "Week 43", "notes")
    forge.create_tag(EXPLORER, "w43", HEAD)
    first = forge.create_release(EXPLORER, "w43", "Week 43", "notes")
    assert forge.create_release(EXPLORER, "w43", "other", "other") == first == forge.find_release(EXPLORER, "w43")


def test_merging_a_commit_and_finding_it_there(scene: Stage, forge: Forge) -> None:
    change = scene.world.push(EXPLORER, branch="fix", title="A fix")
    merged = forge.merge(EXPLORER, "main", change.sha, "Back-merge")
    assert merged.sha == forge.head(EXPLORER, "main")
    assert forge.relation(EXPLORER, "main", change.sha) == "behind"
    assert forge.merge(EXPLORER, "main", change.sha, "Back-merge").outcome == "adopted"
    other = scene.world.push(EXPLORER, branch="other", title="x")
    scene.world.script_conflict(EXPLORER, "main")
    with pytest.raises(ForgeConflict, match="Merge conflict"):
        forge.merge(EXPLORER, "main", other.sha, "Back-merge")


def test_deleting_a_branch_that_is_gone_is_done(scene: Stage, forge: Forge) -> None:
    forge.move_branch(EXPLORER, "x", HEAD)
    forge.delete_branch(EXPLORER, "x")
    forge.delete_branch(EXPLORER, "x")
    assert forge.find_branch(EXPLORER, "x") is None


def test_f21_a_pull_request_of_ours_is_known_by_its_mark(scene: Stage, forge: Forge) -> None:
    scene.world.push(EXPLORER, branch="fix", title="A fix")
    opened = forge.open_pull(EXPLORER, "fix", "main", "Back-merge", "why", "t/1")
    scene.request("PATCH", f"/repos/{EXPLORER}/pulls/{opened.number}", json={"title": "renamed by hand"})
    assert forge.open_pull(EXPLORER, "fix", "main", "Back-merge", "why", "t/1").number == opened.number
    with pytest.raises(ForgeConflict, match="not ours"):
        forge.open_pull(EXPLORER, "fix", "main", "Back-merge", "why", "t/2")


def test_f25_nothing_between_two_branches_is_refused_in_words(forge: Forge) -> None:
    forge.move_branch(EXPLORER, "same", HEAD)
    with pytest.raises(ForgeRejected, match="No commits between main and same"):
        forge.open_pull(EXPLORER, "same", "main", "x", "", "t/1")


def test_f22_f07_a_pull_request_is_merged_at_exactly_its_head(scene: Stage, forge: Forge) -> None:
    change = scene.world.push(EXPLORER, branch="fix", title="A fix")
    opened = forge.open_pull(EXPLORER, "fix", "main", "x", "", "t/1")
    newer = scene.world.push(EXPLORER, branch="fix", title="Another")
    with pytest.raises(ForgeConflict, match="modified"):
        forge.merge_pull(EXPLORER, opened.number, change.sha)
    merged = forge.merge_pull(EXPLORER, opened.number, newer.sha)
    assert merged.sha == forge.head(EXPLORER, "main")
    assert forge.merge_pull(EXPLORER, opened.number, newer.sha).outcome == "adopted"
    with pytest.raises(ForgeConflict, match="not at the approved"):
        forge.merge_pull(EXPLORER, opened.number, change.sha)


def follow(scene: Stage, forge: Forge, key: str) -> Run:
    (run,) = forge.find_runs(EXPLORER, "deploy.yml", key, THURSDAY)
    return run


@pytest.mark.parametrize(
    ("mode", "version", "told"),
    [
        ("details", "2022-11-28", True),
        ("details", "2026-03-10", True),
        ("no_details", "2022-11-28", False),
        ("refuses_parameter", "2022-11-28", False),
    ],
)
def test_f51_a_dispatch_is_one_run_whatever_the_server_answers(mode: str, version: str, told: bool) -> None:
    with stage(dispatch_mode=mode) as scene:
        forge = scene.forge(api_version=version)
        started = forge.dispatch(EXPLORER, "deploy.yml", "main", {"environment": "prod"}, "t/W43/1")
        run = follow(scene, forge, "t/W43/1")
        assert started.id == (run.id if told else None)
        assert (run.head_sha, run.attempt, run.finished) == (HEAD, 1, False)
        assert len(scene.world.writes(path="/dispatches")) == 1
        forge.dispatch(EXPLORER, "deploy.yml", "main", {"environment": "qa"}, "t/W43/2")
        assert len(scene.world.writes(path="/dispatches", applied=None)) == (3 if mode == "refuses_parameter" else 2)


def test_f51_runs_of_the_same_second_are_told_apart_by_their_keys(scene: Stage, forge: Forge) -> None:
    numbers = {
        key: forge.dispatch(EXPLORER, "deploy.yml", "main", {"environment": key}, key).id
        for key in ("t/1", "t/10", "u/1")
    }
    assert {key: follow(scene, forge, key).id for key in numbers} == numbers


def test_f51_a_late_run_is_found_when_it_appears(scene: Stage, forge: Forge) -> None:
    scene.world.script(Fault(kind="late_run", seconds=90))
    forge.dispatch(EXPLORER, "deploy.yml", "main", {}, "t/1")
    assert forge.find_runs(EXPLORER, "deploy.yml", "t/1", THURSDAY) == []
    scene.clock.move(seconds=90)
    assert follow(scene, forge, "t/1").title.endswith("t/1")


def test_f03_two_runs_of_one_dispatch_come_oldest_first(scene: Stage, forge: Forge) -> None:
    scene.world.script(Fault(kind="duplicate_run"))
    started = forge.dispatch(EXPLORER, "deploy.yml", "main", {}, "t/1")
    runs = forge.find_runs(EXPLORER, "deploy.yml", "t/1", THURSDAY)
    assert runs[0].id == started.id
    assert len(runs) == 2


def test_f52_f53_a_run_is_followed_cancelled_and_tried_again(scene: Stage, forge: Forge) -> None:
    number = forge.dispatch(EXPLORER, "deploy.yml", "main", {"environment": "prod"}, "t/1").id
    assert number is not None
    assert forge.cancel_run(EXPLORER, number)
    assert forge.run(EXPLORER, number).superseded
    assert not forge.cancel_run(EXPLORER, number)
    scene.request("POST", f"/repos/{EXPLORER}/actions/runs/{number}/rerun")
    scene.clock.move(minutes=10)
    run = forge.run(EXPLORER, number)
    assert (run.attempt, run.conclusion, run.superseded) == (2, "success", False)


def test_f54_a_run_tells_the_commit_it_really_ran_at(scene: Stage, forge: Forge, parent: str) -> None:
    forge.create_tag(EXPLORER, "w43", parent)
    number = forge.dispatch(EXPLORER, "deploy.yml", "w43", {"environment": "prod"}, "t/1").id
    assert number is not None
    assert forge.run(EXPLORER, number).head_sha == parent


def test_a_dispatch_refuses_what_github_would_or_what_is_ours(scene: Stage, forge: Forge) -> None:
    with pytest.raises(ForgeRejected, match="`key`, which is ours"):
        forge.dispatch(EXPLORER, "deploy.yml", "main", {"key": "mine"}, "t/1")
    with pytest.raises(ForgeRejected, match="at most 24"):
        forge.dispatch(EXPLORER, "deploy.yml", "main", {f"i{n}": "x" for n in range(25)}, "t/1")
    with pytest.raises(ForgeRejected, match="No ref found for"):
        forge.dispatch(EXPLORER, "deploy.yml", "gone", {}, "t/1")
    with pytest.raises(ForgeNotFound, match="actions: write"):
        forge.dispatch(EXPLORER, "none.yml", "main", {}, "t/1")
    assert scene.world.writes() == []


def test_f55_a_deployment_is_exactly_its_commit_and_carries_its_key(scene: Stage, forge: Forge) -> None:
    made = forge.create_deployment(EXPLORER, HEAD, "prod", "t/1", "d" * 200, production=True)
    (entry,) = scene.world.writes(path="/deployments")
    assert (entry.body["auto_merge"], entry.body["required_contexts"]) == (False, [])
    assert (made.sha, made.key, len(made.description)) == (HEAD, "t/1", 140)
    found = forge.find_deployment(EXPLORER, "prod", "t/1", sha=HEAD)
    assert found is not None
    assert (found.id, found.status) == (made.id, None)
    assert forge.find_deployment(EXPLORER, "prod", "t/2") is None
    assert forge.find_deployment(EXPLORER, "qa", "t/1") is None


def test_a_status_is_written_only_when_it_changes(scene: Stage, forge: Forge) -> None:
    made = forge.create_deployment(EXPLORER, HEAD, "prod", "t/1")
    for state in ("in_progress", "in_progress", "success"):
        scene.clock.move(minutes=1)
        forge.set_deployment_status(EXPLORER, made.id, state, log_url="https://ci.example/1")
    assert [one.state for one in forge.deployment_statuses(EXPLORER, made.id)] == ["success", "in_progress"]
    found = forge.find_deployment(EXPLORER, "prod", "t/1")
    assert found is not None
    assert found.status is not None
    assert found.status.state == "success"


def test_a_202_is_no_deployment(scene: Stage, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """F55: GitHub merged and made none."""
    from stationmaster.hooks import forge_wire

    answered = forge_wire.Written(202, {"message": "Auto-merged main into late on deployment."})
    monkeypatch.setattr(forge._wire, "write", lambda *_: answered)
    with pytest.raises(ForgeConflict, match="Auto-merged"):
        forge.create_deployment(EXPLORER, HEAD, "prod", "t/1")


def test_f68_reads_follow_a_renamed_repository_and_writes_do_not(scene: Stage, forge: Forge) -> None:
    scene.world.rename(EXPLORER, "chanzuckerberg/explorer")
    assert [commit.sha for commit in forge.commits(EXPLORER, HEAD, 120)][:1] == [HEAD]
    assert len(forge.commits(EXPLORER, HEAD, 120)) == 120
    with pytest.raises(ForgeMoved, match="present name"):
        forge.dispatch(EXPLORER, "deploy.yml", "main", {}, "t/1")
    assert scene.world.writes() == []


def test_f68_an_archived_repository_refuses_writes(scene: Stage, forge: Forge) -> None:
    scene.world.archive(EXPLORER)
    with pytest.raises(ForgeForbidden, match="archived"):
        forge.move_branch(EXPLORER, "x", HEAD)


def test_f58_what_is_not_there_names_the_permission(forge: Forge) -> None:
    with pytest.raises(ForgeNotFound, match=r"'deployments: read' .*repo_deployment"):
        forge.deployed_sha("chanzuckerberg/nothing", "prod")


def test_f66_nothing_unchecked_is_ever_sent(scene: Stage, forge: Forge) -> None:
    with pytest.raises(InvalidSha):
        forge.create_deployment(EXPLORER, HEAD[:39], "prod", "t/1")
    with pytest.raises(ForgeRejected):
        forge.dispatch(EXPLORER, "../../dispatches", "main", {}, "t/1")
    assert scene.world.journal.entries() == []


def test_f50_a_deployment_by_another_hand_shows(scene: Stage, forge: Forge) -> None:
    scene.world.deploy(EXPLORER, "prod", HEAD, by="ana")
    running = forge.deployed_sha(EXPLORER, "prod")
    assert running is not None
    assert running.sha == HEAD
    assert scene.world.writes() == []
