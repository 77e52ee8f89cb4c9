"""The invariants of what leaves beside a train, and each fault that breaks them (D-14, D-15, F39 … F42)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.ledger.records import Departure, DepartureState, Fact
from stationmaster.rehearsal.evidence import Dispatch, Evidence, MergedPull, Opened, Pin, Said
from stationmaster.rehearsal.github import history as github_history
from stationmaster.rehearsal.invariants import judge
from stationmaster.rehearsal.invariants_beside import homeless, spoken_of, unapproved
from tests.rehearsal.good_week import CUT, EXPLORER, ballot, dispatch, entry, teams

HOTFIX = "cellxgene.weekly/2021-W43.security-hotfix-1"
TRAIN = "cellxgene.weekly/2021-W44"
AT = CUT + timedelta(days=1)
CLOSED = AT + timedelta(hours=2)
FIXED, MANIFEST = "e" * 40, "m" * 64
PRIVATE, PUBLIC = "C05SECURITY", "C0244PQK934"
HISTORY = github_history.load(github_history.RECORDED[EXPLORER])
ORIGIN = HISTORY.head(AT)
LATER = HISTORY.commits[HISTORY.landed(AT)]
BEFORE = HISTORY.commits[HISTORY.landed(AT) - 2]
INVARIANTS = {
    "Nothing public is said of a security hotfix",
    "Nobody approves a hotfix that they asked for or wrote, and enough others do",
    "A hotfix is closed when its branch and the train have it",
}

Spoil = Callable[[Evidence], Evidence]


def fact(kind: str, departure: str = HOTFIX, at=AT, by: str = "stationmaster", **value) -> Fact:
    return Fact(seq=1, departure=departure, kind=kind, subject="x", value=value, at=at, by=by)


def picked(origin: str = ORIGIN.sha) -> Fact:
    return fact(
        "picked", component="explorer", repository=EXPLORER, base="b" * 40, sha=FIXED, origins=[origin], branch="main"
    )


ASKED = fact("asked", by="farah")
HOME = fact("home", at=CLOSED - timedelta(minutes=5), sha=ORIGIN.sha)


def said(channel: str, text: str = "it runs", key: str = f"{HOTFIX}/tell/arrived", hours: float = 0) -> Said:
    return Said(AT + timedelta(hours=hours), key, text, True, "Stationmaster", channel=channel)


def went(sha: str, departure: str = TRAIN, hours: float = 24) -> Dispatch:
    at = AT + timedelta(hours=hours)
    return dispatch(EXPLORER, "prod", at, "promote", sha=sha)._replace(key=f"{departure}/promote/explorer/prod/{sha}/1")


def good() -> Evidence:
    closed = Departure(
        id=HOTFIX,
        train="cellxgene.weekly",
        week=IsoWeek.parse("2021-W43"),
        state=DepartureState.DONE,
        round=1,
        opened_at=AT - timedelta(hours=1),
        opened_by="farah",
        changed_at=CLOSED,
        changed_by="stationmaster",
        why="",
    )
    votes = [ballot(name, manifest=MANIFEST, cast_at=AT - timedelta(minutes=5)) for name in ("amara", "emil")]
    return Evidence(
        departures=(closed,),
        dispatches=(went(FIXED, HOTFIX, 0), went(LATER.sha)),
        messages=(said(PRIVATE), said(PUBLIC, "the week's train", key=f"{TRAIN}/tell/headline")),
        ballots={HOTFIX: tuple(votes)},
        facts={HOTFIX: (ASKED, picked(), HOME)},
        pins=(Pin(AT - timedelta(minutes=30), HOTFIX, MANIFEST, {EXPLORER: FIXED}),),
    )


def judged(evidence: Evidence) -> list[str]:
    trains = {"cellxgene.weekly": (teams()["cellxgene"], teams()["cellxgene"].trains["weekly"])}
    return [
        *spoken_of(evidence, trains),
        *unapproved(evidence, trains),
        *homeless(evidence, trains),
    ]


def having(**fields) -> Spoil:
    return lambda evidence: evidence._replace(**fields)


def votes(*several) -> Spoil:
    return having(ballots={HOTFIX: several})


def vote(name: str, **changed):
    return ballot(name, **{"manifest": MANIFEST, "cast_at": AT - timedelta(minutes=5), **changed})


def facts(*several: Fact) -> Spoil:
    return having(facts={HOTFIX: several})


def test_d15_a_good_hotfix_breaks_nothing() -> None:
    assert judged(good()) == []


FAULTS: list[tuple[str, str, Spoil]] = [
    ("a public word", "was said in C0244PQK934", lambda one: one._replace(messages=(said(PUBLIC),))),
    (
        "its name in public",
        "was said in C0244PQK934",
        having(messages=(said(PUBLIC, f"{HOTFIX} waits", key="cellxgene.oncall/2021-10-25T16:00Z/package/slack"),)),
    ),
    (
        "an issue about it",
        "speaks of it",
        having(issues=(Opened(AT, EXPLORER, f"{HOTFIX}/issue", "a fix", ()),)),
    ),
    ("one approval", "with 1 of 2 approvals", votes(vote("amara"))),
    ("one person twice", "with 1 of 2 approvals", votes(vote("amara"), vote("amara"))),
    ("whoever asked", "with 1 of 2 approvals", votes(vote("amara"), vote("farah"))),
    ("another manifest", "with 1 of 2 approvals", votes(vote("amara"), vote("emil", manifest="0" * 64))),
    ("too late", "with 1 of 2 approvals", votes(vote("amara"), vote("emil", cast_at=AT + timedelta(minutes=1)))),
    (
        "taken back",
        "with 1 of 2 approvals",
        votes(vote("amara"), vote("emil"), vote("emil", choice="withdraw", cast_at=AT - timedelta(minutes=1))),
    ),
    ("nobody saw it at home", "closed before its branch was seen", facts(ASKED, picked())),
    (
        "at home after it was closed",
        "closed before its branch was seen",
        facts(ASKED, picked(), HOME.model_copy(update={"at": CLOSED + timedelta(hours=1)})),
    ),
    ("not on the branch", "was on the branch", facts(ASKED, picked(LATER.sha), HOME)),
    (
        "a train without it",
        f"went to prod without {HOTFIX}",
        having(dispatches=(went(FIXED, HOTFIX, 0), went(BEFORE.sha))),
    ),
    (
        "a stray commit instead",
        f"went to prod without {HOTFIX}",
        having(dispatches=(went(FIXED, HOTFIX, 0), went("d" * 40))),
    ),
]


@pytest.mark.parametrize(("word", "spoil"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_d15_each_fault_is_found(word: str, spoil: Spoil) -> None:
    found = judged(spoil(good()))
    assert len(found) >= 1
    assert all(word in sentence for sentence in found), found


def test_d14_whoever_wrote_a_commit_does_not_approve_it() -> None:
    wrote = teams()["cellxgene"].people["emil"].model_copy(update={"github": ORIGIN.author})
    team = teams()["cellxgene"]
    changed = team.model_copy(update={"people": {**team.people, "emil": wrote}})
    trains = {"cellxgene.weekly": (changed, changed.trains["weekly"])}
    assert list(unapproved(good(), trains)) == [f"{HOTFIX}: it came to prod with 1 of 2 approvals"]


def test_f40_a_train_that_got_the_commits_carries_the_hotfix_and_whatever_was_put_upon_it() -> None:
    upon = fact("replaced", TRAIN, **{"from": BEFORE.sha, "to": "c" * 40, "hotfix": HOTFIX})
    again = fact("replaced", TRAIN, at=AT + timedelta(hours=3), **{"from": "c" * 40, "to": "d" * 40, "hotfix": "other"})
    for sha in ("c" * 40, "d" * 40):
        week = good()._replace(dispatches=(went(FIXED, HOTFIX, 0), went(sha)))
        assert judged(week._replace(facts={**week.facts, TRAIN: (upon, again)})) == []


@pytest.mark.parametrize(
    ("base", "broken"),
    [
        pytest.param(ORIGIN.sha, False, id="cut when main had it"),
        pytest.param(LATER.sha, False, id="cut later"),
        pytest.param(BEFORE.sha, True, id="cut before"),
        pytest.param("9" * 40, True, id="unknown"),
    ],
)
def test_f40_a_train_that_was_cut_with_it_keeps_it_when_another_hotfix_is_put_upon_the_train(
    base: str, broken: bool
) -> None:
    other = fact("replaced", TRAIN, **{"from": base, "to": "c" * 40, "hotfix": "cellxgene.weekly/2021-W44.hotfix-1"})
    last = fact("replaced", TRAIN, **{"from": "c" * 40, "to": "d" * 40, "hotfix": "cellxgene.weekly/2021-W44.hotfix-2"})
    for sha in ("c" * 40, "d" * 40):
        week = good()._replace(dispatches=(went(FIXED, HOTFIX, 0), went(sha)))
        without = [f"{TRAIN}: {sha[:12]} went to prod without {HOTFIX}"] if broken else []
        assert judged(week._replace(facts={**week.facts, TRAIN: (other, last)})) == without


@pytest.mark.parametrize(("landed", "broken"), [(AT, False), (BEFORE.landed_at, True)], ids=["after it", "before it"])
def test_f40_a_train_of_what_we_merged_has_what_was_on_main_before_the_merge(landed, broken: bool) -> None:
    merge = MergedPull(landed, EXPLORER, 7, "a" * 40, "d" * 40)
    week = good()._replace(dispatches=(went(FIXED, HOTFIX, 0), went("d" * 40)), merged=(merge,))
    assert judged(week) == ([f"{TRAIN}: {'d' * 12} went to prod without {HOTFIX}"] if broken else [])


def test_d15_what_is_disclosed_may_be_spoken_of() -> None:
    disclosed = fact("disclosed", at=AT + timedelta(hours=1), by="farah")
    after = said(PUBLIC, hours=2)
    week = good()
    week = week._replace(messages=(*week.messages, after), facts={HOTFIX: (*week.facts[HOTFIX], disclosed)})
    assert judged(week) == []


def test_f39_the_audit_says_when_it_was_closed() -> None:
    early = entry(1, HOME.at - timedelta(hours=1), "departure.state", to="DONE")
    week = good()._replace(audit=(early.model_copy(update={"subject": HOTFIX}),))
    assert judged(week) == [f"{HOTFIX}: closed before its branch was seen to have it"]


def test_d15_the_faults_break_the_invariants_that_are_named() -> None:
    broken = votes()(having(messages=(said(PUBLIC),))(facts(ASKED, picked())(good())))
    assert {finding.invariant for finding in judge(broken, teams()) if not finding.holds} >= INVARIANTS
