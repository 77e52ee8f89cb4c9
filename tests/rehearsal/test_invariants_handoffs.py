"""Each invariant of the handoffs, and a fault that breaks it and no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.config.loader import load
from stationmaster.ledger.records import Effect, EffectState, Fact
from stationmaster.rehearsal.evidence import Evidence, HandedOver, Opened, Run, Said
from stationmaster.rehearsal.invariants import judge
from tests.rehearsal.good_week import INCLUDE

DRE = load(INCLUDE, teams=["dre"]).team("dre")
AT = datetime(2024, 3, 11, 8, 0, tzinfo=UTC)
HANDOFF = HandedOver.of("dre.oncall", AT)
ANOUK = DRE.people["anouk"]
GROUP = "S05DRDRE01"
PACKED = "Open work is handed over as one issue, to whoever comes on call"
HANDLE = "A Slack handle is whoever is on call"
ANSWERED = "Every handoff is acknowledged, and silence is escalated once"
INVARIANTS = {PACKED, HANDLE, ANSWERED}

Spoil = Callable[[Evidence], Evidence]


def said(what: str, at: datetime = AT, text: str = "") -> Said:
    return Said(at, f"{HANDOFF.id}/{what}", text, True, "Stationmaster")


def fact(kind: str, at: datetime, by: str = "stationmaster") -> Fact:
    return Fact(seq=1, departure=HANDOFF.id, kind=kind, subject="handoff", value={}, at=at, by=by)


def moved(times: int = 1) -> Effect:
    return Effect(
        key=f"{HANDOFF.id}/handle/dr-dre/{ANOUK.slack[0]}",
        state=EffectState.DONE,
        intent={},
        receipt={"members": [ANOUK.slack[0]]},
        attempts=times,
        intended_at=AT,
        changed_at=AT,
    )


ISSUE = Opened(AT, "dfinity/dre", f"{HANDOFF.id}/package", "DRE rotation: Anouk Favre", ("dre-anouk",))


def good() -> Evidence:
    """One handoff of dre in which all went well."""
    return Evidence(
        handoffs=(HANDOFF,),
        messages=(said("tell/ops/anouk/slack", AT, f"<@{ANOUK.slack[0]}>: you are *ops*"), said("package/slack")),
        issues=(ISSUE,),
        effects=(moved(),),
        handles={GROUP: (ANOUK.slack[0],)},
        handed={
            HANDOFF.id: (fact("acknowledgement-asked", AT), fact("acknowledged", AT + timedelta(minutes=9), "anouk"))
        },
        runs=(Run("dre.oncall.handoff", "r", "success", AT, AT + timedelta(minutes=9)),),
    )


def answered(after: timedelta, by: str = "anouk") -> Spoil:
    facts = (fact("acknowledgement-asked", AT), fact("acknowledged", AT + after, by))
    return lambda evidence: evidence._replace(handed={HANDOFF.id: facts})


def saying(*messages: Said) -> Spoil:
    return lambda evidence: evidence._replace(messages=(*evidence.messages, *messages))


def broken(evidence: Evidence) -> list[str]:
    return [finding.invariant for finding in judge(evidence, {"dre": DRE}) if not finding.holds]


FAULTS: list[tuple[str, str, Spoil]] = [
    ("no issue", PACKED, lambda evidence: evidence._replace(issues=())),
    ("two issues", PACKED, lambda evidence: evidence._replace(issues=(ISSUE, ISSUE))),
    ("assigned to another", PACKED, lambda one: one._replace(issues=(ISSUE._replace(assignees=("dre-enzo",)),))),
    ("elsewhere", PACKED, lambda evidence: evidence._replace(issues=(ISSUE._replace(repository="x/y"),))),
    ("an untold package", PACKED, lambda evidence: evidence._replace(messages=evidence.messages[:1])),
    ("the handle is another", HANDLE, lambda evidence: evidence._replace(handles={GROUP: ("U0ENZO",)})),
    ("two in the handle", HANDLE, lambda evidence: evidence._replace(handles={GROUP: (ANOUK.slack[0], "U0ENZO")})),
    ("never moved", HANDLE, lambda evidence: evidence._replace(effects=())),
    ("moved twice", HANDLE, lambda evidence: evidence._replace(effects=(moved(2),))),
    ("nobody answered", ANSWERED, lambda evidence: evidence._replace(handed={})),
    ("answered by a stranger", ANSWERED, answered(timedelta(minutes=1), "nobody")),
    ("late and not escalated", ANSWERED, answered(timedelta(hours=5))),
    ("escalated though answered", ANSWERED, saying(said("acknowledge/escalated", AT + timedelta(hours=4)))),
    (
        "escalated too late",
        ANSWERED,
        lambda one: saying(said("acknowledge/escalated", AT + timedelta(hours=6)))(answered(timedelta(hours=7))(one)),
    ),
]


def test_a_good_handoff_breaks_nothing() -> None:
    assert broken(good()) == []


def test_silence_that_was_escalated_in_time_breaks_nothing() -> None:
    late = answered(timedelta(hours=5))(good())
    assert broken(saying(said("acknowledge/escalated", AT + timedelta(hours=4)))(late)) == []


@pytest.mark.parametrize(("invariant", "spoil"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_fault_breaks_its_own_invariant_and_no_other(invariant: str, spoil: Spoil) -> None:
    assert broken(spoil(good())) == [invariant]


def test_each_of_them_has_a_fault() -> None:
    assert {fault[1] for fault in FAULTS} == INVARIANTS
