"""One rehearsal, played from the start of Airflow to its end: who starts what when, and what is noted on the way."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path

from rich.console import Console

from stationmaster import clock
from stationmaster.config.team import TeamConfig
from stationmaster.core.blockers import Blocker
from stationmaster.core.instants import local_text
from stationmaster.ledger import Ledger
from stationmaster.rehearsal import troubles
from stationmaster.rehearsal.airflow_answers import DagRun, TaskInstance
from stationmaster.rehearsal.airflow_api import AirflowApi
from stationmaster.rehearsal.cast import HOLDS, Colleagues
from stationmaster.rehearsal.conducting import ENDS_WITHIN, LOOKED_EVERY, Conductor, NeverEnds, Starting
from stationmaster.rehearsal.embedded.supervisor import EmbeddedAirflow
from stationmaster.rehearsal.evidence import Blind, Evidence, HandedOver, Named, Run, Wait
from stationmaster.rehearsal.forms import DAGS, forms
from stationmaster.rehearsal.gathering import Seen, gather, named_by, opened_in
from stationmaster.rehearsal.github.journal_tail import newest_request
from stationmaster.rehearsal.governance.furnishing import ALERTS_PATH, GOVERNANCE_PATH
from stationmaster.rehearsal.halfway import bring_the_rest, files_for
from stationmaster.rehearsal.on_duty import OnDuty
from stationmaster.rehearsal.placing import PLACED, Board, Place
from stationmaster.rehearsal.programme import (
    DEPENDENCIES,
    HANDOFF,
    ROLLOUT,
    STOPS,
    Item,
    lasts,
    rollout_form,
)
from stationmaster.rehearsal.programme_duty import LASTS, area_of, explains, form_of, programme_of_all
from stationmaster.rehearsal.rehearse_picture import Picture
from stationmaster.rehearsal.starters import Starters
from stationmaster.rehearsal.voters import Voters

POLL_SECONDS = 1.0
PARSE_SECONDS = 3600.0
"""Nobody changes a file in a rehearsal; reading all of them again would take the time of those who play in it."""
RUN_TIME = timedelta(minutes=6)
QUEUE_TIME = timedelta(seconds=20)
"""How long a deploy workflow of the stand-in runs, after it has waited in its queue."""


class Play:
    """One rehearsal, from the start of Airflow to its end.

    :param with_duty: whether the teams' own work is played beside their trains.
    :param strangers: for each team the Slack account of somebody who asks it something.
    """

    def __init__(
        self,
        *,
        teams: dict[str, TeamConfig],
        start: date,
        weeks: int,
        seed: int,
        trouble: tuple[str, ...],
        home: Path,
        with_duty: bool = False,
        strangers: Mapping[str, str] | None = None,
    ) -> None:
        self._teams = teams
        self._start = start
        self._with_duty = with_duty
        self._strangers = strangers or {}
        self._seed = seed
        self._trouble = trouble
        self._home = home
        self._programme = programme_of_all(teams, start, weeks, with_duty=with_duty)
        self._github_url = ""
        self._places = Board(teams, self._programme).places(trouble) if self._programme else ()
        self._forms = tuple(forms(teams, self._places, lambda: self._github_url))
        self._items = {item.dag_id: item for item in (*self._programme, *(form.item for form in self._forms))}
        self._began: dict[tuple[str, str], datetime] = {}
        self._blind: list[Blind] = []
        self._waits: list[Wait] = []
        self._runs: list[Run] = []
        self._named: list[Named] = []
        self._handoffs: list[HandedOver] = []

    def perform(self, include: Path, console: Console) -> tuple[Evidence, tuple[str, ...]]:
        """Play the programme, and return what happened and which runs never ended."""
        clock_file = self._home / "clock.json"
        clock.set_virtual(clock_file, self._programme[0].at - timedelta(hours=1))
        with ExitStack() as stack:
            half = next((place for place in self._places if place.until is not None), None)
            runs = len(self._programme) + len(self._forms) + (half is not None)
            picture = stack.enter_context(Picture(console, runs=runs, zone=self._programme[0].zone))
            for name in self._placeless():
                picture.tell(f"There is no place for {name} in these weeks: it is left out")
            airflow = stack.enter_context(
                EmbeddedAirflow(
                    home=self._home,
                    include=files_for(include, half, self._home),
                    clock_file=clock_file,
                    familiar_ports=False,
                    schedules=False,
                    poll_seconds=POLL_SECONDS,
                    parse_seconds=PARSE_SECONDS,
                    stand_ins=("--run-seconds", f"{RUN_TIME.total_seconds():g}"),
                    tell=picture.tell,
                )
            )
            ledger = Ledger.at(airflow.station.ledger_url)
            stack.callback(ledger.close)
            api = stack.enter_context(airflow.api())
            people = Colleagues(
                teams=self._teams,
                api_of=airflow.api,
                slack_url=airflow.station.slack_url,
                seed=self._seed,
                holds=HOLDS,
                vetoes=int("veto" in self._trouble),
                tell=picture.tell,
            )
            stack.callback(people.close)
            self._github_url = airflow.station.github_url
            urls = {"github_url": airflow.station.github_url, "slack_url": airflow.station.slack_url}
            trains = {train.key: train for team in self._teams.values() for train in team.trains.values()}
            voters = Voters(
                self._teams, people, pager_url=airflow.station.pager_url, seed=self._seed, tell=picture.tell
            )
            on_duty = OnDuty(
                self._teams if self._with_duty else {},
                voters,
                api_of=airflow.api,
                slack_url=urls["slack_url"],
                alerts_url=airflow.station.pager_url + ALERTS_PATH,
                strangers=self._strangers,
                start=self._start,
                until=self._programme[-1].at,
                tell=picture.tell,
            )
            stack.callback(on_duty.close)
            cast = troubles.Troubles(
                self._trouble,
                on_duty,
                **urls,
                tell=picture.tell,
                teams=self._teams,
                places=self._places,
                voting=people,
            )
            quiet = [train.rollout.alerts.quiet for train in trains.values() if train.rollout is not None]
            conductor = Conductor(
                api=api,
                ledger=ledger,
                clock_file=clock_file,
                poll_seconds=POLL_SECONDS,
                run_time=RUN_TIME + QUEUE_TIME + timedelta(seconds=1),
                looked_every=min(quiet) / 2 if quiet else LOOKED_EVERY,
                asked=newest_request(urls["github_url"]),
                check=airflow.require_running,
                explained=lambda waiting: not self._unexplained(ledger.blockers(), waiting),
                watch=lambda now, waiting: self._stands(picture, ledger, now, waiting),
                api_of_starter=Starters(self._teams, lambda user: stack.enter_context(airflow.api(user))),
            )
            api.wait_parsed(set(self._items), timeout=120, check=airflow.require_running)
            stuck: tuple[str, ...] = ()
            try:
                conductor.play(
                    [
                        *(self._starting(item) for item in self._programme),
                        *(Starting(form.item.at, form.item.dag_id, form.conf) for form in self._forms),
                        *(self._going_on(place, cast) for place in self._places if place.until is not None),
                    ],
                    cast,
                    started=lambda run: self._starts(picture, cast, run, conductor.now),
                    ended=lambda run: self._ends(picture, api, run, conductor.now),
                )
            except NeverEnds as error:
                stuck = (str(error),)
            seen = Seen(
                blind=self._blind,
                waits=self._waits,
                named=self._named,
                runs=self._runs,
                red=cast.red,
                script=self._places,
                duty=on_duty.script,
            )
            evidence = gather(
                ledger=ledger,
                **urls,
                trains=tuple(trains),
                handoffs=self._handoffs,
                teams=tuple(self._teams),
                governance_url=airflow.station.pager_url + GOVERNANCE_PATH,
                repositories={
                    f"{key}/{one.id}": one.repository for key, each in trains.items() for one in each.components
                },
                seen=seen,
            )
            return evidence, stuck

    def _starting(self, item: Item) -> Starting:
        area = area_of(item.dag_id)
        if area:
            return Starting(item.at, item.dag_id, lambda: form_of(self._teams, item), LASTS[area])
        if item.what != ROLLOUT:
            return Starting(item.at, item.dag_id)
        within = ENDS_WITHIN + lasts(self._teams[item.team].train(item.key), item)
        return Starting(item.at, item.dag_id, lambda: rollout_form(item), within)

    def _going_on(self, place: Place, cast: troubles.Troubles) -> Starting:
        """Return that somebody brings what a promotion did not bring."""
        train = self._teams[place.train.split(".", 1)[0]].train(place.train)
        dag_id = f"{train.key}.promote"

        def again(api: AirflowApi) -> DagRun:
            cast.mend(place, train)
            return bring_the_rest(api, dag_id)

        return Starting(place.until or place.at, dag_id, again=again)

    def _placeless(self) -> list[str]:
        placed = {place.trouble for place in self._places}
        return [name for name in self._trouble if name in PLACED and name not in placed]

    def _starts(self, picture: Picture, cast: troubles.Troubles, run: DagRun, now: datetime) -> None:
        item = self._items[run.dag_id]
        again = (run.dag_id, run.dag_run_id) in self._began
        self._began.setdefault((run.dag_id, run.dag_run_id), now)
        picture.tell(f"{local_text(now, item.zone)}: {run.dag_id} {'goes on' if again else 'starts'}")
        if again:
            return
        if item.what == HANDOFF:
            self._handoffs.append(HandedOver.of(item.key, now))
        elif item.what in STOPS:
            cast.begin(self._teams[item.team].train(item.key), item.what, now)

    def _ends(self, picture: Picture, api: AirflowApi, run: DagRun, now: datetime) -> None:
        began = self._began[run.dag_id, run.dag_run_id]
        ended = Run(run.dag_id, run.dag_run_id, run.state, began, now)
        ended = ended._replace(departure=opened_in(api, ended))
        self._runs.append(ended)
        self._named += named_by(api, ended)
        picture.ended()
        picture.tell(f"{local_text(now, self._items[run.dag_id].zone)}: {run.dag_id} ended as {run.state}")

    def _stands(self, picture: Picture, ledger: Ledger, now: datetime, waiting: tuple[TaskInstance, ...]) -> None:
        """At each standstill: note why everything waits; every waiting task must have said so."""
        blockers = ledger.blockers()
        self._waits += [
            Wait(subject, found.sentence, found.who, found.code)
            for subject, several in blockers.items()
            for found in several
        ]
        picture.at(now, (found.sentence for several in blockers.values() for found in several))
        self._blind += [Blind(now, task.dag_id, task.label) for task in self._unexplained(blockers, waiting)]

    def _unexplained(
        self, blockers: Mapping[str, tuple[Blocker, ...]], waiting: tuple[TaskInstance, ...]
    ) -> list[TaskInstance]:
        """Return the tasks that wait without a blocker of their own."""
        return [
            task
            for task in waiting
            if not any(found and self._explains(subject, found, task) for subject, found in blockers.items())
        ]

    def _explains(self, subject: str, found: tuple[Blocker, ...], task: TaskInstance) -> bool:
        """Return whether blockers under ``subject`` are those of a task: of its DAG, and of its voter or role."""
        item = self._items[task.dag_id]
        if area_of(item.dag_id):
            return explains(subject, task)
        if item.what == DEPENDENCIES:
            repository, name = str(task.rendered_map_index).partition(":")[0], task.task_id.rpartition(".")[2]
            return subject.startswith(f"{task.dag_id}/{repository}/") and subject.endswith(f"/{name}")
        parts = subject.split("/")
        stops = ("promote", "hotfix") if item.what in (DAGS["hotfix"], DAGS["security-hotfix"]) else (item.what,)
        if parts[0] != item.key or len(parts) < 4 or parts[2] not in stops or parts[3] != task.task_id:
            return False
        people = self._teams[item.team].people
        if item.what == ROLLOUT:
            return "/".join(parts[4:]) == (task.rendered_map_index or "")
        # A train tells its mapped tasks apart by the person, a handoff by the role that the person holds.
        named = [[part] if part in people else [who for one in found for who in one.who] for part in parts[4:]]
        return all(task.rendered_map_index in {people[name].name for name in names} for names in named)
