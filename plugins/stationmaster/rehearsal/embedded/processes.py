"""Child processes in sessions of their own, and the certainty that none of them is left.

Airflow's components fork, rename themselves and put their tasks into other process groups, but none leaves its
session. The session id is the pid of the process that we started, and stays when that process is dead (fact 30).
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict

LOOK_AGAIN = 0.05
"""Seconds between two looks at a process that should end."""


class ComponentEnded(RuntimeError):
    """A component ended by itself; the message shows the last lines of its log."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        super().__init__(f"{name} ended with status {code}. Its log {log} ends with:\n{last_lines(log)}")


class ProcessesLeft(RuntimeError):
    """Processes would not end, even when killed."""


class Session(BaseModel):
    """The session of a process that we started: enough to find what is left of it later, from another process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    leader: int
    born: float
    """Seconds from the machine's start to the leader's: a pid that was given out again is not ours."""

    @classmethod
    def of(cls, name: str, leader: int) -> Self:
        """Return the session of a process that leads one.

        :raises psutil.NoSuchProcess: there is no such process.
        """
        return cls(name=name, leader=leader, born=_born(leader))

    def members(self) -> tuple[psutil.Process, ...]:
        """Return every living process of the session, whoever its parent is now."""
        if self._leader_is_another():
            return ()
        return tuple(process for process in psutil.process_iter() if _session_of(process) == self.leader)

    def _leader_is_another(self) -> bool:
        try:
            return abs(_born(self.leader) - self.born) > 1.0
        except psutil.NoSuchProcess:
            return False  # a pid is not given out again while a session bears its number


class Component:
    """One supervised process: a command in its own session, with its output in a file."""

    def __init__(
        self,
        *,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        log: Path,
        user: tuple[int, int] | None = None,
        polite_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Keep the recipe; nothing runs yet.

        :param user: numeric user and group to run as, for a server that refuses root.
        :param polite_signal: what asks this program to end.
        """
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = dict(environment)
        self._directory = directory
        self._user = user
        self._polite_signal = polite_signal
        self._process: subprocess.Popen[bytes] | None = None
        self.session: Session | None = None

    def start(self) -> None:
        """Start the process; a second start appends to the same log."""
        user, group = self._user or (None, None)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=None if self._user is None else [],
            )
        self.session = Session.of(self.name, self._process.pid)

    @property
    def pid(self) -> int | None:
        """The pid of the process that was started last."""
        return None if self._process is None else self._process.pid

    def require_running(self) -> None:
        """Return if the process runs.

        :raises ComponentEnded: it ended by itself.
        """
        if self._process is None:
            raise ComponentEnded(self.name, 0, self.log)
        code = self._process.poll()
        if code is not None:
            raise ComponentEnded(self.name, code, self.log)

    def is_running(self) -> bool:
        """Return whether the process that was started is alive."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals, *, whole: bool = True) -> None:
        """Send a signal to every process of the session, or only to the one that was started."""
        if self.session is None or self._process is None:
            return
        if whole:
            for process in self.session.members():
                _send(process, number)
        elif self.is_running():
            os.kill(self._process.pid, number)

    def wait(self, timeout: float) -> None:
        """Wait until the process that was started is dead.

        :raises subprocess.TimeoutExpired: it is not.
        """
        if self._process is not None:
            self._process.wait(timeout)

    def ask_to_end(self) -> None:
        """Send the polite signal to the process that was started; do not wait."""
        self.signal(self._polite_signal, whole=False)

    def end(self, *, grace: float) -> None:
        """End the whole session: politely first, by force after ``grace`` seconds; returns when nothing is left."""
        self.ask_to_end()
        self.collect(grace=grace)

    def collect(self, *, grace: float) -> None:
        """Wait ``grace`` seconds for the session to end, then kill what is left of it."""
        if self.session is not None:
            end_sessions((self.session,), grace=grace, wait_for=self._reap)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.poll()


def end_sessions(sessions: Collection[Session], *, grace: float, wait_for: Callable[[], None] = lambda: None) -> None:
    """Wait ``grace`` seconds until these sessions are empty, then kill what is left.

    :param wait_for: called at each look; a parent collects its dead children there.
    :raises ProcessesLeft: a process outlived SIGKILL by ten seconds.
    """
    deadline = time.monotonic() + grace
    forced = False
    while True:
        wait_for()
        left = [process for session in sessions for process in session.members()]
        if not left:
            return
        if time.monotonic() > deadline:
            if forced:
                named = ", ".join(f"{process.pid}" for process in left)
                raise ProcessesLeft(f"these processes do not end: {named}. End them by hand: kill -9 {named}")
            forced = True
            deadline = time.monotonic() + 10
        if forced:
            for process in left:
                _send(process, signal.SIGKILL)
        time.sleep(LOOK_AGAIN)


def last_lines(log: Path, count: int = 15) -> str:
    """Return the end of a log, or a sentence that there is none."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join(f"  {line}" for line in lines[-count:]) or "  (empty)"


def _born(pid: int) -> float:
    """Return the seconds from the machine's start to a process's: setting the machine's clock does not change them.

    Both instants follow that clock. A laptop that wakes, or a machine that is moved, sets it while a station runs.
    """
    return float(psutil.Process(pid).create_time()) - float(psutil.boot_time())


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _session_of(process: psutil.Process) -> int | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return os.getsid(process.pid)
    except (psutil.NoSuchProcess, ProcessLookupError, PermissionError):
        return None
