"""The embedded station as a whole: it starts, survives the death of its parts, and leaves nothing, however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stationmaster.rehearsal.embedded.ports import HOST, is_free
from stationmaster.rehearsal.embedded.processes import ComponentEnded
from stationmaster.rehearsal.embedded.station import (
    NOTE,
    Station,
    StationRunning,
    end_station,
    read_note,
    remove_home,
    running,
)
from stationmaster.rehearsal.embedded.supervisor import EmbeddedAirflow, NoDags

pytestmark = pytest.mark.airflow

DAG = '''"""One airflow dag, for the supervisor's tests."""
from airflow.sdk import DAG, task

with DAG("hello", schedule=None) as dag:
    @task
    def greet() -> str:
        return "hello"

    greet()
'''

SUPERVISOR = """
import sys, time
from pathlib import Path
from stationmaster.rehearsal.embedded.supervisor import EmbeddedAirflow
root, home = Path(sys.argv[1]), Path(sys.argv[2])
station = EmbeddedAirflow(
    home=home, include=root / "include", database=sys.argv[3], familiar_ports=False,
    tell=lambda sentence: print(sentence, flush=True),
)
with station:
    print("entered", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "include" / "teams").mkdir(parents=True)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "hello.py").write_text(DAG)
    (tmp_path / ".airflowignore").write_text("/*\n!/dags/\n!/dags/**\n")
    return tmp_path


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "home"
    yield path
    end_station(path)
    remove_home(path)


def _supervise(root: Path, home: Path, database: str = "sqlite") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SUPERVISOR, str(root), str(home), database]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=root)


def _wait_for_line(supervisor: subprocess.Popen[str], text: str) -> None:
    assert supervisor.stdout is not None
    seen = []
    for line in supervisor.stdout:
        seen.append(line)
        if text in line:
            return
    raise AssertionError("".join(seen))


def _wait_for_component(home: Path, name: str) -> Station:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        note = read_note(home)
        if note is not None and name in {session.name for session in note.sessions}:
            return note
        time.sleep(0.05)
    raise AssertionError(f"{name} was not started")


def _nothing_is_left(station: Station) -> None:
    assert [member for session in station.sessions for member in session.members()] == []
    assert [port for port in station.ports.values() if not is_free(port)] == []
    assert not (station.home / NOTE).exists()


def _greet(station: EmbeddedAirflow) -> None:
    with station.api() as api:
        api.wait_parsed(["hello"], timeout=90, check=station.require_running)
        run = api.trigger("hello")
        assert api.wait_run("hello", run.dag_run_id, timeout=120, check=station.require_running).state == "success"
        assert api.xcom("hello", run.dag_run_id, "greet") == "hello"
        assert "Done. Returned value was: hello" in api.log("hello", run.dag_run_id, "greet")
        assert api.import_errors() == ()
        assert api.plugin_errors() == ()


def test_a_station_survives_what_happens_to_it_and_leaves_nothing(root: Path, home: Path) -> None:
    """A killed supervisor, a second start, a busy port, a kill -9 of two components (F72), and the end."""
    supervisor = _supervise(root, home, "postgresql")
    _wait_for_line(supervisor, "entered")
    first = running(home)
    assert first is not None
    with pytest.raises(StationRunning, match=f"process {supervisor.pid}"):
        EmbeddedAirflow(home=home, include=root / "include").start()
    supervisor.kill()
    supervisor.wait()
    assert running(home) is None

    told: list[str] = []
    with socket.create_server((HOST, 0)) as busy:
        station = EmbeddedAirflow(
            home=home,
            include=root / "include",
            familiar_ports=False,
            airflow_port=busy.getsockname()[1],
            tell=told.append,
        )
        with station:
            assert any("A station that was killed had left" in sentence for sentence in told)
            assert any(f"Port {busy.getsockname()[1]} is in use" in sentence for sentence in told)
            assert all(session.members() == () for session in first.sessions)
            assert running(home) == station.station
            _greet(station)

            station.kill("scheduler")
            station.kill("triggerer", whole=False)
            with pytest.raises(ComponentEnded, match=r"scheduler ended with status -9"):
                station.require_running()
            station.restart("scheduler")
            station.restart("triggerer")
            _greet(station)
            last = station.station
            assert last.passwords().keys() == {"admin", "viewer"}
            assert len(psutil.Process(os.getpid()).children()) >= len(last.sessions)
    _nothing_is_left(last)


def test_sqlite_can_be_chosen_and_ctrl_c_ends_everything(root: Path, home: Path) -> None:
    supervisor = _supervise(root, home)
    _wait_for_line(supervisor, "entered")
    station = running(home)
    assert station is not None
    assert station.database == "sqlite"
    assert "postgres" not in {session.name for session in station.sessions}
    assert json.loads((home / "passwords.json").read_text()).keys() == {"admin", "viewer"}
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(40) != 0
    _nothing_is_left(station)


def test_an_end_that_is_asked_for_while_it_starts_leaves_nothing(root: Path, home: Path) -> None:
    supervisor = _supervise(root, home)
    station = _wait_for_component(home, "api-server")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(40) == 128 + signal.SIGTERM
    _nothing_is_left(station)


def test_a_directory_that_is_no_bundle_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "include").mkdir()
    station = EmbeddedAirflow(home=tmp_path / "home", include=tmp_path / "include")
    with pytest.raises(NoDags, match="beside include/"):
        station.start()
    (tmp_path / "dags").mkdir()
    with pytest.raises(NoDags, match=r"Write the three lines"):
        station.start()
    assert not (tmp_path / "home").exists()
