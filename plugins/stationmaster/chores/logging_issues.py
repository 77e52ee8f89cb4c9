"""Each run of a chore as an issue, where the team logs everything as issues (T-04, D-28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.chores import runs, wording
from stationmaster.work import issues

if TYPE_CHECKING:
    from stationmaster.chores.wording import Told
    from stationmaster.config.chores import Chore, Issues
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk
    from stationmaster.work.effects import Receipt

_BLOCKED = "blocked"


def issues_of(desk: Desk, chore: Chore) -> Issues | None:
    """Return where a chore's runs are logged, None if they are not."""
    head = desk.files.chores_head
    return head.issues if head is not None and chore.issue else None


def write(desk: Desk, run: Told) -> Receipt | None:
    """Open the issue of a run once, assigned to whoever is on call; None where runs are not logged.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    where = issues_of(desk, run.chore)
    if where is None:
        return None
    receipt = issues.open_ticket(
        desk,
        _key(run.about),
        repository=where.repository,
        title=wording.issue_title(run),
        body=wording.issue_body(run),
        labels=_labels(desk, run.chore, where),
        assignees=_assignees(desk, run.chore.role),
    )
    runs.name_matter(desk, run.about, run.chore.title, str(receipt["url"]))
    return receipt


def known(desk: Desk, about: str) -> Receipt | None:
    """Return the issue of a run, None before it was written."""
    effect = desk.ledger.effect(_key(about))
    return effect.receipt if effect is not None and effect.receipt else None


def close(desk: Desk, about: str, ending: Fact) -> None:
    """Say in the issue how the run ended, and close it; each once; nothing where there is none."""
    issue = known(desk, about)
    if issue is None:
        return
    repository, number = str(issue["repository"]), int(issue["number"])
    issues.comment(desk, f"{_key(about)}/ended", repository, number, wording.issue_comment(desk, ending))
    issues.close(desk, f"{_key(about)}/closed", repository, number)


def mark_blocked(desk: Desk, about: str) -> None:
    """Mark the issue of a run that waits for something else (D-28)."""
    issue = known(desk, about)
    if issue is not None:
        key = f"{_key(about)}/blocked"
        issues.label(desk, key, str(issue["repository"]), int(issue["number"]), (_BLOCKED,))


def _key(about: str) -> str:
    return f"{about}/issue"


def _labels(desk: Desk, chore: Chore, where: Issues) -> tuple[str, ...]:
    head = desk.files.chores_head
    priority = head.priority(chore.priority) if head is not None else None
    labels = (*where.labels, *chore.labels, *((priority.label,) if priority is not None and priority.label else ()))
    return tuple(dict.fromkeys(labels))


def _assignees(desk: Desk, role: str) -> tuple[str, ...]:
    return tuple(person.github for person in runs.present(desk, role) if person.github)
