"""Sessions of child processes: none of their members is ever left (fact 30)."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from stationmaster.rehearsal.embedded.processes import Component, ComponentEnded, Session, end_sessions

# A parent that puts a child into a process group of its own, as Airflow does with its tasks, and ignores SIGTERM.
STUBBORN_FAMILY = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
print("ready", flush=True)
time.sleep(600)
"""


def _component(tmp_path: Path, code: str) -> Component:
    return Component(
        name="child",
        command=(sys.executable, "-c", code),
        environment=dict(os.environ),
        directory=tmp_path,
        log=tmp_path / "child.log",
    )


def _wait_for(log: Path, text: str, count: int = 1) -> None:
    deadline = time.monotonic() + 15
    while log.read_text().count(text) < count:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def test_members_in_other_process_groups_are_found_and_ended(tmp_path: Path) -> None:
    component = _component(tmp_path, STUBBORN_FAMILY)
    component.start()
    _wait_for(component.log, "ready", 2)
    assert component.session is not None
    members = component.session.members()
    assert len(members) == 2
    assert len({os.getpgid(member.pid) for member in members}) == 2
    component.end(grace=0.2)
    assert component.session.members() == ()
    assert not any(psutil.pid_exists(member.pid) and member.status() != psutil.STATUS_ZOMBIE for member in members)


def test_children_that_outlive_their_leader_are_still_found(tmp_path: Path) -> None:
    component = _component(tmp_path, STUBBORN_FAMILY)
    component.start()
    _wait_for(component.log, "ready", 2)
    component.signal(signal.SIGKILL, whole=False)
    component.wait(5)
    assert component.session is not None
    (orphan,) = component.session.members()
    assert orphan.pid != component.pid
    end_sessions([component.session], grace=0)
    assert component.session.members() == ()


def test_a_polite_process_is_not_killed(tmp_path: Path) -> None:
    farewell = (
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit()))"
    )
    component = _component(tmp_path, f"{farewell}\nprint('ready', flush=True)\ntime.sleep(600)")
    component.start()
    _wait_for(component.log, "ready")
    component.end(grace=10)
    assert "bye" in component.log.read_text()


def test_a_pid_that_was_given_out_again_is_not_ours() -> None:
    own = Session.of("own", os.getpid())
    session = own.model_copy(update={"born": own.born - 3600})
    assert session.members() == ()


@pytest.mark.parametrize("seconds", [-7200, -2, 2, 7200])
def test_a_session_is_found_after_the_machines_clock_was_set(
    seconds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    component = _component(tmp_path, "import time; time.sleep(600)")
    component.start()
    assert component.session is not None
    before = psutil.Process(component.pid).create_time()
    boot_time = psutil._psplatform.boot_time
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: boot_time() + seconds)
    try:
        assert psutil.Process(component.pid).create_time() == pytest.approx(before + seconds)  # as on a real machine
        assert [member.pid for member in component.session.members()] == [component.pid]
    finally:
        monkeypatch.undo()
        component.end(grace=0.2)
    assert component.session.members() == ()


def test_a_component_that_ended_by_itself_shows_the_end_of_its_log(tmp_path: Path) -> None:
    component = _component(tmp_path, "print('no such table'); raise SystemExit(3)")
    component.start()
    component.wait(10)
    with pytest.raises(ComponentEnded, match=r"child ended with status 3[\s\S]*no such table"):
        component.require_running()


def test_a_second_start_keeps_the_first_log(tmp_path: Path) -> None:
    component = _component(tmp_path, "print('hello')")
    for _ in range(2):
        component.start()
        component.wait(10)
    assert component.log.read_text().count("hello") == 2
