"""The settings of a process."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy.engine import make_url

from stationmaster import settings


class Connection:
    """What a connection offers to the settings."""

    def __init__(self, conn_type, *, host=None, schema=None, login=None, password=None, port=None, extra=None):
        self.conn_type, self.host, self.schema, self.login, self.password = conn_type, host, schema, login, password
        self.port, self.extra_dejson = port, extra or {}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in (
        settings.INCLUDE_VARIABLE,
        settings.LEDGER_VARIABLE,
        settings.POLL_VARIABLE,
        settings.BASE_URL_VARIABLE,
    ):
        monkeypatch.delenv(name, raising=False)


def test_include_is_found_from_the_dag_file(tmp_path):
    (tmp_path / "include" / "teams").mkdir(parents=True)
    dag_file = tmp_path / "dags" / "cellxgene" / "weekly.py"
    assert settings.include_dir(dag_file) == tmp_path / "include"
    assert settings.include_dir(str(dag_file)) == tmp_path / "include"


def test_include_of_the_environment_comes_first(tmp_path, monkeypatch):
    (tmp_path / "include" / "teams").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv(settings.INCLUDE_VARIABLE, str(tmp_path / "elsewhere"))
    assert settings.include_dir(tmp_path / "dags" / "x.py") == tmp_path / "elsewhere"


def test_include_that_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(settings.IncludeMissing, match="Set STATIONMASTER_INCLUDE_DIR to the include directory"):
        settings.include_dir(tmp_path / "dags" / "x.py")
    with pytest.raises(settings.IncludeMissing, match="no directory include/teams was found given"):
        settings.include_dir()
    monkeypatch.setenv(settings.INCLUDE_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(settings.IncludeMissing, match="which is not a directory"):
        settings.include_dir(tmp_path)


def test_the_ledgers_url_of_the_environment_comes_first(monkeypatch):
    monkeypatch.setenv(settings.LEDGER_VARIABLE, "sqlite:////data/ledger.db")
    assert settings.ledger_url() == "sqlite:////data/ledger.db"


def test_the_ledgers_url_comes_from_an_airflow_connection(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_STATIONMASTER_LEDGER", "postgresql://keeper:p%40ss%2Fword@db:5433/trains")
    url = make_url(settings.ledger_url())
    assert (url.drivername, url.username, url.password) == ("postgresql+psycopg", "keeper", "p@ss/word")
    assert (url.host, url.port, url.database) == ("db", 5433, "trains")


def test_no_connection_is_told_with_its_name_and_how_to_make_it(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_STATIONMASTER_LEDGER", raising=False)
    with pytest.raises(settings.LedgerNotConfigured) as caught:
        settings.ledger_url()
    assert str(caught.value) == (
        "the Airflow connection 'stationmaster_ledger' does not exist. Set STATIONMASTER_LEDGER_URL, or add the "
        "connection with: airflow connections add stationmaster_ledger --conn-uri "
        "postgresql://user:password@host:5432/stationmaster (or sqlite:////absolute/path/ledger.db)."
    )


@pytest.mark.parametrize(
    ("connection", "url"),
    [
        (Connection("sqlite", host="", schema="/var/lib/ledger.db"), "sqlite:////var/lib/ledger.db"),
        (Connection("sqlite", host="/var/lib/ledger.db"), "sqlite:////var/lib/ledger.db"),
        (Connection("postgres", host="db", schema="trains"), "postgresql+psycopg://db/trains"),
        (Connection("postgresql+psycopg", host="db", schema="trains"), "postgresql+psycopg://db/trains"),
        (
            Connection("postgres", host="db", schema="trains", login="u", extra={"sslmode": "require"}),
            "postgresql+psycopg://u@db/trains?sslmode=require",
        ),
        (
            Connection("postgres", schema="trains", login="u", extra={"host": "/run/socket"}),
            "postgresql+psycopg://u@/trains?host=%2Frun%2Fsocket",
        ),
    ],
)
def test_a_connection_becomes_a_url(connection, url):
    assert settings.url_of(connection) == url
    assert make_url(url).database in ("trains", "/var/lib/ledger.db")


@pytest.mark.parametrize(
    ("connection", "sentence"),
    [
        (Connection("mysql", host="db", schema="x", password="hush"), "has the type 'mysql'; the ledger knows sqlite"),
        (Connection("postgres", host="db", login="u", password="hush"), "names no database"),
        (Connection("sqlite", schema="ledger.db", password="hush"), "names 'ledger.db', no absolute path"),
        (Connection("sqlite", password="hush"), "names '', no absolute path"),
    ],
)
def test_a_connection_that_leads_nowhere_is_told_without_its_password(connection, sentence):
    with pytest.raises(settings.LedgerConnectionUnusable) as caught:
        settings.url_of(connection)
    assert sentence in str(caught.value)
    assert "hush" not in str(caught.value)


def test_the_poll_interval_of_the_environment_comes_first(monkeypatch):
    assert settings.poll_interval(timedelta(seconds=30)) == timedelta(seconds=30)
    monkeypatch.setenv(settings.POLL_VARIABLE, "0.5")
    assert settings.poll_interval(timedelta(seconds=30)) == timedelta(seconds=0.5)


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf"])
def test_a_poll_interval_that_is_none(monkeypatch, text):
    monkeypatch.setenv(settings.POLL_VARIABLE, text)
    with pytest.raises(settings.SettingInvalid, match=f"STATIONMASTER_POLL_SECONDS is '{text}'. Write a number"):
        settings.poll_interval(timedelta(seconds=30))


def test_the_base_url_has_no_slash_at_its_end(monkeypatch):
    monkeypatch.setenv(settings.BASE_URL_VARIABLE, "https://airflow.example/")
    assert settings.base_url() == "https://airflow.example"
    monkeypatch.delenv(settings.BASE_URL_VARIABLE)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://host:1234/prefix/")
    assert settings.base_url() == "http://host:1234/prefix"


def test_nothing_of_a_connection_is_kept_between_calls(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_STATIONMASTER_LEDGER", json.dumps({"conn_type": "sqlite", "schema": "/a.db"}))
    assert settings.ledger_url() == "sqlite:////a.db"
    monkeypatch.setenv("AIRFLOW_CONN_STATIONMASTER_LEDGER", json.dumps({"conn_type": "sqlite", "schema": "/b.db"}))
    assert settings.ledger_url() == "sqlite:////b.db"
