"""Many chores: what their DAG file costs to parse, what it costs to start one task among them, and tasks a minute.

The chores are copies of one, in one file of one team: the worst case, for a team's files are read together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from stationmaster.rehearsal.bench_parse import Parsing
from stationmaster.rehearsal.bench_trains import middle

MANY = (10, 100, 1000)
FEW = (10, 100)
MOST_GROWTH = 1.3
"""How much more each chore may cost to parse among ten times as many."""
MOST_START = 1.5
"""How many times what it costs to start a task among ten chores it may cost among all of them."""
_ENTRY = """\
  copy-{number:04}:
    title: Chore {number}
    owner: {owner}
    schedule: {{kind: cron, at: "{minute} 9 * * mon-fri"}}
    role: {role}
    runbook: {runbook}
    due: 4h
    evidence: [{{id: link, kind: link, title: A link}}]
"""


class Chores(NamedTuple):
    """What so many chores cost: ``whole`` of the file in a fresh process, ``one`` with a single DAG of it wanted."""

    chores: int
    whole: Parsing
    one: Parsing


def write_copies(include: Path, team: str, count: int) -> str:
    """Write so many copies of the team's first chore into a file of their own, and return the DAG id of the last one.

    :param include: of a bundle whose team has chores already: their file says the channel.
    """
    from stationmaster.config.loader import load

    first = next(iter(load(include, teams=[team]).team(team).chores.values()))
    entries = (
        _ENTRY.format(number=number, minute=number % 60, owner=first.owner, role=first.role, runbook=first.runbook)
        for number in range(count)
    )
    path = include / "chores" / f"{team}.bench.yaml"
    path.write_text(f"team: {team}\nchores:\n{''.join(entries)}", encoding="utf-8")
    return f"{team}.chores.copy-{count - 1:04}"


def measure(
    write: Callable[[int], str], counts: Sequence[int], parse: Callable[[str | None], Parsing], rounds: int
) -> list[Chores]:
    """Measure each count in turn.

    :param write: writes so many chores, and returns the DAG id of the last.
    :param parse: parses the bundle in a fresh process; a DAG id asks for that one only, as the start of a task does.
    """
    found = []
    for count in counts:
        last = write(count)
        whole = [parse(None) for _ in range(rounds if count <= 100 else 1)]
        one = [parse(last) for _ in range(rounds)]
        found.append(Chores(count, middle(whole), middle(one)))
    return found
