"""The cut: which commit of each component boards, pinned once (C-11, F08, F25, F27, F59)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from stationmaster.config.components import Component
from stationmaster.core.blockers import Blocker, blocker, fill
from stationmaster.core.checks import CheckReport, merge_checks
from stationmaster.core.gates import Standing
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.core.transitions import Act
from stationmaster.departures import arriving, bringing_home, homecoming
from stationmaster.departures.electing import running_sha
from stationmaster.departures.obstacles import DepartureSkipped
from stationmaster.hooks.errors import ForgeError
from stationmaster.work.obstacles import StepImpossible, passed, passes, waiting

if TYPE_CHECKING:
    from stationmaster.departures.station import Station


class Selection:
    """What would board now: the passengers chosen so far and what keeps the others from boarding."""

    def __init__(self) -> None:
        self.passengers: list[Passenger] = []
        self.blockers: list[Blocker] = []
        self.notes: list[str] = []
        self.as_they_are: set[str] = set()
        """Components whose commit a person chose, or that stay at what production runs: their checks do not matter."""

    @property
    def standing(self) -> Standing:
        """Whether the cut can be pinned as it is."""
        return waiting("cut", *self.blockers) if self.blockers else passed("cut")


def select(station: Station, *, board: Mapping[str, str] | None = None, exclude: Collection[str] = ()) -> Selection:
    """Return what a cut at this instant would take: for each component the newest green commit of its branch.

    :param board: component id -> sha that a person chose instead; it must stand on the branch.
    :param exclude: component ids that stay behind.
    :raises ForgeError: GitHub refused; what is only out of reach is a blocker.
    """
    selection = Selection()
    for component in station.train.components:
        if component.id in exclude:
            selection.notes.append(f"{component.id} stays behind by choice")
            continue
        try:
            _select_one(station, component, (board or {}).get(component.id), selection)
        except ForgeError as error:
            if not passes(error):
                raise
            selection.blockers.append(
                blocker(
                    "CHECKS_UNREADABLE",
                    who=(station.conductor.id,),
                    subject=component.id,
                    component=component.id,
                    sha=component.branch,
                    why=str(error).rstrip("."),
                )
            )
    return selection


def pin(station: Station, departure: str, selection: Selection, *, by: str) -> Manifest:
    """Pin the selection as the departure's manifest.

    A cut that is cleared and run again finds its manifest pinned and keeps it (F01, F71).

    :raises DepartureSkipped: nothing new is aboard (F25).
    :raises StepImpossible: the manifest was rejected after a rollback (F46).
    """
    pinned = station.ledger.manifest_of(departure)
    if pinned is not None:
        return pinned
    manifest = Manifest.of(selection.passengers)
    skips = station.train.stops.cut.nothing_to_ship == "skip"
    if manifest.empty or (skips and _nothing_new(station, manifest)):
        why = "nothing new since what prod runs"
        station.ledger.move(departure, Act.FIND_EMPTY, station.now(), by, why)
        raise DepartureSkipped(f"{departure}: {why}")
    rejection = station.ledger.rejection(manifest.hash)
    if rejection is not None:
        raise StepImpossible(
            blocker(
                "MANIFEST_REJECTED",
                since=rejection.at,
                who=(station.conductor.id,),
                manifest=manifest.short,
                reason=rejection.reason,
            )
        )
    _refuse_what_turned_red(station, selection)
    # Of two workers that cut at the same moment the first one's choice is everybody's (F38).
    value = manifest.model_dump(mode="json")
    chosen = station.ledger.record_once(departure, "cut", "manifest", value, station.now(), by)
    manifest = Manifest.model_validate(chosen.value)
    for note in selection.notes:
        once = f"note/{note}"
        station.ledger.record_once(departure, "note", "cut", {"text": note}, station.now(), by, key=once)
    station.ledger.pin(departure, manifest, station.now(), by)
    station.ledger.move(departure, Act.PIN, station.now(), by, f"manifest {manifest.short} pinned")
    return manifest


def _select_one(station: Station, component: Component, chosen: str | None, selection: Selection) -> None:
    head = station.forge.head(component.repository, component.branch)
    present = running_sha(station, component.id, station.train.production)
    if present is not None and _cannot_follow(station, component, present, head, selection):
        return
    sha = chosen if chosen is not None else _newest_green(station, component, head, present, selection)
    if sha is None:
        return
    if chosen is not None and station.forge.compare(component.repository, chosen, head).status not in (
        "ahead",
        "identical",
    ):
        selection.blockers.append(
            blocker(
                "HISTORY_REWRITTEN",
                who=(station.conductor.id,),
                subject=component.id,
                component=component.id,
                branch=component.branch,
                sha=chosen[:12],
            )
        )
        return
    lacking = next(homecoming.missing(station, component.id, sha), None)
    if lacking is not None:
        selection.blockers.append(bringing_home.keeps_the_cut(station, lacking))
        return
    if chosen is not None:
        state = _checks(station, component, chosen).state
        selection.notes.append(f"{component.id}: {chosen[:12]} was chosen by a person, its checks are {state}")
    if chosen is not None or sha == present:
        selection.as_they_are.add(component.id)
    if component.optional and present == sha:
        selection.notes.append(f"{component.id} has nothing new")
        return
    selection.passengers.append(Passenger(component=component.id, repository=component.repository, sha=sha))


def _cannot_follow(station: Station, component: Component, running: str, head: str, selection: Selection) -> bool:
    """What a cut takes must be able to follow what production runs (F27, F39, F50)."""
    wanted = arriving.drifted(station, component.id, running)
    if wanted is not None:
        values = {"found": running[:12], "expected": wanted[:12]}
        where = {"component": component.id, "environment": station.train.production}
        who = (station.conductor.id,)
        selection.blockers.append(fill("DRIFT", {**where, **values}, who=who, subject=component.id))
        return True
    said = arriving.adoption(station, component.id, running)
    if said is not None and said.over:
        return False
    return _rewritten(station, component, running, head, selection)


def _rewritten(station: Station, component: Component, running: str, head: str, selection: Selection) -> bool:
    status = station.forge.compare(component.repository, running, head).status
    if status in ("ahead", "identical"):
        return False
    if any(hotfix.sha == running for hotfix in homecoming.hotfixes(station, component.id)):
        return False  # no hotfix stands on the branch as it is; whether it came home is asked of what boards
    selection.blockers.append(
        blocker(
            "HISTORY_REWRITTEN",
            who=(station.conductor.id,),
            subject=component.id,
            component=component.id,
            branch=component.branch,
            sha=running[:12],
        )
    )
    return True


def _newest_green(
    station: Station, component: Component, head: str, running: str | None, selection: Selection
) -> str | None:
    """Return the newest green commit; never one that is older than what production runs, nor more than fit aboard."""
    over = _too_many(station, component, running, head)
    depth = station.train.stops.cut.look_back + over
    pending: list[tuple[str, str]] = []
    looked_at = 0
    for position, commit in enumerate(station.forge.commits(component.repository, head, depth)):
        if position < over and commit.sha != running:
            continue
        checks = _checks(station, component, commit.sha)
        if commit.sha == running or checks.usable:
            if position:
                why = f"{station.train.stops.cut.most_commits} board at most" if over else "their checks are not green"
                selection.notes.append(f"{component.id}: {position} newer commit(s) stay behind, {why}")
            return commit.sha
        looked_at += 1
        if checks.state == "pending":
            pending.append((commit.sha, ", ".join((*checks.pending, *checks.missing))))
    who, name = (station.conductor.id,), component.id
    if pending:
        sha, running = pending[0]
        selection.blockers.append(blocker("CHECKS_PENDING", subject=name, component=name, sha=sha[:12], checks=running))
    else:
        selection.blockers.append(
            blocker("NO_GREEN_COMMIT", who=who, subject=name, component=name, looked_at=looked_at)
        )
    return None


def _too_many(station: Station, component: Component, running: str | None, head: str) -> int:
    """Return how many of the newest commits are more than the train takes at once."""
    most = station.train.stops.cut.most_commits
    if most is None or running is None or running == head:
        return 0
    return max(0, station.forge.compare(component.repository, running, head).ahead_by - most)


def _checks(station: Station, component: Component, sha: str) -> CheckReport:
    return merge_checks(station.forge.check_results(component.repository, sha), component.checks.rules)


def _refuse_what_turned_red(station: Station, selection: Selection) -> None:
    """A check that was started again since the selection counts (F08).

    :raises StepImpossible: a chosen commit is not green any more; clearing the task chooses again.
    """
    for passenger in selection.passengers:
        component = station.train.component(passenger.component)
        if passenger.component in selection.as_they_are:
            continue
        checks = _checks(station, component, passenger.sha)
        if checks.state in ("red", "pending"):
            who, names = (station.conductor.id,), ", ".join((*checks.failing, *checks.pending, *checks.missing))
            code = "CHECKS_RED" if checks.state == "red" else "CHECKS_PENDING"
            sha = passenger.sha[:12]
            raise StepImpossible(
                blocker(code, who=who, subject=component.id, component=component.id, sha=sha, checks=names)
            )


def _nothing_new(station: Station, manifest: Manifest) -> bool:
    for passenger in manifest.passengers:
        if running_sha(station, passenger.component, station.train.production) != passenger.sha:
            return False
    return True
