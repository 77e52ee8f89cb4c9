"""The one trigger: settles once, waits patiently, restarts from what Airflow keeps, holds up nobody else."""

from __future__ import annotations

import asyncio
import json
import threading
from types import SimpleNamespace

import pytest

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Verdict
from stationmaster.triggers import station_trigger
from stationmaster.triggers.station_trigger import PATIENCE, PULSE_SECONDS, SETTLING_SECONDS, StationTrigger
from stationmaster.work.obstacles import passed, waiting
from tests.golden_files import assert_golden
from tests.operators.runs import again, fire

ARGUMENTS = {
    "team": {"id": "cellxgene"},
    "train": "weekly",
    "departure": "cellxgene.weekly/2021-W42",
    "subject": "cellxgene.weekly/2021-W42/promote/wait_for_the_quorum",
    "watch": "quorum",
    "arguments": {"stop": "promote"},
    "interval": 7.0,
    "ends": False,
    "question": False,
}


def waits():
    return False, waiting("quorum", blocker("NOTHING_STAGED"))


def opens(verdict=Verdict.PASS):
    return True, passed("quorum").model_copy(update={"verdict": verdict})


class Scripted(StationTrigger):
    """Looks, and feels the pulse, as it is told to; an exception is raised."""

    def __init__(self, *looks, pulses=(), **changes):
        super().__init__(**{**ARGUMENTS, **changes})
        self.looks = list(looks)
        self.pulses = list(pulses)

    def pulse(self):
        answer = self.pulses.pop(0) if self.pulses else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def look(self):
        answer = self.looks.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def slept(monkeypatch):
    found = []

    async def sleep(seconds):
        found.append(seconds)

    monkeypatch.setattr(station_trigger, "asyncio", SimpleNamespace(sleep=sleep))
    return found


def test_f69_the_arguments_are_a_contract():
    path, kwargs = StationTrigger(**ARGUMENTS).serialize()
    assert_golden("trigger", {"path": path, "arguments": sorted(kwargs)})
    assert kwargs == ARGUMENTS


def test_f72_a_trigger_is_made_anew_from_what_airflow_keeps():
    first = StationTrigger(**ARGUMENTS)
    assert again(first).serialize() == first.serialize()
    assert json.loads(json.dumps(first.serialize()[1])) == ARGUMENTS


def test_fact3_it_settles_before_the_first_look(slept):
    assert fire(Scripted(opens())) == {"settled": "PASS"}
    assert slept == [SETTLING_SECONDS]
    assert SETTLING_SECONDS > 1


def test_it_looks_again_after_its_interval_and_fires_once(slept):
    assert fire(Scripted(waits(), waits(), opens(Verdict.MISSED))) == {"settled": "MISSED"}
    assert slept == [SETTLING_SECONDS, 7.0, 7.0]


def test_it_looks_at_once_when_the_ledger_tells_that_something_has_come(slept):
    trigger = Scripted(waits(), opens(), pulses=[0, 0, 0, 1])
    assert fire(trigger) == {"settled": "PASS"}
    assert slept == [SETTLING_SECONDS, PULSE_SECONDS, PULSE_SECONDS, PULSE_SECONDS]


def test_a_pulse_never_makes_the_next_look_later_than_its_interval(slept):
    trigger = Scripted(waits(), opens(), pulses=[0] * 100)
    assert fire(trigger) == {"settled": "PASS"}
    assert sum(slept) == SETTLING_SECONDS + 7.0
    slept.clear()
    assert fire(Scripted(waits(), opens(), pulses=[0] * 100, interval=PULSE_SECONDS / 2)) == {"settled": "PASS"}
    assert slept == [SETTLING_SECONDS, PULSE_SECONDS / 2]


def test_a_ledger_that_has_no_pulse_for_a_moment_ends_no_wait(slept):
    trigger = Scripted(waits(), opens(), pulses=[0, 0, OSError("no database")])
    assert fire(trigger) == {"settled": "PASS"}
    assert sum(slept) == SETTLING_SECONDS + 7.0


def test_a_ledger_that_starts_anew_does_not_end_the_wait(slept):
    trigger = Scripted(*[OSError("no database")] * (PATIENCE - 1), waits(), *[OSError("again")] * 3, opens())
    assert fire(trigger) == {"settled": "PASS"}


def test_a_look_that_never_works_wakes_the_task_to_fail(slept):
    with pytest.raises(OSError, match="no database"):
        fire(Scripted(*[OSError("no database")] * PATIENCE, opens()))


def test_a_slow_look_holds_up_no_other_trigger(monkeypatch):
    """GitHub may take a minute; the ballots and the quorum of another train must not wait for that."""
    monkeypatch.setattr(station_trigger, "SETTLING_SECONDS", 0.0)
    release, order = threading.Event(), []

    class Slow(Scripted):
        def look(self):
            assert release.wait(10), "the other trigger never looked"
            order.append("slow")
            return opens()

    class Quick(Scripted):
        def look(self):
            order.append("quick")
            release.set()
            return opens()

    async def both():
        async def first(trigger):
            return [event.payload async for event in trigger.run()]

        return await asyncio.gather(first(Slow()), first(Quick()))

    assert asyncio.run(both()) == [[{"settled": "PASS"}]] * 2
    assert order == ["quick", "slow"]
