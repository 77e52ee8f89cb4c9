"""A look that dies before or after any of its writes ends, at a later look, as if nothing had happened (F01 … F04)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stationmaster.hooks import chat_outcomes
from stationmaster.hooks.chat import Chat
from stationmaster.ledger import Ledger
from stationmaster.oncall_log import log
from tests.watches.lookout import Lookout

POINTS = 14
"""More than the look below has writes."""


class Killed(BaseException):
    """Nothing of ours catches it."""


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, bool], list[int]]:
    """Let a process die at its nth write, to the ledger or to Slack; returns the writes that were counted."""

    def arm(point: int, after: bool) -> list[int]:
        counted = [0]

        def wrapped(real: Any, counts: Callable[..., bool]) -> Any:
            def call(*arguments: Any, **named: Any) -> Any:
                if not counts(*arguments):
                    return real(*arguments, **named)
                counted[0] += 1
                mine = counted[0] == point
                if mine and not after:
                    raise Killed
                answer = real(*arguments, **named)
                if mine:
                    raise Killed
                return answer

            return call

        writes = ("record", "record_once", "perform")
        for name in writes:
            monkeypatch.setattr(Ledger, name, wrapped(getattr(Ledger, name), lambda *_: True))
        slack = wrapped(Chat._respond, lambda _, method, *__: method in chat_outcomes.WRITES)
        monkeypatch.setattr(Chat, "_respond", slack)
        return counted

    return arm


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", range(1, POINTS + 1))
def test_f01_a_question_is_tagged_and_logged_once_wherever_a_look_dies(
    lookout: Lookout, deadly, point: int, after: bool, monkeypatch
) -> None:
    watch = lookout.watch("questions", role="primary", channels=("ops",), within="10m", repeats={"times": 2})
    began = lookout.clock()
    first = lookout.says("How do I get access to the data lake?")
    lookout.clock.move(minutes=1)
    second = lookout.says("who gives access to the data lake?")
    lookout.clock.move(minutes=15)
    with monkeypatch.context():
        counted = deadly(point, after)
        try:
            lookout.look(watch)
        except Killed:
            pass
        else:
            assert counted[0] < point
    monkeypatch.undo()
    for _ in range(3):
        lookout.clock.move(minutes=10)
        lookout.look(watch)
    assert [len(lookout.thread(first)), len(lookout.thread(second))] == [1, 2]
    entries = log.entries(lookout.desk(), began, lookout.clock())
    assert sorted("tagged" in entry.text for entry in entries) == [False, True, True]
