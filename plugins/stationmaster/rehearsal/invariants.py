"""What must hold after every rehearsal, counted from the evidence and without the code that it judges."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.core.quorum import Ballot
from stationmaster.rehearsal.evidence import Dispatch, Evidence, stood
from stationmaster.rehearsal.github import history as github_history
from stationmaster.rehearsal.github.call import number_of
from stationmaster.rehearsal.github.specs import CheckSpec
from stationmaster.rehearsal.invariants_beside import homeless, spoken_of, unapproved
from stationmaster.rehearsal.invariants_duty import ABOUT_PEOPLE as DUTY_OF_PEOPLE
from stationmaster.rehearsal.invariants_duty import judge_duty
from stationmaster.rehearsal.invariants_freezes import deployed_in_a_freeze
from stationmaster.rehearsal.invariants_handoffs import misplaced_handles, unanswered, unpacked
from stationmaster.rehearsal.invariants_people import left_out, pushed_by_strangers, strangers, untold, wrong_conductors
from stationmaster.rehearsal.invariants_rollouts import proposed_twice, too_early, unasked, unverified
from stationmaster.rehearsal.invariants_script import bad_ends, half_there, missed, unplayed
from stationmaster.rehearsal.invariants_upgrades import unruly_upgrades

TENS_OF_MILLIONS = 10_000_000
"""The stand-in draws which commits are red from numbers below this one."""
PAST_THE_CUT = frozenset({"STAGED", "GATED", "PROMOTING", "DONE", "PARTIAL", "ROLLED_BACK"})
NAMED = "Whoever is named as on call is on call"
TOLD = "Whoever comes on call is told so, once"
PUSHED = "Nothing comes to production but on the word of somebody who may change it"
HANDED_OVER = "Open work is handed over as one issue, to whoever comes on call"
HANDLES = "A Slack handle is whoever is on call"
_ABOUT_PEOPLE = frozenset({NAMED, TOLD, HANDED_OVER, HANDLES}) | DUTY_OF_PEOPLE

Trains = Mapping[str, tuple[TeamConfig, TrainConfig]]


class Finding(NamedTuple):
    """One invariant, and where it is broken."""

    invariant: str
    broken: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """What could not be judged, such as rotations whose people are not counted a second time."""

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return not self.broken


def judge(
    evidence: Evidence, teams: Mapping[str, TeamConfig], *, shift: timedelta = timedelta()
) -> tuple[Finding, ...]:
    """Return every invariant with what breaks it.

    :param shift: how far the history was moved.
    """
    trains = {train.key: (team, train) for team in teams.values() for train in team.trains.values()}
    found: dict[str, Iterator[str]] = {
        "At most one production deployment per departure, repository and sha": _doubles(evidence, trains),
        "No production deployment without a quorum on exactly that manifest at that instant": _without_quorum(
            evidence, trains
        ),
        "No production deployment before the soak is over": _too_early(evidence, trains),
        "No production deployment outside the window": _outside(evidence, trains),
        "A cut takes the newest green commit of its instant": _not_newest(evidence, shift),
        "Nobody votes for a manifest that is not theirs, or with somebody else's account": strangers(evidence, trains),
        NAMED: wrong_conductors(evidence, trains),
        TOLD: untold(evidence, teams),
        HANDED_OVER: unpacked(evidence, teams),
        HANDLES: misplaced_handles(evidence, teams),
        "Every handoff is acknowledged, and silence is escalated once": unanswered(evidence, teams),
        "An upgrade is started once, and merged once, by its policy or by whoever is on call": unruly_upgrades(
            evidence, teams
        ),
        "Every waiting task has a blocker": _unexplained(evidence),
        "Every start, success and failure is announced exactly once": _announcements(evidence),
        "The audit chain verifies": iter(evidence.breaks),
        "Nothing public is said of a security hotfix": spoken_of(evidence, trains),
        "Nobody approves a hotfix that they asked for or wrote, and enough others do": unapproved(evidence, trains),
        "A hotfix is closed when its branch and the train have it": homeless(evidence, trains),
        "Nothing is deployed in a freeze but by an exception that others approved, used once": deployed_in_a_freeze(
            evidence, trains
        ),
        "What is missed is told once, and nothing of it is deployed": missed(evidence, trains),
        "What is half in production is seen, and the next departure waits for it": half_there(evidence),
        "Every trouble that was asked for has happened": unplayed(evidence),
        "Every run ended well": bad_ends(evidence),
        "Something was cut, promoted or handed over": _nothing_happened(evidence),
    }
    if any(train.rules.actors is not None for _, train in trains.values()):
        found[PUSHED] = pushed_by_strangers(evidence, trains)
    if any(train.rollout is not None for _, train in trains.values()):
        found |= {
            "Nothing is proposed twice": proposed_twice(evidence),
            "Each target gets its version in its turn: the canary first, at its time, apart from others": too_early(
                evidence, trains
            ),
            "A batch is over when each target runs its version, and is quiet": unverified(evidence, trains),
            "Votes are asked for once for each proposal": unasked(evidence, trains),
        }
    found |= judge_duty(evidence, teams)
    uncounted = left_out(teams)
    return tuple(
        Finding(name, tuple(broken), uncounted if name in _ABOUT_PEOPLE else ()) for name, broken in found.items()
    )


def manifest_hash(commits: Mapping[str, str]) -> str:
    """Return the sha256 of the canonical JSON of repository -> sha, as a ballot names it."""
    text = json.dumps(dict(sorted(commits.items())), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _promotions(evidence: Evidence, trains: Trains) -> Iterator[tuple[Dispatch, TeamConfig, TrainConfig]]:
    for dispatch in evidence.dispatches:
        team, train = trains[dispatch.departure.split("/", 1)[0]]
        if dispatch.environment == train.production and dispatch.stop != "rollback":
            yield dispatch, team, train


def _doubles(evidence: Evidence, trains: Trains) -> Iterator[str]:
    # What has failed is tried again once for each answer by which a person asked for that; nothing else goes twice.
    counted: Counter[tuple[str, str, str]] = Counter()
    for found, _team, train in sorted(_promotions(evidence, trains), key=lambda one: one[0].at):
        names = [each.id for each in train.components if each.repository == found.repository]
        asked = sum(
            fact.kind == "failure_answer"
            and fact.value["choice"] == "deploy_again"
            and fact.at <= found.at
            and fact.subject in {f"{name}/{train.production}" for name in names}
            for fact in evidence.facts.get(found.departure, ())
        )
        what = (found.departure, found.repository, found.sha)
        counted[what] += 1
        if counted[what] > 1 + asked:
            yield f"{found.departure}: {found.repository} {found.sha[:12]} was deployed {counted[what]} times"


def _without_quorum(evidence: Evidence, trains: Trains) -> Iterator[str]:
    for found, team, train in _promotions(evidence, trains):
        what = f"{found.departure}: {found.repository} {found.sha[:12]}"
        pin = evidence.aboard(found.departure, found.at)
        if pin is None or pin.commits.get(found.repository) != found.sha:
            yield f"{what} is not in the manifest"
            continue
        approved, vetoed = votes_at(
            evidence.ballots.get(found.departure, ()), team, train, manifest_hash(pin.commits), found.at
        )
        approved -= _askers(evidence, found.departure)
        rule = train.beside(kind_of(found.departure))
        gate = train.gates.quorum if rule is None else rule.gate(train.gates.quorum)
        enough = {
            "none": True,
            "quorum": len(approved) >= gate.needed,
            "any_of": len(approved) >= gate.needed,
            "all_roles": all(approved & set(team.groups[role]) for role in gate.roles),
        }[gate.mode]
        if not enough or (gate.veto and vetoed):
            yield f"{what} was deployed with {len(approved)} of {gate.needed} approvals and {len(vetoed)} vetoes"


def _askers(evidence: Evidence, departure: str) -> set[str]:
    """Return who asked for a hotfix, and who wrote one of its commits: they do not approve it (D-14)."""
    if kind_of(departure) is DepartureKind.TRAIN:
        return set()
    facts = evidence.facts.get(departure, ())
    return {fact.by for fact in facts if fact.kind == "asked"}


def votes_at(
    ballots: tuple[Ballot, ...], team: TeamConfig, train: TrainConfig, manifest: str, at: datetime
) -> tuple[set[str], set[str]]:
    """Return who approves and who vetoes a manifest at an instant: of each person the newest word that stood."""
    gate = train.gates.quorum
    groups = gate.roles if gate.voters is None else (gate.voters,)
    eligible = {name for group in groups for name in team.groups[group]}
    last: dict[str, Ballot] = {}
    care = ("approve", "withdraw", "unclear", "veto")
    for ballot in sorted(stood(ballots, at), key=lambda one: (one.cast_at, care.index(one.choice))):
        person = team.people.get(ballot.voter or "")
        if person is None or person.id not in eligible or person.bot or not person.active:
            continue
        if ballot.manifest == manifest and ballot.cast_at <= at:
            last[person.id] = ballot
    return (
        {name for name, ballot in last.items() if ballot.choice == "approve"},
        {name for name, ballot in last.items() if ballot.choice == "veto"},
    )


def _too_early(evidence: Evidence, trains: Trains) -> Iterator[str]:
    for found, _team, train in _promotions(evidence, trains):
        if kind_of(found.departure) is not DepartureKind.TRAIN:
            continue
        zone, soak = ZoneInfo(train.zone), train.gates.soak
        pin, facts = evidence.aboard(found.departure, found.at), evidence.facts.get(found.departure, ())
        # What a hotfix was put upon soaks on with it, unless the train's file says otherwise (F40).
        put_upon = {
            fact.value["to"]: fact.value["from"]
            for fact in facts
            if fact.kind == "replaced" and not fact.value["restarts_soak"]
        }
        shas = {put_upon.get(sha, sha) for sha in pin.commits.values()} if pin is not None else set()
        arrivals = [
            fact.at
            for fact in facts
            if fact.kind == "deployed" and fact.subject.endswith(f"/{train.staging}") and fact.value["sha"] in shas
        ]
        newest = max(arrivals, default=None)
        if newest is None:
            yield f"{found.departure}: promoted without ever having been seen on {train.staging}"
            continue
        soaked = (
            (found.at.astimezone(zone).date() - newest.astimezone(zone).date()).days >= soak.days
            if soak.count == "calendar_days"
            else found.at - newest >= timedelta(days=soak.days)
        )
        if not soaked:
            on, since = found.at.astimezone(zone), newest.astimezone(zone)
            yield f"{found.departure}: promoted on {on:%a %d %b}, on {train.staging} since {since:%a %d %b}"


def _outside(evidence: Evidence, trains: Trains) -> Iterator[str]:
    first: dict[str, Dispatch] = {}
    for found, _team, train in sorted(_promotions(evidence, trains), key=lambda one: one[0].at):
        if kind_of(found.departure) is not DepartureKind.TRAIN:
            continue
        begins = first.setdefault(found.departure, found)
        stop, zone = train.stops.promote, ZoneInfo(train.zone)
        local = found.at.astimezone(zone)
        opens = local.replace(hour=stop.earliest.hour, minute=stop.earliest.minute, second=0, microsecond=0)
        opens -= timedelta(days=(local.weekday() - stop.day.index) % 7)
        last_day = (stop.latest_day or stop.day).index - stop.day.index
        closes = opens.replace(hour=stop.latest_start.hour, minute=stop.latest_start.minute) + timedelta(days=last_day)
        # What has begun in the window may be finished after it (F67).
        if not opens <= local or (local > closes and found is begins):
            yield f"{found.departure}: promoted on {local:%A %H:%M}, outside {opens:%A %H:%M} to {closes:%A %H:%M}"


def _not_newest(evidence: Evidence, shift: timedelta) -> Iterator[str]:
    for pin in evidence.pins:
        if kind_of(pin.departure) is not DepartureKind.TRAIN or pin != evidence.first_aboard(pin.departure):
            continue  # what a hotfix is made of, and what it was put upon, is chosen by a person
        for repository, sha in pin.commits.items():
            newest = newest_green(evidence, repository, pin.at, shift)
            if newest != sha:
                yield f"{pin.departure}: {repository} {sha[:12]} boarded, {str(newest)[:12]} was the newest green one"


def newest_green(evidence: Evidence, repository: str, at: datetime, shift: timedelta) -> str | None:
    """Return the sha of the newest commit on main whose checks were green at an instant, None where there is none.

    On main stand the recorded commits, and those by which Stationmaster merged an upgrade.
    """
    history = github_history.of(repository, shift=shift)
    spec = CheckSpec(red_share=evidence.red_share)

    def green(landed_at: datetime, sha: str) -> bool:
        drawn_red = number_of(f"{spec.seed}:{sha}") / TENS_OF_MILLIONS < spec.red_share
        return landed_at + spec.after <= at and not drawn_red and (repository, sha) not in evidence.red

    landed = [(commit.landed_at, commit.sha) for commit in history.commits[: history.landed(at)]]
    recorded = next((found for found in reversed(landed) if green(*found)), None)
    merged = [(one.at, one.commit) for one in evidence.merged if one.repository == repository and one.commit]
    made = max((found for found in merged if green(*found)), default=None)
    newest = max((found for found in (recorded, made) if found is not None), key=itemgetter(0), default=None)
    return newest[1] if newest is not None else None


def _unexplained(evidence: Evidence) -> Iterator[str]:
    for found in evidence.blind:
        yield f"{found.at:%Y-%m-%d %H:%M} UTC: {found.dag_id} {found.task} waited without a blocker"


def _announcements(evidence: Evidence) -> Iterator[str]:
    counted = Counter(message.key for message in evidence.messages if message.by_bot and message.key)
    for key, times in counted.items():
        if times > 1:
            yield f"{key} was said {times} times"
    started: dict[str, set[str]] = defaultdict(set)
    for found in evidence.dispatches:
        started[found.departure].add(found.stop)
    for departure in evidence.departures:
        wanted = ["headline"]
        wanted += [f"{stop}/started" for stop in ("cut", "promote") if stop in started[departure.id]]
        if departure.state in PAST_THE_CUT and departure.kind is DepartureKind.TRAIN:
            wanted.append("cut/complete")
        if departure.state == "DONE":
            wanted.append("promote/complete")
        if departure.state in ("FAILED", "PARTIAL"):
            past = any(fact.kind == "round_opened" for fact in evidence.facts.get(departure.id, ()))
            wanted.append("promote/failed" if past else "cut/failed")
        for what in wanted:
            # A message that somebody deleted is said again under a key of its own.
            key = f"{departure.id}/tell/{what}"
            if not any(said == key or said.startswith(f"{key}/again-") for said in counted):
                yield f"{departure.id}: {what} was never said"


def _nothing_happened(evidence: Evidence) -> Iterator[str]:
    nothing_to_release = bool(evidence.handoffs) and not evidence.departures
    if not nothing_to_release and not any(found.state in ("DONE", "SKIPPED_EMPTY") for found in evidence.departures):
        ends = ", ".join(f"{found.id} {found.state}" for found in evidence.departures)
        yield f"no departure reached production: {ends or 'there was none'}"
