"""Airflow's tables: migrated by Airflow's own command, unless the database shows that this was done."""

from __future__ import annotations

import json
import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from stationmaster import clock
from stationmaster.rehearsal.embedded.environment import Plan
from stationmaster.rehearsal.embedded.processes import last_lines

STAMP = "airflow-schema.json"


class MigrationFailed(RuntimeError):
    """``airflow db migrate`` failed."""


def migrate_both(plan: Plan, *, environment: Mapping[str, str], log: Path) -> None:
    """Bring Airflow's tables up to date in a process of their own, and the ledger's meanwhile in this one.

    :raises MigrationFailed: Airflow's command failed; what the ledger raises is raised as it is.
    """
    failures: list[Exception] = []

    def migrate_ledger() -> None:
        from stationmaster.ledger import Ledger

        # Each step of a migration is news in production, and noise between the steps of a start.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        try:
            ledger = Ledger.at(plan.ledger_url)
            # The station's own time: a rehearsal of another year begins its ledger in that year.
            ledger.migrate(clock.read(plan.clock_file) if plan.clock_file else None)
            ledger.close()
        except Exception as error:  # raised again below, in the thread that waits
            failures.append(error)

    beside = threading.Thread(target=migrate_ledger, name="migrate-ledger")
    beside.start()
    try:
        migrate_airflow(home=plan.home, url=plan.database_url, environment=environment, log=log)
    finally:
        beside.join()
    if failures:
        raise failures[0]


def migrate_airflow(*, home: Path, url: str, environment: Mapping[str, str], log: Path) -> bool:
    """Bring Airflow's tables up to date; return False if nothing was to do.

    The command alone takes seconds only to find that out; so the revision that it reached with this version of Airflow
    is kept, and compared with the one in the database.

    :raises MigrationFailed: the command failed; the message shows the end of its log.
    """
    stamp = home / STAMP
    present = {"airflow": version("apache-airflow-core"), "revision": _revision(url)}
    if present["revision"] and stamp.exists() and json.loads(stamp.read_text()) == present:
        return False
    with log.open("ab") as output:
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        code = subprocess.run(
            command, env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ).returncode
    if code:
        raise MigrationFailed(f"airflow db migrate ended with status {code}:\n{last_lines(log)}")
    stamp.write_text(json.dumps(present | {"revision": _revision(url)}))
    return True


def _revision(url: str) -> str | None:
    question = "SELECT version_num FROM alembic_version"
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        if not path.exists():
            return None
        connection = sqlite3.connect(path)
        try:
            row = connection.execute(question).fetchone()
        except sqlite3.OperationalError:
            return None
        finally:
            connection.close()
        return str(row[0]) if row else None
    import psycopg

    with psycopg.connect(f"postgresql://{url.split('://', 1)[1]}") as server:
        try:
            found = server.execute(question).fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return str(found[0]) if found else None
