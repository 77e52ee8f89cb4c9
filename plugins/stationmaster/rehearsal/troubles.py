"""What may go wrong in a rehearsal on purpose, once: the invariants must hold all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx

from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.cast_plans import Plan, Plans
from stationmaster.rehearsal.conducting import Cast, Scene
from stationmaster.rehearsal.forms import FORMS
from stationmaster.rehearsal.github import history as github_history
from stationmaster.rehearsal.github.specs import CheckSpec

TROUBLES = {
    "veto": "somebody vetoes the first promotion, and takes it back later",
    "red-tip": "the newest commit of the first component turns red before the first cut",
    "slack-outage": "Slack answers nothing for twenty minutes of the first promotion",
}
"""What can be asked for beside the forms, and what it means."""
OUTAGE = timedelta(minutes=20)
FOR_EVER = 1_000_000


class UnknownTrouble(ValueError):
    """A trouble that nobody can make."""


def checked(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names.

    :raises UnknownTrouble: one of them is neither of TROUBLES nor of FORMS.
    """
    for name in names:
        if name not in TROUBLES and name not in FORMS:
            raise UnknownTrouble(f"there is no trouble {name!r}. Use one or more of {', '.join((*TROUBLES, *FORMS))}.")
    return names


class Troubles:
    """Makes trouble at the right moment, beside the people of a rehearsal."""

    def __init__(
        self, names: tuple[str, ...], people: Cast, *, github_url: str, slack_url: str, tell: Callable[[str], None]
    ) -> None:
        self._left = [name for name in names if name != "veto"]
        self._people = people
        self._github_url = github_url
        self._slack_url = slack_url
        self._tell = tell
        self._plans = Plans()
        self.red: set[tuple[str, str]] = set()
        """The commits that were made red, by repository."""

    def act(self, scene: Scene) -> bool:
        """Carry out what is due, and let people act."""
        return self._plans.carry_out(scene) or self._people.act(scene)

    def next_instant(self, scene: Scene) -> datetime | None:
        """Return when people or troubles will act next."""
        found = [at for at in (self._plans.next_instant, self._people.next_instant(scene)) if at is not None]
        return min(found, default=None)

    def begin(self, train: TrainConfig, stop: str, now: datetime) -> None:
        """Make the trouble that belongs to the start of a stop."""
        if stop == "cut" and "red-tip" in self._left:
            self._left.remove("red-tip")
            self._redden(train.components[0].repository, now)
        if stop == "promote" and "rollback" in self._left:
            self._plans.once(f"{train.key} {now}", lambda: [Plan(now + OUTAGE, lambda scene: self._lift(train, scene))])
        if stop == "promote" and "slack-outage" in self._left:
            self._left.remove("slack-outage")
            self._tell("Slack stops answering")
            fault = {"kind": "server_error_before", "method": "*", "times": FOR_EVER}
            self._send("POST", f"{self._slack_url}/_control/faults", fault)
            self._plans.once("slack is back", lambda: [Plan(now + OUTAGE, lambda _: self._slack_is_back())])

    def _redden(self, repository: str, now: datetime) -> None:
        tip = github_history.load(github_history.RECORDED[repository]).head(now - CheckSpec().after)
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
