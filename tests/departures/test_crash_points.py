"""A departure whose process is killed before or after each of its writes ends as if nothing had happened (F01 … F04).

Each point is played in a process of its own that ends as by kill -9: nothing is cleaned up, no claim is given back.
Then another process goes on. What the world received is compared with a week that nobody disturbed.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from stationmaster.departures import holding
from stationmaster.departures.obstacles import DepartureSkipped
from stationmaster.hooks import chat_outcomes
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.forge_wire import ForgeWire
from stationmaster.ledger import Ledger
from stationmaster.ledger.errors import EffectBusy, EffectRefused, EffectUnknown
from stationmaster.ledger.records import DepartureState, EffectState
from tests.departures.week import OPS, WEDNESDAY, HandClock, Week, new_week

KILLED = 9
_FORK = multiprocessing.get_context("fork")
_SETTLED = (EffectState.DONE, EffectState.ADOPTED)
_POINTS = 60
"""More than a week has writes: a point beyond the last one is never reached, and says so."""


class SharedClock(HandClock):
    """One clock for this process, its children, and the stand-ins that live here."""

    def __init__(self, instant: datetime) -> None:
        self._seconds = _FORK.Value("d", instant.timestamp())

    @property
    def instant(self) -> datetime:
        return datetime.fromtimestamp(self._seconds.value, tz=UTC)

    @instant.setter
    def instant(self, value: datetime) -> None:
        self._seconds.value = value.timestamp()


def cut(week: Week) -> None:
    if week.clock() >= WEDNESDAY:
        return  # no calendar starts a cut then
    try:
        week.open_cut()
    except DepartureSkipped:
        return  # it was cut before the crash
    holding.ask(week.station(), week.departure)
    week.clock.move(minutes=31)
    if week.ledger.manifest_of(week.departure) is None:
        week.cut()
    for component in ("portal", "explorer"):
        week.deploy("cut", component)
        week.verify("cut", component)
    week.checklist("staging")
    assert week.close("cut") is DepartureState.STAGED


def promote(week: Week) -> None:
    found = week.ledger.departure(week.departure)
    if found is not None and found.state is DepartureState.DONE:
        # What a crash left unsaid is said by the task when it is tried again.
        week.close("promote")
        return
    week.clock.to(max(week.clock(), WEDNESDAY))
    week.open_promote()
    if found is not None and found.state in (DepartureState.STAGED, DepartureState.GATED):
        week.quorum()
    week.confirm()
    week.promote_without_scripts()
    week.checklist("prod")
    assert week.close("promote") is DepartureState.DONE


def play(week: Week) -> None:
    """The whole week, as its tasks would go on after a crash: what is done is found done."""
    for part in (cut, promote):
        for _ in range(20):
            try:
                part(week)
                break
            except (EffectUnknown, EffectBusy, EffectRefused):
                week.clock.move(minutes=3)  # a lost answer is looked for, and Airflow tries again
        else:
            raise AssertionError(part)


def dies_at(point: int, *, after: bool) -> None:
    """Let this process die as by kill -9 at one of its writes to the world."""
    writes = 0

    def deadly(real: Callable[..., Any], counts: Callable[..., bool]) -> Callable[..., Any]:
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

    _watch_writes(deadly)


def _watch_writes(watch: Callable[[Callable[..., Any], Callable[..., bool]], Callable[..., Any]]) -> None:
    patch.object(ForgeWire, "write", watch(ForgeWire.write, lambda *_: True)).start()
    in_slack = watch(Chat._respond, lambda _, method, *__: method in chat_outcomes.WRITES)
    patch.object(Chat, "_respond", in_slack).start()


def notes_kinds(path: Path) -> None:
    """Let this process write down, a line for each of its writes to the world, which kind of effect it belongs to."""
    at_work: list[str] = []
    perform = Ledger.perform

    def performing(ledger: Ledger, key: str, **how: Any) -> Any:
        at_work.append(key)
        try:
            return perform(ledger, key, **how)
        finally:
            at_work.pop()

    def noting(real: Callable[..., Any], counts: Callable[..., bool]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if counts(*arguments):
                with path.open("a") as file:
                    file.write(f"{kind_of(at_work[-1]) if at_work else 'beside the ledger'}\n")
            return real(*arguments, **named)

        return call

    patch.object(Ledger, "perform", performing).start()
    _watch_writes(noting)


def kind_of(key: str) -> str:
    """What an effect is, whatever it is about: its key without the departure, the components and all numbers."""
    return "/".join(
        "*" if part in ("portal", "explorer", "prod", "staging") or any(sign.isdigit() for sign in part) else part
        for part in key.split("/")[2:]
    )


def in_a_child(week: Week, url: str, point: int | None, *, after: bool = True, kinds: Path | None = None) -> int:
    """Go on in a new process, which may die; return how it ended."""

    def run() -> None:
        week.ledger = Ledger.at(url)
        if point is not None:
            dies_at(point, after=after)
        if kinds is not None:
            notes_kinds(kinds)
        play(week)
        os._exit(0)

    child = _FORK.Process(target=run)
    child.start()
    child.join(120)
    assert child.exitcode is not None, "it hangs"
    return child.exitcode


def seen(week: Week) -> dict[str, Any]:
    """What the world received, and what the ledger says at the end."""
    manifest, effects = week.ledger.manifest_of(week.departure), week.ledger.effects(week.departure)
    return {
        "state": week.ledger.departure(week.departure).state,
        "manifest": manifest.repositories,
        "dispatches": Counter((body["inputs"]["environment"], body["ref"]) for body in week.dispatches()),
        "said": Counter(_words(text) for text in week.texts()),
        # An effect that was found to have happened is as good as one that this process saw happen.
        "effects": sorted(effect.key for effect in effects),
        "unsettled": [effect.key for effect in effects if effect.state not in _SETTLED],
        "rounds": len(week.ledger.rounds(week.departure)),
        "locks": week.ledger.locks(),
    }


def _words(text: str) -> str:
    """A message without its instants: after a crash the clock shows later ones."""
    return " ".join(word for word in text.split() if not any(letter.isdigit() for letter in word))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("start", range(4))
def test_f02_a_kill_at_each_write_changes_nothing_about_how_the_week_ends(
    boards, sqlite_template, tmp_path, start: int, after: bool
) -> None:
    """Every fourth point from ``start`` on: the points are shared among four tests, so that they run side by side."""

    def fresh(name: str) -> tuple[Week, str]:
        path = tmp_path / f"{name}.db"
        shutil.copyfile(sqlite_template, path)
        url = f"sqlite:///{path}"
        return new_week(boards, Ledger.at(url), clock=SharedClock(datetime(2021, 10, 21, 16, 0, tzinfo=UTC))), url

    week, url = fresh("undisturbed")
    assert in_a_child(week, url, None) == 0
    week.departure = "cellxgene.weekly/2021-W42"
    expected = seen(week)
    assert expected["state"] is DepartureState.DONE
    assert sum(expected["dispatches"].values()) == 3
    assert len(week.slack.messages[OPS]) > 5
    reached = 0
    for point in range(1 + start, _POINTS, 4):
        week, url = fresh(f"point-{point}")
        week.departure = "cellxgene.weekly/2021-W42"
        ended = in_a_child(week, url, point, after=after)
        if ended == 0:
            break  # the week has fewer writes
        assert ended == KILLED
        reached += 1
        week.clock.move(seconds=timedelta(minutes=3).total_seconds())
        assert in_a_child(week, url, None) == 0, f"it does not go on after a kill at write {point}"
        assert seen(week) == expected, f"write {point}"
        assert week.ledger.verify() == ()
    assert 3 <= reached < _POINTS // 4


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_f02_a_kill_at_each_kind_of_effect_changes_nothing_on_postgresql_either(
    boards, fresh_postgresql, tmp_path, after: bool
) -> None:
    """One write of each kind: a dead worker's claims and transactions are another matter on a server."""

    def fresh() -> tuple[Week, str]:
        url = fresh_postgresql()
        week = new_week(boards, Ledger.at(url), clock=SharedClock(datetime(2021, 10, 21, 16, 0, tzinfo=UTC)))
        week.departure = "cellxgene.weekly/2021-W42"
        return week, url

    week, url = fresh()
    assert in_a_child(week, url, None, kinds=tmp_path / "kinds") == 0
    expected = seen(week)
    assert expected["state"] is DepartureState.DONE
    first: dict[str, int] = {}
    for point, kind in enumerate((tmp_path / "kinds").read_text().splitlines(), start=1):
        first.setdefault(kind, point)
    every = {kind_of(key) for key in expected["effects"]}
    assert every <= set(first), "an effect of the week whose write was not seen"
    assert len(first) >= 8
    for kind, point in first.items():
        week, url = fresh()
        assert in_a_child(week, url, point, after=after) == KILLED, kind
        week.clock.move(seconds=timedelta(minutes=3).total_seconds())
        assert in_a_child(week, url, None) == 0, f"it does not go on after a kill at {kind}"
        assert seen(week) == expected, kind
        assert week.ledger.verify() == ()
