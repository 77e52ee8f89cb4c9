"""``stationmaster up``, ``down``, ``rehearse`` and ``bench`` hand their options on, and their exit codes back."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest


class Called:
    """Stands in for a function behind a command, and remembers what it was given."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.arguments: tuple = ()
        self.options: dict = {}

    def __call__(self, *arguments, **options):
        self.arguments, self.options = arguments, options
        return self.code


@pytest.fixture
def behind(monkeypatch):
    """Put a stand-in behind the commands of one module."""

    def put(module, **functions):
        made = ModuleType(f"stationmaster.rehearsal.{module}")
        for name, function in functions.items():
            setattr(made, name, function)
        monkeypatch.setitem(sys.modules, made.__name__, made)

    return put


def test_up_hands_on_home_files_port_and_database(run, behind, include):
    called = Called(0)
    behind("up", up=called)
    result = run("up", "--home", "mine", "--port", "9090", "--database", "sqlite")
    assert result.exit_code == 0, result.stderr
    assert called.arguments == (Path("mine"),)
    called.options.pop("console")
    assert called.options == {"include": include, "port": 9090, "database": "sqlite"}


def test_up_returns_the_exit_code(run, behind):
    behind("up", up=Called(1))
    assert run("up").exit_code == 1


def test_up_never_empties_a_directory_that_is_no_home(run, behind, tmp_path):
    called = Called(0)
    behind("up", up=called)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.md").write_text("It was a dark night.")
    result = run("up", "--home", "thesis")
    assert result.exit_code == 2
    assert "up would empty it" in result.stderr
    assert called.options == {}


def test_up_takes_an_earlier_home_again(run, behind, tmp_path):
    behind("up", up=Called(0))
    (tmp_path / ".station").mkdir()
    (tmp_path / ".station" / "secrets.json").write_text("{}")
    assert run("up").exit_code == 0


def test_up_without_waiting_starts_itself_in_a_session_of_its_own(run, monkeypatch, include, tmp_path):
    started = {}

    class Process:
        pid = 4711

        def __init__(self, command, **options):
            started["command"], started["session"] = command, options["start_new_session"]

    monkeypatch.setattr("subprocess.Popen", Process)
    result = run("up", "--no-wait", "--port", "9090")
    assert result.exit_code == 0, result.stderr
    assert "4711" in result.stdout
    assert str(tmp_path / ".station.log") in result.stdout
    assert started["session"] is True
    words = ["-m", "stationmaster.cli", "up", "--home", ".station", "--include", str(include)]
    assert started["command"] == [sys.executable, *words, "--database", "postgresql", "--port", "9090"]


@pytest.mark.parametrize("wrong", [("--port", "0"), ("--database", "mysql"), ("--include", "nowhere")])
def test_up_refuses_what_it_cannot_use(run, behind, wrong):
    called = Called(0)
    behind("up", up=called)
    assert run("up", *wrong).exit_code == 2
    assert called.options == {}


def test_what_keeps_a_station_from_starting_is_a_sentence_and_no_traceback(run, behind):
    from stationmaster.rehearsal.embedded.station import StationRunning

    def refuses(*_, **__):
        raise StationRunning("a station runs there already")

    behind("up", up=refuses)
    result = run("up")
    assert (result.exit_code, result.stderr) == (1, "stationmaster: a station runs there already\n")


def test_a_fault_of_ours_keeps_its_traceback(run, behind):
    def breaks(*_, **__):
        raise ZeroDivisionError

    behind("up", up=breaks)
    with pytest.raises(ZeroDivisionError):
        run("up")


def test_down_ends_the_station_in_its_home(run, behind):
    called = Called(0)
    behind("up", down=called)
    assert run("down", "--home", "mine").exit_code == 0
    assert called.arguments == (Path("mine"),)


def test_rehearse_hands_on_weeks_teams_and_seed(run, behind, include):
    called = Called(1)
    behind("rehearse", rehearse=called)
    words = ("--from", "2021-11-01", "--weeks", "3", "--teams", "cellxgene", "--seed", "7", "--out", "there", "--json")
    words += ("--trouble", "veto,red-tip")
    result = run("rehearse", *words)
    assert result.exit_code == 1
    called.options.pop("console")
    assert called.options == {
        "include": include,
        "start": date(2021, 11, 1),
        "weeks": 3,
        "teams": ("cellxgene",),
        "out": Path("there"),
        "seed": 7,
        "as_json_only": True,
        "trouble": ("veto", "red-tip"),
        "with_duty": True,
    }


def test_rehearse_leaves_out_what_is_beside_the_trains_on_request(run, behind):
    called = Called(0)
    behind("rehearse", rehearse=called)
    assert run("rehearse", "--trains-only").exit_code == 0
    assert called.options["with_duty"] is False


def test_rehearse_begins_by_default_in_the_week_before_the_clocks_change(run, behind):
    called = Called(0)
    behind("rehearse", rehearse=called)
    assert run("rehearse").exit_code == 0
    assert (called.options["start"], called.options["weeks"], called.options["teams"]) == (date(2021, 10, 25), 1, ())


@pytest.mark.parametrize("wrong", [("--teams", "night"), ("--from", "yesterday"), ("--weeks", "0")])
def test_rehearse_refuses_what_it_cannot_rehearse(run, behind, wrong):
    called = Called(0)
    behind("rehearse", rehearse=called)
    assert run("rehearse", *wrong).exit_code == 2
    assert called.options == {}


def test_bench_may_be_quick(run, behind):
    called = Called(0)
    behind("bench", bench=called)
    assert run("bench", "--quick").exit_code == 0
    assert called.options["quick"] is True
