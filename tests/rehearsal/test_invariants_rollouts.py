"""The invariants of elections and rollouts, and each fault that breaks them (D-09 … D-11, F01 … F03)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.config.loader import load
from stationmaster.ledger.records import Fact
from stationmaster.rehearsal.evidence import Evidence, Run, Said
from stationmaster.rehearsal.evidence_proposals import Proposed, proposed_by
from stationmaster.rehearsal.invariants import judge
from stationmaster.rehearsal.invariants_rollouts import proposed_twice, too_early, unasked, unverified
from tests.rehearsal.good_week import INCLUDE

DEPARTURE = "dre.weekly/2024-W43"
VERSION, EARLIER = "a" * 40, "b" * 40
MONDAY = datetime(2024, 10, 28, tzinfo=UTC)
BEGAN = MONDAY + timedelta(hours=7, minutes=30)
"""08:30 in Zurich, half an hour before the canary."""
CHANNEL = "C01DB8MQ5M1"
PLAN = """
Monday:
  "9:00": [io67a]
  11:00: [uzr]
Tuesday next week:
  "7:00": [{target: pzp6e}, tdb26]
"""
DUE = {
    "io67a": MONDAY + timedelta(hours=8),
    "uzr34": MONDAY + timedelta(hours=10),
    "pzp6e": MONDAY + timedelta(days=8, hours=6),
    "tdb26": MONDAY + timedelta(days=8, hours=6),
}
INVARIANTS = {
    "Nothing is proposed twice",
    "Each target gets its version in its turn: the canary first, at its time, apart from others",
    "A batch is over when each target runs its version, and is quiet",
    "Votes are asked for once for each proposal",
}

Spoil = Callable[[Evidence], Evidence]


def _team():
    team = load(INCLUDE, teams=["dre"]).team("dre")
    train = team.trains["weekly"]
    train = train.model_copy(update={"rollout": train.rollout.model_copy(update={"plan": PLAN})})
    return team.model_copy(update={"trains": {"weekly": train}})


TEAM = _team()
TRAINS = {"dre.weekly": (TEAM, TEAM.trains["weekly"])}


def made(number: int, target: str, at: datetime, kind: str = "update", version: str = VERSION) -> Proposed:
    key = f"{DEPARTURE}/rollout/{target}/{version}/proposal"
    if kind == "elect":
        key = f"{DEPARTURE}/promote/replica/mainnet/{version}/1"
    return Proposed(str(number), kind, target, version, key, at, at + timedelta(minutes=6), at + timedelta(minutes=9))


def step(target: str, name: str, at: datetime) -> Fact:
    value = {"step": name, "version": VERSION, "attempt": 1}
    return Fact(seq=1, departure=DEPARTURE, kind="rollout_step", subject=target, value=value, at=at, by="x")


def asked(number: int, target: str, channel: str = CHANNEL) -> Said:
    key = f"{DEPARTURE}/rollout/votes/{target}"
    return Said(DUE[target], key, f"please vote:\n• {number} for {target}", True, "Stationmaster", channel=channel)


NUMBERS = {target: 140_001 + place for place, target in enumerate(DUE)}
ELECTED = made(140_000, "", MONDAY - timedelta(days=3), "elect")
RUN = Run("dre.weekly.rollout", "r1", "success", BEGAN, DUE["tdb26"] + timedelta(hours=1))


def good() -> Evidence:
    facts = [
        each
        for target, due in DUE.items()
        for each in (
            step(target, "proposed", due),
            step(target, "running", due + timedelta(minutes=10)),
            step(target, "done", due + timedelta(minutes=25)),
        )
    ]
    return Evidence(
        facts={DEPARTURE: tuple(facts)},
        proposals=(ELECTED, *(made(NUMBERS[target], target, due) for target, due in DUE.items())),
        targets=dict.fromkeys(DUE, VERSION),
        messages=tuple(asked(number, target) for target, number in NUMBERS.items()),
        runs=(RUN,),
    )


def judged(evidence: Evidence) -> list[str]:
    rules = (too_early, unverified, unasked)
    return [*proposed_twice(evidence), *(found for rule in rules for found in rule(evidence, TRAINS))]


def moved(target: str, **by: float) -> Spoil:
    """Let a target be proposed, and come so far, at another time."""

    def spoil(evidence: Evidence) -> Evidence:
        other = made(NUMBERS[target], target, DUE[target] + timedelta(**by))
        proposals = tuple(other if one.target == target else one for one in evidence.proposals)
        facts = tuple(
            one.model_copy(update={"at": one.at + timedelta(**by)}) if one.subject == target else one
            for one in evidence.facts[DEPARTURE]
        )
        return evidence._replace(proposals=proposals, facts={DEPARTURE: facts})

    return spoil


def adding(**several) -> Spoil:
    return lambda evidence: evidence._replace(
        **{name: (*getattr(evidence, name), value) for name, value in several.items()}
    )


def without_step(target: str, name: str) -> Spoil:
    return lambda evidence: evidence._replace(
        facts={
            DEPARTURE: tuple(
                one for one in evidence.facts[DEPARTURE] if (one.subject, one.value["step"]) != (target, name)
            )
        }
    )


def changed(target: str, **fields) -> Spoil:
    return lambda evidence: evidence._replace(
        proposals=tuple(one._replace(**fields) if one.target == target else one for one in evidence.proposals)
    )


def test_d09_a_rollout_by_its_plan_breaks_nothing() -> None:
    assert judged(good()) == []


FAULTS: list[tuple[str, str, Spoil]] = [
    ("proposed twice", "was proposed 2 times", adding(proposals=made(1, "io67a", DUE["io67a"] + timedelta(hours=1)))),
    (
        "elected twice",
        "elect aaaaaaaaaaaa to aaaaaaaaaaaa was proposed 2 times",
        adding(proposals=made(1, "", MONDAY - timedelta(days=2), "elect")),
    ),
    ("a minute too early", "was proposed at Mon 07:59 UTC, due Mon 08:00 UTC", moved("io67a", minutes=-1)),
    ("before the canary", "before io67a of the canary was over", moved("io67a", minutes=100)),
    ("before the batch before", "before uzr34 of batch 2 was over", moved("uzr34", days=7, hours=20)),
    ("never elected", "before it was elected", lambda one: one._replace(proposals=one.proposals[1:])),
    ("not elected yet", "before it was elected", changed("", executed_at=MONDAY + timedelta(days=20))),
    ("never ran", "io67a never ran", without_step("io67a", "running")),
    ("never done", "io67a never ran", without_step("io67a", "done")),
    ("not quiet", "done too early", lambda one: moved_step(one, "io67a", "done", -1)),
    ("seen before it ran", "done too early", lambda one: moved_step(one, "io67a", "running", -5)),
    ("nothing proposed", "nothing was proposed for tdb26", lambda one: one._replace(proposals=one.proposals[:-1])),
    (
        "another version runs",
        "tdb26 runs bbbbbbbbbbbb",
        lambda one: one._replace(targets={**one.targets, "tdb26": EARLIER}),
    ),
    ("nobody was asked", "were asked for in []", lambda one: one._replace(messages=one.messages[1:])),
    ("asked twice", "were asked for in", adding(messages=asked(NUMBERS["io67a"], "io67a"))),
    (
        "asked elsewhere",
        "were asked for in ['C05LD0CEAHY']",
        lambda one: one._replace(messages=(asked(NUMBERS["io67a"], "io67a", "C05LD0CEAHY"), *one.messages[1:])),
    ),
    (
        "not in the plan",
        "is not in the plan",
        lambda one: one._replace(
            proposals=(*one.proposals, made(9, "shefu", DUE["tdb26"])),
            messages=(*one.messages, asked(9, "tdb26")._replace(text="• 9 for shefu")),
        ),
    ),
]


def moved_step(evidence: Evidence, target: str, name: str, minutes: int) -> Evidence:
    facts = tuple(
        one.model_copy(update={"at": one.at + timedelta(minutes=minutes)})
        if (one.subject, one.value["step"]) == (target, name)
        else one
        for one in evidence.facts[DEPARTURE]
    )
    return evidence._replace(facts={DEPARTURE: facts})


@pytest.mark.parametrize(("word", "spoil"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_d11_each_fault_is_found(word: str, spoil: Spoil) -> None:
    found = judged(spoil(good()))
    assert any(word in sentence for sentence in found), found


def test_d11_targets_of_one_rule_stay_apart_across_rollouts() -> None:
    near = made(9, "pzp6e", DUE["uzr34"] + timedelta(hours=23))
    other = near._replace(key=near.key.replace("W43", "W42"))
    found = list(too_early(Evidence(proposals=(ELECTED, made(1, "uzr34", DUE["uzr34"]), other)), TRAINS))
    assert "dre.weekly/2024-W42: uzr34 and pzp6e were proposed 23:00:00 apart" in found


def test_d09_times_are_those_of_the_wall_in_both_weeks_of_a_clock_change() -> None:
    """On the Monday after the clocks went back 09:00 in Zurich is 08:00 UTC; the week before it was 07:00."""
    week_before = RUN._replace(began=BEGAN - timedelta(weeks=1, hours=1))
    early = made(1, "io67a", DUE["io67a"] - timedelta(weeks=1, hours=1))
    elected = made(0, "", early.at - timedelta(days=3), "elect")
    evidence = Evidence(proposals=(elected, early), runs=(week_before,))
    assert list(too_early(evidence, TRAINS)) == []
    sooner = early._replace(at=early.at - timedelta(minutes=1))
    assert len(list(too_early(evidence._replace(proposals=(elected, sooner)), TRAINS))) == 1


def test_d11_the_faults_break_the_invariants_that_are_named() -> None:
    spoilt = adding(proposals=made(1, "io67a", DUE["io67a"] - timedelta(hours=1)))(good())
    broken = {finding.invariant for finding in judge(spoilt, {"dre": TEAM}) if not finding.holds}
    assert broken >= INVARIANTS - {"A batch is over when each target runs its version, and is quiet"}
    spoilt = without_step("io67a", "done")(good())
    broken = {finding.invariant for finding in judge(spoilt, {"dre": TEAM}) if not finding.holds}
    assert "A batch is over when each target runs its version, and is quiet" in broken


def test_d30_a_proposal_is_read_from_the_stand_ins_state() -> None:
    shape = {"id": "7", "kind": "elect", "target": "", "version": VERSION, "key": ELECTED.key, "executed_at": None}
    read = proposed_by({**shape, "created_at": MONDAY.isoformat(), "decided_at": MONDAY.isoformat()})
    assert (read.at, read.decided_at, read.executed_at, read.departure) == (MONDAY, MONDAY, None, DEPARTURE)
