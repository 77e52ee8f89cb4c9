"""Moves a rehearsal through its weeks: people act, and when nobody has anything to do, the clock goes on.

The clock moves only when Airflow stands still, to the next instant at which anything can happen. All runs that are open
are led together: what waits in one of them waits at the same virtual hour as what waits in another.

When something was done, or the clock was moved for a machine's sake, there is no standstill before a trace of the
trigger's look is seen: a line of the ledger, another state in Airflow, a request to GitHub. Moving on too early would
lose nothing, for each task looks for itself before it waits; but the story's times would not be those of a real day.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

from stationmaster import clock
from stationmaster.core.blockers import Blocker
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import Anchor
from stationmaster.rehearsal.airflow_answers import DagRun, RequiredAction, TaskInstance
from stationmaster.rehearsal.airflow_api import AirflowApi
from stationmaster.rehearsal.airflow_look import Look, Lookout, RunName

LOOK_EVERY = 0.35
"""Real seconds between two looks at Airflow."""
QUIET = 1.0
"""Real seconds in which neither Airflow nor the ledger changes: then both stand still."""
MURMUR = 6.0
"""Real seconds after which Airflow alone counts: what cannot be said in Slack is tried, and noted, at every look."""
TRACE_WITHIN = 8.0
"""Real seconds after which a trace is no longer awaited: what was done may have changed nothing."""
SPEAKS_WITHIN = 30.0
"""The same where a trace is certain to come, however loaded the machine is."""
EXPLAINS_WITHIN = 20.0
"""Real seconds of quiet after which a task that waits without having said why counts as standing still.

One whose trigger has fired waits on in Airflow's tables until that is noticed, which a loaded machine does late.
"""
POLL_LAG = 0.4
"""Real seconds that a look of a trigger may take on top of the poll interval."""
STILL_WITHIN = 240.0
"""Real seconds in which a healthy Airflow comes to a standstill, even on a loaded machine."""
ENDS_WITHIN = timedelta(days=3)
"""Virtual time in which a run ends: the window of its stop closes long before."""
LARGE_STEP = timedelta(minutes=15)
STEPS = {
    "ALERTS_UNDECIDED": timedelta(minutes=30),
    "CHAT_UNREADABLE": timedelta(minutes=5),
    "CHECKS_PENDING": timedelta(minutes=5),
    "CHORE_BLOCKED": timedelta(hours=12),
    "CHORE_LATE": timedelta(hours=12),
    "DEPLOY_NOT_BEGUN": timedelta(hours=1),
    "ERROR_SPIKE": timedelta(hours=2),
    "EFFECT_BUSY": timedelta(seconds=30),
    "INCIDENT_REPORT_DUE": timedelta(hours=4),
    "INCIDENT_UNDER_WAY": timedelta(hours=1),
    "ISSUE_DUE": timedelta(hours=3),
    "ISSUE_LATE": timedelta(hours=3),
    "ISSUE_SILENT": timedelta(hours=3),
    "NOT_DEPLOYED": timedelta(minutes=2),
    "POSTMORTEM_DUE": timedelta(hours=8),
    "QUESTION_OPEN": timedelta(hours=1),
    "RUN_FAILED": timedelta(hours=2),
    "RUN_IN_PROGRESS": timedelta(minutes=1),
    "RUN_NOT_FOUND": timedelta(minutes=1),
    "SILENCE_OVER": timedelta(hours=3),
    "SLACK_UNREACHABLE": timedelta(minutes=5),
    "UPGRADE_PULL_AWAITED": timedelta(minutes=1),
    "UPGRADE_RUNNING": timedelta(minutes=1),
    "UPGRADE_RUN_NOT_FOUND": timedelta(minutes=1),
    "VERIFYING": timedelta(seconds=30),
    "VERSION_NOT_RUNNING": timedelta(minutes=3),
    "WATCH_BLIND": timedelta(hours=1),
}
"""How far the clock goes on while a machine works, or while people are only reminded now and then.

What else waits for people moves in large steps.
"""
PATIENT = frozenset(
    {
        "ALERTS_UNDECIDED",
        "CHORE_BLOCKED",
        "CHORE_LATE",
        "ERROR_SPIKE",
        "INCIDENT_REPORT_DUE",
        "INCIDENT_UNDER_WAY",
        "ISSUE_DUE",
        "ISSUE_LATE",
        "ISSUE_SILENT",
        "POSTMORTEM_DUE",
        "QUESTION_OPEN",
        "RUN_FAILED",
        "SILENCE_OVER",
        "WATCH_BLIND",
    }
)
"""These wait for people: nothing is asked of GitHub for them at an instant of their own."""
LOOKED_AT = frozenset({"ALERTS_SETTLING"})
"""Time counts for these only if somebody looked meanwhile: the clock never goes on to their end at once."""
LOOKED_EVERY = timedelta(minutes=7)
FOLLOWS = frozenset({"BATCH_BEFORE"})
"""These clear when something else does, which has an instant of its own."""
OVER = "MISSED_WINDOW"
"""What stands beside this tells why a window was missed: nothing waits for it any longer."""
SPEAKS = frozenset(
    {
        "ALERTS_SETTLING",
        "BATCH_NOT_DUE",
        "CHORE_LATE",
        "CHORE_OPEN",
        "HANDOFF_UNACKNOWLEDGED",
        "INCIDENT_CLIMBS",
        "SHIFT_WATCHED",
        "UPGRADE_OPEN",
        "VERSION_NOT_RUNNING",
        "WATCHING",
    }
)
"""At the instant of these something is said or a task wakes, which leaves a trace."""
_ASKS_SLACK = frozenset({"CHAT_UNREADABLE", "SLACK_UNREACHABLE"})
ASKS_GITHUB = frozenset(STEPS) - PATIENT - _ASKS_SLACK - {"EFFECT_BUSY", "VERSION_NOT_RUNNING"}
"""What waits for these asks GitHub at each look."""


class NeverEnds(TimeoutError):
    """A run goes on and on, or Airflow does not come to rest."""


class Starting(NamedTuple):
    """One start on the calendar."""

    at: datetime
    dag_id: str
    conf: Callable[[], dict[str, object]] = dict
    """The values of the form, worked out when it starts."""
    within: timedelta = ENDS_WITHIN
    """Virtual time in which it ends."""
    again: Callable[[AirflowApi], DagRun] | None = None
    """Lets a run go on that has ended, in place of a new one."""


class Scene:
    """What the people of a rehearsal see when they look up: the present, open questions, the ledger."""

    def __init__(self, *, now: datetime, actions: tuple[RequiredAction, ...], ledger: Ledger) -> None:
        self.now = now
        self.actions = actions
        self.ledger = ledger


class Cast(Protocol):
    """The people of a rehearsal."""

    def act(self, scene: Scene) -> bool:
        """Do what is to be done at this instant; return whether anybody did anything."""

    def next_instant(self, scene: Scene) -> datetime | None:
        """Return when somebody will act next, None if nobody has plans."""


class Conductor:
    """Starts runs and leads them to their ends on the virtual clock.

    :param api: Airflow as its administrator.
    :param clock_file: the virtual clock of every process.
    :param poll_seconds: how often triggers look, in real seconds.
    :param run_time: how long a deploy workflow of the stand-in takes, from its dispatch to its end.
    :param asked: returns the virtual instant of the newest request to GitHub: the trace of a look that changed nothing.
    :param looked_every: how far the clock goes on at most where somebody has to look all the time.
    :param explained: returns whether each of the tasks that wait has said why; one that has not may be about to go on.
    :param watch: is told of each standstill: the virtual instant, and the tasks that wait.
    :param api_of_starter: returns Airflow as whoever alone may start a DAG by hand (T-01), None where anybody may.
    """

    def __init__(
        self,
        *,
        api: AirflowApi,
        ledger: Ledger,
        clock_file: Path,
        poll_seconds: float,
        run_time: timedelta = timedelta(minutes=2),
        looked_every: timedelta = LOOKED_EVERY,
        asked: Callable[[], datetime | None] | None = None,
        check: Callable[[], None] = lambda: None,
        explained: Callable[[tuple[TaskInstance, ...]], bool] = lambda _: True,
        watch: Callable[[datetime, tuple[TaskInstance, ...]], None] = lambda *_: None,
        api_of_starter: Callable[[str], AirflowApi | None] = lambda _: None,
    ) -> None:
        self.api = api
        self._api_of_starter = api_of_starter
        self.ledger = ledger
        self._lookout = Lookout(api)
        self._clock_file = clock_file
        self._settles = poll_seconds + POLL_LAG
        self._run_time = run_time
        self._looked_every = looked_every
        self._asked = asked
        self._check = check
        self._explained = explained
        self._watch = watch
        self._stirred = time.monotonic()
        self._untraced: Anchor | None = None
        self._for_github = False
        self._patience = TRACE_WITHIN

    @property
    def now(self) -> datetime:
        """The virtual present."""
        return clock.read(self._clock_file)

    def set_clock(self, instant: datetime, *, rate: float = 0.0) -> None:
        """Move the clock, never backwards."""
        clock.set_virtual(self._clock_file, max(instant, self.now), rate=rate)
        self._stirred = time.monotonic()

    def start(self, dag_id: str, **conf: object) -> DagRun:
        """Start a run at this virtual instant, as the schedule would."""
        api = self._api_of_starter(dag_id) or self.api
        return api.trigger(dag_id, conf=conf or None, run_id=f"rehearsal__{self.now:%Y-%m-%dT%H%M%S}")

    def lead(
        self, runs: Iterable[DagRun], cast: Cast, *, until: Callable[[], bool] = lambda: False, within: float = 600.0
    ) -> tuple[DagRun, ...]:
        """Let people act and time pass until every run has ended, or ``until`` says so at a standstill.

        :param within: real seconds.
        :returns: the runs that have ended.
        :raises NeverEnds: the runs go on after that.
        """
        wanted = [(run.dag_id, run.dag_run_id) for run in runs]
        deadline = time.monotonic() + within
        while True:
            seen = self._stand_still(wanted, min(deadline, time.monotonic() + STILL_WITHIN))
            if len(seen.ended) == len(wanted) or until():
                return seen.ended
            self._turn(cast, None)
            if time.monotonic() > deadline:
                raise NeverEnds(self._goes_on(wanted, f"after {within:g} s"))

    def play(
        self,
        timetable: Sequence[Starting],
        cast: Cast,
        *,
        started: Callable[[DagRun], None] = lambda _: None,
        ended: Callable[[DagRun], None] = lambda _: None,
    ) -> None:
        """Start each run at its instant, whatever else is under way, and lead all of them to their ends.

        :raises NeverEnds: a run goes on long after its window, or Airflow does not come to rest.
        """
        coming = sorted(timetable, key=lambda one: (one.at, one.dag_id))
        under_way: dict[RunName, tuple[datetime, timedelta]] = {}
        while coming or under_way:
            if not under_way:
                self.set_clock(coming[0].at)
            begins = bool(coming) and coming[0].at <= self.now
            while coming and coming[0].at <= self.now:
                following = coming.pop(0)
                run = self._started(following)
                under_way[run.dag_id, run.dag_run_id] = self.now, following.within
                started(run)
            if begins:
                self._act_meanwhile(cast)
            seen = self._stand_still(list(under_way), time.monotonic() + STILL_WITHIN, first_end=True)
            for run in seen.ended:
                del under_way[run.dag_id, run.dag_run_id]
                ended(run)
            if seen.ended:
                continue
            late = {name: within for name, (since, within) in under_way.items() if self.now > since + within}
            if late:
                raise NeverEnds(self._goes_on(late, f"{max(late.values()).days} days after its start"))
            self._turn(cast, coming[0].at if coming else None)

    def _started(self, starting: Starting) -> DagRun:
        if starting.again is not None:
            return starting.again(self._api_of_starter(starting.dag_id) or self.api)
        return self.start(starting.dag_id, **starting.conf())

    def _act_meanwhile(self, cast: Cast) -> None:
        """Let those act who had planned this instant, while what starts at it is still starting."""
        scene = self._scene()
        planned = cast.next_instant(scene)
        if planned is not None and planned <= scene.now:
            self._acts(cast, scene)

    def _scene(self) -> Scene:
        return Scene(now=self.now, actions=self.api.required_actions(), ledger=self.ledger)

    def _acts(self, cast: Cast, scene: Scene) -> bool:
        before = self.ledger.head()
        acted = cast.act(scene)
        if acted:
            self._stirred, self._untraced, self._for_github = time.monotonic(), before, False
            self._patience = TRACE_WITHIN
        return acted

    def _turn(self, cast: Cast, next_start: datetime | None) -> None:
        """Let everybody act once; if nobody has anything to do, let time pass."""
        scene = self._scene()
        before = self.ledger.head()
        if self._acts(cast, scene):
            return
        planned = [at for at in (cast.next_instant(scene), next_start) if at is not None]
        target, code = self._next_instant(planned)
        self._patience = SPEAKS_WITHIN if code in SPEAKS else TRACE_WITHIN
        self._for_github = code in ASKS_GITHUB and self._asked is not None
        self._untraced = before if self._for_github or code in SPEAKS else None
        self.set_clock(target)

    def _stand_still(self, wanted: list[RunName], deadline: float, *, first_end: bool = False) -> Look:
        """Look until nothing moves any more, or until every run (``first_end``: any run) has ended."""
        picture, picture_since, head, head_since = None, 0.0, None, 0.0
        while True:
            self._check()
            began = time.monotonic()
            seen = self._lookout.look(wanted)
            if len(seen.ended) == len(wanted) or (first_end and seen.ended):
                return seen
            moment, written = time.monotonic(), self.ledger.head()
            if seen.busy or seen.picture != picture:
                picture, picture_since = seen.picture, moment
            if written != head:
                head, head_since = written, moment
            quiet_at = max(picture_since + QUIET, min(head_since + QUIET, picture_since + MURMUR))
            rests = self._is_traced(seen, written) and moment >= max(quiet_at, self._stirred + self._settles)
            if rests and (moment > quiet_at + EXPLAINS_WITHIN or self._explained(seen.waiting)):
                self._untraced = None
                self._watch(self.now, seen.waiting)
                return seen
            if moment > deadline:
                raise NeverEnds(self._goes_on(wanted, "and Airflow does not come to rest"))
            # As long as a look takes, at least: a slow Airflow is not slowed by who looks at it.
            time.sleep(max(LOOK_EVERY, time.monotonic() - began))

    def _is_traced(self, seen: Look, head: Anchor) -> bool:
        """Return whether nothing is under way, and what was done last has been taken notice of."""
        if seen.busy:
            self._untraced = None  # Airflow has taken notice
            return False
        if self._untraced is None or self._untraced != head or time.monotonic() > self._stirred + self._patience:
            return True
        newest = self._asked() if self._for_github and self._asked is not None else None
        return newest is not None and newest >= self.now

    def _goes_on(self, wanted: Iterable[RunName], when: str) -> str:
        names = list(wanted)
        states = ", ".join(
            f"{task.label}={task.state}" for task in self._lookout.task_instances(names) if task.state != "success"
        )
        return f"{', '.join(' '.join(name) for name in names)} has not ended {when}: {states or 'no task is left'}"

    def _next_instant(self, planned: Sequence[datetime]) -> tuple[datetime, str]:
        """Return the next instant at which a blocker clears, a person acts, or a machine may be done; and its trace."""
        now = self.now
        waiting = [
            several for several in self.ledger.blockers().values() if OVER not in {each.code for each in several}
        ]
        blockers = [found for several in waiting for found in several]
        candidates = [(at, "") for at in planned if at > now]
        standing = [found for found in blockers if found.code not in FOLLOWS]
        candidates += [(self._clears(found, now), self._traced_by(found, now)) for found in standing]
        # Of several at one instant the one that speaks counts: what it says must not be passed by.
        return min(
            candidates, key=lambda one: (one[0], one[1] not in SPEAKS, one[1] == ""), default=(now + LARGE_STEP, "")
        )

    @staticmethod
    def _traced_by(found: Blocker, now: datetime) -> str:
        """Return the code by which a trace is awaited; empty where the next instant is only a large step."""
        own = found.clears_at is not None and found.clears_at > now
        return found.code if own or found.code in STEPS else ""

    def _clears(self, found: Blocker, now: datetime) -> datetime:
        if found.clears_at is not None and found.clears_at > now:
            looked = now + self._looked_every if found.code in LOOKED_AT else found.clears_at
            return min(found.clears_at, looked)
        if found.code == "RUN_IN_PROGRESS" and found.since is not None and found.since + self._run_time > now:
            return found.since + self._run_time
        return now + STEPS.get(found.code, LARGE_STEP)
