"""A hotfix: what runs in production, with chosen commits on top; a departure of its own (D-14, D-15, F39 … F42).

A feature build is made in the same way, on top of a departure's commit instead of production's (D-13).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.core.instants import IsoWeek
from stationmaster.core.issue_links import NotAnIssueLink, issue_link
from stationmaster.core.manifest import InvalidRef, InvalidSha, Manifest, Passenger, valid_ref, valid_sha
from stationmaster.core.transitions import Act
from stationmaster.core.value import Value
from stationmaster.departures import beside, changes, ruling, telling, wording_beside
from stationmaster.departures.acts import StateGuard
from stationmaster.departures.bringing_home import under_way
from stationmaster.departures.electing import running_sha
from stationmaster.departures.homecoming import PICKED
from stationmaster.departures.obstacles import DepartureSkipped, conducted_by
from stationmaster.departures.picking import branch_of, put_on_top
from stationmaster.hooks.errors import ForgeNotFound, ForgeRejected
from stationmaster.work.obstacles import StepImpossible

if TYPE_CHECKING:
    from stationmaster.config.components import Component
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Departure

PLAN = "plan"
"""The fact that says what goes on top of what."""
MOST_COMMITS = 20


class HotfixRefused(ValueError):
    """A form that asks for what cannot be, or would do nothing."""


class Wish(Value):
    """What a form asks for.

    :param commits: full shas, in the order in which they are put on top of each other.
    :param branch: where they stand; empty: the component's own branch.
    :param name: of a feature build.
    :param of: the week of the departure that a feature build is a variant of; empty: the newest.
    """

    component: str
    commits: tuple[str, ...]
    branch: str = ""
    reason: str = ""
    issue: str = ""
    name: str = ""
    of: str = ""


class Commit(Value):
    """A commit that is to be brought."""

    sha: str
    title: str


class HotfixPlan(Value):
    """What would happen: ``commits`` on top of ``base``, onto ``environment``.

    :param ready: the commit has ``base`` already, and is taken as it is.
    """

    kind: DepartureKind
    component: str
    repository: str
    environment: str
    base: str
    branch: str
    commits: tuple[Commit, ...]
    ready: bool
    approvals: int
    behind: str | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What will happen, in words."""
        onto = "taken as it is, for it contains" if self.ready else "put on top of"
        said = [f"{self.component}: {each.sha[:12]} {each.title!r}" for each in self.commits]
        said.append(f"These commits are {onto} {self.base[:12]}, and go to {self.environment}.")
        if self.kind.is_hotfix:
            people = "person approves" if self.approvals == 1 else "people approve"
            said.append(f"Nothing is deployed before {self.approvals} {people}, who neither asked nor wrote it.")
            said.append(f"It is done when it runs there and {self.branch} has it.")
        if self.behind is not None:
            said.append(f"{self.behind} is under way: it gets the commits, too, and is voted on anew.")
        return tuple(said)


def plan(station: Station, kind: DepartureKind, wish: Wish) -> HotfixPlan:
    """Return what a form would do now, having asked GitHub for each commit.

    :raises HotfixRefused: it cannot be, or would do nothing.
    """
    component = _component(station, kind, wish)
    environment = _environment(station, kind, component)
    if kind.is_hotfix and not wish.reason.strip():
        raise HotfixRefused("Why? A hotfix is asked for with its reason: it stands in the message and the audit.")
    if kind.is_hotfix:
        _issue(station, wish)
    branch = _branch(wish.branch.strip() or component.branch)
    shas = _shas(wish.commits)
    base = _base(station, kind, component, wish)
    head = station.forge.find_branch(component.repository, branch)
    if head is None:
        raise HotfixRefused(f"{component.repository} has no branch {branch!r}.")
    commits = tuple(_commit(station, component, branch, head, sha) for sha in shas)
    for commit in commits:
        if _within(station, component, commit.sha, base):
            raise HotfixRefused(f"{commit.sha[:12]} is in {base[:12]} already: there is nothing to bring.")
    own = branch != component.branch and len(shas) == 1
    rule = station.train.beside(kind)
    return HotfixPlan(
        kind=kind,
        component=component.id,
        repository=component.repository,
        environment=environment,
        base=base,
        branch=branch if not kind.is_hotfix else component.branch,
        commits=commits,
        ready=own and _within(station, component, base, shas[0]),
        approvals=rule.approvals if rule is not None else 0,
        behind=_under_way(station, component) if kind.is_hotfix else None,
    )


def open_one(station: Station, kind: DepartureKind, wish: Wish, *, key: str, by: str) -> Departure:
    """Open the departure of a form, once for each ``key``, and write down what was asked for.

    :param by: the person who asks.
    """
    week = IsoWeek.of(station.now(), station.train.zone)
    departure = station.ledger.open_beside(station.train.key, week, kind, station.now(), by, key=key)
    value = wish.model_dump(mode="json")
    station.ledger.record_once(departure.id, beside.ASKED, "form", value, station.now(), by)
    if wish.issue.strip() and station.train.rules.issue is not None and kind.is_hotfix:
        ruling.give_link(station, departure.id, wish.issue.strip(), by=by)
    return departure


def asked_for(station: Station, departure: str) -> Wish:
    """Return what the form of a departure asked for."""
    fact = station.ledger.fact(departure, beside.ASKED)
    if fact is None:
        raise LookupError(f"nobody has asked for {departure}")
    return Wish.model_validate(fact.value)


def pick(station: Station, departure: str) -> Manifest:
    """Put the commits on top of what they go on top of, and pin the result; a second call finds it.

    :raises DepartureSkipped: what runs there has them already.
    :raises StepImpossible: a person must resolve a conflict (F42).
    :raises HotfixRefused: what was asked for is no longer possible.
    """
    pinned = station.ledger.manifest_of(departure)
    if pinned is not None:
        return pinned
    asked = station.ledger.fact(departure, beside.ASKED)
    by = asked.by if asked is not None else "stationmaster"
    found = plan_it(station, departure)
    shas = tuple(commit.sha for commit in found.commits)
    sha = shas[0] if found.ready else _picked(station, departure, found.repository, found.base, shas)
    if sha == found.base:
        why = f"{found.environment} has these commits already"
        station.ledger.move(departure, Act.FIND_EMPTY, station.now(), by, why)
        raise DepartureSkipped(f"{departure}: {why}")
    value = {
        "component": found.component,
        "repository": found.repository,
        "base": found.base,
        "sha": sha,
        "origins": list(shas),
        "branch": found.branch,
    }
    station.ledger.record_once(departure, PICKED, "hotfix", value, station.now(), by)
    changes.keep_back(station, departure, found.repository, found.base, sha, *shas)
    manifest = Manifest.of([Passenger(component=found.component, repository=found.repository, sha=sha)])
    station.ledger.pin(departure, manifest, station.now(), by)
    changes.collect(station, departure, manifest)
    station.ledger.move(departure, Act.PICK, station.now(), by, f"manifest {manifest.short} pinned")
    return manifest


def is_planned(station: Station, departure: str) -> bool:
    """Return whether it stands in the ledger what is put on top of what."""
    return station.ledger.fact(departure, PLAN) is not None or station.ledger.manifest_of(departure) is not None


def plan_it(station: Station, departure: str) -> HotfixPlan:
    """Return what was planned when the commits were first to be put on top: production may have moved on since.

    :raises HotfixRefused: what was asked for is no longer possible.
    """
    known = station.ledger.fact(departure, PLAN)
    if known is None:
        asked = station.ledger.fact(departure, beside.ASKED)
        by = asked.by if asked is not None else "stationmaster"
        value = plan(station, kind_of(departure), asked_for(station, departure)).model_dump(mode="json")
        known = station.ledger.record_once(departure, PLAN, "hotfix", value, station.now(), by)
    return HotfixPlan.model_validate(known.value)


def disclose(station: Station, departure: str, *, why: str, by: str) -> None:
    """Let a security hotfix be spoken of: its notes are told in the train's channel, and are kept back no longer.

    :raises HotfixRefused: it is none, it does not run in production, or it was disclosed before.
    """
    if kind_of(departure) is not DepartureKind.SECURITY_HOTFIX:
        raise HotfixRefused(f"{departure} is no security hotfix: there is nothing to disclose.")
    before = station.ledger.fact(departure, beside.DISCLOSED)
    if before is not None:
        raise HotfixRefused(f"{departure} was disclosed by {before.by} already.")
    if station.ledger.manifest_of(departure) is None:
        raise HotfixRefused(f"{departure} has brought nothing yet.")
    if not why.strip():
        raise HotfixRefused("Why? It stands in the audit.")
    value = {"why": why.strip()}
    station.ledger.record_once(departure, beside.DISCLOSED, "hotfix", value, station.now(), by)
    telling.tell_publicly(station, departure, "disclosed", wording_beside.disclosed(station, departure))


def _picked(station: Station, departure: str, repository: str, base: str, shas: tuple[str, ...]) -> str:
    from stationmaster.hooks.forge_picks import PickConflict
    from stationmaster.ledger.errors import EffectRefused

    key, branch = f"{departure}/pick/{base}", branch_of(departure)
    try:
        guard = StateGuard(station, departure, Act.PICK)
        return put_on_top(station, key, repository=repository, base=base, shas=shas, branch=branch, guard=guard)
    except EffectRefused as refused:
        if isinstance(refused.__cause__, PickConflict):
            sha = refused.__cause__.sha[:12]
            who = conducted_by(station)
            raise StepImpossible(blocker("PICK_CONFLICT", who=who, sha=sha, base=base)) from refused
        raise


def _component(station: Station, kind: DepartureKind, wish: Wish) -> Component:
    from stationmaster.config.train import UnknownComponent

    allowed = station.train.feature_builds if kind is DepartureKind.FEATURE_BUILD else station.train.beside(kind)
    if allowed is None:
        raise HotfixRefused(f"{station.train.key} allows no {kind.words} in its file.")
    try:
        return station.train.component(wish.component)
    except UnknownComponent as unknown:
        raise HotfixRefused(str(unknown)) from unknown


def _environment(station: Station, kind: DepartureKind, component: Component) -> str:
    builds = station.train.feature_builds
    environment = (
        builds.environment if kind is DepartureKind.FEATURE_BUILD and builds is not None else station.train.production
    )
    if component.deploy(environment).mode == "none":
        raise HotfixRefused(f"{component.id} is not deployed to {environment}.")
    return environment


def _issue(station: Station, wish: Wish) -> None:
    """Refuse a hotfix without the issue that the train's rules ask for (T-04)."""
    rule = station.train.rules.issue
    if rule is None:
        return
    if not wish.issue.strip() and rule.mode == "required":
        raise HotfixRefused(f"Under which issue? Give the address of one of {rule.repository}.")
    if wish.issue.strip():
        try:
            issue_link(wish.issue.strip(), rule.repository)
        except NotAnIssueLink as error:
            raise HotfixRefused(str(error)) from error


def _branch(name: str) -> str:
    try:
        return valid_ref(name)
    except InvalidRef as error:
        raise HotfixRefused(str(error)) from error


def _shas(given: Sequence[str]) -> tuple[str, ...]:
    shas = tuple(each.strip() for each in given if each.strip())
    if not shas:
        raise HotfixRefused("Which commits? Give all 40 hexadecimal digits of each, one a line.")
    if len(shas) > MOST_COMMITS:
        raise HotfixRefused(f"{len(shas)} commits are no hotfix; {MOST_COMMITS} at most.")
    for sha in shas:
        try:
            valid_sha(sha)
        except InvalidSha as error:
            raise HotfixRefused(str(error)) from error
        if shas.count(sha) > 1:
            raise HotfixRefused(f"{sha[:12]} is named twice.")
    return shas


def _base(station: Station, kind: DepartureKind, component: Component, wish: Wish) -> str:
    if kind is DepartureKind.FEATURE_BUILD:
        return _cut(station, component, wish)
    running = running_sha(station, component.id, station.train.production)
    if running is None:
        raise HotfixRefused(f"{station.train.production} runs nothing of {component.id} yet: there is nothing to fix.")
    return running


def _cut(station: Station, component: Component, wish: Wish) -> str:
    for departure in station.ledger.departures(station.train.key):
        manifest = station.ledger.manifest_of(departure.id)
        if manifest is None or (wish.of.strip() and str(departure.week) != wish.of.strip()):
            continue
        for passenger in manifest.passengers:
            if passenger.component == component.id:
                return passenger.sha
    week = wish.of.strip() or "yet"
    raise HotfixRefused(f"{station.train.key} has cut nothing of {component.id} {week}: there is no base for a build.")


def _commit(station: Station, component: Component, branch: str, head: str, sha: str) -> Commit:
    try:
        found = station.forge.commit(component.repository, sha)
        on_branch = _within(station, component, sha, head)
    except (ForgeNotFound, ForgeRejected):
        raise HotfixRefused(f"{component.repository} has no commit {sha}.") from None
    if not on_branch:
        raise HotfixRefused(f"{sha[:12]} is not on the branch {branch!r} of {component.repository}. Name its branch.")
    return Commit(sha=sha, title=found.title)


def _within(station: Station, component: Component, sha: str, head: str) -> bool:
    """Return whether ``head`` contains ``sha``."""
    return sha == head or station.forge.compare(component.repository, sha, head).status in ("ahead", "identical")


def _under_way(station: Station, component: Component) -> str | None:
    found = under_way(station, component.id)
    return found.id if found is not None else None
