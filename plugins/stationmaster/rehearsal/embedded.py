"""The embedded station: Airflow, its database, the ledger and the stand-ins on this machine, with no account anywhere.

    with EmbeddedAirflow(home=Path(".station"), include=Path("include")) as airflow:
        print(airflow.station.airflow_url)
        airflow.api("admin").dags()

Nothing of it is left when the block ends, however it ends. Decisions and numbers: docs/adr/0002-embedded-database.md.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from stationmaster.config.include import Include
from stationmaster.config.loader import load
from stationmaster.rehearsal.airflow_api import AirflowApi
from stationmaster.rehearsal.embedded_environment import Plan, stand_in_connections, station_environment
from stationmaster.rehearsal.embedded_passwords import keep_secrets, users_of, write_passwords
from stationmaster.rehearsal.embedded_ports import HOST, choose_port, is_free
from stationmaster.rehearsal.embedded_postgres import EmbeddedPostgres
from stationmaster.rehearsal.embedded_processes import Component, Session
from stationmaster.rehearsal.embedded_schema import migrate_airflow
from stationmaster.rehearsal.embedded_signals import ending_as_exceptions, undisturbed
from stationmaster.rehearsal.embedded_station import (
    NOTE,
    Station,
    end_leftovers,
    sole_supervisor,
    write_note,
)

Database = Literal["postgresql", "sqlite"]
Name = Literal["api-server", "scheduler", "dag-processor", "triggerer", "stand-ins", "postgres"]

AIRFLOW_COMMANDS: Mapping[Name, tuple[str, ...]] = {
    "api-server": ("api-server",),
    # All of them share one disk: the API server reads task logs there, and no log server listens on all interfaces.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
PREFERRED_PORTS: Mapping[str, int] = {"airflow": 8080, "github": 8081, "slack": 8082}
PURPOSES: Mapping[str, str] = {
    "airflow": "Airflow",
    "github": "the stand-in GitHub",
    "slack": "the stand-in Slack",
    "postgres": "PostgreSQL",
}
READY_WITHIN = 180.0
"""Seconds until Airflow must be ready: four times what two cores need."""
END_WITHIN = 8.0
"""Seconds that a component has to end by itself."""


class PortsHeld(RuntimeError):
    """The station ended, but somebody still listens on a port of it."""


class NoDags(RuntimeError):
    """There is no dags/ directory beside include/."""


class EmbeddedAirflow:
    """Starts, watches and ends every process of a station."""

    def __init__(
        self,
        *,
        home: Path,
        include: Path,
        database: Database = "postgresql",
        clock_file: Path | None = None,
        familiar_ports: bool = True,
        schedules: bool = True,
        poll_seconds: float = 2.0,
        parallelism: int = 8,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Keep the wishes; nothing runs, and nothing is written, before ``start``.

        :param home: where everything of this station lives (.station); made if it is missing.
        :param include: the teams' files; dags/ lies beside that directory.
        :param clock_file: the virtual clock of a rehearsal, for every process; it must exist.
        :param familiar_ports: prefer PREFERRED_PORTS; False takes any free ones, for tests.
        :param schedules: whether Airflow starts runs by itself; a rehearsal starts them on the virtual clock.
        :param poll_seconds: how often triggers look at Slack, GitHub and the ledger.
        :param parallelism: task processes at a time.
        :param tell: gets a sentence at each step.
        """
        self.home = home.resolve()
        self.root = include.resolve().parent
        self.timings: dict[str, float] = {}
        """Seconds that each step of the start took."""
        self._include = include.resolve()
        self._database = database
        self._clock_file = None if clock_file is None else clock_file.resolve()
        self._familiar_ports = familiar_ports
        self._schedules = schedules
        self._poll_seconds = poll_seconds
        self._parallelism = parallelism
        self._tell = tell
        self._components: dict[str, Component] = {}
        self._sessions: list[Session] = []
        self._station: Station | None = None
        self._held = contextlib.ExitStack()
        self.environment: dict[str, str] = {}
        """The environment of every component, once started: what a command needs to act inside this station."""

    def __enter__(self) -> Self:
        self._held.enter_context(ending_as_exceptions())
        try:
            self.start()
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.stop()
        finally:
            self._held.close()

    @property
    def station(self) -> Station:
        """The running station.

        :raises RuntimeError: it is not started.
        """
        if self._station is None:
            raise RuntimeError("the station is not started: call start() or enter its block")
        return self._station

    def api(self, user: str = "admin") -> AirflowApi:
        """Return a client that is logged in as ``user``; the caller closes it."""
        return AirflowApi(base_url=self.station.airflow_url, user=user, password=self.station.passwords()[user])

    def log(self, name: Name) -> Path:
        """Return the log file of a component."""
        return self.home / "logs" / f"{name}.log"

    def start(self) -> Station:
        """Start everything and return when Airflow is ready.

        :raises StationRunning: another process runs a station in this home.
        :raises ComponentEnded, MigrationFailed, NotReady, PostgresMissing, PostgresRefused: what its name says; nothing
            is left running.
        """
        if not (self.root / "dags").is_dir():
            raise NoDags(f"there is no directory {self.root / 'dags'}: the DAG files belong beside {self._include.name}/")
        (self.home / "logs").mkdir(parents=True, exist_ok=True)
        self._held.enter_context(sole_supervisor(self.home))
        if ended := end_leftovers(self.home):
            self._tell(f"A station that was killed had left {ended} processes in {self.home}: they are ended.")
        try:
            self._start_all()
        except BaseException:
            self.stop()
            raise
        return self.station

    def _start_all(self) -> None:
        include = load(self._include)
        ports = self._choose_ports()
        plan, postgres = self._plan(include, ports)
        self.environment = station_environment(plan)
        self._station = self._describe(plan, ports)
        self._launch("stand-ins", self._stand_ins_command(ports))
        if postgres is not None:
            with self._timed("PostgreSQL"):
                self._components["postgres"] = postgres.component
                postgres.start(("airflow", "ledger"))
                self._note("postgres")
        with self._timed("tables"):
            self._migrate(plan)
        with self._timed("Airflow"):
            for name, command in AIRFLOW_COMMANDS.items():
                self._launch(name, (sys.executable, "-m", "airflow", *command))
            with self.api() as api:
                api.wait_ready(timeout=READY_WITHIN, check=self.require_running)
        self._tell(f"Airflow is ready at {plan.base_url}.")

    def _choose_ports(self) -> dict[str, int]:
        ports: dict[str, int] = {}
        for name in ("airflow", "github", "slack", *(("postgres",) if self._database == "postgresql" else ())):
            preferred = PREFERRED_PORTS.get(name) if self._familiar_ports else None
            port = choose_port(PURPOSES[name], preferred, ports.values())
            ports[name] = port.number
            if port.remark:
                self._tell(port.remark)
        return ports

    def _plan(self, include: Include, ports: Mapping[str, int]) -> tuple[Plan, EmbeddedPostgres | None]:
        secrets = keep_secrets(self.home / "secrets.json")
        users = users_of(include)
        passwords = self.home / "passwords.json"
        write_passwords(passwords, users)
        postgres = None
        urls = {name: f"sqlite:///{self.home / f'{name}.db'}" for name in ("airflow", "ledger")}
        if self._database == "postgresql":
            postgres = EmbeddedPostgres(
                home=self.home, port=ports["postgres"], password=secrets.database, log=self.log("postgres")
            )
            urls = {
                "airflow": postgres.url("airflow", driver="psycopg2"),
                "ledger": postgres.url("ledger", driver="psycopg"),
            }
        plan = Plan(
            home=self.home,
            root=self.root,
            plugins=Path(__file__).resolve().parents[2],
            api_port=ports["airflow"],
            database_url=urls["airflow"],
            ledger_url=urls["ledger"],
            users=users,
            passwords=passwords,
            secrets=secrets,
            connections=stand_in_connections(
                [team.connections.github for team in include.teams.values()],
                [team.connections.slack for team in include.teams.values()],
                github_url=f"http://{HOST}:{ports['github']}",
                slack_url=f"http://{HOST}:{ports['slack']}",
            ),
            clock_file=self._clock_file,
            poll_seconds=self._poll_seconds,
            parallelism=self._parallelism,
            schedules=self._schedules,
        )
        return plan, postgres

    def _describe(self, plan: Plan, ports: Mapping[str, int]) -> Station:
        import os

        return Station(
            supervisor=os.getpid(),
            ports=dict(ports),
            airflow_url=plan.base_url,
            github_url=f"http://{HOST}:{ports['github']}",
            slack_url=f"http://{HOST}:{ports['slack']}",
            ledger_url=plan.ledger_url,
            database=self._database,
            users=plan.users,
            passwords_file=plan.passwords,
            clock_file=plan.clock_file,
            home=self.home,
        )

    def _stand_ins_command(self, ports: Mapping[str, int]) -> tuple[str, ...]:
        ports_asked = ("--github-port", str(ports["github"]), "--slack-port", str(ports["slack"]))
        return (sys.executable, "-m", "stationmaster.rehearsal.standins", "--include", str(self._include), *ports_asked)

    def _migrate(self, plan: Plan) -> None:
        """Airflow's tables in a process of their own, the ledger's in this one meanwhile."""
        from stationmaster.ledger import Ledger

        failures: list[BaseException] = []

        def migrate_ledger() -> None:
            try:
                ledger = Ledger.at(plan.ledger_url)
                ledger.migrate()
                ledger.close()
            except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
                failures.append(error)

        ledger_thread = threading.Thread(target=migrate_ledger, name="migrate-ledger")
        ledger_thread.start()
        try:
            migrate_airflow(
                home=self.home, url=plan.database_url, environment=self.environment, log=self.home / "logs" / "migrate.log"
            )
        finally:
            ledger_thread.join()
        if failures:
            raise failures[0]

    def require_running(self) -> None:
        """Return if every component runs.

        :raises ComponentEnded: one ended by itself.
        """
        for component in self._components.values():
            component.require_running()

    def kill(self, name: Name, number: signal.Signals = signal.SIGKILL, *, whole: bool = True) -> None:
        """Send a signal to a component with all its children (default), or to its first process only.

        For tests of failures: ``require_running`` complains until ``restart``.
        """
        self._components[name].signal(number, whole=whole)

    def restart(self, name: Name) -> None:
        """End what is left of a component and start it again; does not wait until it is healthy."""
        component = self._components[name]
        component.end(grace=END_WITHIN)
        component.start()
        self._note(name)

    def stop(self) -> None:
        """End every process, PostgreSQL last, and check that nothing is left. Harmless when nothing runs.

        :raises ProcessesLeft, PortsHeld: something would not end.
        """
        with undisturbed():
            try:
                self._end_all()
            finally:
                self._components.clear()
                self._station = None

    def _end_all(self) -> None:
        postgres = self._components.pop("postgres", None)
        for component in self._components.values():
            component.ask_to_end()
        deadline = time.monotonic() + END_WITHIN
        for component in self._components.values():
            component.collect(grace=max(0.0, deadline - time.monotonic()))
        if postgres is not None:
            postgres.end(grace=END_WITHIN)
        (self.home / NOTE).unlink(missing_ok=True)
        if self._station is not None:
            held = {name: port for name, port in self._station.ports.items() if not is_free(port)}
            if held:
                raise PortsHeld(f"every process of the station has ended, but these ports are held: {held}")

    def _launch(self, name: Name, command: tuple[str, ...]) -> None:
        component = Component(
            name=name, command=command, environment=self.environment, directory=self.root, log=self.log(name)
        )
        self._components[name] = component
        component.start()
        self._note(name)

    def _note(self, name: Name) -> None:
        """Write down every process at once when it starts: our own death may come at any time."""
        sessions = tuple(component.session for component in self._components.values() if component.session is not None)
        self._station = self.station.model_copy(update={"sessions": sessions})
        write_note(self._station)

    @contextlib.contextmanager
    def _timed(self, step: str) -> contextlib.Iterator[None]:
        started = time.perf_counter()
        yield
        self.timings[step] = time.perf_counter() - started
        self._tell(f"{step}: {self.timings[step]:.1f} s")
