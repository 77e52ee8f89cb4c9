"""The tasks of a chore: open it, log it as an issue, let a machine look, ask whoever is on call, close it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.operators import wishes
from stationmaster.operators.base import Result, StepFailedForNow
from stationmaster.operators.question import Question, text_field, tick_field
from stationmaster.operators.team_asking import TeamAskOperator
from stationmaster.operators.team_step import Pausing, TeamOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.chores.runs import Opened, Step
    from stationmaster.config.chore_evidence import Wanted
    from stationmaster.config.people import Person
    from stationmaster.config.team import TeamConfig
    from stationmaster.work.context import Desk

OPEN_TASK = "open_the_chore"
NOTE = "note"
DONE = "Done"
NOT_NEEDED = "Not needed this time"
BLOCKED = "Blocked"
_LONGEST_VALUE = 4000


class ChoreOperator(TeamOperator):
    """Base of the tasks of a chore: each reads its own chore, and no other.

    :param chore: the chore's id within the team.
    """

    area = "chores"
    first_task = OPEN_TASK
    poll = timedelta(minutes=1)
    ends_with_the_next = True
    """Whether the task is skipped once the next run of the chore has begun."""

    def __init__(self, *, chore: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chore = chore

    @property
    def entries(self) -> dict[str, tuple[str, ...]]:
        """This chore."""
        return {"chores": (self.chore,), "watches": ()}

    def desk(self) -> Desk:
        """Return a desk with fresh connections.

        :raises AirflowSkipException: the team's file does not name the chore any more.
        """
        desk = super().desk()
        if self.chore not in desk.files.chores:
            raise AirflowSkipException(f"{self.team} has no chore {self.chore!r} that can be read any more")
        return desk

    def carried(self, files: TeamConfig) -> TeamConfig:
        """Return what the looks need: the team, and this chore."""
        chores = {self.chore: files.chores[self.chore]}
        return files.model_copy(update={"trains": {}, "chores": chores, "watches": {}})

    def about(self, desk: Desk, context: Context) -> str:
        """Return the id of the run, such as ``dre.chores/alert-review/2026-11-23T0900``."""
        from stationmaster.chores import runs

        run: Any = context["dag_run"]
        chore = desk.files.chores[self.chore]
        return runs.name_of(desk, chore, run_id=str(run.run_id), scheduled=scheduled(run))

    def is_over(self, desk: Desk, about: str) -> str:
        """Return that the next run has begun, if it has."""
        from stationmaster.chores import runs

        if not self.ends_with_the_next or runs.ended(desk, about) is not None:
            return ""
        return runs.over(desk, about)


class OpenChoreOperator(ChoreOperator):
    """Opens the run, once: until when it is due, what was asked for, the steps of its page.

    XCom ``about``: its id; ``return_value``: ``{"chore", "title", "due_at"}``, due_at as text with an offset.
    """

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Keep it; a retry finds it kept."""
        from stationmaster.chores import runs

        run: Any = context["dag_run"]
        if scheduled(run) is not None or desk.ledger.fact(about, runs.OPENED) is not None:
            opened = self._open(desk, about, context)
        else:
            with wishes.deciding(desk, context, f"{self.dag_id}/{run.run_id}", about=about, event=event):
                opened = self._open(desk, about, context)
        return {"chore": about, "title": opened.title, "due_at": opened.due_at.isoformat()}

    def _open(self, desk: Desk, about: str, context: Context) -> Opened:
        from stationmaster.chores import runs

        run: Any = context["dag_run"]
        return runs.open_run(
            desk,
            about,
            scheduled=scheduled(run),
            form=self._form(desk, dict(context.get("params") or {})),
            steps=self._steps(desk),
            by=runs.MACHINE if scheduled(run) is not None else desk.identities.starter_or_label(run),
        )

    def _form(self, desk: Desk, params: dict[str, Any]) -> dict[str, str]:
        """Return what whoever asked for it wrote; what the form wants and lacks fails the run at once (D-28)."""
        from stationmaster.core.evidence import EvidenceRefused, link_of, number_of

        form, said = desk.files.chores[self.chore].form, {}
        for name, field in (form.form if form is not None else {}).items():
            value = str(params.get(name) if params.get(name) is not None else "").strip()[:_LONGEST_VALUE]
            if not value and field.needed:
                raise AirflowFailException(f"{field.title} is missing. Start the DAG again, and fill it in.")
            try:
                if value and field.kind == "link":
                    value = link_of(value)
                if value and field.kind == "number":
                    value = f"{number_of(value):g}"
            except EvidenceRefused as refused:
                raise AirflowFailException(f"{field.title}: {refused} Start the DAG again.") from refused
            if value and field.choices and value not in field.choices:
                raise AirflowFailException(f"{field.title}: {value!r} is not one of {', '.join(field.choices)}.")
            said[name] = value
        return said

    def _steps(self, desk: Desk) -> tuple[Step, ...]:
        from stationmaster.chores.runs import Step
        from stationmaster.config.documents import DocumentBroken
        from stationmaster.config.runbook_pages import read_runbook
        from stationmaster.config.runbooks import PageMissing

        page = desk.files.chores[self.chore].runbook
        if page is None:
            return ()
        try:
            found = read_runbook(self.include_dir, page)
        except (PageMissing, DocumentBroken, ValueError) as broken:
            # A page that was broken after the check keeps nobody from doing the work.
            self.log.warning("The steps of runbooks/%s.md cannot be read: %s", page, broken)
            return ()
        return tuple(Step(id=step.id, text=step.text) for step in found.steps)


class LogChoreOperator(ChoreOperator):
    """Logs the run as an issue, once (T-04). XCom: ``{"repository", "number", "url"}``."""

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Write it, or find it written."""
        from stationmaster.chores import logging_issues, wording

        receipt = logging_issues.write(desk, wording.told(desk, about))
        if receipt is None:
            raise AirflowSkipException("the team's file does not log this chore as an issue any more")
        return dict(receipt)


class CheckChoreOperator(ChoreOperator):
    """Lets a machine look first: what it finds fine needs nobody (T-16).

    XCom: ``{"ok", "sentence"}``; ok is null where it cannot tell, and a person is asked then as if it were false.
    """

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Look once; what was found stays."""
        from stationmaster import checks
        from stationmaster.chores import runs

        check = desk.files.chores[self.chore].check
        if check is None:
            raise AirflowSkipException("the team's file has no check for this chore any more")
        known = desk.ledger.fact(about, runs.CHECKED)
        if known is None:
            finding = checks.run(desk, check, about)
            value = {"ok": finding.ok, "sentence": finding.sentence, "evidence": finding.evidence}
            known = desk.ledger.record_once(about, runs.CHECKED, "", value, desk.now(), runs.MACHINE)
        if known.value["ok"] is True:
            shown = {
                "id": "check",
                "kind": "check",
                "text": known.value["evidence"] or known.value["sentence"],
                "url": "",
            }
            runs.end(desk, about, "fine", why=known.value["sentence"], evidence=[shown], by=runs.MACHINE)
        return {"ok": known.value["ok"], "sentence": known.value["sentence"]}


class DoChoreOperator(ChoreOperator, TeamAskOperator):
    """Asks whoever is on call to do the chore, and takes what shows that it was done.

    XCom: ``{"outcome", "by"}``; outcome is one of done, fine, not_needed, missed and handed_over, ``by`` a person's id
    or ``stationmaster``.
    """

    def question(self, desk: Desk, about: str) -> Question:
        """Return the question with one field for each piece of evidence."""
        from stationmaster.chores import closing, logging_issues, wording

        run = wording.told(desk, about)
        fields: dict[str, dict[str, Any]] = {}
        if run.chore.ticks:
            fields |= {closing.step_field(step): tick_field(step.text, "") for step in run.opened.steps}
        fields |= {piece.id: _field(piece) for piece in closing.wanted(run.chore) if piece.kind != "checklist"}
        fields[NOTE] = text_field("Note", "What you found; or why it is blocked or not needed")
        options = [DONE, *([NOT_NEEDED] if run.chore.may_leave else [])]
        options += [BLOCKED] if logging_issues.issues_of(desk, run.chore) is not None else []
        return Question(wording.subject(run), wording.body(desk, run, self.place), tuple(options), fields)

    def answered(
        self, desk: Desk, about: str, person: Person, choice: str, form: dict[str, Any], *, once: str
    ) -> Result | None:
        """Close it, or keep why it cannot be closed yet."""
        from stationmaster.chores import closing

        note = str(form.get(NOTE) or "").strip()
        try:
            if choice == BLOCKED:
                closing.block(desk, about, note, by=person.id, once=once)
                return None
            if choice == NOT_NEEDED:
                closing.not_needed(desk, about, note, by=person.id)
            else:
                closing.done(desk, about, form, by=person.id, note=note)
        except closing.ClosingRefused as refused:
            raise StepFailedForNow(f"{refused} It is asked again.") from refused
        return self.settled(desk, about)

    def settled(self, desk: Desk, about: str) -> Result | None:
        """Return how it ended, here or by the command line."""
        from stationmaster.chores import runs

        ending = runs.ended(desk, about)
        return None if ending is None else {"outcome": ending.value["outcome"], "by": ending.by}

    def tell(self, desk: Desk, about: str, people: tuple[Person, ...]) -> None:
        """Tell them in Slack, with the steps."""
        from stationmaster.chores import telling, wording

        telling.tell(desk, wording.told(desk, about), self.place)

    def handed_over(self, desk: Desk, about: str) -> Result:
        """Return that the next task of the row asks."""
        return {"outcome": "handed_over", "by": "stationmaster"}


class CloseChoreOperator(ChoreOperator):
    """Closes the run: the log, its issue, the channel, each once. XCom: ``{"outcome", "by", "late_by"}`` in seconds."""

    ends_with_the_next = False

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Tell how it ended; a run that nobody did was missed."""
        from stationmaster.chores import closing, runs

        ending = runs.ended(desk, about)
        if ending is None:
            if not runs.over(desk, about):
                raise AirflowFailException("nobody has done it yet: clear the task that asks, then this one")
            ending = closing.missed(desk, about)
        closing.announce(desk, about, ending)
        return {"outcome": ending.value["outcome"], "by": ending.by, "late_by": ending.value["late_by"]}


def scheduled(run: Any) -> datetime | None:
    """Return the instant of a scheduled run, None if a person started it."""
    if run.run_type == "scheduled" and run.logical_date is not None:
        return run.logical_date  # type: ignore[no-any-return]
    return None


def _field(piece: Wanted) -> dict[str, Any]:
    from stationmaster.config.chore_evidence import FileWanted, LinkWanted, NumberWanted

    if isinstance(piece, NumberWanted):
        low, high = piece.at_least, piece.at_most
        bounds = [f"at least {low:g}"] if low is not None else []
        bounds += [f"at most {high:g}"] if high is not None else []
        about = " ".join([", ".join(bounds), piece.unit or ""]).strip()
        return {"value": None, "description": about, "schema": {"type": ["number", "null"], "title": piece.title}}
    if isinstance(piece, FileWanted):
        where = f"Its path in {piece.repository}, or its address"
        return text_field(piece.title, f"{where}; in {piece.under}/" if piece.under else where)
    hosts = piece.hosts if isinstance(piece, LinkWanted) else ()
    return text_field(piece.title, f"https://, of {' or '.join(hosts)}" if hosts else "https://")
