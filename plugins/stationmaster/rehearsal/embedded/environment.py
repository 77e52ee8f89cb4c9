"""The environment of every process of the embedded station: Airflow's options, and the station's own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from stationmaster.clock import CLOCK_FILE_VARIABLE
from stationmaster.config.alert_sources import WebhookAlerts
from stationmaster.config.team import TeamConfig
from stationmaster.config.watch_kinds import AlertsWatch, SpikesWatch
from stationmaster.rehearsal.embedded.passwords import Secrets, User
from stationmaster.rehearsal.embedded.ports import HOST
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN as GITHUB_TOKEN
from stationmaster.rehearsal.governance.furnishing import ALERTS_PATH, GOVERNANCE_PATH, SENTRY_PATH
from stationmaster.rehearsal.governance.standin import STAND_IN_TOKEN as GOVERNANCE_TOKEN
from stationmaster.rehearsal.pager.standin import CLOUD
from stationmaster.rehearsal.pager.standin import STAND_IN_LOGIN as PAGER_LOGIN
from stationmaster.rehearsal.pager.standin import STAND_IN_TOKEN as PAGER_TOKEN
from stationmaster.rehearsal.sentry.standin import STAND_IN_TOKEN as SENTRY_TOKEN
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN as SLACK_TOKEN
from stationmaster.settings import INCLUDE_VARIABLE, LEDGER_VARIABLE, POLL_VARIABLE

BUNDLE = "stationmaster"
"""The name of the DAG bundle: the directory that holds dags/ and include/."""

GITHUB_PATH = "/api/v3"
SLACK_PATH = "/api/"
WEBHOOK_SECRET = "stand-in-webhook-secret"  # noqa: S105 - known to everybody, and of a rehearsal only
SENDER = "stationmaster@station.example"
"""Who the stand-in's mails are from."""


class Connection(BaseModel):
    """An Airflow connection as JSON in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conn_id: str
    conn_type: str
    host: str | None = None
    port: int | None = None
    login: str | None = None
    password: str | None = None
    extra: dict[str, str | bool] = {}

    @property
    def variable(self) -> str:
        """The environment variable that Airflow looks for."""
        return f"AIRFLOW_CONN_{self.conn_id.upper()}"

    def as_json(self) -> str:
        """The value of that variable."""
        return self.model_dump_json(exclude={"conn_id"}, exclude_none=True)


class Plan(BaseModel):
    """What the environment is made from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    root: Path
    include: Path
    api_port: int
    database_url: str
    ledger_url: str
    users: tuple[User, ...]
    passwords: Path
    secrets: Secrets
    connections: tuple[Connection, ...]
    clock_file: Path | None
    poll_seconds: float
    parse_seconds: float
    parallelism: int
    schedules: bool
    plugins: Path

    @property
    def base_url(self) -> str:
        """Where Airflow's pages and its API are."""
        return f"http://{HOST}:{self.api_port}"


def stand_in_connections(
    github: Iterable[str],
    slack: Iterable[str],
    mail: Iterable[str] = (),
    *,
    github_url: str,
    slack_url: str,
    mail_port: int = 0,
) -> tuple[Connection, ...]:
    """Return the connections that lead the given connection ids to the stand-ins.

    :param github_url: base URL of the stand-in, without a trailing slash; so is ``slack_url``.
    :param mail_port: where the stand-in mail server listens.
    """
    return (
        *(
            Connection(conn_id=name, conn_type="github", host=github_url + GITHUB_PATH, password=GITHUB_TOKEN)
            for name in sorted(set(github))
        ),
        *(
            Connection(
                conn_id=name, conn_type="slack", password=SLACK_TOKEN, extra={"base_url": slack_url + SLACK_PATH}
            )
            for name in sorted(set(slack))
        ),
        *(
            Connection(
                conn_id=name,
                conn_type="smtp",
                host=HOST,
                port=mail_port,
                extra={"from_email": SENDER, "disable_ssl": True, "disable_tls": True},
            )
            for name in sorted(set(mail))
        ),
    )


def pager_connections(teams: Iterable[TeamConfig], url: str) -> tuple[Connection, ...]:
    """Return the connections that lead the teams' paging services, proposals and alerts to the stand-in at ``url``."""
    several = list(teams)
    found = {each.conn_id: each for team in several for each in _watched(team, url)}
    for connections in (team.connections for team in several):
        if connections.pagerduty is not None:
            found[connections.pagerduty] = Connection(
                conn_id=connections.pagerduty, conn_type="pagerduty", host=url, password=PAGER_TOKEN
            )
        if connections.jira is not None:
            found[connections.jira] = Connection(
                conn_id=connections.jira,
                conn_type="http",
                host=url,
                login=PAGER_LOGIN,
                password=PAGER_TOKEN,
                extra={"cloud_id": CLOUD},
            )
        if connections.proposals is not None:
            found[connections.proposals] = Connection(
                conn_id=connections.proposals, conn_type="http", host=url + GOVERNANCE_PATH, password=GOVERNANCE_TOKEN
            )
        if connections.alerts is not None:
            found[connections.alerts] = Connection(conn_id=connections.alerts, conn_type="http", host=url + ALERTS_PATH)
    return tuple(found[name] for name in sorted(found))


def _watched(team: TeamConfig, url: str) -> Iterator[Connection]:
    """Yield what the team's watches need beside its own connections: Sentry, and the secrets of webhooks."""
    for watch in team.watches.values():
        if isinstance(watch, SpikesWatch):
            yield Connection(conn_id=watch.connection, conn_type="http", host=url + SENTRY_PATH, password=SENTRY_TOKEN)
        for source in watch.sources if isinstance(watch, AlertsWatch) else ():
            if isinstance(source, WebhookAlerts):
                yield Connection(conn_id=source.connection, conn_type="http", password=WEBHOOK_SECRET)


def station_environment(plan: Plan, outer: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment of a component.

    Nothing of another Airflow or of another station leaks in from ``outer`` (the present environment by default),
    and no proxy stands before loopback.
    """
    kept = {
        name: value
        for name, value in (os.environ if outer is None else outer).items()
        if not name.startswith(("AIRFLOW", "STATIONMASTER_", "_AIRFLOW"))
    }
    return {**kept, **_process(kept), **airflow_options(plan), **_connections(plan), **_station(plan)}


def airflow_options(plan: Plan) -> dict[str, str]:
    """Return Airflow's options as ``AIRFLOW__SECTION__KEY``, and its home."""
    what, pace = _what(plan), _pace(plan)
    sections = {name: what.get(name, {}) | pace.get(name, {}) for name in sorted(what.keys() | pace.keys())}
    return {"AIRFLOW_HOME": str(plan.home)} | {
        f"AIRFLOW__{section.upper()}__{option.upper()}": value
        for section, options in sections.items()
        for option, value in options.items()
    }


def _what(plan: Plan) -> dict[str, dict[str, str]]:
    bundles = [
        {
            "name": BUNDLE,
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(plan.root), "refresh_interval": 5},
        }
    ]
    return {
        "core": {
            "executor": "LocalExecutor",
            "parallelism": str(plan.parallelism),
            "max_active_tasks_per_dag": "32",
            "load_examples": "False",
            "dags_folder": str(plan.root / "dags"),
            "plugins_folder": str(plan.plugins),
            "dags_are_paused_at_creation": "False",
            "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
            "simple_auth_manager_users": ",".join(f"{user.name}:{user.role}" for user in plan.users),
            "simple_auth_manager_passwords_file": str(plan.passwords),
            "execution_api_server_url": f"{plan.base_url}/execution/",
            "fernet_key": plan.secrets.fernet_key,
        },
        "database": {"sql_alchemy_conn": plan.database_url},
        "dag_processor": {"dag_bundle_config_list": json.dumps(bundles)},
        "api": {
            "host": HOST,
            "port": str(plan.api_port),
            "base_url": plan.base_url,
            "secret_key": plan.secrets.session,
            "instance_name": "Stationmaster",
        },
        "api_auth": {"jwt_secret": plan.secrets.jwt},
        "logging": {"base_log_folder": str(plan.home / "logs" / "tasks"), "colored_console_log": "False"},
        # A rehearsal starts its runs itself, on the virtual clock; Airflow's schedule follows the real one.
        "scheduler": {"use_job_schedule": str(plan.schedules)},
    }


def _pace(plan: Plan) -> dict[str, dict[str, str]]:
    """What makes a small Airflow answer quickly, and notice soon that a part of it died."""
    return {
        "core": {"min_serialized_dag_update_interval": "5"},
        "api": {"workers": "1"},
        # The supervisor migrates before it starts anything.
        "database": {"check_migrations": "False"},
        "scheduler": {
            "scheduler_idle_sleep_time": "0.25",
            "job_heartbeat_sec": "2",
            "scheduler_health_check_threshold": "15",
            "trigger_timeout_check_interval": "5",
            "orphaned_tasks_check_interval": "15",
            "task_instance_heartbeat_timeout": "60",
        },
        "triggerer": {"job_heartbeat_sec": "2", "triggerer_health_check_threshold": "15"},
        "dag_processor": {
            "bundle_refresh_check_interval": "2",
            "min_file_process_interval": f"{plan.parse_seconds:g}",
            "parsing_processes": "1",
        },
    }


def _connections(plan: Plan) -> dict[str, str]:
    return {connection.variable: connection.as_json() for connection in plan.connections}


def _station(plan: Plan) -> dict[str, str]:
    variables = {
        LEDGER_VARIABLE: plan.ledger_url,
        INCLUDE_VARIABLE: str(plan.include),
        POLL_VARIABLE: f"{plan.poll_seconds:g}",
    }
    return variables if plan.clock_file is None else {**variables, CLOCK_FILE_VARIABLE: str(plan.clock_file)}


def _process(outer: Mapping[str, str]) -> dict[str, str]:
    loopback = ",".join(part for part in (outer.get("NO_PROXY") or outer.get("no_proxy"), HOST, "localhost") if part)
    return {"PYTHONUNBUFFERED": "1", "NO_PROXY": loopback, "no_proxy": loopback, "NO_COLOR": "1"}
