"""A chore is closed with what shows that it was done, or with a reason; everybody hears of it once (T-16, O-09)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stationmaster.chores import lateness, logging_issues, runs, wording
from stationmaster.config.chore_evidence import LinkWanted
from stationmaster.core import escaping
from stationmaster.core.evidence import EvidenceRefused
from stationmaster.oncall_log import log
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.chores.runs import Step
    from stationmaster.config.chore_evidence import Wanted
    from stationmaster.config.chores import Chore
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

_LONGEST_NOTE = 2000
_WRITTEN = LinkWanted(
    id="runbook_written", title="The page that you wrote, or its pull request", kind="link", hosts=("github.com",)
)
"""What a chore without a page asks for, too: who did it, alone or with help, writes down how (O-09, O-12)."""


class ClosingRefused(ValueError):
    """What was given does not close the chore; the message says what is missing, each part with its way out."""


def wanted(chore: Chore) -> tuple[Wanted, ...]:
    """Return every piece of evidence that closes a chore."""
    return chore.evidence if chore.runbook is not None else (*chore.evidence, _WRITTEN)


def step_field(step: Step) -> str:
    """Return the name of the form's field that ticks a step."""
    return f"step_{step.id}"


def done(desk: Desk, about: str, form: Mapping[str, Any], *, by: str, note: str = "") -> Fact:
    """End a run as done.

    :param form: what was given, by the id of the evidence; ticks by :func:`step_field`.
    :raises ClosingRefused: something is missing, or will not do; nothing is kept then.
    """
    chore, begun = runs.chore_of(desk, about), runs.opened(desk, about)
    items = {step_field(step): step.text for step in (begun.steps if begun is not None else ())}
    found, missing = [], []
    for piece in wanted(chore):
        try:
            found.append(piece.read(form, items)._asdict())
        except EvidenceRefused as refused:
            missing.append(f"{piece.title}: {refused}")
    if missing:
        raise ClosingRefused(" ".join(missing))
    return runs.end(desk, about, "done", why=note[:_LONGEST_NOTE], evidence=found, by=by)


def not_needed(desk: Desk, about: str, note: str, *, by: str) -> Fact:
    """End a run as not needed this time (D-29).

    :raises ClosingRefused: the chore must be done, or the reason is missing.
    """
    chore = runs.chore_of(desk, about)
    if not chore.may_leave:
        raise ClosingRefused(f"{chore.title} must be done: its file does not allow that it is left.")
    return runs.end(desk, about, "not_needed", why=_reason(note, "Why is it not needed?"), evidence=[], by=by)


def block(desk: Desk, about: str, note: str, *, by: str, once: str = "") -> None:
    """Keep that a run waits for something else; it stays open, and the look of its task marks its issue (D-28).

    :param once: tells one note of theirs from the next; by default each call is one.
    :raises ClosingRefused: what it waits for is missing.
    """
    why = _reason(note, "What does it wait for, and who can clear that?")
    this = f"{runs.BLOCKED}/{by}/{once or desk.now().isoformat()}"
    fact = desk.ledger.record_once(about, runs.BLOCKED, "", {"why": why}, desk.now(), by, key=this)
    text = f"{runs.chore_of(desk, about).title}: blocked. {escaping.said(why)}"
    log.write(desk, text, at=fact.at, about=about, source="form", by=by, once=f"{about}/{this}")


def missed(desk: Desk, about: str) -> Fact:
    """End a run that nobody did before the next one began."""
    return runs.end(desk, about, "missed", why="", evidence=[], by=runs.MACHINE)


def announce(desk: Desk, about: str, ending: Fact) -> None:
    """Write the log, close the issue, tell the channel: each once for ever.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub or Slack does not take it; it is told later.
    """
    run = wording.told(desk, about)
    links = [one["url"] for one in ending.value["evidence"] if one["url"]]
    text = wording.log_line(run, ending)
    log.write(desk, text, at=ending.at, links=links, about=about, by=ending.by, once=f"{about}/ended")
    logging_issues.close(desk, about, ending)
    thread = lateness.thread_of(desk, run)
    say(desk, f"{about}/ended", lateness.channel_of(desk, run), wording.ended(desk, run, ending), thread=thread)


def _reason(note: str, question: str) -> str:
    if not note.strip():
        raise ClosingRefused(f"{question} Write a note.")
    return note.strip()[:_LONGEST_NOTE]
