"""The report of an incident: made from the ledger and from what only whoever led it knows, then filed (T-10, T-22)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from stationmaster.core import escaping
from stationmaster.core.incidents import Happening, Kind, State, Story
from stationmaster.core.instants import local_text, to_local
from stationmaster.core.templates import fill
from stationmaster.core.value import Value
from stationmaster.incidents import handling, lines, records, telling, wording
from stationmaster.oncall_log import log
from stationmaster.work import issues

if TYPE_CHECKING:
    from pathlib import Path

    from stationmaster.config.people import Person
    from stationmaster.work.context import Desk
    from stationmaster.work.effects import Receipt

FITTED, MISSING, NEEDLESS = "one fitted", "none fitted", "none is needed"
RUNBOOK = (FITTED, MISSING, NEEDLESS)
_PROSE = frozenset({"root_cause", "impact", "resolution_steps", "preventive_measures", "lessons_learned"})
_NOTHING = "Nothing was said."
LONGEST = 6000


class Examined(Value):
    """What only people know of an incident. Lists have one text each; ``runbook`` is one of :data:`RUNBOOK`."""

    root_cause: str
    impact: str = ""
    resolution: str = ""
    preventive: str = ""
    lessons: str = ""
    follow_ups: tuple[str, ...] = ()
    runbook: str
    runbook_page: str = ""
    attachments: tuple[str, ...] = ()


class ReportIncomplete(ValueError):
    """A report that lacks what it is written for."""


def examine(desk: Desk, story: Story, person: Person, found: Examined) -> Happening:
    """Keep what somebody says of an incident's cause; the first stands.

    :raises ReportIncomplete: it names no cause, or does not say whether a runbook fitted (O-09).
    :raises NotNow: the incident is not over.
    """
    if not found.root_cause.strip():
        raise ReportIncomplete("What was the cause? If you do not know, write what you looked at.")
    if found.runbook not in RUNBOOK:
        raise ReportIncomplete(f"Did a runbook fit? Choose one of {', '.join(RUNBOOK)}.")
    value = found.model_dump(mode="json")
    return records.happened(desk, story, Kind.EXAMINED, person.id, value, once=f"{story.round}")


def examined(story: Story) -> Examined | None:
    """Return what was said of the cause, None before."""
    found = story.last(Kind.EXAMINED)
    return Examined.model_validate(found.value) if found is not None else None


def report(desk: Desk, include: Path, story: Story) -> Receipt | None:
    """File the report, comment on the incident's issue and close it, each once; None: the team files no reports.

    :returns: ``{"url"}`` of the report.
    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    from stationmaster.config.templates import template_text

    rules = records.rules_of(desk)
    handling.tell_all(desk, story)
    url = ""
    if rules.report is not None and story.state is not State.CALLED_OFF:
        page = template_text(include, rules.report.template)
        key = f"{story.id}/report" + (f"/{story.round}" if story.round else "")
        title = f"Incident report: {story.title} ({story.id.rpartition('/')[2]})"
        receipt = issues.file(
            desk, key, rules.report, title=title, name=_file_name(story), text=document(desk, page, story)
        )
        url = str(receipt["url"])
    if story.state is State.RESOLVED:
        value = {"url": url}
        happening = records.happened(desk, story, Kind.REPORTED, "stationmaster", value, once=f"{story.round}")
        text = f"Incident {story.id} is reported and closed."
        links = [url] if url else []
        log.write(desk, text, at=happening.at, links=links, about=story.id, once=f"{story.id}/reported/{story.round}")
    close_issue(desk, story, url)
    telling.refresh(desk, records.story(desk, story.id))
    return {"url": url} if url else None


def close_issue(desk: Desk, story: Story, url: str) -> None:
    """Say on the incident's issue how it ended, and close it; each once."""
    effect = desk.ledger.effect(f"{story.id}/issue")
    if effect is None or not effect.receipt:
        return
    repository, number = str(effect.receipt["repository"]), int(effect.receipt["number"])
    ending = story.last(Kind.RESOLVED, Kind.CALLED_OFF)
    told = escaping.markdown(lines.sentence(desk, ending), links=True) if ending is not None else "It is over."
    body = f"{told}\n\n{timeline(desk, story)}" + (f"\n\nReport: {escaping.markdown_link(url)}" if url else "")
    issues.comment(desk, f"{story.id}/issue/ended/{story.round}", repository, number, body)
    issues.close(desk, f"{story.id}/issue/closed/{story.round}", repository, number)


def document(desk: Desk, page: str, story: Story) -> str:
    """Return a template filled with an incident. Whatever came from outside is escaped (F65)."""
    return fill(page, fields(desk, story))


def fields(desk: Desk, story: Story) -> dict[str, str]:
    """Return every gap that a template of an incident may have, as Markdown."""
    known = examined(story)
    zone = desk.files.zone
    ending = story.last(Kind.RESOLVED, Kind.CALLED_OFF)
    said = str(ending.value.get("text", "")) if ending is not None else ""
    local = to_local(story.opened_at, zone)
    texts = {
        "title": escaping.one_line(story.title),
        "incident_id": story.id,
        "date": f"{local:%Y-%m-%d}",
        "time": local_text(story.opened_at, zone),
        "duration": _duration(story),
        "incident_type": story.kind,
        "service": story.service,
        "severity": wording.rating(desk, story.model_copy(update={"company": ""})).partition(", ")[0],
        "company_severity": f" ({story.company})" if story.company else "",
        "impact_rating": wording.rating(desk, story.model_copy(update={"company": ""})).partition(", ")[2],
        "status": status(story),
        "responders": ", ".join(_responders(desk, story)),
        "closure_by": lines.named(desk, story.ended_by) if story.ended_by else "nobody yet",
        "team": desk.team.title,
        "summary": f"{story.title}. {said}" if said else story.title,
        "root_cause": known.root_cause if known else "",
        "impact": known.impact if known else "",
        "resolution_steps": (known.resolution if known else "") or said,
        "preventive_measures": known.preventive if known else "",
        "lessons_learned": known.lessons if known else "",
        "closure": _closure(desk, story),
        "runbook": _runbook(known),
    }
    escaped = {name: _prose(text) if name in _PROSE else escaping.markdown(text) for name, text in texts.items()}
    escaped = {name: text or _NOTHING for name, text in escaped.items()}
    escaped["company_severity"] = escaping.markdown(texts["company_severity"])
    return escaped | {
        "timeline": timeline(desk, story),
        "follow_ups": _follow_ups(desk, story, known),
        "attachments": _attachments(story, known),
    }


def _prose(text: str) -> str:
    """Return what may be several lines; they stand as a quotation, so that none can pass for a part of the report."""
    return escaping.markdown_lines(text) if len(text.strip().splitlines()) > 1 else escaping.markdown(text)


def timeline(desk: Desk, story: Story) -> str:
    """Return what happened as a table, the oldest first, in the team's zone."""
    rows = ["| When | What |", "|---|---|"]
    for each in story.happenings:
        when = escaping.markdown(local_text(each.at, desk.files.zone))
        rows.append(f"| {when} | {escaping.markdown(lines.sentence(desk, each), links=True)} |")
    return "\n".join(rows)


def status(story: Story) -> str:
    """Return how it stands in the words of a report: Open, Investigating or Resolved (T-22)."""
    if story.state is State.OPEN:
        return "Open"
    return "Investigating" if story.under_way else "Resolved"


def remind(desk: Desk, story: Story) -> None:
    """Say that the report waits, when it is late, and at each interval after."""
    rule = records.rules_of(desk).report
    if rule is None or story.ended_at is None:
        return
    late = desk.now() - (story.ended_at + rule.within)
    if late >= timedelta(0):
        text = wording.report_wanted(desk, story)
        telling.tell(desk, story, f"report/{story.round}/late-{late // rule.remind}", text, broadcast=True)


def _file_name(story: Story) -> str:
    """Return the name of an incident's file, such as ``2026-11-21-1``; of one that came back with its round."""
    stem = story.id.rpartition("/")[2].replace(".", "-")
    return f"{stem}-{story.round + 1}" if story.round else stem


def _duration(story: Story) -> str:
    from stationmaster.config.fields import in_words

    if story.ended_at is None:
        return "not over"
    return f"over after {in_words(timedelta(seconds=int((story.ended_at - story.began_at).total_seconds())))}"


def _responders(desk: Desk, story: Story) -> list[str]:
    held = [f"{lines.named(desk, person)} ({position})" for position, person in story.positions.items()]
    others = {each.by for each in story.happenings if each.by in desk.team.people} - set(story.positions.values())
    return [*held, *sorted(lines.named(desk, person) for person in others)]


def _closure(desk: Desk, story: Story) -> str:
    if story.ended_at is None:
        return "It is not over."
    by = lines.named(desk, story.ended_by or "stationmaster")
    return f"Closed by {by}, {local_text(story.ended_at, desk.files.zone)}."


def _runbook(known: Examined | None) -> str:
    if known is None:
        return ""
    page = f": {known.runbook_page}" if known.runbook_page else ""
    return f"Runbook: {known.runbook}{page}."


def _follow_ups(desk: Desk, story: Story, known: Examined | None) -> str:
    if known is None or not known.follow_ups:
        return "No follow-ups."
    found = []
    for place, text in enumerate(known.follow_ups):
        effect = desk.ledger.effect(records.follow_up_key(story, place))
        receipt = effect.receipt if effect is not None else None
        link = escaping.markdown_link(receipt["url"], f"#{receipt['number']}") if receipt else ""
        found.append(f"- {escaping.markdown(text)}" + (f" ({link})" if link else ""))
    return "\n".join(found)


def _attachments(story: Story, known: Examined | None) -> str:
    given: list[Any] = [story.happenings[0].value.get("link", ""), *(known.attachments if known else ())]
    found = [f"- {escaping.markdown_link(str(each))}" for each in dict.fromkeys(given) if each]
    return "\n".join(found) or "None."
