"""Why something waits, on a terminal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from stationmaster.work.reasons import Reason


def show_reasons(out: Console, reasons: tuple[Reason, ...], at: datetime, zone: str) -> None:
    """Print each blocker with its task, the people, since and until when, and the way out."""
    if not reasons:
        out.print("  Nothing waits.")
    for alike in _alike(reasons):
        out.print()
        out.print(f"  {alike[0].code}  {alike[0].sentence}", style="yellow", soft_wrap=True)
        for label, text in _lines(alike, at, zone):
            out.print(f"    {label:<7}{text}", soft_wrap=True)


def _alike(reasons: tuple[Reason, ...]) -> list[tuple[Reason, ...]]:
    """Return the reasons in groups that read the same: nine open ballots are one line for nine people."""
    groups: dict[tuple[str, str, str, datetime | None], tuple[Reason, ...]] = {}
    for reason in reasons:
        name = (reason.code, reason.sentence, reason.how, reason.clears_at)
        groups[name] = (*groups.get(name, ()), reason)
    return list(groups.values())


def _lines(alike: tuple[Reason, ...], at: datetime, zone: str) -> list[tuple[str, str]]:
    from stationmaster.core.instants import local_text

    first = alike[0]
    who = list(dict.fromkeys(person.name for reason in alike for person in reason.who))
    since = min((reason.since for reason in alike if reason.since), default=None)
    lines = [("task", ", ".join(reason.task for reason in alike))]
    if who:
        lines.append(("for", ", ".join(who)))
    if since:
        lines.append(("since", f"{local_text(since, zone)} ({_lasted(at - since)})"))
    if first.clears_at:
        lines.append(("until", f"{local_text(first.clears_at, zone)}, by itself"))
    return [*lines, ("how", first.how)]


def _lasted(time: timedelta) -> str:
    from stationmaster.config.fields import in_words

    minutes = timedelta(minutes=int(time.total_seconds()) // 60)
    return "just now" if minutes <= timedelta(0) else f"for {in_words(minutes)}"
