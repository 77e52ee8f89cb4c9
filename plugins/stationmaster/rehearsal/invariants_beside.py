"""What must hold of hotfixes: who approved them, who heard of them, and that they came home (D-14, D-15, F39, F42)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.ledger.records import Departure, Fact
from stationmaster.rehearsal.evidence import Dispatch, Evidence, stood
from stationmaster.rehearsal.github import history as github_history

_Trains = Mapping[str, tuple[TeamConfig, TrainConfig]]
_AT_LEAST = {DepartureKind.HOTFIX: 1, DepartureKind.SECURITY_HOTFIX: 2}
"""How many others approve, whatever the train's file says."""


def spoken_of(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each public word about a security hotfix that is not disclosed (D-15)."""
    for departure in evidence.departures:
        team, train = trains[departure.train]
        if departure.kind is not DepartureKind.SECURITY_HOTFIX or train.security_hotfix is None:
            continue
        private = team.channels[train.security_hotfix.channel].id
        disclosed = _first(evidence, departure.id, "disclosed")
        for message in evidence.messages:
            about = message.key.startswith(f"{departure.id}/") or departure.id in message.text + message.posted
            early = disclosed is None or message.at < disclosed.at
            if message.by_bot and about and early and message.channel != private:
                yield f"{departure.id}: {message.key or 'a message'} was said in {message.channel}, not in {private}"
        for issue in evidence.issues:
            early = disclosed is None or issue.at < disclosed.at
            if early and (issue.key.startswith(f"{departure.id}/") or departure.id in issue.title):
                yield f"{departure.id}: an issue of {issue.repository} speaks of it"


def unapproved(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each hotfix in production that too few approved who neither asked for it nor wrote it."""
    for found in evidence.dispatches:
        kind = kind_of(found.departure)
        team, train = trains[found.departure.split("/", 1)[0]]
        if not kind.is_hotfix or found.environment != train.production or found.stop == "rollback":
            continue
        rule, pin = train.beside(kind), evidence.aboard(found.departure, found.at)
        needed = max(_AT_LEAST[kind], rule.approvals if rule is not None else 0)
        approved = _approvers(evidence, found, pin.manifest) if pin is not None else set()
        approved -= _wrote_or_asked(evidence, found.departure, team)
        if len(approved) < needed:
            yield f"{found.departure}: it came to {found.environment} with {len(approved)} of {needed} approvals"


def homeless(evidence: Evidence, trains: _Trains) -> Iterator[str]:
    """Yield each hotfix that was closed before its branch had it, and each train that went without it (F39, F40)."""
    for departure in evidence.departures:
        picked = _first(evidence, departure.id, "picked")
        if not departure.kind.is_hotfix or departure.state != "DONE" or picked is None:
            continue
        home = _first(evidence, departure.id, "home")
        closed = _became(evidence, departure.id, "DONE") or departure.changed_at
        if home is None or home.at > closed:
            yield f"{departure.id}: closed before its branch was seen to have it"
        landed = _landed(evidence, picked)
        late = [sha for sha, at in landed.items() if at is not None and at > closed]
        if late:
            yield f"{departure.id}: closed before {late[0][:12]} was on the branch"
        yield from _left_behind(evidence, trains, departure, picked)


def _left_behind(evidence: Evidence, trains: _Trains, departure: Departure, picked: Fact) -> Iterator[str]:
    repository, production = str(picked.value["repository"]), trains[departure.train][1].production
    there = [one for one in evidence.dispatches if one.departure == departure.id and one.environment == production]
    arrived = min((one.at for one in there), default=departure.opened_at)
    replaced = [fact for facts in evidence.facts.values() for fact in facts if fact.kind == "replaced"]
    bases = {str(fact.value["to"]): str(fact.value["from"]) for fact in replaced}
    has_it = {str(fact.value["to"]) for fact in replaced if fact.value["hotfix"] == departure.id}
    wanted = [at for at in _landed(evidence, picked).values() if at is not None]
    has_it.update(sha for sha, at in _landings(evidence, repository).items() if not wanted or at >= max(wanted))
    for found in evidence.dispatches:
        of_train = kind_of(found.departure) is DepartureKind.TRAIN and found.departure.startswith(f"{departure.train}/")
        later = found.at > arrived and found.stop == "promote" and found.environment == production
        if of_train and later and found.repository == repository and not has_it & _built_upon(found.sha, bases):
            yield f"{found.departure}: {found.sha[:12]} went to {production} without {departure.id}"


def _built_upon(sha: str, bases: Mapping[str, str]) -> set[str]:
    """Return a commit, and those below it that hotfixes were put upon, down to the one that was cut."""
    below: set[str] = set()
    while sha and sha not in below:
        below.add(sha)
        sha = bases.get(sha, "")
    return below


def _approvers(evidence: Evidence, found: Dispatch, manifest: str) -> set[str]:
    last: dict[str, str] = {}
    for ballot in sorted(stood(evidence.ballots.get(found.departure, ()), found.at), key=lambda one: one.cast_at):
        if ballot.voter and ballot.manifest == manifest and ballot.cast_at <= found.at:
            last[ballot.voter] = ballot.choice
    return {voter for voter, choice in last.items() if choice == "approve"}


def _wrote_or_asked(evidence: Evidence, departure: str, team: TeamConfig) -> set[str]:
    facts = evidence.facts.get(departure, ())
    asked = {fact.by for fact in facts if fact.kind == "asked"}
    authors = {
        commit.author
        for fact in facts
        if fact.kind == "picked"
        for commit in github_history.of(str(fact.value["repository"])).commits
        if commit.sha in fact.value["origins"]
    }
    return asked | {person.id for person in team.people.values() if person.github in authors}


def _landed(evidence: Evidence, picked: Fact) -> dict[str, datetime | None]:
    """Return when each commit that a hotfix was made of stood on main; None: it is not of the history."""
    landings = _landings(evidence, str(picked.value["repository"]))
    return {str(sha): landings.get(str(sha)) for sha in picked.value["origins"]}


def _landings(evidence: Evidence, repository: str) -> dict[str, datetime]:
    """Return when each commit came to main: the recorded ones, and those by which Stationmaster merged an upgrade."""
    made = {one.commit: one.at for one in evidence.merged if one.repository == repository and one.commit}
    return {**made, **{commit.sha: commit.landed_at for commit in github_history.of(repository).commits}}


def _first(evidence: Evidence, departure: str, kind: str) -> Fact | None:
    return next((fact for fact in evidence.facts.get(departure, ()) if fact.kind == kind), None)


def _became(evidence: Evidence, departure: str, state: str) -> datetime | None:
    changes = (entry for entry in evidence.audit if entry.action == "departure.state" and entry.subject == departure)
    return next((entry.at for entry in changes if entry.body.get("to") == state), None)
