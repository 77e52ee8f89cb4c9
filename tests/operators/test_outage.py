"""A ledger that does not answer: everything waits, and what had been said is not lost (issue 4, part 10)."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import pytest
from airflow.sdk.exceptions import AirflowException, TaskDeferred

from stationmaster.ledger.engine import engine_at
from stationmaster.ledger.errors import LedgerUnreachable
from stationmaster.ledger.store import Store
from stationmaster.operators.patient import PatientOperator
from stationmaster.triggers import station_trigger
from stationmaster.triggers.ledger_trigger import LedgerTrigger
from stationmaster.triggers.station_trigger import StationTrigger
from tests.operators.runs import answer
from tests.operators.tries import by_airflow

NOWHERE = "postgresql://stationmaster:geheim@127.0.0.1:1/ledger"


@pytest.fixture
def outage(monkeypatch):
    """A ledger whose server is down while the block runs."""

    @contextmanager
    def down():
        with monkeypatch.context() as patch:
            patch.setattr(Store, "_engine", property(lambda _: engine_at(NOWHERE)))
            yield

    return down


def call(run, method, **kwargs):
    """Call Amara's ballot in a process of its own, with what Airflow has kept."""
    operator = run.operator("ballot", voter="amara")
    return run.tries.call(operator, method, run.context("ballot"), by_airflow(kwargs))


def put_off(run, method, **kwargs):
    with pytest.raises(TaskDeferred) as deferred:
        call(run, method, **kwargs)
    assert deferred.value.method_name == "after_outage"
    assert isinstance(deferred.value.trigger, LedgerTrigger)
    return dict(deferred.value.kwargs or {})


def ballots(run):
    return [(found.voter, found.choice) for found in run.week.ledger.ballots(run.week.departure)]


def test_f01_a_try_that_finds_no_ledger_waits_and_starts_anew(promote, outage):
    with outage():
        kept = put_off(promote, "execute")
    assert kept == {"kept": None}
    with pytest.raises(AirflowException, match="anew in another try"):
        call(promote, "after_outage", event={"ledger": "answers"}, **kept)
    assert promote.start("ballot", voter="amara").watch == "ballot"


def test_f01_an_answer_outlives_the_outage_and_is_asked_for_once(promote, outage):
    waits = promote.start("ballot", voter="amara")
    asked = len(promote.asked)
    with outage():
        kept = put_off(promote, "resume", event=answer("LGTM", "amara"), **waits.kwargs)
        again = put_off(promote, "after_outage", event={"ledger": "answers"}, **kept)
    assert again == kept
    assert call(promote, "after_outage", event={"ledger": "answers"}, **kept)["choice"] == "approve"
    assert ballots(promote) == [("amara", "approve")]
    assert len(promote.asked) == asked


def test_f01_an_answer_that_comes_during_the_outage_counts(promote, outage):
    """Airflow wakes a task that is asked with the answer, whatever the task waits for."""
    waits = promote.start("ballot", voter="amara")
    with outage():
        kept = put_off(promote, "resume", event={"settled": "PASS"}, **waits.kwargs)
        kept = put_off(promote, "after_outage", event=answer("LGTM", "amara"), **kept)
    assert call(promote, "after_outage", event={"ledger": "answers"}, **kept)["choice"] == "approve"
    assert ballots(promote) == [("amara", "approve")]


def test_f09_nobody_else_answers_during_an_outage_either(promote, outage):
    waits = promote.start("ballot", voter="amara")
    with outage():
        kept = put_off(promote, "resume", event={"settled": "PASS"}, **waits.kwargs)
    with pytest.raises(AirflowException, match="may not"):
        call(promote, "after_outage", event=answer("LGTM", "mallory"), **kept)
    assert ballots(promote) == []


def test_every_task_of_a_train_is_patient(promote):
    assert all(isinstance(task, PatientOperator) for task in promote.dag.tasks if not task.is_mapped)


def fired(trigger):
    async def all_of_them():
        return [event.payload async for event in trigger.run()]

    return asyncio.run(all_of_them())


def waiting(run, *, ends=False):
    return StationTrigger(
        team=run.week.team.model_dump(mode="json"),
        train="weekly",
        departure=run.week.departure,
        subject=f"{run.week.departure}/promote/a_task",
        watch="quorum",
        arguments={},
        interval=0.0,
        ends=ends,
    )


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(station_trigger, "SETTLING_SECONDS", 0.0)
    monkeypatch.setattr("stationmaster.triggers.ledger_trigger.SETTLING_SECONDS", 0.0)


def test_the_trigger_asks_until_the_ledger_answers_and_fires_once(promote, monkeypatch, at_once):
    path, kwargs = LedgerTrigger(interval=0.001).serialize()
    assert path == f"{LedgerTrigger.__module__}.{LedgerTrigger.__qualname__}"
    urls = iter([NOWHERE, NOWHERE])
    here = promote.week.ledger
    monkeypatch.setattr("stationmaster.settings.ledger_url", lambda: next(urls, here._url))
    assert fired(LedgerTrigger(**kwargs)) == [{"ledger": "answers"}]
    assert list(urls) == [], "it has asked as often as the ledger was away"


def test_f01_an_outage_at_the_end_of_a_wait_costs_nothing(promote, monkeypatch, at_once):
    promote.week.quorum()
    waits = waiting(promote, ends=True)
    ends, away = StationTrigger.event, [LedgerUnreachable("the ledger does not answer")] * 2

    def event(self, standing):
        if away:
            raise away.pop()
        return ends(self, standing)

    monkeypatch.setattr(StationTrigger, "event", event)
    assert len(fired(waits)) == 1
    assert away == []


def test_f01_a_wait_outlives_an_outage_of_any_length(promote, monkeypatch, at_once):
    promote.week.quorum()
    waits = waiting(promote)
    # A look and the rest after it ask for the engine some times each.
    engines, there = [engine_at(NOWHERE)] * (20 * station_trigger.PATIENCE), Store._engine.fget
    monkeypatch.setattr(Store, "_engine", property(lambda self: engines.pop() if engines else there(self)))
    assert fired(waits) == [{"settled": "PASS"}]
    assert engines == []
