"""The invariant of the freezes, and each fault that breaks it (T-02, F32 … F34)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from stationmaster.config.freezing import FreezeEntry
from stationmaster.config.holiday_lists import Holidays
from stationmaster.config.hours import Hours
from stationmaster.config.loader import load
from stationmaster.ledger.records import Fact
from stationmaster.rehearsal.evidence import Dispatch, Evidence
from stationmaster.rehearsal.invariants import judge
from stationmaster.rehearsal.invariants_freezes import deployed_in_a_freeze
from tests.rehearsal.good_week import INCLUDE

TEAM = load(INCLUDE, teams=["threefold"]).team("threefold")
FRIDAY = datetime(2024, 11, 1, 9, 0, tzinfo=UTC)
"""11:00 in Cairo, in the freeze after Wednesday."""
WEDNESDAY = FRIDAY - timedelta(days=2)
HOTFIX, TRAIN = "threefold.weekly/2024-W44.hotfix-1", "threefold.weekly/2024-W43"
OTHER = "threefold.weekly/2024-W44"
REPO = "threefoldtech/tfgrid-sdk-ts"
INVARIANTS = {"Nothing is deployed in a freeze but by an exception that others approved, used once"}

Spoil = Callable[[Evidence], Evidence]


def went(
    at: datetime = FRIDAY, departure: str = HOTFIX, stop: str = "promote", environment: str = "mainnet"
) -> Dispatch:
    return Dispatch(at, REPO, environment, "a" * 40, f"{departure}/{stop}/sdk/{environment}/{'a' * 40}/1")


def approval(person: str, minutes: float = -30) -> dict[str, str]:
    return {"person": person, "at": (FRIDAY + timedelta(minutes=minutes)).isoformat()}


def exception(*approvals: dict[str, str], **changed: str) -> Fact:
    value = {
        "id": "fx-1",
        "freeze": "after-wednesday",
        "stop": "promote",
        "asked_by": "amir",
        "expires_at": (FRIDAY + timedelta(hours=3)).isoformat(),
        "approvals": list(approvals),
        **changed,
    }
    at = FRIDAY - timedelta(minutes=20)
    return Fact(seq=1, departure=HOTFIX, kind="freeze-exception", subject="fx-1", value=value, at=at, by="bea")


def used(minutes: float = 0) -> Fact:
    at = FRIDAY + timedelta(minutes=minutes)
    return Fact(seq=2, departure=HOTFIX, kind="freeze-exception-used", subject="fx-1", value={}, at=at, by="x")


APPROVED = exception(approval("bea"), approval("cyrus", -20))


def good() -> Evidence:
    return Evidence(
        dispatches=(
            went(WEDNESDAY, TRAIN),
            went(FRIDAY),
            went(FRIDAY + timedelta(minutes=9)),
            went(FRIDAY + timedelta(hours=1), TRAIN, "rollback"),
        ),
        facts={HOTFIX: (APPROVED, used())},
    )


def judged(evidence: Evidence, team=TEAM) -> list[str]:
    return list(deployed_in_a_freeze(evidence, {"threefold.weekly": (team, team.trains["weekly"])}))


def facts(*several: Fact) -> Spoil:
    return lambda evidence: evidence._replace(facts={HOTFIX: several})


def test_f32_an_exception_that_others_approved_lets_all_of_one_stop_through() -> None:
    assert judged(good()) == []


@pytest.mark.parametrize(
    ("word", "spoil"),
    [
        ("in after-wednesday", facts()),
        ("in after-wednesday", facts(APPROVED)),
        ("in after-wednesday", facts(exception(approval("bea")), used())),
        ("in after-wednesday", facts(exception(approval("bea"), approval("bea", -10)), used())),
        ("in after-wednesday", facts(exception(approval("bea"), approval("amir")), used())),
        ("in after-wednesday", facts(exception(approval("bea"), approval("owen")), used())),
        ("in after-wednesday", facts(exception(approval("bea"), approval("cyrus", 1)), used())),
        ("in after-wednesday", facts(exception(approval("bea"), approval("cyrus"), stop="cut"), used())),
        ("in after-wednesday", facts(exception(approval("bea"), approval("cyrus"), freeze="year-end"), used())),
        (
            "in after-wednesday",
            facts(exception(approval("bea"), approval("cyrus"), expires_at=FRIDAY.isoformat()), used()),
        ),
        ("in after-wednesday", facts(APPROVED, used(1))),
        ("was used 2 times", facts(APPROVED, used(), used(5))),
        (
            "went to mainnet on Friday 12:00",
            lambda one: one._replace(
                dispatches=(*one.dispatches, went(FRIDAY + timedelta(hours=1), "threefold.weekly/2024-W44"))
            ),
        ),
        (
            "went to testnet on Friday 11:00",
            lambda one: one._replace(dispatches=(*one.dispatches, went(FRIDAY, TRAIN, "cut", "testnet"))),
        ),
    ],
    ids=[
        "no exception",
        "never used",
        "one approval",
        "one person twice",
        "whoever asked",
        "not of the group",
        "approved later",
        "for the other stop",
        "from another freeze",
        "expired",
        "used later",
        "used twice",
        "another departure",
        "another stop",
    ],
)
def test_f32_each_fault_is_found(word: str, spoil: Spoil) -> None:
    found = judged(spoil(good()))
    assert found
    assert all(word in sentence for sentence in found), found


def test_f33_what_has_begun_before_the_freeze_is_finished_in_it() -> None:
    late = went(WEDNESDAY + timedelta(days=1), TRAIN)
    assert judged(Evidence(dispatches=(went(WEDNESDAY, TRAIN), late))) == []
    assert len(judged(Evidence(dispatches=(late,)))) == 1


def frozen_by(entry: FreezeEntry):
    return TEAM.model_copy(update={"freezes": (entry,), "freeze_exceptions": None})


DATED = FreezeEntry(
    name="year-end",
    mode="hold_promotion",
    why="x",
    start=datetime(2024, 12, 21, 0, 0),
    end=datetime(2025, 1, 4, 9, 0),
)
HOLIDAY = FreezeEntry(name="feast", mode="all_stop", why="x", holidays=Holidays(dates=(date(2024, 12, 25),)))
NIGHTS = FreezeEntry(
    name="nights", mode="all_stop", why="x", weekly=(Hours(days=("friday",), opens=time(22), closes=time(6)),)
)


@pytest.mark.parametrize(
    ("entry", "at", "departure", "stop", "held"),
    [
        (DATED, datetime(2024, 12, 20, 22, 0, tzinfo=UTC), TRAIN, "promote", True),  # midnight in Cairo
        (DATED, datetime(2024, 12, 20, 21, 59, tzinfo=UTC), TRAIN, "promote", False),
        (DATED, datetime(2025, 1, 4, 7, 0, tzinfo=UTC), TRAIN, "promote", False),
        (DATED, datetime(2024, 12, 24, tzinfo=UTC), TRAIN, "cut", False),
        (DATED, datetime(2024, 12, 24, tzinfo=UTC), HOTFIX, "promote", False),
        (HOLIDAY, datetime(2024, 12, 25, 21, 59, tzinfo=UTC), HOTFIX, "promote", True),
        (HOLIDAY, datetime(2024, 12, 25, 22, 0, tzinfo=UTC), HOTFIX, "promote", False),
        (NIGHTS, datetime(2024, 11, 1, 20, 0, tzinfo=UTC), TRAIN, "cut", True),
        (NIGHTS, datetime(2024, 11, 2, 3, 59, tzinfo=UTC), TRAIN, "cut", True),
        (NIGHTS, datetime(2024, 11, 2, 4, 0, tzinfo=UTC), TRAIN, "cut", False),
        (NIGHTS, datetime(2024, 11, 2, 20, 30, tzinfo=UTC), TRAIN, "cut", False),
    ],
)
def test_f33_freezes_hold_by_the_clock_on_the_wall_of_their_zone(entry, at, departure, stop, held) -> None:
    assert bool(judged(Evidence(dispatches=(went(at, departure, stop),)), frozen_by(entry))) is held


def test_t02_a_fault_breaks_the_invariant_that_is_named() -> None:
    broken = {finding.invariant for finding in judge(facts()(good()), {"threefold": TEAM}) if not finding.holds}
    assert broken >= INVARIANTS
