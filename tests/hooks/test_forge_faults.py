"""The forge when GitHub fails: reads are patient, writes are sent once, and every lost write can be looked up."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from stationmaster.hooks.errors import (
    ForgeError,
    ForgeForbidden,
    ForgeOutcomeUnknown,
    ForgeRateLimited,
    ForgeUnauthorised,
    ForgeUnreachable,
    ForgeUnreadable,
)
from stationmaster.hooks.forge import Forge
from stationmaster.rehearsal.github.faults import Fault, FaultKind
from tests.rehearsal.github_fixtures import EXPLORER, HEAD, THURSDAY, Stage, stage

LOST: tuple[FaultKind, ...] = ("bad_gateway_after", "dropped_after", "garbled")


@pytest.fixture
def scene() -> Iterator[Stage]:
    with stage() as one:
        one.world.push(EXPLORER, branch="fix", title="A fix")
        yield one


@pytest.fixture
def forge(scene: Stage) -> Forge:
    return scene.forge()


def fix(forge: Forge) -> str:
    return forge.head(EXPLORER, "fix")


def write_branch(forge: Forge) -> Any:
    return forge.move_branch(EXPLORER, "staging", HEAD)


def write_tag(forge: Forge) -> Any:
    return forge.create_tag(EXPLORER, "w43", HEAD)


def write_merge(forge: Forge) -> Any:
    return forge.merge(EXPLORER, "main", fix(forge), "Back-merge")


def write_pull(forge: Forge) -> Any:
    return forge.open_pull(EXPLORER, "fix", "main", "x", "", "t/1")


def write_run(forge: Forge) -> Any:
    return forge.dispatch(EXPLORER, "deploy.yml", "main", {"environment": "prod"}, "t/1")


def write_deployment(forge: Forge) -> Any:
    return forge.create_deployment(EXPLORER, HEAD, "prod", "t/1")


WRITES: dict[str, tuple[Callable[[Forge], Any], Callable[[Forge], Any], str]] = {
    "move_branch": (write_branch, lambda forge: forge.find_branch(EXPLORER, "staging"), "/git/refs"),
    "create_tag": (write_tag, lambda forge: forge.find_tag(EXPLORER, "w43"), "/git/refs"),
    "merge": (write_merge, lambda forge: forge.relation(EXPLORER, "main", fix(forge)) == "behind", "/merges"),
    "open_pull": (write_pull, lambda forge: forge.find_pull(EXPLORER, "fix", "main", "t/1"), "/pulls"),
    "dispatch": (write_run, lambda forge: forge.find_runs(EXPLORER, "deploy.yml", "t/1", THURSDAY), "/dispatches"),
    "create_deployment": (
        write_deployment,
        lambda forge: forge.find_deployment(EXPLORER, "prod", "t/1"),
        "/deployments",
    ),
}


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("name", WRITES)
def test_f02_f03_a_lost_write_is_unknown_is_never_repeated_and_is_found(
    scene: Stage, forge: Forge, name: str, kind: FaultKind
) -> None:
    act, look_up, path = WRITES[name]
    assert not look_up(forge)
    scene.world.script(Fault(kind=kind, method="POST"))
    if name == "dispatch" and kind == "garbled":
        scene.world.dispatch_mode = "no_details"
    with pytest.raises(ForgeOutcomeUnknown) as lost:
        act(forge)
    assert lost.value.outcome_unknown
    assert look_up(forge)
    assert len(scene.world.writes(path=path, applied=None)) == 1


@pytest.mark.parametrize("kind", ["bad_gateway_before", "dropped_before", "unavailable_before"])
@pytest.mark.parametrize("name", WRITES)
def test_f03_a_write_that_never_happened_is_looked_up_then_repeated_once(
    scene: Stage, forge: Forge, name: str, kind: FaultKind
) -> None:
    act, look_up, path = WRITES[name]
    scene.world.script(Fault(kind=kind, method="POST"))
    with pytest.raises(ForgeOutcomeUnknown):
        act(forge)
    assert not look_up(forge)
    act(forge)
    assert look_up(forge)
    assert len(scene.world.writes(path=path)) == 1


def test_f03_a_time_out_after_the_write_is_unknown(scene: Stage) -> None:
    forge = scene.forge(timeout=1)
    scene.world.script(Fault(kind="hanging_after", method="POST", seconds=1.5))
    with pytest.raises(ForgeOutcomeUnknown, match="may have happened"):
        write_deployment(forge)
    assert forge.find_deployment(EXPLORER, "prod", "t/1") is not None


def test_the_client_that_the_provider_makes_would_have_posted_again(scene: Stage) -> None:
    """F03: the transport's own retries are off, whatever the client that it was made from had."""
    forge = Forge.from_client(scene.client(retry=3), now=scene.clock, sleep=scene.clock.sleep, pace=timedelta())
    scene.world.script(Fault(kind="bad_gateway_after", method="POST", times=3))
    with pytest.raises(ForgeOutcomeUnknown):
        write_deployment(forge)
    assert len(scene.world.deployments(EXPLORER, "prod")) == 2


def test_nothing_was_sent_when_nobody_listens(scene: Stage) -> None:
    import github

    client = github.Github(auth=github.Auth.Token("x"), base_url="http://127.0.0.1:9/api/v3", retry=None)
    forge = Forge.from_client(client, now=scene.clock, sleep=scene.clock.sleep, pace=timedelta())
    with pytest.raises(ForgeUnreachable) as refused:
        write_deployment(forge)
    assert not refused.value.outcome_unknown
    assert scene.clock.slept == []
    with pytest.raises(ForgeUnreachable):
        forge.commit(EXPLORER, HEAD)
    assert scene.clock.slept == [1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize("kind", ["bad_gateway_before", "unavailable_before", "dropped_before"])
def test_a_read_is_asked_again_after_a_failure(scene: Stage, forge: Forge, kind: FaultKind) -> None:
    scene.world.script(Fault(kind=kind, times=3))
    assert forge.commit(EXPLORER, HEAD).sha == HEAD
    assert scene.clock.slept == [1, 2, 4]


@pytest.mark.parametrize(
    ("kind", "slept"),
    [
        ("rate_limited", [20.0, 20.0]),
        ("secondary_limit", [20.0, 20.0]),
        ("primary_limit", [21.0, 21.0]),
        ("secondary_limit_silent", [60.0, 120.0]),
    ],
)
def test_f56_a_limited_read_waits_as_long_as_it_is_told(scene: Stage, kind: FaultKind, slept: list[float]) -> None:
    forge = scene.forge(patience=timedelta(minutes=5))
    scene.world.script(Fault(kind=kind, times=2, seconds=20))
    assert forge.commit(EXPLORER, HEAD).sha == HEAD
    assert scene.clock.slept == slept


def test_f56_patience_ends_with_the_instant_to_come_back(scene: Stage, forge: Forge) -> None:
    scene.world.script(Fault(kind="primary_limit", seconds=3600))
    with pytest.raises(ForgeRateLimited) as limited:
        forge.commit(EXPLORER, HEAD)
    assert limited.value.retry_at == THURSDAY + timedelta(seconds=3601)
    assert limited.value.transient
    assert scene.clock.slept == []


@pytest.mark.parametrize("kind", ["rate_limited", "primary_limit", "secondary_limit", "secondary_limit_silent"])
def test_f56_a_limited_write_did_not_happen_and_says_when(scene: Stage, forge: Forge, kind: FaultKind) -> None:
    scene.world.script(Fault(kind=kind, method="POST", seconds=20))
    with pytest.raises(ForgeRateLimited) as limited:
        write_deployment(forge)
    assert not limited.value.outcome_unknown
    assert limited.value.retry_at > THURSDAY
    assert scene.world.writes(path="/deployments") == []


def test_f56_writes_are_paced(scene: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("github.Requester.time.sleep", pauses.append)
    forge = scene.forge(pace=timedelta(seconds=30))
    forge.move_branch(EXPLORER, "a", HEAD)
    assert pauses == []
    forge.move_branch(EXPLORER, "b", HEAD)
    assert [round(pause) for pause in pauses] == [30]


def test_f56_what_has_not_changed_costs_nothing(scene: Stage, forge: Forge) -> None:
    first = forge.commits(EXPLORER, HEAD, 50)
    assert forge.commits(EXPLORER, HEAD, 50) == first
    assert [entry.status for entry in scene.world.journal.entries()] == [200, 304]
    scene.world.push(EXPLORER, title="x")
    assert forge.head(EXPLORER, "main") != HEAD


def test_f57_one_401_is_answered_with_fresh_credentials(scene: Stage) -> None:
    tokens = iter(["old", "new"])
    scene.world.grant("new")
    forge = Forge(
        connect=lambda: scene.client(next(tokens)), now=scene.clock, sleep=scene.clock.sleep, pace=timedelta()
    )
    assert write_deployment(forge).key == "t/1"
    assert [entry.status for entry in scene.world.writes(applied=None)] == [401, 201]


def test_f57_a_token_that_stays_wrong_says_so(scene: Stage, forge: Forge) -> None:
    forge.commit(EXPLORER, HEAD)
    scene.world.revoke("github-stand-in")
    with pytest.raises(ForgeUnauthorised, match="expired or revoked"):
        write_deployment(forge)
    with pytest.raises(ForgeUnauthorised):
        forge.head(EXPLORER, "main")


@pytest.mark.parametrize(("kind", "error"), [("forbidden", ForgeForbidden), ("garbled", ForgeUnreadable)])
def test_what_waiting_cannot_help_is_not_waited_for(
    scene: Stage, forge: Forge, kind: FaultKind, error: type[ForgeError]
) -> None:
    scene.world.script(Fault(kind=kind))
    with pytest.raises(error):
        forge.commit(EXPLORER, HEAD)
    assert scene.clock.slept == []


def test_f59_a_list_that_is_cut_short_is_unreadable(
    scene: Stage, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = scene.world.repository(EXPLORER).commit(HEAD).parents[0]
    real = forge._wire.read

    def short(path: str, query: Any = None) -> Any:
        return {**real(path, query), "commits": []}

    monkeypatch.setattr(forge._wire, "read", short)
    with pytest.raises(ForgeUnreadable, match="0 of 1 commits"):
        forge.compare(EXPLORER, base, HEAD)


@pytest.mark.parametrize("answer", [{"sha": HEAD}, [], {"object": {}}, None])
def test_f59_an_answer_with_a_field_missing_is_unreadable(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(forge._wire, "read", lambda *_: answer)
    with pytest.raises(ForgeUnreadable):
        forge.commit(EXPLORER, HEAD)
    with pytest.raises(ForgeUnreadable):
        forge.head(EXPLORER, "main")
    with pytest.raises(ForgeUnreadable):
        forge.run(EXPLORER, 1)
