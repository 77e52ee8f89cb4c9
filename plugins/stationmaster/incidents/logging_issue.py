"""An incident is logged as an issue when it begins (T-04, N-15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.incidents import handling, lines, records, wording
from stationmaster.oncall_log.open_work import TITLE
from stationmaster.work import issues

if TYPE_CHECKING:
    from stationmaster.core.incidents import Story
    from stationmaster.work.context import Desk
    from stationmaster.work.effects import Receipt


def write(desk: Desk, story: Story) -> Receipt | None:
    """Open the incident's issue, once, assigned to whoever leads it; None: the team logs none.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    rules = records.rules_of(desk)
    if rules.issue is None:
        return None
    point = desk.team.people.get(handling.point_of(desk, story))
    receipt = issues.open_ticket(
        desk,
        f"{story.id}/issue",
        repository=rules.issue.repository,
        title=escaping.one_line(f"Incident {story.id.rpartition('/')[2]}: {story.title}"),
        body=_body(desk, story),
        labels=rules.labels_of(story.severity, story.company),
        assignees=[point.github] if point is not None and point.github else [],
    )
    desk.ledger.record_once(
        story.id, TITLE, "issue", {"title": story.title, "url": receipt["url"]}, desk.now(), "stationmaster"
    )
    return receipt


def _body(desk: Desk, story: Story) -> str:
    rules = records.rules_of(desk)
    first = story.happenings[0]
    rows = [
        f"**{escaping.markdown(story.title)}**",
        "",
        f"- {escaping.markdown(lines.sentence(desk, first))}",
        f"- Rated: {escaping.markdown(wording.rating(desk, story))}",
        f"- Service: {escaping.markdown(story.service)}; {escaping.markdown(story.kind)}",
    ]
    if first.value.get("link"):
        rows.append(f"- See: {escaping.markdown_link(str(first.value['link']))}")
    if story.company and rules.company is not None:
        rows.append(
            f"- {escaping.markdown(rules.company.title)}: [its procedure comes first]({rules.company.procedure})"
        )
    rows += ["", "What happens is told in the team's channel. It is closed with the report."]
    return "\n".join(rows)
