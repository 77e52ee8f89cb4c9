"""The forge through the provider's hook and an Airflow connection; tokens stay where they are."""

import json
import logging
import traceback
from collections.abc import Iterator

import pytest

from stationmaster.hooks.errors import ForgeConnectionMissing, ForgeError, ForgeUnauthorised
from stationmaster.hooks.forge import Forge
from stationmaster.rehearsal.github.faults import Fault, FaultKind
from tests.rehearsal.github_fixtures import EXPLORER, HEAD, Stage, stage

TOKEN = "ghp_" + "s3cr3tS3cr3t" * 3


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with stage() as one:
        one.world.grant(TOKEN, "stationmaster[bot]")
        connect(monkeypatch, one, TOKEN)
        yield one


def connect(monkeypatch: pytest.MonkeyPatch, scene: Stage, token: str) -> None:
    value = {"conn_type": "github", "host": scene.api, "password": token}
    monkeypatch.setenv("AIRFLOW_CONN_GITHUB_DEFAULT", json.dumps(value))


def test_the_connection_gives_address_and_token(scene: Stage) -> None:
    identity = Forge().identity()
    assert (identity.login, identity.bot, identity.scopes) == (
        "stationmaster[bot]",
        True,
        ("admin:repo_hook", "repo", "workflow"),
    )


def test_nothing_is_opened_before_the_first_call() -> None:
    assert repr(Forge("nowhere")) == "Forge(conn_id='nowhere')"


def test_f57_a_token_that_was_changed_is_taken_up(scene: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = Forge()
    assert forge.head(EXPLORER, "main") == HEAD
    scene.world.revoke(TOKEN)
    scene.world.grant("another")
    connect(monkeypatch, scene, "another")
    assert forge.head(EXPLORER, "main") == HEAD


def test_a_connection_that_is_missing_or_empty_says_what_to_do(monkeypatch: pytest.MonkeyPatch, scene: Stage) -> None:
    with pytest.raises(ForgeConnectionMissing, match="'github_elsewhere' is not defined"):
        Forge("github_elsewhere").head(EXPLORER, "main")
    connect(monkeypatch, scene, "")
    with pytest.raises(ForgeConnectionMissing, match="Put a token into its password"):
        Forge().head(EXPLORER, "main")


FAULTS: tuple[FaultKind, ...] = ("forbidden", "bad_gateway_after", "dropped_after", "hidden", "rate_limited", "garbled")


@pytest.mark.parametrize("kind", FAULTS)
def test_f74_no_token_reaches_a_log_or_an_exception(
    scene: Stage, caplog: pytest.LogCaptureFixture, kind: FaultKind
) -> None:
    caplog.set_level(logging.DEBUG)
    forge = Forge(sleep=lambda _: None)
    scene.world.script(Fault(kind=kind, method="POST"))
    with pytest.raises(ForgeError) as failed:
        forge.create_deployment(EXPLORER, HEAD, "prod", "t/1")
    told = "".join(traceback.format_exception(failed.value)) + caplog.text + repr(failed.value) + repr(forge)
    assert TOKEN not in told
    assert "create_deployment" in told


def test_f74_a_refused_token_is_not_repeated_in_the_refusal(scene: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene.world.revoke(TOKEN)
    with pytest.raises(ForgeUnauthorised) as failed:
        Forge().head(EXPLORER, "main")
    assert TOKEN not in "".join(traceback.format_exception(failed.value)) + caplog.text
