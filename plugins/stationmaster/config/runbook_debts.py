"""What is not written yet, or not true any more: pages, and work that no page describes (O-09, T-16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from stationmaster.config.documents import DocumentBroken
from stationmaster.config.include import Include
from stationmaster.config.pages import runbooks_of
from stationmaster.config.runbook_pages import Debt, Runbook, page_debts, page_ids, read_runbook
from stationmaster.config.team import TeamConfig
from stationmaster.config.watch_kinds import AlertsWatch


def readable_pages(include: Path) -> dict[str, Runbook]:
    """Return every page that can be read, by id."""
    found: dict[str, Runbook] = {}
    for page in page_ids(include):
        try:
            found[page] = read_runbook(include, page)
        except (ValueError, DocumentBroken):
            continue  # the check of its team says what is wrong with it, with its line
    return found


def used_by(include: Include) -> dict[str, tuple[str, ...]]:
    """Return who names each page: trains, rotations, upgrades, incidents, chores and watches, by the page's id."""
    found: dict[str, list[str]] = {}
    for team in include.teams.values():
        for page, what in _named(team):
            found.setdefault(page, []).append(what)
    return {page: tuple(dict.fromkeys(users)) for page, users in found.items()}


def debts(include: Include, pages: Mapping[str, Runbook], now: datetime, team: str | None = None) -> Iterator[Debt]:
    """Yield what is owed.

    :param pages: as of :func:`readable_pages`.
    :param now: an aware instant.
    :param team: only what this team owes.
    """
    for name, found in include.teams.items():
        if team in (None, name):
            yield from _of_chores(found)
            yield from _of_alerts(found)
    followed = {chore.runbook for found in include.teams.values() for chore in found.chores.values()}
    for page, runbook in pages.items():
        if team in (None, runbook.head.owner):
            yield from page_debts(runbook, now, followed=page in followed)


def _of_chores(team: TeamConfig) -> Iterator[Debt]:
    for chore_id, chore in team.chores.items():
        if chore.runbook is None:
            yield Debt(
                "runbook_missing",
                f"{team.id}.chores.{chore_id}",
                f"nothing says how {chore.title!r} is done",
                f"Write a page under include/runbooks, and name it as runbook of the chore {chore_id}.",
            )


def _of_alerts(team: TeamConfig) -> Iterator[Debt]:
    for watch in team.watches.values():
        if isinstance(watch, AlertsWatch) and watch.runbook is None:
            yield Debt(
                "runbook_missing",
                f"{team.id}.watches.{watch.id}",
                f"nothing says what to do about an alert of {watch.title!r} that none of its pages is about",
                f"Write a page under include/runbooks, and name it as runbook of the watch {watch.id}.",
            )


def _named(team: TeamConfig) -> Iterator[tuple[str, str]]:
    for train in team.trains.values():
        for page in runbooks_of(train).values():
            yield page, train.key
    for name, entry in team.roster.items():
        if entry.notices is not None and entry.notices.runbook is not None:
            yield entry.notices.runbook, f"{team.id}.{name}"
    if team.upgrades is not None:
        yield team.upgrades.runbook, f"{team.id}.dependencies"
    if team.incidents is not None and team.incidents.runbook is not None:
        yield team.incidents.runbook, f"{team.id}.incident"
    yield from _named_by_entries(team)


def _named_by_entries(team: TeamConfig) -> Iterator[tuple[str, str]]:
    for chore_id, chore in team.chores.items():
        if chore.runbook is not None:
            yield chore.runbook, f"{team.id}.chores.{chore_id}"
    for watch in team.watches.values():
        about = [page.runbook for page in watch.pages] if isinstance(watch, AlertsWatch) else []
        about += [watch.runbook] if watch.runbook is not None else []
        yield from ((page, f"{team.id}.watches.{watch.id}") for page in about)
