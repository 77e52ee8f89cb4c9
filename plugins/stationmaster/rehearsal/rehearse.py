"""``stationmaster rehearse``: whole weeks on the virtual clock, unattended, on a real Airflow, against the stand-ins."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from stationmaster import clock
from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import next_departure
from stationmaster.core.instants import first_instant, local_text
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.airflow_answers import TaskInstance
from stationmaster.rehearsal.cast import Colleagues
from stationmaster.rehearsal.conducting import Conductor
from stationmaster.rehearsal.embedded import EmbeddedAirflow
from stationmaster.rehearsal.evidence import Blind, gather
from stationmaster.rehearsal.invariants import Finding, judge
from stationmaster.rehearsal.transcript import as_json, as_markdown

POLL_SECONDS = 1.0
WITHIN = 600.0
"""Real seconds for one stop; it needs about one minute."""


class NothingToRehearse(ValueError):
    """No team of those named has a train."""


def rehearse(
    *,
    include: Path,
    start: date,
    weeks: int,
    teams: tuple[str, ...],
    out: Path,
    seed: int,
    console: Console,
    as_json_only: bool = False,
) -> int:
    """Run every stop of every train between ``start`` and ``start + weeks`` and judge what happened.

    :param start: a local date in each train's zone; the history of that day boards.
    :param teams: ids; empty for all.
    :param out: receives ``transcript.md`` and ``transcript.json``.
    :returns: 0 if every invariant holds, 1 if one is broken.
    """
    found = {team.id: team for team in load(include, teams=teams or None).teams.values() if team.trains}
    if not found:
        raise NothingToRehearse(f"none of {', '.join(teams) or 'the teams'} has a train under {include}")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        evidence, findings = _Rehearsal(found, include, start, weeks, seed, console, Path(folder)).run()
    (out / "transcript.md").write_text(evidence, encoding="utf-8")
    (out / "transcript.json").write_text(findings[0], encoding="utf-8")
    if as_json_only:
        console.print(findings[0], soft_wrap=True, highlight=False, markup=False)
    else:
        _report(console, findings[1], out)
    return 0 if all(finding.holds for finding in findings[1]) else 1


class _Stop:
    """One start on the calendar."""

    def __init__(self, team: TeamConfig, train: TrainConfig, name: str, at: datetime) -> None:
        self.team = team
        self.train = train
        self.dag_id = f"{train.key}.{name}"
        self.at = at


class _Rehearsal:
    def __init__(
        self,
        teams: dict[str, TeamConfig],
        include: Path,
        start: date,
        weeks: int,
        seed: int,
        console: Console,
        home: Path,
    ) -> None:
        self._teams = teams
        self._include = include
        self._start = start
        self._weeks = weeks
        self._seed = seed
        self._console = console
        self._home = home
        self._blind: list[Blind] = []
        self._runs: list[tuple[str, str, str]] = []
        self._events: list[str] = []
        self._waiting: list[tuple[str, str]] = []
        self._live: Live | None = None

    def run(self) -> tuple[str, tuple[str, tuple[Finding, ...]]]:
        stops = self._stops()
        clock_file = self._home / "clock.json"
        clock.set_virtual(clock_file, min(stop.at for stop in stops) - timedelta(hours=1))
        with ExitStack() as stack:
            self._live = stack.enter_context(
                Live(console=self._console, refresh_per_second=4, transient=True, get_renderable=self._picture)
            )
            airflow = stack.enter_context(
                EmbeddedAirflow(
                    home=self._home,
                    include=self._include,
                    clock_file=clock_file,
                    familiar_ports=False,
                    schedules=False,
                    poll_seconds=POLL_SECONDS,
                    tell=self._tell,
                )
            )
            ledger = Ledger.at(airflow.station.ledger_url)
            api = stack.enter_context(airflow.api())
            people = Colleagues(
                teams=self._teams,
                api_of=airflow.api,
                slack_url=airflow.station.slack_url,
                seed=self._seed,
                tell=self._tell,
            )
            stack.callback(people.close)
            conductor = Conductor(
                api=api,
                ledger=ledger,
                clock_file=clock_file,
                poll_seconds=POLL_SECONDS,
                check=airflow.require_running,
                watch=lambda now, waiting: self._seen(ledger, now, waiting),
            )
            api.wait_parsed({stop.dag_id for stop in stops}, timeout=120, check=airflow.require_running)
            for stop in stops:
                self._conduct(conductor, people, stop)
            evidence = gather(
                ledger=ledger,
                github_url=airflow.station.github_url,
                slack_url=airflow.station.slack_url,
                trains=tuple(train.key for team in self._teams.values() for train in team.trains.values()),
                blind=tuple(self._blind),
                runs=tuple(self._runs),
            )
            ledger.close()
        findings = judge(evidence, self._teams)
        return as_markdown(evidence, findings, self._teams), (as_json(evidence, findings), findings)

    def _stops(self) -> list[_Stop]:
        """Every stop in the span, in the order of the calendar; a promotion whose cut lies before the span is left out."""
        stops = []
        for team in self._teams.values():
            for train in team.trains.values():
                begin = first_instant(datetime.combine(self._start, datetime.min.time()), train.zone)
                first_cut = next_departure(train.stop("cut"), begin - timedelta(microseconds=1))
                for name, after in (("cut", begin - timedelta(microseconds=1)), ("promote", first_cut)):
                    at = next_departure(train.stop(name), after)  # type: ignore[arg-type]
                    for _ in range(self._weeks):
                        stops.append(_Stop(team, train, name, at))
                        at = next_departure(train.stop(name), at)  # type: ignore[arg-type]
        return sorted(stops, key=lambda stop: (stop.at, stop.dag_id))

    def _conduct(self, conductor: Conductor, people: Colleagues, stop: _Stop) -> None:
        conductor.set_clock(max(stop.at, conductor.now))
        self._tell(f"{local_text(stop.at, stop.train.zone)}: {stop.dag_id}")
        run = conductor.start(stop.dag_id)
        (ended,) = conductor.lead([run], people, within=WITHIN)
        self._runs.append((ended.dag_id, ended.dag_run_id, ended.state))
        self._tell(f"{local_text(conductor.now, stop.train.zone)}: {stop.dag_id} ended as {ended.state}")

    def _seen(self, ledger: Ledger, now: datetime, waiting: tuple[TaskInstance, ...]) -> None:
        """At each standstill: every waiting task must have said why."""
        blockers = ledger.blockers()
        self._waiting = [(subject, found.sentence) for subject, several in blockers.items() for found in several]
        for task in waiting:
            stop = task.dag_id.rpartition(".")[2]
            if not any(f"/{stop}/{task.task_id}" in subject for subject in blockers):
                self._blind.append(Blind(now, task.dag_id, task.label))

    def _tell(self, sentence: str) -> None:
        self._events.append(sentence)
        if not self._console.is_terminal:
            self._console.print(sentence, highlight=False, markup=False)

    def _picture(self) -> Table:
        table = Table(title="Rehearsal", expand=True, show_header=False)
        for event in self._events[-12:]:
            table.add_row(event)
        for subject, sentence in self._waiting[:6]:
            table.add_row(f"[dim]waits: {subject}: {sentence}[/dim]")
        return table


def _report(console: Console, findings: tuple[Finding, ...], out: Path) -> None:
    console.rule("Invariants")
    for finding in findings:
        console.print(f"{'[green]✓[/green]' if finding.holds else '[red]✗[/red]'} {finding.invariant}", highlight=False)
        for broken in finding.broken:
            console.print(f"    {broken}", highlight=False, markup=False)
    console.print(f"Transcript: {out / 'transcript.md'}, {out / 'transcript.json'}", soft_wrap=True)
