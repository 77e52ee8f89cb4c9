"""What becomes of the trains stands in the on-call log, each state once; of security hotfixes nothing (C-30, D-15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.departures import train_log
from stationmaster.ledger.records import DepartureState
from stationmaster.oncall_log import log

NAME = "cellxgene.weekly/2024-W11"


def told(office):
    now = office.clock()
    return [each.text for each in log.entries(office.desk(), now - timedelta(days=9), now + timedelta(days=1))]


def test_c30_each_state_is_written_once_on_the_day_on_which_it_came(office):
    office.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2024-W11"), office.clock(), "timetable")
    for state in (DepartureState.STAGED, DepartureState.DONE):
        office.ledger.set_state(NAME, state, office.clock(), "emil", "")
        for _ in range(2):
            train_log.note(office.desk(), NAME, "promote")
            office.clock.move(days=1)
    assert told(office) == [f"{NAME}: its promote ended, and it is {state}." for state in ("STAGED", "DONE")]


@pytest.mark.parametrize(("kind", "entries"), [(DepartureKind.HOTFIX, 1), (DepartureKind.SECURITY_HOTFIX, 0)], ids=str)
def test_d15_of_a_security_hotfix_the_log_says_nothing(office, kind, entries):
    found = office.ledger.open_beside(
        "cellxgene.weekly", IsoWeek.parse("2024-W11"), kind, office.clock(), "emil", key="k"
    )
    train_log.note(office.desk(), found.id, "promote")
    assert len(told(office)) == entries
