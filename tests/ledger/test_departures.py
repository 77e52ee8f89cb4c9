"""Departures, their rounds, and the manifests that must not come back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.core.transitions import Act
from stationmaster.ledger import Ledger
from stationmaster.ledger.columns import utc
from stationmaster.ledger.departures import CHATTER
from stationmaster.ledger.errors import DepartureMoved, NotRejected, RunMadeAgain, UnknownDeparture, ValueNotStorable
from stationmaster.ledger.records import DepartureState

WEEK = IsoWeek.parse("2026-W34")


def test_a_departure_is_a_train_and_a_week(departure, now):
    assert departure.id == "cellxgene.weekly/2026-W34"
    assert (departure.train, departure.week, departure.state) == ("cellxgene.weekly", WEEK, DepartureState.OPEN)
    assert (departure.round, departure.opened_at, departure.opened_by) == (0, now, "asha")


def test_f38_a_second_start_in_the_same_week_adopts(ledger, departure, now):
    assert ledger.open_departure("cellxgene.weekly", WEEK, now + timedelta(hours=5), "manual") == departure
    assert len(ledger.audit(departure.id)) == 1


def test_f38_starts_that_race_open_one_departure(ledger_url, race, now):
    def work(number: int) -> str:
        return Ledger.at(ledger_url).open_departure("t", WEEK, now, f"worker {number}").opened_by

    told = race(6, work)
    assert len(set(told)) == 1, told
    assert len(Ledger.at(ledger_url).audit("t/2026-W34")) == 1


def test_f05_of_two_acts_that_race_the_second_is_judged_by_the_first(ledger_url, race, departure, now):
    """A skip and a promotion that begins: one of the two happens, and the other is refused."""
    Ledger.at(ledger_url).set_state(departure.id, DepartureState.GATED, now, "test")

    def work(number: int) -> str:
        return str(Ledger.at(ledger_url).move(departure.id, (Act.SKIP, Act.PROMOTE)[number], now, "a").state)

    told = sorted(each.partition(":")[0] for each in race(2, work))
    assert told in (["ActRefused", "PROMOTING"], ["ActRefused", "SKIPPED"])


def test_an_act_that_changes_nothing_writes_nothing(ledger, departure, now):
    ledger.set_state(departure.id, DepartureState.PROMOTING, now, "test")
    before = ledger.head()
    assert ledger.move(departure.id, Act.PROMOTE, now, "a").state is DepartureState.PROMOTING
    assert ledger.head() == before


def test_the_version_grows_with_what_a_gate_reads_and_with_nothing_else(ledger, departure, now, manifest):
    seen = [ledger.version(departure.id)]

    def grows() -> bool:
        seen.append(ledger.version(departure.id))
        return seen[-1] > seen[-2]

    ledger.pin(departure.id, manifest("a"), now, "a")
    assert grows()
    ledger.move(departure.id, Act.PIN, now, "a")
    assert grows()
    ledger.record(departure.id, "confirmed", "x", {}, now, "a")
    assert grows()
    ledger.record(departure.train, "halt", "train", {}, now, "a")
    assert grows()
    ledger.reject(manifest("a").hash, "broken", now, "a")
    assert grows()
    for kind in CHATTER:
        ledger.record(departure.id, kind, "x", {}, now, "a")
    ledger.record("cellxgene.weekly/2026-W33", "confirmed", "x", {}, now, "a")
    ledger.record("cellxgene.weekly-2", "halt", "train", {}, now, "a")
    ledger.set_blockers(f"{departure.id}/promote/gate", (), now)
    ledger.acquire("prod", "h", "r", now)
    assert not grows()
    ledger.record(departure.id, "confirmed", "y", {}, now, "a")
    assert ledger.version(departure.id, kinds=("halt",)) == seen[5]


def test_f71_the_first_word_on_a_run_holds(ledger, now):
    marks = {"kind": "manual", "starter": "amara"}
    first = ledger.bind("t.cut", "manual__1", "t/2026-W34", marks, now, "amara")
    assert (first.subject, first.by, first.at) == ("t/2026-W34", "amara", now)
    assert ledger.bind("t.cut", "manual__1", "t/2026-W35", marks, now + timedelta(hours=1), "ben") == first
    assert ledger.bound("t.cut", "manual__1", marks) == first
    assert ledger.bound("t.promote", "manual__1", marks) is None
    part = ledger.bind("t.cut", "manual__1", "t/2026-W35", marks, now, "amara", part="0")
    assert (part.subject, ledger.bound("t.cut", "manual__1", marks)) == ("t/2026-W35", first)


def test_a_run_with_other_marks_is_another_run(ledger, now):
    ledger.bind("t.cut", "manual__1", "t/2026-W34", {"kind": "manual", "starter": "amara"}, now, "amara")
    with pytest.raises(RunMadeAgain, match="its starter was amara, and is ben"):
        ledger.bound("t.cut", "manual__1", {"kind": "manual", "starter": "ben"})
    assert ledger.bound("t.cut", "manual__1", {"kind": "manual", "later": "unknown"}) is not None


def test_runs_that_race_are_bound_once(ledger_url, race, now):
    def work(number: int) -> str:
        return Ledger.at(ledger_url).bind("t.cut", "run", f"t/2026-W{10 + number}", {}, now, "a").subject

    assert len(set(race(6, work))) == 1


def test_departures_are_listed_newest_week_first_across_the_year(ledger, now):
    for week in ("2020-W53", "2021-W01", "2020-W09"):
        ledger.open_departure("a", IsoWeek.parse(week), now, "x")
    ledger.open_departure("b", IsoWeek.parse("2021-W02"), now, "x")
    ledger.set_state("a/2020-W09", DepartureState.DONE, now, "x")
    assert [d.id for d in ledger.departures("a")] == ["a/2021-W01", "a/2020-W53", "a/2020-W09"]
    assert [d.id for d in ledger.departures(states=[DepartureState.OPEN], limit=2)] == ["b/2021-W02", "a/2021-W01"]
    assert ledger.departures(states=[]) == ()


def test_a_departure_remembers_who_moved_it_and_why(ledger, departure, now):
    later = now + timedelta(hours=1)
    moved = ledger.set_state(departure.id, DepartureState.FAILED, later, "cellxgene.weekly.cut/deploy", "HTTP 500")
    assert moved == ledger.departure(departure.id)
    assert (moved.state, moved.changed_at, moved.why) == (DepartureState.FAILED, later, "HTTP 500")
    assert ledger.set_state(departure.id, DepartureState.FAILED, later + timedelta(hours=1), "other") == moved
    assert [entry.body for entry in ledger.audit(departure.id)][1:] == [
        {"from": "OPEN", "to": "FAILED", "why": "HTTP 500"}
    ]


def test_f05_a_departure_moves_only_from_where_it_was_expected(ledger, departure, now):
    ledger.set_state(departure.id, DepartureState.PROMOTING, now, "scheduled", expect=[DepartureState.OPEN])
    with pytest.raises(DepartureMoved, match=r"is PROMOTING \(scheduled: no reason given\), not GATED, OPEN"):
        ledger.set_state(
            departure.id, DepartureState.PROMOTING, now, "hotfix", expect=[DepartureState.OPEN, DepartureState.GATED]
        )


def test_f05_of_promotions_that_race_one_wins(ledger_url, race, departure, now):
    def work(number: int) -> str:
        expect = [DepartureState.OPEN]
        Ledger.at(ledger_url).set_state(departure.id, DepartureState.PROMOTING, now, f"worker {number}", expect=expect)
        return "won"

    told = race(5, work)
    assert sorted(line.split(":")[0] for line in told) == ["DepartureMoved"] * 4 + ["won"], told


@pytest.mark.parametrize("act", ["set_state", "pin"])
def test_an_unknown_departure_is_named(ledger, manifest, now, act):
    with pytest.raises(UnknownDeparture, match="'nope/2026-W01'"):
        getattr(ledger, act)("nope/2026-W01", manifest("a") if act == "pin" else DepartureState.DONE, now, "x")
    assert ledger.departure("nope/2026-W01") is None


def test_f06_a_new_manifest_opens_a_new_round_and_the_same_one_keeps_its_own(ledger, departure, manifest, now):
    first = ledger.pin(departure.id, manifest("a"), now, "cut")
    assert ledger.pin(departure.id, manifest("a"), now + timedelta(hours=1), "cut retried") == first
    second = ledger.pin(departure.id, manifest("b"), now, "hotfix")
    assert (first.number, second.number) == (1, 2)
    assert ledger.rounds(departure.id) == (first, second)
    assert ledger.manifest_of(departure.id) == manifest("b")
    assert ledger.manifest_of(departure.id, 1) == manifest("a")
    assert ledger.departure(departure.id).round == 2


def test_f06_going_back_to_an_earlier_manifest_is_a_round_of_its_own(ledger, departure, manifest, now):
    numbers = [ledger.pin(departure.id, manifest(digit), now, "cut").number for digit in "abab"]
    assert numbers == [1, 2, 3, 4]


def test_nothing_is_aboard_before_the_first_pin(ledger, departure):
    assert ledger.manifest_of(departure.id) is None
    assert ledger.manifest_of("nope/2026-W01") is None
    assert ledger.rounds(departure.id) == ()


def test_a_manifest_of_several_repositories_comes_back_whole(ledger, departure, now):
    aboard = Manifest.of(
        Passenger(component=name, repository=f"chanzuckerberg/{name}", sha=digit * 40)
        for name, digit in (("portal", "1"), ("explorer", "2"))
    )
    ledger.pin(departure.id, aboard, now, "cut")
    ledger.pin(departure.id, Manifest.of([]), now, "cut")
    assert ledger.manifest_of(departure.id, 1) == aboard
    assert ledger.manifest_of(departure.id, 1).hash == aboard.hash
    assert ledger.manifest_of(departure.id).empty


def test_f46_a_rejection_stands_until_a_person_lifts_it(ledger, manifest, now):
    bad = manifest("a").hash
    assert ledger.rejection(bad) is None
    first = ledger.reject(bad, "prod down", now, "asha")
    assert ledger.reject(bad, "again", now + timedelta(hours=1), "bo") == first == ledger.rejection(bad)
    ledger.lift_rejection(bad, "config was at fault", now, "asha")
    assert ledger.rejection(bad) is None
    with pytest.raises(NotRejected, match=bad[:8]):
        ledger.lift_rejection(bad, "twice", now, "asha")
    assert ledger.reject(bad, "down again", now, "bo").reason == "down again"
    assert [entry.body["rejected"] for entry in ledger.audit(bad)] == [True, False, True]


def test_instants_come_back_aware_and_in_utc_to_the_microsecond(ledger, now):
    from zoneinfo import ZoneInfo

    local = (now + timedelta(microseconds=123456)).astimezone(ZoneInfo("America/Los_Angeles"))
    opened = ledger.open_departure("t", WEEK, local, "x")
    for found in (opened, ledger.departure(opened.id)):
        assert found.opened_at == local
        assert found.opened_at.utcoffset() == timedelta(0)
    assert ledger.audit("t")[0].at == utc(local)


def test_an_instant_without_a_zone_is_refused(ledger, now):
    with pytest.raises(ValueNotStorable, match="no zone"):
        ledger.open_departure("t", WEEK, now.replace(tzinfo=None), "x")
    assert ledger.departures() == ()


def test_what_leaves_beside_the_train_is_numbered_and_opened_once_for_each_form(ledger, departure, now):
    def open_one(key: str, kind: DepartureKind = DepartureKind.HOTFIX, train: str = "cellxgene.weekly") -> str:
        return ledger.open_beside(train, WEEK, kind, now, "asha", key=key).id

    assert [open_one("run-1"), open_one("run-2"), open_one("run-1")] == [
        "cellxgene.weekly/2026-W34.hotfix-1",
        "cellxgene.weekly/2026-W34.hotfix-2",
        "cellxgene.weekly/2026-W34.hotfix-1",
    ]
    assert open_one("run-3", DepartureKind.FEATURE_BUILD) == "cellxgene.weekly/2026-W34.feature-build-1"
    assert open_one("run-1", train="dre.weekly") == "dre.weekly/2026-W34.hotfix-1"
    found = ledger.departure("cellxgene.weekly/2026-W34.hotfix-2")
    assert (found.kind, found.week, found.state) == (DepartureKind.HOTFIX, WEEK, DepartureState.OPEN)
    assert ledger.verify() == ()


def test_only_the_trains_of_the_weeks_are_listed_unless_more_is_asked_for(ledger, departure, now):
    hotfix = ledger.open_beside("cellxgene.weekly", WEEK, DepartureKind.HOTFIX, now, "asha", key="a")
    later = ledger.open_departure("cellxgene.weekly", WEEK.plus(1), now, "asha")
    assert ledger.departures("cellxgene.weekly") == (later, departure)
    everything = ledger.departures("cellxgene.weekly", kinds=DepartureKind)
    assert everything == (later, hotfix, departure)
    assert ledger.departures("cellxgene.weekly", kinds=[DepartureKind.HOTFIX], limit=1) == (hotfix,)


def test_forms_that_race_open_one_departure_each(ledger_url, race, now):
    def work(number: int) -> str:
        ledger = Ledger.at(ledger_url)
        return ledger.open_beside("t", WEEK, DepartureKind.HOTFIX, now, "x", key=f"run-{number % 2}").id

    told = race(6, work)
    assert sorted(set(told)) == ["t/2026-W34.hotfix-1", "t/2026-W34.hotfix-2"]
