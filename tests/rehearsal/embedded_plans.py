"""A plan of a station for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stationmaster.rehearsal.embedded.environment import Plan, stand_in_connections
from stationmaster.rehearsal.embedded.passwords import ADMIN, Secrets, User


def plan(home: Path, **changes: Any) -> Plan:
    """Return a plan that differs from the usual one in ``changes``."""
    values: dict[str, Any] = {
        "home": home,
        "root": home / "root",
        "include": home / "root" / "include",
        "plugins": home / "plugins",
        "api_port": 8123,
        "database_url": "postgresql+psycopg2://x:y@127.0.0.1:1/airflow",
        "ledger_url": "postgresql+psycopg://x:y@127.0.0.1:1/ledger",
        "users": (User(name="amara", role="user"), ADMIN),
        "passwords": home / "passwords.json",
        "secrets": Secrets(database="d", fernet_key="f", jwt="j", session="s"),
        "connections": stand_in_connections(
            ["github_default"],
            ["slack_api_default"],
            ["smtp_default"],
            github_url="http://127.0.0.1:1",
            slack_url="http://127.0.0.1:2",
            mail_port=3,
        ),
        "clock_file": None,
        "poll_seconds": 2.0,
        "parse_seconds": 30.0,
        "parallelism": 8,
        "schedules": True,
    }
    return Plan(**(values | changes))
