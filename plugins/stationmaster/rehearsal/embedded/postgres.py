"""A PostgreSQL of our own on loopback, from the programs that a pip package brings; root needs no database user."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection
from pathlib import Path

from stationmaster.rehearsal.embedded.passwords import write_private
from stationmaster.rehearsal.embedded.ports import HOST
from stationmaster.rehearsal.embedded.postgres_place import place_for
from stationmaster.rehearsal.embedded.processes import Component, last_lines

ROLE = "stationmaster"
START_WITHIN = 30.0
"""Seconds until the server must answer."""


class PostgresRefused(RuntimeError):
    """PostgreSQL could not be set up or does not answer."""


class EmbeddedPostgres:
    """One server with a database for Airflow and one for the ledger."""

    def __init__(self, *, home: Path, port: int, password: str, log: Path) -> None:
        """Prepare a server whose data lie under ``home``; nothing runs yet.

        :raises PostgresMissing: the extra ``embedded`` is not installed.
        :raises PostgresHomeless: there is no place for it.
        """
        self.port = port
        self._password = password
        self._place = place_for(home)
        self._log = log
        self.component = Component(
            name="postgres",
            command=(str(self._place.programs / "postgres"), "-D", str(self._place.data), *_options(port)),
            environment={"PATH": os.defpath, "LC_ALL": "C"},
            directory=self._place.data.parent,
            log=log,
            user=self._place.user,
            # The fast shutdown: roll back, disconnect, write, end.
            polite_signal=signal.SIGINT,
        )

    def url(self, database: str, *, driver: str) -> str:
        """Return the SQLAlchemy URL of a database; it holds the password."""
        return f"postgresql+{driver}://{ROLE}:{self._password}@{HOST}:{self.port}/{database}"

    def start(self, databases: Collection[str], *, started: Callable[[], None] = lambda: None) -> None:
        """Create the cluster if there is none, start it, and create the databases that are missing.

        :param started: called as soon as there is a process.

        :raises PostgresRefused: it could not be created or does not answer within START_WITHIN seconds.
        """
        if not (self._place.data / "PG_VERSION").exists():
            self._create()
        (self._place.data / "postmaster.pid").unlink(missing_ok=True)
        self.component.start()
        started()
        self._create_missing(databases)

    def _create(self) -> None:
        place = self._place
        secret = place.data.parent / "pwfile"
        write_private(secret, self._password)
        user, group = place.user or (None, None)
        if user is not None and group is not None:
            os.chown(secret, user, group)
        command = [
            str(place.programs / "initdb"), "-D", str(place.data), "-U", ROLE, f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions",
        ]  # fmt: skip
        try:
            with self._log.open("ab") as log:
                subprocess.run(
                    command, check=True, env={"PATH": os.defpath}, cwd=place.data.parent, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=subprocess.STDOUT, user=user, group=group,
                    extra_groups=None if user is None else [], umask=0o077,
                )  # fmt: skip
        except (OSError, subprocess.CalledProcessError) as error:
            raise PostgresRefused(
                f"PostgreSQL's data directory {place.data} could not be created: {error}\n{last_lines(self._log)}"
            ) from error
        finally:
            secret.unlink(missing_ok=True)

    def _create_missing(self, databases: Collection[str]) -> None:
        import psycopg
        from psycopg import sql

        deadline = time.monotonic() + START_WITHIN
        while True:
            self.component.require_running()
            try:
                connection = psycopg.connect(
                    host=HOST, port=self.port, user=ROLE, password=self._password, dbname="postgres", autocommit=True
                )
                break
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise PostgresRefused(
                        f"PostgreSQL does not answer on port {self.port}: {error}\n{last_lines(self._log)}"
                    ) from error
                time.sleep(0.05)
        with connection:
            there = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            for name in databases:
                if name not in there:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _options(port: int) -> tuple[str, ...]:
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "log_min_messages": "warning",
    }
    return tuple(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
