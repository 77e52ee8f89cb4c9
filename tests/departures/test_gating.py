"""Every gate of the promotion, counted again by whoever deploys."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from stationmaster.core.transitions import Act
from stationmaster.departures import gate_table, gating
from stationmaster.departures.gate_table import How
from stationmaster.ledger.records import DepartureState
from tests.departures.week import THURSDAY, WEDNESDAY, HandClock


def codes(standing):
    return [found.code for found in standing.blockers]


@pytest.fixture
def gated(week):
    week.gate()
    return week


def test_f32_marking_the_gates_as_success_opens_nothing(gated):
    """The task that deploys was reached though nobody voted or confirmed: it counts, and sends nothing."""
    standing = gated.advance("promote", "portal")
    assert codes(standing) == ["QUORUM_MISSING", "CONFIRMATION_MISSING"]
    assert gated.dispatches() == []
    assert gated.ledger.audit(gated.leg("promote", "portal").lock) == ()
    assert gated.said("in progress") == 0


def test_f32_without_the_confirmation_nothing_is_deployed(gated):
    gated.quorum()
    standing = gated.advance("promote", "portal")
    assert codes(standing) == ["CONFIRMATION_MISSING"]
    assert standing.blockers[0].who[0] == "farah"
    assert gated.dispatches() == []


def test_f32_without_the_quorum_a_confirmation_deploys_nothing(gated):
    gated.vote("amara")
    gated.vote("emil")
    gated.confirm()
    assert codes(gated.advance("promote", "portal")) == ["QUORUM_MISSING"]
    assert gated.dispatches() == []


@pytest.mark.parametrize("person", ["amara", "ben", "ivan"])
def test_c08_only_who_is_on_call_or_stands_in_confirms(gated, person):
    """C-08, C-35: farah is primary of that week, chiara secondary, jules tertiary."""
    gated.quorum()
    gated.confirm(person)
    assert codes(gated.advance("promote", "portal")) == ["CONFIRMATION_MISSING"]


@pytest.mark.parametrize("person", ["farah", "chiara", "jules"])
def test_c08_the_primary_and_the_backups_may_confirm(gated, person):
    gated.quorum()
    gated.confirm(person)
    assert gate_table.standing(gated.station(), gated.departure, Act.PROMOTE).opens


def test_c08_a_no_is_kept_until_there_is_a_go(gated):
    gated.quorum()
    gated.confirm(choice="no_go")
    standing = gated.advance("promote", "portal")
    assert (standing.verdict, codes(standing)) == ("DENY", ["CONFIRMATION_REFUSED"])
    gated.clock.move(minutes=1)
    gated.confirm()
    assert gate_table.standing(gated.station(), gated.departure, Act.PROMOTE).opens


def test_f06_a_confirmation_of_another_manifest_is_not_heard(gated):
    gated.quorum()
    gated.confirm()
    gated.repin()
    assert "CONFIRMATION_MISSING" in codes(gate_table.standing(gated.station(), gated.departure, Act.PROMOTE))


def test_c10_six_calendar_days_on_staging(week):
    """C-10: staged on Thursday, promotable from Wednesday's first instant in California."""
    week.staged()
    week.clock.to(datetime(2021, 10, 27, 6, 59, 59, tzinfo=UTC))
    assert codes(gating.soak_standing(week.station(), week.departure)) == ["SOAKING"]
    week.clock.move(seconds=1)
    assert gating.soak_standing(week.station(), week.departure).opens


def test_c10_the_soak_counts_local_days_over_the_clock_change(make_week):
    """C-10: staged on Thursday 4 November 2021, promotable on Wednesday 10 November at 00:00, now Pacific Standard."""
    week = make_week(clock=HandClock(datetime(2021, 11, 4, 16, 0, tzinfo=UTC)))
    week.staged()
    assert week.departure == "cellxgene.weekly/2021-W44"
    midnight = datetime(2021, 11, 10, 8, 0, tzinfo=UTC)
    week.clock.to(midnight - timedelta(seconds=1))
    standing = gating.soak_standing(week.station(), week.departure)
    assert standing.blockers[0].clears_at == midnight
    week.clock.to(midnight)
    assert gating.soak_standing(week.station(), week.departure).opens
    window = gating.times_of(week.station(), week.departure, "promote")
    assert window.earliest == datetime(2021, 11, 10, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("late", ["explorer", "portal"])
def test_c10_the_last_component_to_arrive_begins_the_soak(week, late):
    """Whichever of the two it is that arrives a day later: six days of the zone count from there (G1)."""
    week.open_cut()
    manifest = week.manifest_of_heads()
    week.ledger.pin(week.departure, manifest, THURSDAY, "ben")
    for passenger in manifest.passengers:
        at = THURSDAY + (timedelta(days=1) if passenger.component == late else timedelta(hours=1))
        value = {"sha": passenger.sha, "how": "seen"}
        week.ledger.record(week.departure, "deployed", f"{passenger.component}/staging", value, at, "stationmaster")
    assert gating.staged_at(week.station(), week.departure) == THURSDAY + timedelta(days=1)
    week.clock.to(WEDNESDAY)
    assert codes(gating.soak_standing(week.station(), week.departure)) == ["SOAKING"]


def test_c10_a_commit_that_is_pinned_again_has_arrived_only_once(week):
    manifest = week.staged()
    later = THURSDAY + timedelta(days=1)
    sha = manifest.sha_of("explorer")
    week.ledger.pin(week.departure, manifest, later, "ben")
    facts = week.ledger.facts(week.departure, kind="deployed", subject="explorer/staging")
    assert [fact.value["sha"] for fact in facts] == [sha]
    assert gating.staged_at(week.station(), week.departure) == THURSDAY + timedelta(hours=1)


def test_c10_a_manifest_that_is_not_wholly_on_staging_does_not_soak(week):
    week.staged()
    week.github.push("chanzuckerberg/single-cell-explorer", title="Newer")
    week.ledger.pin(week.departure, week.manifest_of_heads(), week.clock(), "ben")
    assert codes(gating.soak_standing(week.station(), week.departure)) == ["NOTHING_STAGED"]


@pytest.mark.parametrize(
    ("minutes", "verdict"), [(-1, "WAIT"), (0, "PASS"), (60, "PASS"), (61, "LATE"), (420, "LATE"), (421, "MISSED")]
)
def test_c12_late_is_flagged_and_not_forbidden_until_the_window_closes(week, minutes, verdict):
    """C-12: 09:00 to 16:00 in California, due by 10:00."""
    week.staged()
    week.clock.to(WEDNESDAY + timedelta(minutes=minutes))
    assert gating.window_standing(week.station(), week.departure, "promote").verdict == verdict


@pytest.mark.parametrize("answer", ["open", "failed"])
def test_c20_a_test_list_that_is_not_passed_keeps_the_train_on_staging(gated, answer):
    """C-20."""
    gated.quorum()
    gated.confirm()
    gated.checklist("staging", answer=answer)
    assert codes(gated.advance("promote", "portal")) == [f"CHECKLIST_{answer.upper()}"]
    assert gated.dispatches() == []


def test_f16_a_test_list_of_another_commit_says_nothing(gated):
    gated.quorum()
    gated.confirm()
    value = {"sha": "0" * 40, "passed": True, "items": [{"title": "Loads", "answer": "passed"}], "note": ""}
    gated.repin()
    gated.ledger.record(gated.departure, "checklist", "explorer/staging", value, gated.clock(), "ben")
    assert gating.checklist_standing(gated.station(), gated.departure, "staging").opens
    gated.github.push("chanzuckerberg/single-cell-explorer", title="Newer")
    gated.ledger.pin(gated.departure, gated.manifest_of_heads(), gated.clock(), "ben")
    assert codes(gating.checklist_standing(gated.station(), gated.departure, "staging")) == ["CHECKLIST_OPEN"]


def test_f46_a_rejected_manifest_is_not_promoted_until_a_person_clears_it(gated):
    gated.quorum()
    gated.confirm()
    manifest = gated.ledger.manifest_of(gated.departure)
    gated.ledger.reject(manifest.hash, "it was rolled back", gated.clock(), "stationmaster")
    assert codes(gated.advance("promote", "portal")) == ["MANIFEST_REJECTED"]
    assert gated.dispatches() == []
    gated.ledger.lift_rejection(manifest.hash, "the cause was elsewhere", gated.clock(), "ben")
    assert gate_table.standing(gated.station(), gated.departure, Act.PROMOTE).opens


def test_f12_a_closed_window_deploys_nothing_whatever_was_voted(gated):
    gated.quorum()
    gated.confirm()
    gated.clock.move(hours=8)
    assert gated.advance("promote", "portal").verdict == "MISSED"
    assert gated.dispatches() == []


def test_f67_a_promotion_that_is_half_done_is_finished_after_its_window(week):
    week.ready()
    week.deploy("promote", "portal")
    week.verify("promote", "portal")
    week.clock.to(WEDNESDAY + timedelta(hours=7, minutes=5))
    assert week.advance("promote", "explorer").gate == "run"
    assert len(week.dispatches()) == 2


def test_the_ledger_alone_tells_the_same_gates(gated):
    """What explain shows asks nobody outside."""
    gated.quorum()
    gated.confirm()
    calls = len(gated.github.journal.entries()), len(gated.slack.journal)
    assert gate_table.standing(gated.station(), gated.departure, Act.PROMOTE, how=How.LEDGER).opens
    assert calls == (len(gated.github.journal.entries()), len(gated.slack.journal))
    assert gated.ledger.departure(gated.departure).state is DepartureState.GATED


def test_an_edit_of_the_timetable_counts_for_the_departure_that_is_under_way(week):
    """The train's file is read at each look: whoever waits hears of the new times, and nothing is started anew."""
    week.gate()
    week.clock.move(hours=9)
    assert gating.window_standing(week.station(), week.departure, "promote").verdict == "MISSED"
    train = week.team.trains["weekly"]
    later = train.stops.promote.model_copy(update={"latest_start": time(22, 0)})
    edited = train.model_copy(update={"stops": train.stops.model_copy(update={"promote": later})})
    week.team = week.team.model_copy(update={"trains": {"weekly": edited}})
    assert gating.window_standing(week.station(), week.departure, "promote").verdict == "LATE"
    assert gating.times_of(week.station(), week.departure, "promote").latest_start.hour == 5


def test_c28_a_spike_of_errors_holds_the_next_promotion_and_no_hotfix(gated):
    from stationmaster.departures import spiking

    gated.quorum()
    gated.confirm()
    spike = spiking.Spike(
        key="9b1d22e0", departure="cellxgene.weekly/2021-W41", error="E", before=1, after=90, span="1h"
    )
    spiking.begin(gated.ledger, "cellxgene.weekly", spike, gated.clock())
    assert codes(gated.advance("promote", "portal")) == ["ERROR_SPIKE"]
    assert gated.dispatches() == []
    assert "ERROR_SPIKE" in codes(gate_table.standing(gated.station(), gated.departure, Act.PROMOTE, how=How.LEDGER))
    assert "spikes" not in {gate.name for gate in gate_table.rows_of(f"{gated.departure}.hotfix-1", Act.PROMOTE)}
    spiking.end(gated.ledger, "cellxgene.weekly", spike, "mended", gated.clock())
    assert codes(gated.advance("promote", "portal")) != ["ERROR_SPIKE"]
