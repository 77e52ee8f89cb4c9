"""What should follow an incident becomes tickets; a runbook that was missing is owed by whoever led it (C-30, O-12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.incidents import handling, records, reporting
from stationmaster.oncall_log import log
from stationmaster.work import issues

if TYPE_CHECKING:
    from stationmaster.config.incidents import Tickets
    from stationmaster.core.incidents import Story
    from stationmaster.work.context import Desk
    from stationmaster.work.effects import Receipt


def open_tickets(desk: Desk, story: Story) -> tuple[Receipt, ...]:
    """Open the tickets of an incident, each once: its follow-ups, and the runbook that none was.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    rule, known = records.rules_of(desk).tickets, reporting.examined(story)
    if rule is None or known is None:
        return ()
    owner = desk.team.people.get(handling.point_of(desk, story))
    assignees = [owner.github] if owner is not None and owner.github else []
    found = []
    for place, text in enumerate(known.follow_ups):
        title = escaping.one_line(text)[:200]
        body = f"{escaping.markdown_lines(text)}\n\nIt follows the incident {escaping.markdown(story.id)}."
        found.append(
            issues.open_ticket(
                desk,
                records.follow_up_key(story, place),
                repository=rule.repository,
                title=title,
                body=body,
                labels=rule.labels,
                assignees=assignees,
            )
        )
    if known.runbook == reporting.MISSING:
        found.append(_runbook(desk, story, rule, known, assignees))
    for receipt in found:
        text = f"Ticket #{receipt['number']} follows the incident {story.id}."
        once = f"{story.id}/ticket/{receipt['repository']}/{receipt['number']}"
        log.write(desk, text, at=story.ended_at, links=[str(receipt["url"])], about=story.id, once=once)
    return tuple(found)


def _runbook(desk: Desk, story: Story, rule: Tickets, known: reporting.Examined, assignees: list[str]) -> Receipt:
    body = "\n\n".join(
        [
            f"No runbook fitted the incident {escaping.markdown(story.id)}: {escaping.markdown(story.title)}.",
            "Whoever led it writes the page, also if somebody else found the way out. Put it under include/runbooks.",
            f"What helped:\n\n{escaping.markdown_lines(known.resolution) or 'Nobody said.'}",
        ]
    )
    return issues.open_ticket(
        desk,
        records.runbook_key(story),
        repository=rule.repository,
        title=escaping.one_line(f"Runbook: {story.service}, {story.kind}"),
        body=body,
        labels=rule.runbook_labels,
        assignees=assignees,
    )
