"""The documentation of a team's watch, as Airflow shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stationmaster.config.fields import in_words
from stationmaster.config.watch_kinds import AlertsWatch, IssuesWatch, QuestionsWatch, SpikesWatch

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.config.watches import Watch


def watch_doc(include: Path, team: TeamConfig) -> str:
    """Return the Markdown of ``<team>.watch``."""
    watches = "\n".join(
        f"- **{watch.title}** ({_hours(watch)}): {_what(team, watch)}" for watch in team.watches.values()
    )
    pages = dict.fromkeys(watch.runbook for watch in team.watches.values() if watch.runbook is not None)
    return f"""# {team.title}: watch

**What.** Looks in working hours, and tells the person on call what nobody has taken up.

{watches}

**When.** One run a day, in the zone {team.zone}. It waits without a worker until the last watch closes.

**Who is asked.** The person who holds the role of each watch, in Slack: once for each matter, in its thread where it
has one.

**If it fails.** It waits rather than fails: what cannot be read is named, and is read again. Clear a failed task;
nobody is told of the same matter twice.

**Dry run.** `stationmaster rehearse --teams {team.id} --weeks 1` runs all of it against stand-ins.

{"".join(_page(include, page) for page in pages)}"""


def _hours(watch: Watch) -> str:
    return f"{watch.hours.opens:%H:%M} to {watch.hours.closes:%H:%M}"


def _what(team: TeamConfig, watch: Watch) -> str:
    match watch:
        case QuestionsWatch():
            names = [*(f"#{team.channels[name].name}" for name in watch.channels), *watch.ids]
            waits = in_words(watch.within)
            return f"questions in {', '.join(names)} without an answer for {waits}; `{watch.role}` is told"
        case IssuesWatch():
            labels = ", ".join(f"`{each.label}`" for each in watch.priorities)
            return f"issues of {labels}, the highest first: their deadlines and updates; `{watch.role}` is told"
        case AlertsWatch():
            kinds = ", ".join(source.kind for source in watch.sources)
            return f"alerts of {kinds}, grouped by cluster and severity; `{watch.role}` decides about each group"
        case SpikesWatch():
            return f"errors that come more often after `{watch.train}` was in production; `{watch.role}` is told"


def _page(include: Path, page: str) -> str:
    from stationmaster.config.runbooks import body

    return f"---\n\n{body((include / 'runbooks' / f'{page}.md').read_text(encoding='utf-8'))}\n"
