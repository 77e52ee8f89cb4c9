"""What an incident asks of people in Airflow: subject and Markdown; whatever came from outside is escaped (F65)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.incidents import Kind, State, Story
from stationmaster.core.instants import local_text
from stationmaster.incidents import deploys, lines, records, reporting, wording

if TYPE_CHECKING:
    from stationmaster.work.context import Desk

_SHOWN = 8
"""So many of the newest happenings stand in a question."""


def page(desk: Desk, story: Story) -> tuple[str, str]:
    """Ask whether somebody has it."""
    subject = escaping.one_line(f"Incident: {story.title} ({wording.rating(desk, story)}). Do you have it?")
    return subject, "\n".join([*_head(desk, story), *_deploys(desk, story), *_runbook(desk)])


def handle(desk: Desk, story: Story) -> tuple[str, str]:
    """Ask for news, and for the end."""
    words = {State.OPEN: "nobody has acknowledged it", State.MITIGATED: "mitigated"}.get(story.state, "under way")
    subject = escaping.one_line(f"Incident {story.id.rpartition('/')[2]}: {story.title} ({words})")
    said = [
        f"- {escaping.markdown(f'{local_text(each.at, desk.files.zone)}: {lines.sentence(desk, each)}', links=True)}"
        for each in story.happenings[-_SHOWN:]
    ]
    how = (
        "Leave as it is what you do not want to change. **Ask for help** calls the rest of the team: nobody has to "
        "know everything. You may also write `update: …`, `mitigated: …` or `resolved: …` in the thread."
    )
    return subject, "\n".join([*_head(desk, story), "", *said, *_deploys(desk, story), "", how, *_runbook(desk)])


def report(desk: Desk, story: Story) -> tuple[str, str]:
    """Ask for what only whoever led it knows."""
    subject = escaping.one_line(f"Report of incident {story.id.rpartition('/')[2]}: {story.title}")
    how = (
        "Nobody is to blame. Say what the cause was, what helped, and what should follow; one follow-up a line becomes "
        "one ticket each. If no runbook fitted, you write it, also if somebody else found the way out."
    )
    return subject, "\n".join([how, "", reporting.timeline(desk, story)])


def postmortem(desk: Desk, story: Story, draft: str) -> tuple[str, str]:
    """Ask where the postmortem is."""
    rule = records.rules_of(desk).postmortem
    subject = escaping.one_line(f"Postmortem of incident {story.id.rpartition('/')[2]}: {story.title}")
    shared = f" Share its lessons in {escaping.markdown(rule.shared)}." if rule is not None and rule.shared else ""
    where = f"{escaping.markdown_link(draft, 'Its draft')} is made from the report." if draft else ""
    return subject, f"A postmortem is due. {where} Complete it, and give its address here.{shared}"


def _head(desk: Desk, story: Story) -> list[str]:
    rules, first = records.rules_of(desk), story.happenings[0]
    rated, since = wording.rating(desk, story), local_text(story.began_at, desk.files.zone)
    told = escaping.markdown(f", {rated}; since {since}.")
    rows = [f"**{escaping.markdown(story.title)}** (`{story.id}`){told}"]
    if first.value.get("link"):
        rows.append(f"See {escaping.markdown_link(str(first.value['link']))}.")
    if story.company and rules.company is not None:
        title = escaping.markdown(f"{rules.company.title} {story.company}")
        rows.append(f"**{title}: [its procedure comes first]({rules.company.procedure}).**")
    if story.all(Kind.ASSIGNED):
        held = [f"{position}: {lines.named(desk, person)}" for position, person in story.positions.items()]
        rows.append(escaping.markdown(", ".join(held)) + ".")
    return rows


def _deploys(desk: Desk, story: Story) -> list[str]:
    found = deploys.offer(desk, story)
    return ["", "**Production changed before it began:**", "", *found] if found else []


def _runbook(desk: Desk) -> list[str]:
    rules = records.rules_of(desk)
    rows = []
    if rules.runbook is not None:
        rows += ["", f"Follow the runbook `{rules.runbook}` below the DAG."]
    if rules.playbook is not None:
        rows += ["", f"[Incident Playbook]({rules.playbook})"]
    return rows
