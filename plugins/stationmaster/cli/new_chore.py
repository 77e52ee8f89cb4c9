"""``stationmaster new chore``: one entry of YAML and one page, both ready to be filled in (D-23)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stationmaster.cli.answering import console, plain, refusals, refuse
from stationmaster.cli.whereabouts import IncludeOption, include_at, team_at

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig

Every = Literal["on_request", "each_handoff", "each_shift_day", "cron"]
_PAGE = """---
id: {page}
title: {title}
services: []
owner: {team}
reviewed: {day}
---

# {title}

What this is for, and what happens if nobody does it: two sentences.

## Before you begin

1. What you need: access, tools, where the service's sheet is.

## Steps

- [ ] The first thing that you do, with the command or the address
- [ ] How you see that it worked
- [ ] Where you write down what you found

## When it goes wrong

What you have seen go wrong, and what helped. Whom to ask.
"""


def new_chore(
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The team's id.")],
    chore: Annotated[str, typer.Argument(metavar="CHORE", help="The chore's id, such as restore-test.")],
    title: Annotated[str, typer.Option("--title", help="What it is called.")],
    owner: Annotated[str, typer.Option("--owner", help="The person or group that keeps it and its page true.")],
    role: Annotated[
        str | None, typer.Option("--role", help="Whoever holds it does it. By default the first.", show_default=False)
    ] = None,
    every: Annotated[Every, typer.Option("--every", help="When it is opened.")] = "on_request",
    at: Annotated[
        str | None,
        typer.Option("--at", help="With cron: '0 9 * * mon'. With each_shift_day: 09:30.", show_default=False),
    ] = None,
    due: Annotated[str, typer.Option("--due", help="So long after it was opened.")] = "1d",
    include: IncludeOption = None,
) -> None:
    """Write a chore into the team's file, and a page that says how it is done. Airflow shows its DAG within minutes.

    Nothing is written if the entry would be refused. Fill in the page, then run stationmaster check.

    Example: stationmaster new chore threefold restore-test --title "Restore test" --owner operations --due 2d

    Exit codes: 0 written, 1 the team's files hold errors, 2 it cannot be written as given.
    """
    with refusals():
        files = include_at(include)
        found = team_at(files, team)
        if not found.roles:
            refuse(f"{team} has no rotation, so that nobody could be asked. Write include/rotations/{team}.yaml first.")
        entry = _entry(chore, title, owner, role or found.roles[0], every, at, due)
        page = _page_name(files, team, chore)
        entry += f"    runbook: {page.stem}\n"
        _write(files, found, chore, entry, page, title)
    out = console()
    out.print(f"wrote {team}.chores.{chore} into include/chores/{team}.yaml", soft_wrap=True)
    out.print(f"wrote include/runbooks/{page.name}: fill it in, so that a newcomer could do the work", soft_wrap=True)


def _entry(chore: str, title: str, owner: str, role: str, every: Every, at: str | None, due: str) -> str:
    if (every in ("cron", "each_shift_day")) != (at is not None):
        refuse("--at belongs to --every cron and --every each_shift_day, and both need it.")
    schedule = f"{{kind: {every}, at: {_quoted(at)}}}" if at is not None else f"{{kind: {every}}}"
    evidence = "      - {id: steps, kind: checklist, title: The steps of the page}\n"
    return (
        f"  {chore}:\n    title: {_quoted(title)}\n    owner: {owner}\n    schedule: {schedule}\n"
        f"    role: {role}\n    due: {due}\n    evidence:\n{evidence}"
    )


def _page_name(files: Path, team: str, chore: str) -> Path:
    folder = files / "runbooks"
    free = [name for name in (chore, f"{team}-{chore}") if not (folder / f"{name}.md").exists()]
    if not free:
        refuse(f"runbooks/{team}-{chore}.md exists already. Choose another id, or write the entry by hand.")
    return folder / f"{free[0]}.md"


def _write(files: Path, team: TeamConfig, chore: str, entry: str, page: Path, title: str) -> None:
    """Write both, and take both back if the check refuses the entry."""
    from stationmaster import clock
    from stationmaster.config.loader import load
    from stationmaster.core.instants import to_local

    path = files / "chores" / f"{team.id}.yaml"
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    text = _with_entry(path, before, chore, entry, team)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    day = to_local(clock.now(), team.zone).date()
    page.write_text(
        _PAGE.format(page=page.stem, title=_quoted(title), team=team.id, day=day).replace(
            f"# {_quoted(title)}", f"# {plain(title)}"
        ),
        encoding="utf-8",
    )
    found = load(files, teams=[team.id])
    wrong = [each for each in found.errors if each.entry in ("chores", f"chores.{chore}")]
    if wrong or chore not in found.teams[team.id].chores:
        page.unlink()
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
        refuse(f"nothing was written: {' '.join(str(each) for each in wrong) or 'the entry cannot be read.'}")


def _with_entry(path: Path, before: str | None, chore: str, entry: str, team: TeamConfig) -> str:
    """Return the file with the entry below its last chore; comments stay where they are."""
    from stationmaster.config.documents import DocumentBroken, read_document

    if before is None:
        channel = next(iter(team.channels), None)
        head = f"# yaml-language-server: $schema=../schemas/chores.json\n\nteam: {team.id}\n"
        return f"{head}channel: {channel}\n\nchores:\n{entry}" if channel else f"{head}\nchores:\n{entry}"
    try:
        document = read_document(path)
    except DocumentBroken as broken:
        refuse(f"{path.name} cannot be read: {broken}")
    if chore in (document.value.get("chores") or {}):
        refuse(f"{team.id} has a chore {chore!r} already. Choose another id.")
    lines = before.splitlines(keepends=True)
    place = len(lines)
    for key, value in document.node.value:
        if key.value == "chores":
            if getattr(value, "flow_style", False) or value.end_mark.line == key.start_mark.line:
                refuse(f"{path.name} writes chores on one line: write them one below the other first.")
            place = value.end_mark.line
    while place and not lines[place - 1].strip():
        place -= 1
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += "\n"
    return "".join([*lines[:place], "\n", entry, *lines[place:]])


def _quoted(text: str | None) -> str:
    import json

    return json.dumps(plain(text or ""), ensure_ascii=False)
