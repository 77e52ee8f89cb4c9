"""When Airflow stands still, how far the clock goes then, and how runs that overlap in time are led together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stationmaster import clock
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.rehearsal import conducting
from stationmaster.rehearsal.airflow_answers import DagRun
from stationmaster.rehearsal.airflow_look import Lookout, Upstream
from stationmaster.rehearsal.conducting import (
    EXPLAINS_WITHIN,
    LOOKED_EVERY,
    MURMUR,
    SPEAKS_WITHIN,
    Conductor,
    NeverEnds,
    Scene,
    Starting,
)
from tests.rehearsal.fake_airflow import FakeAirflow

THURSDAY = datetime(2021, 10, 28, 16, tzinfo=UTC)
CUT, OTHER = "a.weekly.cut", "b.weekly.cut"


class FakeLedger:
    """Only what a conductor asks."""

    def __init__(self) -> None:
        self.seq = 0
        self.waiting: dict[str, tuple[Blocker, ...]] = {}

    def head(self) -> int:
        return self.seq

    def blockers(self, prefix: str = "") -> dict[str, tuple[Blocker, ...]]:
        return self.waiting


class Idle:
    """Nobody does anything, except at the instants that were planned."""

    def __init__(self, *planned: datetime) -> None:
        self.planned = list(planned)
        self.acted: list[datetime] = []

    def act(self, scene: Scene) -> bool:
        due = [at for at in self.planned if at <= scene.now]
        self.planned = [at for at in self.planned if at > scene.now]
        self.acted += [scene.now] * len(due)
        return bool(due)

    def next_instant(self, scene: Scene) -> datetime | None:
        return min(self.planned, default=None)


class Stopwatch:
    """Stands for the module ``time``: it goes on only while somebody sleeps, however loaded the machine is."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture(autouse=True)
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    watch = Stopwatch()
    monkeypatch.setattr(conducting, "time", watch)
    return watch


@pytest.fixture
def airflow() -> FakeAirflow:
    return FakeAirflow()


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def conductor(airflow: FakeAirflow, ledger: FakeLedger, tmp_path: Path) -> Conductor:
    clock.set_virtual(tmp_path / "clock.json", THURSDAY)
    return Conductor(
        api=airflow,
        ledger=ledger,  # type: ignore[arg-type]
        clock_file=tmp_path / "clock.json",
        poll_seconds=1.0,
        run_time=timedelta(minutes=7),
    )


def ends(airflow: FakeAirflow, dag: str, run: str) -> None:
    airflow.put(dag, run, "success", first="success", second="success")


@pytest.mark.parametrize(
    ("tasks", "busy"),
    [
        ({"first": "deferred", "second": None}, False),
        ({"first": "awaiting_input", "second": None}, False),
        ({"first": None, "second": None}, True),
        ({"first": "queued", "second": None}, True),
        ({"first": "up_for_retry", "second": None}, True),
        ({"first": "success", "second": None}, True),
        ({"first": "success", "second": "deferred"}, False),
        ({"first": "success", "second": "running"}, True),
        ({}, True),
    ],
)
def test_what_is_under_way_is_not_taken_for_a_standstill(airflow, tasks, busy) -> None:
    """A task without a state whose way is free belongs to the scheduler, however slow that is."""
    airflow.put(CUT, "r1", **tasks)
    assert Lookout(airflow).look([(CUT, "r1")]).busy is busy


def test_one_instance_of_a_mapped_task_that_still_waits_keeps_the_next_from_starting(airflow) -> None:
    airflow.put(CUT, "r1", first__0="success", first__1="deferred", second=None)
    assert not Lookout(airflow).look([(CUT, "r1")]).busy
    airflow.put(CUT, "r1", first__0="success", first__1="success", second=None)
    assert Lookout(airflow).look([(CUT, "r1")]).busy


@pytest.mark.parametrize(("expands", "busy"), [(set(), True), ({"first", "second"}, False), ({"second"}, False)])
def test_in_a_mapped_group_each_row_goes_on_alone(airflow, expands, busy) -> None:
    """A row's next task is the scheduler's although other rows still wait; what is mapped apart waits for all."""
    airflow.expands = expands
    airflow.put(CUT, "r1", first__0="success", first__1="deferred", second__0=None, second__1=None)
    assert Lookout(airflow).look([(CUT, "r1")]).busy is busy
    airflow.put(CUT, "r1", first__0="deferred", first__1="deferred", second__0=None, second__1=None)
    assert not Lookout(airflow).look([(CUT, "r1")]).busy


@pytest.mark.parametrize(
    ("rule", "states", "decides"),
    [
        ("all_success", ["deferred", "success"], False),
        ("all_success", ["deferred", "failed"], True),
        ("all_success", ["deferred", "skipped"], True),
        ("none_failed", ["deferred", "skipped"], False),
        ("one_failed", ["deferred", "success"], False),
        ("one_failed", ["deferred", "failed"], True),
        ("all_done", ["deferred", "failed"], False),
        ("all_done", ["skipped", "failed"], True),
    ],
)
def test_each_trigger_rule_says_when_the_scheduler_has_something_to_decide(rule, states, decides) -> None:
    before = Upstream(frozenset({"x"}), rule)
    assert before.leaves_a_decision({"x": states}) is decides


def test_a_run_that_is_queued_behind_another_of_its_dag_is_not_waited_for(airflow) -> None:
    """Each DAG runs once at a time: the second one starts when the first has ended, and that may be a week later."""
    airflow.put(CUT, "r1", first="deferred", second=None)
    airflow.put(CUT, "r2", "queued", first=None, second=None)
    assert not Lookout(airflow).look([(CUT, "r1"), (CUT, "r2")]).busy
    assert Lookout(airflow).look([(CUT, "r2")]).busy


def test_a_look_asks_once_for_all_runs(airflow) -> None:
    airflow.put(CUT, "r1", first="deferred", second=None)
    airflow.put(OTHER, "r1", first="deferred", second=None)
    runs = [(CUT, "r1"), (OTHER, "r1")]
    lookout = Lookout(airflow)
    lookout.look(runs)
    airflow.requests.clear()
    assert len(lookout.look(runs).waiting) == 2
    assert airflow.requests == ["POST /dags/~/dagRuns/~/taskInstances/list"]


def test_a_look_reads_every_page(airflow) -> None:
    airflow.put(CUT, "r1", **{f"first__{number}": "deferred" for number in range(230)}, second=None)
    assert len(Lookout(airflow).look([(CUT, "r1")]).waiting) == 230


def test_a_task_that_is_tried_anew_while_the_pages_are_read_is_seen_once_and_hides_none(airflow) -> None:
    """It has another id then, and so moves to the end: the one behind it would be passed over."""
    airflow.put(CUT, "r1", **{f"first__{number}": "deferred" for number in range(150)})
    pages = iter(range(100))

    def retried(_: str) -> None:
        if next(pages) == 1:
            tasks = airflow.tasks[CUT, "r1"]
            tasks.pop("first__7")
            tasks["first__7"] = None

    airflow.before = retried
    look = Lookout(airflow).look([(CUT, "r1")])
    assert [label for _, label, _, _ in look.picture] == sorted(f"{CUT} first[{number}]" for number in range(150))
    assert len(look.waiting) == 149


def test_tasks_that_never_stop_moving_end_no_look(airflow) -> None:
    airflow.put(CUT, "r1", **{f"first__{number}": "deferred" for number in range(150)})

    def retried(_: str) -> None:
        tasks = airflow.tasks[CUT, "r1"]
        label = next(iter(tasks))
        tasks[label] = tasks.pop(label) and None

    airflow.before = retried
    assert len(Lookout(airflow).look([(CUT, "r1")]).picture) >= 149


def test_a_run_whose_last_task_is_done_is_awaited_until_it_has_ended_itself(airflow) -> None:
    airflow.put(CUT, "r1", "running", first="success", second="failed")
    look = Lookout(airflow).look([(CUT, "r1")])
    assert (look.ended, look.busy) == ((), True)
    airflow.run_states[CUT, "r1"] = "failed"
    assert [run.state for run in Lookout(airflow).look([(CUT, "r1")]).ended] == ["failed"]


def test_the_clock_stands_while_anything_is_under_way(airflow, conductor) -> None:
    states = iter(["queued", "running", "running", "deferred"])
    seen: list[tuple[str | None, datetime]] = []

    def goes_on(_: str) -> None:
        state = next(states, None)
        if state is not None:
            airflow.put(CUT, "r1", first=state, second=None)
            seen.append((state, conductor.now))
        elif conductor.now > THURSDAY:
            ends(airflow, CUT, "r1")

    airflow.put(CUT, "r1", first=None, second=None)
    airflow.before = goes_on
    run = airflow.run(CUT, "r1")
    conductor.lead([run], Idle(THURSDAY + timedelta(minutes=5)))
    assert seen == [(state, THURSDAY) for state in ("queued", "running", "running", "deferred")]
    assert conductor.now == THURSDAY + timedelta(minutes=5)


def test_a_ledger_that_is_written_to_is_no_standstill(airflow, ledger, conductor) -> None:
    """A trigger that has just counted a vote writes it down, before Airflow knows anything of it."""
    airflow.put(CUT, "r1", first="deferred", second=None)
    written_at: list[datetime] = []

    def writes(_: str) -> None:
        if len(written_at) < 12:
            written_at.append(conductor.now)
        ledger.seq = len(written_at)
        if conductor.now > THURSDAY:
            ends(airflow, CUT, "r1")

    airflow.before = writes
    conductor.lead([airflow.run(CUT, "r1")], Idle())
    assert written_at == [THURSDAY] * 12


def test_a_ledger_that_murmurs_for_ever_does_not_keep_the_clock_from_moving(
    airflow, ledger, conductor, stopwatch
) -> None:
    """While Slack is down, what could not be said is tried, and noted, at each look."""
    airflow.put(CUT, "r1", first="deferred", second=None)

    def murmurs(_: str) -> None:
        ledger.seq += 1
        if conductor.now > THURSDAY:
            ends(airflow, CUT, "r1")

    airflow.before = murmurs
    (ended,) = conductor.lead([airflow.run(CUT, "r1")], Idle())
    assert ended.state == "success"
    assert MURMUR <= stopwatch.seconds < MURMUR + 2


@pytest.mark.parametrize(
    ("found", "minutes"),
    [
        (blocker("HOLD_ASKED", clears_at=THURSDAY + timedelta(minutes=30)), 30),
        (blocker("RUN_IN_PROGRESS", since=THURSDAY, component="explorer", run="17"), 7),
        (blocker("RUN_IN_PROGRESS", since=THURSDAY - timedelta(minutes=9), component="explorer", run="17"), 1),
        (blocker("VERIFYING", component="e", environment="prod", sha="1", times=1, needed=3), 0.5),
        (blocker("BALLOT_OPEN", who=("amara",), manifest="5ab30a13"), 15),
    ],
)
def test_the_clock_goes_to_the_next_instant_at_which_anything_can_happen(airflow, ledger, conductor, found, minutes):
    airflow.put(CUT, "r1", first="deferred", second=None)
    ledger.waiting = {"a/x": (found,)}
    moved: list[datetime] = []

    def until() -> bool:
        moved.append(conductor.now)
        return len(moved) == 2

    conductor.lead([airflow.run(CUT, "r1")], Idle(), until=until)
    assert moved == [THURSDAY, THURSDAY + timedelta(minutes=minutes)]


def test_a_persons_plan_comes_before_a_large_step(airflow, ledger, conductor) -> None:
    airflow.put(CUT, "r1", first="deferred", second=None)
    people = Idle(THURSDAY + timedelta(minutes=4))
    conductor.lead([airflow.run(CUT, "r1")], people, until=lambda: bool(people.acted))
    assert people.acted == [THURSDAY + timedelta(minutes=4)]


def test_after_somebody_acted_the_clock_stands_until_the_ledger_knows_of_it(airflow, ledger, conductor):
    """A reaction in Slack is counted by a trigger, at its next look: time must not go on before."""
    airflow.put(CUT, "r1", first="deferred", second=None)
    people = Idle(THURSDAY)
    looks: list[datetime] = []

    def looks_on(_: str) -> None:
        if people.acted:
            looks.append(conductor.now)
            ledger.seq = len(looks) // 15

    airflow.before = looks_on
    conductor.lead([airflow.run(CUT, "r1")], people, until=lambda: conductor.now > THURSDAY)
    assert looks[:15] == [THURSDAY] * 15


def test_after_the_clock_moved_for_a_machine_it_stands_until_github_was_asked_again(airflow, ledger, tmp_path):
    airflow.put(CUT, "r1", first="deferred", second=None)
    ledger.waiting = {"a/x": (blocker("VERIFYING", component="e", environment="prod", sha="1", times=1, needed=3),)}
    clock.set_virtual(tmp_path / "clock.json", THURSDAY)
    asked: list[datetime] = [THURSDAY]
    looks: list[datetime] = []
    conductor = Conductor(
        api=airflow,
        ledger=ledger,
        clock_file=tmp_path / "clock.json",
        poll_seconds=1.0,
        asked=lambda: asked[-1],
    )

    def looks_on(_: str) -> None:
        looks.append(conductor.now)
        if looks.count(conductor.now) == 15:
            asked.append(conductor.now)

    airflow.before = looks_on
    third = THURSDAY + timedelta(seconds=60)
    conductor.lead([airflow.run(CUT, "r1")], Idle(), until=lambda: conductor.now == third)
    assert looks.count(THURSDAY + timedelta(seconds=30)) >= 15


@pytest.mark.parametrize(("code", "long"), [("BATCH_NOT_DUE", True), ("HOLD_ASKED", False)])
def test_what_is_certain_to_leave_a_trace_is_awaited_longer(airflow, ledger, conductor, monkeypatch, code, long):
    """On a loaded machine a trigger's look comes late; a batch whose time has come must not be passed by."""
    airflow.put(CUT, "r1", first="deferred", second=None)
    due = THURSDAY + timedelta(minutes=30)
    values = {"batch": 2, "at": "later"} if long else {}
    ledger.waiting = {"a/x": (blocker(code, clears_at=due, **values),)}
    looks: list[datetime] = []

    def looks_on(_: str) -> None:
        if conductor.now >= due:
            looks.append(conductor.now)
            ledger.seq = len(looks) // 60

    airflow.before = looks_on
    conductor.lead([airflow.run(CUT, "r1")], Idle(), until=lambda: conductor.now > due or len(looks) > 70)
    assert (looks[:60] == [due] * 60) is long


def test_of_several_instants_that_are_one_the_one_at_which_something_is_said_counts(conductor, ledger) -> None:
    due = THURSDAY + timedelta(minutes=15)
    ledger.waiting = {
        "a/x": (blocker("HANDOFF_UNACKNOWLEDGED", person="Ben", rotation="On call"),),
        "a/y": (blocker("BATCH_NOT_DUE", clears_at=due, batch=2, at="later"),),
    }
    assert conductor._next_instant([due]) == (due, "BATCH_NOT_DUE")


def test_at_a_large_step_nothing_is_certain_to_be_said_and_no_trace_is_awaited(airflow, ledger, conductor, stopwatch):
    """Whoever has not answered, and after whom nobody is told, must not cost half a minute at each step."""
    airflow.put(CUT, "r1", first="deferred", second=None)
    waits = blocker("HANDOFF_UNACKNOWLEDGED", person="Ben", rotation="On call")
    ledger.waiting = {"a/x": (waits,)}
    conductor.lead([airflow.run(CUT, "r1")], Idle(), until=lambda: conductor.now > THURSDAY + timedelta(hours=1))
    assert stopwatch.seconds < SPEAKS_WITHIN


@pytest.mark.parametrize("says", [True, False])
def test_a_task_that_has_not_said_why_it_waits_is_given_time_and_then_counts(
    airflow, ledger, stopwatch, tmp_path, says
) -> None:
    """Its trigger may have fired: a loaded Airflow notices late, and nothing is blind that is about to go on."""
    airflow.put(CUT, "r1", first="deferred", second=None)
    clock.set_virtual(tmp_path / "clock.json", THURSDAY)
    looks, seen = [], []
    conductor = Conductor(
        api=airflow,
        ledger=ledger,
        clock_file=tmp_path / "clock.json",
        poll_seconds=1.0,
        explained=lambda _: says and len(looks) >= 12,
        watch=lambda _, waiting: seen.append((len(looks), waiting)),
    )
    airflow.before = looks.append
    conductor.lead([airflow.run(CUT, "r1")], Idle(), until=lambda: bool(seen))
    ((number, waiting),) = seen
    assert number == 12 if says else stopwatch.seconds > EXPLAINS_WITHIN
    assert [task.task_id for task in waiting] == ["first"]


def test_what_leaves_no_trace_is_not_awaited_for_ever(airflow, ledger, conductor) -> None:
    airflow.put(CUT, "r1", first="deferred", second=None)
    people = Idle(THURSDAY)
    conductor.lead([airflow.run(CUT, "r1")], people, until=lambda: conductor.now > THURSDAY)
    assert people.acted == [THURSDAY]


def test_stops_that_overlap_start_each_at_its_instant(airflow, ledger, conductor) -> None:
    """Two teams, one hour: the second one's cut must not wait until the first one's is over."""
    later = THURSDAY + timedelta(minutes=10)
    began: dict[str, datetime] = {}
    ended: dict[str, datetime] = {}

    def goes_on(_: str) -> None:
        for dag, run in list(airflow.tasks):
            if airflow.run_states[dag, run] == "queued":
                airflow.put(dag, run, first="deferred", second=None)
        if conductor.now >= THURSDAY + timedelta(hours=2):
            for dag, run in airflow.tasks:
                ends(airflow, dag, run)

    airflow.before = goes_on
    conductor.play(
        [Starting(later, OTHER), Starting(THURSDAY, CUT)],
        Idle(),
        started=lambda run: began.update({run.dag_id: conductor.now}),
        ended=lambda run: ended.update({run.dag_id: conductor.now}),
    )
    assert began == {CUT: THURSDAY, OTHER: later}
    assert ended.keys() == {CUT, OTHER}
    assert min(ended.values()) >= THURSDAY + timedelta(hours=2)


def test_between_two_stops_the_clock_jumps(airflow, conductor) -> None:
    wednesday = THURSDAY + timedelta(days=6)
    starts: list[datetime] = []

    def started(run) -> None:
        starts.append(conductor.now)
        ends(airflow, run.dag_id, run.dag_run_id)

    conductor.play([Starting(THURSDAY, CUT), Starting(wednesday, CUT)], Idle(), started=started)
    assert starts == [THURSDAY, wednesday]


def test_who_planned_the_instant_of_a_start_acts_while_it_starts(airflow, conductor) -> None:
    cast, busy = Idle(THURSDAY), []

    def started(run) -> None:
        airflow.put(run.dag_id, run.dag_run_id, first="running", second=None)

    def goes_on(_: str) -> None:
        for dag, run in list(airflow.tasks):
            if cast.acted:
                busy.append(airflow.tasks[dag, run]["first"])
                ends(airflow, dag, run)

    airflow.before = goes_on
    conductor.play([Starting(THURSDAY, CUT)], cast, started=started)
    assert (cast.acted, busy[0]) == ([THURSDAY], "running")


def test_nobody_acts_ahead_of_a_plan_because_something_starts(airflow, conductor) -> None:
    cast = Idle(THURSDAY + timedelta(hours=1))
    conductor.play([Starting(THURSDAY, CUT)], cast, started=lambda run: ends(airflow, run.dag_id, run.dag_run_id))
    assert cast.acted == []


def test_f67_a_run_that_has_ended_may_be_let_go_on(airflow, conductor) -> None:
    """Somebody clears what failed: the same run is led once more, at its instant."""
    wednesday = THURSDAY + timedelta(days=6)
    seen: list[tuple[str, datetime]] = []

    def started(run) -> None:
        seen.append((run.dag_run_id, conductor.now))
        if conductor.now < wednesday:
            airflow.put(run.dag_id, run.dag_run_id, "failed", first="failed", second="upstream_failed")

    def again(api) -> DagRun:
        name = next(iter(api.tasks))
        ends(api, *name)
        return api.run(*name)

    states: list[str] = []
    conductor.play(
        [Starting(THURSDAY, CUT), Starting(wednesday, CUT, again=again)],
        Idle(),
        started=started,
        ended=lambda run: states.append(run.state),
    )
    assert states == ["failed", "success"]
    assert [at for _, at in seen] == [THURSDAY, wednesday]
    assert len({name for name, _ in seen}) == 1


def test_d09_a_rollout_may_take_longer_than_a_stop(airflow, conductor, monkeypatch) -> None:
    def started(run) -> None:
        airflow.put(run.dag_id, run.dag_run_id, first="deferred", second=None)

    monkeypatch.setattr(conducting, "LARGE_STEP", timedelta(hours=9))
    with pytest.raises(NeverEnds, match="has not ended 9 days after its start"):
        conductor.play([Starting(THURSDAY, CUT, within=timedelta(days=9))], Idle(), started=started)


def test_d11_a_batch_that_waits_for_another_moves_nothing_and_one_that_settles_is_looked_at(conductor, ledger) -> None:
    """Time in which nobody looked does not count as quiet, so the clock never goes to its end at once."""
    quiet = THURSDAY + timedelta(minutes=15)
    before = blocker("BATCH_BEFORE", batch=2, before=1, targets="io67a is running")
    settling = blocker("ALERTS_SETTLING", clears_at=quiet, targets="io67a", until="later")
    ledger.waiting = {"a": (before, settling), "b": (before,)}
    assert conductor._next_instant([]) == (THURSDAY + LOOKED_EVERY, "ALERTS_SETTLING")
    ledger.waiting = {"a": (before,)}
    assert conductor._next_instant([quiet]) == (quiet, "")


def test_why_a_window_was_missed_stays_in_the_ledger_and_moves_no_clock(conductor, ledger) -> None:
    """Nothing waits there any longer: a batch that begins in a week is the next instant."""
    monday = THURSDAY + timedelta(days=4)
    missed = (
        blocker("MISSED_WINDOW", closed="then"),
        blocker("QUORUM_MISSING", given=0, needed=3, manifest="9e5b", missing=""),
    )
    ledger.waiting = {"a": missed, "b": (blocker("BATCH_NOT_DUE", clears_at=monday, batch=13, at="later"),)}
    assert conductor._next_instant([]) == (monday, "BATCH_NOT_DUE")


def test_a_failed_run_is_handed_over_as_what_it_is(airflow, conductor) -> None:
    states: list[str] = []

    def started(run) -> None:
        airflow.put(run.dag_id, run.dag_run_id, "failed", first="failed", second="upstream_failed")

    conductor.play([Starting(THURSDAY, CUT)], Idle(), started=started, ended=lambda run: states.append(run.state))
    assert states == ["failed"]


def test_a_run_that_goes_on_for_days_is_given_up_with_a_sentence(airflow, conductor, monkeypatch) -> None:
    def started(run) -> None:
        airflow.put(run.dag_id, run.dag_run_id, first="deferred", second=None)

    monkeypatch.setattr(conducting, "LARGE_STEP", timedelta(hours=9))
    with pytest.raises(NeverEnds, match=r"a\.weekly\.cut .* has not ended 3 days after its start: first=deferred"):
        conductor.play([Starting(THURSDAY, CUT)], Idle(), started=started)


def test_an_airflow_that_never_rests_is_given_up_with_a_sentence(airflow, conductor) -> None:
    airflow.put(CUT, "r1", first="running", second=None)
    with pytest.raises(NeverEnds, match="Airflow does not come to rest: first=running"):
        conductor.lead([airflow.run(CUT, "r1")], Idle())


def test_a_dead_airflow_ends_the_rehearsal_at_once(airflow, ledger, tmp_path) -> None:
    class Died(RuntimeError):
        pass

    def check() -> None:
        raise Died

    clock.set_virtual(tmp_path / "clock.json", THURSDAY)
    conductor = Conductor(api=airflow, ledger=ledger, clock_file=tmp_path / "clock.json", poll_seconds=1.0, check=check)
    airflow.put(CUT, "r1", first="deferred", second=None)
    with pytest.raises(Died):
        conductor.lead([airflow.run(CUT, "r1")], Idle())


def test_the_clock_never_goes_back(conductor) -> None:
    conductor.set_clock(THURSDAY - timedelta(hours=1))
    assert conductor.now == THURSDAY
