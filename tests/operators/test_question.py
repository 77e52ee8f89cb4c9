"""The one way to ask in Airflow: an empty list of people would mean everybody (fact 5)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stationmaster.operators.question import Question, ask_in_airflow
from stationmaster.work.context import Desk
from tests.operators.accounts import FAB, a_team

CONTEXT: Any = {"ti": SimpleNamespace(id="0190a2c4-0000-7000-8000-000000000001")}
QUESTION = Question("Cut today?", "Two changes.", ("Cut", "Wait"), {})


@pytest.fixture
def asked(monkeypatch):
    found: list[dict[str, Any]] = []
    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: found.append(request))
    return found


def test_only_those_with_an_account_are_asked(asked):
    team = a_team(ada={"airflow": "ada"}, bob={})
    ask_in_airflow(CONTEXT, QUESTION, Desk(team=team, as_written=True).identities, team.people.values())
    assert [dict(user) for user in asked[0]["assigned_users"]] == [{"id": "ada", "name": "Ada"}]
    assert asked[0]["options"] == ["Cut", "Wait"]
    assert asked[0]["defaults"] is None, "a timeout never answers"


@pytest.mark.parametrize("people", [{}, {"bob": {}}], ids=["nobody", "none"])
def test_nobody_with_an_account_is_an_error_and_never_everybody(asked, people):
    team = a_team(**people)
    with pytest.raises(ValueError, match="nobody can be asked 'Cut today\\?' in Airflow"):
        ask_in_airflow(CONTEXT, QUESTION, Desk(team=team, as_written=True).identities, team.people.values())
    assert asked == []


def test_i2_fab_is_asked_by_ids_and_a_name_alone_is_not_guessed(asked, monkeypatch, ledger):
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", FAB)
    team = a_team(ada={"airflow": "ada", "airflow_id": "7"}, bob={"airflow": "bob"}, cem={"airflow": "9"})
    identities = Desk(team=team, ledger=ledger, as_written=True).identities
    ask_in_airflow(CONTEXT, QUESTION, identities, team.people.values())
    assert [user["id"] for user in asked[0]["assigned_users"]] == ["7", "9"]
    with pytest.raises(ValueError, match=r"The Airflow user id of Bob \(bob\) is not known. Write it under airflow_id"):
        ask_in_airflow(CONTEXT, QUESTION, identities, [team.people["bob"]])
