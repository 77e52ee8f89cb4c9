"""What must hold after every rehearsal, counted from the evidence and without the code that it judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.rehearsal import github_history
from stationmaster.rehearsal.evidence import Dispatch, Evidence
from stationmaster.rehearsal.github_specs import CheckSpec

ONCE = ("headline", "cut/started", "cut/complete", "promote/started", "promote/complete")


class Finding(NamedTuple):
    """One invariant, and where it is broken."""

    invariant: str
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return not self.broken


def judge(evidence: Evidence, teams: dict[str, TeamConfig], *, shift: timedelta = timedelta()) -> tuple[Finding, ...]:
    """Return every invariant with what breaks it."""
    trains = {train.key: (team, train) for team in teams.values() for train in team.trains.values()}
    checks: dict[str, Callable[[], Iterator[str]]] = {
        "At most one production deployment per departure, repository and sha": lambda: _doubles(evidence, trains),
        "No production deployment without a quorum on exactly that manifest at that instant": lambda: _without_quorum(
            evidence, trains
        ),
        "No production deployment before the soak is over": lambda: _too_early(evidence, trains),
        "No production deployment outside the window": lambda: _outside(evidence, trains),
        "A cut takes the newest green commit of its instant": lambda: _not_newest(evidence, trains, shift),
        "Every waiting task has a blocker": lambda: (
            f"{found.at:%Y-%m-%d %H:%M} {found.dag_id} {found.task}" for found in evidence.blind
        ),
        "Every start, success and failure is announced exactly once": lambda: _announcements(evidence),
        "The audit chain verifies": lambda: iter(evidence.breaks),
        "Something was cut and something was promoted": lambda: _nothing_happened(evidence),
    }
    return tuple(Finding(name, tuple(check())) for name, check in checks.items())


_Trains = dict[str, tuple[TeamConfig, TrainConfig]]


def _promotions(evidence: Evidence, trains: _Trains) -> Iterator[tuple[Dispatch, TeamConfig, TrainConfig]]:
    for dispatch in evidence.dispatches:
        team, train = trains[dispatch.departure.split("/", 1)[0]]
        if dispatch.environment == train.production and dispatch.stop == "promote":
            yield dispatch, team, train


def _doubles(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    counted = Counter((found.departure, found.repository, found.sha) for found, _, _ in _promotions(evidence, trains))
    for (departure, repository, sha), times in counted.items():
        if times > 1:
            yield f"{departure}: {repository} {sha[:12]} was deployed {times} times"


def _without_quorum(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    for found, team, train in _promotions(evidence, trains):
        if evidence.manifests[found.departure].get(found.repository) != found.sha:
            yield f"{found.departure}: {found.repository} {found.sha[:12]} is not in the manifest"
        eligible = {
            name
            for name in team.groups.get(str(train.gates.quorum.voters), ())
            if team.people[name].active and not team.people[name].bot
        }
        last: dict[str, tuple[datetime, str]] = {}
        for ballot in evidence.ballots[found.departure]:
            if ballot.voter not in eligible or ballot.cast_at > found.at:
                continue
            if ballot.manifest == evidence.manifest_hashes[found.departure]:
                last[ballot.voter] = max(last.get(ballot.voter, (ballot.cast_at, "")), (ballot.cast_at, ballot.choice))
        approvals = sum(choice == "approve" for _, choice in last.values())
        if approvals < train.gates.quorum.needed or any(choice == "veto" for _, choice in last.values()):
            yield f"{found.departure}: {found.repository} was deployed at {found.at:%H:%M} with {approvals} approvals"


def _too_early(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    for found, _, train in _promotions(evidence, trains):
        zone = ZoneInfo(train.zone)
        arrivals = [
            fact.at.astimezone(zone).date()
            for fact in evidence.facts[found.departure]
            if fact.kind == "deployed" and fact.subject.endswith(f"/{train.staging}")
        ]
        today = found.at.astimezone(zone).date()
        if not arrivals or (today - max(arrivals)).days < train.gates.soak.days:
            yield f"{found.departure}: promoted on {today}, on staging since {max(arrivals, default=None)}"


def _outside(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    for found, _, train in _promotions(evidence, trains):
        local, stop = found.at.astimezone(ZoneInfo(train.zone)), train.stops.promote
        if local.strftime("%A").lower() != stop.day.value or not stop.earliest <= local.time():
            yield f"{found.departure}: promoted on {local:%A %H:%M}"


def _not_newest(evidence: Evidence, trains: _Trains, shift: timedelta) -> Iterator[str]:
    pinned = {
        entry.subject: entry.at
        for entry in evidence.audit
        if "pin" in entry.action and entry.subject in evidence.manifests
    }
    for departure, manifest in evidence.manifests.items():
        _, train = trains[departure.split("/", 1)[0]]
        for repository, sha in manifest.items():
            at = pinned.get(departure)
            if at is None:
                yield f"{departure}: the audit does not say when it was pinned"
                continue
            history = github_history.load(github_history.RECORDED[repository], shift=shift)
            newest = history.head(at - CheckSpec().after)
            if newest is None or newest.sha != sha:
                yield f"{departure}: {repository} {sha[:12]} boarded, {newest.sha[:12] if newest else None} was newest"


def _announcements(evidence: Evidence) -> Iterator[str]:
    counted = Counter(message.key for message in evidence.messages if message.by_bot and message.key)
    for key, times in counted.items():
        if times > 1:
            yield f"{key} was said {times} times"
    for departure in evidence.departures:
        wanted: tuple[str, ...] = ("headline",)
        if departure.state in ("STAGED", "GATED", "PROMOTING", "DONE"):
            wanted += ("cut/started", "cut/complete")
        if departure.state == "DONE":
            wanted += ("promote/started", "promote/complete")
        if departure.state in ("FAILED", "PARTIAL"):
            wanted += ("promote/failed",) if departure.round else ("cut/failed",)
        for what in wanted:
            if not counted[f"{departure.id}/tell/{what}"]:
                yield f"{departure.id}: {what} was never said"


def _nothing_happened(evidence: Evidence) -> Iterator[str]:
    if not any(found.state == "DONE" for found in evidence.departures):
        yield f"the departures ended as {', '.join(f'{found.id} {found.state}' for found in evidence.departures)}"
