"""Programs in place of a person's look: judged, bounded, without a shell and without secrets (T-13, T-16)."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stationmaster import clock
from stationmaster.checks import run
from stationmaster.config.checks_by_machine import CommandCheck
from stationmaster.hooks.programs import MOST_BYTES
from tests.work.office import Office


def _check(code: str, *, timeout: str = "20s", **answer: Any) -> CommandCheck:
    argv = (sys.executable, "-c", code)
    return CommandCheck.model_validate({"kind": "command", "argv": argv, "timeout": timeout, "answer": answer})


def _look(office: Office, code: str, **how: Any) -> Any:
    return run(office.desk(), _check(code, **how), "a chore")


@pytest.mark.parametrize(
    ("code", "answer", "ok"),
    [
        ("print('fine')", {}, True),
        ("raise SystemExit(3)", {}, False),
        ("print('all is well')", {"contains": "well"}, True),
        ("print('all is lost')", {"contains": "well"}, False),
        ("print(25.5)", {"reads": "number", "at_most": 26}, True),
        ("print(27)", {"reads": "number", "at_most": 26}, False),
        ("print(1)", {"reads": "number", "at_least": 2}, False),
        ("print('nan')", {"reads": "number", "at_most": 26}, None),
        ("print('many')", {"reads": "number", "at_most": 26}, None),
        ('print(\'{"a": {"age": 3}}\')', {"reads": "number", "field": "a.age", "at_most": 26}, True),
        ("print('{}')", {"reads": "number", "field": "a.age", "at_most": 26}, None),
        ("print('2024-03-12T03:00:00Z')", {"reads": "instant", "max_age": "26h"}, True),
        ("print('2024-03-10T03:00:00Z')", {"reads": "instant", "max_age": "26h"}, False),
        ("print('2024-03-12T03:00:00')", {"reads": "instant", "max_age": "26h"}, None),
        ("print('2030-01-01T00:00:00Z')", {"reads": "instant", "max_age": "26h"}, None),
    ],
)
def test_t16_what_a_program_prints_is_judged_and_what_cannot_be_read_is_never_good(office, code, answer, ok) -> None:
    found = _look(office, code, **answer)
    assert found.ok is ok, found


def test_t16_a_program_that_hangs_is_ended_with_its_children(office, tmp_path: Path) -> None:
    child = f"import time,pathlib; time.sleep(1.5); pathlib.Path({str(tmp_path / 'late')!r}).touch()"
    code = f"import subprocess,sys,time; subprocess.Popen([sys.executable,'-c',{child!r}]); time.sleep(60)"
    begun = time.monotonic()
    found = _look(office, code, timeout="1s")
    assert found.ok is None
    assert "did not end within 1s" in found.sentence
    assert time.monotonic() - begun < 20
    time.sleep(2)
    assert not (tmp_path / "late").exists()


def test_t16_a_child_that_keeps_the_pipe_open_holds_up_nothing(office) -> None:
    code = "import subprocess,sys; subprocess.Popen([sys.executable,'-c','import time; time.sleep(60)']); print('done')"
    begun = time.monotonic()
    assert _look(office, code, timeout="30s").ok is True
    assert time.monotonic() - begun < 25


def test_t16_a_program_that_prints_without_end_is_ended(office) -> None:
    found = _look(office, "while True: print('x' * 1000)")
    assert found.ok is None
    assert str(MOST_BYTES // 1024) in found.sentence


def test_f74_a_program_sees_no_secret_of_the_worker(office, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SECRET", "hunter2")
    found = _look(office, "import os; print(sorted(os.environ), os.getcwd())")
    assert found.ok is True
    assert "AIRFLOW" not in found.evidence
    assert str(Path.cwd()) not in found.evidence


def test_t16_no_shell_reads_the_words(office, tmp_path: Path) -> None:
    check = CommandCheck(kind="command", argv=("/bin/echo", f"; touch {tmp_path}/made", "$HOME"))
    found = run(office.desk(), check, "a chore")
    assert found.evidence == f"; touch {tmp_path}/made $HOME"
    assert not (tmp_path / "made").exists()


def test_t16_a_program_that_is_not_there_is_said(office) -> None:
    found = run(office.desk(), CommandCheck(kind="command", argv=("/no/such/program",)), "a chore")
    assert found.ok is None
    assert "cannot be started" in found.sentence


def test_f73_a_rehearsal_runs_no_program(office, tmp_path: Path, monkeypatch) -> None:
    face = tmp_path / "clock.json"
    clock.set_virtual(face, office.clock())
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(face))
    check = CommandCheck(kind="command", argv=("/usr/bin/touch", str(tmp_path / "made")), timeout=timedelta(seconds=5))
    assert run(office.desk(), check, "a chore").ok is None
    assert not (tmp_path / "made").exists()
