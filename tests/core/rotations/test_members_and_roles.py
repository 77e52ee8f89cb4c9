"""Whose turn it is, and who holds a role: shuffles, shared and empty slots, backing, roles that are alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stationmaster.core.rotations.members import Members
from stationmaster.core.rotations.roles import RoleImpossible, RoleRule
from stationmaster.core.rotations.rotation import NobodyOnCall
from tests.core.rotations.making import rotation

AT = datetime(2021, 10, 6, 12, tzinfo=UTC)
WEEK = timedelta(weeks=1)
crowds = st.integers(1, 9).map(lambda count: tuple((f"p{place}",) for place in range(count)))


@given(crowds, st.text(min_size=1), st.integers(-50, 50))
def test_o15_each_cycle_is_a_permutation(slots: tuple[tuple[str, ...], ...], seed: str, cycle: int) -> None:
    members = Members(slots=slots, shuffle=seed)
    turns = range(cycle * len(slots), (cycle + 1) * len(slots))
    assert sorted(members.people(turn) for turn in turns) == sorted(slots)


@given(crowds, st.text(min_size=1), st.integers(-200, 200))
def test_o15_three_or_more_never_have_two_turns_in_a_row(
    slots: tuple[tuple[str, ...], ...], seed: str, turn: int
) -> None:
    members = Members(slots=slots, shuffle=seed)
    if len(slots) > 2:
        assert members.people(turn) != members.people(turn + 1)


@given(crowds, st.text(min_size=1), st.integers(-200, 200))
def test_o16_a_shuffle_is_the_same_whenever_it_is_asked(
    slots: tuple[tuple[str, ...], ...], seed: str, turn: int
) -> None:
    assert Members(slots=slots, shuffle=seed).people(turn) == Members(slots=slots, shuffle=seed).people(turn)


@given(crowds, st.integers(-30, 30), st.integers(-30, 30))
def test_r23_the_first_is_on_duty_in_turn_0(slots: tuple[tuple[str, ...], ...], first: int, turn: int) -> None:
    members = Members(slots=slots, first=first)
    assert members.people(0) == slots[first % len(slots)]
    assert members.people(turn + len(slots)) == members.people(turn)


def test_r18_people_who_share_a_slot_are_on_call_together() -> None:
    shared = rotation("ada+ben cleo")
    assert shared.people_at("primary", AT) == ("ada", "ben")
    assert shared.people_at("primary", AT + WEEK) == ("cleo",)
    assert shared.on_call("primary", AT).people == ("ada", "ben")


def test_r19_in_a_buffer_slot_nobody_is_on_call() -> None:
    buffered = rotation("ada -")
    assert buffered.people_at("primary", AT + WEEK) == ()
    with pytest.raises(NobodyOnCall):
        buffered.on_call("primary", AT + WEEK)
    assert buffered.next_on_call("primary", AT + WEEK) == (buffered.on_call("primary", AT + 2 * WEEK).start, ("ada",))


BACKED = {
    "hausmeister": RoleRule(turn=0),
    "backstop": RoleRule(backs="hausmeister", more_experience=True, also=("chief",)),
}


def test_n04_the_next_in_line_with_more_experience_backs() -> None:
    found = rotation("ada ben cleo", roles=BACKED, experience={"ada": 1, "ben": 1, "cleo": 5, "chief": 9})
    backs = [found.people_at("backstop", AT + week * WEEK) for week in range(3)]
    assert backs == [("cleo",), ("cleo",), ("chief",)]


def test_n04_nobody_fit_is_a_planning_error_and_never_somebody() -> None:
    found = rotation("ada ben", roles=BACKED, experience={"ada": 5, "ben": 5, "chief": 5})
    with pytest.raises(RoleImpossible, match="nobody with an experience of 6 or more is left to back ada"):
        found.people_at("backstop", AT)
    with pytest.raises(RoleImpossible):
        found.check()


def test_d03_a_role_that_is_like_another_always_agrees_with_it() -> None:
    from stationmaster.core.rotations.changes import Changes, Override, OverrideType

    alike = {"ops": RoleRule(turn=0), "alerts": RoleRule(like="ops")}
    instead = Override(
        role="alerts",
        type=OverrideType.SET,
        people=("dev",),
        start=AT - timedelta(hours=1),
        end=AT + timedelta(hours=1),
    )
    found = rotation("ada ben dev", roles=alike, changes=Changes(overrides=(instead,)))
    for hours in range(-2, 3):
        at = AT + timedelta(hours=hours)
        assert found.people_at("ops", at) == found.people_at("alerts", at)
    assert found.people_at("ops", AT) == ("dev",)


@pytest.mark.parametrize("rule", [{"like": "nobody"}, {"like": "primary"}, {"backs": "nobody"}])
def test_a_role_that_leans_on_nothing_is_impossible(rule: dict[str, str]) -> None:
    with pytest.raises(RoleImpossible):
        rotation("ada ben", roles={"primary": RoleRule.model_validate(rule)}).people_at("primary", AT)


def test_a_rotation_without_a_slot_is_refused() -> None:
    with pytest.raises(ValidationError):
        Members(slots=())
