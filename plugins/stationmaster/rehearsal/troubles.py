"""What may go wrong in a rehearsal on purpose, once: the invariants must hold all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.cast_plans import Plan, Plans
from stationmaster.rehearsal.conducting import Cast, Scene
from stationmaster.rehearsal.excepting import Exceptions
from stationmaster.rehearsal.forms import FORMS
from stationmaster.rehearsal.github import history as github_history
from stationmaster.rehearsal.github.specs import CheckSpec
from stationmaster.rehearsal.placing import Place

TROUBLES = {
    "veto": "somebody vetoes the first promotion, and takes it back later",
    "red-tip": "the newest commit of a component turns red before a cut",
    "slack-outage": "Slack answers nothing for twenty minutes of the first promotion",
    "missed": "nobody votes until the window of a promotion has closed",
    "partial": "the last component of a promotion fails; the next cut waits until somebody brings the rest",
}
"""What can be asked for beside the forms, and what it means."""
ALL = "all"
"""Every trouble and every form."""
OUTAGE = timedelta(minutes=20)
A_STOP = timedelta(hours=1)
FOR_EVER = 1_000_000


class UnknownTrouble(ValueError):
    """A trouble that nobody can make."""


class Voting(Protocol):
    """People who can be kept from voting."""

    def stay_away(self, departure: str) -> None:
        """Let nobody vote on a departure."""


def checked(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names; ``all`` stands for every one of them.

    :raises UnknownTrouble: one of them is neither of TROUBLES nor of FORMS.
    """
    every = (*TROUBLES, *FORMS)
    for name in names:
        if name not in (*every, ALL):
            raise UnknownTrouble(f"there is no trouble {name!r}. Use one or more of {', '.join(every)}, or {ALL}.")
    return every if ALL in names else tuple(names)


class Troubles:
    """Makes trouble at the right moment, beside the people of a rehearsal.

    :param places: where those happen that need a place of their own.
    :param voting: whoever stays away from a vote.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        people: Cast,
        *,
        github_url: str,
        slack_url: str,
        tell: Callable[[str], None],
        teams: Mapping[str, TeamConfig] | None = None,
        places: Sequence[Place] = (),
        voting: Voting | None = None,
    ) -> None:
        self._left = [name for name in names if name != "veto"]
        self._people = people
        self._github_url = github_url
        self._slack_url = slack_url
        self._tell = tell
        self._places = places
        self._voting = voting
        self._plans = Plans()
        self._exceptions = [
            Exceptions(place, (teams or {})[place.train.split(".", 1)[0]], tell)
            for place in places
            if place.trouble == "freeze"
        ]
        self.red: set[tuple[str, str]] = set()
        """The commits that were made red, by repository."""

    def act(self, scene: Scene) -> bool:
        """Carry out what is due, and let people act."""
        for exception in self._exceptions:
            exception.plan(scene, self._plans)
        return self._plans.carry_out(scene) or self._people.act(scene)

    def next_instant(self, scene: Scene) -> datetime | None:
        """Return when people or troubles will act next."""
        found = [at for at in (self._plans.next_instant, self._people.next_instant(scene)) if at is not None]
        return min(found, default=None)

    def begin(self, train: TrainConfig, stop: str, now: datetime) -> None:
        """Make the trouble that belongs to the start of a stop."""
        if stop == "promote" and "rollback" in self._left:
            self._plans.once(f"{train.key} {now}", lambda: [Plan(now + OUTAGE, lambda scene: self._lift(train, scene))])
        if stop == "promote" and "slack-outage" in self._left:
            self._left.remove("slack-outage")
            self._tell("Slack stops answering")
            fault = {"kind": "server_error_before", "method": "*", "times": FOR_EVER}
            self._send("POST", f"{self._slack_url}/_control/faults", fault)
            self._plans.once("slack is back", lambda: [Plan(now + OUTAGE, lambda _: self._slack_is_back())])
        for place in self._places:
            if place.train == train.key and place.at <= now < place.at + A_STOP:
                self._befall(place, train, stop, now)

    def mend(self, place: Place, train: TrainConfig) -> None:
        """Let the deploys of a place that is to be put right succeed again."""
        self._tell(f"What kept {place.component} of {place.departure} is mended")
        self._script_runs(place, train, "success")

    def _befall(self, place: Place, train: TrainConfig, stop: str, now: datetime) -> None:
        if place.trouble == "red-tip" and stop == "cut":
            self._redden(train.component(place.component).repository, now)
        if stop != "promote":
            return
        if place.trouble == "missed" and self._voting is not None:
            self._tell(f"Nobody votes on {place.departure}")
            self._voting.stay_away(place.departure)
        if place.trouble == "partial":
            self._tell(f"The deploys of {place.component} of {place.departure} are going to fail")
            self._script_runs(place, train, "failure")

    def _script_runs(self, place: Place, train: TrainConfig, conclusion: str) -> None:
        component = train.component(place.component)
        body: dict[str, object] = {
            "repo": component.repository,
            "workflow": component.deploy(train.production).workflow,
            "conclusion": conclusion,
        }
        self._send("POST", f"{self._github_url}/_control/runs", body)

    def _redden(self, repository: str, now: datetime) -> None:
        tip = github_history.of(repository).head(now - CheckSpec().after)
        if tip is None:
            return
        self._tell(f"The checks of {repository} {tip.sha[:12]} turn red")
        self._send("POST", f"{self._github_url}/_control/checks", {"repo": repository, "sha": tip.sha, "state": "red"})
        self.red.add((repository, tip.sha))

    def _lift(self, train: TrainConfig, scene: Scene) -> bool:
        """Let somebody say that the fix of what was taken back is aboard (F46)."""
        lifted = False
        rolled_back = scene.ledger.departures(train.key, (DepartureState.ROLLED_BACK,), kinds=tuple(DepartureKind))
        for departure in rolled_back:
            manifest = scene.ledger.manifest_of(departure.id)
            if manifest is not None and scene.ledger.rejection(manifest.hash) is not None:
                self._tell(f"Somebody says that the fix of {departure.id} is aboard")
                scene.ledger.lift_rejection(manifest.hash, "the fix is aboard", scene.now, "somebody")
                lifted = True
        return lifted

    def _slack_is_back(self) -> bool:
        self._tell("Slack answers again")
        self._send("DELETE", f"{self._slack_url}/_control/faults")
        return True

    def _send(self, method: str, url: str, body: dict[str, object] | None = None) -> None:
        with httpx.Client(trust_env=False, timeout=10) as client:
            client.request(method, url, json=body).raise_for_status()
