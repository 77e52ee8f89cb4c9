"""``stationmaster bench``: how long things take beside plain Airflow, measured in turn in one run.

Absolute numbers say little on a shared machine; the ratios of what was measured side by side do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

from rich.console import Console
from rich.table import Table

from stationmaster import settings
from stationmaster.rehearsal import bench_rollout
from stationmaster.rehearsal.bench_parse import Parsing
from stationmaster.rehearsal.bench_runs import Measured, idle_batch, idle_run, real_run
from stationmaster.rehearsal.bench_station import POLL_SECONDS, TEAM, BenchStation, bench_station, copy_bundle
from stationmaster.rehearsal.embedded.station import passing_home

MOST = 1.5
"""How many times what plain Airflow needs ours may need."""
QUICK_ROUNDS = 2
VOTE_LOOPS = 2
"""The next task starts within so many loops after a vote in Airflow: one ends the ballot, one the gate."""
Measure = TypeVar("Measure")
PARSING_CONTEXT = "_AIRFLOW_PARSING_CONTEXT_DAG_ID"
"""Where Airflow tells a DAG file which DAG alone is wanted (fact 26)."""
_EMPTY = 'from airflow.sdk import DAG\n\nwith DAG("empty", schedule=None):\n    pass\n'


class ParseFailed(RuntimeError):
    """A DAG file could not be parsed, so that nothing can be said of its speed."""


class Result(NamedTuple):
    """One bound: what was measured, what was allowed, both in the same unit."""

    what: str
    ours: float
    theirs: float
    allowed: float
    unit: str = "s"

    @property
    def kept(self) -> bool:
        """Whether the bound is kept."""
        return self.ours <= self.allowed


def bench(*, quick: bool, console: Console) -> int:
    """Measure, print, and return 0 if every bound is kept, 1 if one is exceeded.

    :param quick: fewer rounds.
    """
    include = settings.include_dir(Path.cwd() / "dags")
    with passing_home("bench-") as folder:
        results = _bench_who(folder, console, quick=quick)
        results += [_bench_parsing(include, folder, 3 if quick else 7, console)]
        results += _bench_trains(include, folder, console, quick=quick)
        results += _bench_chores(include, folder, console, quick=quick)
        results += _bench_watch(include, folder, console)
        results += _bench_runs(include, folder, QUICK_ROUNDS if quick else 5, console)
    return report(results, console)


def report(results: Sequence[Result], console: Console) -> int:
    """Print one row for each bound and return the exit code."""
    table = Table(title="Measured side by side", title_justify="left")
    for column in ("what", "ours", "theirs", "ratio", "allowed", ""):
        table.add_column(column, justify="left" if column == "what" else "right")
    for result in results:
        ratio = f"{result.ours / result.theirs:.2f}" if result.theirs else "–"
        mark = "[green]✓[/green]" if result.kept else "[red]✗[/red]"
        numbers = [f"{value:.2f} {result.unit}" for value in (result.ours, result.theirs)]
        table.add_row(result.what, *numbers, ratio, f"{result.allowed:.2f} {result.unit}", mark)
    console.print(table)
    return 0 if all(result.kept for result in results) else 1


def _bench_who(folder: Path, console: Console, *, quick: bool) -> list[Result]:
    """The rotation engine beside two calendar libraries, and beside itself with more to do."""
    from stationmaster.rehearsal import bench_who

    console.print("Who is on call, at random instants; every answer is held against the other libraries'.")
    rows = [*bench_who.measure(quick=quick), *bench_who.cold_teams(folder / "teams")]
    micro = 1e6
    return [
        Result(row.what, micro * row.ours, micro * row.theirs, micro * row.theirs / row.times, "µs") for row in rows
    ]


def _bench_parsing(include: Path, folder: Path, rounds: int, console: Console) -> Result:
    """The folder of DAG files with one team against one empty DAG, in fresh processes, in turn."""
    team = _one_team(include, folder / "team")
    empty = folder / "plain" / "empty.py"
    empty.parent.mkdir()
    empty.write_text(_EMPTY, encoding="utf-8")
    environment = _clean_environment(folder / "airflow-home")
    parse(empty, empty.parent, environment)  # the first one fills the caches of the disk for both
    ours, theirs = interleaved(
        lambda: parse(team / "dags", team, environment),
        lambda: parse(empty, empty.parent, environment),
        rounds,
    )
    console.print(
        f"Parsing in {rounds} rounds. Beyond the import of Airflow: dags/ "
        f"{median(one.file for one in ours):.2f} s, an empty DAG {median(one.file for one in theirs):.3f} s.",
        highlight=False,
    )
    whole = median(one.whole for one in ours), median(one.whole for one in theirs)
    return Result("parse dags/ for one team, a fresh process", *whole, MOST * whole[1])


def _bench_trains(include: Path, folder: Path, console: Console, *, quick: bool) -> list[Result]:
    """More and more trains of one team: the file, and one task among them."""
    from stationmaster.rehearsal import bench_trains

    team = _one_team(include, folder / "many")
    train = next((team / "include" / "trains").glob(f"{TEAM}.*.yaml"))
    environment = {**_clean_environment(folder / "airflow-home-of-many"), **bench_trains.PATIENCE}

    def parsed(dag_id: str | None) -> Parsing:
        return parse_for(team, environment, "trains.py", dag_id)

    counts = bench_trains.FEW if quick else bench_trains.MANY
    rows = bench_trains.measure(team, train, counts, parsed, 2 if quick else 3)
    for row in rows:
        console.print(
            f"  {row.trains} trains: {row.whole.file:.2f} s and {row.whole.memory:.0f} MB to parse them, "
            f"{row.one.computed:.2f} s of computing to a task of one.",
            highlight=False,
        )
    before, most = rows[-2], rows[-1]
    # Minutes lie between them, in which others may compute, too: what passes would be no measure.
    each = 1000 * most.whole.computed_file / most.trains, 1000 * before.whole.computed_file / before.trains
    starts = most.one.computed, rows[0].one.computed
    hundred = next(row.whole.file for row in rows if row.trains == bench_trains.HUNDRED)
    return [
        Result(
            f"{bench_trains.HUNDRED} trains to parse, beside what Airflow gives a file",
            hundred,
            bench_trains.MOST_HUNDRED,
            bench_trains.MOST_HUNDRED,
        ),
        Result(
            f"a train to parse, among {most.trains} and {before.trains}",
            *each,
            bench_trains.MOST_GROWTH * each[1],
            "ms",
        ),
        Result(f"to a task, among {most.trains} trains and one", *starts, bench_trains.MOST_START * starts[1]),
    ]


def _bench_chores(include: Path, folder: Path, console: Console, *, quick: bool) -> list[Result]:
    """More and more chores of one team: the file, and one task among them."""
    from stationmaster.rehearsal import bench_chores

    team = _one_team(include, folder / "chores")
    # A thousand of them take longer on a busy machine than Airflow gives a file by default.
    patience = {"AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600"}
    environment = {**_clean_environment(folder / "airflow-home-of-chores"), **patience}

    def parsed(dag_id: str | None) -> Parsing:
        return parse_for(team, environment, "chores.py", dag_id)

    def write(count: int) -> str:
        return bench_chores.write_copies(team / "include", TEAM, count)

    counts = bench_chores.FEW if quick else bench_chores.MANY
    rows = bench_chores.measure(write, counts, parsed, 2 if quick else 3)
    for row in rows:
        console.print(
            f"  {row.chores} chores: {row.whole.file:.2f} s and {row.whole.memory:.0f} MB to parse them, "
            f"{row.one.computed:.2f} s of computing to a task of one.",
            highlight=False,
        )
    before, most = rows[-2], rows[-1]
    each = 1000 * most.whole.computed_file / most.chores, 1000 * before.whole.computed_file / before.chores
    starts = most.one.computed, rows[0].one.computed
    return [
        Result(
            f"a chore to parse, among {most.chores} and {before.chores}",
            *each,
            bench_chores.MOST_GROWTH * each[1],
            "ms",
        ),
        Result(
            f"to a task, among {most.chores} chores and {rows[0].chores}", *starts, bench_chores.MOST_START * starts[1]
        ),
    ]


def _bench_watch(include: Path, folder: Path, console: Console) -> list[Result]:
    """Fifty channels that are watched, beside what Slack takes."""
    from stationmaster.config.loader import load
    from stationmaster.rehearsal import bench_watch

    found = bench_watch.measure(folder, load(include, teams=[TEAM]).team(TEAM))
    console.print(
        f"  {found.channels} channels: {found.most} readings in the fullest minute, {found.limited} answers of 429, "
        f"{found.tagged} of {found.asked} open questions tagged, {found.look:.2f} s a look; no worker waits.",
        highlight=False,
    )
    tier, slowest = float(bench_watch.TIER_3), bench_watch.SLOWEST.total_seconds()
    return [
        Result(f"{found.channels} channels: readings of Slack in a minute", found.most, tier, tier, "calls"),
        Result(f"{found.channels} channels: answers of 429", found.limited, 0, 0, "calls"),
        Result("a channel to be read again, at most", found.slowest.total_seconds(), slowest, slowest),
    ]


def _bench_runs(include: Path, folder: Path, rounds: int, console: Console) -> list[Result]:
    def tell(sentence: str) -> None:
        console.print(f"  {sentence}", highlight=False, markup=False)

    with bench_station(folder, include, tell) as station:
        idle_run(station)  # the first run of each DAG pays for what every later one finds in memory
        real_run(station)
        tell(f"{rounds} rounds of both DAGs, in turn")
        ours, theirs = interleaved(lambda: real_run(station), lambda: idle_run(station), rounds)
        tell(f"{rounds} deciding votes in Airflow and in Slack, in turn")
        airflow, slack = interleaved(
            lambda: real_run(station, deciding="airflow"), lambda: real_run(station, deciding="slack"), rounds
        )
        tell(f"a rollout of {bench_rollout.TARGETS} targets in {bench_rollout.BATCHES} batches")
        of_rollout = _bench_rollout(station, console)
        of_chores = _bench_chore_runs(station, rounds, console, tell)
    _explain(ours, theirs, console)
    whole = median(one.whole for one in ours), median(one.whole for one in theirs)
    plain, by_airflow, by_slack = (
        median(_known(one.decided_to_next for one in several)) for several in (theirs, airflow, slack)
    )
    console.print(
        f"Deciding votes: a loop {plain:.2f} s (what plain Airflow needs from an answer to the start of the next "
        f"task), poll interval {POLL_SECONDS:g} s. To the end of the gate: from Airflow "
        f"{median(_known(one.decided_to_gate for one in airflow)):.2f} s, from Slack "
        f"{median(_known(one.decided_to_gate for one in slack)):.2f} s. From a task's end to the start of the next "
        f"{median(one.handover for one in ours):.2f} s, plain {median(one.handover for one in theirs):.2f} s.",
        highlight=False,
    )
    return [
        Result("the whole promotion against a DAG of its shape", *whole, MOST * whole[1]),
        Result("deciding vote in Airflow to the next task", by_airflow, plain, VOTE_LOOPS * plain),
        Result("deciding vote in Slack to the next task", by_slack, plain, VOTE_LOOPS * plain + POLL_SECONDS),
        *of_rollout,
        *of_chores,
    ]


def _bench_chore_runs(
    station: BenchStation, rounds: int, console: Console, tell: Callable[[str], None]
) -> list[Result]:
    """Chores side by side among more and more others, beside DAGs of their shape that do nothing."""
    from stationmaster.rehearsal import bench_chore_runs, bench_chores

    counts = bench_chores.MANY if rounds > QUICK_ROUNDS else bench_chores.FEW
    results = []
    for count, ours, theirs in bench_chore_runs.measure(station, station.include, TEAM, counts, rounds, tell):
        console.print(
            f"Among {count} chores: {median(one.a_minute for one in ours):.0f} tasks a minute, doing nothing "
            f"{median(one.a_minute for one in theirs):.0f}.",
            highlight=False,
        )
        plain = median(one.each for one in theirs)
        what = f"a task of a chore, among {count} chores"
        results.append(Result(what, median(one.each for one in ours), plain, bench_chore_runs.MOST * plain))
    return results


def _bench_rollout(station: BenchStation, console: Console) -> list[Result]:
    """A batch beside tasks that do nothing, and what a target costs at the end beside the beginning."""
    rollout = bench_rollout.RolloutBench(station.place)
    try:
        spent, idle = bench_rollout.measure(rollout, lambda: idle_batch(station))
    finally:
        rollout.close()
    plain, tasks = median(idle), median(one.tasks for one in spent)
    targets = median(one.targets for one in spent)
    late, early = bench_rollout.growth(spent)
    console.print(
        f"A batch of {targets:g} targets: {bench_rollout.TASKS} tasks that do nothing {plain:.2f} s, what ours do "
        f"{tasks:.2f} s ({1000 * tasks / targets:.0f} ms a target); the looks while it waits "
        f"{median(one.looks for one in spent):.2f} s, which hold no worker.",
        highlight=False,
    )
    many, task = f"{bench_rollout.TARGETS} targets", plain / bench_rollout.TASKS
    return [
        Result(
            f"each of {many}, beside one task that does nothing",
            1000 * tasks / targets,
            1000 * task,
            1000 * bench_rollout.MOST_TARGET * task,
            "ms",
        ),
        Result(
            f"a target, the last ones of {many} beside the first",
            1000 * late,
            1000 * early,
            1000 * bench_rollout.MOST_GROWTH * early,
            "ms",
        ),
    ]


def _explain(ours: Sequence[Measured], theirs: Sequence[Measured], console: Console) -> None:
    """Print which tasks take longer than the same one that does nothing."""
    table = Table(title="Seconds in a task, where nobody is waited for", title_justify="left")
    for column in ("task", "ours", "doing nothing"):
        table.add_column(column, justify="left" if column == "task" else "right")
    for label in theirs[0].in_tasks:
        mine, plain = (median([one.in_tasks.get(label, 0.0) for one in several]) for several in (ours, theirs))
        table.add_row(label, f"{mine:.2f}", f"{plain:.2f}")
    console.print(table)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _one_team(include: Path, folder: Path) -> Path:
    """Copy one team and the DAG files into a bundle of their own."""
    copy_bundle(include, folder)
    for place in ("teams", "rotations", "trains", "chores", "watches"):
        for path in (folder / "include" / place).glob("*.yaml"):
            if path.name.split(".", 1)[0] != TEAM:
                path.unlink()
    return folder


def _clean_environment(home: Path) -> dict[str, str]:
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "STATIONMASTER_"))}
    return {**kept, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "NO_COLOR": "1"}


def interleaved(
    ours: Callable[[], Measure], theirs: Callable[[], Measure], rounds: int
) -> tuple[list[Measure], list[Measure]]:
    """Call both in turn, so that whatever else the machine does meets both alike.

    Every other round begins with theirs: what returns as often as the rounds do, such as Airflow's reading of the DAG
    files, would meet the same one of the two each time else.
    """
    found: tuple[list[Measure], list[Measure]] = ([], [])
    for number in range(rounds):
        pair = ((found[0], ours), (found[1], theirs))
        for kept, measure in pair if number % 2 == 0 else reversed(pair):
            kept.append(measure())
    return found


def parse_for(team: Path, environment: Mapping[str, str], file: str, dag_id: str | None) -> Parsing:
    """Parse all DAG files of a bundle; for a DAG id its file alone, as the start of a task does (fact 26)."""
    if dag_id is None:
        return parse(team / "dags", team, environment)
    return parse(team / "dags" / file, team, {**environment, PARSING_CONTEXT: dag_id})


def parse(path: Path, bundle: Path, environment: Mapping[str, str]) -> Parsing:
    """Parse a DAG file, or all of a folder, in a process of its own, as the dag processor does.

    :raises ParseFailed: it holds an error.
    """
    command = [sys.executable, "-m", "stationmaster.rehearsal.bench_parse", str(path), str(bundle)]
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    whole = time.perf_counter() - started
    if done.returncode:
        raise ParseFailed(f"{path.name} cannot be parsed: {done.stderr.strip().splitlines()[-1:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Parsing(
        whole=whole,
        file=float(told["parse"]),
        memory=float(told["memory"]),
        computed=float(told["computed"]),
        computed_file=float(told["computed_parse"]),
    )
