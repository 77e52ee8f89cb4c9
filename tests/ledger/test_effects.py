"""The recipe: each effect happens once, whoever dies, races or answers late (F01-F05)."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stationmaster.ledger import Ledger
from stationmaster.ledger.effects import EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown
from stationmaster.ledger.engine import engine_at
from stationmaster.ledger.errors import EffectNotAmbiguous, UnknownEffect, ValueNotStorable
from stationmaster.ledger.records import EffectState

KEY = "cellxgene.weekly/2026-W34/promote/explorer/prod/" + "a" * 40 + "/1"


class World:
    """A stand-in for what lies outside: it counts what was done to it, across processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def deeds(self) -> int:
        return len(self._path.read_bytes()) if self._path.exists() else 0

    def look_up(self):
        return {"run": 1} if self.deeds else None

    def act(self):
        with self._path.open("ab") as log:
            log.write(b".")
        return {"run": self.deeds}

    def act_and_lose_the_answer(self):
        self.act()
        raise EffectUnknown("the connection was dropped")

    def act_and_die(self):
        self.act()
        os.kill(os.getpid(), signal.SIGKILL)

    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def refuse(self):
        raise EffectRefused("422: no such workflow")

    def lose_the_question(self):
        raise EffectUnknown("timed out while sending")


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "deeds")


@pytest.fixture
def perform(ledger, world, now):
    def call(act=None, **options):
        options = {"intent": {"sha": "a" * 40}, "now": lambda: now, "look_up": world.look_up} | options
        return ledger.perform(options.pop("key", KEY), act=act or world.act, **options)

    return call


def test_f01_a_second_call_returns_the_receipt_and_does_nothing(perform, ledger, world):
    first = perform()
    again = perform(act=world.refuse)
    assert first == again == ledger.effect(KEY)
    assert (first.state, first.receipt, first.attempts) == (EffectState.DONE, {"run": 1}, 1)
    assert world.deeds == 1


def test_what_the_world_shows_already_is_adopted(perform, world):
    world.act()
    effect = perform()
    assert (effect.state, effect.receipt, effect.attempts) == (EffectState.ADOPTED, {"run": 1}, 0)
    assert world.deeds == 1


def test_an_empty_receipt_is_a_receipt(perform, world):
    assert perform(look_up=dict).state == EffectState.ADOPTED
    assert world.deeds == 0


@pytest.mark.parametrize("count", [2, 8])
def test_f01_of_processes_that_race_for_one_effect_exactly_one_acts(ledger_url, world, race, now, count):
    def work(number: int) -> str:
        def act():
            receipt = world.act()
            time.sleep(0.1)
            return receipt

        try:
            effect = Ledger.at(ledger_url).perform(
                KEY, intent={}, now=lambda: now, look_up=lambda: None, act=act, by=f"worker {number}"
            )
        except EffectBusy:
            return "BUSY"
        return str(effect.state)

    told = race(count, work)
    assert world.deeds == 1
    assert set(told) <= {"DONE", "BUSY"}, told
    assert "DONE" in told
    assert Ledger.at(ledger_url).verify() == ()


def test_different_effects_at_once_all_happen(ledger_url, world, race, now):
    """No "database is locked" under a dozen processes."""

    def work(number: int) -> str:
        ledger = Ledger.at(ledger_url)
        for turn in range(5):
            ledger.perform(f"a/{number}/{turn}", intent={}, now=lambda: now, look_up=lambda: None, act=world.act)
        return "fine"

    assert race(12, work) == ["fine"] * 12
    assert world.deeds == 60
    ledger = Ledger.at(ledger_url)
    assert len(ledger.effects("a", states=[EffectState.DONE])) == 60
    assert ledger.verify() == ()


def test_f02_killed_between_act_and_receipt_the_next_one_adopts(ledger_url, perform, world, race, now):
    def work(_: int) -> str:
        Ledger.at(ledger_url).perform(KEY, intent={}, now=lambda: now, look_up=world.look_up, act=world.act_and_die)
        return "survived"

    assert race(1, work) == ["killed"]
    assert world.deeds == 1
    effect = perform()
    assert (effect.state, effect.receipt) == (EffectState.ADOPTED, {"run": 1})
    assert world.deeds == 1


def test_f02_killed_between_act_and_receipt_and_nothing_to_look_at_is_ambiguous(ledger_url, perform, world, race, now):
    def work(_: int) -> str:
        Ledger.at(ledger_url).perform(KEY, intent={}, now=lambda: now, look_up=None, act=world.act_and_die)
        return "survived"

    assert race(1, work) == ["killed"]
    for _ in range(3):
        with pytest.raises(EffectAmbiguous, match="A person looks"):
            perform(look_up=None)
    assert world.deeds == 1


def test_killed_before_the_act_begins_leaves_the_way_free(ledger_url, perform, world, race, now):
    """Only an act that began can have worked: dying while looking is no reason to ask a person."""

    def work(_: int) -> str:
        Ledger.at(ledger_url).perform(KEY, intent={}, now=lambda: now, look_up=world.die, act=world.act)
        return "survived"

    assert race(1, work) == ["killed"]
    assert perform(look_up=None).state == EffectState.DONE
    assert world.deeds == 1


def test_f02_an_ambiguous_effect_waits_for_a_person_who_may_say_that_it_happened(perform, ledger, world, now):
    with pytest.raises(EffectAmbiguous) as caught:
        perform(act=world.act_and_lose_the_answer, look_up=None)
    assert caught.value.effect.state == EffectState.AMBIGUOUS
    assert [effect.key for effect in ledger.effects("cellxgene.weekly", states=[EffectState.AMBIGUOUS])] == [KEY]
    settled = ledger.settle(KEY, {"run": 7}, "asha", "seen on the Actions page", now)
    assert (settled.state, settled.receipt) == (EffectState.ADOPTED, {"run": 7})
    assert perform() == settled
    assert world.deeds == 1


def test_an_ambiguous_effect_may_be_done_again_once_a_person_says_that_it_did_not_happen(perform, ledger, world, now):
    with pytest.raises(EffectAmbiguous):
        perform(act=world.lose_the_question, look_up=None)
    assert ledger.settle(KEY, None, "asha", "nothing there", now).state == EffectState.INTENDED
    effect = perform(look_up=None)
    assert (effect.state, effect.attempts, world.deeds) == (EffectState.DONE, 2, 1)
    with pytest.raises(EffectNotAmbiguous, match="is DONE"):
        ledger.settle(KEY, None, "asha", "again", now)


def test_an_ambiguous_effect_that_shows_after_all_is_adopted(perform, world):
    with pytest.raises(EffectAmbiguous):
        perform(act=world.act_and_lose_the_answer, look_up=lambda: None)
    with pytest.raises(EffectAmbiguous):
        perform(look_up=lambda: None, repeatable=True)
    assert perform(look_up=world.look_up).state == EffectState.ADOPTED
    assert world.deeds == 1


def test_settling_what_nobody_intended_is_an_error(ledger, now):
    with pytest.raises(UnknownEffect, match="no/such/key"):
        ledger.settle("no/such/key", None, "asha", "", now)


def test_f03_an_unknown_outcome_that_shows_at_once_is_adopted(perform, world):
    assert perform(act=world.act_and_lose_the_answer).state == EffectState.ADOPTED
    assert world.deeds == 1


def test_f03_an_unexpected_error_of_the_act_counts_as_unknown(perform, world):
    def break_down():
        world.act()
        raise OSError("connection reset")

    with pytest.raises(EffectAmbiguous):
        perform(act=break_down, look_up=lambda: None)
    assert perform().state == EffectState.ADOPTED
    assert world.deeds == 1


def test_f03_what_did_not_happen_is_done_by_the_retry_when_the_look_up_is_authoritative(perform, world):
    with pytest.raises(EffectUnknown, match="timed out while sending"):
        perform(act=world.lose_the_question, repeatable=True)
    assert world.deeds == 0
    effect = perform(repeatable=True)
    assert (effect.state, effect.attempts, world.deeds) == (EffectState.DONE, 2, 1)


def test_f51_not_found_says_nothing_until_the_discovery_window_ends(perform, world, now):
    options = {"look_up": lambda: None, "ambiguous_after": timedelta(minutes=2)}
    with pytest.raises(EffectUnknown):
        perform(act=world.act_and_lose_the_answer, **options)
    for seconds in (0, 60, 119):
        at = now + timedelta(seconds=seconds)
        with pytest.raises(EffectUnknown, match="2026-08-20 17:02:00"):
            perform(now=lambda at=at: at, **options)
    with pytest.raises(EffectAmbiguous):
        perform(now=lambda: now + timedelta(minutes=2), **options)
    assert world.deeds == 1


def test_f51_within_the_discovery_window_a_repeatable_effect_is_not_repeated(perform, world, now):
    options = {"look_up": lambda: None, "ambiguous_after": timedelta(minutes=2), "repeatable": True}
    with pytest.raises(EffectUnknown):
        perform(act=world.lose_the_question, **options)
    with pytest.raises(EffectUnknown):
        perform(now=lambda: now + timedelta(seconds=119), **options)
    assert world.deeds == 0
    assert perform(now=lambda: now + timedelta(seconds=120), **options).state == EffectState.DONE
    assert world.deeds == 1


def test_a_refused_effect_is_known_not_to_have_happened_and_may_be_retried(perform, ledger, world):
    with pytest.raises(EffectRefused, match="no such workflow"):
        perform(act=world.refuse, look_up=None)
    effect = ledger.effect(KEY)
    assert effect is not None
    assert effect.state == EffectState.INTENDED
    effect = perform(look_up=None)
    assert (effect.state, effect.attempts, world.deeds) == (EffectState.DONE, 2, 1)


def test_a_look_up_that_fails_does_nothing_and_leaves_the_way_free(perform, world):
    def unreachable():
        raise OSError("no route")

    with pytest.raises(OSError, match="no route"):
        perform(look_up=unreachable)
    assert world.deeds == 0
    assert perform().state == EffectState.DONE


def test_an_interrupted_act_is_looked_up_by_the_next_attempt(perform, world):
    """A task that is stopped by hand or by its timeout leaves through an exception that no one catches."""

    def interrupted():
        world.act()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(act=interrupted)
    assert perform(act=world.refuse).state == EffectState.ADOPTED


def test_a_receipt_that_is_no_json_object_is_refused_and_the_act_not_forgotten(perform, world):
    def careless():
        world.act()
        return "run 1"

    with pytest.raises(EffectAmbiguous) as caught:
        perform(act=careless, look_up=lambda: None)
    assert isinstance(caught.value.__context__, ValueNotStorable)
    assert world.deeds == 1


def test_a_living_worker_keeps_its_claim_until_the_lease_ends(perform, ledger_url, world, now):
    def slow():
        with pytest.raises(EffectBusy) as caught:
            perform()
        assert timedelta(minutes=4) < caught.value.until - datetime.now(UTC) < timedelta(minutes=6)
        return world.act()

    assert perform(act=slow).state == EffectState.DONE
    assert world.deeds == 1


def test_after_the_lease_another_takes_over_and_looks_first(perform, ledger, world, caplog):
    """The one that was given up for dead and comes back finds the first receipt standing, and says so."""
    taken = []

    def hang_then_act():
        receipt = world.act()
        time.sleep(0.15)
        taken.append(perform(act=world.refuse))
        return receipt | {"late": True}

    effect = perform(act=hang_then_act, lease=timedelta(seconds=0.1))
    assert taken == [effect]
    assert (effect.state, effect.receipt) == (EffectState.ADOPTED, {"run": 1})
    assert "finished twice" in caplog.text
    actions = [entry.action for entry in ledger.audit(KEY)]
    assert actions == ["effect.intended", "effect.acting", "effect.taken_over", "effect.adopted", "effect.late"]


def test_one_that_lost_its_claim_while_looking_does_not_act(perform, world):
    def slow_look():
        time.sleep(0.15)
        with pytest.raises(EffectUnknown):
            perform(act=world.lose_the_question, look_up=lambda: None, ambiguous_after=timedelta(hours=1))
        return

    with pytest.raises(EffectBusy):
        perform(look_up=slow_look, lease=timedelta(seconds=0.1))
    assert world.deeds == 0


def test_the_rehearsals_clock_does_not_end_a_lease(perform, world, now):
    def across_a_week():
        with pytest.raises(EffectBusy):
            perform(now=lambda: now + timedelta(days=6))
        return world.act()

    assert perform(act=across_a_week).state == EffectState.DONE


def test_f70_effects_are_found_by_path_not_by_beginning(perform, ledger):
    for key in ("a/2026-W3", "a/2026-W34/x", "a/2026-W34/y", "A/2026-W34/z", "a/2026_W34"):
        perform(key=key, look_up=None)
    assert [effect.key for effect in ledger.effects("a/2026-W34")] == ["a/2026-W34/x", "a/2026-W34/y"]
    assert [effect.key for effect in ledger.effects("a/2026-W3")] == ["a/2026-W3"]
    assert len(ledger.effects()) == 5


def test_each_step_of_an_effect_is_in_the_audit(perform, ledger, world, now):
    with pytest.raises(EffectRefused):
        perform(act=world.refuse, look_up=None, by="deploy")
    with pytest.raises(EffectAmbiguous):
        perform(act=world.lose_the_question, look_up=None, by="deploy", intent={"sha": "b" * 40})
    ledger.settle(KEY, {"run": 9}, "asha", "seen", now)
    told = [(entry.action.removeprefix("effect."), entry.actor) for entry in ledger.audit(KEY)]
    assert told == [
        ("intended", "deploy"),
        ("acting", "deploy"),
        ("refused", "deploy"),
        ("intended", "deploy"),
        ("acting", "deploy"),
        ("unknown", "deploy"),
        ("ambiguous", "deploy"),
        ("settled", "asha"),
    ]


def test_what_is_required_is_asked_when_the_act_begins_and_keeps_it_from_being_done(perform, ledger, world, now):
    """Within the transaction: what it wrote is not written when it refuses."""
    from stationmaster.ledger.errors import CountOutdated
    from stationmaster.ledger.facts import add_fact

    def refuses(pen) -> None:
        add_fact(pen, "t/2026-W34", "begun", "x", {}, now, "a")
        raise CountOutdated("something has changed")

    with pytest.raises(CountOutdated):
        perform(requires=refuses)
    assert world.deeds == 0
    assert ledger.facts("t/2026-W34") == ()
    effect = ledger.effect(KEY)
    assert (effect.state, effect.attempts) == (EffectState.INTENDED, 0)
    assert perform(requires=lambda pen: None).state is EffectState.DONE


def test_the_lease_begins_anew_when_the_act_begins(perform, ledger, ledger_url, world):
    """A look-up that has used the lease up leaves the act its whole lease."""
    from sqlalchemy import text

    left = []

    def look():
        time.sleep(0.3)

    def act():
        with engine_at(ledger_url).connect() as connection:
            until = connection.execute(text("SELECT lease_until FROM ledger_effects")).scalar_one()
        left.append(until)
        return world.act()

    before = perform(look_up=look, act=act, lease=timedelta(seconds=30))
    assert before.state is EffectState.DONE
    with ledger.reading() as session:
        from stationmaster.ledger.attempts import database_now

        present = database_now(session)
    until = left[0] if not isinstance(left[0], str) else datetime.fromisoformat(left[0])
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    assert until > present + timedelta(seconds=29.5)


def test_what_was_begun_is_looked_for_without_being_done(perform, ledger, world, now):
    assert ledger.adopt(KEY, now=lambda: now, look_up=dict) is None, "it was never begun"
    unseen = {"look_up": lambda: None, "repeatable": True, "ambiguous_after": timedelta(minutes=2)}
    with pytest.raises(EffectUnknown):
        perform(act=world.lose_the_question, **unseen)
    with pytest.raises(EffectUnknown, match="does not show yet"):
        ledger.adopt(KEY, now=lambda: now, **unseen)
    later = now + timedelta(minutes=3)
    assert ledger.adopt(KEY, now=lambda: later, **unseen) is None
    found = ledger.adopt(KEY, now=lambda: later, look_up=lambda: {"run": 1})
    assert (found.state, found.receipt) == (EffectState.ADOPTED, {"run": 1})
