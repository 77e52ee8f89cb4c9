"""Which departure a run belongs to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.departures import gating, opening
from stationmaster.departures.obstacles import DepartureSkipped
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import StepImpossible
from tests.departures.ruled import changed, rule
from tests.departures.week import THURSDAY, WEDNESDAY


def states(week):
    return {found.id: str(found.state) for found in week.ledger.departures("cellxgene.weekly")}


def to_cut(week, *, by):
    station = week.station()
    return opening.departure_to_cut(station, opening.departure_id(station, at=week.clock(), stop="cut"), by=by)


def to_promote(week):
    station = week.station()
    return opening.departure_to_promote(station, opening.departure_id(station, at=week.clock(), stop="promote"))


def test_f38_a_start_by_hand_adopts_the_weeks_departure(week):
    first = to_cut(week, by="timetable")
    week.clock.move(hours=2)
    second = to_cut(week, by="ben")
    assert first == second
    assert states(week) == {"cellxgene.weekly/2021-W42": "OPEN"}


def test_f38_what_was_cut_is_not_cut_again(week):
    week.staged()
    with pytest.raises(DepartureSkipped, match="its cut is over"):
        to_cut(week, by="ben")


def test_c09_wednesday_promotes_what_thursday_cut_the_week_before(week):
    """C-09, C-10."""
    assert week.staged()
    week.clock.to(WEDNESDAY)
    found = to_promote(week)
    assert found.id == "cellxgene.weekly/2021-W42"
    assert opening.departure_id(week.station(), at=week.clock(), stop="cut") == "cellxgene.weekly/2021-W43"


def test_a_week_without_a_cut_has_nothing_to_promote(week):
    with pytest.raises(DepartureSkipped, match="never cut"):
        opening.departure_to_promote(week.station(), opening.departure_id(week.station(), at=WEDNESDAY, stop="promote"))


@pytest.mark.parametrize(
    ("at", "cut", "promote"),
    [
        (datetime(2021, 1, 4, 7, 59, tzinfo=UTC), "2020-W53", "2020-W52"),
        (datetime(2021, 1, 4, 8, 0, tzinfo=UTC), "2021-W01", "2020-W53"),
        (datetime(2022, 1, 2, 20, 0, tzinfo=UTC), "2021-W52", "2021-W51"),
    ],
)
def test_f28_the_week_is_counted_in_the_trains_zone_and_year(week, at, cut, promote):
    assert opening.departure_id(week.station(), at=at, stop="cut") == f"cellxgene.weekly/{cut}"
    assert opening.departure_id(week.station(), at=at, stop="promote") == f"cellxgene.weekly/{promote}"


def test_f28_an_open_departure_holds_the_next_one(week):
    week.staged()
    week.ledger.set_state(week.departure, DepartureState.PROMOTING, week.clock(), "ben", "deploying")
    week.clock.to(THURSDAY + timedelta(days=7))
    found = to_cut(week, by="timetable")
    standing = opening.previous_standing(week.station(), found)
    assert [block.code for block in standing.blockers] == ["PREVIOUS_DEPARTURE_OPEN"]
    assert standing.blockers[0].who == (week.station().conductor.id,)


@pytest.mark.parametrize(
    ("policy", "before", "state", "opens"),
    [
        ("supersede", "GATED", "MISSED", True),
        ("supersede", "PROMOTING", "PROMOTING", False),  # what is on its way to production is in the way
        ("parallel", "PROMOTING", "PROMOTING", True),
    ],
)
def test_f28_the_other_policies(week, policy, before, state, opens):
    train = week.team.train("weekly").model_copy(update={"previous_departure": policy})
    week.team = week.team.model_copy(update={"trains": {"weekly": train}})
    week.staged()
    week.ledger.set_state(week.departure, DepartureState(before), week.clock(), "ben", "deploying")
    week.clock.to(WEDNESDAY + timedelta(minutes=5))
    found = week.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W43"), week.clock(), "timetable")
    assert opening.previous_standing(week.station(), found).opens is opens
    assert states(week)["cellxgene.weekly/2021-W42"] == state


def test_f12_a_departure_that_missed_its_promotion_is_in_nobodys_way_and_told_once(week):
    week.gate()
    week.clock.to(THURSDAY + timedelta(days=7))
    found = to_cut(week, by="timetable")
    for _ in range(2):
        assert opening.previous_standing(week.station(), found).opens
    assert states(week)["cellxgene.weekly/2021-W42"] == "MISSED"
    assert week.said("The window has closed; nothing was deployed to prod") == 1


def test_f37_three_hours_late_the_cut_still_runs(week):
    week.clock.move(hours=3)
    week.open_cut()
    assert week.look("opening", stop="cut").verdict == "LATE"


def test_f37_after_the_window_the_departure_is_missed_with_one_notice(week):
    week.clock.move(hours=8)
    week.open_cut()
    standing = week.look("opening", stop="cut")
    assert standing.verdict == "MISSED"
    week.ledger.set_state(week.departure, DepartureState.MISSED, week.clock(), "timetable", "the window closed")
    for _ in range(3):
        assert week.close("cut", failed=True, why="the window closed") is DepartureState.MISSED
    assert week.said("The window has closed; nothing was deployed to staging") == 1
    with pytest.raises(DepartureSkipped):
        to_cut(week, by="ben")


def test_f37_a_long_outage_brings_no_burst_of_old_departures(week):
    """The runs of the weeks in between are never made; the one that is due now opens alone."""
    week.clock.move(weeks=5)
    found = to_cut(week, by="timetable")
    assert found.week == IsoWeek.parse("2021-W47")
    assert len(states(week)) == 1


def test_a_person_may_skip_a_departure_with_a_reason(week):
    found = to_cut(week, by="timetable")
    opening.skip(week.station(), found, by="ben", reason="the conference")
    assert week.close("cut") is DepartureState.SKIPPED
    assert week.said("Skipped: “the conference”") == 1


def weeks_later(week, number):
    train = week.team.trains["weekly"]
    promote = train.stops.promote.model_copy(update={"weeks_later": number})
    changed(week, stops=train.stops.model_copy(update={"promote": promote}), previous_departure="parallel")


def test_t20_a_promotion_two_weeks_later_takes_the_departure_of_that_cut(week):
    weeks_later(week, 2)
    week.staged()
    week.clock.to(WEDNESDAY)
    with pytest.raises(DepartureSkipped, match="2021-W40 was never cut"):
        to_promote(week)
    week.clock.to(WEDNESDAY + timedelta(weeks=2, hours=1))  # the clocks have changed: 09:00 is an hour later in UTC
    assert to_promote(week).id == "cellxgene.weekly/2021-W42"
    times = gating.times_of(week.station(), week.departure, "promote")
    assert times.earliest == WEDNESDAY + timedelta(weeks=2, hours=1)
    assert gating.window_standing(week.station(), week.departure, "promote").opens


def test_t20_the_next_cut_leaves_while_the_one_before_still_soaks(week):
    weeks_later(week, 2)
    week.staged()
    week.clock.to(THURSDAY + timedelta(weeks=1))
    second = to_cut(week, by="timetable")
    assert opening.previous_standing(week.station(), second).opens
    assert states(week) == {"cellxgene.weekly/2021-W42": "STAGED", "cellxgene.weekly/2021-W43": "OPEN"}


def test_t20_a_window_that_is_weeks_away_is_not_missed(week):
    """F12, F37."""
    weeks_later(week, 2)
    week.staged()
    week.clock.to(THURSDAY + timedelta(weeks=2))
    later = to_cut(week, by="timetable")
    opening.previous_standing(week.station(), later)
    assert states(week)["cellxgene.weekly/2021-W42"] == "STAGED"
    week.clock.to(THURSDAY + timedelta(weeks=3))
    later = to_cut(week, by="timetable")
    opening.previous_standing(week.station(), later)
    assert states(week)["cellxgene.weekly/2021-W42"] == "MISSED"


def test_a_departure_that_was_skipped_goes_on_from_where_it_stood(week):
    week.staged()
    station = week.station()
    opening.skip(station, week.ledger.departure(week.departure), by="ben", reason="not good")
    state = opening.unskip(station, week.ledger.departure(week.departure), by="emil", reason="the fix came in")
    assert state is DepartureState.STAGED
    with pytest.raises(opening.NotSkipped, match="nothing to take back"):
        opening.unskip(station, week.ledger.departure(week.departure), by="emil", reason="again")


def test_a_departure_that_was_skipped_before_its_cut_is_cut_after_all(week):
    week.open_cut()
    opening.skip(week.station(), week.ledger.departure(week.departure), by="ben", reason="not now")
    assert opening.unskip(week.station(), week.ledger.departure(week.departure), by="ben", reason="now") == "OPEN"
    assert week.open_cut() == week.departure


def test_t01_only_those_who_may_change_production_skip_or_take_it_back(week):
    week.staged()
    rule(week, actors="managers")
    station, found = week.station(), week.ledger.departure(week.departure)
    with pytest.raises(StepImpossible, match="Only members of managers may change prod"):
        opening.skip(station, found, by="emil", reason="not good")
    assert states(week)[week.departure] == "STAGED"
    opening.skip(station, found, by="jules", reason="not good")
    skipped = week.ledger.departure(week.departure)
    with pytest.raises(StepImpossible, match="Only members of managers may change prod"):
        opening.unskip(station, skipped, by="emil", reason="it is good")
    assert states(week)[week.departure] == "SKIPPED"
    assert opening.unskip(station, skipped, by="jules", reason="it is good") is DepartureState.STAGED
