"""Scripted failures of the stand-in GitHub, the journal that tells what really happened, and the control plane."""

from collections.abc import Iterator

import httpx
import pytest

from stationmaster.rehearsal.github.faults import HAPPENS, Fault, FaultKind
from tests.rehearsal.github_fixtures import EXPLORER, HEAD, Stage, stage

AT = f"/repos/{EXPLORER}"
REF = {"ref": "refs/heads/x", "sha": HEAD}


@pytest.fixture
def scene() -> Iterator[Stage]:
    with stage() as one:
        yield one


def create(scene: Stage) -> httpx.Response | None:
    """Create a branch; None when no answer came back."""
    try:
        return scene.request("POST", f"{AT}/git/refs", json=REF, timeout=2)
    except httpx.TransportError:
        return None


def exists(scene: Stage) -> bool:
    return "heads/x" in scene.world.repository(EXPLORER).record.refs


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("rate_limited", 429),
        ("primary_limit", 403),
        ("secondary_limit", 403),
        ("secondary_limit_silent", 403),
        ("unauthorised", 401),
        ("forbidden", 403),
        ("hidden", 404),
        ("bad_gateway_before", 502),
        ("bad_gateway_after", 502),
        ("unavailable_before", 503),
        ("dropped_before", None),
        ("dropped_after", None),
        ("garbled", 200),
    ],
)
def test_the_journal_says_whether_a_write_took_effect(scene: Stage, kind: FaultKind, status: int | None) -> None:
    """F02, F03: what the caller sees and what happened are two things, and the journal holds the second."""
    scene.world.script(Fault(kind=kind, method="POST", path="/git/refs"))
    answer = create(scene)
    assert (answer.status_code if answer is not None else None) == status
    assert exists(scene) == (kind in HAPPENS)
    (entry,) = scene.world.writes(applied=None)
    assert (entry.applied, entry.fault, entry.body) == (kind in HAPPENS, kind, REF)


def test_a_hanging_write_has_happened(scene: Stage) -> None:
    scene.world.script(Fault(kind="hanging_after", seconds=0.4))
    with pytest.raises(httpx.TimeoutException):
        scene.request("POST", f"{AT}/git/refs", json=REF, timeout=0.1)
    assert exists(scene)


def test_limits_tell_when_to_come_back(scene: Stage) -> None:
    for kind in ("rate_limited", "secondary_limit"):
        scene.world.script(Fault(kind=kind, seconds=7))
        assert scene.request("GET", AT).headers["retry-after"] == "7"
    scene.world.script(Fault(kind="primary_limit", seconds=90))
    answer = scene.request("GET", AT)
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert int(answer.headers["x-ratelimit-reset"]) == int(scene.clock().timestamp()) + 90
    scene.world.script(Fault(kind="secondary_limit_silent"))
    assert "retry-after" not in scene.request("GET", AT).headers


def test_a_fault_hits_what_it_names_as_often_as_it_says(scene: Stage) -> None:
    scene.world.script(Fault(kind="hidden", method="GET", path="/commits$", times=2))
    statuses = [scene.request("GET", f"{AT}{path}").status_code for path in ("/commits", "", "/commits", "/commits")]
    assert statuses == [404, 200, 404, 200]


def test_a_refused_write_is_not_applied(scene: Stage) -> None:
    scene.request("POST", f"{AT}/git/refs", json={**REF, "sha": "0" * 40})
    assert [entry.status for entry in scene.world.writes(applied=False)] == [422]
    assert scene.world.writes() == []


def test_the_journal_keeps_no_token(scene: Stage) -> None:
    """F74: no header is kept."""
    scene.request("POST", f"{AT}/git/refs", json=REF)
    assert "github-stand-in" not in "".join(entry.model_dump_json() for entry in scene.world.journal.entries())


def control(scene: Stage, method: str, name: str, **body: object) -> httpx.Response:
    return scene.http.request(method, f"{scene.url}/_control/{name}", json=body or None)


def test_the_control_plane_scripts_the_world(scene: Stage) -> None:
    assert control(scene, "GET", "world").json()["repositories"][EXPLORER]["main"] == HEAD
    pushed = control(scene, "POST", "push", repo=EXPLORER, title="A fix").json()["sha"]
    assert control(scene, "GET", "world").json()["repositories"][EXPLORER]["main"] == pushed
    control(scene, "POST", "checks", repo=EXPLORER, sha=pushed, state="red")
    runs = scene.request("GET", f"{AT}/commits/{pushed}/check-runs").json()["check_runs"]
    assert [run["conclusion"] for run in runs] == ["success", "failure"]
    control(scene, "POST", "deploy", repo=EXPLORER, environment="prod", sha=pushed, by="ana")
    assert control(scene, "GET", "world").json()["repositories"][EXPLORER]["environments"]["prod"] == pushed
    rewritten = control(scene, "POST", "force-push", repo=EXPLORER, drop=1).json()["sha"]
    assert scene.request("GET", f"{AT}/compare/{pushed}...{rewritten}").json()["status"] == "diverged"
    control(scene, "POST", "archive", repo=EXPLORER)
    assert create(scene).status_code == 403  # type: ignore[union-attr]
    control(scene, "POST", "revoke", token="github-stand-in")
    assert scene.request("GET", AT).status_code == 401
    control(scene, "POST", "grant", token="new-one", login="ana")
    assert scene.request("GET", "/user", token="new-one").json()["login"] == "ana"


def test_the_control_plane_holds_the_script_and_the_journal(scene: Stage) -> None:
    assert len(control(scene, "POST", "faults", kind="hidden", times=2).json()) == 1
    assert control(scene, "GET", "faults").json()[0]["times"] == 2
    assert control(scene, "DELETE", "faults").json() == []
    create(scene)
    (entry,) = scene.http.get(f"{scene.url}/_control/journal", params={"writes": 1}).json()
    assert (entry["method"], entry["applied"], entry["at"]) == ("POST", True, "2021-10-28T18:00:00Z")
    assert scene.http.get(f"{scene.url}/_control/journal", params={"since": entry["seq"]}).json() == []


@pytest.mark.parametrize(
    ("method", "name", "body", "status", "message"),
    [
        ("POST", "nothing", {}, 404, "no POST /_control/nothing"),
        ("POST", "push", {"repo": "acme/none", "title": "x"}, 422, "acme/none"),
        ("POST", "push", {"repo": EXPLORER}, 422, "title"),
        ("POST", "faults", {"kind": "earthquake"}, 422, "earthquake"),
        ("POST", "checks", {"repo": EXPLORER, "sha": HEAD, "state": "blue"}, 422, "blue"),
        ("POST", "checks", {"repo": EXPLORER, "sha": "f" * 40, "state": "red"}, 422, "no commit"),
    ],
)
def test_the_control_plane_refuses_clearly(
    scene: Stage, method: str, name: str, body: dict[str, str], status: int, message: str
) -> None:
    answer = control(scene, method, name, **body)
    assert (answer.status_code, message in answer.json()["error"]) == (status, True), answer.text
