"""How people except a hotfix from the freeze that holds it: asked by one, approved by others, once (F32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stationmaster.config.loader import load
from stationmaster.core.blockers import blocker
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.departures.beside import ASKED
from stationmaster.departures.freezing import exceptions_of
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.cast_plans import Plans
from stationmaster.rehearsal.conducting import Scene
from stationmaster.rehearsal.excepting import THINKING, Exceptions
from stationmaster.rehearsal.placing import Place
from tests.rehearsal.good_week import INCLUDE
from tests.rehearsal.test_invariants_freezes import FRIDAY

TEAM = load(INCLUDE, teams=["threefold"]).team("threefold")
PLACE = Place("freeze", "threefold.weekly", FRIDAY, "sdk")
WEEK = IsoWeek.parse("2024-W44")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.at(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate(FRIDAY)
    yield ledger
    ledger.close()


def hotfix(ledger: Ledger, *, at=FRIDAY, code: str = "FROZEN") -> str:
    departure = ledger.open_beside("threefold.weekly", WEEK, DepartureKind.HOTFIX, at, "amir", key="run-1").id
    ledger.record(departure, ASKED, "form", {}, at, "amir")
    values = {"freeze": "after-wednesday", "mode": "all_stop", "action": "hotfix", "ends": "Sunday", "why": "rest"}
    found = (
        blocker("FROZEN", subject="after-wednesday", **values)
        if code == "FROZEN"
        else blocker(code, train="t", kind="x")
    )
    ledger.set_blockers(f"{departure}/promote/sdk.deploy_to_mainnet", (found,), at)
    return departure


def play(ledger: Ledger, *, start=FRIDAY, hours: int = 3) -> list[str]:
    """Let time pass from plan to plan; return what was told."""
    told: list[str] = []
    people, plans, now = Exceptions(PLACE, TEAM, told.append), Plans(), start
    while now is not None and now < start + timedelta(hours=hours):
        scene = Scene(now=now, actions=(), ledger=ledger)
        people.plan(scene, plans)
        if not plans.carry_out(scene):
            now = plans.next_instant
    return told


def test_f32_who_asked_for_the_hotfix_asks_and_two_others_approve(ledger: Ledger) -> None:
    departure = hotfix(ledger)
    told = play(ledger)
    (found,) = exceptions_of(ledger, departure)
    assert (found.freeze, found.stop, found.asked_by, found.asked_at) == (
        "after-wednesday",
        "promote",
        "amir",
        FRIDAY + THINKING,
    )
    assert [given.person for given in found.approvals] == ["bea", "cyrus"]
    assert [given.at for given in found.approvals] == [FRIDAY + THINKING * 2, FRIDAY + THINKING * 3]
    assert len(told) == 3


def test_nobody_asks_while_no_freeze_holds_anything(ledger: Ledger) -> None:
    departure = hotfix(ledger, code="BESIDE_NOT_ALLOWED")
    assert play(ledger) == []
    assert exceptions_of(ledger, departure) == ()


def test_another_hotfix_that_a_freeze_holds_is_left_alone(ledger: Ledger) -> None:
    departure = hotfix(ledger, at=FRIDAY - timedelta(days=7))
    assert play(ledger, start=FRIDAY - timedelta(minutes=5)) == []
    assert play(ledger) == []
    assert exceptions_of(ledger, departure) == ()
