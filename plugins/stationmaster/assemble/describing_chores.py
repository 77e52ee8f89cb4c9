"""What stands on the page of a chore's DAG: what it is, when, who is asked, what shows that it is done, its runbook."""

from __future__ import annotations

from pathlib import Path

from stationmaster.config.chore_evidence import FileWanted, LinkWanted, ListWanted, NumberWanted, Wanted
from stationmaster.config.chore_timing import schedule_of
from stationmaster.config.chores import Chore
from stationmaster.config.fields import in_words
from stationmaster.config.runbook_pages import read_runbook
from stationmaster.config.team import TeamConfig
from stationmaster.core import escaping


def chore_doc(include: Path, team: TeamConfig, chore: Chore) -> str:
    """Return the Markdown of a chore's DAG."""
    title = escaping.one_line(chore.title)
    return f"""# {team.title}: {title}

**What.** {title}. Kept true by {_owner(team, chore)}.{_priority(team, chore)} It is done when this is given:

{_evidence(chore)}

**When.** {_when(team, chore)} {_late(team, chore)}

**Who is asked.** The person who holds `{chore.role}` when the task runs, in Airflow and in Slack. When their shift ends
it is carried over to the person who comes next, through {chore.late.hands} shifts at most; the person who is asked last
keeps it.

**If it fails.** It waits rather than fails. An answer that will not do is asked again, and says what is missing. Clear
a failed task when the cause is gone: nothing is asked, told or logged twice.

**Dry run.** `stationmaster chores {team.id}` says when it comes next. Nothing outside is changed by a chore: a person
does the work.

{_runbook(include, chore.runbook)}"""


def _runbook(include: Path, page: str | None) -> str:
    """Return the page below a ruler, with its steps where only its front matter has them; nothing where it is gone."""
    if page is None or not (include / "runbooks" / f"{page}.md").is_file():
        return ""
    found = read_runbook(include, page)
    steps = "\n".join(f"- [ ] {escaping.markdown(step)}" for step in found.head.steps)
    return f"---\n\n{found.text}" + (f"\n## Steps\n\n{steps}\n" if steps else "")


def _owner(team: TeamConfig, chore: Chore) -> str:
    person = team.people.get(str(chore.owner))
    return person.name if person is not None else f"the group `{chore.owner}`"


def _priority(team: TeamConfig, chore: Chore) -> str:
    found = team.chores_head.priority(chore.priority) if team.chores_head is not None else None
    return "" if found is None else f" Priority {found.name}: {found.means.rstrip('.')}."


def _evidence(chore: Chore) -> str:
    lines = [f"- {_piece(piece)}" for piece in chore.evidence]
    if chore.runbook is None:
        lines.append("- a link to the page that you wrote about it, or to its pull request")
    return "\n".join(lines) or "- the word of the person who did it"


def _piece(piece: Wanted) -> str:
    title = escaping.one_line(piece.title)
    if isinstance(piece, ListWanted):
        return f"{title}: every step of the runbook, ticked"
    if isinstance(piece, FileWanted):
        return f"{title}: a file in {piece.repository}" + (f", in `{piece.under}/`" if piece.under else "")
    if isinstance(piece, NumberWanted):
        bounds = [f"at least {piece.at_least:g}"] if piece.at_least is not None else []
        bounds += [f"at most {piece.at_most:g}"] if piece.at_most is not None else []
        return " ".join([f"{title}: a number,", " and ".join(bounds) or "any", piece.unit or ""]).strip()
    hosts = piece.hosts if isinstance(piece, LinkWanted) else ()
    return f"{title}: a link" + (f" to {' or '.join(hosts)}" if hosts else "")


def _when(team: TeamConfig, chore: Chore) -> str:
    schedule = schedule_of(team, chore)
    if schedule is None:
        return "When somebody asks for it: start the DAG and fill in its form."
    words = schedule.words[:1].upper() + schedule.words[1:]
    return f"{words.replace('*', chr(92) + '*')}. Start it by hand to adopt the newest one that is open."


def _late(team: TeamConfig, chore: Chore) -> str:
    within = team.chores_head.due(chore) if team.chores_head is not None else chore.due
    due = f"Due {in_words(within)} after it was opened" if within is not None else "Due at once"
    again = f", said again every {in_words(chore.late.remind)}" if chore.late.remind is not None else ""
    up = chore.late.escalate
    ladder = f", told up the ladder of its rotation {in_words(up.after)} later" if up is not None else ""
    return f"{due}{again}{ladder}."
