"""When the forge waits and for how long, what its errors say, and which names it lets through."""

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.core.manifest import InvalidRef, InvalidRepository, InvalidSha
from stationmaster.hooks import errors, forge_names
from stationmaster.hooks.forge_errors import error_of, permission_for, scrub
from stationmaster.hooks.forge_retry import Answer, failure_pause, rate_limit_pause

NOW = datetime(2021, 10, 28, 18, 0, tzinfo=UTC)
DATE = "Thu, 28 Oct 2021 18:00:00 GMT"
SECONDARY = '{"message": "You have exceeded a secondary rate limit."}'


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (429, {"retry-after": "7"}, "{}", 7),
        (403, {"retry-after": "30"}, SECONDARY, 30),
        (429, {"retry-after": "Thu, 28 Oct 2021 18:02:00 GMT", "date": DATE}, "{}", 120),
        (429, {"retry-after": "soon"}, "{}", 60),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 90)}, "{}", 91),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) - 90)}, "{}", 1),
        (403, {"x-ratelimit-remaining": "4999"}, SECONDARY, 240),
        (429, {}, "{}", 240),
        (403, {"x-ratelimit-remaining": "4999"}, '{"message": "Resource not accessible"}', None),
        (502, {"retry-after": "7"}, "{}", None),
    ],
)
def test_f56_each_kind_of_limit_has_its_pause(
    status: int, headers: dict[str, str], body: str, seconds: float | None
) -> None:
    pause = rate_limit_pause(Answer(status, headers, body), attempt=2, now=NOW)
    assert pause == (None if seconds is None else timedelta(seconds=seconds))


def test_a_reset_is_held_against_the_servers_own_date() -> None:
    """A rehearsal lives at another date than the machine that asks."""
    reset = str(int(NOW.timestamp()) + 90)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset, "date": DATE}
    pause = rate_limit_pause(Answer(403, headers, "{}"), attempt=0, now=NOW + timedelta(days=400))
    assert pause == timedelta(seconds=91)


def test_failed_reads_wait_longer_each_time() -> None:
    assert [failure_pause(attempt).total_seconds() for attempt in range(4)] == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("verb", "status", "kind"),
    [
        ("GET", 301, errors.ForgeMoved),
        ("POST", 307, errors.ForgeMoved),
        ("GET", 401, errors.ForgeUnauthorised),
        ("GET", 403, errors.ForgeForbidden),
        ("GET", 404, errors.ForgeNotFound),
        ("GET", 410, errors.ForgeNotFound),
        ("PUT", 405, errors.ForgeConflict),
        ("POST", 409, errors.ForgeConflict),
        ("POST", 400, errors.ForgeRejected),
        ("POST", 422, errors.ForgeRejected),
        ("GET", 451, errors.ForgeForbidden),
        ("GET", 503, errors.ForgeUnreachable),
        ("POST", 503, errors.ForgeOutcomeUnknown),
        ("GET", 418, errors.ForgeUnreadable),
    ],
)
def test_each_status_has_its_error_and_only_lost_writes_are_unknown(
    verb: str, status: int, kind: type[errors.ForgeError]
) -> None:
    error = error_of(verb, "/repos/a/b", Answer(status, {}, '{"message": "no"}'), now=NOW, pause=None)
    assert type(error) is kind
    assert error.outcome_unknown == (kind is errors.ForgeOutcomeUnknown)
    assert error.status == status
    assert f"{verb} /repos/a/b answered {status}: no" in str(error)


def test_codes_and_words_of_a_refusal_are_kept() -> None:
    body = (
        '{"message": "Validation Failed", "errors": ['
        '{"resource": "Release", "code": "already_exists", "field": "tag_name"},'
        ' {"code": "custom", "message": "No commits between main and x"}, "plain"]}'
    )
    error = error_of("POST", "/repos/a/b/releases", Answer(422, {}, body), now=NOW, pause=None)
    assert error.codes == ("already_exists", "custom")
    assert "Release.tag_name already_exists; No commits between main and x; plain" in error.message


@pytest.mark.parametrize(
    ("verb", "path", "permission"),
    [
        ("GET", "/repos/a/b/commits/x/check-runs", "checks: read"),
        ("GET", "/repos/a/b/commits/x/status", "commit statuses: read"),
        ("POST", "/repos/a/b/deployments", "deployments: write"),
        ("GET", "/repos/a/b/deployments/1/statuses", "deployments: read"),
        ("POST", "/repos/a/b/actions/workflows/x.yml/dispatches", "actions: write"),
        ("PUT", "/repos/a/b/pulls/1/merge", "pull requests: write"),
        ("PATCH", "/repos/a/b/git/refs/heads/x", "contents: write"),
        ("POST", "/repos/a/b/merges", "contents: write"),
        ("GET", "/repos/a/b", "metadata: read"),
    ],
)
def test_f58_a_hidden_object_names_the_permission(verb: str, path: str, permission: str) -> None:
    error = error_of(verb, path, Answer(404, {}, '{"message": "Not Found"}'), now=NOW, pause=None)
    assert permission_for(verb, path) in error.message
    assert permission in error.message


def test_f74_tokens_never_reach_a_message() -> None:
    tokens = [
        "ghp_" + "a" * 36,
        "github_pat_" + "b" * 40,
        "ghs_" + "c" * 36,
        "eyJhbGciOiJSUzI1.eyJpc3MiOiIx.c2ln",
        "Bearer xyz",
    ]
    text = scrub(f"sent {' '.join(tokens)} and hunter22", "hunter22")
    assert text == "sent *** *** *** *** Bearer *** and ***"
    body = '{"message": "bad token ghp_' + "a" * 36 + ' or sesame-42"}'
    error = error_of("GET", "/user", Answer(403, {}, body), now=NOW, pause=None, secrets=("sesame-42",))
    assert "ghp_" not in str(error)
    assert "sesame-42" not in str(error)


@pytest.mark.parametrize("name", ["a", "a/b/c", "../b", "a/..", "a/b?x=1", "a b/c", "a/b\n", "ａ/b", "-a/b"])
def test_f66_repositories_are_checked_before_they_enter_a_path(name: str) -> None:
    with pytest.raises(InvalidRepository):
        forge_names.repository(name)


@pytest.mark.parametrize("name", ["../x", "a b", "a;b", "-x", "a@{1}", "x.lock", "аdmin"])
def test_f66_refs_and_workflows_are_checked_too(name: str) -> None:
    with pytest.raises(InvalidRef):
        forge_names.branch(name)
    if name not in ("x.lock", "-x"):
        with pytest.raises(errors.ForgeRejected):
            forge_names.workflow(name)


@pytest.mark.parametrize("sha", ["a" * 39, "A" * 40, "a" * 41, "main", "g" * 40])
def test_f66_shas_are_whole(sha: str) -> None:
    with pytest.raises(InvalidSha):
        forge_names.commit(sha)


@pytest.mark.parametrize("number", [0, -1, True, "1", 1.5])
def test_f66_numbers_are_numbers(number: object) -> None:
    with pytest.raises(errors.ForgeRejected):
        forge_names.number(number)


def test_a_key_is_found_as_a_whole() -> None:
    """The first attempt's key is the beginning of the tenth's."""
    assert forge_names.carries("Deploy prod [t/2021-W43/explorer/1]", "t/2021-W43/explorer/1")
    assert forge_names.carries("t/1.", "t/1")
    assert not forge_names.carries("Deploy t/2021-W43/explorer/10", "t/2021-W43/explorer/1")
    assert not forge_names.carries("Deploy at/1", "t/1")
    assert not forge_names.carries("Deploy t/1.2", "t/1")
