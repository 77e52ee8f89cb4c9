"""Each invariant is broken by its own fault, and by no other one's: a rule that cannot fail guards nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.config.loader import load
from stationmaster.config.train_rules import Rules
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.core.rotations.turns import Kind
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.evidence import Blind, Evidence, MergedPull, Pin
from stationmaster.rehearsal.github import history as github_history
from stationmaster.rehearsal.hours_duty import is_covered, rotation_of
from stationmaster.rehearsal.invariants import PUSHED, judge, manifest_hash
from stationmaster.rehearsal.invariants_people import holder, left_out
from tests.departures.week import INCLUDE
from tests.rehearsal import (
    test_invariants_beside,
    test_invariants_freezes,
    test_invariants_handoffs,
    test_invariants_script,
    test_invariants_upgrades,
)
from tests.rehearsal.good_week import (
    AT_THE_CUT,
    AT_THE_PROMOTION,
    CUT,
    EXPLORER,
    HANDED_OVER,
    ID,
    PORTAL,
    PROMOTE,
    ballot,
    commits,
    dispatch,
    fact,
    good_week,
    mail,
    manifest,
    notice,
    said,
    teams,
)

Spoil = Callable[[Evidence], Evidence]

DOUBLE = "At most one production deployment per departure, repository and sha"
QUORUM = "No production deployment without a quorum on exactly that manifest at that instant"
SOAK = "No production deployment before the soak is over"
WINDOW = "No production deployment outside the window"
NEWEST = "A cut takes the newest green commit of its instant"
VOTES = "Nobody votes for a manifest that is not theirs, or with somebody else's account"
ON_CALL = "Whoever is named as on call is on call"
BLOCKER = "Every waiting task has a blocker"
TOLD = "Every start, success and failure is announced exactly once"
AUDIT = "The audit chain verifies"
RUNS = "Every run ended well"
SOMETHING = "Something was cut, promoted or handed over"
SHIFTS_TOLD = "Whoever comes on call is told so, once"


def broken(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    return {finding.invariant: finding.broken for finding in judge(evidence, teams()) if not finding.holds}


def ballots(*several) -> Spoil:
    return lambda evidence: evidence._replace(ballots={ID: several})


def moved(hours: float) -> Spoil:
    """Let the whole promotion, and the votes for it, happen at another hour."""

    def spoil(evidence: Evidence) -> Evidence:
        by = timedelta(hours=hours)
        dispatches = [one._replace(at=one.at + by) if one.stop == "promote" else one for one in evidence.dispatches]
        early = [one.model_copy(update={"cast_at": one.cast_at + min(by, timedelta())}) for one in evidence.ballots[ID]]
        return evidence._replace(dispatches=tuple(dispatches), ballots={ID: tuple(early)})

    return spoil


def without(what: str) -> Spoil:
    return lambda evidence: evidence._replace(
        messages=tuple(message for message in evidence.messages if not message.key.endswith(f"/tell/{what}"))
    )


def add(**several) -> Spoil:
    """Append to fields of the evidence."""
    return lambda evidence: evidence._replace(
        **{name: (*getattr(evidence, name), value) for name, value in several.items()}
    )


def facts(*several) -> Spoil:
    return lambda evidence: evidence._replace(facts={ID: several})


def in_state(state: DepartureState) -> Spoil:
    return lambda evidence: evidence._replace(
        departures=tuple(found.model_copy(update={"state": state}) for found in evidence.departures)
    )


def failed_beside_a_good_one(evidence: Evidence) -> Evidence:
    other = evidence.departures[0].model_copy(update={"id": f"{ID[:-1]}4", "state": DepartureState.FAILED})
    told = said("x", CUT, key=f"{other.id}/tell/headline")
    return evidence._replace(departures=(*evidence.departures, other), messages=(*evidence.messages, told))


STAGED = (
    fact("deployed", "portal/staging", CUT, sha=commits()[PORTAL]),
    fact("deployed", "explorer/staging", CUT, sha=commits()[EXPLORER]),
    fact("round_opened", "1", PROMOTE),
)
OTHER = "0" * 64
NOTICE = f"{HANDED_OVER.id}/tell/primary/farah/slack"

FAULTS: list[tuple[str, str, Spoil]] = [
    ("a second dispatch", DOUBLE, add(dispatches=dispatch(PORTAL, "prod", PROMOTE, "promote"))),
    ("two approvals", QUORUM, ballots(ballot("amara"), ballot("ben"))),
    ("one person three times", QUORUM, ballots(ballot("amara"), ballot("amara", 1), ballot("amara", 2))),
    ("a veto", QUORUM, ballots(*map(ballot, ("amara", "ben", "emil")), ballot("hana", choice="veto"))),
    (
        "a vote withdrawn",
        QUORUM,
        ballots(*map(ballot, ("amara", "ben", "emil")), ballot("emil", 2, choice="withdraw")),
    ),
    ("a vote after the deploy", QUORUM, ballots(ballot("amara"), ballot("ben"), ballot("emil", 30))),
    ("the manager's vote", QUORUM, ballots(ballot("amara"), ballot("ben"), ballot("jules"))),
    ("a stray commit", QUORUM, add(dispatches=dispatch(PORTAL, "prod", PROMOTE, "promote", sha="a" * 40))),
    (
        "five days of soak",
        SOAK,
        facts(fact("deployed", "x/staging", CUT + timedelta(days=1), sha=commits()[PORTAL]), *STAGED),
    ),
    ("never staged", SOAK, facts(fact("round_opened", "1", PROMOTE))),
    ("an hour too early", WINDOW, moved(-1)),
    ("an hour too late", WINDOW, moved(7)),
    ("on Thursday", WINDOW, moved(24)),
    (
        "an older commit",
        NEWEST,
        lambda evidence: evidence._replace(
            pins=(evidence.pins[0]._replace(at=CUT + timedelta(days=30)), *evidence.pins)
        ),
    ),
    ("the commit was red", NEWEST, lambda evidence: evidence._replace(red=frozenset({(PORTAL, commits()[PORTAL])}))),
    ("every commit was red", NEWEST, lambda evidence: evidence._replace(red_share=1.0)),
    (
        "a vote for another week",
        VOTES,
        lambda evidence: evidence._replace(ballots={ID: (*evidence.ballots[ID], ballot("hana", manifest=OTHER))}),
    ),
    (
        "a vote before the pin",
        VOTES,
        lambda evidence: evidence._replace(
            ballots={ID: (*evidence.ballots[ID], ballot("hana", cast_at=CUT - timedelta(days=1)))}
        ),
    ),
    (
        "somebody else's account",
        VOTES,
        lambda evidence: evidence._replace(ballots={ID: (*evidence.ballots[ID], ballot("hana", account="ivan"))}),
    ),
    (
        "the wrong conductor in XCom",
        ON_CALL,
        lambda evidence: evidence._replace(named=(evidence.named[0]._replace(person="hana"),)),
    ),
    (
        "the wrong conductor in Slack",
        ON_CALL,
        add(messages=said("cut/ask/explorer.test_staging", CUT, "<@U03AMARA0>: test explorer on staging")),
    ),
    ("a stranger's go", ON_CALL, facts(*STAGED, fact("confirmed", manifest().hash, PROMOTE, by="hana", choice="go"))),
    ("a task without a reason", BLOCKER, add(blind=Blind(CUT, "cellxgene.weekly.cut", "pin_the_manifest"))),
    ("an unannounced start", TOLD, without("promote/started")),
    ("an unannounced success", TOLD, without("promote/complete")),
    ("an unannounced cut", TOLD, without("cut/complete")),
    ("no headline", TOLD, without("headline")),
    ("said twice", TOLD, add(messages=said("promote/complete", PROMOTE))),
    ("a silent failure", TOLD, failed_beside_a_good_one),
    ("a rewritten line", AUDIT, lambda evidence: evidence._replace(breaks=("7: the line was changed",))),
    ("a failed run", RUNS, lambda evidence: evidence._replace(runs=(evidence.runs[0]._replace(state="failed"),))),
    ("nothing promoted", SOMETHING, in_state(DepartureState.GATED)),
    ("a silent handoff", SHIFTS_TOLD, lambda evidence: evidence._replace(messages=evidence.messages[1:])),
    ("a handoff told twice", SHIFTS_TOLD, add(messages=notice("primary", "farah")._replace(key=f"{NOTICE}/again"))),
    (
        "somebody else is told",
        SHIFTS_TOLD,
        lambda evidence: evidence._replace(messages=(notice("primary", "hana"), *evidence.messages[1:])),
    ),
    ("a handoff without a mail", SHIFTS_TOLD, lambda evidence: evidence._replace(mails=evidence.mails[1:])),
    ("a second mail", SHIFTS_TOLD, add(mails=mail("primary", "farah"))),
]


def test_r7_another_attempt_needs_an_answer_each_and_the_answer_is_of_who_was_on_call() -> None:
    again = dispatch(PORTAL, "prod", PROMOTE + timedelta(minutes=30), "promote", key="k/2")
    at = PROMOTE + timedelta(minutes=20)

    def answered(**changed):
        said = {"choice": "deploy_again", "failure": 7, "reason": "it is fixed", **changed}
        by = said.pop("by", AT_THE_PROMOTION)
        when = said.pop("at", at)
        given = fact("failure_answer", said.pop("subject", "portal/prod"), when, by=by, **said)
        week = add(dispatches=again)(good_week())
        return week._replace(facts={ID: (*week.facts[ID], given)})

    assert broken(answered()) == {}
    assert list(broken(answered(choice="leave"))) == [DOUBLE]
    assert list(broken(answered(subject="explorer/prod"))) == [DOUBLE]
    assert list(broken(answered(at=PROMOTE + timedelta(minutes=40)))) == [DOUBLE]
    assert list(broken(answered(by="hana"))) == [ON_CALL]
    third = again._replace(at=again.at + timedelta(minutes=5), key=f"{again.key[:-1]}3")
    assert list(broken(add(dispatches=third)(answered()))) == [DOUBLE]
    failed = fact("run_failed", f"{ID}/promote/portal/prod/x", at, key=again.key)
    unasked = add(dispatches=again)(good_week())
    assert list(broken(unasked._replace(facts={ID: (*unasked.facts[ID], failed)}))) == [DOUBLE]


def test_c33_an_escalation_names_whoever_holds_the_role_that_it_goes_up_to() -> None:
    what = "cut/ask/explorer.test_staging/escalated-to-secondary"
    chiara, farah = (teams()["cellxgene"].people[name].slack[0] for name in ("chiara", "farah"))
    assert broken(add(messages=said(what, CUT, f"<@{chiara}>, you are secondary"))(good_week())) == {}
    assert list(broken(add(messages=said(what, CUT, f"<@{farah}>, you are secondary"))(good_week()))) == [ON_CALL]


def test_a_rehearsal_of_handoffs_alone_needs_no_departure() -> None:
    week = good_week()
    alone = Evidence(handoffs=week.handoffs, messages=week.messages[:3], mails=week.mails, runs=week.runs)
    assert broken(alone) == {}


def test_a_good_week_breaks_nothing() -> None:
    assert broken(good_week()) == {}


@pytest.mark.parametrize(("invariant", "spoil"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_fault_breaks_its_own_invariant_and_no_other(invariant: str, spoil: Spoil) -> None:
    found = broken(spoil(good_week()))
    assert list(found) == [invariant], found


def test_every_invariant_has_a_fault_that_breaks_it() -> None:
    modules = (
        test_invariants_beside,
        test_invariants_freezes,
        test_invariants_handoffs,
        test_invariants_script,
        test_invariants_upgrades,
    )
    elsewhere = {name for module in modules for name in module.INVARIANTS}
    assert {finding.invariant for finding in judge(good_week(), teams())} == {fault[1] for fault in FAULTS} | elsewhere


def test_f67_the_second_component_of_a_promotion_may_follow_after_the_window() -> None:
    week = good_week()
    late = [one._replace(at=one.at + timedelta(hours=7)) for one in week.dispatches if one.repository == EXPLORER]
    kept = [one for one in week.dispatches if one.repository == PORTAL]
    assert broken(week._replace(dispatches=(*kept, late[-1]))) == {}


def test_a_rollback_is_no_promotion_and_needs_no_vote() -> None:
    week = good_week()
    back = dispatch(PORTAL, "prod", PROMOTE + timedelta(hours=12), "rollback", sha="b" * 40)
    assert broken(week._replace(dispatches=(*week.dispatches, back))) == {}


def test_a_message_that_was_deleted_counts_under_its_second_key() -> None:
    week = without("promote/started")(good_week())
    again = said("promote/started/again-1", PROMOTE)
    assert broken(week._replace(messages=(*week.messages, again))) == {}


def test_f06_a_vote_for_the_first_manifest_does_not_count_for_the_second() -> None:
    week = good_week()
    newer = {**commits(), PORTAL: "c" * 40}
    at = PROMOTE - timedelta(minutes=1)
    second = Pin(at, ID, manifest_hash(newer), newer)
    dispatched = dispatch(PORTAL, "prod", PROMOTE, "promote", sha="c" * 40)
    found = broken(week._replace(pins=(*week.pins, second), dispatches=(dispatched,)))
    assert QUORUM in found


def test_the_hash_of_a_manifest_is_that_of_the_ballots() -> None:
    assert manifest_hash(commits()) == manifest().hash


def test_a_red_tip_leaves_its_predecessor_the_newest_green_commit() -> None:
    week = good_week()
    history = github_history.load(github_history.RECORDED[PORTAL]).commits
    tip = next(index for index, commit in enumerate(history) if commit.sha == commits()[PORTAL])
    before = {**commits(), PORTAL: history[tip - 1].sha}
    pin = Pin(CUT, ID, manifest_hash(before), before)
    found = broken(week._replace(red=frozenset({(PORTAL, history[tip].sha)}), pins=(pin,), dispatches=(), ballots={}))
    assert NEWEST not in found


@pytest.mark.parametrize(
    ("before_the_cut", "boards"),
    [(timedelta(hours=1), "the merge"), (timedelta(0), "the tip"), (timedelta(days=60), "the tip")],
    ids=["newest", "not green yet", "older than the tip"],
)
def test_what_was_merged_by_us_is_on_main_and_boards_where_it_is_the_newest(
    before_the_cut: timedelta, boards: str
) -> None:
    """No recorded history has it; over the turn of the year nothing recorded comes after it."""
    week, made = good_week(), "d" * 40
    tip = next(one for one in github_history.of(PORTAL).commits if one.sha == commits()[PORTAL])
    at = CUT - before_the_cut
    assert (at > tip.landed_at) == (before_the_cut < timedelta(days=60)), "the case is what its name says"
    merge = MergedPull(at, PORTAL, 7, "a" * 40, made)
    for name, sha in (("the merge", made), ("the tip", tip.sha)):
        aboard = {**commits(), PORTAL: sha}
        pin = Pin(CUT, ID, manifest_hash(aboard), aboard)
        found = broken(week._replace(merged=(merge,), pins=(pin,), dispatches=(), ballots={}))
        assert (NEWEST in found) == (name != boards)


@given(
    st.datetimes(datetime(2021, 10, 5), datetime(2024, 12, 30)), st.sampled_from(["primary", "secondary", "tertiary"])
)
def test_the_second_computation_of_the_rotation_agrees_with_the_first(naive: datetime, role: str) -> None:
    """Two ways to the same answer: one of them wrong would show here, whichever it is."""
    team = teams()["cellxgene"]
    at = naive.replace(tzinfo=UTC)
    assert holder(team, team.roster["oncall"], role, at) == team.on_call(role, at).person


SHIPPED = load(INCLUDE).teams
ROLES = [(team.id, role) for team in SHIPPED.values() for entry in team.roster.values() for role in entry.roles]


@given(st.sampled_from(ROLES), st.datetimes(datetime(2020, 1, 1), datetime(2028, 1, 1)))
def test_the_second_count_agrees_on_every_shipped_rotation_before_it_began_too(of: tuple[str, str], naive) -> None:
    """A rehearsal of 2021 asks for the engineer of a rotation that began in 2024: it counts backwards."""
    name, role = of
    team, at = SHIPPED[name], naive.replace(tzinfo=UTC)
    try:
        person = team.on_call(role, at).person
    except NobodyOnCall:
        person = None
    assert is_covered(team, (role,), at) == (person is not None)
    assert person in (None, holder(team, rotation_of(team, role), role, at))


def test_a_rotation_that_cannot_be_counted_here_is_left_out_and_said_to_be() -> None:
    team = teams()["cellxgene"]
    hourly = team.roster["oncall"].model_copy(update={"kind": Kind.HOURLY})
    other = team.model_copy(update={"roster": {"oncall": hourly}})
    found = judge(good_week(), {"cellxgene": other})
    assert all(each.holds for each in found)
    named = next(each for each in found if each.invariant == "Whoever is named as on call is on call")
    assert named.left_out == ("cellxgene.oncall",)


def test_every_shipped_rotation_is_counted_a_second_time() -> None:
    assert left_out(load(INCLUDE).teams) == ()


def test_c02_at_nine_on_monday_the_incoming_person_holds_the_role() -> None:
    team = teams()["cellxgene"]
    nine = datetime(2021, 11, 8, 9, tzinfo=ZoneInfo("America/Los_Angeles")).astimezone(UTC)
    entry = team.roster["oncall"]
    before, after = (holder(team, entry, "primary", at) for at in (nine - timedelta(seconds=1), nine))
    members = [name for slot in entry.members for name in slot]
    assert members.index(after) == (members.index(before) + 1) % len(members)
    assert holder(team, entry, "primary", CUT) == AT_THE_CUT


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        (("farah", "go", PROMOTE), True),
        (("jules", "go", PROMOTE), False),
        (("farah", "no_go", PROMOTE), False),
        (("farah", "go", PROMOTE + timedelta(hours=1)), False),
        (None, False),
    ],
)
def test_t01_a_deploy_on_the_word_of_somebody_who_may_not_push_is_found(said, holds) -> None:
    """It is judged for trains that have the rule, and for no others."""
    plain = teams()["cellxgene"]
    train = plain.trains["weekly"].model_copy(update={"rules": Rules(actors="engineers")})
    ruled = {"cellxgene": plain.model_copy(update={"trains": {"weekly": train}})}
    evidence, word = good_week(), ()
    if said is not None:
        person, choice, at = said
        word = (fact("confirmed", manifest().hash, at, by=person, person=person, choice=choice),)
    others = tuple(one for one in evidence.facts[ID] if one.kind != "confirmed")
    evidence = evidence._replace(facts={ID: (*others, *word)})
    (found,) = (each for each in judge(evidence, ruled) if each.invariant == PUSHED)
    assert found.holds is holds, found.broken
    assert PUSHED not in {each.invariant for each in judge(evidence, teams())}
