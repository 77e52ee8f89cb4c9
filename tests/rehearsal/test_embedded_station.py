"""The note of a running station, its lock, and what happens to what a killed supervisor left behind."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stationmaster.rehearsal.embedded.passwords import ADMIN, write_passwords
from stationmaster.rehearsal.embedded.processes import Session
from stationmaster.rehearsal.embedded.station import (
    NOTE,
    Station,
    StationRunning,
    clear_home,
    end_leftovers,
    end_station,
    is_supervised,
    read_note,
    running,
    sole_supervisor,
    write_note,
)

SUPERVISOR = """
import sys, time
from pathlib import Path
from stationmaster.rehearsal.embedded.station import sole_supervisor
with sole_supervisor(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def _station(home: Path, *sessions: Session, supervisor: int = 1) -> Station:
    write_passwords(home / "passwords.json", [ADMIN])
    return Station(
        supervisor=supervisor,
        sessions=sessions,
        ports={"airflow": 8123},
        airflow_url="http://127.0.0.1:8123",
        github_url="http://127.0.0.1:1",
        slack_url="http://127.0.0.1:2",
        ledger_url="sqlite:////ledger.db",
        database="sqlite",
        users=(ADMIN,),
        passwords_file=home / "passwords.json",
        clock_file=None,
        home=home,
    )


def _sleeper() -> tuple[subprocess.Popen[bytes], Session]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    return process, Session.of("scheduler", process.pid)


def _supervisor(home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_note_comes_back_as_it_was_and_is_private(tmp_path: Path) -> None:
    station = _station(tmp_path)
    write_note(station)
    assert read_note(tmp_path) == station
    assert station.passwords().keys() == {"admin"}
    assert stat.S_IMODE((tmp_path / NOTE).stat().st_mode) == 0o600


def test_a_note_without_a_supervisor_is_no_running_station(tmp_path: Path) -> None:
    write_note(_station(tmp_path))
    assert running(tmp_path) is None
    with sole_supervisor(tmp_path):
        assert running(tmp_path) == read_note(tmp_path)
    assert running(tmp_path) is None


def test_a_garbled_note_is_none(tmp_path: Path) -> None:
    (tmp_path / NOTE).write_text('{"supervisor": ')
    assert read_note(tmp_path) is None


def test_a_second_supervisor_is_refused_with_the_way_out(tmp_path: Path) -> None:
    supervisor = _supervisor(tmp_path)
    try:
        write_note(_station(tmp_path, supervisor=supervisor.pid))
        with (
            pytest.raises(StationRunning, match=rf"8123 \(process {supervisor.pid}\).*make down"),
            sole_supervisor(tmp_path),
        ):
            pass
    finally:
        supervisor.kill()
        supervisor.communicate()


def test_a_supervisor_that_is_killed_loses_the_lock(tmp_path: Path) -> None:
    supervisor = _supervisor(tmp_path)
    assert is_supervised(tmp_path)
    supervisor.kill()
    supervisor.communicate()
    assert not is_supervised(tmp_path)


def test_a_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    with sole_supervisor(tmp_path):
        process, session = _sleeper()
    try:
        assert not is_supervised(tmp_path)
    finally:
        process.kill()
        process.wait()
    assert session.members() == ()


def test_leftovers_of_a_killed_supervisor_are_ended(tmp_path: Path) -> None:
    process, session = _sleeper()
    write_note(_station(tmp_path, session))
    assert end_leftovers(tmp_path) == 1
    assert process.wait(5) in {-signal.SIGTERM, -signal.SIGKILL}
    assert read_note(tmp_path) is None
    assert end_leftovers(tmp_path) == 0


def test_down_asks_the_supervisor_and_then_ends_what_is_left(tmp_path: Path) -> None:
    supervisor = _supervisor(tmp_path)
    process, session = _sleeper()
    write_note(_station(tmp_path, session, supervisor=supervisor.pid))
    started = time.monotonic()
    assert end_station(tmp_path)
    supervisor.wait(5)
    process.wait(5)
    assert time.monotonic() - started < 25
    assert not end_station(tmp_path)
    supervisor.communicate()


def test_clearing_a_home_ends_what_ran_and_keeps_what_browsers_remember(tmp_path: Path) -> None:
    process, session = _sleeper()
    write_note(_station(tmp_path, session))
    (tmp_path / "postgres").mkdir()
    (tmp_path / "ledger.db").touch()
    clear_home(tmp_path)
    process.wait(5)
    assert {path.name for path in tmp_path.iterdir()} == {"passwords.json", "station.lock"}
    with sole_supervisor(tmp_path), pytest.raises(StationRunning):
        clear_home(tmp_path)


def test_the_lock_is_not_stolen_by_the_same_process(tmp_path: Path) -> None:
    with sole_supervisor(tmp_path), pytest.raises(StationRunning), sole_supervisor(tmp_path):
        pass
    assert not is_supervised(tmp_path)
