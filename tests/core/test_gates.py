"""Gates one by one, and all of them together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.blockers import blocker
from stationmaster.core.calendar import Soak, StopTimes
from stationmaster.core.checks import Check, CheckRules, CheckState, merge_checks
from stationmaster.core.gates import (
    ChecklistItem,
    Confirmation,
    NothingToCombine,
    Standing,
    Verdict,
    checklist_gate,
    checks_gate,
    combine,
    confirm_gate,
    quorum_gate,
    soak_gate,
    window_gate,
)
from stationmaster.core.quorum import Ballot, Elector, QuorumPolicy, tally

PACIFIC = "America/Los_Angeles"
NINE = datetime(2021, 11, 3, 16, tzinfo=UTC)  # Wednesday 3 November, 09:00 PDT
TIMES = StopTimes(earliest=NINE, target=NINE + timedelta(hours=1), latest_start=NINE + timedelta(hours=7))
MANIFEST = "c" * 64
SHA = "d" * 40


def codes(standing: Standing) -> list[str]:
    return [found.code for found in standing.blockers]


@pytest.mark.parametrize(
    ("minutes", "verdict", "found"),
    [
        (-1, Verdict.WAIT, ["BEFORE_EARLIEST"]),
        (0, Verdict.PASS, []),
        (60, Verdict.PASS, []),
        (61, Verdict.LATE, []),
        (420, Verdict.LATE, []),
        (421, Verdict.MISSED, ["MISSED_WINDOW"]),
    ],
)
def test_c12_the_window_waits_opens_grows_late_and_is_missed(minutes: int, verdict: Verdict, found: list[str]) -> None:
    standing = window_gate(TIMES, NINE + timedelta(minutes=minutes), zone=PACIFIC)
    assert (standing.verdict, codes(standing)) == (verdict, found)
    assert standing.opens == (verdict in (Verdict.PASS, Verdict.LATE))


def test_a_closed_window_says_when_it_opens_in_the_zone_of_the_train() -> None:
    (found,) = window_gate(TIMES, NINE - timedelta(hours=3), zone=PACIFIC).blockers
    assert "Wed 3 Nov 2021 09:00 PDT" in found.sentence
    assert found.clears_at == NINE


def test_c10_the_soak_waits_until_the_sixth_day_begins() -> None:
    staged = datetime(2021, 10, 28, 18, tzinfo=UTC)
    midnight = datetime(2021, 11, 3, 7, tzinfo=UTC)
    waiting = soak_gate(Soak(days=6), staged, PACIFIC, midnight - timedelta(seconds=1))
    assert (waiting.verdict, codes(waiting)) == (Verdict.WAIT, ["SOAKING"])
    assert (waiting.blockers[0].since, waiting.blockers[0].clears_at) == (staged, midnight)
    assert soak_gate(Soak(days=6), staged, PACIFIC, midnight).verdict is Verdict.PASS


@pytest.mark.parametrize("days", [0, 6])
def test_what_was_never_staged_has_not_soaked(days: int) -> None:
    standing = soak_gate(Soak(days=days), None, PACIFIC, NINE)
    assert (standing.verdict, codes(standing)) == (Verdict.WAIT, ["NOTHING_STAGED"])


def vote(voter: str, choice: str = "approve", reason: str | None = None) -> Ballot:
    fields = {"voter": voter, "account": voter, "channel": "airflow", "choice": choice, "reason": reason}
    return Ballot.model_validate(fields | {"manifest": MANIFEST, "cast_at": NINE})


def quorum(*votes: Ballot) -> Standing:
    electorate = [Elector(person=person) for person in ("ada", "ben", "cleo")]
    return quorum_gate(tally(QuorumPolicy(mode="quorum", needed=2), electorate, votes, MANIFEST, NINE), since=NINE)


def test_c16_without_a_quorum_the_gate_waits_for_named_people() -> None:
    standing = quorum(vote("ada"))
    assert (standing.verdict, codes(standing)) == (Verdict.WAIT, ["QUORUM_MISSING"])
    assert standing.blockers[0].who == ("ben", "cleo")
    assert standing.blockers[0].sentence == "1 of 2 approvals are given for manifest cccccccc."
    assert quorum(vote("ada"), vote("ben")).verdict is Verdict.PASS


def test_f13_every_veto_is_a_blocker_of_its_own() -> None:
    standing = quorum(vote("ada", "veto", "search is broken."), vote("ben", "veto"))
    assert (standing.verdict, codes(standing)) == (Verdict.DENY, ["VETOED", "VETOED"])
    assert [found.who for found in standing.blockers] == [("ada",), ("ben",)]
    assert standing.blockers[0].sentence == "ada vetoed manifest cccccccc: “search is broken”."
    assert standing.blockers[1].sentence == "ben vetoed manifest cccccccc: no reason given."


def test_the_quorum_names_missing_roles() -> None:
    policy = QuorumPolicy(mode="all_roles", roles=("qa",))
    counted = tally(policy, [Elector(person="ada", roles=frozenset({"qa"}))], [], MANIFEST, NINE)
    assert "none by a holder of qa" in quorum_gate(counted).blockers[0].sentence


@pytest.mark.parametrize(
    ("states", "none", "verdict", "found"),
    [
        (["passed"], "refuse", Verdict.PASS, []),
        (["passed", "pending"], "refuse", Verdict.WAIT, ["CHECKS_PENDING"]),
        (["pending", "failed"], "refuse", Verdict.DENY, ["CHECKS_RED"]),
        ([], "refuse", Verdict.DENY, ["CHECKS_ABSENT"]),
        ([], "accept", Verdict.PASS, []),
    ],
)
def test_f08_only_green_checks_open(states: list[CheckState], none: str, verdict: Verdict, found: list[str]) -> None:
    checks = [Check(name=f"check {place}", state=state) for place, state in enumerate(states)]
    report = merge_checks(checks, CheckRules.model_validate({"none": none}))
    standing = checks_gate("explorer", SHA, report, who=["ada"])
    assert (standing.verdict, codes(standing)) == (verdict, found)
    assert all(one.subject == "explorer" and one.who == ("ada",) for one in standing.blockers)


def test_f59_checks_that_cannot_be_read_are_not_green() -> None:
    standing = checks_gate("explorer", SHA, None, why="502 from the API")
    assert (standing.verdict, codes(standing)) == (Verdict.WAIT, ["CHECKS_UNREADABLE"])
    assert "502 from the API" in standing.blockers[0].sentence


@pytest.mark.parametrize(
    ("answers", "verdict", "found"),
    [
        (["passed", "passed"], Verdict.PASS, []),
        (["passed", "open"], Verdict.WAIT, ["CHECKLIST_OPEN"]),
        (["open", "failed"], Verdict.DENY, ["CHECKLIST_FAILED"]),
        ([], Verdict.WAIT, ["CHECKLIST_OPEN"]),
    ],
)
def test_c20_a_checklist_passes_when_every_item_did(answers: list[str], verdict: Verdict, found: list[str]) -> None:
    items = [
        ChecklistItem.model_validate({"title": f"item {place}", "answer": answer})
        for place, answer in enumerate(answers)
    ]
    standing = checklist_gate("explorer", items)
    assert (standing.verdict, codes(standing)) == (verdict, found)


@pytest.mark.parametrize(
    ("change", "verdict", "found"),
    [
        (None, Verdict.WAIT, ["CONFIRMATION_MISSING"]),
        ({}, Verdict.PASS, []),
        ({"choice": "no_go"}, Verdict.DENY, ["CONFIRMATION_REFUSED"]),
        ({"person": "zoe"}, Verdict.WAIT, ["CONFIRMATION_MISSING"]),
        ({"person": "zoe", "choice": "no_go"}, Verdict.WAIT, ["CONFIRMATION_MISSING"]),
        ({"manifest": "e" * 64}, Verdict.WAIT, ["CONFIRMATION_MISSING"]),
    ],
)
def test_only_the_person_asked_confirms_and_only_this_manifest(
    change: dict[str, object] | None, verdict: Verdict, found: list[str]
) -> None:
    said = {"person": "ada", "choice": "go", "manifest": MANIFEST, "at": NINE}
    confirmation = None if change is None else Confirmation.model_validate(said | change)
    standing = confirm_gate(confirmation, role="primary", who=["ada"], manifest_hash=MANIFEST)
    assert (standing.verdict, codes(standing)) == (verdict, found)


VERDICTS = st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=6)


@given(VERDICTS, st.randoms())
def test_the_worst_verdict_wins_and_no_blocker_is_lost(verdicts: list[Verdict], chance: object) -> None:
    standings = [
        Standing(gate=f"g{place}", verdict=verdict, blockers=(blocker("NOTHING_STAGED", subject=f"{place}"),))
        for place, verdict in enumerate(verdicts)
    ]
    together = combine(standings)
    assert together.opens == all(verdict.opens for verdict in verdicts)
    assert together.verdict in verdicts
    assert [found.subject for found in together.blockers] == [f"{place}" for place in range(len(verdicts))]
    chance.shuffle(standings)  # type: ignore[attr-defined]
    assert combine(standings).verdict is together.verdict


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ("PASS LATE", "LATE"),
        ("LATE WAIT", "WAIT"),
        ("WAIT DENY", "DENY"),
        ("DENY MISSED", "MISSED"),
        ("PASS BYPASSED", "BYPASSED"),
        ("BYPASSED LATE", "LATE"),
    ],
)
def test_the_order_of_the_verdicts(verdicts: str, worst: str) -> None:
    why = (blocker("NOTHING_STAGED"),)
    standings = [Standing(gate="g", verdict=Verdict(verdict), blockers=why) for verdict in verdicts.split()]
    assert combine(standings).verdict == Verdict(worst)


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if not verdict.opens])
def test_a_gate_that_does_not_open_says_why(verdict: Verdict) -> None:
    with pytest.raises(ValueError, match="and not why"):
        Standing(gate="g", verdict=verdict)


def test_no_gate_at_all_is_no_reason_to_go_on() -> None:
    with pytest.raises(NothingToCombine):
        combine([])


def test_f12_waiting_never_turns_into_an_approval() -> None:
    for days in range(0, 400, 7):
        now = NINE + timedelta(days=days)
        counted = tally(QuorumPolicy(mode="quorum", needed=2), [Elector(person="ada")], [vote("ada")], MANIFEST, now)
        together = combine([window_gate(TIMES, now), quorum_gate(counted)])
        assert not together.opens
        assert together.verdict is (Verdict.WAIT if days == 0 else Verdict.MISSED)
