"""The one way to ask in Airflow: an empty list of people would mean everybody (fact 5)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stationmaster.operators.question import Question, ask_in_airflow

CONTEXT: Any = {"ti": SimpleNamespace(id="0190a2c4-0000-7000-8000-000000000001")}
QUESTION = Question("Cut today?", "Two changes.", ("Cut", "Wait"), {})


def person(name: str, airflow: str | None) -> Any:
    return SimpleNamespace(name=name, airflow=airflow)


@pytest.fixture
def asked(monkeypatch):
    found: list[dict[str, Any]] = []
    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: found.append(request))
    return found


def test_only_those_with_an_account_are_asked(asked):
    ask_in_airflow(CONTEXT, QUESTION, [person("Ada", "ada"), person("Bob", None)])
    assert [dict(user) for user in asked[0]["assigned_users"]] == [{"id": "ada", "name": "Ada"}]
    assert asked[0]["options"] == ["Cut", "Wait"]
    assert asked[0]["defaults"] is None, "a timeout never answers"


@pytest.mark.parametrize("people", [[], [person("Bob", None)], [person("Bob", "")]], ids=["nobody", "none", "empty"])
def test_nobody_with_an_account_is_an_error_and_never_everybody(asked, people):
    with pytest.raises(ValueError, match="nobody who is asked 'Cut today\\?' has an Airflow account"):
        ask_in_airflow(CONTEXT, QUESTION, people)
    assert asked == []
