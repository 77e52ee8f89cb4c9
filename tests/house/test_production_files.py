"""docker-compose.yaml and the Dockerfile, where no container engine is at hand."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from stationmaster.rehearsal.embedded.environment import airflow_options
from tests.house.airflow_options import known_options, unknown_options
from tests.rehearsal.embedded_plans import plan

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
AIRFLOW = {"migrate", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rule>[^}]*)\}")
PUBLIC = {"STATIONMASTER_VERSION", "AIRFLOW_PUBLISH"}
"""Variables that are no secrets and may have a default."""


def test_the_file_is_a_compose_file() -> None:
    """Against the Compose Specification's own JSON Schema."""
    schema = json.loads(files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text())
    errors = [
        f"{list(error.path)}: {error.message}" for error in jsonschema.Draft202012Validator(schema).iter_errors(COMPOSE)
    ]
    assert errors == []


def test_each_component_is_a_service_of_our_image() -> None:
    assert SERVICES.keys() == AIRFLOW | {"postgres", "redis"}
    for name in AIRFLOW:
        assert SERVICES[name]["image"].startswith("stationmaster:")
        assert SERVICES[name]["build"] == "."


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    if name == "migrate":
        assert service["restart"] == "no"
        return
    assert {"test", "interval", "timeout", "retries"} <= service["healthcheck"].keys()
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(AIRFLOW - {"migrate"}))
def test_nothing_starts_before_the_tables_are_made(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("name", sorted(AIRFLOW))
def test_every_option_is_one_of_airflows(name: str) -> None:
    assert unknown_options(SERVICES[name]["environment"]) == []


def test_every_option_of_the_embedded_station_is_one_of_airflows(tmp_path: Path) -> None:
    options = airflow_options(plan(tmp_path))
    assert len(options) > 20
    assert unknown_options(options) == []


def test_the_list_of_options_knows_celery_and_refuses_a_typo() -> None:
    assert ("celery", "broker_url") in known_options()
    assert unknown_options(["AIRFLOW__CORE__EXECUTER", "AIRFLOW__CELERY__BROKER_URL"]) == ["AIRFLOW__CORE__EXECUTER"]


def test_every_secret_comes_from_the_environment_and_has_no_default() -> None:
    text = (ROOT / "docker-compose.yaml").read_text()
    found = {match["name"]: match["rule"] for match in VARIABLE.finditer(text)}
    assert {"POSTGRES_PASSWORD", "AIRFLOW_FERNET_KEY", "AIRFLOW_JWT_SECRET", "LEDGER_PASSWORD"} <= found.keys()
    for name, rule in found.items():
        assert name in PUBLIC or rule.startswith(":?"), f"{name} has a default or may be empty: {rule!r}"


def test_every_secret_is_one_and_no_value_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in service["environment"].items():
            if re.search(r"PASSWORD|SECRET|FERNET|TOKEN|CONN", variable):
                assert VARIABLE.search(str(value)), f"{name}: {variable} is written in the file"


def test_the_page_on_production_names_every_variable() -> None:
    page = (ROOT / "docs" / "production.md").read_text()
    text = (ROOT / "docker-compose.yaml").read_text()
    missing = {match["name"] for match in VARIABLE.finditer(text)} - set(re.findall(r"[A-Z][A-Z0-9_]+", page))
    assert missing == set()


def test_nobody_is_root() -> None:
    for name in AIRFLOW:
        assert SERVICES[name]["user"] == "50000:0"
        assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert re.findall(r"^USER (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE) == ["50000:0"]


def test_the_image_is_built_with_our_constraints_from_files_that_reach_it() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "--constraint constraints.txt" in dockerfile
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert copied == allowed
    for source in copied:
        assert (ROOT / source).exists(), source


def test_the_ledger_and_airflow_do_not_share_a_database() -> None:
    environment = SERVICES["worker"]["environment"]
    airflow, ledger = environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"], environment["STATIONMASTER_LEDGER_URL"]
    assert airflow.rsplit("/", 1)[1] != ledger.rsplit("/", 1)[1]
    assert "CREATE DATABASE stationmaster" in COMPOSE["configs"]["ledger-database"]["content"]
