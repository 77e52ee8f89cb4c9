"""Issues on GitHub, each write of them once for ever: opened, told, labelled, closed (T-04, F01)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.core.escaping import one_line
from stationmaster.work.effects import FREE, Receipt, perform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stationmaster.config.incidents import Filing
    from stationmaster.hooks.forge_models import Issue, TextFile
    from stationmaster.work.context import Desk

_SETTLES = timedelta(seconds=30)
"""How long GitHub's lists may take to show what it accepted."""


def open_ticket(
    desk: Desk,
    key: str,
    *,
    repository: str,
    title: str,
    body: str,
    labels: Sequence[str] = (),
    assignees: Sequence[str] = (),
    found_by: Sequence[str] | None = None,
    adds: Receipt | None = None,
) -> Receipt:
    """Open an issue once, and return ``{"repository", "number", "url"}``; a lost one is found by its key.

    :param key: of the effect; the issue carries it.
    :param title: plain text; it becomes one line.
    :param body: Markdown; whatever came from outside is escaped in it.
    :param found_by: the labels among which a lost one is looked for, where people may take others off; all by default.
    :param adds: what the receipt says beside that.
    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """

    title = one_line(title)

    def receipt(issue: Issue) -> Receipt:
        return {"repository": repository, "number": issue.number, "url": issue.url, **(adds or {})}

    def act() -> Receipt:
        return receipt(desk.forge.open_issue(repository, title, body, key, labels=labels, assignees=assignees))

    def look_up() -> Receipt | None:
        found = desk.forge.find_issue(repository, key, labels if found_by is None else found_by)
        return None if found is None else receipt(found)

    intent = {"repository": repository, "title": title}
    return perform(desk, key, guard=FREE, intent=intent, act=act, look_up=look_up, settles_after=_SETTLES)


def comment(desk: Desk, key: str, repository: str, number: int, body: str) -> Receipt:
    """Comment on an issue once, and return ``{"comment"}``; raises as :func:`open_ticket`."""

    def act() -> Receipt:
        return {"comment": desk.forge.comment_issue(repository, number, body, key).id}

    def look_up() -> Receipt | None:
        found = desk.forge.find_issue_comment(repository, number, key)
        return None if found is None else {"comment": found.id}

    intent = {"issue": f"{repository}#{number}"}
    return perform(desk, key, guard=FREE, intent=intent, act=act, look_up=look_up, settles_after=_SETTLES)


def label(desk: Desk, key: str, repository: str, number: int, labels: Sequence[str]) -> Receipt:
    """Add labels to an issue once; those that it bears already stay; raises as :func:`open_ticket`."""

    def act() -> Receipt:
        desk.forge.label_issue(repository, number, labels)
        return {"labels": list(labels)}

    def look_up() -> Receipt | None:
        present = desk.forge.issue(repository, number).labels
        return {"labels": list(labels)} if set(labels) <= set(present) else None

    return perform(desk, key, guard=FREE, intent={"issue": f"{repository}#{number}"}, act=act, look_up=look_up)


def close(desk: Desk, key: str, repository: str, number: int) -> Receipt:
    """Close an issue once; raises as :func:`open_ticket`."""

    def act() -> Receipt:
        return {"state": desk.forge.close_issue(repository, number).state}

    def look_up() -> Receipt | None:
        state = desk.forge.issue(repository, number).state
        return {"state": state} if state == "closed" else None

    return perform(desk, key, guard=FREE, intent={"issue": f"{repository}#{number}"}, act=act, look_up=look_up)


def file(
    desk: Desk, key: str, rule: Filing, *, title: str, name: str, text: str, assignees: Sequence[str] = ()
) -> Receipt:
    """File a document once, and return ``{"url", …}``; a lost answer is found again by the key.

    :param name: of the file, without its folder and without .md.
    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    if rule.into == "issue":
        return open_ticket(
            desk, key, repository=rule.repository, title=title, body=text, labels=rule.labels, assignees=assignees
        )
    path = f"{rule.folder}/{name}.md"
    return add_file(desk, key, rule.repository, path, text, branch=rule.branch, message=title)


def add_file(
    desk: Desk, key: str, repository: str, path: str, text: str, *, branch: str | None, message: str
) -> Receipt:
    """Commit a file once, and return ``{"repository", "path", "url"}``. One that is there without our mark is refused.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    from stationmaster.hooks.forge_pulls import marker

    marked = f"{text.rstrip()}\n\n{marker(key)}\n"

    def receipt(found: TextFile) -> Receipt:
        return {"repository": repository, "path": path, "url": found.url}

    def act() -> Receipt:
        return receipt(desk.forge.add_file(repository, path, marked, branch=branch, message=one_line(message)))

    def look_up() -> Receipt | None:
        found = desk.forge.file(repository, path, branch)
        return receipt(found) if found is not None and marker(key) in found.text else None

    intent = {"repository": repository, "path": path}
    return perform(desk, key, guard=FREE, intent=intent, act=act, look_up=look_up, settles_after=_SETTLES)
