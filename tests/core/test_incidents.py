"""An incident's state machine: worked out from what happened, in whichever order it is read (C-34, T-17, T-19)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.incidents import (
    Happening,
    Kind,
    NotAnIncident,
    NotNow,
    State,
    incident_id,
    parse_id,
    possible,
    require,
    tell,
    update_due,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OPENING = {"title": "The portal is down", "severity": "critical", "impact": "large", "service": "portal"}
NAME = "cellxgene.incident/2026-11-21.1"


def happening(kind: Kind, minutes: int, by: str = "emil", **value) -> Happening:
    return Happening(kind=kind, at=NOON + timedelta(minutes=minutes), by=by, value=value, place=minutes)


def opened() -> Happening:
    return happening(Kind.OPENED, 0, **OPENING)


WHOLE = (
    opened(),
    happening(Kind.ACKNOWLEDGED, 5, "ben"),
    happening(Kind.UPDATED, 10, text="Looking"),
    happening(Kind.MITIGATED, 20, text="Rolled back"),
    happening(Kind.RESOLVED, 30, text="Fixed"),
    happening(Kind.REPORTED, 60, url="https://x"),
)


@pytest.mark.parametrize(
    ("happenings", "state"),
    [
        (1, State.OPEN),
        (2, State.ACKNOWLEDGED),
        (3, State.ACKNOWLEDGED),
        (4, State.MITIGATED),
        (5, State.RESOLVED),
        (6, State.REPORTED),
    ],
)
def test_t17_each_step_has_its_state(happenings, state):
    assert tell(NAME, WHOLE[:happenings]).state is state


@given(st.permutations(WHOLE))
def test_t17_the_order_in_which_it_is_read_changes_nothing(happenings):
    assert tell(NAME, happenings) == tell(NAME, WHOLE)


@given(st.lists(st.sampled_from([kind for kind in Kind if kind is not Kind.OPENED]), max_size=12))
def test_t17_whatever_comes_too_late_changes_no_state_and_is_no_part_of_the_story(kinds):
    value = {"severity": "minor", "impact": "none", "position": "point", "person": "ben", "people": [], "place": 0}
    happenings = [opened(), *(happening(kind, place + 1, **value) for place, kind in enumerate(kinds))]
    found, state = tell(NAME, happenings), State.OPEN
    told = list(found.happenings)
    for each in happenings[1:]:
        if possible(tell(NAME, told[: told.index(each)]).state, each.kind) if each in told else False:
            state = tell(NAME, told[: told.index(each) + 1]).state
        else:
            assert each not in told
    assert found.state is state


def test_c34_the_first_acknowledgement_stands():
    found = tell(NAME, [opened(), happening(Kind.ACKNOWLEDGED, 5, "ben"), happening(Kind.ACKNOWLEDGED, 6, "emil")])
    assert (found.acknowledged_by, len(found.happenings)) == ("ben", 2)


def test_c34_opened_again_it_begins_anew_and_keeps_its_past():
    found = tell(NAME, [*WHOLE, happening(Kind.REOPENED, 90, text="It is back")])
    assert (found.state, found.round, found.began_at) == (State.OPEN, 1, NOON + timedelta(minutes=90))
    assert (found.acknowledged_by, found.ended_at, found.last(Kind.RESOLVED)) == (None, None, None)
    assert found.opened_at == NOON
    assert len(found.all(Kind.RESOLVED)) == 1


def test_two_at_one_instant_come_in_the_order_of_the_ledger():
    late = Happening(kind=Kind.RATED, at=NOON, by="emil", value={"severity": "minor", "impact": "none"}, place=2)
    later = Happening(kind=Kind.RATED, at=NOON, by="emil", value={"severity": "serious", "impact": "none"}, place=3)
    first = opened()
    assert tell(NAME, [later, first, late]).severity == "serious"


@pytest.mark.parametrize(
    ("kind", "until", "words"),
    [
        (Kind.UPDATED, 5, "Open it again"),
        (Kind.REOPENED, 2, "need not be opened again"),
        (Kind.REPORTED, 2, "cannot be reported now"),
        (Kind.ACKNOWLEDGED, 4, "cannot be acknowledged now"),
    ],
)
def test_what_cannot_be_now_is_refused_with_the_way_out(kind, until, words):
    with pytest.raises(NotNow, match=words):
        require(tell(NAME, WHOLE[:until]), kind)


def test_t19_the_next_update_is_due_after_the_last_word():
    every = timedelta(hours=12)
    assert update_due(tell(NAME, WHOLE[:1]), every) is None
    assert update_due(tell(NAME, WHOLE[:2]), every) == NOON + timedelta(hours=12, minutes=5)
    assert update_due(tell(NAME, WHOLE[:3]), every) == NOON + timedelta(hours=12, minutes=10)
    assert update_due(tell(NAME, WHOLE[:3]), None) is None
    assert update_due(tell(NAME, WHOLE[:5]), every) is None


def test_an_id_names_team_day_and_number():
    name = incident_id("cellxgene.incident", date(2026, 11, 21), 3)
    assert name == "cellxgene.incident/2026-11-21.3"
    assert parse_id(name) == ("cellxgene", date(2026, 11, 21), 3)


@pytest.mark.parametrize(
    "name", ["", "cellxgene", "cellxgene.incident/2026-13-40.1", "cellxgene.incident/2026-11-21.0", "x/2026-11-21.1"]
)
def test_what_is_no_id_is_refused(name):
    with pytest.raises(NotAnIncident, match="Write it as"):
        parse_id(name)


def test_what_was_never_opened_is_none():
    with pytest.raises(NotAnIncident, match="never opened"):
        tell(NAME, WHOLE[1:])
