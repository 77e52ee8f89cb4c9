"""The environment of the embedded station's processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from airflow.sdk import Connection as AirflowConnection

from stationmaster import settings
from stationmaster.clock import CLOCK_FILE_VARIABLE
from stationmaster.rehearsal.embedded.environment import BUNDLE, station_environment
from tests.rehearsal.embedded_plans import plan


def test_nothing_of_another_airflow_leaks_in(tmp_path: Path) -> None:
    outer = {
        "PATH": "/bin",
        "AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor",
        "AIRFLOW_CONN_GITHUB_DEFAULT": "the-real-one",
        "AIRFLOW_VAR_X": "1",
        "STATIONMASTER_LEDGER_URL": "the-real-one",
        "STATIONMASTER_CLOCK_FILE": "another",
    }
    environment = station_environment(plan(tmp_path), outer)
    assert environment["PATH"] == "/bin"
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "AIRFLOW_VAR_X" not in environment
    assert CLOCK_FILE_VARIABLE not in environment
    assert "the-real-one" not in environment.values()


def test_f73_the_connections_lead_to_loopback_only(tmp_path: Path) -> None:
    """F73: a rehearsal cannot reach anything but the stand-ins, and no proxy stands between."""
    environment = station_environment(plan(tmp_path), {"NO_PROXY": "intranet", "HTTP_PROXY": "http://proxy"})
    github = json.loads(environment["AIRFLOW_CONN_GITHUB_DEFAULT"])
    slack = json.loads(environment["AIRFLOW_CONN_SLACK_API_DEFAULT"])
    assert github["host"] == "http://127.0.0.1:1/api/v3"
    assert slack["extra"]["base_url"] == "http://127.0.0.1:2/api/"
    assert set(environment["NO_PROXY"].split(",")) == {"intranet", "127.0.0.1", "localhost"}
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"


def test_airflow_reads_the_connections_as_they_were_meant(tmp_path: Path) -> None:
    environment = station_environment(plan(tmp_path), {})
    github = AirflowConnection.from_json(environment["AIRFLOW_CONN_GITHUB_DEFAULT"], conn_id="github_default")
    slack = AirflowConnection.from_json(environment["AIRFLOW_CONN_SLACK_API_DEFAULT"], conn_id="slack_api_default")
    assert (github.conn_type, github.host) == ("github", "http://127.0.0.1:1/api/v3")
    assert slack.extra_dejson == {"base_url": "http://127.0.0.1:2/api/"}
    mail = AirflowConnection.from_json(environment["AIRFLOW_CONN_SMTP_DEFAULT"], conn_id="smtp_default")
    assert (mail.conn_type, mail.host, mail.port) == ("smtp", "127.0.0.1", 3)
    assert (mail.extra_dejson["disable_tls"], mail.extra_dejson["disable_ssl"]) == (True, True)


def test_the_bundle_is_the_directory_that_holds_dags_and_include(tmp_path: Path) -> None:
    environment = station_environment(plan(tmp_path), {})
    (bundle,) = json.loads(environment["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    assert bundle["name"] == BUNDLE
    assert bundle["kwargs"]["path"] == str(tmp_path / "root")
    assert environment[settings.INCLUDE_VARIABLE] == str(tmp_path / "root" / "include")


def test_people_are_users_with_their_roles(tmp_path: Path) -> None:
    environment = station_environment(plan(tmp_path), {})
    assert environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "amara:user,admin:admin"


@pytest.mark.parametrize(("wish", "option"), [(True, "True"), (False, "False")])
def test_a_rehearsal_starts_its_runs_itself(tmp_path: Path, wish: bool, option: str) -> None:
    environment = station_environment(plan(tmp_path, schedules=wish), {})
    assert environment["AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"] == option


def test_how_often_files_are_read_anew_is_a_wish(tmp_path: Path) -> None:
    environment = station_environment(plan(tmp_path, parse_seconds=3600.0), {})
    assert environment["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"] == "3600"


def test_every_process_reads_the_same_clock(tmp_path: Path) -> None:
    environment = station_environment(plan(tmp_path, clock_file=tmp_path / "clock.json"), {})
    assert environment[CLOCK_FILE_VARIABLE] == str(tmp_path / "clock.json")
