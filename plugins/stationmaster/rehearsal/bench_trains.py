"""Many trains: what their DAG file costs to parse, and what it costs to start one task among them.

The trains are copies of one, in one team: the worst case, for a team's files are read together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from stationmaster.rehearsal.bench_parse import Parsing

MANY = (1, 10, 100, 1000)
FEW = (1, 10, 100)
MOST_GROWTH = 1.3
"""How much more each train may cost to parse among ten times as many."""
HUNDRED = 100
MOST_HUNDRED = 30.0
"""Seconds after which Airflow gives a DAG file up, as it comes: so many trains load without a word in its settings."""
PATIENCE = {"AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600"}
"""What a thousand trains need in Airflow's settings (docs/production.md)."""
MOST_START = 1.5
"""How many times what it costs to start a task of a lone train it may cost among all of them."""


class Trains(NamedTuple):
    """What so many trains cost: ``whole`` of the file in a fresh process, ``one`` with a single DAG of it wanted."""

    trains: int
    whole: Parsing
    one: Parsing


def write_trains(team: Path, train: Path, count: int) -> str:
    """Write so many copies of a train beside it, and return the id of the last one.

    :param team: a bundle of one team.
    :param train: its file, such as ``cellxgene.weekly.yaml``.
    """
    text = train.read_text(encoding="utf-8")
    owner, _, name = train.stem.partition(".")
    for number in range(1, count):
        copy = f"{name}-{number:04}"
        path = team / "include" / "trains" / f"{owner}.{copy}.yaml"
        if not path.exists():
            path.write_text(text.replace(f"id: {name}", f"id: {copy}", 1), encoding="utf-8")
    last = f"{name}-{count - 1:04}" if count > 1 else name
    return f"{owner}.{last}"


def measure(
    team: Path, train: Path, counts: Sequence[int], parse: Callable[[str | None], Parsing], rounds: int
) -> list[Trains]:
    """Measure each count in turn; more trains are added each time.

    :param parse: parses the bundle in a fresh process; a DAG id asks for that one only, as the start of a task does.
    """
    found = []
    for count in counts:
        last = write_trains(team, train, count)
        times = rounds if count <= 100 else 1
        whole = [parse(None) for _ in range(times)]
        one = [parse(f"{last}.promote") for _ in range(rounds)]
        found.append(Trains(count, middle(whole), middle(one)))
    return found


def middle(several: Sequence[Parsing]) -> Parsing:
    """Return the median of each figure."""
    return Parsing(*(median(figures) for figures in zip(*several, strict=True)))
