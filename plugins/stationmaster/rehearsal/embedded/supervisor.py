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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from stationmaster.config.loader import load
from stationmaster.rehearsal.airflow_api import AirflowApi
from stationmaster.rehearsal.embedded.environment import Plan, station_environment
from stationmaster.rehearsal.embedded.plan import Database, Wishes, settle
from stationmaster.rehearsal.embedded.ports import is_free
from stationmaster.rehearsal.embedded.processes import Component
from stationmaster.rehearsal.embedded.schema import migrate_both
from stationmaster.rehearsal.embedded.signals import ending_as_exceptions, undisturbed
from stationmaster.rehearsal.embedded.station import NOTE, Station, end_leftovers, sole_supervisor, write_note

Name = Literal["api-server", "scheduler", "dag-processor", "triggerer", "stand-ins", "postgres"]

AFTER_TABLES: Mapping[Name, tuple[str, ...]] = {
    # All of them share one disk: the API server reads task logs there, and no log server listens on all interfaces.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
READY_WITHIN = 180.0
"""Seconds until Airflow must be ready: ten times what two idle cores need."""
END_WITHIN = 5.0
"""Seconds that the components have to end by themselves."""
NOTHING_TO_LOSE = frozenset({"triggerer"})
"""Needs ten seconds to end politely, and keeps all that it knows in the database."""


class PortsHeld(RuntimeError):
    """The station ended, but somebody still listens on a port of it."""


class NoDags(RuntimeError):
    """There is no dags/ directory beside include/, or Airflow would search everything beside it too."""


class NotStarted(RuntimeError):
    """The station does not run."""


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
        airflow_port: int | None = None,
        schedules: bool = True,
        poll_seconds: float = 2.0,
        parse_seconds: float = 30.0,
        parallelism: int = 8,
        stand_ins: Sequence[str] = (),
        options: Mapping[str, str] | None = None,
        accounts: Callable[[Mapping[str, str]], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Keep the wishes; nothing runs, and nothing is written, before ``start``.

        :param home: where everything of this station lives (.station); made if it is missing.
        :param include: the teams' files; dags/ lies beside that directory.
        :param clock_file: the virtual clock of a rehearsal, for every process; it must exist.
        :param familiar_ports: prefer PREFERRED_PORTS; False takes any free ones, for tests.
        :param airflow_port: preferred above all for Airflow's pages.
        :param schedules: whether Airflow starts runs by itself; a rehearsal starts them on the virtual clock.
        :param poll_seconds: how often triggers look at Slack, GitHub and the ledger.
        :param parse_seconds: how often the DAGs' files are read anew.
        :param parallelism: task processes at a time.
        :param stand_ins: further options of ``python -m stationmaster.rehearsal.standins``.
        :param options: further variables of every component, such as another auth manager of Airflow's.
        :param accounts: makes Airflow's users once its tables are there, where its auth manager keeps them in tables;
            gets the environment of the components.
        :param tell: gets a sentence at each step.
        """
        self.home = home.resolve()
        self.timings: dict[str, float] = {}
        """Seconds that each step of the start took."""
        self.environment: dict[str, str] = {}
        """The environment of every component, once started: what a command needs to act inside this station."""
        self._wishes = Wishes(
            home=self.home,
            include=include.resolve(),
            database=database,
            clock_file=None if clock_file is None else clock_file.resolve(),
            familiar_ports=familiar_ports,
            airflow_port=airflow_port,
            schedules=schedules,
            poll_seconds=poll_seconds,
            parse_seconds=parse_seconds,
            parallelism=parallelism,
        )
        self._stand_ins = tuple(stand_ins)
        self._options = dict(options or {})
        self._accounts = accounts
        self._tell = tell
        self._components: dict[str, Component] = {}
        self._station: Station | None = None
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as signals:
            signals.enter_context(ending_as_exceptions())
            self.start()
            self._held.push(signals.pop_all())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def station(self) -> Station:
        """The running station.

        :raises NotStarted: it does not run.
        """
        if self._station is None:
            raise NotStarted("the station does not run: call start(), or enter its block")
        return self._station

    def api(self, user: str = "admin") -> AirflowApi:
        """Return a client that is logged in as ``user``; the caller closes it."""
        return AirflowApi(base_url=self.station.airflow_url, user=user, password=self.station.passwords()[user])

    def log(self, name: Name) -> Path:
        """Return the log file of a component."""
        return self.home / "logs" / f"{name}.log"

    def start(self) -> Station:
        """Start everything and return when Airflow is ready.

        :raises NoDags: there is nothing to run, or nothing says where it is.
        :raises StationRunning: another process runs a station in this home.
        :raises ComponentEnded, MigrationFailed, NotReady, PostgresMissing, PostgresRefused: what its name says; nothing
            is left running.
        """
        _require_bundle(self._wishes.include)
        (self.home / "logs").mkdir(parents=True, exist_ok=True)
        self._held.enter_context(sole_supervisor(self.home))
        try:
            if ended := end_leftovers(self.home):
                self._tell(f"A station that was killed had left {ended} processes in {self.home}: they are ended.")
            self._start_all()
        except BaseException:
            self.stop()
            raise
        return self.station

    def require_running(self) -> None:
        """Return if every component runs.

        :raises ComponentEnded: one ended by itself.
        """
        for component in self._components.values():
            component.require_running()

    def kill(self, name: Name, number: signal.Signals = signal.SIGKILL, *, whole: bool = True) -> None:
        """Send a signal to a component with all its children (default), or to its first process only.

        For tests of failures: returns after the death if the signal is SIGKILL; ``require_running`` complains until
        ``restart``.
        """
        component = self._components[name]
        component.signal(number, whole=whole)
        if number is signal.SIGKILL:
            component.wait(END_WITHIN)

    def restart(self, name: Name) -> None:
        """End what is left of a component and start it again; does not wait until it is healthy."""
        component = self._components[name]
        component.end(grace=END_WITHIN)
        component.start()
        self._note()

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
                self._held.close()

    def _start_all(self) -> None:
        plan, station, postgres = settle(self._wishes, load(self._wishes.include), self._tell)
        self._station = station
        self.environment = station_environment(plan) | self._options
        self._launch("stand-ins", *self._stand_ins_command())
        if postgres is not None:
            with self._timed("PostgreSQL"):
                self._components["postgres"] = postgres.component
                postgres.start(("airflow", "ledger"), started=self._note)
        with self._timed("Airflow with its tables"):
            self._start_airflow(plan)
        self._tell(f"Airflow is ready at {plan.base_url}.")

    def _start_airflow(self, plan: Plan) -> None:
        tables_are_made = self.home / "tables-are-made"
        tables_are_made.unlink(missing_ok=True)
        self._launch("api-server", "stationmaster.rehearsal.embedded.api_server", str(tables_are_made))
        with self._timed("tables"):
            migrate_both(plan, environment=self.environment, log=self.home / "logs" / "migrate.log")
        self._accounts(self.environment)
        tables_are_made.touch()
        for name, command in AFTER_TABLES.items():
            self._launch(name, "airflow", *command)
        with self.api() as api:
            api.wait_ready(timeout=READY_WITHIN, check=self.require_running)

    def _stand_ins_command(self) -> tuple[str, ...]:
        ports = self.station.ports
        named = {f"{name}-port": ports[name] for name in ("github", "slack", "pager", "mail")}
        options = {"include": self._wishes.include, **named}
        return (
            "stationmaster.rehearsal.standins",
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
            *self._stand_ins,
        )

    def _launch(self, name: Name, module: str, *arguments: str) -> None:
        self._components[name] = component = Component(
            name=name,
            command=(sys.executable, "-m", module, *arguments),
            environment=self.environment,
            directory=self._wishes.include.parent,
            log=self.log(name),
        )
        component.start()
        self._note()

    def _note(self) -> None:
        """Write down every process at once when it starts: our own death may come at any time."""
        sessions = tuple(component.session for component in self._components.values() if component.session is not None)
        self._station = self.station.model_copy(update={"sessions": sessions})
        write_note(self._station)

    def _end_all(self) -> None:
        postgres = self._components.pop("postgres", None)
        for name, component in self._components.items():
            component.signal(signal.SIGKILL) if name in NOTHING_TO_LOSE else component.ask_to_end()
        deadline = time.monotonic() + END_WITHIN
        for component in self._components.values():
            component.collect(grace=max(0.0, deadline - time.monotonic()))
        if postgres is not None:
            postgres.end(grace=END_WITHIN)
        if self._station is None:
            return
        (self.home / NOTE).unlink(missing_ok=True)
        held = {name: port for name, port in self._station.ports.items() if not is_free(port)}
        if held:
            raise PortsHeld(f"every process of the station has ended, but these ports are still held: {held}")

    @contextlib.contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.timings[step] = time.perf_counter() - started
        self._tell(f"{step}: {self.timings[step]:.1f} s")


def _require_bundle(include: Path) -> None:
    root = include.parent
    if not (root / "dags").is_dir():
        raise NoDags(f"there is no directory {root / 'dags'}: the DAG files belong beside {include.name}/.")
    if not (root / ".airflowignore").is_file():
        # Airflow follows links: a log directory with its link to the latest log ends the DAG processor.
        raise NoDags(
            f"there is no file {root / '.airflowignore'}: Airflow would search all of {root} for DAG files. "
            "Write the three lines /* and !/dags/ and !/dags/** into it."
        )
