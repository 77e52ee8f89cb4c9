"""What the ledger holds of a rollout: its plan, what people said to it, and how far each target has come.

Everything is a fact of the departure, so that any task finds it again after a clear (F71). A second rollout of one
departure begins after the first was aborted; what its targets have reached stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from stationmaster.core.instants import Instant
from stationmaster.core.rollouts.plan import RolloutPlan, Way
from stationmaster.core.rollouts.progress import Progress
from stationmaster.core.value import Value

if TYPE_CHECKING:
    from stationmaster.ledger import Ledger
    from stationmaster.ledger.records import Fact

OPENED, CLOSED, WORD, STEP, LOOK = "rollout", "rollout_closed", "rollout_word", "rollout_step", "rollout_look"
WHOLE = "rollout"
Word = Literal["pause", "resume", "abort", "again", "leave", "downgrade"]
_TARGETS_WORDS = ("again", "leave")
_FURTHEST = (Progress.FAILED, Progress.DONE, Progress.RUNNING, Progress.ACCEPTED, Progress.PROPOSED)


class RolloutRefused(ValueError):
    """Something that may not be said to a rollout now, or a rollout that may not begin; the message says why."""


class RolloutRecord(Value):
    """A rollout as it was opened. ``number`` counts those of the departure from 1; ``version`` is the departure's.

    ``run`` is the run of the form that opened it, as ``<DAG>/<run id>``, which finds it again after a clear;
    ``accepted`` are the targets that may be taken back to something older, as who filled the form in named them.
    """

    departure: str
    number: int
    version: str
    plan: RolloutPlan
    opened_at: Instant
    opened_by: str
    run: str = ""
    accepted: tuple[str, ...] = ()


class Said(NamedTuple):
    """The newest word that holds for a whole rollout."""

    word: str
    why: str
    by: str
    at: datetime


class Reached(NamedTuple):
    """How far a target has come, since when, in which attempt, and with which proposal (its id, empty without)."""

    progress: Progress
    since: datetime | None = None
    attempt: int = 1
    proposal: str = ""
    why: str = ""


def newest(ledger: Ledger, departure: str) -> RolloutRecord | None:
    """Return the newest rollout of a departure, None before the first."""
    fact = ledger.fact(departure, OPENED)
    return None if fact is None else _record(fact)


def every(ledger: Ledger, departure: str) -> tuple[RolloutRecord, ...]:
    """Return the rollouts of a departure, the oldest first."""
    return tuple(_record(fact) for fact in ledger.facts(departure, kind=OPENED))


def accepted(ledger: Ledger, record: RolloutRecord) -> frozenset[str]:
    """Return the targets that may be taken back to something older, because a person has named them."""
    words = ledger.facts(record.departure, kind=WORD)
    said = (fact for fact in words if fact.value["word"] == "downgrade" and fact.value["number"] == record.number)
    return frozenset((*record.accepted, *(fact.subject for fact in said)))


def is_open(ledger: Ledger, record: RolloutRecord) -> bool:
    """Return whether a rollout is neither over nor aborted."""
    over = ledger.facts(record.departure, kind=CLOSED, subject=str(record.number))
    return not over and not aborted(ledger, record)


def aborted(ledger: Ledger, record: RolloutRecord) -> Said | None:
    """Return who aborted a rollout and why, None: nobody did."""
    return next((said for said in _said(ledger, record) if said.word == "abort"), None)


def paused(ledger: Ledger, record: RolloutRecord) -> Said | None:
    """Return who paused a rollout, None while it goes."""
    said = _said(ledger, record)
    return said[-1] if said and said[-1].word == "pause" else None


def write_opened(ledger: Ledger, record: RolloutRecord) -> RolloutRecord:
    """Keep a rollout; return the one that has its number already if somebody was faster."""
    value = record.model_dump(mode="json", exclude={"opened_at", "opened_by"})
    key = f"{OPENED}/{record.number}"
    fact = ledger.record_once(record.departure, OPENED, WHOLE, value, record.opened_at, record.opened_by, key=key)
    return _record(fact)


def write_closed(ledger: Ledger, record: RolloutRecord, outcome: Mapping[str, Any], now: datetime) -> None:
    """Keep that a rollout is over, once."""
    ledger.record_once(record.departure, CLOSED, str(record.number), dict(outcome), now, "stationmaster")


def write_word(
    ledger: Ledger, record: RolloutRecord, word: Word, *, target: str | None, why: str, now: datetime, by: str
) -> None:
    """Keep what a person said to a rollout, or to one of its targets."""
    value = {"word": word, "why": why, "number": record.number}
    ledger.record(record.departure, WORD, target or WHOLE, value, now, by)


def write_step(
    ledger: Ledger, record: RolloutRecord, way: Way, attempt: int, progress: Progress, now: datetime, **more: str
) -> None:
    """Keep that a target has come so far in an attempt, once."""
    value = {"step": str(progress), "version": way.version, "attempt": attempt, **more}
    key = f"{STEP}/{way.target}/{way.version}/{progress}/{attempt}"
    ledger.record_once(record.departure, STEP, way.target, value, now, "stationmaster", key=key)


def reached(ledger: Ledger, record: RolloutRecord) -> dict[str, Reached]:
    """Return how far each target of the plan has come."""
    steps, words = _by_subject(ledger.all_facts(record.departure, STEP)), _words(ledger, record)
    return {
        way.target: _reached(way, steps.get(way.target, ()), words.get(way.target, ()))
        for batch in record.plan.batches
        for way in batch.ways
    }


def changed_at(ledger: Ledger, departures: Sequence[str]) -> dict[str, datetime]:
    """Return when each target last began to get a version in any of some departures, or got it (separation)."""
    found: dict[str, datetime] = {}
    for departure in departures:
        for fact in ledger.all_facts(departure, STEP):
            if fact.value["step"] in (Progress.PROPOSED, Progress.ACCEPTED, Progress.RUNNING):
                found[fact.subject] = max(fact.at, found.get(fact.subject, fact.at))
    return found


def _reached(way: Way, steps: Sequence[Fact], words: Sequence[Fact]) -> Reached:
    attempt = 1 + sum(fact.value["word"] == "again" for fact in words)
    if words and words[-1].value["word"] == "leave":
        return Reached(Progress.LEFT, words[-1].at, attempt, why=str(words[-1].value["why"]))
    mine = [fact for fact in steps if (fact.value["version"], fact.value["attempt"]) == (way.version, attempt)]
    by_step = {fact.value["step"]: fact for fact in mine}
    proposal = next((str(fact.value["proposal"]) for fact in mine if "proposal" in fact.value), "")
    for progress in _FURTHEST:
        if (fact := by_step.get(progress)) is not None:
            return Reached(progress, fact.at, attempt, proposal, str(fact.value.get("why", "")))
    return Reached(Progress.PLANNED, words[-1].at if words else None, attempt)


def _words(ledger: Ledger, record: RolloutRecord) -> dict[str, list[Fact]]:
    found = ledger.facts(record.departure, kind=WORD)
    return _by_subject([fact for fact in found if fact.value["word"] in _TARGETS_WORDS])


def _said(ledger: Ledger, record: RolloutRecord) -> list[Said]:
    return [
        Said(str(fact.value["word"]), str(fact.value["why"]), fact.by, fact.at)
        for fact in ledger.facts(record.departure, kind=WORD, subject=WHOLE)
        if fact.value["number"] == record.number
    ]


def _by_subject(facts: Sequence[Fact]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        found.setdefault(fact.subject, []).append(fact)
    return found


def _record(fact: Fact) -> RolloutRecord:
    return RolloutRecord.model_validate({**fact.value, "opened_at": fact.at.isoformat(), "opened_by": fact.by})
