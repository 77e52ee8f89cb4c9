"""Requests of other systems: signed, fresh and small, or refused; each of them with its own answer (D-17, D-18)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from stationmaster import clock, settings
from stationmaster.config.loader import load
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.serving import serve
from stationmaster.watches import alerts
from stationmaster.webhooks.app import PREFIX, app
from stationmaster.webhooks.signatures import FRESH
from stationmaster.work.context import Desk
from tests.departures.week import INCLUDE

SECRET = "a secret of the alarms"
PATH = "/alerts/hausmeister/alarms"
MORE = """\
  pages:
    title: Pages
    kind: alerts
    role: hausmeister
    channel: alarms
    sources:
      - {kind: webhook, connection: hausmeister_alarms, format: pagerduty}
      - {kind: webhook, connection: hausmeister_alarms, format: alertmanager}
"""


def signed(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """Sign a request as a system of the team's own does, by what docs/watches.md says."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"v1:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-stationmaster-timestamp": stamp, "x-stationmaster-signature": f"v1={digest}"}


@pytest.fixture(scope="module")
def url():
    with serve(Starlette(routes=[Mount(PREFIX, app)])) as base:
        yield f"{base}{PREFIX}"


@pytest.fixture
def desk(tmp_path: Path, sqlite_template: Path, monkeypatch) -> Desk:
    include = tmp_path / "include"
    for folder in ("teams", "rotations", "runbooks", "templates", "watches"):
        shutil.copytree(INCLUDE / folder, include / folder)
    watches = include / "watches/hausmeister.yaml"
    watches.write_text(watches.read_text() + MORE)
    place = tmp_path / "ledger.db"
    shutil.copyfile(sqlite_template, place)
    monkeypatch.setenv(settings.INCLUDE_VARIABLE, str(include))
    monkeypatch.setenv(settings.LEDGER_VARIABLE, f"sqlite:///{place}")
    monkeypatch.setenv("AIRFLOW_CONN_HAUSMEISTER_ALARMS", json.dumps({"conn_type": "http", "password": SECRET}))
    team = load(include, ["hausmeister"]).team("hausmeister")
    return Desk(team=team, ledger=Ledger.at(f"sqlite:///{place}"))


def _alert(name: str = "a1", status: str = "firing", *, ago: float = 0, **more: Any) -> bytes:
    at = (clock.now() - timedelta(minutes=ago)).isoformat()
    return json.dumps(
        {"id": name, "status": status, "at": at, "title": "disk", "severity": "critical", **more}
    ).encode()


def _send(url: str, body: bytes, headers: dict[str, str] | None = None, path: str = PATH) -> httpx.Response:
    return httpx.post(f"{url}{path}", content=body, headers=headers or signed(SECRET, body, clock.now()), timeout=60)


def _fires(desk: Desk, watch: str = "alarms") -> list[str]:
    return [event.alert for group, _ in alerts.fires(desk, desk.team.watches[watch]) for event in group.alerts]


def test_d18_a_signed_alert_is_taken_once(url: str, desk: Desk) -> None:
    body = _alert()
    assert _send(url, body).status_code == 202
    assert _send(url, body).status_code == 202
    assert _fires(desk) == ["a1"]
    assert len(alerts.AlertBook(desk, "alarms").events) == 1


def test_d18_the_order_in_which_they_come_changes_nothing(url: str, desk: Desk) -> None:
    for body in (_alert("a1", "resolved", ago=1), _alert("a1", ago=2), _alert("a2", ago=3)):
        assert _send(url, body).status_code == 202
    assert _fires(desk) == ["a2"]


@pytest.mark.parametrize(
    "how", ["nothing", "another secret", "another body", "no stamp", "old", "to come", "odd stamp"]
)
def test_d18_a_forged_or_an_old_request_is_refused_and_changes_nothing(url: str, desk: Desk, how: str) -> None:
    body, now = _alert(), clock.now()
    late = FRESH + timedelta(seconds=30)
    headers = {
        "nothing": {"content-type": "application/json"},
        "another secret": signed("guess", body, now),
        "another body": signed(SECRET, _alert("other"), now),
        "no stamp": {"x-stationmaster-signature": signed(SECRET, body, now)["x-stationmaster-signature"]},
        "old": signed(SECRET, body, now - late),
        "to come": signed(SECRET, body, now + late),
        "odd stamp": {**signed(SECRET, body, now), "x-stationmaster-timestamp": "1e9"},
    }[how]
    answer = _send(url, body, headers)
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert _fires(desk) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"<html>", 422),
        (b"[" * 100_000, 422),
        (b'{"id": "a1", "status": "on"}', 422),
        (b"\xff\xfe", 422),
        (b"x" * (256 * 1024 + 1), 413),
    ],
)
def test_d18_what_is_malformed_or_huge_has_its_own_answer(url: str, desk: Desk, body: bytes, status: int) -> None:
    assert _send(url, body).status_code == status
    assert _fires(desk) == []


def test_d18_a_body_without_a_length_is_bounded_too(url: str, desk: Desk) -> None:
    def pieces():
        for _ in range(100):
            yield b"x" * 8192

    assert httpx.post(f"{url}{PATH}", content=pieces(), timeout=60).status_code == 413


@pytest.mark.parametrize("length", [b"\xb2", b"9" * 5000, b"-1", b"1e3"])
def test_d18_a_length_that_is_no_number_is_refused_before_a_byte_is_read(length: bytes) -> None:
    said: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    async def receive() -> dict[str, Any]:
        raise AssertionError("nothing is read")

    scope = {"type": "http", "method": "POST", "path": PATH, "headers": [(b"content-length", length)]}
    asyncio.run(app(scope, receive, send))
    assert said[0]["status"] == 413


@pytest.mark.parametrize(
    "path",
    [
        "/alerts/hausmeister/nothing",
        "/alerts/nobody/alarms",
        "/alerts/hausmeister/issues",
        "/",
        "/alerts/../x/y",
        "/a/b/c",
    ],
)
def test_d18_an_address_that_is_none_is_not_found(url: str, desk: Desk, path: str) -> None:
    assert _send(url, _alert(), path=path).status_code == 404


def test_d18_only_post_is_taken(url: str, desk: Desk) -> None:
    assert httpx.get(f"{url}{PATH}").status_code == 405


def test_d18_without_its_secret_an_address_takes_nothing(url: str, desk: Desk, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HAUSMEISTER_ALARMS", json.dumps({"conn_type": "http"}))
    assert _send(url, _alert(), signed("", _alert(), clock.now())).status_code == 503
    assert _fires(desk) == []


def _pagerduty(kind: str = "incident.triggered", *, ago: timedelta = timedelta(0)) -> bytes:
    at = (clock.now() - ago).isoformat()
    data = {"id": "Q1", "title": "down", "created_at": at, "urgency": "high", "service": {"summary": "itaipu"}}
    return json.dumps({"event": {"id": "e", "event_type": kind, "occurred_at": at, "data": data}}).encode()


def _signature(body: bytes, secret: str = SECRET) -> str:
    return f"v1={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def test_d18_pagerdutys_own_signature_is_checked_whichever_of_its_secrets_it_uses(url: str, desk: Desk) -> None:
    path, body = "/alerts/hausmeister/pages", _pagerduty()
    wrong, right = _signature(body, "old"), _signature(body)
    assert _send(url, body, {"x-pagerduty-signature": wrong}, path).status_code == 401
    assert _fires(desk, "pages") == []
    assert _send(url, body, {"x-pagerduty-signature": f"{wrong},{right}"}, path).status_code == 202
    assert _fires(desk, "pages") == ["Q1"]
    old = _pagerduty(ago=timedelta(days=2))
    assert _send(url, old, {"x-pagerduty-signature": _signature(old)}, path).status_code == 401


def test_d18_alertmanager_sends_a_token(url: str, desk: Desk) -> None:
    alert = {"status": "firing", "labels": {"alertname": "x", "severity": "page"}, "startsAt": clock.now().isoformat()}
    body, path = json.dumps({"alerts": [{**alert, "fingerprint": "f1"}]}).encode(), "/alerts/hausmeister/pages"
    assert _send(url, body, {"authorization": "Bearer guess"}, path).status_code == 401
    assert _send(url, body, {"authorization": f"Bearer {SECRET}"}, path).status_code == 202
    assert _fires(desk, "pages") == ["f1"]


def test_d17_a_heartbeat_that_no_check_waits_for_is_not_taken(url: str, desk: Desk) -> None:
    assert _send(url, b"", path="/heartbeats/hausmeister/nightly").status_code == 404


def test_d17_a_signed_heartbeat_is_kept(desk: Desk) -> None:
    from types import SimpleNamespace

    from stationmaster.checks import run
    from stationmaster.config.checks_by_machine import HeartbeatCheck
    from stationmaster.webhooks.receiving import heartbeat

    check = HeartbeatCheck(kind="heartbeat", name="nightly", every=timedelta(hours=1), connection="hausmeister_alarms")
    desk.files = SimpleNamespace(id="hausmeister", chores={"x": SimpleNamespace(check=check)})
    assert heartbeat(desk, "nightly", signed("guess", b"", clock.now()), b"").status == 401
    assert run(desk, check, "x").ok is False
    assert heartbeat(desk, "nightly", signed(SECRET, b"", clock.now()), b"").status == 202
    assert run(desk, check, "x").ok is True


def test_the_plugin_serves_the_addresses() -> None:
    from stationmaster.airflow_plugin import StationmasterPlugin

    (served,) = StationmasterPlugin.fastapi_apps
    assert served["app"] is app
    assert served["url_prefix"] == PREFIX
