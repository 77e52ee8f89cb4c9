"""Deploy mode ``proposal``: production gets a commit when the proposal system elects it (D-11, D-30)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, Verdict
from stationmaster.departures.obstacles import conducted_by
from stationmaster.work.effects import Receipt, perform
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station
    from stationmaster.work.effects import Guard

MODE = "proposal"
SETTLES_AFTER = timedelta(seconds=30)
"""How long the proposal system may take to list a proposal whose answer was lost."""


def by_proposal(station: Station, component: str, environment: str) -> bool:
    """Return whether a component comes to an environment by an election."""
    return station.train.component(component).deploy(environment).mode == MODE


def running_sha(station: Station, component: str, environment: str) -> str | None:
    """Return what an environment runs: what was elected last, or what GitHub's deployments say; None: nothing known.

    :raises GovernanceError, ForgeError: it cannot be told.
    """
    found = station.train.component(component)
    if by_proposal(station, component, environment):
        last = station.proposals.last_elected()
        return last.version if last is not None else None
    running = station.forge.deployed_sha(found.repository, environment)
    return running.sha if running is not None else None


def ask(station: Station, leg: Leg, key: str, *, guard: Guard) -> Receipt:
    """Make the proposal that elects a leg's commit, once; one that is there and not lost is ours, whoever made it.

    :param guard: what must hold when it is sent.
    """

    def act() -> Receipt:
        title = f"Elect {leg.component} {leg.sha[:8]} ({leg.departure})"
        made = station.proposals.create("elect", target="", version=leg.sha, title=title, key=key)
        return {"proposal": made.id, "url": made.url}

    def look_up() -> Receipt | None:
        found = station.proposals.with_key(key) or station.proposals.newest("elect", version=leg.sha)
        if found is None or (found.key != key and found.status.lost):
            return None
        return {"proposal": found.id, "url": found.url}

    intent = {"kind": "elect", "version": leg.sha}
    return perform(station, key, guard=guard, intent=intent, act=act, look_up=look_up, settles_after=SETTLES_AFTER)


def follow(station: Station, leg: Leg, key: str) -> Standing:
    """Return how the election under ``key`` stands: PASS when the vote is won, DENY when nothing will come of it."""
    effect = station.ledger.effect(key)
    if effect is None or not effect.receipt:
        return waiting("run", blocker("EFFECT_UNSETTLED", why=f"the proposal to elect {leg.sha[:12]} is not seen yet"))
    proposal = station.proposals.read(str(effect.receipt["proposal"]))
    if proposal.status.accepted:
        return passed("run")
    if proposal.status.lost:
        lost = blocker(
            "PROPOSAL_LOST",
            since=proposal.created_at,
            who=conducted_by(station),
            proposal=proposal.id,
            version=leg.sha[:12],
            status=str(proposal.status),
        )
        return waiting("run", lost, verdict=Verdict.DENY)
    told = f"proposal {proposal.id}, to elect {leg.sha[:12]}"
    return waiting(
        "run", blocker("PROPOSALS_OPEN", since=proposal.created_at, who=conducted_by(station), proposals=told)
    )
