"""Addresses in place of a person's look: bounded in time and size, and never led away (T-13, T-16)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from stationmaster.checks import run
from stationmaster.config.checks_by_machine import HttpCheck
from stationmaster.rehearsal.serving import serve


def _app() -> Starlette:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.1)

    async def flood() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0)

    def status(request: Request) -> Response:
        return PlainTextResponse("no", status_code=int(request.path_params["code"]))

    def to(request: Request) -> Response:
        return RedirectResponse(request.query_params["there"])

    def who(request: Request) -> Response:
        return PlainTextResponse(request.headers.get("authorization", "nobody"))

    return Starlette(
        routes=[
            Route("/fine", lambda _: JSONResponse({"backup": {"age": 3}})),
            Route("/drip", lambda _: StreamingResponse(drip())),
            Route("/flood", lambda _: StreamingResponse(flood())),
            Route("/status/{code}", status),
            Route("/to", to),
            Route("/who", who),
            Route("/again", lambda _: RedirectResponse("/again")),
        ]
    )


@pytest.fixture(scope="module")
def url():
    with serve(_app()) as base:
        yield base


def _look(office, url: str, path: str, **how: Any) -> Any:
    check = HttpCheck.model_validate({"kind": "http", "url": f"{url}{path}", "timeout": "2s", **how})
    return run(office.desk(), check, "a chore")


def test_t16_an_answer_is_judged_by_its_status_and_its_field(office, url) -> None:
    assert _look(office, url, "/fine").ok is True
    assert _look(office, url, "/fine", answer={"reads": "number", "field": "backup.age", "at_most": 2}).ok is False
    assert _look(office, url, "/status/500").ok is False
    assert _look(office, url, "/status/204", status=204).ok is True


@pytest.mark.parametrize(("path", "says"), [("/drip", "within 2s"), ("/flood", "1024 KiB")])
def test_t16_a_probe_that_never_ends_or_floods_is_given_up(office, url, path, says) -> None:
    found = _look(office, url, path)
    assert found.ok is None
    assert says in found.sentence


@pytest.mark.parametrize("there", ["https://example.org/", "file:///etc/passwd", "http://localhost:1/", "/again"])
def test_t16_a_redirect_leads_to_no_other_place_and_not_on_for_ever(office, url, there) -> None:
    found = _look(office, url, f"/to?there={there}")
    assert found.ok is None
    assert "leads on" in found.sentence


def test_t16_a_redirect_on_the_same_host_is_followed(office, url) -> None:
    assert _look(office, url, "/to?there=/fine").ok is True


def test_f74_the_token_comes_from_a_connection_and_a_missing_one_is_said(office, url, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BACKUPS", json.dumps({"conn_type": "http", "password": "s3cret"}))
    assert _look(office, url, "/who", connection="backups", answer={"contains": "Bearer s3cret"}).ok is True
    found = _look(office, url, "/who", connection="no_such_connection")
    assert found.ok is None
    assert "no_such_connection" in found.sentence


def test_t16_nobody_answers(office) -> None:
    assert _look(office, "http://127.0.0.1:9", "/").ok is None
