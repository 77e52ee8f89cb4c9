"""Which handoff an instant belongs to, and who comes on call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.handoffs.shift_desk import NotAHandoff, ShiftDesk, UnknownRotation
from tests.handoffs.monday import HANDOFF, MONDAY


def test_c02_the_instant_of_the_handoff_belongs_to_the_incoming(monday):
    desk = monday.desk()
    before, after = desk.handoff_at(MONDAY - timedelta(microseconds=1)), desk.handoff_at(MONDAY)
    assert (before.id, after.id) == ("cellxgene.oncall/2021-10-18T16:00Z", HANDOFF)
    assert before.end == after.start == MONDAY
    assert {role: shift.person for role, shift in after.shifts.items()} == {
        "primary": "farah",
        "secondary": "chiara",
        "tertiary": "jules",
    }


def test_c02_the_shift_of_the_clock_change_is_an_hour_longer(monday):
    found = monday.desk().handoff_at(datetime(2021, 11, 3, 12, tzinfo=UTC))
    assert found.id == "cellxgene.oncall/2021-11-01T16:00Z"
    assert found.end - found.start == timedelta(days=7, hours=1)


@pytest.mark.parametrize("at", [MONDAY, MONDAY + timedelta(days=6, hours=23)])
def test_an_id_names_the_same_handoff_again(monday, at):
    desk = monday.desk()
    assert desk.handoff(desk.handoff_at(at).id) == desk.handoff_at(at)


@pytest.mark.parametrize("name", ["cellxgene.oncall/2021-W43", "other.oncall/2021-10-25T16:00Z", "cellxgene.oncall"])
def test_what_is_no_handoff_is_refused(monday, name):
    with pytest.raises(NotAHandoff, match="is no handoff"):
        monday.desk().handoff(name)


def test_an_unknown_rotation_is_named_with_those_there_are(monday):
    with pytest.raises(UnknownRotation, match="it has oncall"):
        ShiftDesk(team=monday.team, rotation="weekend")


def test_a_team_without_a_mail_connection_has_no_mail(monday):
    connections = monday.team.connections.model_copy(update={"mail": None})
    monday.team = monday.team.model_copy(update={"connections": connections})
    assert monday.desk().mail is None
