"""What is wrong with one chore or one watch beside its shape: unknown names, pages that are not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stationmaster import clock
from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake, did_you_mean
from stationmaster.config.rules_chores import chore_mistakes
from stationmaster.config.rules_watches import watch_mistakes

if TYPE_CHECKING:
    from stationmaster.config.entries import EntryFile
    from stationmaster.config.team import TeamConfig


def entry_mistakes(
    include: Path, team: TeamConfig, kind: EntryFile, entry: Any, *, head: Any, taken: Collection[str] = ()
) -> Iterator[Mistake]:
    """Yield what is wrong with one entry; an error keeps out that one alone.

    :param head: what the team's file of this kind says beside its entries.
    :param taken: the names of the team's entries of this kind so far: a team may have several files of it.
    """
    loc: Loc = (kind.folder, entry.id)
    if entry.id in taken:
        what = f"{entry.id!r} stands in another file of the team already"
        yield Mistake("duplicate_id", loc, what, "Give it a name of its own.", entry.id, at_key=True)
    if entry.role not in team.roles:
        what = f"no rotation of the team has the role {entry.role!r}"
        yield Mistake("unknown_role", (*loc, "role"), what, did_you_mean(entry.role, team.roles), entry.role)
    if kind.folder == "watches":
        yield from watch_mistakes(include, team, entry)
    yield from _pages(include, loc, entry)
    if kind.folder == "chores" and entry.role in team.roles:
        yield from chore_mistakes(include, team, head, entry, clock.now())


def _pages(include: Path, loc: Loc, entry: Any) -> Iterator[Mistake]:
    """Yield a mistake for each page that an entry names and that is not there."""
    folder = include / "runbooks"
    named: list[tuple[Loc, str | None]] = [((*loc, "runbook"), getattr(entry, "runbook", None))]
    named += [
        ((*loc, "pages", place, "runbook"), each.runbook) for place, each in enumerate(getattr(entry, "pages", ()))
    ]
    for where, page in named:
        if page is not None and not (folder / f"{page}.md").is_file():
            remedy = did_you_mean(page, [each.stem for each in folder.glob("*.md")])
            yield Mistake("unknown_runbook", where, f"there is no page runbooks/{page}.md", remedy, page)
