"""The one way to ask in Airflow: an empty list of people would mean everybody (fact 5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from stationmaster import clock
from stationmaster.core.instants import NaiveInstant
from stationmaster.operators.question import Question, answered_at, ask_in_airflow
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


NOON = datetime(2021, 10, 27, 12, tzinfo=UTC)


def test_a3_an_answer_is_of_the_instant_at_which_airflow_took_it_and_never_of_a_later_one_than_it_was_read():
    read = NOON + timedelta(minutes=1)
    assert answered_at({"responded_at": NOON}, read) == NOON
    assert answered_at({"responded_at": NOON.astimezone(timezone(timedelta(hours=-7)))}, read) == NOON
    assert answered_at({"responded_at": NOON + timedelta(hours=1)}, read) == read, "Airflow's clock is ahead"
    with pytest.raises(NaiveInstant):
        answered_at({"responded_at": NOON.replace(tzinfo=None)}, read)


def test_a3_in_a_rehearsal_airflows_clock_is_the_machines(tmp_path, monkeypatch):
    face = tmp_path / "clock.json"
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(face))
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    clock.set_virtual(face, NOON, rate=60.0)
    taken = datetime.fromtimestamp(1_000_001.0, UTC)
    assert answered_at({"responded_at": taken}, NOON + timedelta(hours=1)) == NOON + timedelta(minutes=1)
    assert answered_at({"responded_at": taken - timedelta(days=1)}, NOON + timedelta(hours=1)) == NOON
