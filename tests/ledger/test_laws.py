"""What holds after any sequence of calls: laws of locks, effects and rounds, against models a few lines long."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stationmaster.core.instants import IsoWeek
from stationmaster.ledger.errors import EffectAmbiguous, EffectRefused, EffectUnknown, LockHeld, LockLost

# One ledger serves all examples: each works below a name of its own.
_turns = itertools.count()
law = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@law
@given(steps=st.lists(st.tuples(st.sampled_from("ar"), st.sampled_from("xyz"), st.integers(0, 3)), max_size=12))
def test_a_lock_has_one_holder_and_its_fence_only_grows(ledger, now, steps):
    name, holder, fence = f"lock {next(_turns)}", None, 0
    for step, who, guess in steps:
        if step == "a" and holder in (None, who):
            fence += holder is None
            holder = who
            assert ledger.acquire(name, who, "turn", now).fence == fence
        elif step == "a":
            with pytest.raises(LockHeld):
                ledger.acquire(name, who, "turn", now)
        elif holder is not None and guess == fence:
            ledger.release(name, guess, now, who)
            holder = None
        else:
            with pytest.raises(LockLost):
                ledger.release(name, guess, now, who)
        lock = ledger.lock(name)
        assert (lock and lock.holder) == holder


class Outside:
    """A world that does as it is told, and remembers how often it was changed."""

    def __init__(self) -> None:
        self.deeds = 0
        self.shows = False

    def look_up(self):
        return {"deeds": self.deeds} if self.shows and self.deeds else None

    def act(self, mood: str):
        if mood == "refuse":
            raise EffectRefused(mood)
        if mood != "lose the question":
            self.deeds += 1
        if mood != "work":
            raise EffectUnknown(mood)
        return {"deeds": self.deeds}


@law
@given(
    moods=st.lists(st.sampled_from(["work", "refuse", "lose the question", "lose the answer"]), min_size=1, max_size=6),
    shows_from=st.integers(0, 7),
)
def test_an_effect_never_happens_twice_whatever_the_world_answers(ledger, now, moods, shows_from):
    """F01-F03: with a look-up that is not authoritative; shows after ``shows_from`` attempts, or never."""
    outside, key = Outside(), f"effect/{next(_turns)}"
    for number, mood in enumerate(moods):
        outside.shows = number >= shows_from
        try:
            effect = ledger.perform(
                key, intent={}, now=lambda: now, look_up=outside.look_up, act=lambda mood=mood: outside.act(mood)
            )
        except (EffectRefused, EffectUnknown, EffectAmbiguous):
            continue
        assert outside.deeds == 1
        assert effect.receipt == {"deeds": 1}
    assert outside.deeds <= 1


@law
@given(digits=st.text("ab", max_size=8))
def test_rounds_count_the_changes_of_the_manifest(ledger, manifest, now, digits):
    departure = ledger.open_departure(f"train {next(_turns)}", IsoWeek.parse("2026-W34"), now, "x")
    for number, digit in enumerate(digits):
        ledger.pin(departure.id, manifest(digit), now + timedelta(hours=number), "cut")
    changes = [digit for digit, _ in itertools.groupby(digits)]
    assert [found.manifest for found in ledger.rounds(departure.id)] == [manifest(digit) for digit in changes]
