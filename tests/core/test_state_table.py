"""The table of states and acts: what is an end, what leads where, and that nobody may do anything from anywhere."""

from __future__ import annotations

import itertools

import pytest

from stationmaster.core.transitions import TRANSITIONS, Act, ActRefused, DepartureState, allows, next_state

S = DepartureState
ENDS = frozenset({S.DONE, S.SKIPPED, S.SKIPPED_EMPTY, S.MISSED, S.ROLLED_BACK})
"""What a person alone takes out of its state, if anybody may: no task of the run goes on from there."""
SENDS = (Act.STAGE, Act.PROMOTE)
ANSWERS = (Act.DEPLOY_AGAIN, Act.STAGE_AGAIN)


def test_every_act_has_its_row_and_leads_only_to_states():
    assert set(TRANSITIONS) == set(Act)
    for row in TRANSITIONS.values():
        assert row
        for led in row.values():
            assert led


@pytest.mark.parametrize(("state", "act"), itertools.product(S, Act), ids=lambda value: value.name)
def test_an_act_leads_where_the_table_says_or_is_refused(state, act):
    led = TRANSITIONS[act].get(state)
    if led is None:
        assert not allows(state, act)
        with pytest.raises(ActRefused, match=f"t/2026-W34 is {state} .by ben: it rained.: it is not possible to {act}"):
            next_state("t/2026-W34", state, act, told="by ben: it rained")
    elif len(led) == 1:
        assert next_state("t/2026-W34", state, act) in led
    for other in set(S) - (led or frozenset()):
        with pytest.raises(ActRefused):
            next_state("t/2026-W34", state, act, to=other)


@pytest.mark.parametrize("state", sorted(ENDS | {S.ROLLING_BACK, S.FAILED, S.PARTIAL}))
def test_s1_nothing_is_sent_from_an_end(state):
    assert not any(allows(state, act) for act in SENDS)


def test_only_a_person_takes_a_departure_out_of_an_end():
    """DONE may be taken back by a form, SKIPPED taken up again; nothing else leaves an end."""
    moves = ((state, act, led) for act, row in TRANSITIONS.items() for state, led in row.items())
    leaves = {(state, act) for state, act, led in moves if state in ENDS and led != {state}}
    assert leaves == {(S.DONE, Act.TAKE_BACK), (S.SKIPPED, Act.UNSKIP)}


def test_r1_what_is_done_is_not_taken_back_because_something_failed():
    assert not allows(S.DONE, Act.COMPENSATE)


def test_r3_nothing_goes_out_on_the_way_back():
    sent = [act for act in Act if allows(S.ROLLING_BACK, act)]
    ends = [Act.END_WAY_BACK, Act.END_RESTORING, Act.FIND_NOTHING_TO_TAKE_BACK]
    assert sent == [Act.COMPENSATE, Act.TAKE_BACK, *ends]


def test_s1_what_has_begun_in_production_is_neither_skipped_nor_superseded_nor_missed():
    for act in (Act.SKIP, Act.SUPERSEDE, Act.MISS):
        assert not any(allows(state, act) for state in (S.PROMOTING, S.ROLLING_BACK, S.PARTIAL, S.DONE, S.FAILED))


def test_a_failed_state_is_left_by_a_person_by_the_way_back_or_because_nothing_had_failed():
    for state in (S.FAILED, S.PARTIAL):
        ways = {act for act in Act if allows(state, act) and TRANSITIONS[act][state] - {S.FAILED, S.PARTIAL}}
        assert ways <= {*ANSWERS, Act.COMPENSATE, Act.TAKE_BACK, Act.END_CUT, Act.TAKE_UP}
