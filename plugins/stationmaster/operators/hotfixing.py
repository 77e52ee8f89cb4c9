"""The tasks of what leaves beside the train: the preview, the commits on top, and the way home (D-13 … D-15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.core import escaping
from stationmaster.operators import run_marks, wishes
from stationmaster.operators.base import DEPARTURE_KEY, Result, StationOperator, Waiting
from stationmaster.operators.checking import ChecklistOperator
from stationmaster.operators.deploying import DeployOperator, VerifyOperator
from stationmaster.operators.going_back import ByHandOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.hotfixing import Wish
    from stationmaster.departures.station import Station

TRAIN_TASK = "bring_it_onto_the_train"


class SayHotfixOperator(ByHandOperator):
    """Says what would happen, having asked GitHub for every commit, and changes nothing.

    XCom: ``{"kind", "component", "repository", "environment", "base", "branch", "commits": [{"sha", "title"}], "ready",
    "approvals", "behind", "sentences": [...]}``.
    """

    def departure(self, station: Station, context: Context) -> str:
        """Return this week's departure: nothing is opened before somebody has seen what would happen."""
        from stationmaster.core.instants import IsoWeek

        return f"{station.train.key}/{IsoWeek.of(station.now(), station.train.zone)}"

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Say it in the log and in XCom."""
        from stationmaster.core.departure_ids import DepartureKind
        from stationmaster.departures.hotfixing import HotfixRefused, plan

        self.asker(station, context)
        try:
            found = plan(station, DepartureKind(self.kind), wish_of(context))
        except HotfixRefused as refused:
            raise AirflowFailException(str(refused)) from refused
        for sentence in found.sentences:
            self.log.info("%s", escaping.one_line(sentence))
        return {**found.model_dump(mode="json"), "sentences": list(found.sentences)}


class OpenHotfixOperator(ByHandOperator):
    """Opens the departure of the form, once for its run; a dry run ends here.

    XCom ``departure``: its id; ``return_value``: ``{"departure", "by"}``.
    """

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure, opened if need be."""
        from stationmaster.core.departure_ids import DepartureKind
        from stationmaster.departures.hotfixing import HotfixRefused, open_one

        if context["params"].get("dry_run", True):
            raise AirflowSkipException("a dry run: start the form again without it, and it is done")
        kind, run = DepartureKind(self.kind), self.run_key(context)
        known = self.bound(station, context)
        if known is not None:
            return known
        with wishes.deciding(station, context, run, about=station.train.key):
            by = self.asker(station, context)
            try:
                opened = open_one(station, kind, wish_of(context), key=run, by=by)
            except HotfixRefused as refused:
                raise AirflowFailException(str(refused)) from refused
        return self.bind(station, context, opened.id, by=by)

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Look whether the tokens may do what will be asked of them, and say that it is open."""
        from stationmaster.departures import preflight, telling

        preflight.inspect(station, departure, self.stop)
        context["ti"].xcom_push(key=DEPARTURE_KEY, value=departure)
        telling.refresh_headline(station, departure)
        return {"departure": departure, "by": self.asker(station, context)}


class PickOperator(StationOperator):
    """Puts the commits on top, once, and pins the result as the departure's manifest (F41, F42).

    XCom: ``{"manifest": hash, "commits": {repository: sha}}``.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Pick and pin."""
        from stationmaster.departures import logbook, telling

        manifest = self._picked(station, departure, context, event)
        logbook.write(station, departure)
        telling.refresh_headline(station, departure)
        return {"manifest": manifest.hash, "commits": dict(manifest.repositories)}

    def _picked(self, station: Station, departure: str, context: Context, event: Result | None) -> Manifest:
        """Pick what was planned when the form was filled in; a conflict that a person resolves changes no plan."""
        from stationmaster.departures.hotfixing import HotfixRefused, is_planned, pick, plan_it

        if not is_planned(station, departure):
            run, since = self.run_key(context), self.bound_since(station, context)
            with wishes.deciding(station, context, run, about=station.train.key, event=event, since=since):
                try:
                    plan_it(station, departure)
                except HotfixRefused as refused:
                    raise AirflowFailException(str(refused)) from refused
        return pick(station, departure)


class TellArrivalOperator(StationOperator):
    """Says that the hotfix runs in production, before it has come home. XCom: ``{"departure"}``."""

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Say it once, of what has arrived."""
        from stationmaster.departures import bringing_home, telling, wording
        from stationmaster.ledger.records import DepartureState

        try:
            bringing_home.require_arrived(station, departure)
        except bringing_home.NotArrived as refused:
            raise AirflowFailException(run_marks.refusal(context, str(refused))) from refused
        text = wording.ending(station, departure, self.stop, DepartureState.DONE, "")
        telling.tell(station, departure, f"{self.stop}/complete", text)
        return {"departure": departure}


class BringToBranchOperator(StationOperator):
    """Opens a pull request to the branch, and waits until the branch has the hotfix, however it comes there (F39, F43).

    XCom: ``{"branch", "sha"}``.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Go as far as it goes now."""
        from stationmaster.departures import bringing_home

        try:
            standing = bringing_home.to_branch(station, departure)
        except bringing_home.NotArrived as refused:
            raise AirflowFailException(run_marks.refusal(context, str(refused))) from refused
        if not standing.opens:
            return Waiting(standing, "home", {})
        hotfix = bringing_home.hotfix_of(station, departure)
        fact = station.ledger.fact(departure, bringing_home.HOME, hotfix.branch)
        return {"branch": hotfix.branch, "sha": str(fact.value["sha"]) if fact is not None else ""}


class BringOntoTrainOperator(StationOperator):
    """Puts the hotfix onto the departure under way, whose votes are void then; skipped if none needs it (F40).

    XCom ``departure``: the one under way; ``return_value``: ``{"departure", "manifest"}``.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Pick onto it and pin it there."""
        from stationmaster.departures import bringing_home
        from stationmaster.hooks.forge_picks import PickConflict
        from stationmaster.ledger.errors import EffectRefused
        from stationmaster.work.obstacles import StepImpossible

        try:
            found = bringing_home.onto_train(station, departure)
        except bringing_home.NotArrived as refused:
            raise AirflowFailException(run_marks.refusal(context, str(refused))) from refused
        except EffectRefused as refused:
            if isinstance(refused.__cause__, PickConflict):
                raise StepImpossible(bringing_home.not_on_train(station, departure, refused.__cause__)) from refused
            raise
        if found is None:
            raise AirflowSkipException("no train that is under way needs it")
        context["ti"].xcom_push(key=DEPARTURE_KEY, value=found.id)
        manifest = station.ledger.manifest_of(found.id)
        return {"departure": found.id, "manifest": manifest.hash if manifest is not None else ""}


class _OnTheTrain:
    """A task about the departure that the hotfix was put onto."""

    ends_with_departure: ClassVar[bool] = True

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure under way."""
        from stationmaster.departures import bringing_home

        hotfix = str(super().departure(station, context))  # type: ignore[misc]
        train = bringing_home.boarded(station, hotfix)
        if train is None:
            raise AirflowSkipException("no train that is under way needs it")
        return train

    def subject(self, departure: str) -> str:
        """Return where this task's blockers stand in the ledger: not where the cut's own tasks have theirs."""
        return f"{departure}/hotfix/{self.task_id}"  # type: ignore[attr-defined]


class DeployOntoTrainOperator(_OnTheTrain, DeployOperator):
    """Deploys the component of the departure under way to staging again. XCom: as a deploy's."""


class VerifyOntoTrainOperator(_OnTheTrain, VerifyOperator):
    """Looks whether staging runs it. XCom: as a verification's."""


class ChecklistOntoTrainOperator(_OnTheTrain, ChecklistOperator):
    """Asks for the test list of what the train carries now (C-20). XCom: as a test list's."""


def wish_of(context: Context) -> Wish:
    """Return what the form of a run asks for."""
    from stationmaster.departures.hotfixing import Wish

    form: dict[str, Any] = dict(context["params"])
    return Wish(
        component=str(form.get("component") or ""),
        commits=tuple(str(each) for each in form.get("commits") or ()),
        branch=str(form.get("branch") or ""),
        reason=str(form.get("reason") or ""),
        issue=str(form.get("issue") or ""),
        name=str(form.get("name") or ""),
        of=str(form.get("of") or ""),
    )
