"""What must hold of the troubles that a rehearsal made: they happened, they were seen, and nothing else went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.ledger.records import Departure
from stationmaster.rehearsal.evidence import Evidence, Run
from stationmaster.rehearsal.placing import Place

_Trains = Mapping[str, tuple[TeamConfig, TrainConfig]]
_SOON = timedelta(hours=1)
_FAILING = ("missed", "partial")
_KINDS = {
    "hotfix": DepartureKind.HOTFIX,
    "security-hotfix": DepartureKind.SECURITY_HOTFIX,
    "freeze": DepartureKind.HOTFIX,
}


def missed(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each missed departure that was not told of exactly once, or went on, or was not to be missed (F12)."""
    scripted = {place.departure for place in evidence.script if place.trouble == "missed"}
    for departure in evidence.departures:
        if departure.state != "MISSED":
            continue
        if departure.id not in scripted:
            yield f"{departure.id}: missed, though nothing kept it: {departure.why}"
        notices = [
            message.key
            for message in evidence.messages
            for stop in ("cut", "promote")
            if message.by_bot and message.key.startswith(f"{departure.id}/tell/{stop}/missed")
        ]
        if len(notices) != 1:
            yield f"{departure.id}: missed, and that was told {len(notices)} times"
        late = [one.key for one in evidence.messages if one.at >= departure.changed_at and _reminds(one.key, departure)]
        if late:
            yield f"{departure.id}: missed, and reminded of all the same: {late[0]}"
        production = trains[departure.train][1].production
        if any(one.departure == departure.id and one.environment == production for one in evidence.dispatches):
            yield f"{departure.id}: missed, and deployed to {production} all the same"


def half_there(evidence: Evidence) -> Iterator[str]:
    """Yield each departure that was half in production unseen, or that a later one did not wait for (F67)."""
    for departure in evidence.departures:
        span = _half(evidence, departure.id)
        if span is None:
            continue
        began, ended = span
        if not any(
            one.by_bot and one.key.startswith(f"{departure.id}/tell/promote/failed") for one in evidence.messages
        ):
            yield f"{departure.id}: half in production, and nobody was told"
        for later in _after(evidence, departure):
            steps = [pin.at for pin in evidence.pins if pin.departure == later.id]
            steps += [one.at for one in evidence.dispatches if one.departure == later.id]
            if any(at > began and (ended is None or at < ended) for at in steps):
                yield f"{later.id}: went on while {departure.id} was half in production"
            waited = any(
                wait.code == "PREVIOUS_PARTIAL" and wait.subject.startswith(f"{later.id}/") for wait in evidence.waits
            )
            if began < later.opened_at and (ended is None or later.opened_at < ended) and not waited:
                yield f"{later.id}: did not say that it waits for {departure.id}"


def unplayed(evidence: Evidence) -> Iterator[str]:
    """Yield each trouble of the script that did not happen: then nothing that it should have shown was shown."""
    for place in evidence.script:
        if place.trouble == "red-tip":
            if not evidence.red:
                yield f"red-tip of {place.train} at {place.at:%Y-%m-%d %H:%M} UTC did not happen"
        elif not any(_happened(evidence, place, departure) for departure in evidence.departures):
            yield f"{place.trouble} of {place.train} at {place.at:%Y-%m-%d %H:%M} UTC did not happen"


def bad_ends(evidence: Evidence) -> Iterator[str]:
    """Yield each run that failed, but those of promotions that the script let fail: they are to show as failed."""
    to_fail = {place.departure for place in evidence.script if place.trouble in _FAILING}
    last: dict[tuple[str, str], Run] = {(run.dag_id, run.run_id): run for run in evidence.runs}
    half = {place.departure for place in evidence.script if place.trouble == "partial"}
    for run in evidence.runs:
        promotion = run.dag_id.endswith(".promote") and run.departure in to_fail
        mended = run.departure not in half or last[run.dag_id, run.run_id].state == "success"
        if run.state != "success" and not (promotion and mended):
            yield f"{run.dag_id} {run.run_id} ended as {run.state}"
        if run.state == "success" and promotion and not _was_failed(evidence, run):
            yield f"{run.dag_id} {run.run_id} ended as success, though {run.departure} was to fail"


def _reminds(key: str, departure: Departure) -> bool:
    return key.startswith(f"{departure.id}/tell/promote/round-") and "/reminder-" in key


def _was_failed(evidence: Evidence, run: Run) -> bool:
    return any((one.dag_id, one.run_id, one.state) == (run.dag_id, run.run_id, "failed") for one in evidence.runs)


def _happened(evidence: Evidence, place: Place, departure: Departure) -> bool:
    if departure.train != place.train:
        return False
    if place.trouble == "missed":
        return departure.id == place.departure and departure.state == "MISSED"
    if place.trouble == "partial":
        return departure.id == place.departure and _half(evidence, departure.id) is not None
    if place.trouble == "rollback":
        return departure.state == "ROLLED_BACK" and departure.changed_at >= place.at
    if departure.kind is not _KINDS[place.trouble] or not place.at <= departure.opened_at < place.at + _SOON:
        return False
    if place.trouble == "freeze":
        held = any(wait.code == "FROZEN" and wait.subject.startswith(f"{departure.id}/") for wait in evidence.waits)
        facts = evidence.facts.get(departure.id, ())
        return held and any(fact.kind == "freeze-exception-used" for fact in facts)
    return departure.state in ("DONE", "ROLLED_BACK")


def _half(evidence: Evidence, departure: str) -> tuple[datetime, datetime | None] | None:
    """Return from when until when a departure was PARTIAL, by the audit; None: never."""
    changes = [one for one in evidence.audit if one.action == "departure.state" and one.subject == departure]
    began = next((one for one in changes if one.body.get("to") == "PARTIAL"), None)
    if began is None:
        return None
    return began.at, next((one.at for one in changes if one.seq > began.seq), None)


def _after(evidence: Evidence, departure: Departure) -> Iterator[Departure]:
    for later in evidence.departures:
        same = later.train == departure.train and later.kind is DepartureKind.TRAIN
        if same and later.week > departure.week:
            yield later
