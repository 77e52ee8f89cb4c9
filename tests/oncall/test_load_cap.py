"""Being on call takes no large part of a sprint: a cap that swaps cannot pass (O-05)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stationmaster.config.loader import load
from stationmaster.config.roster import LoadCap
from stationmaster.core.rotations.windows import Span
from stationmaster.oncall.changing import in_fact
from stationmaster.oncall.coverage import conflicts_of
from stationmaster.oncall.errors import ChangeRefused
from stationmaster.oncall.load_cap import overloads
from stationmaster.oncall.swapping import answer, ask

INCLUDE = Path(__file__).resolve().parents[2] / "include"
TEAM = load(INCLUDE, teams=["operate-first"]).team("operate-first")
NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
QUARTER = NOW + timedelta(weeks=13)


def capped(shifts: int, within: str = "14d"):
    entry = TEAM.roster["oncall"].model_copy(update={"load": LoadCap(shifts=shifts, within=within)})
    return TEAM.model_copy(update={"roster": {"oncall": entry}})


def test_o05_the_shipped_rotation_keeps_its_cap_for_a_year() -> None:
    assert TEAM.roster["oncall"].load is not None
    assert list(overloads(TEAM, "oncall", NOW, NOW + timedelta(weeks=52))) == []


def test_o05_the_cap_counts_shifts_that_begin_within_its_time() -> None:
    found = list(overloads(capped(1), "oncall", NOW, QUARTER))
    assert found
    for over in found:
        starts = [
            shift.start
            for shift in TEAM.shifts("engineer", over.span.start, over.span.end)
            if over.person in shift.people and over.span.start <= shift.start
        ]
        assert len(starts) == over.shifts > 1
        assert starts[-1] - starts[0] < timedelta(days=14)


def test_o05_a_swap_beyond_the_cap_is_refused(ledger) -> None:
    team = capped(4)
    shifts = [each for each in team.shifts("engineer", NOW, QUARTER) if each.start > NOW]
    taker = shifts[0].person
    refused = None
    for shift in shifts[1:9]:
        if shift.person == taker:
            continue
        present = in_fact(team, ledger)
        try:
            swap = ask(
                ledger, present, role="engineer", giver=shift.person, taker=taker,
                span=Span(shift.start, shift.end), now=NOW, by=shift.person,
            )  # fmt: skip
        except ChangeRefused as error:
            refused = error
            break
        answer(ledger, present, swap.id, accept=True, now=NOW, by=taker)
    assert refused is not None
    assert f"{taker} would have 5 shifts" in str(refused)
    assert "allows 4 within 14 days" in str(refused)


def test_o05_conflicts_name_who_has_too_much() -> None:
    codes = {found.code for found in conflicts_of(capped(1), None, NOW, QUARTER)}
    assert codes == {"too_many_shifts"}


def test_a_rotation_without_a_cap_is_never_too_much() -> None:
    entry = TEAM.roster["oncall"].model_copy(update={"load": None})
    assert list(overloads(TEAM.model_copy(update={"roster": {"oncall": entry}}), "oncall", NOW, QUARTER)) == []


@pytest.mark.parametrize("bad", [{"shifts": 0, "within": "14d"}, {"shifts": 2, "within": "0d"}, {"shifts": "2"}])
def test_a_cap_that_means_nothing_is_refused(bad) -> None:
    with pytest.raises(ValueError):
        LoadCap.model_validate(bad)
