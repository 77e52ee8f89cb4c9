"""The documentation of the incident DAGs: it stands in Airflow, where the person who is paged reads it."""

from __future__ import annotations

from pathlib import Path

from stationmaster.config.fields import in_words
from stationmaster.config.incident_ladder import defers, rungs
from stationmaster.config.incidents import IncidentRules, Rung
from stationmaster.config.team import TeamConfig


def incidents_doc(include: Path, team: TeamConfig, rules: IncidentRules) -> str:
    """Return the Markdown of the DAG of a team's incidents."""
    ladder = "\n".join(
        f"{place}. {_who(team, rung)}" + (f", {in_words(rung.after)} later" if place > 1 else ", at once")
        for place, rung in enumerate(rungs(team, rules), start=1)
    )
    severities = "\n".join(
        f"- **{each.title}**"
        + (f": {each.means}." if each.means else "")
        + (" Paged at any hour." if each.critical else "")
        for each in rules.severities.values()
    )
    hours = (
        "Outside the hours of the person who comes first, what is not critical waits for them."
        if defers(team, rules)
        else "People are paged at any hour."
    )
    company = (
        f"\n\n{rules.company.title} is another scale: an incident that is on it follows [its procedure]"
        f"({rules.company.procedure})."
        if rules.company is not None
        else ""
    )
    return f"""# {team.title}: incident

**What.** Something is broken. People are paged until one of them has it; what happens is kept, told in
#{team.channels[rules.channel].name}, and becomes the report{_afterwards(rules)}.

{ladder}

{severities}{company}

**When.** Started by hand, by the person who sees it, or from an alert. {hours} The first answer ends the paging: in
Slack of anybody of the team, in Airflow of the people who were paged.

**Who is asked.** The people on a rung of the ladder when it is due; then the person who has it, and the person who
comes on call. In Airflow, or with ✅ and `update: …` in Slack, or with `stationmaster incident ack INCIDENT --by YOU`.

**If it fails.** It waits rather than fails. Clear a failed task when the cause is gone: nobody is paged twice for the
same rung, and no issue is written twice. A failed rung holds up no other.

**Dry run.** There is none: it pages. `stationmaster incident ladder {team.id}` shows who would be paged when, and pages
nobody.

{_runbook(include, rules)}"""


def _who(team: TeamConfig, rung: Rung) -> str:
    if rung.group is not None:
        return f"everybody of `{rung.group}`"
    if rung.circle is not None:
        circle = team.circles[rung.circle]
        return f"the owner of the circle {circle.title}, with an issue in {circle.repository}"
    if rung.channel is not None:
        return f"#{team.channels[rung.channel].name} is asked for help"
    return " or ".join(f"`{role}`" for role in rung.roles)


def _afterwards(rules: IncidentRules) -> str:
    kept = ["the tickets"] if rules.tickets is not None else []
    kept += ["the postmortem"] if rules.postmortem is not None else []
    return f", {' and '.join(kept)}" if kept else ""


def _runbook(include: Path, rules: IncidentRules) -> str:
    from stationmaster.config.runbooks import body

    path = include / "runbooks" / f"{rules.runbook}.md"
    if rules.runbook is None or not path.is_file():
        return ""
    return f"---\n\n{body(path.read_text(encoding='utf-8'))}"
