"""An Airflow listener: what every task of a train needs is loaded before Airflow forks.

The LocalExecutor forks a process for each task, and the dag processor one for each file. What the process they fork
from has loaded costs none of them anything; otherwise each task would spend more time on its imports than on its step.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)

MODULES = (
    "airflow.providers.github.hooks.github",
    "airflow.providers.slack.hooks.slack",
    "airflow.providers.standard.triggers.hitl",
    "airflow.sdk.execution_time.hitl",
    "psycopg",
    "stationmaster.assemble.chores",
    "stationmaster.assemble.escalation",
    "stationmaster.assemble.incidents",
    "stationmaster.assemble.include",
    "stationmaster.assemble.measures",
    "stationmaster.assemble.rollouts",
    "stationmaster.assemble.rotations",
    "stationmaster.assemble.sources",
    "stationmaster.assemble.trains",
    "stationmaster.assemble.upgrades",
    "stationmaster.assemble.watches",
    "stationmaster.chores.closing",
    "stationmaster.chores.waiting",
    "stationmaster.departures.going_back",
    "stationmaster.departures.hotfixing",
    "stationmaster.departures.releasing",
    "stationmaster.departures.station",
    "stationmaster.departures.watches",
    "stationmaster.departures.weekly_message",
    "stationmaster.departures.train_log",
    "stationmaster.handoffs.comparing",
    "stationmaster.handoffs.packing",
    "stationmaster.handoffs.shift_desk",
    "stationmaster.handoffs.waiting",
    "stationmaster.hooks.alerts",
    "stationmaster.hooks.calendar_feed",
    "stationmaster.hooks.chat",
    "stationmaster.hooks.forge",
    "stationmaster.hooks.jira_operations",
    "stationmaster.hooks.mail",
    "stationmaster.hooks.pager_models",
    "stationmaster.hooks.pagerduty_schedules",
    "stationmaster.hooks.sentry",
    "stationmaster.incidents.circles",
    "stationmaster.incidents.logging_issue",
    "stationmaster.incidents.preview",
    "stationmaster.incidents.questions",
    "stationmaster.incidents.waiting",
    "stationmaster.ledger.facade",
    "stationmaster.oncall.changing",
    "stationmaster.operators.starting_runs",
    "stationmaster.rollouts.reporting",
    "stationmaster.rollouts.waiting",
    "stationmaster.settings",
    "stationmaster.triggers.handoff_trigger",
    "stationmaster.triggers.ledger_trigger",
    "stationmaster.triggers.question_trigger",
    "stationmaster.triggers.rollout_trigger",
    "stationmaster.triggers.station_trigger",
    "stationmaster.triggers.team_trigger",
    "stationmaster.triggers.upgrade_trigger",
    "stationmaster.upgrades.upgrade_desk",
    "stationmaster.upgrades.waiting",
    "stationmaster.watches.waiting",
    "stationmaster.work.identity",
)
"""What tasks, triggers and DAG files import sooner or later; each brings along what it needs itself.

``psycopg`` is what SQLAlchemy imports for a ledger on PostgreSQL.
"""


@hookimpl
def on_starting(component: Any) -> None:
    """Load the modules and build the models, once, when a scheduler, a triggerer or a dag processor starts.

    A task is told of its start, too: it loads what it needs itself, and nothing where it is none of ours.
    """
    from airflow.sdk.execution_time.task_runner import TaskRunnerMarker

    if isinstance(component, TaskRunnerMarker):
        return
    for name in MODULES:
        try:
            import_module(name)
        except ImportError:
            # Whoever needs it says so itself, in its own task.
            log.warning("%s cannot be loaded in advance", name, exc_info=True)
    _build_models()
    _learn_tables()
    _learn_countries()
    _learn_ledger()


def _build_models() -> None:
    """Build the validators of the teams' files and of the ledger's values: they are built at their first use else."""
    from stationmaster.config.base import ConfigModel
    from stationmaster.core.value import Value

    for model in (*_below(ConfigModel), *_below(Value)):
        model.model_rebuild()


def _learn_tables() -> None:
    """Relate the ledger's classes to its tables: SQLAlchemy does it at the first query else."""
    from sqlalchemy.orm import configure_mappers

    configure_mappers()


def _learn_countries() -> None:
    """Load every country's holidays: a team that names its own one has it checked at each reading of its files."""
    from stationmaster.config.holiday_lists import Holidays

    Holidays(country="CH")


def _learn_ledger() -> None:
    """Ask the ledger once what steps ask: they learn the server and compile each of their queries else."""
    from airflow.sdk.exceptions import AirflowException, AirflowRuntimeError
    from sqlalchemy.exc import SQLAlchemyError

    from stationmaster import settings
    from stationmaster.ledger import Ledger
    from stationmaster.ledger.errors import LedgerError

    passes = (LedgerError, LookupError, ValueError, OSError, SQLAlchemyError, AirflowException, AirflowRuntimeError)
    try:
        Ledger.at(settings.ledger_url()).learn()
    except passes as away:
        # Whoever needs it says so itself, and waits for it.
        log.info("The ledger is not asked in advance: %s", away)


def _below(base: type[Any]) -> list[type[Any]]:
    return [found for child in base.__subclasses__() for found in (child, *_below(child))]
