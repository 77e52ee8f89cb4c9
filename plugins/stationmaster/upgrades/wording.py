"""What an upgrade says: to the person on call, and to the channel. Whatever came from outside is escaped (F65)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.config.people import mentions
from stationmaster.core import escaping
from stationmaster.core.upgrades import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.upgrades.deciding import Decision
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

_SHOWN = 6
"""Lines of a summary in Slack; the task shows more."""


def question(desk: UpgradeDesk, upgrade: Upgrade, decision: Decision) -> tuple[str, str]:
    """Return subject and Markdown body of the required action: the summary, and why it was not merged by itself."""
    subject = escaping.one_line(f"{desk.repository}: settle the dependency upgrade of {upgrade.week}")
    lines = []
    if decision.pull is not None:
        title = f"#{decision.pull.number} {decision.pull.title}"
        lines += [escaping.markdown_link(decision.pull.url, title), ""]
    lines += [
        "Why it is yours:",
        "",
        *(f"- {escaping.markdown(reason, links=True)}" for reason in decision.reasons),
        "",
    ]
    if decision.assessment is not None and decision.assessment.bumps:
        lines += ["What changes:", "", *(f"- {escaping.markdown(line)}" for line in summary(decision.assessment)), ""]
    lines.append(
        f"Follow the runbook `{desk.rules.runbook}` below the DAG. If you merge or close it on GitHub, this closes by "
        "itself. If your shift ends first, it goes to whoever comes after you."
    )
    return subject, "\n".join(lines)


def asked(desk: UpgradeDesk, people: Sequence[Person], decision: Decision, *, before: str) -> str:
    """Return the Slack message to whoever is asked.

    :param before: who was asked until now, empty where nobody was.
    """
    came = f" It comes to you from {escaping.slack(before)}, whose shift is over." if before else ""
    lines = [f":arrow_up: {mentions(people)}: the dependency upgrade of {_where(desk, decision)} is yours.{came}"]
    lines += _bullets(decision.reasons, links=True)
    if decision.assessment is not None and decision.assessment.bumps:
        lines += ["What changes:", *_bullets(summary(decision.assessment))]
    return "\n".join(lines)


def reminder(desk: UpgradeDesk, people: Sequence[Person], decision: Decision) -> str:
    """Return the Slack message that the question is still open."""
    first = escaping.slack(decision.reasons[0], links=True) if decision.reasons else ""
    return f":bell: {mentions(people)}: the dependency upgrade of {_where(desk, decision)} is still open. {first}"


def stuck(desk: UpgradeDesk, people: Sequence[Person], found: Blocker) -> str:
    """Return the Slack message that something is in the way which waiting will not clear."""
    why = escaping.slack(f"{found.sentence} {found.how}", links=True)
    return (
        f":warning: {mentions(people)}: the dependency upgrade of *{escaping.slack(desk.repository)}* is stuck. {why}"
    )


def merged(desk: UpgradeDesk, decision: Decision, by: Person | None) -> str:
    """Return the Slack message that it was merged."""
    how = f"by the word of {escaping.slack(by.name)}" if by is not None else "by itself: patch-level, and green"
    lines = [f":white_check_mark: The dependency upgrade of {_where(desk, decision)} was merged, {how}."]
    if decision.assessment is not None:
        lines += _bullets(summary(decision.assessment))
    return "\n".join(lines)


def _where(desk: UpgradeDesk, decision: Decision) -> str:
    name = f"*{escaping.slack(desk.repository)}*"
    if decision.pull is None:
        return name
    return f"{name} ({escaping.slack_link(decision.pull.url, f'#{decision.pull.number}')})"


def _bullets(lines: Sequence[str], *, links: bool = False) -> list[str]:
    shown = [f"• {escaping.slack(line, links=links)}" for line in lines[:_SHOWN]]
    return [*shown, *([f"• and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])]
