"""``stationmaster up``: this week's departure on a real Airflow, taken to its open gate, for somebody to answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from rich.console import Console

from stationmaster import clock
from stationmaster.config.loader import load
from stationmaster.config.people import Person
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import latest_departure, stop_times
from stationmaster.core.instants import IsoWeek, local_text
from stationmaster.departures import counting
from stationmaster.departures.station import Station
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.airflow_answers import DagRun
from stationmaster.rehearsal.cast import Colleagues
from stationmaster.rehearsal.conducting import Conductor
from stationmaster.rehearsal.embedded.plan import Database
from stationmaster.rehearsal.embedded.station import KEPT, NOTE, clear_home, end_station, running
from stationmaster.rehearsal.embedded.supervisor import EmbeddedAirflow
from stationmaster.rehearsal.github.journal_tail import newest_request
from stationmaster.rehearsal.programme import HANDOFF
from stationmaster.rehearsal.up_progress import Progress

TEAM, TRAIN = "cellxgene", "weekly"
LIVELY_WEEK = IsoWeek(year=2021, week=43)
"""The week of the real history that is moved to this week: both products have something new in it."""
HOME_NAME = ".station"
POLL_SECONDS = 1.0
RUN_TIME = timedelta(minutes=1)
QUEUE_TIME = timedelta(seconds=20)
"""How long a deploy workflow of the stand-in takes: short enough to watch."""


class CutFailed(RuntimeError):
    """The cut of the demonstration did not reach staging."""


class NotAHome(ValueError):
    """A directory holds other things than a station, and would be emptied."""


def up(home: Path, *, include: Path, port: int | None, database: str, console: Console) -> int:
    """Start a station, take this week's departure to its open gate, and keep it running until Ctrl-C.

    :param port: preferred for Airflow's pages; a busy one is replaced by another, and said so.
    :returns: 0 after Ctrl-C or ``stationmaster down``, 1 if a station runs there already.
    :raises NotAHome: ``home`` is not empty and no station's.
    """
    note = running(home)
    if note is not None:
        console.print(
            f"A station runs already: {note.airflow_url}\nEnd it with: make down (stationmaster down)", highlight=False
        )
        return 1
    if not is_home(home):
        raise NotAHome(f"{home} is not empty and no home of a station; up would empty it. Name a new directory.")
    progress = Progress(console)
    try:
        _run(home, include, port, cast(Database, database), progress)
    except (KeyboardInterrupt, SystemExit):
        progress.end()
        console.print("Ended. Nothing is left running.")
    return 0


def down(home: Path, *, console: Console) -> int:
    """End the station in ``home``, whoever started it."""
    console.print("The station is ended." if end_station(home) else f"No station runs in {home}.")
    return 0


def is_home(home: Path) -> bool:
    """Return whether a directory is missing, empty, or a station's by its name or its files: ``up`` empties it."""
    if not home.exists() or home.name == HOME_NAME:
        return True
    return home.is_dir() and (not any(home.iterdir()) or any((home / name).exists() for name in (NOTE, *KEPT)))


def _run(home: Path, include: Path, port: int | None, database: Database, progress: Progress) -> None:
    clear_home(home)
    team = load(include, teams=[TEAM]).team(TEAM)
    train = team.train(TRAIN)
    cut_at = latest_departure(train.stop("cut"), datetime.now(UTC))
    week = IsoWeek.of(cut_at, train.zone)
    clock_file = home / "clock.json"
    clock.set_virtual(clock_file, cut_at)
    progress.tell(f"Starting Airflow, a database, and stand-ins for GitHub and Slack in {home}")
    with ExitStack() as stack:
        airflow = stack.enter_context(
            EmbeddedAirflow(
                home=home,
                include=include,
                database=database,
                clock_file=clock_file,
                schedules=False,
                poll_seconds=POLL_SECONDS,
                airflow_port=port,
                stand_ins=(
                    *("--shift-weeks", str(_weeks_between(LIVELY_WEEK, week))),
                    *("--run-seconds", f"{RUN_TIME.total_seconds():g}"),
                ),
                tell=progress.tell_step,
            )
        )
        play = stack.enter_context(_Play.on(airflow, team, train, clock_file, progress))
        departure = play.cut()
        play.open_gate(departure, week)
        clock.set_virtual(clock_file, clock.read(clock_file), rate=1.0)
        play.tell_what_to_click(departure)
        while True:
            airflow.require_running()
            time.sleep(2)


class _Play:
    def __init__(
        self, airflow: EmbeddedAirflow, team: TeamConfig, train: TrainConfig, clock_file: Path, progress: Progress
    ) -> None:
        self._airflow = airflow
        self._team = team
        self._train = train
        self._progress = progress
        self._ledger = Ledger.at(airflow.station.ledger_url)
        self._api = airflow.api()
        self._conductor = Conductor(
            api=self._api,
            ledger=self._ledger,
            clock_file=clock_file,
            poll_seconds=POLL_SECONDS,
            run_time=RUN_TIME + QUEUE_TIME + timedelta(seconds=1),
            asked=newest_request(airflow.station.github_url),
            check=airflow.require_running,
        )

    @classmethod
    @contextmanager
    def on(
        cls, airflow: EmbeddedAirflow, team: TeamConfig, train: TrainConfig, clock_file: Path, progress: Progress
    ) -> Iterator[_Play]:
        """Connect, wait for the DAGs, and close the connections at the end."""
        play = cls(airflow, team, train, clock_file, progress)
        try:
            progress.tell("Airflow reads the DAGs")
            dags = [f"{train.key}.cut", f"{train.key}.promote", *play._handoff_dags]
            play._api.wait_parsed(dags, timeout=90, check=airflow.require_running)
            yield play
        finally:
            play._api.close()
            play._ledger.close()

    def cut(self) -> str:
        """Lead this week's cut to staging and return the departure."""
        self._progress.tell(f"{self._now()}: the train {self._train.key} is cut (main → {self._train.staging})")
        run = self._conductor.start(f"{self._train.key}.cut")
        with self._colleagues() as people:
            (ended,) = self._conductor.lead([run], people)
        if ended.state != "success":
            raise CutFailed(f"the cut ended as {ended.state}: see {self._page(ended)}")
        return self._ledger.departures(self._train.key)[0].id

    def open_gate(self, departure: str, week: IsoWeek) -> DagRun:
        """Let six days pass, open the gate, and let all but one of the needed votes be given."""
        due = self._train.promote_week(week)
        self._conductor.set_clock(stop_times(self._train.stop("promote"), due).earliest + timedelta(minutes=1))
        self._progress.tell(f"{self._now()}: six days later, everybody is asked whether it may go to production")
        run = self._conductor.start(f"{self._train.key}.promote")
        handoffs = [self._conductor.start(dag_id) for dag_id in self._handoff_dags]
        needed = self._train.gates.quorum.needed - 1
        person = self._station.conductor
        with self._colleagues(silent=frozenset({str(person.airflow)}), voters=needed, conducts=False) as people:
            self._conductor.lead(
                [run, *handoffs],
                people,
                until=lambda: self._given(departure) >= needed and self._have_ended(handoffs),
            )
        return run

    def tell_what_to_click(self, departure: str) -> None:
        """Print the addresses, the passwords, and the clicks that bring the departure to production."""
        note, person = self._airflow.station, self._station.conductor
        passwords = note.passwords()
        run = self._api.runs(f"{self._train.key}.promote")[-1]
        console = self._progress.end()
        console.rule(f"The gate is open, after {self._progress.seconds:.0f} s")

        def line(text: str = "") -> None:
            console.print(text, soft_wrap=True, highlight=False)

        line(f"[bold]{departure}[/bold] waits for [bold]one more LGTM[/bold]. At the station it is {self._now()}.\n")
        line(f"  1. Open     {self._page(run)}/{self._ballot_of(run, person)}required_actions")
        line(
            f"     log in   user [bold]{person.airflow}[/bold]  password [bold]{passwords[str(person.airflow)]}[/bold]"
        )
        line(f"  2. Answer   [bold]LGTM[/bold] on the ballot of {person.name}.")
        line(f"  3. Confirm  {person.name} is on call, too: answer [bold]Go[/bold] to the question that follows:")
        line(f"              {self._page(run)}/tasks/confirm_the_promotion/mapped/0/required_actions")
        line("  4. Watch    both components go to production, are verified, and announced in Slack.\n")
        line(f"  Slack       {note.slack_url}   react or answer there as anybody: that is a vote, too")
        line(f"  GitHub      {note.github_url}   what was deployed")
        line(f"  Airflow     {note.airflow_url}   user admin  password {passwords['admin']}")
        line(f"  Why does it wait?  stationmaster explain {self._train.key}\n")
        line("Ctrl-C ends everything; so does make down in another terminal.")

    def _ballot_of(self, run: DagRun, person: Person) -> str:
        """Return the path of a voter's ballot below the page of the run; nothing where it is not to be found."""
        ballots = self._api.task_instances(run.dag_id, run.dag_run_id, task_id="ballot")
        mine = next((task.map_index for task in ballots if task.rendered_map_index == person.name), None)
        return "" if mine is None else f"tasks/ballot/mapped/{mine}/"

    @property
    def _station(self) -> Station:
        return Station(team=self._team, train=self._train.id, ledger=self._ledger, now=lambda: self._conductor.now)

    @contextmanager
    def _colleagues(
        self, *, silent: frozenset[str] = frozenset(), voters: int | None = None, conducts: bool = True
    ) -> Iterator[Colleagues]:
        people = Colleagues(
            teams={self._team.id: self._team},
            api_of=self._airflow.api,
            slack_url=self._airflow.station.slack_url,
            silent=silent,
            voters=voters,
            conducts=conducts,
            thinking=timedelta(),
            tell=self._progress.tell,
        )
        try:
            yield people
        finally:
            people.close()

    @property
    def _handoff_dags(self) -> list[str]:
        return [f"{self._team.id}.{entry.id}.{HANDOFF}" for entry in self._team.roster.values() if entry.hands_over]

    def _have_ended(self, runs: list[DagRun]) -> bool:
        return all(self._api.run(run.dag_id, run.dag_run_id).ended for run in runs)

    def _given(self, departure: str) -> int:
        counted, _ = counting.count_from_ledger(self._station, departure)
        return len(counted.approvals)

    def _now(self) -> str:
        return local_text(self._conductor.now, self._train.zone)

    def _page(self, run: DagRun) -> str:
        return f"{self._airflow.station.airflow_url}/dags/{run.dag_id}/runs/{run.dag_run_id}"


def _weeks_between(earlier: IsoWeek, later: IsoWeek) -> int:
    return (later.monday() - earlier.monday()).days // 7
