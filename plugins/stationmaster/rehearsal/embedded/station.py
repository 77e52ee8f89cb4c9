"""The note that a running station leaves in its home, so that other commands find it and end what was left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict

from stationmaster.rehearsal.embedded.passwords import User, read_passwords, write_private
from stationmaster.rehearsal.embedded.ports import HOST
from stationmaster.rehearsal.embedded.postgres_place import forget_place
from stationmaster.rehearsal.embedded.processes import Session, end_sessions

NOTE = "station.json"
LOCK = "station.lock"
KEPT = frozenset({LOCK, "secrets.json", "passwords.json"})
"""What clearing a home leaves there."""
END_WITHIN = 30.0
"""Seconds that a supervisor has to end its station before its processes are ended without it."""


class StationRunning(RuntimeError):
    """Another supervisor runs a station in this home."""


class Station(BaseModel):
    """A station that runs, or whose supervisor died."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    supervisor: int
    sessions: tuple[Session, ...] = ()
    ports: dict[str, int]
    """By name: airflow, github, slack, pager, mail, postgres."""
    airflow_url: str
    github_url: str
    slack_url: str
    ledger_url: str
    database: str
    users: tuple[User, ...]
    passwords_file: Path
    clock_file: Path | None
    home: Path

    @property
    def pager_url(self) -> str:
        """Where the stand-in paging services, proposals and alerts are."""
        return f"http://{HOST}:{self.ports['pager']}"

    def passwords(self) -> Mapping[str, str]:
        """Return the passwords by user name."""
        return read_passwords(self.passwords_file)


def write_note(station: Station) -> None:
    """Write the note; only the owner may read it, for it holds the ledger's password."""
    write_private(station.home / NOTE, station.model_dump_json(indent=1))


def read_note(home: Path) -> Station | None:
    """Return the note, None where there is none or where it is not readable as one."""
    try:
        return Station.model_validate_json((home / NOTE).read_text())
    except (OSError, ValueError):
        return None


def running(home: Path) -> Station | None:
    """Return the station that runs in ``home`` under a living supervisor, else None."""
    station = read_note(home)
    return station if station is not None and is_supervised(home) else None


def is_supervised(home: Path) -> bool:
    """Return whether a living process holds the station's lock: the system frees it whatever way its holder died."""
    path = home / LOCK
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextlib.contextmanager
def sole_supervisor(home: Path) -> Iterator[None]:
    """Hold the station's lock.

    :raises StationRunning: somebody else holds it.
    """
    with (home / LOCK).open("a") as file:
        # The lock belongs to the open file: a component that inherited it would hold it after our death.
        os.set_inheritable(file.fileno(), False)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note = read_note(home)
            where = f" at {note.airflow_url} (process {note.supervisor})" if note else ""
            raise StationRunning(
                f"A station runs in {home} already{where}. End it first: make down (stationmaster down)."
            ) from None
        yield


def end_leftovers(home: Path) -> int:
    """End what a dead supervisor left running, remove its note, and return how many processes there were."""
    station = read_note(home)
    if station is None:
        return 0
    # PostgreSQL comes last: whoever is connected should be gone before it ends.
    ordered = sorted(station.sessions, key=lambda session: session.name == "postgres")
    left = [process for session in ordered for process in session.members()]
    for session in ordered:
        for process in session.members():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT if session.name == "postgres" else signal.SIGTERM)
    end_sessions(ordered, grace=5)
    (home / NOTE).unlink(missing_ok=True)
    return len(left)


def clear_home(home: Path) -> None:
    """Empty a home, so that its next station begins anew; secrets and passwords stay, for browsers remember them.

    :raises StationRunning: a station runs there.
    """
    home.mkdir(parents=True, exist_ok=True)
    with sole_supervisor(home):
        end_leftovers(home)
        forget_place(home)
        for path in home.iterdir():
            if path.name in KEPT:
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def remove_home(home: Path) -> None:
    """Remove a home with everything that belongs to it.

    :raises StationRunning: a station runs there.
    """
    clear_home(home)
    shutil.rmtree(home)


@contextlib.contextmanager
def passing_home(prefix: str) -> Iterator[Path]:
    """Give a home for as long as the block lasts, and take everything away that belongs to it."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        try:
            yield Path(folder)
        finally:
            clear_home(Path(folder))


def end_station(home: Path) -> bool:
    """End the station in ``home``, from whatever process; return whether there was one.

    Its supervisor is asked first; what it leaves behind is ended without it.

    :raises ProcessesLeft: a process would not end.
    """
    station = read_note(home)
    if station is None:
        return False
    if is_supervised(home):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            supervisor = psutil.Process(station.supervisor)
            supervisor.send_signal(signal.SIGTERM)
            supervisor.wait(END_WITHIN)
    end_leftovers(home)
    return True
