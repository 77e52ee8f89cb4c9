"""The Markdown pages that a team's files name: they exist, and say whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from stationmaster.config.checklist import parse_checklist
from stationmaster.config.documents import Document, Loc
from stationmaster.config.mistakes import Mistake, did_you_mean, mistakes
from stationmaster.config.rules_incidents import template_mistakes
from stationmaster.config.runbooks import FrontMatter, read_front_matter
from stationmaster.config.sourcing import FILE_ENDING, SourceKind
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig


def page_mistakes(include: Path, train: TrainConfig) -> list[Mistake]:
    """Return a mistake for each page that the train names and ``include/`` does not have, and for each empty list."""
    return [*_missing(include, f"train:{train.id}", runbooks_of(train)), *_checklists(include, train)]


def rotation_page_mistakes(include: Path, team: TeamConfig) -> list[Mistake]:
    """Return a mistake for each page that the team's rotations name and ``include/`` does not have (C-06, C-07)."""
    found: list[Mistake] = []
    for name, entry in team.roster.items():
        loc: Loc = ("rotations", name)
        if entry.notices is not None and entry.notices.runbook is not None:
            found += _missing(include, "rotations", {(*loc, "notices", "runbook"): entry.notices.runbook})
        if entry.access is not None:
            found += _checklist(include, "rotations", (*loc, "access", "page"), entry.access.page)
        if entry.source is not None and entry.source.kind is SourceKind.ICAL:
            for role, where in entry.source.schedules.items():
                found += _calendar(include, "rotations", (*loc, "source", "schedules", role), where)
    if team.upgrades is not None:
        found += _missing(include, "team", {("upgrades", "runbook"): team.upgrades.runbook})
    if team.incidents is not None and team.incidents.runbook is not None:
        found += _missing(include, "team", {("incidents", "runbook"): team.incidents.runbook})
    found += template_mistakes(include, team)
    if team.away is not None:
        found += _calendar(include, "team", ("away",), team.away)
    return found


def runbooks_of(train: TrainConfig) -> dict[Loc, str]:
    """Return the ids of the runbooks that a train names, by where it names them."""
    fields = set(type(train.runbooks).model_fields)
    if train.hotfix is None and train.security_hotfix is None:
        fields.remove("hotfix")
    named: dict[Loc, str] = {("runbooks", field): getattr(train.runbooks, field) for field in sorted(fields)}
    for index, component in enumerate(train.components):
        for environment, deploy in component.environments.items():
            if deploy.runbook is not None:
                named["components", index, "environments", environment, "runbook"] = deploy.runbook
    return named


def front_matter(path: Path) -> tuple[Document, list[Mistake]]:
    """Return the front matter of a page and what is wrong with it.

    :raises DocumentBroken: there is none, or it is not YAML.
    """
    document = read_front_matter(path)
    try:
        found = FrontMatter.model_validate(document.value)
    except ValidationError as error:
        return document, mistakes(FrontMatter, error)
    if found.id != path.stem:
        remedy = f"Write id: {path.stem}, or rename the file."
        return document, [
            Mistake("file_name", ("id",), f"the id {found.id!r} is not the file's name", remedy, found.id)
        ]
    return document, []


def _calendar(include: Path, source: str, loc: Loc, where: str) -> Iterator[Mistake]:
    """A calendar's file must be there; an address is a connection's business."""
    if not where.endswith(FILE_ENDING):
        return
    path = include / where
    if not path.resolve().is_relative_to(include.resolve()) or not path.is_file():
        remedy = "Put the file there, or name the Airflow connection whose password is the calendar's address."
        yield Mistake("unknown_calendar", loc, f"there is no file {where} in include/", remedy, where, source=source)


def _missing(include: Path, source: str, named: dict[Loc, str]) -> Iterator[Mistake]:
    folder = include / "runbooks"
    for loc, name in named.items():
        if not (folder / f"{name}.md").is_file():
            known = [page.stem for page in folder.glob("*.md")]
            yield Mistake(
                "unknown_runbook",
                loc,
                f"there is no page runbooks/{name}.md",
                did_you_mean(name, known),
                name,
                source=source,
            )


def _checklists(include: Path, train: TrainConfig) -> Iterator[Mistake]:
    for index, component in enumerate(train.components):
        lists: list[tuple[Loc, str | None]] = [(("components", index, "checklist"), component.checklist)]
        lists += [
            (("components", index, "environments", name, "checklist"), deploy.checklist)
            for name, deploy in component.environments.items()
        ]
        for loc, page in lists:
            if page is not None:
                yield from _checklist(include, f"train:{train.id}", loc, page)


def _checklist(include: Path, source: str, loc: Loc, page: str) -> Iterator[Mistake]:
    path = include / page
    if not path.is_file():
        known = [str(other.relative_to(include)) for other in path.parent.glob("*.md")]
        yield Mistake(
            "unknown_checklist", loc, f"there is no page {page}", did_you_mean(page, known), page, source=source
        )
    elif not parse_checklist(path.read_text(encoding="utf-8")):
        yield Mistake(
            "checklist_empty",
            loc,
            f"the page {page} has no items to tick: nobody would test anything",
            "Write at least one line that begins with - [ ].",
            page,
            source=source,
        )
