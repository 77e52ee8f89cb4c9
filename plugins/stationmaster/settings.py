"""The few settings of a process, read from the environment when they are asked for, never at import.

======================================  ================================================================
``STATIONMASTER_INCLUDE_DIR``           where ``include/`` is; without it, the nearest one above the DAG file
``STATIONMASTER_LEDGER_URL``            the ledger's SQLAlchemy URL, in place of the connection
``STATIONMASTER_POLL_SECONDS``          how often every waiting gate looks again, in place of each train's ``poll``
``STATIONMASTER_BASE_URL``              the address of the Airflow UI, in place of ``[api] base_url``
======================================  ================================================================
"""

from __future__ import annotations

import math
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

INCLUDE_VARIABLE = "STATIONMASTER_INCLUDE_DIR"
LEDGER_VARIABLE = "STATIONMASTER_LEDGER_URL"
POLL_VARIABLE = "STATIONMASTER_POLL_SECONDS"
BASE_URL_VARIABLE = "STATIONMASTER_BASE_URL"
LEDGER_CONNECTION = "stationmaster_ledger"

_SIMPLE = "SimpleAuthManager"
_POSTGRESQL = frozenset({"postgres", "postgresql"})
_HOW = (
    f"Set {LEDGER_VARIABLE}, or add the connection with: "
    f"airflow connections add {LEDGER_CONNECTION} --conn-uri postgresql://user:password@host:5432/stationmaster "
    "(or sqlite:////absolute/path/ledger.db)."
)


class SettingInvalid(ValueError):
    """A setting of the environment that cannot be read; the message names it and what it may hold."""


class IncludeMissing(LookupError):
    """No ``include/`` directory was found."""


class LedgerNotConfigured(LookupError):
    """Neither the environment nor a connection says where the ledger is."""


class LedgerConnectionUnusable(ValueError):
    """The ledger's connection exists, but leads to no database that the ledger knows."""


def include_dir(dag_file: Path | str | None = None) -> Path:
    """Return the absolute path of ``include/``.

    :param dag_file: a file of the DAG bundle; the nearest directory above it that holds ``include/`` is taken, so that
        each version of a versioned bundle reads its own files.
    :raises IncludeMissing: there is none.
    """
    configured = os.environ.get(INCLUDE_VARIABLE)
    if configured:
        path = Path(configured).absolute()
        if not path.is_dir():
            raise IncludeMissing(f"{INCLUDE_VARIABLE} is {configured!r}, which is not a directory.")
        return path
    if dag_file is not None:
        for folder in Path(dag_file).absolute().parents:
            if (folder / "include" / "teams").is_dir():
                return folder / "include"
    above = f"above {dag_file}" if dag_file is not None else "given"
    raise IncludeMissing(
        f"no directory include/teams was found {above}. Set {INCLUDE_VARIABLE} to the include directory."
    )


def ledger_url() -> str:
    """Return the SQLAlchemy URL of the ledger: the environment's, else the one of the Airflow connection.

    :raises LedgerNotConfigured: there is neither.
    :raises LedgerConnectionUnusable: the connection's type is not sqlite or postgres, or it names no database.
    """
    configured = os.environ.get(LEDGER_VARIABLE)
    if configured:
        return configured
    from airflow.sdk.bases.hook import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = BaseHook.get_connection(LEDGER_CONNECTION)
    except AirflowNotFoundException as error:
        raise LedgerNotConfigured(f"the Airflow connection {LEDGER_CONNECTION!r} does not exist. {_HOW}") from error
    return url_of(connection)


def url_of(connection: Any) -> str:
    """Return the SQLAlchemy URL of an Airflow connection of type sqlite or postgres.

    The message of an error never holds the password.

    :raises LedgerConnectionUnusable: another type, or no database named.
    """
    kind = str(connection.conn_type or "").lower()
    if kind == "sqlite":
        return _sqlite_url(connection)
    if kind.partition("+")[0] in _POSTGRESQL:
        return _postgresql_url(connection)
    raise LedgerConnectionUnusable(
        f"the connection {LEDGER_CONNECTION!r} has the type {kind!r}; the ledger knows sqlite and postgres. {_HOW}"
    )


def poll_interval(configured: timedelta) -> timedelta:
    """Return how often a gate looks again: the environment's seconds, else ``configured``.

    :raises SettingInvalid: the environment's value is no number above zero.
    """
    text = os.environ.get(POLL_VARIABLE)
    if not text:
        return configured
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise SettingInvalid(f"{POLL_VARIABLE} is {text!r}. Write a number of seconds above zero, such as 5.")
    return timedelta(seconds=seconds)


def base_url() -> str:
    """Return the address of the Airflow UI, without a slash at its end."""
    configured = os.environ.get(BASE_URL_VARIABLE)
    if not configured:
        from airflow.sdk.configuration import conf

        configured = (
            conf.get("api", "base_url", fallback="") or f"http://localhost:{conf.get('api', 'port', fallback='8080')}"
        )
    return configured.rstrip("/")


def names_are_ids() -> bool:
    """Return whether Airflow has one name for a user's name and a user's id: only its SimpleAuthManager does.

    With any other one (FAB, Keycloak, your provider's) the two are kept apart.
    """
    from airflow.sdk.configuration import conf

    manager = conf.get("core", "auth_manager", fallback="") or _SIMPLE
    return str(manager).rpartition(".")[2] == _SIMPLE


def _sqlite_url(connection: Any) -> str:
    # From a URI the path arrives as the schema; typed into the form it may stand in either field.
    path = connection.schema or connection.host or ""
    if not Path(path).is_absolute():
        # A relative one would be another file for each process.
        raise LedgerConnectionUnusable(f"the connection {LEDGER_CONNECTION!r} names {path!r}, no absolute path. {_HOW}")
    return f"sqlite:///{path}"


def _postgresql_url(connection: Any) -> str:
    if not connection.schema:
        raise LedgerConnectionUnusable(
            f"the connection {LEDGER_CONNECTION!r} names no database: it stands in the field schema. {_HOW}"
        )
    login = quote(connection.login, safe="") if connection.login else ""
    password = f":{quote(connection.password, safe='')}" if connection.password else ""
    at = "@" if login else ""
    port = f":{connection.port}" if connection.port else ""
    options = {key: value for key, value in connection.extra_dejson.items() if isinstance(value, str)}
    query = f"?{urlencode(options)}" if options else ""
    return f"postgresql+psycopg://{login}{password}{at}{connection.host or ''}{port}/{quote(connection.schema)}{query}"
