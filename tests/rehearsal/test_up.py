"""``up`` around its Airflow: what it refuses, what it says, and that it leaves nothing behind."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from stationmaster.rehearsal import up as upping
from stationmaster.rehearsal.embedded.passwords import ADMIN, write_passwords
from stationmaster.rehearsal.embedded.station import Station, sole_supervisor, write_note
from stationmaster.rehearsal.up import NotAHome, down, is_home, up
from stationmaster.rehearsal.up_progress import Progress
from tests.rehearsal.good_week import INCLUDE


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=100)


@pytest.fixture
def running_station(tmp_path: Path) -> Iterator[Path]:
    """A home whose station runs, as far as anybody can see."""
    write_passwords(tmp_path / "passwords.json", [ADMIN])
    station = Station(
        supervisor=1,
        ports={"airflow": 8123},
        airflow_url="http://127.0.0.1:8123",
        github_url="http://127.0.0.1:1",
        slack_url="http://127.0.0.1:2",
        ledger_url="sqlite:////ledger.db",
        database="sqlite",
        users=(ADMIN,),
        passwords_file=tmp_path / "passwords.json",
        clock_file=None,
        home=tmp_path,
    )
    with sole_supervisor(tmp_path):
        write_note(station)
        yield tmp_path


def start(home: Path, console: Console) -> int:
    return up(home, include=INCLUDE, port=None, database="sqlite", console=console)


def test_a_second_up_says_where_the_first_one_runs_and_how_to_end_it(running_station, console) -> None:
    assert start(running_station, console) == 1
    said = console.file.getvalue()
    assert "http://127.0.0.1:8123" in said
    assert "make down" in said


def test_up_itself_never_empties_a_directory_that_is_no_home(tmp_path, console) -> None:
    """The function refuses, and not only the command before it."""
    (tmp_path / "thesis.md").write_text("It was a dark night.")
    with pytest.raises(NotAHome, match="would empty it"):
        start(tmp_path, console)
    assert (tmp_path / "thesis.md").exists()


@pytest.mark.parametrize("name", ["secrets.json", "station.lock", "station.json"])
def test_the_home_of_an_earlier_station_is_known_by_its_files(tmp_path, name) -> None:
    (tmp_path / "clock.json").write_text("{}")
    assert not is_home(tmp_path)
    (tmp_path / name).write_text("{}")
    assert is_home(tmp_path)


def test_a_missing_or_an_empty_directory_may_become_a_home_and_a_file_may_not(tmp_path) -> None:
    assert is_home(tmp_path / "new")
    (tmp_path / ".station" / "newest").mkdir(parents=True)
    assert is_home(tmp_path / ".station")
    (tmp_path / "empty").mkdir()
    assert is_home(tmp_path / "empty")
    (tmp_path / "file").write_text("x")
    assert not is_home(tmp_path / "file")


@pytest.mark.parametrize("how", [KeyboardInterrupt(), SystemExit(143)])
def test_ctrl_c_while_it_starts_ends_with_a_sentence_and_no_traceback(tmp_path, console, monkeypatch, how) -> None:
    ended = []

    class Interrupted:
        def __init__(self, **_: object) -> None:
            pass

        def __enter__(self) -> None:
            raise how

        def __exit__(self, *_: object) -> None:
            ended.append(True)

    monkeypatch.setattr(upping, "EmbeddedAirflow", Interrupted)
    assert start(tmp_path / "home", console) == 0
    assert "Nothing is left running." in console.file.getvalue()


def test_what_an_earlier_up_left_is_removed_and_the_passwords_stay(tmp_path, console, monkeypatch) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    (tmp_path / "ledger.db").write_text("old")
    monkeypatch.setattr(upping, "EmbeddedAirflow", _Never)
    start(tmp_path, console)
    assert (tmp_path / "secrets.json").read_text() == "{}"
    assert not (tmp_path / "ledger.db").exists()


class _Never:
    def __init__(self, **_: object) -> None:
        raise KeyboardInterrupt


def test_down_says_so_when_nothing_runs(tmp_path, console) -> None:
    assert down(tmp_path, console=console) == 0
    assert "No station runs in" in console.file.getvalue()


def test_the_steps_are_told_in_words_that_a_newcomer_knows(console) -> None:
    progress = Progress(console)
    for sentence in ("PostgreSQL: 3.7 s", "tables: 9.7 s", "Port 8080 is in use by another program: …"):
        progress.tell_step(sentence)
    lines = console.file.getvalue().splitlines()
    assert [line.partition(" s  ")[2] for line in lines] == [
        "The database runs",
        "Airflow's tables are made",
        "Port 8080 is in use by another program: …",
    ]
    assert progress.end() is console
