"""The log of the shift that ends, and what it cost: shown in the package, and published by policy (C-30, O-10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.instants import local_text, to_local
from stationmaster.oncall_log import load, log, log_lines, log_page
from stationmaster.work import issues

if TYPE_CHECKING:
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
    from stationmaster.work.effects import Receipt

_SILO_WEEKS = timedelta(weeks=26)
_MOST_IN_A_PACKAGE = 60


def span(desk: ShiftDesk, handoff: Handoff) -> tuple[datetime, datetime]:
    """Return the stretch between this handoff and the one before it: the shift that ends, and days off with it."""
    return desk.rotation.latest_handoff(handoff.start - timedelta(microseconds=1)), handoff.start


def keeps_log(desk: ShiftDesk) -> bool:
    """Return whether the team's log is kept by this rotation's shifts."""
    rules = desk.files.log
    return rules is not None and (not rules.roles or any(role in desk.entry.roles for role in rules.roles))


def sections(desk: ShiftDesk, handoff: Handoff) -> list[str]:
    """Return the Markdown that a package shows of the shift: its log, its load; nothing where no log is kept."""
    rules = desk.files.log
    if rules is None or not rules.at_handoff or not keeps_log(desk):
        return []
    start, end = span(desk, handoff)
    entries = log.entries(desk, start, end)
    shown = log_page.lines(desk, entries[-_MOST_IN_A_PACKAGE:], level=3)
    more = (
        [f"{len(entries) - _MOST_IN_A_PACKAGE} older entries are in the log.", ""]
        if len(entries) > _MOST_IN_A_PACKAGE
        else []
    )
    return ["## What happened in the shift", "", *more, *shown, "", *load_lines(desk, start, end), ""]


def load_lines(desk: ShiftDesk, start: datetime, end: datetime) -> list[str]:
    """Return what the shift cost, by person, as a table."""
    found = load.load_of(desk, start, end)
    rows = ["## What the shift cost", ""]
    if found.shares:
        rows += [
            "| who | pages | incidents | questions | chores | hours out of hours | of them at night |",
            "|---|---|---|---|---|---|---|",
        ]
        for each in found.shares:
            person = desk.team.people.get(each.person)
            name = escaping.markdown(person.name if person else each.person)
            rows.append(
                f"| {name} | {each.pages} | {each.incidents} | {each.questions} | {each.chores} | "
                f"{each.hours_out_of_hours} | {each.at_night} |"
            )
    else:
        rows.append("Nobody was paged, asked or busy with a chore.")
    rows += ["", f"Carried over: {found.carried_over}."]
    if found.missing_runbooks:
        rows.append(f"No runbook fitted {', '.join(escaping.markdown(name) for name in found.missing_runbooks)}.")
    return rows


def gather(desk: ShiftDesk) -> None:
    """Take into the log what people wrote in Slack.

    :raises ChatError: Slack cannot be read: the log waits for it.
    """
    log_lines.gather_all(desk)


def publish(desk: ShiftDesk, handoff: Handoff) -> Receipt | None:
    """Publish the log of the shift that ends, once, as an issue or a file; None: the team publishes none.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    rules = desk.files.log
    if rules is None or rules.repository is None or not keeps_log(desk):
        return None
    start, end = span(desk, handoff)
    key = f"{handoff.id}/log"
    zone = desk.rotation.zone
    title = f"{desk.entry.title}: log of {to_local(start, zone):%Y-%m-%d}"
    entries = log.entries(desk, start, end)
    text = "\n".join(
        [
            log_page.page(desk, entries, f"{desk.entry.title}, {local_text(start, zone)} – {local_text(end, zone)}"),
            "",
            *load_lines(desk, start, end),
        ]
    )
    if rules.folder is None:
        receipt = issues.open_ticket(
            desk, key, repository=rules.repository, title=escaping.one_line(title), body=text, labels=rules.labels
        )
        # It is a record, and no work: nobody should find it among what is open.
        issues.close(desk, f"{key}/closed", rules.repository, int(receipt["number"]))
        return receipt
    path = f"{rules.folder}/{to_local(start, zone):%Y-%m-%d}-{desk.entry.id}.md"
    return issues.add_file(desk, key, rules.repository, path, text, branch=rules.branch, message=title)
