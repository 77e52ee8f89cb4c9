"""What the ledger's tests share: the ledger itself, a departure, and real processes that race."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import Departure

THURSDAY = datetime(2026, 8, 20, 17, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """A Thursday."""
    return THURSDAY


@pytest.fixture
def ledger(ledger_url: str) -> Ledger:
    """A fresh ledger, on each database in turn."""
    return Ledger.at(ledger_url)


@pytest.fixture
def departure(ledger: Ledger, now: datetime) -> Departure:
    """An open departure of that Thursday's week."""
    return ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2026-W34"), now, "asha")


@pytest.fixture
def manifest() -> Callable[[str], Manifest]:
    """Make a manifest of one repository at the sha that repeats a digit."""

    def make(digit: str) -> Manifest:
        passenger = Passenger(component="explorer", repository="chanzuckerberg/single-cell-explorer", sha=digit * 40)
        return Manifest.of([passenger])

    return make


@pytest.fixture
def race() -> Callable[..., list[str]]:
    """Run one function in several real processes, let them go at one instant, and return what each came to.

    A worker's result is the text that the function returned, or ``ExceptionName: message``; ``killed`` if it died.
    """
    forking = multiprocessing.get_context("fork")

    def run(count: int, function: Callable[[int], str]) -> list[str]:
        start, results = forking.Barrier(count), forking.SimpleQueue()

        def worker(number: int) -> None:
            start.wait(timeout=20)
            try:
                results.put((number, function(number)))
            except Exception as error:
                traceback.print_exc()
                results.put((number, f"{type(error).__name__}: {error}"))

        workers = [forking.Process(target=worker, args=(number,)) for number in range(count)]
        for process in workers:
            process.start()
        for process in workers:
            process.join(timeout=60)
            if process.is_alive():
                process.kill()
                process.join()
        told = dict.fromkeys(range(count), "killed")
        while not results.empty():
            number, text = results.get()
            told[number] = text
        return [told[number] for number in range(count)]

    return run
