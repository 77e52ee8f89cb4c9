"""Those who vote on proposals in a rehearsal: people of the team, in the proposal system itself (D-11, D-30)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx

from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.cast_plans import Plan, Plans
from stationmaster.rehearsal.conducting import Cast, Scene
from stationmaster.rehearsal.governance.furnishing import GOVERNANCE_PATH

THINKING = timedelta(minutes=6)
"""Virtual time from a proposal to the votes on it."""


class Voters:
    """People who vote yes on every proposal of their team's trains, as many as decide it, beside the others.

    :param pager_url: the stand-in that serves the proposals.
    :param tell: gets a sentence for each round of votes.
    """

    def __init__(
        self,
        teams: Mapping[str, TeamConfig],
        people: Cast,
        *,
        pager_url: str,
        seed: int = 1,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._teams = {name: team for name, team in teams.items() if _proposes(team)}
        self._people = people
        self._url = f"{pager_url}{GOVERNANCE_PATH}/_control/governance"
        self._random = random.Random(seed)
        self._tell = tell
        self._plans = Plans()

    def act(self, scene: Scene) -> bool:
        """Plan the votes on what is new, carry out what is due, and let the others act."""
        if self._teams and self._waited_for(scene):
            state = self._call("GET", "/state")
            new = [each for each in state["proposals"] if each["status"] == "open" and not each["voters"]]
            for team in self._teams.values():
                ours = [each["id"] for each in new if each["key"].startswith(f"{team.id}.")]
                if ours:
                    make = partial(self._votes, team, ours, state["needed"], scene.now)
                    self._plans.once(f"votes on {', '.join(ours)}", make)
        voted = self._plans.carry_out(scene)
        return self._people.act(scene) or voted

    def next_instant(self, scene: Scene) -> datetime | None:
        """Return when somebody will act next."""
        found = [at for at in (self._plans.next_instant, self._people.next_instant(scene)) if at is not None]
        return min(found, default=None)

    @staticmethod
    def _waited_for(scene: Scene) -> bool:
        return any(found.code == "PROPOSALS_OPEN" for several in scene.ledger.blockers().values() for found in several)

    def _votes(self, team: TeamConfig, proposals: list[str], needed: int, now: datetime) -> list[Plan]:
        able = sorted(person.id for person in team.people.values() if person.active and not person.bot)
        voters = self._random.sample(able, min(needed, len(able)))
        return [Plan(now + THINKING, lambda _: self._vote(team, voters, proposals))]

    def _vote(self, team: TeamConfig, voters: list[str], proposals: list[str]) -> bool:
        names = ", ".join(team.people[voter].name for voter in voters)
        self._tell(f"{names} vote yes on {', '.join(proposals)}")
        for proposal in proposals:
            for voter in voters:
                self._call("POST", "/vote", {"proposal": proposal, "voter": voter})
        return True

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        with httpx.Client(trust_env=False, timeout=10) as client:
            return client.request(method, self._url + path, json=body).raise_for_status().json()


def _proposes(team: TeamConfig) -> bool:
    return team.connections.proposals is not None
