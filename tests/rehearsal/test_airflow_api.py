"""The client of Airflow's REST API, against answers of the shapes that Airflow gives. Real ones: tests/e2e."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from stationmaster.rehearsal.airflow_api import (
    PAGE,
    AirflowApi,
    AirflowApiError,
    AirflowConflict,
    AirflowForbidden,
    AirflowNotFound,
    AirflowUnreachable,
    NotReady,
)
from stationmaster.rehearsal.airflow_wire import READS
from stationmaster.rehearsal.embedded.ports import choose_port
from stationmaster.rehearsal.serving import serve

Handler = Callable[[Request, Any], Response]


class Airflow:
    """Answers by method and path; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Handler] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.valid_tokens: set[str] = set()
        self.logins = 0

    def on(self, method: str, path: str, answer: Any, status: int = 200) -> None:
        self.answers[method, path] = lambda request, body: JSONResponse(answer, status)

    async def answer(self, request: Request) -> Response:
        body = await request.json() if await request.body() else None
        path = request.scope["raw_path"].decode()
        if path == "/auth/token":
            self.logins += 1
            if body["password"] != "right":
                return JSONResponse({"detail": "Invalid credentials"}, 401)
            self.valid_tokens = {f"token-{self.logins}"}
            return JSONResponse({"access_token": f"token-{self.logins}"}, 201)
        self.asked.append((request.method, path, body))
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid_tokens:
            return JSONResponse({"detail": "Invalid or expired token"}, 401)
        handler = self.answers.get((request.method, path))
        return handler(request, body) if handler else JSONResponse({"detail": f"{path} was not found"}, 404)


@pytest.fixture
def airflow() -> Airflow:
    return Airflow()


@pytest.fixture
def api(airflow: Airflow) -> Iterator[AirflowApi]:
    methods = ["GET", "POST", "PATCH", "PUT"]
    app = Starlette(routes=[Route("/{path:path}", airflow.answer, methods=methods)])
    with serve(app) as url, AirflowApi(base_url=url, user="amara", password="right") as client:
        yield client


def _task(index: int) -> dict[str, Any]:
    return {
        "id": f"id-{index}",
        "dag_id": "d",
        "dag_run_id": "r",
        "task_id": "ballot",
        "map_index": index,
        "rendered_map_index": f"voter {index}",
        "state": "awaiting_input",
        "try_number": 1,
        "something_new": True,
    }


def test_every_page_is_read(airflow: Airflow, api: AirflowApi) -> None:
    rows = [_task(index) for index in range(2 * PAGE + 3)]

    def page(request: Request, body: Any) -> Response:
        start, count = int(request.query_params["offset"]), int(request.query_params["limit"])
        return JSONResponse({"task_instances": rows[start : start + count], "total_entries": len(rows)})

    airflow.answers["GET", "/api/v2/dags/d/dagRuns/r/taskInstances"] = page
    tasks = api.task_instances("d", "r")
    assert [task.map_index for task in tasks] == list(range(2 * PAGE + 3))
    assert tasks[7].label == "ballot[7]"


def test_an_expired_token_is_renewed_once(airflow: Airflow, api: AirflowApi) -> None:
    airflow.on("GET", "/api/v2/dags", {"dags": []})
    assert api.dags() == ()
    airflow.valid_tokens = set()
    assert api.dags() == ()
    assert airflow.logins == 2


def test_a_wrong_password_is_said_without_the_password(airflow: Airflow, api: AirflowApi) -> None:
    api._password = "wrong-secret"
    with pytest.raises(AirflowForbidden, match="log in as amara") as refusal:
        api.dags()
    assert "wrong-secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, AirflowForbidden),
        (404, AirflowNotFound),
        (409, AirflowConflict),
        (422, AirflowApiError),
        (500, AirflowApiError),
    ],
)
def test_each_refusal_has_its_error_with_airflows_own_words(
    airflow: Airflow, api: AirflowApi, status: int, error: type[AirflowApiError]
) -> None:
    path = "/api/v2/dags/d/dagRuns/r/taskInstances/ballot/2/hitlDetails"
    airflow.on("PATCH", path, {"detail": "Human-in-the-loop detail has already been updated"}, status)
    with pytest.raises(error, match="already been updated") as refusal:
        api.answer("d", "r", "ballot", ["LGTM"], map_index=2)
    assert type(refusal.value) is error
    assert refusal.value.status == status


def test_an_answer_carries_the_options_and_the_form(airflow: Airflow, api: AirflowApi) -> None:
    path = "/api/v2/dags/d/dagRuns/r/taskInstances/confirm/-1/hitlDetails"
    airflow.on("PATCH", path, {})
    api.answer("d", "r", "confirm", ["Go"], params={"reason": "all green"})
    assert airflow.asked[-1] == ("PATCH", path, {"chosen_options": ["Go"], "params_input": {"reason": "all green"}})


def test_a_trigger_sends_only_what_was_said(airflow: Airflow, api: AirflowApi) -> None:
    run = {
        "dag_id": "team.train/x",
        "dag_run_id": "r",
        "state": "queued",
        "logical_date": None,
        "start_date": None,
        "end_date": None,
        "conf": {},
        "note": None,
        "triggering_user_name": "amara",
    }
    airflow.on("POST", "/api/v2/dags/d/dagRuns", run)
    assert api.trigger("d").triggering_user_name == "amara"
    assert airflow.asked[-1][2] == {"logical_date": None}
    api.trigger("d", conf={"skip": True}, logical_date=datetime(2021, 11, 4, 16, tzinfo=UTC), run_id="r")
    assert airflow.asked[-1][2] == {
        "logical_date": "2021-11-04T16:00:00+00:00",
        "conf": {"skip": True},
        "dag_run_id": "r",
    }


def test_a_run_id_cannot_leave_its_place_in_the_path(airflow: Airflow, api: AirflowApi) -> None:
    """F66: ids are quoted, so that "../" names no other resource."""
    with pytest.raises(AirflowNotFound):
        api.run("d", "../../pools")
    assert airflow.asked[-1][1] == "/api/v2/dags/d/dagRuns/..%2F..%2Fpools"


def test_f32_a_state_is_set_by_hand_on_the_mapped_instance(airflow: Airflow, api: AirflowApi) -> None:
    airflow.on("PATCH", "/api/v2/dags/d/dagRuns/r/taskInstances/quorum", {})
    airflow.on("PATCH", "/api/v2/dags/d/dagRuns/r/taskInstances/ballot/3", {})
    api.mark_success("d", "r", "quorum")
    api.set_state("d", "r", "ballot", "skipped", map_index=3)
    assert [body for _, _, body in airflow.asked] == [{"new_state": "success"}, {"new_state": "skipped"}]


def test_waiting_says_what_it_waited_for(airflow: Airflow, api: AirflowApi) -> None:
    dead = {"status": None}
    fine = {"status": "healthy"}
    health = {"metadatabase": fine, "scheduler": dead, "triggerer": fine, "dag_processor": None}
    airflow.on("GET", "/api/v2/monitor/health", health)
    airflow.on("GET", "/api/v2/dags", {"dags": []})
    fault = {"filename": "dags/trains.py", "stack_trace": "Traceback\nValueError: no such role", "bundle_name": "b"}
    airflow.on("GET", "/api/v2/importErrors", {"import_errors": [fault]})
    with pytest.raises(NotReady, match=r"these DAGs are not there.*x\.cut.*no such role"):
        api.wait_parsed(["x.cut"], timeout=0)
    with pytest.raises(NotReady, match="not healthy: scheduler, dag-processor"):
        api.wait_ready(timeout=0)


def test_what_must_run_is_asked_between_two_looks(airflow: Airflow, api: AirflowApi) -> None:
    def check() -> None:
        raise RuntimeError("the scheduler ended")

    with pytest.raises(RuntimeError, match="the scheduler ended"):
        api.wait_ready(timeout=60, check=check)


def test_no_airflow_at_all_is_unreachable() -> None:
    port = choose_port("nobody", None).number
    with (
        AirflowApi(base_url=f"http://127.0.0.1:{port}", user="x", password="y") as api,
        pytest.raises(AirflowUnreachable, match="ConnectError"),
    ):
        api.health()


class Silent:
    """A connection on which the first requests are never answered."""

    def __init__(self, times: int) -> None:
        self.left, self.asked, self.headers = times, 0, {"Authorization": "Bearer x"}

    def request(self, method: str, path: str, **_: Any) -> httpx.Response:
        self.asked += 1
        self.left -= 1
        if self.left >= 0:
            raise httpx.ReadTimeout("timed out")
        return httpx.Response(200, json={"answered": True})


@pytest.mark.parametrize(("method", "path"), [("GET", "/dags"), ("POST", "/dags/~/dagRuns/~/taskInstances/list")])
def test_what_only_reads_is_asked_again_of_a_busy_airflow(api: AirflowApi, monkeypatch, method: str, path: str) -> None:
    silent = Silent(READS - 1)
    monkeypatch.setattr(api, "_http", silent)
    assert api._call(method, path) == {"answered": True}
    silent.left, silent.asked = READS, 0
    with pytest.raises(AirflowUnreachable, match="timed out"):
        api._call(method, path)
    assert silent.asked == READS


def test_what_writes_is_never_sent_twice(api: AirflowApi, monkeypatch) -> None:
    silent = Silent(1)
    monkeypatch.setattr(api, "_http", silent)
    with pytest.raises(AirflowUnreachable):
        api._call("POST", "/dags/x/dagRuns")
    assert silent.asked == 1


def test_an_answer_that_is_no_json_is_an_error_that_shows_it(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["GET", "/api/v2/dags"] = lambda request, body: PlainTextResponse("<html>a proxy's page</html>")
    with pytest.raises(AirflowApiError, match="a proxy's page"):
        api.dags()
