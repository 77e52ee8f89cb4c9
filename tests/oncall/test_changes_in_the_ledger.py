"""Overrides and swaps: asked, answered by whom they concern, refused with a reason, shown in every view (R24 … R33)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.core.rotations.changes import OverrideType
from stationmaster.core.rotations.windows import Span
from stationmaster.ledger import Ledger
from stationmaster.oncall import overriding, swapping
from stationmaster.oncall.changing import in_fact
from stationmaster.oncall.errors import ChangeRefused, UnknownChange
from stationmaster.oncall.records import SwapRecord, SwapStatus, overrides_of, swaps_of, write

FILES = load(Path(__file__).resolve().parents[2] / "include", teams=["cellxgene"]).team("cellxgene")
ZONE = ZoneInfo("America/Los_Angeles")
KEY = "cellxgene.oncall"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(ZoneInfo("UTC"))


NOW = at("2026-11-20T12:00")
# Primaries: hana from 23 November, ivan from 30 November, amara from 7 December, emil from 14 December.
IVANS = Span(at("2026-11-30T09:00"), at("2026-12-07T09:00"))
PART = Span(at("2026-12-01T09:00"), at("2026-12-02T09:00"))
FARAHS = Span(at("2026-12-28T09:00"), at("2026-12-30T09:00"))


def fact(ledger: Ledger, files: TeamConfig = FILES) -> TeamConfig:
    return in_fact(files, ledger)


def primary(ledger: Ledger, when: str) -> tuple[str, ...]:
    return fact(ledger).rotation_of("primary").people_at("primary", at(when))


def asked(ledger: Ledger, **changes: Any) -> SwapRecord:
    given: dict[str, Any] = {
        "role": "primary",
        "giver": "ivan",
        "taker": "farah",
        "span": PART,
        "now": NOW,
        "by": "ivan",
    }
    return swapping.ask(ledger, fact(ledger), **(given | changes))


def overridden(ledger: Ledger, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "kind": OverrideType.SET,
        "role": "primary",
        "comes": ("ben",),
        "goes": None,
        "start": PART.start,
        "end": PART.end,
        "now": NOW,
        "by": "ben",
    }
    return overriding.make(ledger, fact(ledger), **(given | changes))


def test_the_people_of_these_weeks(ledger: Ledger) -> None:
    weeks = ("2026-11-24T12:00", "2026-12-01T12:00", "2026-12-08T12:00", "2026-12-15T12:00", "2026-12-29T12:00")
    assert [primary(ledger, week)[0] for week in weeks] == ["hana", "ivan", "amara", "emil", "farah"]


def test_r30_a_swap_changes_nothing_until_the_taker_accepts(ledger: Ledger) -> None:
    swap = asked(ledger)
    assert primary(ledger, "2026-12-01T12:00") == ("ivan",)
    swapping.answer(ledger, fact(ledger), swap.id, accept=True, now=NOW, by="farah")
    assert primary(ledger, "2026-12-01T12:00") == ("farah",)


def test_r32_a_part_of_a_shift_changes_hands_and_the_rest_does_not(ledger: Ledger) -> None:
    swap = asked(ledger)
    swapping.answer(ledger, fact(ledger), swap.id, accept=True, now=NOW, by="farah")
    team = fact(ledger)
    shifts = team.shifts("primary", IVANS.start, IVANS.end)
    assert [(shift.person, shift.start, shift.end) for shift in shifts] == [
        ("ivan", IVANS.start, PART.start),
        ("farah", PART.start, PART.end),
        ("ivan", PART.end, IVANS.end),
    ]
    assert PART.start in team.rotations["oncall"].handoffs(IVANS.start, IVANS.end)
    assert PART.end in team.rotations["oncall"].handoffs(IVANS.start, IVANS.end)


def test_r31_two_shifts_change_hands_together(ledger: Ledger) -> None:
    swap = asked(ledger, back=FARAHS)
    swapping.answer(ledger, fact(ledger), swap.id, accept=True, now=NOW, by="farah")
    assert primary(ledger, "2026-12-01T12:00") == ("farah",)
    assert primary(ledger, "2026-12-29T12:00") == ("ivan",)


@pytest.mark.parametrize("by", ["ivan", "ben", "jules"])
def test_only_the_taker_may_answer(ledger: Ledger, by: str) -> None:
    swap = asked(ledger)
    with pytest.raises(ChangeRefused, match="Only farah may accept or decline it"):
        swapping.answer(ledger, fact(ledger), swap.id, accept=True, now=NOW, by=by)
    assert primary(ledger, "2026-12-01T12:00") == ("ivan",)


def test_a_declined_or_cancelled_swap_cannot_be_accepted(ledger: Ledger) -> None:
    declined, cancelled = asked(ledger), asked(ledger)
    swapping.answer(ledger, fact(ledger), declined.id, accept=False, now=NOW, by="farah")
    swapping.cancel(ledger, fact(ledger), cancelled.id, now=NOW, by="ivan")
    for swap, word in ((declined, "declined"), (cancelled, "cancelled")):
        with pytest.raises(ChangeRefused, match=word):
            swapping.answer(ledger, fact(ledger), swap.id, accept=True, now=NOW, by="farah")


def test_an_open_swap_expires_when_its_time_begins(ledger: Ledger) -> None:
    swap = asked(ledger)
    assert swapping.status_of(fact(ledger), swap, PART.start) is SwapStatus.EXPIRED
    with pytest.raises(ChangeRefused, match="began before it was answered"):
        swapping.answer(ledger, fact(ledger), swap.id, accept=True, now=PART.start, by="farah")


def test_r33_a_swap_is_stale_when_the_shift_moves(ledger: Ledger) -> None:
    open_one, accepted = asked(ledger), asked(ledger, taker="emil")
    swapping.answer(ledger, fact(ledger), accepted.id, accept=True, now=NOW, by="emil")
    entry = FILES.roster["oncall"]
    turned = FILES.model_copy(
        update={"roster": {"oncall": entry.model_copy(update={"members": (*entry.members[1:], entry.members[0])})}}
    )
    for swap in (open_one, swapping.find(ledger, FILES, accepted.id)):
        assert swapping.status_of(fact(ledger, turned), swap, NOW) is SwapStatus.STALE
    with pytest.raises(ChangeRefused, match="the plan changed"):
        swapping.answer(ledger, fact(ledger, turned), open_one.id, accept=True, now=NOW, by="farah")


def test_an_accepted_swap_may_be_cancelled_by_either_before_it_begins(ledger: Ledger) -> None:
    swap = asked(ledger)
    swapping.answer(ledger, fact(ledger), swap.id, accept=True, now=NOW, by="farah")
    with pytest.raises(ChangeRefused, match="cannot cancel"):
        swapping.cancel(ledger, fact(ledger), swap.id, now=NOW, by="ben")
    with pytest.raises(ChangeRefused, match="has begun"):
        swapping.cancel(ledger, fact(ledger), swap.id, now=PART.start, by="farah")
    swapping.cancel(ledger, fact(ledger), swap.id, now=NOW, by="farah")
    assert primary(ledger, "2026-12-01T12:00") == ("ivan",)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"taker": "ivan"}, "ivan would swap with ivan"),
        ({"taker": "nobody"}, "'nobody' is not in the team's people"),
        ({"giver": "ben", "by": "ben"}, "ben is not primary at .*: ivan is"),
        ({"span": Span(at("2026-11-16T09:00"), at("2026-11-17T09:00")), "giver": "devika"}, "the past does not change"),
        ({"span": Span(at("2026-11-19T09:00"), at("2026-11-22T09:00")), "giver": "devika"}, "still to come"),
        ({"span": Span(PART.end, PART.start)}, "Write an end that is later"),
        ({"span": Span(PART.start, at("2026-12-08T09:00"))}, "ivan is not primary at .* amara is"),
        ({"taker": "amara"}, "amara would be primary and secondary"),
        ({"back": Span(at("2026-12-15T09:00"), at("2026-12-16T09:00"))}, "farah is not primary"),
    ],
)
def test_a_swap_that_means_nothing_is_refused(ledger: Ledger, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ChangeRefused, match=why):
        asked(ledger, **changes)
    assert swaps_of(ledger, KEY) == ()


def test_of_two_answers_at_once_one_is_taken(ledger: Ledger) -> None:
    swap = asked(ledger)
    accepted, declined = (
        swap.model_copy(update={"status": status, "version": 2, "answered_by": "farah", "answered_at": NOW})
        for status in (SwapStatus.ACCEPTED, SwapStatus.DECLINED)
    )
    assert write(ledger, KEY, accepted, NOW, "farah")
    assert not write(ledger, KEY, declined, NOW, "farah")
    assert swapping.find(ledger, FILES, swap.id).status is SwapStatus.ACCEPTED


def test_an_override_counts_in_its_time_and_only_then(ledger: Ledger) -> None:
    overridden(ledger)
    moments = ("2026-12-01T08:59", "2026-12-01T09:00", "2026-12-02T08:59", "2026-12-02T09:00")
    assert [primary(ledger, moment)[0] for moment in moments] == ["ivan", "ben", "ben", "ivan"]


def test_withdrawing_ends_it_now_and_leaves_the_past(ledger: Ledger) -> None:
    made = overridden(ledger)
    noon = at("2026-12-01T12:00")
    overriding.withdraw(ledger, fact(ledger), made.id, now=noon, by="jules")
    moments = ("2026-12-01T11:59", "2026-12-01T12:00")
    assert [primary(ledger, moment)[0] for moment in moments] == ["ben", "ivan"]
    later = overridden(ledger, start=FARAHS.start, end=FARAHS.end)
    overriding.withdraw(ledger, fact(ledger), later.id, now=NOW, by="jules")
    assert primary(ledger, "2026-12-29T12:00") == ("farah",)
    with pytest.raises(ChangeRefused, match="withdrawn by jules already"):
        overriding.withdraw(ledger, fact(ledger), later.id, now=NOW, by="jules")
    with pytest.raises(UnknownChange):
        overriding.withdraw(ledger, fact(ledger), "ov-nothing", now=NOW, by="jules")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"comes": ("bem",)}, "Did you mean 'ben'"),
        ({"comes": ()}, "Say who comes"),
        ({"kind": OverrideType.REPLACE}, "Say who comes"),
        ({"comes": ("amara",)}, "amara would be primary and secondary"),
        ({"start": at("2026-11-01T09:00"), "end": at("2026-11-02T09:00")}, "the past does not change"),
        ({"start": PART.end, "end": PART.start}, "Write an end that is later"),
    ],
)
def test_an_override_that_means_nothing_is_refused(ledger: Ledger, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ChangeRefused, match=why):
        overridden(ledger, **changes)
    assert overrides_of(ledger, KEY) == ()


def test_r27_of_equal_rank_two_that_differ_are_refused_and_a_higher_one_wins(ledger: Ledger) -> None:
    first = overridden(ledger)
    with pytest.raises(ChangeRefused, match=f"the override {first.id} says something else"):
        overridden(ledger, comes=("emil",))
    overridden(ledger, comes=("emil",), priority=1)
    assert primary(ledger, "2026-12-01T12:00") == ("emil",)


def test_somebody_inactive_cannot_be_put_on_call(ledger: Ledger) -> None:
    left = FILES.people["ben"].model_copy(update={"active": False})
    team = FILES.model_copy(update={"people": {**FILES.people, "ben": left}})
    with pytest.raises(ChangeRefused, match="no longer active"):
        overriding.people_are_known(team, "ben")


def test_r35_substitutes_are_free_and_the_one_furthest_from_a_shift_is_first(ledger: Ledger) -> None:
    found = swapping.substitutes(fact(ledger), "primary", PART)
    assert found
    assert {"ivan", "amara", "jules"}.isdisjoint(each.person for each in found)
    distances = [each.distance for each in found if each.distance is not None]
    assert distances == sorted(distances, reverse=True)


def test_every_change_stands_in_the_audit(ledger: Ledger) -> None:
    swap = asked(ledger)
    swapping.answer(ledger, fact(ledger), swap.id, accept=True, now=NOW + timedelta(minutes=5), by="farah")
    overridden(ledger, start=FARAHS.start, end=FARAHS.end)
    entries = [entry for entry in ledger.audit() if entry.subject == KEY]
    assert [entry.actor for entry in entries] == ["ivan", "farah", "ben"]
    assert not ledger.verify()
