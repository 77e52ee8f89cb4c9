"""The one clock: the machine's in production, a file's in a rehearsal, and never a guess."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from stationmaster import clock
from stationmaster.clock import ClockUnreadable

THURSDAY = datetime(2021, 10, 21, 16, 0, tzinfo=UTC)


@pytest.fixture
def face(tmp_path, monkeypatch):
    path = tmp_path / "clock.json"
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(path))
    return path


@pytest.fixture
def machine(monkeypatch):
    """The machine's clock, moved by hand."""
    found = SimpleNamespace(seconds=1_700_000_000.0)
    monkeypatch.setattr(clock, "time", SimpleNamespace(time=lambda: found.seconds))
    return found


def test_in_production_it_is_the_machines_clock_in_utc(monkeypatch):
    monkeypatch.delenv(clock.CLOCK_FILE_VARIABLE, raising=False)
    before = datetime.now(UTC)
    now = clock.now()
    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)
    assert not clock.is_virtual()
    assert clock.real_instant(THURSDAY) == THURSDAY


def test_an_empty_setting_is_none(monkeypatch):
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, "")
    assert not clock.is_virtual()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "rate, passed, shown",
    [(0.0, 3600, 0), (1.0, 90, 90), (60.0, 10, 600), (0.5, 10, 5), (1.0, 0, 0)],
)
def test_a_virtual_clock_moves_at_its_rate(face, machine, rate, passed, shown):
    clock.set_virtual(face, THURSDAY, rate=rate)
    machine.seconds += passed
    assert clock.is_virtual()
    assert clock.now() == clock.read(face) == THURSDAY + timedelta(seconds=shown)


def test_every_process_that_reads_the_file_agrees(face, machine):
    clock.set_virtual(face, THURSDAY, rate=0)
    machine.seconds += 1000
    clock.set_virtual(face, THURSDAY + timedelta(days=6), rate=1)
    machine.seconds += 1
    assert clock.now() == THURSDAY + timedelta(days=6, seconds=1)


@pytest.mark.parametrize("rate, ahead, waits", [(1.0, 90, 90), (60.0, 3600, 60), (0.5, 10, 20)])
def test_the_machines_instant_of_a_virtual_one(face, machine, rate, ahead, waits):
    clock.set_virtual(face, THURSDAY, rate=rate)
    real = clock.real_instant(THURSDAY + timedelta(seconds=ahead))
    assert real.timestamp() == pytest.approx(machine.seconds + waits)
    machine.seconds = real.timestamp()
    assert abs(clock.now() - (THURSDAY + timedelta(seconds=ahead))) < timedelta(milliseconds=1)


def test_a_clock_that_stands_still_never_gets_there(face):
    clock.set_virtual(face, THURSDAY)
    assert clock.real_instant(THURSDAY + timedelta(seconds=1)) is None


def test_another_offset_is_the_same_instant(face, machine):
    clock.set_virtual(face, THURSDAY.astimezone(timezone(timedelta(hours=-7))))
    assert clock.now() == THURSDAY
    assert clock.now().utcoffset() == timedelta(0)


def test_a_clock_is_not_set_to_a_naive_instant(face):
    with pytest.raises(ValueError, match="aware"):
        clock.set_virtual(face, datetime(2021, 10, 21, 16, 0))
    assert not face.exists()


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_a_clock_never_goes_back(face, rate):
    with pytest.raises(ValueError, match="rate"):
        clock.set_virtual(face, THURSDAY, rate=rate)
    assert not face.exists()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        '{"virtual": "yesterday", "real": 0, "rate": 0}',
        '{"virtual": "2021-10-21T16:00:00+00:00", "real": "soon", "rate": 0}',
        '{"virtual": "2021-10-21T16:00:00+00:00", "real": 0}',
        '{"virtual": 5, "real": 0, "rate": 0}',
        '{"virtual": "2021-10-21T16:00:00", "real": 0, "rate": 0}',
        '{"virtual": "2021-10-21T16:00:00+00:00", "real": NaN, "rate": 1}',
        '{"virtual": "2021-10-21T16:00:00+00:00", "real": 0, "rate": -1}',
    ],
)
def test_a_clock_that_cannot_be_read_is_no_other_clock(face, text):
    if text is not None:
        face.write_text(text)
    for read in (clock.now, lambda: clock.read(face), lambda: clock.real_instant(THURSDAY)):
        with pytest.raises(ClockUnreadable, match=r"clock\.json"):
            read()


def test_bytes_that_are_no_text_are_no_clock(face):
    face.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ClockUnreadable):
        clock.now()


def test_readers_never_see_half_a_clock(face):
    """The file is replaced in one step, and nothing is left beside it."""
    clock.set_virtual(face, THURSDAY)
    stop, failures = threading.Event(), []

    def read():
        while not stop.is_set():
            try:
                clock.now()
            except ClockUnreadable as error:
                failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for hour in range(200):
        clock.set_virtual(face, THURSDAY + timedelta(hours=hour))
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert [path.name for path in face.parent.iterdir()] == ["clock.json"]
    assert json.loads(face.read_text())["virtual"] == (THURSDAY + timedelta(hours=199)).isoformat()
