"""A rollout whose process is killed before or after each of its writes ends as if nothing had happened (F01 … F04)."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from stationmaster.hooks import chat_outcomes
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.governance_wire import Wire
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import EffectState
from stationmaster.rehearsal.alerts import standin as alerts_standin
from stationmaster.rehearsal.alerts.standin import AlertWorld
from stationmaster.rehearsal.governance import standin as governance_standin
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rollouts import reporting, stepping
from tests.departures.test_crash_points import KILLED, SharedClock
from tests.departures.week import Switchboard
from tests.rollouts.making import DEPARTURE, MONDAY, Rolling, dre_team, governance_world, slack_world

_FORK = multiprocessing.get_context("fork")
_POINTS = 20
"""More than this rollout has writes."""
PLAN = 'Monday:\n  "9:00": [io67a, shefu]'


def fresh(board: Switchboard, template: Path, path: Path) -> tuple[Rolling, str]:
    shutil.copyfile(template, path)
    return fresh_at(board, f"sqlite:///{path}")


def fresh_at(board: Switchboard, url: str) -> tuple[Rolling, str]:
    clock, team = SharedClock(MONDAY), dre_team()
    governance, alerts, slack = governance_world(clock), AlertWorld(clock=clock), slack_world(clock, team)
    board.app = Starlette(
        routes=[
            Mount("/governance", app=governance_standin.create_app(governance)),
            Mount("/alertmanager", app=alerts_standin.create_app(alerts)),
            Mount("/slack", app=slack_standin.create_app(slack)),
        ]
    )
    world = Rolling(clock, governance, alerts, slack, team, Ledger.at(url), board.base)
    world.promoted()
    return world, url


def play(world: Rolling) -> None:
    """The rollout, as its tasks go on after a crash: what is done is found done."""
    from stationmaster.rollouts import planning

    if planning.opened_by_run(world.station(), "run") is None:
        station = world.station()
        planning.open_rollout(
            station, planning.check(station, week=None, text=PLAN, start=MONDAY.date()), by="anouk", run="run"
        )
    for stage in stepping.STAGES:
        world.drive(1, stage, minutes=7)
    reporting.close(world.station(), DEPARTURE, 1)


def in_a_child(world: Rolling, url: str, point: int | None, *, after: bool = True) -> int:
    """Go on in a process of its own, which may die as by kill -9 at one of its writes; return how it ended."""
    writes = 0

    def deadly(real: Any, counts: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal writes
            if not counts(*arguments):
                return real(*arguments, **named)
            writes += 1
            if writes == point and not after:
                os._exit(KILLED)
            answer = real(*arguments, **named)
            if writes == point:
                os._exit(KILLED)
            return answer

        return call

    def run() -> None:
        world.ledger = Ledger.at(url)
        if point is not None:
            patch.object(Wire, "write", deadly(Wire.write, lambda *_: True)).start()
            said = deadly(Chat._respond, lambda _, method, *__: method in chat_outcomes.WRITES)
            patch.object(Chat, "_respond", said).start()
        play(world)
        os._exit(0)

    child = _FORK.Process(target=run)
    child.start()
    child.join(120)
    assert child.exitcode is not None, "it hangs"
    return child.exitcode


def seen(world: Rolling) -> dict[str, Any]:
    """What the world received, and what the ledger says at the end."""
    effects = world.ledger.effects(DEPARTURE)
    return {
        "proposals": Counter((made.kind, made.target, made.version) for made in world.governance.proposals),
        "votes": Counter(text for text in world.said() if "please vote" in text),
        "ended": sum("is over" in text for text in world.said()),
        "progress": world.progress(),
        "effects": sorted(effect.key for effect in effects),
        "unsettled": [e.key for e in effects if e.state not in (EffectState.DONE, EffectState.ADOPTED)],
    }


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_f02_a_kill_at_each_write_doubles_nothing(
    board: Switchboard, sqlite_template: Path, tmp_path: Path, after: bool
) -> None:
    world, url = fresh(board, sqlite_template, tmp_path / "undisturbed.db")
    assert in_a_child(world, url, None) == 0
    expected = seen(world)
    assert sum(expected["proposals"].values()) == 2
    assert expected["unsettled"] == []
    assert (expected["ended"], sum(expected["votes"].values())) == (1, 1)
    reached = 0
    for point in range(1, _POINTS):
        world, url = fresh(board, sqlite_template, tmp_path / f"point-{point}.db")
        ended = in_a_child(world, url, point, after=after)
        if ended == 0:
            break
        assert ended == KILLED
        reached += 1
        world.clock.move(minutes=3)
        assert in_a_child(world, url, None) == 0, f"it does not go on after a kill at write {point}"
        assert seen(world) == expected, f"write {point}"
        assert world.ledger.verify() == ()
    assert 5 <= reached < _POINTS - 1


def test_f02_a_kill_after_each_write_doubles_nothing_on_postgresql_either(board: Switchboard, fresh_postgresql) -> None:
    """All of its points: they are few. What was not written is harmless; what was, and is not known of, is not."""
    world, url = fresh_at(board, fresh_postgresql())
    assert in_a_child(world, url, None) == 0
    expected = seen(world)
    assert expected["unsettled"] == []
    reached = 0
    for point in range(1, _POINTS):
        world, url = fresh_at(board, fresh_postgresql())
        ended = in_a_child(world, url, point)
        if ended == 0:
            break
        assert ended == KILLED
        reached += 1
        world.clock.move(minutes=3)
        assert in_a_child(world, url, None) == 0, f"it does not go on after a kill at write {point}"
        assert seen(world) == expected, f"write {point}"
        assert world.ledger.verify() == ()
    assert 5 <= reached < _POINTS - 1
