"""The tasks of a rollout: the form, the preview, batches that wait without a worker (D-09, D-10, F69, F71)."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from airflow.triggers.base import BaseTaskEndEvent, TaskSkippedEvent, TaskSuccessEvent

from stationmaster.assemble.rollouts import rollout_dags
from stationmaster.core.rollouts.progress import Progress
from stationmaster.departures import station as station_module
from stationmaster.operators.base import StationOperator
from stationmaster.operators.rolling_out import SayScheduleOperator
from stationmaster.rehearsal.governance.world import Upgrade
from stationmaster.rollouts import planning, records, speaking
from stationmaster.triggers.rollout_trigger import RolloutTrigger
from tests.departures.week import INCLUDE
from tests.rollouts.conftest import board, rolling  # noqa: F401 - the world of a rollout
from tests.rollouts.making import DEPARTURE, NEW, Rolling, dre_team

DAG_FILE = INCLUDE.parent / "dags" / "trains.py"
IN_A_BATCH = (
    "wait_until_start_time",
    "create_proposal_if_none_exists",
    "request_votes",
    "wait_until_accepted",
    "wait_until_version_runs",
    "wait_until_no_alerts",
)


def dag_of(team: Any) -> DAG:
    (found,) = rollout_dags(INCLUDE, team, team.trains["weekly"], dag_file=DAG_FILE)
    return found


class Form:
    """One run of the form, with Airflow's side of it kept here."""

    def __init__(self, world: Rolling, monkeypatch: pytest.MonkeyPatch, **params: Any) -> None:
        self.rolling, self.dag = world, dag_of(world.team)
        self.params = {**self.dag.params.dump(), **params}
        self.xcoms: dict[tuple[str, str], Any] = {}
        self.states: dict[str, str] = {}
        self.user, self.run_id = "anouk", f"run-{uuid.uuid4().int % 10**6}"
        monkeypatch.setattr(StationOperator, "station", lambda _: world.station())
        monkeypatch.setattr(station_module, "Station", lambda **_: world.station())

    def context(self) -> dict[str, Any]:
        def pull(*, task_ids: str, key: str = "return_value") -> Any:
            return self.xcoms.get((task_ids, key))

        def push(*, key: str, value: Any) -> None:
            self.xcoms["check_the_plan", key] = json.loads(json.dumps(value))

        run = SimpleNamespace(run_id=self.run_id, run_type="manual", logical_date=None, triggering_user_name=self.user)
        return {
            "ti": SimpleNamespace(
                xcom_pull=pull,
                xcom_push=push,
                max_tries=5,
                try_number=1,
                task_id="a_task",
                id=uuid.uuid4(),
                get_task_states=lambda *, dag_id, run_ids: {run_ids[0]: self.states},
            ),
            "dag_run": run,
            "params": self.params,
        }

    def run(self, task: str, **mapped: Any) -> Any:
        operator = self.dag.get_task(task)
        if mapped:
            operator = operator.prepare_for_execution() if hasattr(operator, "prepare_for_execution") else operator
            operator.batch = mapped["batch"]
        value = operator.execute(self.context())
        return json.loads(json.dumps(value))

    def begin(self) -> Any:
        """Check the plan and open the rollout, as the first tasks do."""
        self.run("check_the_plan")
        return self.run("open_the_rollout")

    def waits(self, task: str, batch: dict[str, Any]) -> RolloutTrigger:
        with pytest.raises(TaskDeferred) as deferred:
            self.run(task, batch=batch)
        trigger = deferred.value.trigger
        path, arguments = trigger.serialize()
        assert path == "stationmaster.triggers.rollout_trigger.RolloutTrigger"
        return RolloutTrigger(**json.loads(json.dumps(arguments)))


@pytest.fixture
def form(rolling: Rolling, monkeypatch: pytest.MonkeyPatch) -> Form:  # noqa: F811
    return Form(rolling, monkeypatch)


def test_f69_the_ids_of_the_tasks_do_not_change() -> None:
    dag = dag_of(dre_team())
    assert dag.dag_id == "dre.weekly.rollout"
    assert sorted(dag.task_ids) == sorted(
        ["check_the_plan", "say_the_schedule", "open_the_rollout", "tell_the_outcome"]
        + [f"batch.{name}" for name in IN_A_BATCH]
    )
    assert dag.get_task("batch.wait_until_start_time").downstream_task_ids == {"batch.create_proposal_if_none_exists"}
    assert dag.get_task("tell_the_outcome").trigger_rule == "all_done"


def test_d09_the_form_begins_as_a_dry_run_with_the_plan_of_the_file() -> None:
    params = dict(dag_of(dre_team()).params.dump())
    assert params["dry_run"] is True
    assert params["plan"] == dre_team().trains["weekly"].rollout.plan
    assert (params["departure"], params["start"]) == (None, None)


def test_d09_a_dry_run_says_everything_and_does_nothing(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    assert form.run("check_the_plan") == {
        "departure": DEPARTURE,
        "version": NEW,
        "plan": form.run("check_the_plan")["plan"],
        "batches": 3,
        "targets": 6,
    }
    assert form.xcoms["check_the_plan", "departure"] == DEPARTURE
    told: list[str] = []
    log = SimpleNamespace(info=lambda text, *values: told.append(text % values), warning=told.append)
    monkeypatch.setattr(SayScheduleOperator, "log", log)
    said = form.run("say_the_schedule")
    assert said["batches"][0] == "batch 1 · io67a"
    assert "batch 3, Tue 24 Nov 2026 07:00 UTC: pjljw (P) gets aaaaaaaa, qdvhd (Q) gets bbbbbbbb" in "".join(told)
    with pytest.raises(AirflowSkipException, match="dry run"):
        form.run("open_the_rollout")
    with pytest.raises(AirflowSkipException, match="no rollout"):
        form.run("tell_the_outcome")
    assert records.newest(form.rolling.ledger, DEPARTURE) is None
    assert form.rolling.governance.proposals == []
    assert form.rolling.said() == []


def test_bad_input_fails_the_first_task_with_every_mistake(form: Form) -> None:
    form.params["plan"] = "Monday:\n  9:00: [nobody]\nFunday:\n  8:00: [io67a]"
    with pytest.raises(AirflowFailException) as failed:
        form.run("check_the_plan")
    assert str(failed.value).splitlines()[1:] == [
        "line 2: there is no target 'nobody'. Use one of the targets that the train's file lists.",
        "line 3: 'Funday' is no day. Write a weekday such as Monday, Monday next week or Monday in 2 weeks, or a date "
        "such as 2026-11-23.",
    ]


def test_a_run_whose_plan_is_wrong_does_not_look_like_a_success(form: Form) -> None:
    """The last task decides the colour of the run."""
    form.states = {"check_the_plan": "failed", "say_the_schedule": "upstream_failed", "open_the_rollout": "skipped"}
    with pytest.raises(AirflowFailException, match="no rollout has begun: see the log of check_the_plan"):
        form.run("tell_the_outcome")


@pytest.mark.parametrize(
    "params, sentence",
    [
        ({"departure": "2026-W30"}, "There is no departure dre.weekly/2026-W30"),
        ({"start": "never"}, "Invalid isoformat string"),
        ({"start": "2026-11-09"}, "is over"),
    ],
)
def test_a_form_that_cannot_be_meant_fails(form: Form, params: dict[str, str], sentence: str) -> None:
    form.params |= params
    with pytest.raises(AirflowFailException, match=sentence):
        form.run("check_the_plan")


def test_nobody_outside_the_team_begins_a_rollout(form: Form) -> None:
    form.params["dry_run"], form.user = False, "stranger"
    with pytest.raises(AirflowFailException, match="stranger filled the form in"):
        form.run("open_the_rollout")
    assert records.newest(form.rolling.ledger, DEPARTURE) is None


def test_d10_batches_wait_without_a_worker_and_say_why(form: Form) -> None:
    rolling_ = form.rolling
    form.params["dry_run"] = False
    rows = form.begin()
    assert rows == [
        {"departure": DEPARTURE, "rollout": 1, "number": 1, "label": "batch 1 · io67a"},
        {"departure": DEPARTURE, "rollout": 1, "number": 2, "label": "batch 2 · shefu, uzr34"},
        {"departure": DEPARTURE, "rollout": 1, "number": 3, "label": "batch 3 · pjljw, qdvhd, bkfrj"},
    ]
    trigger = form.waits("batch.wait_until_start_time", rows[0])
    subject = f"{DEPARTURE}/rollout/batch.wait_until_start_time/batch 1 · io67a"
    assert [found.code for found in rolling_.ledger.blockers(DEPARTURE)[subject]] == ["BATCH_NOT_DUE"]
    assert not trigger.look()[0]
    rolling_.clock.move(hours=3)
    assert trigger.look()[0]
    ended = trigger.event(trigger.look()[1])
    assert isinstance(ended, TaskSuccessEvent)
    assert ended.xcoms == {"return_value": {"batch": 1, "targets": {"io67a": "planned"}}}
    assert form.run("batch.wait_until_start_time", batch=rows[0]) == ended.xcoms["return_value"]
    assert form.run("batch.create_proposal_if_none_exists", batch=rows[0])["targets"] == {"io67a": "proposed"}
    assert form.run("batch.request_votes", batch=rows[0]) == {"batch": 1, "proposals": ["140000"]}
    for task in IN_A_BATCH[3:]:
        trigger = form.waits(f"batch.{task}", rows[0])
        for _ in range(30):
            if trigger.look()[0]:
                break
            rolling_.clock.move(minutes=5)
        form.run(f"batch.{task}", batch=rows[0])
    assert rolling_.progress()["io67a"] is Progress.DONE
    assert rolling_.ledger.blockers(DEPARTURE) == {}
    with pytest.raises(AirflowFailException, match="is open: clear the batch"):
        form.run("tell_the_outcome")


def test_f71_a_run_that_is_cleared_days_later_finds_its_rollout_again(form: Form) -> None:
    form.params["dry_run"] = False
    rows = form.begin()
    form.rolling.clock.move(days=6)
    form.params["plan"] = "this is not read any more"
    assert form.run("check_the_plan")["batches"] == 3
    assert form.run("open_the_rollout") == rows


def test_d11_what_is_left_to_propose_wakes_a_worker_and_ends_nothing(form: Form) -> None:
    form.params["dry_run"] = False
    rows = form.begin()
    trigger = form.waits("batch.create_proposal_if_none_exists", rows[0])
    form.rolling.clock.move(hours=3)
    settled, standing = trigger.look()
    assert settled
    assert standing.blockers
    assert not isinstance(trigger.event(standing), BaseTaskEndEvent)
    assert form.run("batch.create_proposal_if_none_exists", batch=rows[0])["targets"] == {"io67a": "proposed"}


def test_an_aborted_rollout_wakes_its_tasks_and_skips_them(form: Form) -> None:
    form.params["dry_run"] = False
    rows = form.begin()
    trigger = form.waits("batch.wait_until_start_time", rows[1])
    station = form.rolling.station()
    speaking.say(station, speaking.open_record(station), "abort", why="wrong", by="anouk")
    settled, standing = trigger.look()
    assert settled
    assert isinstance(trigger.event(standing), TaskSkippedEvent)
    with pytest.raises(AirflowSkipException, match="anouk has aborted"):
        form.run("batch.wait_until_start_time", batch=rows[1])
    assert form.run("tell_the_outcome") == {"departure": DEPARTURE, "state": "aborted"}


def test_what_cannot_be_reached_is_waited_for(form: Form) -> None:
    from stationmaster.rehearsal.governance.world import Fault

    form.params["dry_run"] = False
    rows = form.begin()
    form.rolling.clock.move(hours=3)
    form.rolling.governance.script(Fault(kind="no_json"))
    with pytest.raises(TaskDeferred) as deferred:
        form.run("batch.create_proposal_if_none_exists", batch=rows[0])
    assert deferred.value.trigger.watch == "again"
    (found,) = form.rolling.ledger.blockers(DEPARTURE).values()
    assert [each.code for each in found] == ["PROPOSALS_UNREACHABLE"]
    form.rolling.governance.script(Fault(kind="unauthorised"))
    with pytest.raises(AirflowFailException, match="PROPOSALS_REFUSED"):
        form.run("batch.create_proposal_if_none_exists", batch=rows[0])


def test_d10_a_thousand_targets_in_thirty_batches_stay_usable() -> None:
    """Ten tasks in the graph, thirty rows, a few kilobytes: whatever the number of targets."""
    targets = {f"t{number:04}": f"Target {number}" for number in range(1050)}
    names = list(targets)
    lines = ["zone: UTC"]
    for batch in range(30):
        if batch % 5 == 0:
            lines.append(f"{['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'][batch // 5]}:")
        lines.append(f'  "{8 + batch % 5}:00": [{", ".join(names[batch * 35 : batch * 35 + 35])}]')
    team = dre_team(targets=targets, plan="\n".join(lines), separate=[])
    dag = dag_of(team)
    assert len(dag.task_ids) == 10
    from datetime import UTC, datetime

    from stationmaster.config.plan_text import read_plan
    from stationmaster.core.rollouts.checking import checked
    from stationmaster.operators.rolling_out import rows_of
    from stationmaster.rollouts.records import RolloutRecord

    now = datetime(2026, 11, 23, 6, tzinfo=UTC)
    plan = checked(
        read_plan(team.trains["weekly"].rollout.plan),
        targets=targets,
        version=NEW,
        zone="UTC",
        start=now.date(),
        now=now,
    )
    assert sum(len(batch.ways) for batch in plan.batches) == 1050
    record = RolloutRecord(departure=DEPARTURE, number=1, version=NEW, plan=plan, opened_at=now, opened_by="anouk")
    rows = rows_of(record)
    assert len(rows) == 30
    assert len(json.dumps(rows)) < 5_000
    assert rows[29]["label"] == "batch 30 · t1015, t1016, t1017 and 32 more"


def test_the_dag_is_the_same_each_time_it_is_parsed() -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    first, second = (json.dumps(DagSerialization.to_dict(dag_of(dre_team())), sort_keys=True) for _ in range(2))
    assert first == second
    assert str(Path.cwd()) not in json.dumps(DagSerialization.to_dict(dag_of(dre_team()))["dag"]["tasks"])


def test_f69_the_arguments_of_the_trigger_and_the_names_of_the_stages_are_contracts() -> None:
    """They stand in Airflow's database for days: only additions, with defaults."""
    from stationmaster.rollouts.stepping import STAGES

    trigger = RolloutTrigger(
        team={}, train="weekly", departure=DEPARTURE, subject="s", rollout=1, batch=2, stage="quiet", interval=60.0
    )
    assert trigger.serialize() == (
        "stationmaster.triggers.rollout_trigger.RolloutTrigger",
        {
            "team": {},
            "train": "weekly",
            "departure": DEPARTURE,
            "subject": "s",
            "rollout": 1,
            "batch": 2,
            "stage": "quiet",
            "interval": 60.0,
            "ends": False,
        },
    )
    assert list(STAGES) == ["start", "proposed", "accepted", "running", "quiet"]


def test_s4_a_batch_believes_its_row_only_the_number(form: Form) -> None:
    form.params["dry_run"] = False
    rows = form.begin()
    other = form.rolling.promoted("dre.weekly/2026-W46", "b" * 40)
    before = form.rolling.ledger.audit(other)
    form.rolling.clock.move(hours=3)
    forged = {**rows[0], "departure": other, "rollout": 7, "label": "batch 9 · nothing"}
    assert form.run("batch.create_proposal_if_none_exists", batch=forged)["targets"] == {"io67a": "proposed"}
    assert form.rolling.ledger.audit(other) == before
    for number in (99, "1", None):
        with pytest.raises(AirflowFailException, match="has no batch"):
            form.run("batch.create_proposal_if_none_exists", batch={**rows[0], "number": number})


def test_s4_a_batch_of_a_run_that_has_opened_nothing_does_nothing(form: Form) -> None:
    form.params["dry_run"] = False
    rows = form.begin()
    form.run_id = "another"
    with pytest.raises(AirflowFailException, match="this run has opened no rollout"):
        form.run("batch.create_proposal_if_none_exists", batch=rows[0])
    assert form.rolling.governance.proposals == []


def test_o1_the_person_on_call_is_told_and_the_run_never_rolls_out_anything_later(form: Form) -> None:
    rolling_ = form.rolling
    form.params["dry_run"] = False
    rolling_.clock.move(weeks=5)
    with pytest.raises(AirflowFailException, match="it was never cut"):
        form.run("check_the_plan")
    told = [text for text in rolling_.said() if "nothing is rolled out" in text]
    assert len(told) == 1
    assert rolling_.station().conductor.mention in told[0]
    rolling_.promoted(planning.due_departure(rolling_.station()))
    with pytest.raises(AirflowFailException, match="this form was refused when it was filled in"):
        form.run("check_the_plan")
    with pytest.raises(AirflowFailException, match="this form was refused when it was filled in"):
        form.run("open_the_rollout")


def test_o2_the_form_refuses_to_take_targets_back_unless_they_are_named(form: Form) -> None:
    rolling_ = form.rolling
    rolling_.promoted("dre.weekly/2026-W46", "b" * 40)
    for target in ("io67a", "shefu"):
        rolling_.governance.upgrade(Upgrade(target=target, version=NEW))
    form.params |= {"departure": "2026-W46"}
    with pytest.raises(AirflowFailException) as failed:
        form.run("check_the_plan")
    assert "WOULD_DOWNGRADE: replica on io67a runs aaaaaaaaaaaa, which is newer than bbbbbbbbbbbb." in str(failed.value)
    form.params |= {"take_back": ["io67a", "nobody"]}
    with pytest.raises(AirflowFailException, match="The plan has no target nobody"):
        form.run("check_the_plan")
    form.params |= {"take_back": ["io67a"]}
    with pytest.raises(AirflowFailException, match="replica on shefu"):
        form.run("check_the_plan")
    form.params |= {"take_back": ["io67a", "shefu"], "dry_run": False}
    form.begin()
    record = records.newest(rolling_.ledger, "dre.weekly/2026-W46")
    assert record.accepted == ("io67a", "shefu")


def test_f69_a_rollout_that_an_older_release_opened_goes_on(form: Form) -> None:
    station = form.rolling.station()
    found = planning.check(station, week=None, text=None, start=None)
    planning.open_rollout(station, found, by="anouk", run=form.run_id)
    form.params["dry_run"] = False
    rows = form.run("open_the_rollout")
    form.rolling.clock.move(hours=3)
    assert form.run("batch.create_proposal_if_none_exists", batch=rows[0])["targets"] == {"io67a": "proposed"}
