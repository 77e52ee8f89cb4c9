"""``stationmaster up``: this week's departure on a real Airflow, taken to its open gate, for somebody to answer."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from rich.console import Console

from stationmaster import clock
from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import latest_departure, promote_week, stop_times
from stationmaster.core.instants import IsoWeek, local_text
from stationmaster.departures import voting
from stationmaster.departures.station import Station
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.airflow_answers import DagRun
from stationmaster.rehearsal.cast import Colleagues
from stationmaster.rehearsal.conducting import Conductor
from stationmaster.rehearsal.embedded import EmbeddedAirflow
from stationmaster.rehearsal.embedded_plan import Database
from stationmaster.rehearsal.embedded_station import end_station, running

TEAM, TRAIN = "cellxgene", "weekly"
LIVELY_WEEK = IsoWeek(year=2021, week=43)
"""The week of the real history that is moved to this week: both products have something new in it."""
POLL_SECONDS = 1.0
KEPT = ("secrets.json", "passwords.json")
"""What a home keeps from one ``up`` to the next: the passwords that somebody has saved in a browser."""


class CutFailed(RuntimeError):
    """The cut of the demonstration did not reach staging."""


def up(home: Path, *, include: Path, port: int | None, database: str, console: Console) -> int:
    """Start a station, take this week's departure to its open gate, and keep it running until Ctrl-C.

    :returns: 0 after Ctrl-C, 1 if a station runs already.
    """
    if running(home) is not None:
        note = running(home)
        where = note.airflow_url if note else ""
        console.print(f"A station runs already at {where}. End it first: make down (stationmaster down).")
        return 1
    _clean(home)
    team = load(include, teams=[TEAM]).team(TEAM)
    train = team.train(TRAIN)
    cut_at = latest_departure(train.stop("cut"), datetime.now(UTC))
    week = IsoWeek.of(cut_at, train.zone)
    clock_file = home / "clock.json"
    clock.set_virtual(clock_file, cut_at)
    console.print(f"Starting Airflow, the ledger and the stand-ins in {home} …")
    with EmbeddedAirflow(
        home=home,
        include=include,
        database=cast(Database, database),
        clock_file=clock_file,
        schedules=False,
        poll_seconds=POLL_SECONDS,
        airflow_port=port,
        stand_ins=("--shift-weeks", str(_weeks_between(LIVELY_WEEK, week)), "--run-seconds", "60"),
        tell=lambda sentence: console.print(f"  {sentence}"),
    ) as airflow:
        play = _Play(airflow, team, train, clock_file, console)
        departure = play.cut()
        play.open_gate(departure, week)
        clock.set_virtual(clock_file, clock.read(clock_file), rate=1.0)
        play.tell_what_to_click(departure)
        _until_interrupted(airflow)
    console.print("Everything is ended.")
    return 0


def down(home: Path, *, console: Console) -> int:
    """End the station in ``home``, whoever started it."""
    console.print("The station is ended." if end_station(home) else f"No station runs in {home}.")
    return 0


class _Play:
    def __init__(
        self, airflow: EmbeddedAirflow, team: TeamConfig, train: TrainConfig, clock_file: Path, console: Console
    ) -> None:
        self._airflow = airflow
        self._team = team
        self._train = train
        self._console = console
        self._ledger = Ledger.at(airflow.station.ledger_url)
        self._api = airflow.api()
        self._conductor = Conductor(
            api=self._api,
            ledger=self._ledger,
            clock_file=clock_file,
            poll_seconds=POLL_SECONDS,
            check=airflow.require_running,
        )
        self._tell("The DAGs are being read …")
        self._api.wait_parsed([f"{train.key}.cut", f"{train.key}.promote"], timeout=90, check=airflow.require_running)

    def cut(self) -> str:
        """Lead this week's cut to staging and return the departure."""
        self._tell(f"{self._where_and_when()}: {self._train.key}.cut starts")
        run = self._conductor.start(f"{self._train.key}.cut")
        with self._colleagues() as people:
            (ended,) = self._conductor.lead([run], people)
        if ended.state != "success":
            raise CutFailed(f"the cut ended as {ended.state}: see {self._page(ended)}")
        return self._ledger.departures(self._train.key)[-1].id

    def open_gate(self, departure: str, week: IsoWeek) -> DagRun:
        """Let six days pass, open the gate, and let all but one of the needed votes be given."""
        due = promote_week(self._train.stop("cut"), self._train.stop("promote"), week)
        self._conductor.set_clock(stop_times(self._train.stop("promote"), due).earliest + timedelta(minutes=1))
        self._tell(f"{self._where_and_when()}: {self._train.key}.promote starts")
        run = self._conductor.start(f"{self._train.key}.promote")
        needed = self._train.gates.quorum.needed - 1
        person = self._station.conductor
        with self._colleagues(silent=frozenset({str(person.airflow)}), voters=needed, conducts=False) as people:
            self._conductor.lead([run], people, until=lambda: self._given(departure) >= needed)
        return run

    def tell_what_to_click(self, departure: str) -> None:
        """Print the addresses, the passwords, and the two clicks that bring the departure to production."""
        note, person = self._airflow.station, self._station.conductor
        passwords = note.passwords()
        run = self._api.runs(f"{self._train.key}.promote")[-1]
        self._console.rule("The gate is open")
        self._console.print(
            f"[bold]{departure}[/bold] waits for [bold]one more LGTM[/bold]. The station's clock shows "
            f"{local_text(clock.read(cast(Path, note.clock_file)), self._train.zone)} and ticks.\n"
        )
        self._console.print(f"  Airflow    {self._page(run)}", soft_wrap=True)
        self._console.print(
            f"             user [bold]{person.airflow}[/bold]  password [bold]{passwords[str(person.airflow)]}[/bold]"
        )
        self._console.print(f"             user admin  password {passwords['admin']}")
        self._console.print(f"  Slack      {note.slack_url}   (stand-in: react or answer as anybody)", soft_wrap=True)
        self._console.print(f"  GitHub     {note.github_url}   (stand-in)\n", soft_wrap=True)
        self._console.print(
            f"1. Log in to Airflow as [bold]{person.airflow}[/bold] ({person.name}), open the page above, tab "
            "Required Actions, and answer [bold]LGTM[/bold] on the ballot. Or vote in Slack, as anybody.\n"
            f"2. {person.name} is also on call: answer [bold]Go[/bold] to the question that follows.\n"
            "3. Watch the grid and Slack: both components go to production, are verified and announced.\n"
        )
        self._console.print(f"Why does it wait?   stationmaster explain {self._train.key}")
        self._console.print("Ctrl-C ends everything (or: make down).")

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
            tell=self._tell,
        )
        try:
            yield people
        finally:
            people.close()

    def _given(self, departure: str) -> int:
        counted, _ = voting.count_from_ledger(self._station, departure)
        return len(counted.approvals)

    def _tell(self, sentence: str) -> None:
        self._console.print(f"  {sentence}", highlight=False)

    def _where_and_when(self) -> str:
        return f"It is {local_text(self._conductor.now, self._train.zone)} at the station"

    def _page(self, run: DagRun) -> str:
        return f"{self._airflow.station.airflow_url}/dags/{run.dag_id}/runs/{run.dag_run_id}"


def _weeks_between(earlier: IsoWeek, later: IsoWeek) -> int:
    return (later.monday() - earlier.monday()).days // 7


def _clean(home: Path) -> None:
    """Remove what an earlier station left: each ``up`` starts a week anew."""
    home.mkdir(parents=True, exist_ok=True)
    for path in home.iterdir():
        if path.name in KEPT:
            continue
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _until_interrupted(airflow: EmbeddedAirflow) -> None:
    try:
        while True:
            airflow.require_running()
            time.sleep(2)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
