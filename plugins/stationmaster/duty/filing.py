"""A document of the team, filed by its policy: as an issue, or as a file of its own in a repository (T-10, O-10)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.departures import tickets
from stationmaster.departures.acting import Receipt, perform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stationmaster.config.incidents import Filing
    from stationmaster.departures.desk import Desk
    from stationmaster.hooks.forge_models import TextFile

_SETTLES = timedelta(seconds=30)


def file(
    desk: Desk, key: str, rule: Filing, *, title: str, name: str, text: str, assignees: Sequence[str] = ()
) -> Receipt:
    """File a document once, and return ``{"url", …}``; a lost answer is found again by the key.

    :param name: of the file, without its folder and without .md.
    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    if rule.into == "issue":
        return tickets.open_ticket(
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
        return receipt(desk.forge.add_file(repository, path, marked, branch=branch, message=message))

    def look_up() -> Receipt | None:
        found = desk.forge.file(repository, path, branch)
        return receipt(found) if found is not None and marker(key) in found.text else None

    intent = {"repository": repository, "path": path}
    return perform(desk, key, intent=intent, act=act, look_up=look_up, settles_after=_SETTLES)
