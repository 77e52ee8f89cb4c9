"""The invariants of the troubles that a rehearsal made on purpose, and each fault that breaks them (F12, F37, F67)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.ledger.records import Departure, DepartureState
from stationmaster.rehearsal.evidence import Evidence, Pin, Run, Wait
from stationmaster.rehearsal.invariants import judge
from stationmaster.rehearsal.invariants_script import bad_ends, half_there, missed, unplayed
from stationmaster.rehearsal.placing import Place
from tests.rehearsal.good_week import EXPLORER, PROMOTE, dispatch, entry, fact, said, teams

MISSED, HALF, NEXT = (f"cellxgene.weekly/2021-W{week}" for week in (43, 44, 45))
HOTFIX = f"{NEXT}.hotfix-1"
LATER = PROMOTE + timedelta(weeks=1)
FAILED, MENDED = LATER + timedelta(hours=1), LATER + timedelta(days=1, hours=1)
INVARIANTS = {
    "What is missed is told once, and nothing of it is deployed",
    "What is half in production is seen, and the next departure waits for it",
    "Every trouble that was asked for has happened",
    "Every run ended well",
}
SCRIPT = (
    Place("missed", "cellxgene.weekly", PROMOTE, departure=MISSED),
    Place("partial", "cellxgene.weekly", LATER, "explorer", HALF, MENDED),
    Place("freeze", "cellxgene.weekly", MENDED, "explorer"),
)

Spoil = Callable[[Evidence], Evidence]


def departure(name: str, state: DepartureState, opened_at) -> Departure:
    return Departure(
        id=name,
        train="cellxgene.weekly",
        week=IsoWeek.parse(name.partition("/")[2][:8]),
        state=state,
        round=1,
        opened_at=opened_at,
        opened_by="timetable",
        changed_at=opened_at,
        changed_by="stationmaster",
        why="the window closed",
    )


def told(name: str, what: str):
    return said(what, PROMOTE, key=f"{name}/tell/{what}")


def run(name: str, state: str, run_id: str) -> Run:
    return Run("cellxgene.weekly.promote", run_id, state, PROMOTE, LATER, name)


def state(seq: int, to: str, at):
    return entry(seq, at, "departure.state", to=to).model_copy(update={"subject": HALF})


def good() -> Evidence:
    return Evidence(
        departures=(
            departure(MISSED, DepartureState.MISSED, PROMOTE - timedelta(days=6)),
            departure(HALF, DepartureState.DONE, LATER - timedelta(days=6)),
            departure(NEXT, DepartureState.STAGED, LATER + timedelta(days=1)),
            departure(HOTFIX, DepartureState.DONE, MENDED),
        ),
        dispatches=(went(NEXT, MENDED + timedelta(minutes=20)),),
        messages=(told(MISSED, "promote/missed"), told(HALF, "promote/failed")),
        facts={HOTFIX: (fact("freeze-exception-used", "fx-1", MENDED),)},
        pins=(Pin(MENDED + timedelta(minutes=10), NEXT, "m" * 64, {}),),
        audit=(state(1, "PROMOTING", LATER), state(2, "PARTIAL", FAILED), state(3, "PROMOTING", MENDED)),
        waits=(
            Wait(f"{NEXT}/cut/wait_for_the_window", "one is there, one is not", (), "PREVIOUS_PARTIAL"),
            Wait(f"{HOTFIX}/promote/explorer.deploy_to_prod", "a freeze", (), "FROZEN"),
        ),
        runs=(run(MISSED, "failed", "r1"), run(HALF, "failed", "r2"), run(HALF, "success", "r2")),
        script=SCRIPT,
    )


def went(name: str, at):
    return dispatch(EXPLORER, "staging", at, "cut")._replace(key=f"{name}/cut/explorer/staging/x/1")


def judged(evidence: Evidence) -> list[str]:
    trains = {"cellxgene.weekly": (teams()["cellxgene"], teams()["cellxgene"].trains["weekly"])}
    return [*missed(evidence, trains), *half_there(evidence), *unplayed(evidence), *bad_ends(evidence)]


def having(**fields) -> Spoil:
    return lambda evidence: evidence._replace(**fields)


def adding(**several) -> Spoil:
    return lambda evidence: evidence._replace(
        **{name: (*getattr(evidence, name), value) for name, value in several.items()}
    )


def without(number: int, name: str) -> Spoil:
    return lambda evidence: evidence._replace(
        **{name: tuple(one for place, one in enumerate(getattr(evidence, name)) if place != number)}
    )


def test_f67_the_script_that_was_played_breaks_nothing() -> None:
    assert judged(good()) == []


FAULTS: list[tuple[str, str, Spoil]] = [
    ("missed in silence", "missed, and that was told 0 times", without(0, "messages")),
    ("told twice", "missed, and that was told 2 times", adding(messages=told(MISSED, "promote/missed/again-1"))),
    (
        "missed and deployed",
        "deployed to prod all the same",
        adding(dispatches=dispatch(EXPLORER, "prod", PROMOTE, "promote")._replace(key=f"{MISSED}/promote/explorer/x")),
    ),
    (
        "reminded of what is missed",
        "missed, and reminded of all the same",
        adding(messages=told(MISSED, "promote/round-1/reminder-7")),
    ),
    (
        "missed without a reason",
        "missed, though nothing kept it",
        lambda one: one._replace(
            departures=(*one.departures, departure("cellxgene.weekly/2021-W50", DepartureState.MISSED, LATER)),
            messages=(*one.messages, told("cellxgene.weekly/2021-W50", "promote/missed")),
        ),
    ),
    ("half there in silence", "nobody was told", without(1, "messages")),
    (
        "the next one goes on",
        f"{NEXT}: went on while {HALF}",
        adding(dispatches=went(NEXT, MENDED - timedelta(hours=1))),
    ),
    (
        "the next one is pinned",
        f"{NEXT}: went on while {HALF}",
        adding(pins=Pin(MENDED - timedelta(hours=1), NEXT, "n" * 64, {})),
    ),
    ("nobody settles it, and the next one goes", f"{NEXT}: went on", without(2, "audit")),
    ("the next one says nothing", "did not say that it waits", without(0, "waits")),
    ("nothing was half there", "partial of cellxgene.weekly", having(audit=())),
    ("nothing was missed", "missed of cellxgene.weekly", without(0, "departures")),
    ("no hotfix in the freeze", "freeze of cellxgene.weekly", without(3, "departures")),
    ("no exception was used", "freeze of cellxgene.weekly", having(facts={})),
    ("no freeze held it", "freeze of cellxgene.weekly", without(1, "waits")),
    (
        "no rollback",
        "rollback of cellxgene.weekly",
        adding(script=Place("rollback", "cellxgene.weekly", PROMOTE, departure=HALF)),
    ),
    (
        "no security hotfix",
        "security-hotfix of cellxgene.weekly",
        adding(script=Place("security-hotfix", "cellxgene.weekly", MENDED, "explorer")),
    ),
    (
        "no commit turned red",
        "red-tip of cellxgene.weekly",
        adding(script=Place("red-tip", "cellxgene.weekly", PROMOTE, "portal")),
    ),
    ("the rest was never brought", "ended as failed", without(2, "runs")),
    ("another run failed", "ended as failed", adding(runs=run(NEXT, "failed", "r3"))),
    (
        "a cut failed",
        "ended as failed",
        adding(runs=run(MISSED, "failed", "r4")._replace(dag_id="cellxgene.weekly.cut")),
    ),
    ("a missed run looks well", "though", having(runs=(run(MISSED, "success", "r1"),))),
]


@pytest.mark.parametrize(("word", "spoil"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_f67_each_fault_is_found_and_nothing_else(word: str, spoil: Spoil) -> None:
    found = judged(spoil(good()))
    assert found
    assert all(word in sentence for sentence in found), found


def test_a_rollback_that_happened_is_seen() -> None:
    place = Place("rollback", "cellxgene.weekly", PROMOTE, departure=HALF)
    back = departure(HALF, DepartureState.ROLLED_BACK, LATER)
    assert list(unplayed(Evidence(departures=(back,), script=(place,)))) == []
    early = back.model_copy(update={"changed_at": PROMOTE - timedelta(days=1)})
    assert len(list(unplayed(Evidence(departures=(early,), script=(place,))))) == 1


def test_f67_the_faults_break_the_invariants_that_are_named() -> None:
    spoilt = adding(runs=run(NEXT, "failed", "r3"))(having(audit=(), messages=())(good()))
    spoilt = spoilt._replace(audit=good().audit)
    spoilt = spoilt._replace(script=(*spoilt.script, Place("rollback", "cellxgene.weekly", PROMOTE)))
    assert {finding.invariant for finding in judge(spoilt, teams()) if not finding.holds} >= INVARIANTS
