"""Teams of people with the Airflow accounts that a test gives them, and Airflow's way of naming its users."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from stationmaster.config.team import TeamConfig

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
"""For ``AIRFLOW__CORE__AUTH_MANAGER``: ids are numbers, and names are not ids."""


def a_team(**people: dict[str, Any]) -> TeamConfig:
    """A team of people by id, each with the fields that the test is about."""
    named = {name: {"name": name.title(), **fields} for name, fields in people.items()}
    return TeamConfig.model_validate({"id": "crew", "title": "Crew", "zone": "UTC", "people": named})


def a_run(user: str | None, run_type: str = "manual") -> Any:
    """A run as a task sees it."""
    return SimpleNamespace(run_id="a-run", run_type=run_type, logical_date=None, triggering_user_name=user)
