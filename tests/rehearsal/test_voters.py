"""Who votes on proposals in a rehearsal: as many as decide it, a while after it was made, once (D-11, D-30)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from stationmaster.config.loader import load
from stationmaster.core.blockers import blocker
from stationmaster.rehearsal.conducting import Scene
from stationmaster.rehearsal.governance import standin
from stationmaster.rehearsal.governance.furnishing import GOVERNANCE_PATH
from stationmaster.rehearsal.governance.world import GovernanceWorld
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.voters import THINKING, Voters
from tests.departures.week import HandClock
from tests.rehearsal.good_week import INCLUDE

AT = datetime(2024, 10, 28, 8, tzinfo=UTC)
VERSION = "a" * 40
TEAMS = {"dre": load(INCLUDE, teams=["dre"]).team("dre")}


class Nobody:
    """The others of a rehearsal, who have nothing to do."""

    def act(self, scene: Scene) -> bool:
        return False

    def next_instant(self, scene: Scene) -> datetime | None:
        return scene.now + timedelta(hours=5)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(AT)


@pytest.fixture
def world(clock: HandClock) -> GovernanceWorld:
    world = GovernanceWorld({"io67a": VERSION}, clock=clock, decided_after=None)
    world.create("update", "io67a", VERSION, "t", f"dre.weekly/2024-W43/rollout/io67a/{VERSION}/proposal")
    return world


@pytest.fixture
def url(world: GovernanceWorld):
    with serve(Starlette(routes=[Mount(GOVERNANCE_PATH, app=standin.create_app(world))])) as url:
        yield url


def scene(clock: HandClock, *codes: str) -> Scene:
    found = tuple(blocker(code, proposals="140000") for code in codes)
    ledger = SimpleNamespace(blockers=lambda: {"dre.weekly/2024-W43/rollout/x": found})
    return Scene(now=clock(), actions=(), ledger=ledger)  # type: ignore[arg-type]


def test_d11_as_many_as_decide_vote_a_while_later_and_only_once(world, url, clock) -> None:
    told: list[str] = []
    voters = Voters(TEAMS, Nobody(), pager_url=url, tell=told.append)
    assert not voters.act(scene(clock, "PROPOSALS_OPEN"))
    assert voters.next_instant(scene(clock)) == AT + THINKING
    clock.move(minutes=THINKING.total_seconds() / 60)
    assert voters.act(scene(clock, "PROPOSALS_OPEN"))
    (made,) = world.proposals
    assert made.accepted is True
    assert set(made.votes) < set(TEAMS["dre"].people)
    assert len(made.votes) == 3
    assert not voters.act(scene(clock, "PROPOSALS_OPEN"))
    assert len(told) == 1


def test_nobody_votes_before_somebody_waits_for_it(world, url, clock) -> None:
    voters = Voters(TEAMS, Nobody(), pager_url=url)
    voters.act(scene(clock))
    assert voters.next_instant(scene(clock)) == AT + timedelta(hours=5)


def test_nobody_votes_on_what_is_not_of_their_team(world, url, clock) -> None:
    world.proposals[0].key = "other.weekly/2024-W43/rollout/x"
    voters = Voters(TEAMS, Nobody(), pager_url=url)
    voters.act(scene(clock, "PROPOSALS_OPEN"))
    assert voters.next_instant(scene(clock)) == AT + timedelta(hours=5)


def test_the_same_seed_lets_the_same_people_vote(url, world, clock) -> None:
    chosen = []
    for seed in (3, 3):
        world.proposals[0].votes.clear()
        world.proposals[0].accepted = None
        voters = Voters(TEAMS, Nobody(), pager_url=url, seed=seed)
        voters.act(scene(clock, "PROPOSALS_OPEN"))
        clock.move(minutes=6)
        voters.act(scene(clock))
        chosen.append(sorted(world.proposals[0].votes))
    assert chosen[0] == chosen[1] != []


def test_the_state_shows_who_judges_what_was_decided_and_carried_out(world, url, clock) -> None:
    made = world.proposals[0]
    state = httpx.get(f"{url}{GOVERNANCE_PATH}/_control/governance/state", trust_env=False).json()
    assert (state["proposals"][0]["decided_at"], state["proposals"][0]["executed_at"]) == (None, None)
    made.accepted, made.decided_at = True, clock()
    clock.move(minutes=3)
    state = httpx.get(f"{url}{GOVERNANCE_PATH}/_control/governance/state", trust_env=False).json()
    assert state["proposals"][0]["executed_at"] == clock().isoformat()
    assert state["targets"] == {"io67a": VERSION}
