"""What a station is made of, settled before anything starts: its ports, users, databases and connections."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from stationmaster.config.include import Include
from stationmaster.rehearsal.embedded.environment import Plan, pager_connections, stand_in_connections
from stationmaster.rehearsal.embedded.passwords import keep_secrets, users_of, write_passwords
from stationmaster.rehearsal.embedded.ports import HOST, choose_port
from stationmaster.rehearsal.embedded.postgres import EmbeddedPostgres
from stationmaster.rehearsal.embedded.station import Station

Database = Literal["postgresql", "sqlite"]

PREFERRED_PORTS: Mapping[str, int] = {"airflow": 8080, "github": 8081, "slack": 8082, "pager": 8083, "mail": 8025}
PURPOSES: Mapping[str, str] = {
    "airflow": "Airflow",
    "github": "the stand-in GitHub",
    "slack": "the stand-in Slack",
    "mail": "the stand-in mail server",
    "pager": "the stand-in PagerDuty and Jira",
    "postgres": "PostgreSQL",
}


class Wishes(NamedTuple):
    """What the caller of a station may choose; see EmbeddedAirflow."""

    home: Path
    include: Path
    database: Database
    clock_file: Path | None
    familiar_ports: bool
    airflow_port: int | None
    schedules: bool
    poll_seconds: float
    parse_seconds: float
    parallelism: int


class Settled(NamedTuple):
    """The settled station: the environment's plan, the note for other commands, the server if there is one."""

    plan: Plan
    station: Station
    postgres: EmbeddedPostgres | None


def settle(wishes: Wishes, include: Include, tell: Callable[[str], None]) -> Settled:
    """Choose ports, keep secrets and passwords in the home, and return the settled station."""
    ports = _choose_ports(wishes, tell)
    urls = {name: f"http://{HOST}:{port}" for name, port in ports.items()}
    secrets = keep_secrets(wishes.home / "secrets.json")
    users = users_of(include)
    passwords = wishes.home / "passwords.json"
    write_passwords(passwords, users)
    databases = {name: f"sqlite:///{wishes.home / f'{name}.db'}" for name in ("airflow", "ledger")}
    postgres = None
    if wishes.database == "postgresql":
        log = wishes.home / "logs" / "postgres.log"
        postgres = EmbeddedPostgres(home=wishes.home, port=ports["postgres"], password=secrets.database, log=log)
        databases = {
            "airflow": postgres.url("airflow", driver="psycopg2"),
            "ledger": postgres.url("ledger", driver="psycopg"),
        }
    plan = Plan(
        home=wishes.home,
        root=wishes.include.parent,
        include=wishes.include,
        plugins=Path(__file__).resolve().parents[3],
        api_port=ports["airflow"],
        database_url=databases["airflow"],
        ledger_url=databases["ledger"],
        users=users,
        passwords=passwords,
        secrets=secrets,
        connections=stand_in_connections(
            [team.connections.github for team in include.teams.values()],
            [team.connections.slack for team in include.teams.values()],
            [team.connections.mail for team in include.teams.values() if team.connections.mail is not None],
            github_url=urls["github"],
            slack_url=urls["slack"],
            mail_port=ports["mail"],
        )
        + pager_connections(include.teams.values(), urls["pager"]),
        clock_file=wishes.clock_file,
        poll_seconds=wishes.poll_seconds,
        parse_seconds=wishes.parse_seconds,
        parallelism=wishes.parallelism,
        schedules=wishes.schedules,
    )
    station = Station(
        supervisor=os.getpid(),
        ports=ports,
        airflow_url=urls["airflow"],
        github_url=urls["github"],
        slack_url=urls["slack"],
        ledger_url=plan.ledger_url,
        database=wishes.database,
        users=users,
        passwords_file=passwords,
        clock_file=wishes.clock_file,
        home=wishes.home,
    )
    return Settled(plan, station, postgres)


def _choose_ports(wishes: Wishes, tell: Callable[[str], None]) -> dict[str, int]:
    preferences: dict[str, int] = dict(PREFERRED_PORTS) if wishes.familiar_ports else {}
    if wishes.airflow_port is not None:
        preferences["airflow"] = wishes.airflow_port
    ports: dict[str, int] = {}
    served = ("airflow", "github", "slack", "pager", "mail")
    for name in (*served, *(("postgres",) if wishes.database == "postgresql" else ())):
        preferred = preferences.get(name)
        port = choose_port(PURPOSES[name], preferred, ports.values())
        ports[name] = port.number
        if port.remark:
            tell(port.remark)
    return ports
